#ifndef TALLY_X86_CPU_H
#define TALLY_X86_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/types.h"

/*
 * cpu - what this CPU is, and its control registers.
 */

#define CR0_MP         UINT64_C(0x2)
#define CR0_TS         UINT64_C(0x8)
#define CR0_NE         UINT64_C(0x20)
#define CR0_WP         UINT64_C(0x10000)
#define CR0_AM         UINT64_C(0x40000)
#define CR0_NW         UINT64_C(0x20000000)
#define CR0_CD         UINT64_C(0x40000000)

#define CR4_TSD        UINT64_C(0x4)
#define CR4_DE         UINT64_C(0x8)
#define CR4_PAE        UINT64_C(0x20)
#define CR4_MCE        UINT64_C(0x40)
#define CR4_PGE        UINT64_C(0x80)
#define CR4_OSFXSR     UINT64_C(0x200)
#define CR4_OSXMMEXCPT UINT64_C(0x400)
#define CR4_UMIP       UINT64_C(0x800)
#define CR4_LA57       UINT64_C(0x1000)
#define CR4_FSGSBASE   UINT64_C(0x10000)
#define CR4_PCIDE      UINT64_C(0x20000)
#define CR4_OSXSAVE    UINT64_C(0x40000)
#define CR4_SMEP       UINT64_C(0x100000)
#define CR4_SMAP       UINT64_C(0x200000)
#define CR4_PKE        UINT64_C(0x400000)
#define CR4_CET        UINT64_C(0x800000)

enum cpu_vendor { VENDOR_OTHER, VENDOR_INTEL, VENDOR_AMD, VENDOR_HYGON };

/* Four registers of one CPUID leaf. */
struct cpuid {
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

/* What CPUID says. bool: the CPU has it, used or not. */
struct cpu {
    enum cpu_vendor vendor;
    char vendor_text[13];
    char brand[49];  /* without leading blanks; may be empty */
    uint32_t family; /* display family */
    uint32_t model;  /* display model */
    uint32_t stepping;
    uint32_t max_basic;    /* highest basic leaf */
    uint32_t max_extended; /* highest leaf of 0x80000000.. */
    uint32_t apic_id;
    uint32_t physical_bits; /* 36..52 */
    uint32_t linear_bits;   /* 48 or 57 */
    bool hypervisor;        /* a hypervisor is below us */
    bool nx;
    bool smep;
    bool smap;
    bool umip;
    bool gigabyte_pages;
    bool pcid;
    bool invpcid;
    bool fsgsbase;
    bool rdtscp;
    bool xsave;
    bool x2apic;
    bool tsc_deadline;
    bool tsc_invariant;
    bool pat;
    bool mce;
    bool la57;
    bool htt;      /* more than one logical CPU a package */
    bool rtm;      /* TSX */
    bool md_clear; /* VERW clears buffers */
    bool ibpb;     /* PRED_CMD (Intel spec_ctrl or AMD ibpb) */
    bool stibp;
    bool ssbd;
    bool ssb_no; /* AMD: not affected */
    bool flush_l1d;
    bool arch_capabilities; /* the MSR is there */
    uint64_t capabilities;  /* what it says; 0 when it is not there */
};

/* What the command line wishes. */
struct cpu_options {
    bool smep;
    bool smap;
    bool umip;
};

/* cpu_identify - ask CPUID. Fills all of *cpu. */
void cpu_identify(struct cpu *cpu);

/*
 * cpu_use_nx - allow no-execute entries in page tables: before paging_init.
 *
 * Where the firmware of an Intel CPU has switched them off they are switched
 * on again, and cpu->nx is corrected.
 *
 * Returns whether the CPU has them.
 */
bool cpu_use_nx(struct cpu *cpu);

/*
 * cpu_init - put the control registers and MSRs of design right.
 *
 * CR0: WP NE MP AM. CR4: PAE OSFXSR OSXMMEXCPT DE, and SMEP SMAP UMIP MCE
 * where the CPU has them and (for three) the options allow. Off: PGE PCIDE
 * OSXSAVE FSGSBASE PKE CET LA57 TSD. EFER: SCE NXE. PAT as Xen's: WC at
 * entry 4. STAR, LSTAR, CSTAR, SFMASK, SYSENTER. Debug registers clear.
 *
 * Call it after paging_init, gdt_init and trap_init.
 */
void cpu_init(const struct cpu *cpu, const struct cpu_options *options);

/* cpu_set_verw - clear CPU buffers on every return to ring 3 (MDS). */
void cpu_set_verw(bool on);

/* cpu_set_tsd - does rdtsc fault in ring 3? */
void cpu_set_tsd(bool on);

/* cpu_ibpb - forget indirect branch predictions. Only if cpu->ibpb. */
void cpu_ibpb(void);

/* cpu_halt - for ever, interrupts off. */
_Noreturn void cpu_halt(void);

static inline struct cpuid cpu_id(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t cr0_read(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static inline void cr0_write(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr0" ::"r"(value) : "memory");
}

static inline vaddr_t cr2_read(void)
{
    vaddr_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t cr4_read(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline void cr4_write(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr4" ::"r"(value) : "memory");
}

/* ts_set - the next FPU instruction of ring 3 is a #NM. */
static inline void ts_set(void)
{
    cr0_write(cr0_read() | CR0_TS);
}

static inline void ts_clear(void)
{
    __asm__ volatile("clts" ::: "memory");
}

static inline bool ts_is_set(void)
{
    return (cr0_read() & CR0_TS) != 0;
}

/*
 * dr_write - debug register 0..3, 6 or 7.
 *
 * Anything else is ignored. For 6 and 7 bits that fault or that the kernel
 * keeps (DR7.GD) are taken out first.
 */
void dr_write(unsigned int number, uint64_t value);

/* dr_read - debug register 0..3, 6 or 7; others read as 0. */
uint64_t dr_read(unsigned int number);

/*
 * dr_ok - may a guest have this value in this debug register?
 *
 * An address register must not name the kernel's slots or a non-canonical
 * address; the upper halves of 6 and 7 are zero, DR7.GD is clear, I/O
 * breakpoints are refused. The caller answers -EPERM or -EINVAL.
 */
bool dr_ok(unsigned int number, uint64_t value);

#endif
