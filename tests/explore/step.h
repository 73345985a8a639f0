#ifndef TALLY_EXPLORE_STEP_H
#define TALLY_EXPLORE_STEP_H

#include "model.h"

/* What one step did. */
struct outcome {
    const char *wrong; /* the breach; NULL: all is well */
    int rc;            /* what the core answered; > 0: a stop */
    int expected;      /* by the model */
    enum rule rule;    /* that refused; RULE_NONE */
    bool called;       /* the core was called: rc counts */
    bool stopped;      /* an operation began and stopped */
};

/* step_enabled - can the step happen in this state? */
bool step_enabled(const struct world *w, const struct action *a);

/*
 * step_take - take an enabled step, then check all that must be true.
 *
 * w       the state, changed to the normal form of the next one
 * before  a copy of it
 * md      model_read and model_uses of it, when it is at rest
 */
struct outcome step_take(struct world *w, const struct world *before,
                         const struct alphabet *alphabet,
                         const struct action *a, const struct model *md);

/*
 * step_whole - the same operation without a stop for the budget, each flush
 * at once: one step from rest to rest. As step_take.
 */
struct outcome step_whole(struct world *w, const struct alphabet *alphabet,
                          const struct action *a, const struct model *md);

/* step_check - all that must be true in every state. NULL, or what is not. */
const char *step_check(struct world *w, const struct alphabet *alphabet);

#endif
