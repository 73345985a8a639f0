#ifndef TALLY_X86_MSR_H
#define TALLY_X86_MSR_H

#include <stdint.h>

/* Model-specific registers (SDM 4, APM 2 appendix A). */
#define MSR_TSC               0x10
#define MSR_APIC_BASE         0x1b
#define MSR_SPEC_CTRL         0x48
#define MSR_PRED_CMD          0x49
#define MSR_ARCH_CAPABILITIES 0x10a
#define MSR_FLUSH_CMD         0x10b
#define MSR_SYSENTER_CS       0x174
#define MSR_SYSENTER_ESP      0x175
#define MSR_SYSENTER_EIP      0x176
#define MSR_MISC_ENABLE       0x1a0
#define MSR_PAT               0x277
#define MSR_TSC_DEADLINE      0x6e0
#define MSR_X2APIC            0x800
#define MSR_EFER              0xc0000080
#define MSR_STAR              0xc0000081
#define MSR_LSTAR             0xc0000082
#define MSR_CSTAR             0xc0000083
#define MSR_SFMASK            0xc0000084
#define MSR_FS_BASE           0xc0000100
#define MSR_GS_BASE           0xc0000101
#define MSR_GS_BASE_INACTIVE  0xc0000102 /* what swapgs brings in */
#define MSR_TSC_AUX           0xc0000103

#define EFER_SCE              UINT64_C(0x001)
#define EFER_LME              UINT64_C(0x100)
#define EFER_LMA              UINT64_C(0x400)
#define EFER_NXE              UINT64_C(0x800)

static inline uint64_t msr_read(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value),
                     "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* msr_read_safe - 0, or -EFAULT when the CPU has no such register. */
int msr_read_safe(uint32_t msr, uint64_t *value);

/* msr_write_safe - 0, or -EFAULT when the CPU refuses. */
int msr_write_safe(uint32_t msr, uint64_t value);

#endif
