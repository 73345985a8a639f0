#include "mm/design.h"

#include "mm/sweep.h"

/*
 * refcount - two counts, of readers and of writers. The 512 frames are
 * referenced when one of them leaves zero, and released when it is back.
 *
 * Proposed in May 2010 as the cheaper half of superpages; Xen's
 * get_superpage() had one count for both.
 */
static uint32_t kind_count(const struct large *l)
{
    return l->writable ? tally_writers(l->tally) : tally_readers(l->tally);
}

void refcount_map(struct memory *m, struct owner *o, const struct large *l)
{
    if (kind_count(l) > 0)
        superpage_count(m, l);
    else
        sweep_take(o, l, l->writable ? SWEEP_BOTH : SWEEP_REFS);
}

void refcount_unmap(struct memory *m, struct owner *o, const struct large *l)
{
    superpage_uncount(m, l);
    if (kind_count(l) == 0)
        sweep_give(o, l->mfn, l->writable ? SWEEP_BOTH : SWEEP_REFS);
}
