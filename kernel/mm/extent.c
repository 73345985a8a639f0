#include "mm/extent.h"

/* Frames that are looked at, or filled, in one step. */
#define FRAMES_A_STEP 4

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

/* The first of so many frames in a row, 1 or all of the extent, that are in
 * nobody's use; EXTENT_FRAMES when there are none. */
static uint32_t find_free(const struct superpage *s, uint32_t count)
{
    uint32_t i, unused = 0;

    if (s->allocated > EXTENT_FRAMES - count)
        return EXTENT_FRAMES;
    for (i = 0; i < EXTENT_FRAMES && unused < count; i++)
        unused =
            s->frames[i].allocated || s->frames[i].refs != 0 ? 0 : unused + 1;
    return unused == count ? i - count : EXTENT_FRAMES;
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

/* A1: would so many frames more be beyond the limit? Then it is refused. */
static bool is_beyond(const struct memory *m, struct owner *o, uint32_t count)
{
    if (o->limit >= count && o->allocated <= o->limit - count)
        return false;
    refuse(m, o, RULE_A1, ENOMEM, MFN_NONE);
    return true;
}

static void allocate(struct memory *m, struct owner *o, mfn_t first,
                     uint32_t count)
{
    struct frame *f = frame_of(m, o, first);
    uint32_t i;

    for (i = 0; i < count; i++)
        f[i].allocated = 1;
    count_allocated(m, o, (uint32_t)(first / EXTENT_FRAMES), count);
}

/* One frame, or all of an extent: from the hint on, around the list once. */
static int find(struct memory *m, struct owner *o, uint32_t count, mfn_t *mfn)
{
    if (is_beyond(m, o, count))                 /* A1 */
        return -ENOMEM;
    while (o->sought < o->extent_count) {
        const struct superpage *s = &m->superpages[o->hint];
        uint32_t i = find_free(s, count);

        budget_spend(o, 1);
        if (s->allocated <= EXTENT_FRAMES - count)
            budget_spend(o, (i + count) / FRAMES_A_STEP);
        if (i < EXTENT_FRAMES) {
            *mfn = (mfn_t)o->hint * EXTENT_FRAMES + i;
            allocate(m, o, *mfn, count);
            o->sought = 0;
            return 0;
        }
        o->hint = s->next != EXTENT_NONE ? s->next : o->extents;
        o->sought++;
        if (o->budget == 0)
            return STOP_BUDGET;
    }
    o->sought = 0;
    return -ENOMEM;
}

int frame_alloc(struct memory *m, struct owner *o, mfn_t *mfn)
{
    return find(m, o, 1, mfn);
}

int extent_alloc(struct memory *m, struct owner *o, mfn_t *mfn)
{
    return find(m, o, EXTENT_FRAMES, mfn);
}

int extent_fill(struct memory *m, struct owner *o, uint32_t extent,
                uint32_t count)
{
    if (is_beyond(m, o, count))                 /* A1 */
        return -ENOMEM;
    if (find_free(&m->superpages[extent], EXTENT_FRAMES) != 0)
        return -EBUSY;
    allocate(m, o, (mfn_t)extent * EXTENT_FRAMES, count);
    return 0;
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
    op_begin(&o->op, OP_HOLD);
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
