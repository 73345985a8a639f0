#ifndef TALLY_MM_AUDIT_H
#define TALLY_MM_AUDIT_H

#include "mm/reference.h"

/*
 * audit - recount every reference of a domain from the tables themselves.
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

/*
 * audit - check one owner.
 *
 * Takes every reference that it finds away from the records, sees that zero
 * is left, and puts them back: no memory of its own is needed.
 *
 * true when no fault was found. The records are unchanged afterwards.
 */
bool audit(struct memory *m, struct owner *o, struct audit_report *report);

#endif
