#ifndef TALLY_ABI_BOUNCE_H
#define TALLY_ABI_BOUNCE_H

#include "abi/mode.h"
#include "domain/vcpu.h"
#include "x86/trap.h"

/*
 * bounce - make the guest kernel go on at an entry point that it registered.
 *
 * A frame is written to the guest kernel's stack, through its own mappings,
 * and the registers are set so that ring 3 goes on at the handler. The
 * frame, lowest address first:
 *
 *     rcx r11 [ds es fs gs] [error code] rip cs rflags rsp ss
 *
 * Bits 32..39 of the cs word are the upcall mask from before; cs has RPL 0
 * if the guest kernel was interrupted, and RPL 3 if the guest user was;
 * rflags.IF says whether upcalls were unmasked; IOPL is 0 in it. The four
 * segment registers are in the failsafe frame only. The stack is the one of
 * stack_switch if the guest user was interrupted, otherwise the current one;
 * it is first aligned down to 16 bytes.
 *
 * Every function here returns
 *
 *     true       the registers are the handler's
 *     false      there is no handler, or the frame cannot be written: the
 *                domain was crashed, and the registers are not to be used
 *
 * and v is current. rcx and r11 are lost to the handler, being in the frame.
 * Source: Xen public arch-x86/xen-x86_64.h; xen/arch/x86/x86_64/entry.S,
 * create_bounce_frame.
 */

/*
 * bounce_fault - an exception, as the CPU would deliver it.
 *
 * vector      0..31
 * error_code  given to the guest for the vectors that have one
 *
 * For #PF use bounce_page_fault.
 */
bool bounce_fault(struct vcpu *v, uint32_t vector, uint32_t error_code);

/*
 * bounce_page_fault - a #PF at `address`.
 *
 * error_code  the CPU's; its user bit is made to mean guest user mode
 *
 * The address is kept as the guest's CR2, in the vcpu and in its vcpu_info.
 */
bool bounce_page_fault(struct vcpu *v, vaddr_t address, uint32_t error_code);

/* bounce_int - `int n` through a gate that has been asked: no error code.
 * rip is behind the instruction. */
bool bounce_int(struct vcpu *v, uint8_t vector);

/*
 * bounce_callback - an event upcall, or one of v's callbacks.
 *
 * callback  a copy of v->event, or &v->failsafe: see bounce_failsafe
 */
bool bounce_callback(struct vcpu *v, const struct callback *callback);

/* bounce_failsafe - v->segments could not be loaded: they are in the frame
 * as they should have been, and null selectors are loaded. */
bool bounce_failsafe(struct vcpu *v);

/* bounce_undefined - #UD, as bounce_fault gives it. */
bool bounce_undefined(struct vcpu *v);

/* bounce_stack - where frames go that a guest user causes: stack_switch. */
void bounce_stack(struct vcpu *v, uint64_t ss, vaddr_t sp);

/*
 * bounce_syscall - a `syscall` of the guest user; rip is behind it.
 *
 * Without a handler it is an undefined instruction. Returns rax, as it is;
 * argument is of no use.
 */
long bounce_syscall(struct vcpu *v, const uint64_t *argument);

/* entry_point_ok - may a guest have a handler at this address? It must be
 * canonical, so that loading it never faults in ring 0. */
static inline bool entry_point_ok(vaddr_t va)
{
    return sysret_ok(va);
}

#endif
