#include "sums.h"

#include "tlb.h"

#define FIRST_EXTENT (OWN_FIRST / EXTENT_FRAMES)

/* Is the frame in use as what the kernel trusts, a table or descriptors? */
static bool is_trusted(uint8_t use)
{
    return use >= USE_L1 && use <= USE_SEG;
}

/* The extents of the gigabyte come behind the first one. */
static bool in_gigabyte(uint32_t e)
{
    return (FIRST_EXTENT + e) / GIGABYTE_EXTENTS == OWN_GIGABYTE;
}

/* ------------------------------------------------------------------- always */

/* SUM5, SUM6, SUM8: one record. large: what CPUs may write by one entry of
 * this kind; trusted: a frame in it is. */
static const char *tally_always(const struct world *w, const struct tally *t,
                                bool large, bool trusted)
{
    const struct op *op = &w->o.op;

    if (t->types == 0)
        return NULL;
    if (t->state != FRAME_SETTLED)
        return w->door.stop && op->waiting
                   ? NULL
                   : "a superpage is unsettled and nobody waits (SUM6)";
    if (t->type == TALLY_SUPERPAGE && trusted)
        return "a superpage has a table in it (SUM5)";
    if (t->type == TALLY_CONFLICT && large)
        return "a CPU may write a superpage that has a table in it (SUM8)";
    return NULL;
}

/* SUM7: all frames are there. */
static bool all_there(const struct world *w, uint32_t e)
{
    uint32_t i;

    for (i = 0; i < EXTENT_FRAMES; i++)
        if (!w->frames[OWN_FIRST + e * EXTENT_FRAMES + i].allocated)
            return false;
    return true;
}

static bool any_trusted(const struct world *w, uint32_t e)
{
    uint32_t i;

    for (i = 0; i < EXTENT_FRAMES; i++) {
        const struct frame *f = &w->frames[OWN_FIRST + e * EXTENT_FRAMES + i];

        if (f->types > 0 && f->type != FRAME_WRITABLE)
            return true;
    }
    return false;
}

const char *sums_always(const struct world *w)
{
    const struct gigabyte *g = &w->gigabytes[OWN_GIGABYTE];
    bool whole = g->owner == w->o.id, trusted = false, there = true;
    bool by_gigabyte = tlb_large(w) >> OWN_EXTENTS & 1;
    const char *wrong = NULL;
    uint32_t e;

    if (w->door.dying >= REMOVING)
        return NULL;
    for (e = 0; e < own_frames / EXTENT_FRAMES && !wrong; e++) {
        const struct superpage *s = &w->superpages[FIRST_EXTENT + e];
        bool large = tlb_large(w) >> e & 1;

        if (in_gigabyte(e)) {
            trusted = trusted || any_trusted(w, e);
            there = there && all_there(w, e);
            large = large || by_gigabyte;
        }
        wrong = tally_always(w, &s->tally, large, any_trusted(w, e));
        if (!wrong && (s->tally.mappings || s->tally.marked) &&
            !all_there(w, e))
            wrong = "a superpage in use is not all there (SUM7)";
    }
    if (!wrong && whole)
        wrong = tally_always(w, &g->tally, by_gigabyte, trusted);
    if (!wrong && whole && g->tally.mappings && !there)
        wrong = "a gigabyte in use is not all there (SUM7)";
    return wrong;
}

/* ------------------------------------------------------------------ at rest */

/* SUM1 to SUM3 of one record: what was counted anew. */
static const char *tally_at_rest(const struct tally *t, uint32_t mappings,
                                 uint32_t superpage, uint32_t conflicts)
{
    if (t->mappings != mappings)
        return "mappings that are not what the tables say (SUM3)";
    if (superpage + conflicts != t->types || (superpage && conflicts))
        return "a tally that is not what the tables say (SUM1, SUM2)";
    if (superpage && t->type != TALLY_SUPERPAGE)
        return "a superpage is mapped that is not of that type (SUM1)";
    if (conflicts && t->type != TALLY_CONFLICT)
        return "a conflict that is not of that type (SUM2)";
    return NULL;
}

/* What counts under the type, of so many mappings. */
static uint32_t counting(const struct model *md, const uint32_t *maps)
{
    return maps[1] + (md->strict ? maps[0] : 0);
}

static uint32_t trusted_frames(const struct model *md, uint32_t e)
{
    uint32_t i, count = 0;

    for (i = 0; i < EXTENT_FRAMES; i++)
        count += is_trusted(md->use[e * EXTENT_FRAMES + i]);
    return md->design == DESIGN_TYPECOUNT ? count : 0;
}

static uint32_t frames_there(const struct model *md, uint32_t e)
{
    uint32_t i, count = 0;

    for (i = 0; i < EXTENT_FRAMES; i++)
        count += md->allocated[e * EXTENT_FRAMES + i];
    return count;
}

static const char *gigabyte_at_rest(const struct world *w,
                                    const struct model *md)
{
    const struct gigabyte *g = &w->gigabytes[OWN_GIGABYTE];
    const uint32_t *maps = md->maps[OWN_EXTENTS];
    uint32_t e, conflicts = 0, incomplete = 0, owned = 0;

    for (e = 0; e < own_frames / EXTENT_FRAMES; e++) {
        if (!in_gigabyte(e))
            continue;
        owned += md->owned[e];
        conflicts += trusted_frames(md, e) > 0;
        incomplete += frames_there(md, e) != EXTENT_FRAMES;
    }
    if ((g->owner == w->o.id) != (owned == GIGABYTE_EXTENTS))
        return "a gigabyte's owner that is not its extents'";
    if (g->owner != w->o.id)
        return maps[0] + maps[1] ? "a gigabyte in use is nobody's" : NULL;
    if (g->incomplete != incomplete)
        return "a gigabyte's sum that is not its extents' (SUM4)";
    return tally_at_rest(&g->tally, maps[0] + maps[1], counting(md, maps),
                         conflicts);
}

const char *sums_at_rest(const struct world *w, const struct model *md)
{
    const char *wrong = NULL;
    uint32_t e;

    for (e = 0; e < own_frames / EXTENT_FRAMES && !wrong; e++) {
        const struct superpage *s = &w->superpages[FIRST_EXTENT + e];
        const uint32_t *maps = md->maps[e];

        if (!md->owned[e])
            continue;
        if (s->allocated != frames_there(md, e))
            return "an extent's sum that is not its frames' (SUM4)";
        wrong =
            tally_at_rest(&s->tally, maps[0] + maps[1] + w->mappings_bias[e],
                          counting(md, maps) + md->marked[e] + w->tally_bias[e],
                          trusted_frames(md, e));
    }
    return wrong ? wrong : gigabyte_at_rest(w, md);
}
