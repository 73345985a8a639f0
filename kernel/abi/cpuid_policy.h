#ifndef TALLY_ABI_CPUID_POLICY_H
#define TALLY_ABI_CPUID_POLICY_H

#include "x86/cpu.h"

/*
 * cpuid_policy - what a guest kernel is told about the CPU.
 *
 * This is an answer to those who ask for it, with the prefix that forces
 * emulation. A plain `cpuid` executes in ring 3 and says what the CPU says:
 * programs of the guest user see that. So the policy hides what the kernel
 * does not switch or emulate, and protects nothing.
 */

/* Xen's number and ours: what version 4.17 offers to a 64-bit PV guest. */
#define CPUID_XEN_VERSION (4u << 16 | 17u)

/* What the policy has to know besides the leaf itself. */
struct cpuid_facts {
    uint32_t max_basic;         /* CPUID 0, eax */
    uint32_t max_extended;      /* CPUID 0x80000000, eax */
    uint32_t vcpu;              /* index in its domain */
    uint32_t address_bits;      /* width of the highest machine address */
    uint32_t tsc_khz;
    uint32_t tsc_mul;           /* as in the time record */
    int8_t   tsc_shift;
    bool     tsc_invariant;     /* same rate in all states */
};

/*
 * cpuid_filter - one leaf as the guest kernel sees it. Pure.
 *
 * leaf, subleaf  as asked
 * facts          of this machine and vcpu
 * regs           in: what the CPU says, looked at only for leaves that it
 *                has; out: what the guest is told. Leaves that nobody knows
 *                are zeros.
 *
 * Source: Xen public arch-x86/cpuid.h; SDM 2A CPUID; AMD APM 3 appendix E.
 */
void cpuid_filter(uint32_t leaf, uint32_t subleaf,
                  const struct cpuid_facts *facts, struct cpuid *regs);

#endif
