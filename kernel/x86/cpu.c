#include "x86/cpu.h"

#include "lib/string.h"
#include "x86/fpu.h"
#include "x86/image.h"
#include "x86/layout.h"
#include "x86/msr.h"

/* The last byte of STAC and CLAC, 0f 01 .. (SDM 2A 4.3, 2B). */
#define STAC_LAST 0xcb
#define CLAC_LAST 0xca

/* PAT as Xen's public headers have it: WB WT UC- UC, WC WP UC UC. */
#define PAT_LAYOUT UINT64_C(0x0000050100070406)

/* Flags that `syscall` clears: TF IF DF IOPL NT RF AC VM VIF VIP. */
#define SFMASK_FLAGS UINT64_C(0x1f7700)

#define CR4_NEVER                                                           \
    (CR4_PGE | CR4_PCIDE | CR4_OSXSAVE | CR4_FSGSBASE | CR4_PKE | CR4_CET | \
     CR4_TSD)

/* SDM 4, IA32_MISC_ENABLE: the XD bit is switched off. */
#define MISC_XD_DISABLE (UINT64_C(1) << 34)

#define DR6_FIXED    UINT64_C(0xffff0ff0)
#define DR6_SETTABLE UINT64_C(0xe00f)
#define DR7_FIXED    UINT64_C(0x400)
#define DR7_SETTABLE UINT64_C(0xffff03ff)

static bool bit(uint32_t word, unsigned int number)
{
    return (word >> number & 1) != 0;
}

static void identify_vendor(struct cpu *cpu)
{
    struct cpuid r = cpu_id(0, 0);

    cpu->max_basic = r.eax;
    memcpy(cpu->vendor_text, &r.ebx, 4);
    memcpy(cpu->vendor_text + 4, &r.edx, 4);
    memcpy(cpu->vendor_text + 8, &r.ecx, 4);
    cpu->vendor_text[12] = '\0';
    if (strcmp(cpu->vendor_text, "GenuineIntel") == 0)
        cpu->vendor = VENDOR_INTEL;
    else if (strcmp(cpu->vendor_text, "AuthenticAMD") == 0)
        cpu->vendor = VENDOR_AMD;
    else if (strcmp(cpu->vendor_text, "HygonGenuine") == 0)
        cpu->vendor = VENDOR_HYGON;
    else
        cpu->vendor = VENDOR_OTHER;
}

static void identify_brand(struct cpu *cpu)
{
    char text[48];
    size_t blanks = 0;

    cpu->brand[0] = '\0';
    if (cpu->max_extended < 0x80000004)
        return;
    for (uint32_t i = 0; i < 3; i++) {
        struct cpuid r = cpu_id(0x80000002 + i, 0);

        memcpy(text + 16 * i, &r, 16);
    }
    while (blanks < sizeof text && text[blanks] == ' ')
        blanks++;
    memcpy(cpu->brand, text + blanks, sizeof text - blanks);
    cpu->brand[sizeof text - blanks] = '\0';
}

/* Leaf 1 (SDM 2A, CPUID). */
static void identify_basic(struct cpu *cpu)
{
    struct cpuid r = cpu_id(1, 0);

    cpu->stepping = r.eax & 0xf;
    cpu->model = r.eax >> 4 & 0xf;
    cpu->family = r.eax >> 8 & 0xf;
    if (cpu->family == 6 || cpu->family == 0xf)
        cpu->model |= (r.eax >> 16 & 0xf) << 4;
    if (cpu->family == 0xf)
        cpu->family += r.eax >> 20 & 0xff;
    cpu->apic_id = r.ebx >> 24;
    cpu->pcid = bit(r.ecx, 17);
    cpu->x2apic = bit(r.ecx, 21);
    cpu->tsc_deadline = bit(r.ecx, 24);
    cpu->xsave = bit(r.ecx, 26);
    cpu->hypervisor = bit(r.ecx, 31);
    cpu->mce = bit(r.edx, 7);
    cpu->pat = bit(r.edx, 16);
    cpu->htt = bit(r.edx, 28);
}

/* Leaf 7. */
static void identify_structured(struct cpu *cpu)
{
    struct cpuid r = {0, 0, 0, 0};

    if (cpu->max_basic >= 7)
        r = cpu_id(7, 0);
    cpu->fsgsbase = bit(r.ebx, 0);
    cpu->smep = bit(r.ebx, 7);
    cpu->invpcid = bit(r.ebx, 10);
    cpu->rtm = bit(r.ebx, 11);
    cpu->smap = bit(r.ebx, 20);
    cpu->umip = bit(r.ecx, 2);
    cpu->la57 = bit(r.ecx, 16);
    cpu->md_clear = bit(r.edx, 10);
    cpu->ibpb = bit(r.edx, 26);
    cpu->stibp = bit(r.edx, 27);
    cpu->flush_l1d = bit(r.edx, 28);
    cpu->arch_capabilities = bit(r.edx, 29);
    cpu->ssbd = bit(r.edx, 31);
    cpu->capabilities = 0;
    if (cpu->arch_capabilities &&
        msr_read_safe(MSR_ARCH_CAPABILITIES, &cpu->capabilities) != 0)
        cpu->arch_capabilities = false;
}

/* Leaves 0x80000001, 7 and 8. */
static void identify_extended(struct cpu *cpu)
{
    struct cpuid r = {0, 0, 0, 0};

    cpu->max_extended = cpu_id(0x80000000, 0).eax;
    if (cpu->max_extended >= 0x80000001)
        r = cpu_id(0x80000001, 0);
    cpu->nx = bit(r.edx, 20);
    cpu->gigabyte_pages = bit(r.edx, 26);
    cpu->rdtscp = bit(r.edx, 27);
    cpu->tsc_invariant =
        cpu->max_extended >= 0x80000007 && bit(cpu_id(0x80000007, 0).edx, 8);
    cpu->physical_bits = 36;
    cpu->linear_bits = 48;
    cpu->ssb_no = false;
    if (cpu->max_extended < 0x80000008)
        return;
    r = cpu_id(0x80000008, 0);
    cpu->physical_bits = r.eax & 0xff;
    cpu->linear_bits = r.eax >> 8 & 0xff;
    cpu->ibpb = cpu->ibpb || bit(r.ebx, 12);
    cpu->ssb_no = bit(r.ebx, 26);
    if (cpu->physical_bits > 52)
        cpu->physical_bits = 52;
}

void cpu_identify(struct cpu *cpu)
{
    identify_vendor(cpu);
    identify_basic(cpu);
    identify_structured(cpu);
    identify_extended(cpu);
    identify_brand(cpu);
}

bool cpu_use_nx(struct cpu *cpu)
{
    uint64_t misc;

    if (!cpu->nx && cpu->vendor == VENDOR_INTEL &&
        msr_read_safe(MSR_MISC_ENABLE, &misc) == 0 &&
        (misc & MISC_XD_DISABLE) != 0) {
        msr_write_safe(MSR_MISC_ENABLE, misc & ~MISC_XD_DISABLE);
        cpu->nx = cpu->max_extended >= 0x80000001 &&
                  bit(cpu_id(0x80000001, 0).edx, 20);
    }
    if (cpu->nx)
        msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE);
    return cpu->nx;
}

/* Make the places of STAC or CLAC what they are. CR0.WP is off: text can be
 * written, once, and by nobody after this. */
static void patch(const uint64_t *site, const uint64_t *end, uint8_t last)
{
    for (; site < end; site++) {
        volatile uint8_t *code = (volatile uint8_t *)(uintptr_t)*site;

        code[1] = 0x01;
        code[2] = last;
    }
}

static void init_control(const struct cpu *cpu,
                         const struct cpu_options *options)
{
    uint64_t cr4 = cr4_read() & ~CR4_NEVER;

    cr4 |= CR4_PAE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    if (cpu->mce)
        cr4 |= CR4_MCE;
    if (cpu->smep && options->smep)
        cr4 |= CR4_SMEP;
    if (cpu->smap && options->smap)
        cr4 |= CR4_SMAP;
    if (cpu->umip && options->umip)
        cr4 |= CR4_UMIP;
    if (cr4 & CR4_SMAP) {
        cr0_write(cr0_read() & ~CR0_WP);
        patch(stac_sites_start, stac_sites_end, STAC_LAST);
        patch(clac_sites_start, clac_sites_end, CLAC_LAST);
    }
    cr4_write(cr4);             /* and what was fetched is forgotten */
    cr0_write((cr0_read() & ~(CR0_TS | CR0_CD | CR0_NW)) | CR0_WP | CR0_NE |
              CR0_MP | CR0_AM);
}

static void init_msrs(const struct cpu *cpu)
{
    if (cpu->pat)
        msr_write(MSR_PAT, PAT_LAYOUT);
    msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SCE | EFER_NXE);
    msr_write(MSR_STAR, (uint64_t)SELECTOR_GUEST_CS32 << 48 |
                            (uint64_t)SELECTOR_KERNEL_CS << 32);
    msr_write(MSR_LSTAR, (uintptr_t)syscall_entry);
    msr_write(MSR_CSTAR, (uintptr_t)syscall32_entry);
    msr_write(MSR_SFMASK, SFMASK_FLAGS);
    /* A null CS makes SYSENTER a #GP in ring 3. */
    msr_write_safe(MSR_SYSENTER_CS, 0);
    msr_write_safe(MSR_SYSENTER_ESP, 0);
    msr_write_safe(MSR_SYSENTER_EIP, 0);
    msr_write(MSR_FS_BASE, 0);
    msr_write(MSR_GS_BASE, 0);
    msr_write(MSR_GS_BASE_INACTIVE, 0);
}

void cpu_init(const struct cpu *cpu, const struct cpu_options *options)
{
    init_control(cpu, options);
    init_msrs(cpu);
    for (unsigned int i = 0; i < 4; i++)
        dr_write(i, 0);
    dr_write(6, 0);
    dr_write(7, 0);
    fpu_init(cpu->vendor == VENDOR_AMD || cpu->vendor == VENDOR_HYGON);
}

void cpu_set_verw(bool on)
{
    cpu_verw = on;
}

void cpu_set_tsd(bool on)
{
    uint64_t now = cr4_read();
    uint64_t wanted = on ? now | CR4_TSD : now & ~CR4_TSD;

    if (wanted != now)
        cr4_write(wanted);
}

void cpu_ibpb(void)
{
    msr_write(MSR_PRED_CMD, 1);
}

_Noreturn void cpu_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

void dr_write(unsigned int number, uint64_t value)
{
    switch (number) {
    case 0: __asm__ volatile("mov %0, %%dr0" ::"r"(value)); break;
    case 1: __asm__ volatile("mov %0, %%dr1" ::"r"(value)); break;
    case 2: __asm__ volatile("mov %0, %%dr2" ::"r"(value)); break;
    case 3: __asm__ volatile("mov %0, %%dr3" ::"r"(value)); break;
    case 6:
        value = (value & DR6_SETTABLE) | DR6_FIXED;
        __asm__ volatile("mov %0, %%dr6" ::"r"(value));
        break;
    case 7:
        value = (value & DR7_SETTABLE) | DR7_FIXED;
        __asm__ volatile("mov %0, %%dr7" ::"r"(value));
        break;
    default: break;
    }
}

uint64_t dr_read(unsigned int number)
{
    uint64_t value = 0;

    switch (number) {
    case 0: __asm__ volatile("mov %%dr0, %0" : "=r"(value)); break;
    case 1: __asm__ volatile("mov %%dr1, %0" : "=r"(value)); break;
    case 2: __asm__ volatile("mov %%dr2, %0" : "=r"(value)); break;
    case 3: __asm__ volatile("mov %%dr3, %0" : "=r"(value)); break;
    case 6: __asm__ volatile("mov %%dr6, %0" : "=r"(value)); break;
    case 7: __asm__ volatile("mov %%dr7, %0" : "=r"(value)); break;
    default: break;
    }
    return value;
}
