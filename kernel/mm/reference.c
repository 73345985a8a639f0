#include "mm/reference.h"

int reference_refuse_foreign(const struct memory *m, struct owner *o, mfn_t mfn)
{
    uint16_t owner;

    if (mfn >= m->frames)
        return refuse(m, o, RULE_G4, EPERM, mfn);
    owner = superpage_of(m, mfn)->owner;
    if (owner == OWNER_NONE)
        return refuse(m, o, RULE_G4, EPERM, mfn);
    return refuse(m, o, RULE_G3, EBUSY, mfn);
}

void flush_wait(const struct memory *m, struct owner *o, mfn_t mfn,
                uint32_t stamp)
{
    if (!flush_needed(m, stamp))
        return;
    if (!o->op.waiting || stamp > o->op.stamp)  /* one flush serves both */
        o->op.stamp = stamp;
    o->op.waiting = 1;
    o->op.wait = mfn;
}

/* The record holds the new table until all its entries are held. */
static void push_build(struct owner *o, mfn_t mfn)
{
    o->op.stack[o->op.depth] = (struct op_level){.mfn = mfn};
    o->op.depth++;
}

/* X2: what is mapped writable, the superpage around a frame or its gigabyte,
 * is the reason. */
static void refuse_conflict(const struct memory *m, struct owner *o, mfn_t mfn)
{
    const struct tally *t = &superpage_of(m, mfn)->tally;

    o->refusal.gigabyte = t->types == 0;
    if (t->types == 0)
        t = &gigabyte_of(m, mfn)->tally;
    o->refusal.tally = t->type;
    o->refusal.whole = t->types;
}

static int refuse_type(const struct memory *m, struct owner *o, mfn_t mfn,
                       enum frame_type want)
{
    const struct frame *f = frame_of(m, o, mfn);
    enum rule rule = RULE_X2;
    int rc;

    if (f->types > 0)
        rule = f->type != want ? RULE_T2 : RULE_T3;
    rc = refuse(m, o, rule, EBUSY, mfn);
    if (rule == RULE_X2)
        refuse_conflict(m, o, mfn);
    o->refusal.asked = (uint8_t)want;
    return rc;
}

/* Does the kernel trust what a frame of this type holds? */
static bool is_trusted(enum frame_type type)
{
    return type != FRAME_NONE && type != FRAME_WRITABLE;
}

/* X2: is a superpage or gigabyte around a frame, that has no table yet,
 * mapped writable? */
static bool conflict_refused(const struct memory *m, mfn_t mfn)
{
    const struct tally *s = &superpage_of(m, mfn)->tally;
    const struct gigabyte *g = gigabyte_of(m, mfn);

    if (s->types > 0)
        return s->type != TALLY_CONFLICT;
    return g->owner != OWNER_NONE &&
           tally_refuses(&g->tally, TALLY_CONFLICT) != RULE_NONE;
}

/* A frame is in use as what conflicts with a superpage around it. */
static void conflict_take(const struct memory *m, struct owner *o, mfn_t mfn)
{
    struct tally *s = &superpage_of(m, mfn)->tally;
    struct gigabyte *g = gigabyte_of(m, mfn);

    if (s->types == 0 && g->owner != OWNER_NONE) {
        if (tally_get(&g->tally, TALLY_CONFLICT))
            flush_wait(m, o, mfn, g->tally.stamp);
        if (!o->op.waiting)
            g->tally.state = FRAME_SETTLED;
    }
    if (tally_get(s, TALLY_CONFLICT))           /* V1, one level up */
        flush_wait(m, o, mfn, s->stamp);
    if (!o->op.waiting)
        s->state = FRAME_SETTLED;
}

/* It is not any more. */
static void conflict_put(struct memory *m, mfn_t mfn)
{
    struct gigabyte *g = gigabyte_of(m, mfn);

    if (tally_put(&superpage_of(m, mfn)->tally, m->clock) &&
        g->owner != OWNER_NONE)
        tally_put(&g->tally, m->clock);
}

/* A use as `want` that the frame had not. */
static void take_new(struct memory *m, struct owner *o, mfn_t mfn, bool changed)
{
    struct frame *f = frame_of(m, o, mfn);

    if (changed)                                /* V1: flush, then use */
        flush_wait(m, o, mfn, f->stamp);
    if (f->type == FRAME_WRITABLE) {
        if (!o->op.waiting)
            f->state = FRAME_SETTLED;
        return;
    }
    if (memory_tallies(m))
        conflict_take(m, o, mfn);
    push_build(o, mfn);
}

int reference_take(struct memory *m, struct owner *o, mfn_t mfn,
                   enum frame_type want)
{
    struct frame *f = frame_of(m, o, mfn);
    bool changed;

    if (!f)
        return reference_refuse_foreign(m, o, mfn);     /* G3, G4 */
    if (frame_get(f) != 0)                      /* G1, G2 */
        return refuse(m, o, f->allocated ? RULE_G2 : RULE_G1, EBUSY, mfn);
    if (want == FRAME_NONE)
        return 0;
    if ((f->types == 0 && is_trusted(want) && memory_tallies(m) &&
         conflict_refused(m, mfn)) ||           /* X2 */
        frame_get_type(f, want, &changed) != 0) {   /* T1 to T3 */
        frame_put(f);
        return refuse_type(m, o, mfn, want);
    }
    if (f->state == FRAME_UNSETTLED)
        take_new(m, o, mfn, changed);
    return 0;
}

void reference_drop(struct memory *m, struct frame *f, mfn_t mfn)
{
    if (frame_put_type(f, m->clock) && memory_tallies(m) &&
        is_trusted((enum frame_type)f->type))
        conflict_put(m, mfn);
    frame_put(f);
}

void reference_release(struct memory *m, struct owner *o, mfn_t mfn,
                       enum frame_type type)
{
    struct frame *f = frame_of(m, o, mfn);

    if (frame_is_table(type) && f->types == 1) {    /* V4: drop it first */
        f->state = FRAME_UNSETTLED;
        o->op.stack[o->op.depth] =
            (struct op_level){.mfn = mfn, .next = TABLE_ENTRIES};
        o->op.depth++;
        o->op.dropping = 1;
    } else if (type != FRAME_NONE) {
        reference_drop(m, f, mfn);
    } else {
        frame_put(f);
    }
}

/* What was published before the flush may be used now. */
static void settle(struct memory *m, struct owner *o, mfn_t mfn)
{
    struct frame *f = frame_of(m, o, mfn);
    struct tally *s = &superpage_of(m, mfn)->tally;
    struct tally *g = &gigabyte_of(m, mfn)->tally;

    if (f->types > 0 && f->type == FRAME_WRITABLE)
        f->state = FRAME_SETTLED;
    if (s->types > 0)
        s->state = FRAME_SETTLED;
    if (g->types > 0)
        g->state = FRAME_SETTLED;
}

int flush_settle(struct memory *m, struct owner *o)
{
    if (flush_needed(m, o->op.stamp))
        return STOP_FLUSH;
    o->op.waiting = 0;
    settle(m, o, o->op.wait);
    return 0;
}
