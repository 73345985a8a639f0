#ifndef TALLY_MM_SWEEP_H
#define TALLY_MM_SWEEP_H

#include "mm/superpage.h"

/*
 * sweep - go over the frames of a superpage, one step each, and take or give
 * back the same of every one. A level on the operation's stack, as a table is:
 * it stops when the budget is spent, and is undone when a frame refuses.
 */

/* sweep_take - begin to take; when all is taken, l is counted. */
void sweep_take(struct owner *o, const struct large *l, enum sweep sweep);

/* sweep_give - begin to give back. mfn: the superpage's first frame. */
void sweep_give(struct owner *o, mfn_t mfn, enum sweep sweep);

/*
 * sweep_build, sweep_drop - as table_build and table_drop, for a level that is
 * a sweep.
 *
 * 0            something changed on the stack: look at it again
 * STOP_BUDGET  the budget is spent
 * -EINVAL      a frame refuses (G1, G2, T2, T3); sweep_build only
 */
int sweep_build(struct memory *m, struct owner *o);
int sweep_drop(struct memory *m, struct owner *o);

#endif
