#ifndef TALLY_ABI_EMULATE_H
#define TALLY_ABI_EMULATE_H

#include "abi/decode.h"
#include "domain/vcpu.h"

/*
 * emulate - carry out privileged instructions that a guest executes in ring
 * 3, where that is harmless and guests rely on it.
 *
 * For the guest kernel:
 *     mov from cr0 (TS is the guest's own), cr2, cr3 (the base pointer's mfn,
 *         in cr3's form), cr4 (fixed)
 *     mov to cr0 (only TS may differ), cr2, cr3 (a new base pointer), cr4
 *         (accepted, without effect)
 *     clts; mov from and to dr0..3, 6, 7; wbinvd (no effect)
 *     rdmsr, wrmsr of the FS and GS bases; rdmsr of EFER, APIC_BASE and
 *         MISC_ENABLE
 * For those whose IOPL allows it (set_iopl: 1 the guest kernel, 3 all):
 *     cli, sti (no effect: popf would have none either)
 *     in (all ones, as if no device were there; port 0x42 is 0, so that
 *         nobody waits for a timer that never counts), out (no effect)
 *
 * All others are refused, invd, invlpg, lmsw, lgdt and hlt among them.
 * Source: Xen xen/arch/x86/pv/emul-priv-op.c.
 */

/*
 * emulate_privileged - try the instruction at which a #GP(0) came.
 *
 * v is current.
 *
 * true       it was executed, and the registers are behind it. A single-step
 *            trap, if one is due, has been delivered.
 * false      refused: nothing is changed, the guest gets its #GP
 */
bool emulate_privileged(struct vcpu *v);

/*
 * emulate_forced_cpuid - try the instruction at which a #UD came.
 *
 * true       it was the forced cpuid, by guest kernel or guest user, and the
 *            registers hold the policy's answer (cpuid_policy.h)
 * false      another one; nothing is changed
 */
bool emulate_forced_cpuid(struct vcpu *v);

/*
 * instruction_fetch - decode what the guest's rip points at.
 *
 * true       *insn is filled
 * false      nothing that decode.h knows, or it cannot be read
 */
bool instruction_fetch(const struct vcpu *v, struct insn *insn);

/* instruction_skip - the instruction is done: rip moves behind it, and a
 * single-step trap comes if the guest wants one. */
void instruction_skip(struct vcpu *v, uint32_t length);

#endif
