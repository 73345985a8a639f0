#include "abi/cpuid_policy.h"

#include <xen/arch-x86/cpuid.h>

#define BIT(n) (UINT32_C(1) << (n))

/* The highest leaves that a guest is told of. */
#define MAX_BASIC 7u
#define MAX_EXTENDED UINT32_C(0x80000008)
#define MAX_XEN XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES)

/* What is kept. Everything that needs XSAVE, an MSR, a control register or
 * large pages is not in these lists, and neither is what comes next year. */
enum {
    /* Leaf 1 edx: FPU DE TSC MSR PAE CX8 CMOV PAT CLFLUSH MMX FXSR SSE
     * SSE2. */
    KEEP_1_EDX = BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(15) |
                 BIT(16) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26),
    /* Leaf 1 ecx: SSE3 PCLMULQDQ SSSE3 CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES
     * RDRAND. */
    KEEP_1_ECX = BIT(0) | BIT(1) | BIT(9) | BIT(13) | BIT(19) | BIT(20) |
                 BIT(22) | BIT(23) | BIT(25) | BIT(30),
    /* Leaf 7 ebx: BMI1, FDP only on exceptions, BMI2, fast rep movsb, no FPU
     * cs and ds, RDSEED ADX CLFLUSHOPT CLWB SHA. */
    KEEP_7_EBX = BIT(3) | BIT(6) | BIT(8) | BIT(9) | BIT(13) | BIT(18) |
                 BIT(19) | BIT(23) | BIT(24) | BIT(29),
    /* Leaf 7 ecx: GFNI CLDEMOTE MOVDIRI MOVDIR64B. */
    KEEP_7_ECX = BIT(8) | BIT(25) | BIT(27) | BIT(28),
    /* Leaf 7 edx: fast short rep movsb, MD_CLEAR, SERIALIZE. */
    KEEP_7_EDX = BIT(4) | BIT(10) | BIT(14),
    /* Leaf 0x80000001 ecx: LAHF ABM SSE4A misaligned SSE, PREFETCHW. */
    KEEP_E1_ECX = BIT(0) | BIT(5) | BIT(6) | BIT(7) | BIT(8),
    /* Leaf 0x80000001 edx, beside AMD's copies of leaf 1: SYSCALL NX MMXEXT
     * LM 3DNOWEXT (3DNOW is bit 31). */
    KEEP_E1_EDX = BIT(11) | BIT(20) | BIT(22) | BIT(29) | BIT(30),
    COPIES_OF_1 = BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(8) |
                  BIT(15) | BIT(16) | BIT(23) | BIT(24),
    /* Leaf 0x80000007 edx: invariant TSC. */
    KEEP_E7_EDX = BIT(8),
    /* Leaf 0x80000008 ebx: CLZERO. */
    KEEP_E8_EBX = BIT(0)
};
#define KEEP_3DNOW BIT(31)
#define HYPERVISOR BIT(31)              /* leaf 1 ecx: forced on */

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void filter_basic(uint32_t leaf, uint32_t subleaf,
                         const struct cpuid_facts *facts, struct cpuid *regs)
{
    switch (leaf) {
    case 0: regs->eax = lesser(facts->max_basic, MAX_BASIC); break;
    case 1:
        /* Brand and CLFLUSH size stay; one logical CPU; the APIC's id. */
        regs->ebx = (regs->ebx & 0xffff) | BIT(16) | facts->vcpu << 25;
        regs->ecx = (regs->ecx & KEEP_1_ECX) | HYPERVISOR;
        regs->edx &= KEEP_1_EDX;
        break;
    case 2: break;
    case 4:
        regs->eax &= 0x3fff;            /* caches, nobody shares them */
        break;
    case 7:
        if (subleaf != 0) {
            *regs = (struct cpuid){0};
            break;
        }
        regs->eax = 0;
        regs->ebx &= KEEP_7_EBX;
        regs->ecx &= KEEP_7_ECX;
        regs->edx &= KEEP_7_EDX;
        break;
    default: *regs = (struct cpuid){0}; break;
    }
}

static void filter_extended(uint32_t leaf, const struct cpuid_facts *facts,
                            struct cpuid *regs)
{
    uint32_t linear_bits = lesser(regs->eax >> 8 & 0xff, 48);

    switch (leaf) {
    case 0x80000000:
        regs->eax = lesser(facts->max_extended, MAX_EXTENDED);
        break;
    case 0x80000001:
        regs->ecx &= KEEP_E1_ECX;
        regs->edx &= KEEP_E1_EDX | COPIES_OF_1 | KEEP_3DNOW;
        break;
    case 0x80000002: /* to 4: the brand */
    case 0x80000003:
    case 0x80000004:
    case 0x80000005: /* and 6: the caches */
    case 0x80000006: break;
    case 0x80000007:
        *regs = (struct cpuid){.edx = regs->edx & KEEP_E7_EDX};
        break;
    case 0x80000008:
        *regs = (struct cpuid){
            .eax = (regs->eax & 0xff) | linear_bits << 8,
            .ebx = regs->ebx & KEEP_E8_EBX,
        };
        break;
    default: *regs = (struct cpuid){0}; break;
    }
}

/* Leaf 0x40000003: the TSC. It is native, and not emulated. */
static void fill_time(uint32_t subleaf, const struct cpuid_facts *facts,
                      struct cpuid *regs)
{
    switch (subleaf) {
    case 0:
        regs->eax = facts->tsc_invariant ? BIT(1) : 0;
        regs->ecx = facts->tsc_khz;
        break;
    case 1:
        regs->ecx = facts->tsc_mul;
        regs->edx = (uint32_t)(int32_t)facts->tsc_shift;
        break;
    case 2: regs->eax = facts->tsc_khz; break;
    default: break;
    }
}

static void fill_xen(uint32_t leaf, uint32_t subleaf,
                     const struct cpuid_facts *facts, struct cpuid *regs)
{
    *regs = (struct cpuid){0};
    switch (leaf) {
    case XEN_CPUID_LEAF(0):
        regs->eax = MAX_XEN;
        regs->ebx = XEN_CPUID_SIGNATURE_EBX;
        regs->ecx = XEN_CPUID_SIGNATURE_ECX;
        regs->edx = XEN_CPUID_SIGNATURE_EDX;
        break;
    case XEN_CPUID_LEAF(1): regs->eax = CPUID_XEN_VERSION; break;
    case XEN_CPUID_LEAF(2):
        regs->eax = 1;                  /* pages of hypercalls */
        regs->ebx = XEN_CPUID_FIRST_LEAF;       /* MSRs: none is there */
        regs->ecx = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        break;
    case XEN_CPUID_LEAF(3): fill_time(subleaf, facts, regs); break;
    case XEN_CPUID_LEAF(5):
        if (subleaf == 0)
            regs->ebx =
                facts->address_bits & XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK;
        break;
    default: break;
    }
}

void cpuid_filter(uint32_t leaf, uint32_t subleaf,
                  const struct cpuid_facts *facts, struct cpuid *regs)
{
    if (leaf <= lesser(facts->max_basic, MAX_BASIC))
        filter_basic(leaf, subleaf, facts, regs);
    else if (leaf >= 0x80000000 &&
             leaf <= lesser(facts->max_extended, MAX_EXTENDED))
        filter_extended(leaf, facts, regs);
    else
        fill_xen(leaf, subleaf, facts, regs);
}
