#ifndef TALLY_DOOR_H
#define TALLY_DOOR_H

#include "domain/domain.h"

/*
 * door - carries out what the rule core asks for.
 *
 * Between asking a rule and answering the domain: serves interrupts when the
 * budget is spent, flushes TLBs, loads base pointers and descriptor tables,
 * turns a refusal's witness into a line of the log.
 */

/*
 * Steps between two looks at the interrupts. A step is 50 instructions or so,
 * as many as the rule core needs for an ordinary entry of a table; whatever
 * takes longer counts as several.
 */
#define DOOR_BUDGET 256

/* The budget in force: DOOR_BUDGET, or what the option budget= says. */
extern uint32_t door_budget;

/*
 * door_run - see an operation of the rule core through to its answer.
 *
 * d      whose operation it is; its memory lock is held
 * rc     what the core's function returned: its answer or a STOP_*
 *
 * Returns 0 or a negative errno. A refusal is logged (rate-limited).
 */
int door_run(struct domain *d, int rc);

/* door_step - the same, as far as the next stop: what rc asks for is done,
 * and the operation resumed. Returns its answer or the next STOP_*. */
int door_step(struct domain *d, int rc);

/* door_rest - the budget is spent: serve interrupts, let others run when the
 * running vcpu has had its share, and renew the budget. */
void door_rest(struct domain *d);

/* door_flush - flush every CPU fully, and tell the rule core. Counted for the
 * domain whose vcpu runs. So is each load of a base pointer that a call or a
 * change of the guest mode makes, but not those of the scheduler's turns. */
void door_flush(void);

/* door_load - load CR3, GDT and LDT of a vcpu as domain.loaded[] says (its
 * user base when the guest user runs). A full flush. */
void door_load(struct vcpu *v);

/* door_switch_base - load CR3 alone: an L4 of the vcpu that runs. */
void door_switch_base(mfn_t base);

/* door_page_invalidate - forget one page on every CPU the domain runs on. */
void door_page_invalidate(struct domain *d, vaddr_t va);

/*
 * door_call_done - what follows every hypercall, whatever it answered.
 *
 * Audits the domain as the option audit= wishes. An audit that
 * fails is a broken promise of ours: it is reported, and the domain ends.
 */
void door_call_done(struct vcpu *v);

#endif
