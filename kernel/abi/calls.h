#ifndef TALLY_ABI_CALLS_H
#define TALLY_ABI_CALLS_H

#include "mm/types.h"

#include "domain/schedule.h"
#include "door.h"
#include "x86/trap.h"

/*
 * calls - every hypercall, one function each, in the order of the numbers.
 *
 * Arguments are named as in Xen's public headers, answers as in docs/abi.md.
 * All of them may answer -EFAULT for an address that cannot be read or
 * written, and -ENOSYS for a sub-operation that is not there.
 *
 * Whatever an argument names is the domain's, and may be anything at all.
 * What is in the domain's memory is copied once, and the copy is used.
 */
#define CALL_ARGUMENTS 4

/* Numbers 0 to HYPERCALLS - 2 have a function, and the last one is for all
 * other numbers (layout.inc, entry.asm). */
#define HYPERCALLS 57

/*
 * call_fn - one hypercall.
 *
 * v         the vcpu that asks; its guest kernel runs, on its own tables
 * argument  CALL_ARGUMENTS words; a call that has 32-bit arguments ignores
 *           their upper halves
 *
 * Returns what goes to rax: a result, or a negative errno.
 */
typedef long call_fn(struct vcpu *v, const uint64_t *argument);

/*
 * call_steps - between two parts of a long call.
 *
 * steps  what a part counts as (DOOR_BUDGET)
 *
 * Takes them off the domain's budget. When that is spent, interrupts are
 * served and others have their turn; a domain that has been ended meanwhile
 * does not come back. No operation of the rule core is under way.
 */
static inline void call_steps(struct domain *d, uint32_t steps)
{
    if (d->owner.budget >= steps) {
        d->owner.budget -= steps;
        return;
    }
    door_rest(d);
    if (d->end != END_NONE)
        schedule_end(current());
}

/* call_step - the same behind a part like most: an entry of a list. */
static inline void call_step(struct domain *d)
{
    call_steps(d, 2);
}

/* call_weigh - this call is so many steps longer than most: there are fewer
 * of its kind between two looks at the interrupts. */
static inline void call_weigh(struct domain *d, uint32_t steps)
{
    budget_spend(&d->owner, steps);
}

/*
 * mmu_update(requests, count, done, foreigndom): entries of tables, words of
 * plain memory, machine-to-phys entries. Stops at the first that is refused;
 * *done, if given, is how many were done.
 */
call_fn call_mmu_update;

/* set_gdt(frames, entries) */
call_fn call_set_gdt;

/* stack_switch(ss, esp): where the guest kernel's stack is when it is
 * entered from its user. */
call_fn call_stack_switch;

/* fpu_taskswitch(set): 1 makes the next FPU instruction a #NM. */
call_fn call_fpu_taskswitch;

/* sched_op_compat(cmd, arg): yield, block, shutdown(arg is the reason). */
call_fn call_sched_op_compat;

/* set_debugreg(reg, value), get_debugreg(reg): 0..3, 6, 7. */
call_fn call_set_debugreg;
call_fn call_get_debugreg;

/* update_descriptor(machine address, descriptor) */
call_fn call_update_descriptor;

/*
 * memory_op(cmd, arg): changes and sizes of the reservation, the memory map,
 * where the machine-to-phys table is. Increase, decrease and populate answer
 * how many extents were done, and never an errno for one that was not.
 */
call_fn call_memory_op;

/* update_va_mapping(va, value, flags): the L1 entry of an address. No flush
 * is made when the entry was refused. */
call_fn call_update_va_mapping;

/* set_timer_op(deadline): one VIRQ_TIMER, system time in ns; 0 takes it
 * back. */
call_fn call_set_timer_op;

/* xen_version(cmd, arg) */
call_fn call_xen_version;

/* console_io(cmd, count, buffer): privileged domains only. */
call_fn call_console_io;

/* grant_table_op(cmd, ops, count): version, size, and frames of the table. */
call_fn call_grant_table_op;

/* vm_assist(cmd, type) */
call_fn call_vm_assist;

/* update_va_mapping_otherdomain(va, value, flags, domid) */
call_fn call_update_va_mapping_otherdomain;

/* vcpu_op(cmd, vcpu, arg) */
call_fn call_vcpu_op;

/* set_segment_base(which, base) */
call_fn call_set_segment_base;

/*
 * mmuext_op(ops, count, done, foreigndom): pins, base pointers, flushes, the
 * LDT, clearing and copying frames. Stops as mmu_update does.
 */
call_fn call_mmuext_op;

/* sched_op(cmd, arg): yield, block, shutdown, poll. */
call_fn call_sched_op;

/* event_channel_op(cmd, arg) */
call_fn call_event_channel_op;

/* physdev_op(cmd, arg): set_iopl. */
call_fn call_physdev_op;

/* tally_op(cmd): Tally's own, see abi/tally_op.h. */
call_fn call_tally_op;

#endif
