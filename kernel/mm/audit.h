#ifndef TALLY_MM_AUDIT_H
#define TALLY_MM_AUDIT_H

#include "mm/reference.h"

/*
 * audit - recount every reference of a domain from the tables themselves.
 *
 * Takes every reference that it finds away from the records, sees that zero
 * is left, and puts them back: no memory of its own is needed.
 *
 * The sentence that must be true at every stop: a frame's counts are the
 * entries of built tables that refer to it (of a table on the operation
 * record's stack, those on the held side of its index), plus its pin, what
 * the vcpus have loaded, what the kernel holds, and what the record holds.
 */

/* What is wrong, if anything: the first witness, and how many. */
struct audit_report {
    uint64_t faults;        /* broken sentences */
    uint64_t frames;        /* frames looked at */
    mfn_t    mfn;           /* the first frame with a fault */
    const char *what;       /* the first broken sentence, in words */
    int64_t  types;         /* of that frame: recorded minus counted */
    int64_t  refs;          /* of that frame: recorded minus counted */
};

/* Each pass goes over all frames of the owner. "Swept" is what the designs
 * that sweep hold of every frame because of a tally: it is found only while
 * the tallies are whole. */
enum audit_pass {
    AUDIT_NONE,             /* no audit is under way */
    AUDIT_LOOK,             /* do the records' fields and sums fit? */
    AUDIT_TAKE_SWEPT,
    AUDIT_TAKE,             /* take away what tables and holders have */
    AUDIT_ZERO,             /* is anything left? */
    AUDIT_GIVE,             /* put it back */
    AUDIT_GIVE_SWEPT,
    AUDIT_PASSES
};

/* An audit, and where it stands. */
struct audit {
    struct audit_report report;
    uint64_t allocated;     /* AUDIT_LOOK: of the extents before this one */
    uint32_t pass;          /* enum audit_pass */
    uint32_t extent;        /* at hand; EXTENT_NONE: this pass ends */
    uint32_t frame;         /* of the extent: the next one */
    uint32_t slot;          /* of that frame, a table: the next entry */
    uint32_t used;          /* AUDIT_LOOK: frames allocated before it */
    uint32_t conflicts;     /* AUDIT_LOOK: and those in use as tables */
};

/* audit_begin - an audit of one owner, for audit_resume to go on with. */
void audit_begin(struct audit *a, const struct owner *o);

/*
 * audit_resume - audit one owner, as far as the budget goes (rule I2).
 *
 * o->budget  a frame, or an entry of a table, is a step in each pass
 *
 * 0            a->report says what was found; the records are unchanged
 * STOP_BUDGET  the budget is spent: serve interrupts, call again
 *
 * Between two calls the records' counts are too low, so nothing may rely on
 * them or change them: the owner is a dead domain. None of its vcpus asks for
 * anything, nobody else has references to its frames (G3), and its operation
 * has been abandoned and seen through. Who only looks, as a person at the
 * prompt does, sees low counts.
 */
int audit_resume(struct memory *m, struct owner *o, struct audit *a);

/*
 * audit - the same in one go, whatever the budget; it is left as it was.
 *
 * true when no fault was found. The records are unchanged afterwards: any
 * owner may be audited so, also while its operation is stopped.
 */
bool audit(struct memory *m, struct owner *o, struct audit_report *report);

#endif
