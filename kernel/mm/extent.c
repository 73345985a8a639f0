#include "mm/extent.h"

/* The gigabyte that an extent is in. */
static struct gigabyte *around(const struct memory *m, uint32_t extent)
{
    return &m->gigabytes[extent / GIGABYTE_EXTENTS];
}

void extent_add(struct memory *m, uint32_t extent)
{
    m->superpages[extent].owner = OWNER_NONE;
    m->superpages[extent].next = m->free_extents;
    m->free_extents = extent;
    m->free_count++;
    around(m, extent)->free++;
}

void extent_release(struct memory *m, uint32_t extent)
{
    m->superpages[extent].allocated = 0;
    around(m, extent)->owner = OWNER_NONE;
    around(m, extent)->given--;
    extent_add(m, extent);
}

/* The first free extent, off the list; EXTENT_NONE when there is none. */
static uint32_t extent_pop(struct memory *m)
{
    uint32_t extent = m->free_extents;

    if (extent != EXTENT_NONE) {
        m->free_extents = m->superpages[extent].next;
        m->free_count--;
        around(m, extent)->free--;
    }
    return extent;
}

/* The tally of a gigabyte takes over what that of a superpage says: a conflict
 * now, or one that CPUs may still know of. */
static void conflict_inherit(struct memory *m, struct tally *g,
                             const struct tally *s)
{
    if (s->type != TALLY_CONFLICT)
        return;
    g->type = TALLY_CONFLICT;           /* V1: sticky, with a stamp */
    g->stamp = m->clock;
    if (s->types > 0) {
        g->types++;
        g->state = FRAME_SETTLED;
    }
}

/* The last extent of a gigabyte has got an owner. If all have the same, it is
 * whole: from now on its record keeps what the extents' records say. */
static void gigabyte_complete(struct memory *m, uint32_t gigabyte)
{
    struct gigabyte *g = &m->gigabytes[gigabyte];
    const struct superpage *s = &m->superpages[gigabyte * GIGABYTE_EXTENTS];
    uint32_t i;

    g->tally = (struct tally){0};
    g->incomplete = 0;
    for (i = 0; i < GIGABYTE_EXTENTS; i++) {
        if (s[i].owner != s[0].owner)
            return;
        g->incomplete += s[i].allocated != EXTENT_FRAMES;
        conflict_inherit(m, &g->tally, &s[i].tally);
    }
    g->owner = s[0].owner;
}

/* An extent off the free list becomes the owner's. */
static void extent_own(struct memory *m, struct owner *o, uint32_t extent)
{
    struct superpage *s = &m->superpages[extent];
    uint32_t i;

    for (i = 0; i < EXTENT_FRAMES; i++)
        s->frames[i] = (struct frame){0};
    s->tally = (struct tally){0};
    s->allocated = 0;
    s->owner = o->id;                   /* A3: off the list, one owner */
    s->next = o->extents;
    o->extents = extent;
    o->hint = extent;
    o->extent_count++;
    around(m, extent)->given++;
    if (around(m, extent)->given == GIGABYTE_EXTENTS)
        gigabyte_complete(m, extent / GIGABYTE_EXTENTS);
}

uint32_t extent_assign(struct memory *m, struct owner *o)
{
    uint32_t extent = extent_pop(m);

    if (extent != EXTENT_NONE)
        extent_own(m, o, extent);
    return extent;
}

void gigabyte_assign(struct memory *m, struct owner *o, uint32_t gigabyte)
{
    uint32_t *link = &m->free_extents;
    uint32_t i;

    while (*link != EXTENT_NONE) {
        if (*link / GIGABYTE_EXTENTS == gigabyte)
            *link = m->superpages[*link].next;
        else
            link = &m->superpages[*link].next;
    }
    m->free_count -= GIGABYTE_EXTENTS;
    m->gigabytes[gigabyte].free = 0;
    for (i = GIGABYTE_EXTENTS; i-- > 0;)
        extent_own(m, o, gigabyte * GIGABYTE_EXTENTS + i);
}

uint32_t extent_reserve(struct memory *m)
{
    uint32_t extent = extent_pop(m);

    if (extent != EXTENT_NONE)
        m->superpages[extent].owner = OWNER_KERNEL;
    return extent;
}

/* A frame of the extent that nobody uses, or EXTENT_FRAMES. */
static uint32_t find_free(const struct superpage *s)
{
    uint32_t i;

    if (s->allocated == EXTENT_FRAMES)
        return EXTENT_FRAMES;
    for (i = 0; i < EXTENT_FRAMES; i++)
        if (!s->frames[i].allocated && s->frames[i].refs == 0)
            break;
    return i;
}

/* Frames of an extent were allocated, or (-1) one was given back. */
static void count_allocated(struct memory *m, struct owner *o, uint32_t extent,
                            uint32_t change)
{
    struct superpage *s = &m->superpages[extent];
    bool was_whole = s->allocated == EXTENT_FRAMES;

    s->allocated = (uint16_t)(s->allocated + change);
    o->allocated += (uint64_t)(int64_t)(int32_t)change;
    if (around(m, extent)->owner == OWNER_NONE)
        return;
    if (was_whole)
        around(m, extent)->incomplete++;
    else if (s->allocated == EXTENT_FRAMES)
        around(m, extent)->incomplete--;
}

/* Does an entry map this frame as part of something larger, or a mark keep
 * it? */
static bool is_kept(const struct memory *m, mfn_t mfn)
{
    const struct tally *s = &superpage_of(m, mfn)->tally;
    const struct gigabyte *g = gigabyte_of(m, mfn);

    return s->mappings > 0 || s->marked ||
           (g->owner != OWNER_NONE && g->tally.mappings > 0);
}

/* X4: what maps it is the reason; with no mapping it is a mark. */
static int refuse_kept(const struct memory *m, struct owner *o, mfn_t mfn)
{
    const struct superpage *s = superpage_of(m, mfn);
    const struct tally *t = &s->tally;
    int rc = refuse(m, o, RULE_X4, EBUSY, mfn);

    o->refusal.gigabyte = t->mappings == 0 && !t->marked;
    if (o->refusal.gigabyte)
        t = &gigabyte_of(m, mfn)->tally;
    o->refusal.whole = t->mappings;
    return rc;
}

int frame_alloc(struct memory *m, struct owner *o, mfn_t *mfn)
{
    uint32_t extent = o->hint;
    uint32_t i = EXTENT_FRAMES;

    if (o->allocated >= o->limit) {             /* A1 */
        refuse(m, o, RULE_A1, ENOMEM, MFN_NONE);
        return -ENOMEM;
    }
    if (extent != EXTENT_NONE)
        i = find_free(&m->superpages[extent]);
    for (extent = i < EXTENT_FRAMES ? extent : o->extents;
         i == EXTENT_FRAMES && extent != EXTENT_NONE;) {
        i = find_free(&m->superpages[extent]);
        if (i == EXTENT_FRAMES)
            extent = m->superpages[extent].next;
    }
    if (i == EXTENT_FRAMES)
        return -ENOMEM;
    m->superpages[extent].frames[i].allocated = 1;
    count_allocated(m, o, extent, 1);
    o->hint = extent;
    *mfn = (mfn_t)extent * EXTENT_FRAMES + i;
    return 0;
}

/* Is no frame of the extent in anybody's use? */
static bool is_empty(const struct superpage *s)
{
    uint32_t i;

    for (i = 0; i < EXTENT_FRAMES && s->allocated == 0; i++)
        if (s->frames[i].refs != 0)
            return false;
    return s->allocated == 0;
}

int extent_fill(struct memory *m, struct owner *o, uint32_t extent,
                uint32_t count)
{
    struct superpage *s = &m->superpages[extent];
    uint32_t i;

    if (o->limit < count || o->allocated > o->limit - count) {  /* A1 */
        refuse(m, o, RULE_A1, ENOMEM, MFN_NONE);
        return -ENOMEM;
    }
    if (!is_empty(s))
        return -EBUSY;
    for (i = 0; i < count; i++)
        s->frames[i].allocated = 1;
    count_allocated(m, o, extent, count);
    return 0;
}

int extent_alloc(struct memory *m, struct owner *o, mfn_t *mfn)
{
    uint32_t extent = o->extents;

    while (extent != EXTENT_NONE && !is_empty(&m->superpages[extent]))
        extent = m->superpages[extent].next;
    if (extent == EXTENT_NONE)
        return -ENOMEM;
    *mfn = (mfn_t)extent * EXTENT_FRAMES;
    return extent_fill(m, o, extent, EXTENT_FRAMES);
}

int frame_give_back(struct memory *m, struct owner *o, mfn_t mfn)
{
    struct frame *f = frame_of(m, o, mfn);
    uint32_t i;

    if (!f || !f->allocated)                    /* A2 */
        return refuse(m, o, RULE_A2, EINVAL, mfn);
    for (i = 0; i < o->held_count; i++)
        if (o->held[i] == mfn)                  /* H1 */
            return refuse(m, o, RULE_H1, EINVAL, mfn);
    if (is_kept(m, mfn))                        /* X4 */
        return refuse_kept(m, o, mfn);
    f->allocated = 0;
    count_allocated(m, o, (uint32_t)(mfn / EXTENT_FRAMES), UINT32_MAX);
    if (f->refs == 0)
        o->hint = (uint32_t)(mfn / EXTENT_FRAMES);
    return 0;
}

int frame_hold(struct memory *m, struct owner *o, mfn_t mfn)
{
    if (o->held_count == HELD_FRAMES)
        return -ENOSPC;
    if (reference_take(m, o, mfn, FRAME_WRITABLE) != 0)
        return -EINVAL;
    o->op.kind = OP_HOLD;
    o->op.phase = PHASE_GET;
    o->op.abandon = 0;
    o->op.result = 0;
    o->op.mfn[0] = mfn;
    return op_resume(m, o);
}

int hold_resume(struct memory *m, struct owner *o)
{
    int rc = op_work(m, o);

    if (rc != 0)
        return rc;
    o->held[o->held_count] = o->op.mfn[0];
    o->held_count++;
    o->op.kind = OP_NONE;
    return 0;
}
