/* What a guest kernel is told about the CPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/cpuid_policy.h"

static const struct cpuid_facts facts = {
    .max_basic = 0x16,
    .max_extended = 0x8000001e,
    .address_bits = 37,
    .tsc_khz = 2400000,
    .tsc_mul = 0xd5555555,
    .tsc_shift = -1,
    .tsc_invariant = true,
};

/* The filter's answer for a CPU that sets every bit. */
static struct cpuid ask(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid regs = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};

    cpuid_filter(leaf, subleaf, &facts, &regs);
    return regs;
}

static void assert_zeros(struct cpuid regs)
{
    assert_int_equal(regs.eax | regs.ebx | regs.ecx | regs.edx, 0);
}

static bool has(uint32_t word, unsigned int bit)
{
    return (word >> bit & 1) != 0;
}

static void assert_bits(uint32_t word, const unsigned int *bits, bool there)
{
    for (; *bits != 99; bits++)
        assert_int_equal(has(word, *bits), there);
}

static void xen_leaves(void **state)
{
    struct cpuid regs = ask(0x40000000, 0);

    (void)state;
    assert_true(regs.eax >= 0x40000002);
    assert_memory_equal(&regs.ebx, "XenVMMXenVMM", 12);
    assert_int_equal(ask(0x40000001, 0).eax, 4u << 16 | 17);
    assert_int_equal(ask(0x40000002, 0).eax, 1);
    assert_int_equal(ask(0x40000002, 0).ebx, 0x40000000);
    assert_int_equal(ask(0x40000002, 0).ecx, 1);
    assert_int_equal(ask(0x40000003, 0).ecx, 2400000);
    assert_int_equal(ask(0x40000003, 0).eax, 2);
    assert_int_equal(ask(0x40000003, 1).ecx, 0xd5555555);
    assert_int_equal(ask(0x40000003, 1).edx, UINT32_MAX);
    assert_int_equal(ask(0x40000003, 2).eax, 2400000);
    assert_zeros(ask(0x40000003, 3));
    assert_zeros(ask(0x40000004, 0));
    assert_int_equal(ask(0x40000005, 0).ebx, 37);
    assert_zeros(ask(0x40000005, 1));
    assert_zeros(ask(0x40000006, 0));
    assert_zeros(ask(0x40000100, 0));
}

static void unknown_leaves_are_zero(void **state)
{
    static const uint32_t leaves[] = {
        3,          5,          6,          8,          9,
        0xa,        0xb,        0xd,        0x12,       0x15,
        0x16,       0x1000,     0x3fffffff, 0x50000000, 0x80000009,
        0x8000001e, 0x80860000, 0xc0000000, UINT32_MAX};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
        assert_zeros(ask(leaves[i], 0));
    assert_zeros(ask(7, 1));
}

static void highest_leaves(void **state)
{
    struct cpuid_facts old = {.max_basic = 2, .max_extended = 0x80000001};
    struct cpuid regs = {0x16, 1, 2, 3};

    (void)state;
    assert_int_equal(ask(0, 0).eax, 7);
    assert_int_equal(ask(0x80000000, 0).eax, 0x80000008);
    cpuid_filter(0, 0, &old, &regs);
    assert_int_equal(regs.eax, 2);
    assert_int_equal(regs.edx, 3);              /* the vendor stays */
    /* A leaf that the CPU does not have holds anything. */
    cpuid_filter(7, 0, &old, &regs);
    assert_zeros(regs);
    regs.eax = 5;
    cpuid_filter(0x80000008, 0, &old, &regs);
    assert_zeros(regs);
}

static void features_hidden(void **state)
{
    /* VME PSE MCE APIC SEP MTRR PGE MCA PSE36 HTT */
    static const unsigned int edx[] = {1, 3, 7, 9, 11, 12, 13, 14, 17, 28, 99};
    /* MONITOR VMX SMX FMA PCID x2APIC TSC-deadline XSAVE OSXSAVE AVX F16C */
    static const unsigned int ecx[] = {3,  5,  6,  12, 17, 21,
                                       24, 26, 27, 28, 29, 99};
    /* FSGSBASE AVX2 SMEP INVPCID RTM MPX AVX512F SMAP */
    static const unsigned int ebx7[] = {0, 5, 7, 10, 11, 14, 16, 20, 99};
    /* UMIP PKU OSPKE WAITPKG CET LA57 RDPID */
    static const unsigned int ecx7[] = {2, 3, 4, 5, 7, 16, 22, 99};
    /* CET_IBT IBRS STIBP FLUSH_L1D ARCH_CAPABILITIES SSBD */
    static const unsigned int edx7[] = {20, 26, 27, 28, 29, 31, 99};
    /* PSE SEP PSE36 FFXSR PAGE1GB RDTSCP */
    static const unsigned int edx8[] = {3, 12, 13, 17, 25, 26, 27, 99};
    static const unsigned int ecx8[] = {2, 10, 11, 16, 22, 99};

    (void)state;
    assert_bits(ask(1, 0).edx, edx, false);
    assert_bits(ask(1, 0).ecx, ecx, false);
    assert_bits(ask(7, 0).ebx, ebx7, false);
    assert_bits(ask(7, 0).ecx, ecx7, false);
    assert_bits(ask(7, 0).edx, edx7, false);
    assert_bits(ask(0x80000001, 0).edx, edx8, false);
    assert_bits(ask(0x80000001, 0).ecx, ecx8, false);
    assert_int_equal(ask(7, 0).eax, 0);
}

static void features_kept(void **state)
{
    /* FPU TSC MSR PAE CX8 CMOV MMX FXSR SSE SSE2 */
    static const unsigned int edx[] = {0, 4, 5, 6, 8, 15, 23, 24, 25, 26, 99};
    /* CX16 HYPERVISOR */
    static const unsigned int ecx[] = {0, 13, 31, 99};
    /* SYSCALL NX LM */
    static const unsigned int edx8[] = {11, 20, 29, 99};

    (void)state;
    assert_bits(ask(1, 0).edx, edx, true);
    assert_bits(ask(1, 0).ecx, ecx, true);
    assert_bits(ask(0x80000001, 0).edx, edx8, true);
    assert_int_equal(ask(0x80000007, 0).edx, 0x100);
    assert_int_equal(ask(0x80000007, 0).ebx, 0);
}

/* Nothing appears that the CPU has not got, but the hypervisor's bit. */
static void nothing_invented(void **state)
{
    static const uint32_t leaves[] = {7, 0x80000001, 0x80000007, 0x80000008};
    struct cpuid regs = {0, 0, 0, 0};
    size_t i;

    (void)state;
    cpuid_filter(1, 0, &facts, &regs);
    assert_int_equal(regs.ecx, UINT32_C(1) << 31);
    assert_int_equal(regs.edx, 0);
    for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        memset(&regs, 0, sizeof(regs));
        cpuid_filter(leaves[i], 0, &facts, &regs);
        assert_zeros(regs);
    }
}

/* One CPU, that shares nothing, with 48 bits of linear addresses. */
static void topology_hidden(void **state)
{
    struct cpuid regs = {0x00003934, 0, 0x1234, 0};
    struct cpuid_facts second = facts;

    (void)state;
    assert_int_equal(ask(4, 0).eax >> 14, 0);
    assert_int_equal(ask(1, 0).ebx >> 16, 1);
    second.vcpu = 3;
    cpuid_filter(1, 0, &second, &regs);
    assert_int_equal(regs.ebx >> 24, 6);
    cpuid_filter(0x80000008, 0, &facts, &regs);
    assert_int_equal(regs.eax, 0x3034);
    assert_int_equal(regs.ecx, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xen_leaves),
        cmocka_unit_test(unknown_leaves_are_zero),
        cmocka_unit_test(highest_leaves),
        cmocka_unit_test(features_hidden),
        cmocka_unit_test(features_kept),
        cmocka_unit_test(nothing_invented),
        cmocka_unit_test(topology_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
