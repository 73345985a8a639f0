#include "mm/design.h"

/*
 * typecount - one count with two types, and nothing is ever walked.
 *
 * A writable mapping counts as TALLY_SUPERPAGE; a table inside counted as
 * TALLY_CONFLICT when it became one (reference.c). A read-only mapping counts
 * as well under ro=strict; under ro=shared it may lie over tables. The same
 * for a gigabyte, whose tally has superpages inside in place of frames.
 */
void typecount_map(struct memory *m, struct owner *o, const struct large *l)
{
    if (superpage_count(m, l)) {
        flush_wait(m, o, l->mfn, l->tally->stamp);  /* V1: CPUs walk from */
        if (!o->op.waiting)                         /* what were tables */
            l->tally->state = FRAME_SETTLED;
    }
}

void typecount_reserve(struct memory *m, struct owner *o, const struct large *l)
{
    if (tally_get(l->tally, TALLY_SUPERPAGE))
        flush_wait(m, o, l->mfn, l->tally->stamp);
    if (!o->op.waiting)
        l->tally->state = FRAME_SETTLED;
}

void typecount_unmap(struct memory *m, struct owner *o, const struct large *l)
{
    (void)o;
    superpage_uncount(m, l);
}
