#include "mm/extent.h"

void extent_add(struct memory *m, uint32_t extent)
{
    m->superpages[extent].owner = OWNER_NONE;
    m->superpages[extent].next = m->free_extents;
    m->free_extents = extent;
    m->free_count++;
}

/* The first free extent, off the list; EXTENT_NONE when there is none. */
static uint32_t extent_pop(struct memory *m)
{
    uint32_t extent = m->free_extents;

    if (extent != EXTENT_NONE) {
        m->free_extents = m->superpages[extent].next;
        m->free_count--;
    }
    return extent;
}

uint32_t extent_assign(struct memory *m, struct owner *o)
{
    uint32_t extent = extent_pop(m);
    struct superpage *s;
    uint32_t i;

    if (extent == EXTENT_NONE)
        return EXTENT_NONE;
    s = &m->superpages[extent];
    for (i = 0; i < EXTENT_FRAMES; i++)
        s->frames[i] = (struct frame){0};
    s->allocated = 0;
    s->owner = o->id;                   /* A3: off the list, one owner */
    s->next = o->extents;
    o->extents = extent;
    o->hint = extent;
    o->extent_count++;
    return extent;
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
    m->superpages[extent].allocated++;
    o->allocated++;
    o->hint = extent;
    *mfn = (mfn_t)extent * EXTENT_FRAMES + i;
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
    f->allocated = 0;
    superpage_of(m, mfn)->allocated--;
    o->allocated--;
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
