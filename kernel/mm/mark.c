#include "mm/design.h"

/*
 * mark - a superpage that is marked holds its 512 frames writable, whatever
 * maps it; one that is not is treated as refcount.c does.
 *
 * Xen 4.1 to 4.9: mark_superpage(), unmark_superpage(). There, a mapping of
 * a marked superpage by anybody was counted and never asked about.
 */
void mark_map(struct memory *m, struct owner *o, const struct large *l)
{
    if (l->tally->marked)
        superpage_count(m, l);
    else
        refcount_map(m, o, l);
}

void mark_unmap(struct memory *m, struct owner *o, const struct large *l)
{
    if (l->tally->marked)
        superpage_uncount(m, l);
    else
        refcount_unmap(m, o, l);
}

enum sweep mark_missing(const struct tally *t)
{
    if (tally_writers(t) > 0)
        return SWEEP_NONE;
    return tally_readers(t) > 0 ? SWEEP_TYPES : SWEEP_BOTH;
}

enum sweep mark_surplus(const struct tally *t)
{
    return tally_writers(t) > 0 && tally_readers(t) > 0 ? SWEEP_REFS
                                                        : SWEEP_NONE;
}

uint32_t design_refs(const struct memory *m, const struct tally *t)
{
    if (m->limits.design == DESIGN_WALK)
        return t->mappings;
    if (m->limits.design != DESIGN_REFCOUNT && m->limits.design != DESIGN_MARK)
        return 0;
    if (t->marked)
        return 1;
    return (uint32_t)(tally_writers(t) > 0) + (tally_readers(t) > 0);
}

uint32_t design_types(const struct memory *m, const struct tally *t)
{
    if (m->limits.design == DESIGN_WALK)
        return tally_writers(t);
    if (m->limits.design != DESIGN_REFCOUNT && m->limits.design != DESIGN_MARK)
        return 0;
    return t->types > 0;
}
