#ifndef TALLY_DOMAIN_SCHEDULE_H
#define TALLY_DOMAIN_SCHEDULE_H

#include "domain/domain.h"

/*
 * schedule - who runs now.
 *
 * The boot context is the idle thread: it switches to a vcpu that can run,
 * or halts until an interrupt. A vcpu comes back to it when it yields, blocks
 * or ends. Interrupts are off except while idle and in the windows of a long
 * operation.
 */

/* How often the kernel looks at the consoles while domains run. */
#define TICK_NS UINT64_C(10000000)

/* schedule_run - run a built domain until all its vcpus have ended. Called
 * by the idle thread. */
void schedule_run(struct domain *d);

/* schedule_yield - let others run; the vcpu stays runnable. */
void schedule_yield(void);

/*
 * schedule_block - wait until an event is pending for the vcpu.
 *
 * Returns at once when one is. The domain's end also ends the wait.
 */
void schedule_block(struct vcpu *v);

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
