#include "mm/design.h"

#include "mm/sweep.h"

/*
 * walk - every map references the 512 frames, every unmap releases them.
 *
 * What Xen had before May 2010: get_page_from_l2e() with PSE.
 */
void walk_map(struct memory *m, struct owner *o, const struct large *l)
{
    (void)m;
    sweep_take(o, l, l->writable ? SWEEP_BOTH : SWEEP_REFS);
}

void walk_unmap(struct memory *m, struct owner *o, const struct large *l)
{
    superpage_uncount(m, l);
    sweep_give(o, l->mfn, l->writable ? SWEEP_BOTH : SWEEP_REFS);
}
