#ifndef TALLY_DOMAIN_SCHEDULE_H
#define TALLY_DOMAIN_SCHEDULE_H

#include "domain/domain.h"

/*
 * schedule - who runs now.
 *
 * The boot context is the idle thread. It takes the runnable vcpus in turn;
 * each runs until it blocks, yields, ends, or the tick finds that it has had
 * its share, and then comes back to the idle thread. Interrupts are off
 * except while idle and in the windows of a long operation.
 */

/* How long a vcpu runs while others wait, and how often the kernel looks at
 * the consoles (schedule_chores). */
#define TICK_NS UINT64_C(10000000)

/* What the scheduler has seen since the boot. */
struct schedule_counts {
    uint64_t interrupts;    /* of the timer */
    uint64_t ticks;
    uint64_t switches;      /* from the idle thread to a vcpu */
};
struct schedule_counts schedule_counts(void);

/* schedule_init - start the tick; by the idle thread, before the first vcpu.
 *
 * barrier  forget branch predictions when another domain runs (IBPB) */
void schedule_init(bool barrier);

/*
 * schedule_next - run the next vcpu in turn until it comes back.
 *
 * By the idle thread. false when no vcpu can run.
 */
bool schedule_next(void);

/* schedule_yield - let others run; the vcpu stays runnable. */
void schedule_yield(void);

/*
 * schedule_point - between two parts of a long operation.
 *
 * Serves interrupts; when the running vcpu has had its share, lets others
 * run. Also by the idle thread, where it serves interrupts only.
 */
void schedule_point(void);

/* schedule_is_due - has the running vcpu had its share? */
bool schedule_is_due(void);

/* schedule_window - serves interrupts, and nobody else runs meanwhile. */
void schedule_window(void);

/*
 * schedule_chores - what a tick brings that may take long: what was typed, the
 * prompt, lines for refusals, the screen.
 *
 * With windows, so not in an interrupt. Does nothing when no tick has come.
 */
void schedule_chores(void);

/*
 * schedule_block - wait until an event is pending for the vcpu.
 *
 * Returns at once when one is. The domain's end also ends the wait.
 */
void schedule_block(struct vcpu *v);

/* schedule_poll - let others run until the next tick, or any event of the
 * domain, masked or not. */
void schedule_poll(struct vcpu *v);

/* schedule_wake - an event is pending: a blocked vcpu may run again. */
void schedule_wake(struct vcpu *v);

/* schedule_end - leave a vcpu for ever; on its own stack. */
_Noreturn void schedule_end(struct vcpu *v);

/*
 * timer_set - one VIRQ_TIMER at a system time.
 *
 * deadline_ns  as shared_info's system time; 0 takes a set one back
 */
void timer_set(struct vcpu *v, uint64_t deadline_ns);

/* timer_interrupt - the local APIC's timer came. */
void timer_interrupt(void);

#endif
