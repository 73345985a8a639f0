#ifndef TALLY_MM_TABLE_H
#define TALLY_MM_TABLE_H

#include "mm/superpage.h"

/*
 * table - validate a page table, and take it apart again.
 *
 * Both work on the table on top of the operation record's stack, and keep
 * one sentence true at every stop: entries [0, next) of it hold references,
 * the others hold none.
 */

/*
 * table_build - take the references of the next entries (rules V1 to V3).
 *
 * 0            something changed on the stack: look at it again
 * STOP_BUDGET  the budget is spent
 * -errno       the entry `next` is refused, with the errno that an update of
 *              it alone would have; entries below it are still held
 *
 * Source: Xen xen/arch/x86/mm.c, promote_l1_table() to promote_l4_table().
 */
int table_build(struct memory *m, struct owner *o);

/*
 * table_drop - release the references of the last entries (rule V4).
 *
 * 0            something changed on the stack: look at it again
 * STOP_BUDGET  the budget is spent
 *
 * Source: Xen xen/arch/x86/mm.c, demote_l1_table() to demote_l4_table().
 */
int table_drop(struct memory *m, struct owner *o);

/* table_settle - the top of the stack is built: its holder takes it over. */
void table_settle(struct memory *m, struct owner *o);

#endif
