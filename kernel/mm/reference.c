#include "mm/reference.h"

/* Which of G3, G4 and which errno: there is no record of ours. */
static int refuse_foreign(const struct memory *m, struct owner *o, mfn_t mfn)
{
    uint16_t owner;

    if (mfn >= m->frames)
        return refuse(m, o, RULE_G4, EPERM, mfn);
    owner = superpage_of(m, mfn)->owner;
    if (owner == OWNER_NONE)
        return refuse(m, o, RULE_G4, EPERM, mfn);
    return refuse(m, o, RULE_G3, EBUSY, mfn);
}

/* The frame is published as another type than a TLB may know. */
static void wait_for_flush(struct owner *o, mfn_t mfn, uint32_t stamp)
{
    o->op.waiting = 1;
    o->op.wait = mfn;
    o->op.stamp = stamp;
}

/* The record holds the new table until all its entries are held. */
static void push_build(struct owner *o, mfn_t mfn)
{
    o->op.stack[o->op.depth].mfn = mfn;
    o->op.stack[o->op.depth].next = 0;
    o->op.depth++;
}

static int refuse_type(const struct memory *m, struct owner *o, mfn_t mfn,
                       enum frame_type want)
{
    const struct frame *f = frame_of(m, o, mfn);
    int rc = refuse(m, o, f->type != want ? RULE_T2 : RULE_T3, EBUSY, mfn);

    o->refusal.asked = (uint8_t)want;
    return rc;
}

int reference_take(struct memory *m, struct owner *o, mfn_t mfn,
                   enum frame_type want)
{
    struct frame *f = frame_of(m, o, mfn);
    bool changed;

    if (!f)
        return refuse_foreign(m, o, mfn);       /* G3, G4 */
    if (frame_get(f) != 0)                      /* G1, G2 */
        return refuse(m, o, f->allocated ? RULE_G2 : RULE_G1, EBUSY, mfn);
    if (want == FRAME_NONE)
        return 0;
    if (frame_get_type(f, want, &changed) != 0) {   /* T1 to T3 */
        frame_put(f);
        return refuse_type(m, o, mfn, want);
    }
    if (f->state == FRAME_SETTLED)
        return 0;
    if (changed && flush_needed(m, f->stamp))   /* V1: flush, then use */
        wait_for_flush(o, mfn, f->stamp);
    else if (want == FRAME_WRITABLE)
        f->state = FRAME_SETTLED;
    if (want != FRAME_WRITABLE)
        push_build(o, mfn);
    return 0;
}

void reference_release(struct memory *m, struct owner *o, mfn_t mfn,
                       enum frame_type type)
{
    struct frame *f = frame_of(m, o, mfn);

    if (frame_is_table(type) && f->types == 1) {    /* V4: drop it first */
        f->state = FRAME_UNSETTLED;
        o->op.stack[o->op.depth].mfn = mfn;
        o->op.stack[o->op.depth].next = TABLE_ENTRIES;
        o->op.depth++;
        o->op.dropping = 1;
        return;
    }
    if (type != FRAME_NONE)
        frame_put_type(f, m->clock);
    frame_put(f);
}

int flush_settle(struct memory *m, struct owner *o)
{
    struct frame *f = frame_of(m, o, o->op.wait);

    if (flush_needed(m, o->op.stamp))
        return STOP_FLUSH;
    o->op.waiting = 0;
    if (f->type == FRAME_WRITABLE)
        f->state = FRAME_SETTLED;
    return 0;
}
