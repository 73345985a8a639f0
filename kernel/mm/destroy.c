#include "mm/destroy.h"

#include "mm/extent.h"
#include "mm/superpage.h"
#include "mm/sweep.h"
#include "mm/word.h"

int owner_destroy(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;

    o->dying = 1;
    op_begin(op, OP_DESTROY);
    op->vcpu = 0;
    op->next = 0;
    op->extent = o->extents;
    return op_resume(m, o);
}

/* Take the last of what a vcpu has loaded: its mfn, or MFN_NONE. */
static mfn_t take_loaded(struct loaded *loaded, enum frame_type *type)
{
    mfn_t mfn = loaded->base;

    *type = FRAME_SEG;
    if (loaded->gdt_count > 0)
        return loaded->gdt[--loaded->gdt_count];
    if (loaded->ldt_count > 0)
        return loaded->ldt[--loaded->ldt_count];
    *type = FRAME_L4;
    loaded->base = MFN_NONE;
    if (mfn == MFN_NONE) {
        mfn = loaded->user_base;
        loaded->user_base = MFN_NONE;
    }
    return mfn;
}

/* Release what the vcpus had loaded and what the kernel held. */
static int destroy_holders(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    enum frame_type type;
    int rc;

    while (op->vcpu < o->vcpus) {
        mfn_t mfn = take_loaded(&o->loaded[op->vcpu], &type);

        if (mfn == MFN_NONE) {
            op->vcpu++;
            continue;
        }
        reference_release(m, o, mfn, type);
        rc = op_work(m, o);
        if (rc != 0)
            return rc;
    }
    while (o->held_count > 0) {
        o->held_count--;
        reference_release(m, o, o->held[o->held_count], FRAME_WRITABLE);
    }
    op->phase = PHASE_DO;
    return 0;
}

/* Unpin every frame of every extent; each frame looked at is a step. */
static int destroy_pins(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    int rc;

    while (op->extent != EXTENT_NONE) {
        struct superpage *s = &m->superpages[op->extent];
        mfn_t mfn = (mfn_t)op->extent * EXTENT_FRAMES + op->next;
        struct frame *f = &s->frames[op->next];

        if (!budget_spend(o, 1))
            return STOP_BUDGET;
        op->next++;
        if (op->next == EXTENT_FRAMES) {
            op->next = 0;
            op->extent = s->next;
        }
        if (!f->pinned)
            continue;
        f->pinned = 0;
        reference_release(m, o, mfn, (enum frame_type)f->type);
        rc = op_work(m, o);
        if (rc != 0)
            return rc;
    }
    op->extent = o->extents;
    op->phase = PHASE_MARKS;
    return 0;
}

/* Nothing maps any superpage now: the marks go, each extent a step. */
static int destroy_marks(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    int rc;

    while (op->extent != EXTENT_NONE) {
        struct superpage *s = &m->superpages[op->extent];
        mfn_t mfn = (mfn_t)op->extent * EXTENT_FRAMES;

        if (!budget_spend(o, 1))
            return STOP_BUDGET;
        op->extent = s->next;
        if (!s->tally.marked)
            continue;
        s->tally.marked = 0;
        tally_put(&s->tally, m->clock);
        if (m->limits.design == DESIGN_MARK)
            sweep_give(o, mfn, SWEEP_BOTH);
        rc = op_work(m, o);
        if (rc != 0)
            return rc;
    }
    o->hint = EXTENT_NONE;
    op->stamp = m->clock;
    op->next = 0;
    op->phase = PHASE_SCRUB;
    return 0;
}

static bool tally_is_quiet(const struct tally *t)
{
    return t->mappings == 0 && t->types == 0;
}

/* Is nothing in the extent referred to any more, nor the gigabyte around it? */
static bool extent_is_quiet(const struct memory *m, const struct owner *o,
                            uint32_t extent)
{
    const struct superpage *s = &m->superpages[extent];
    const struct gigabyte *g = &m->gigabytes[extent / GIGABYTE_EXTENTS];
    uint32_t i;

    if (!tally_is_quiet(&s->tally) ||
        (g->owner == o->id && !tally_is_quiet(&g->tally)))
        return false;
    for (i = 0; i < EXTENT_FRAMES; i++)
        if (s->frames[i].refs != 0 || s->frames[i].types != 0)
            return false;
    return true;
}

/* Flush, scrub frame by frame, and let the extents go (R1). One that is not
 * quiet is kept back in o->hint, and owned for ever. */
static int destroy_scrub(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    uint32_t i;

    if (flush_needed(m, op->stamp))             /* R1: before another owner */
        return STOP_FLUSH;
    while (o->extents != EXTENT_NONE) {
        uint32_t extent = o->extents;
        struct superpage *s = &m->superpages[extent];
        uint64_t *words = m->ram[(mfn_t)extent * EXTENT_FRAMES + op->next];

        if (!budget_spend(o, FRAME_STEPS))
            return STOP_BUDGET;
        if (op->next == 0 && !extent_is_quiet(m, o, extent)) {
            o->extents = s->next;
            s->next = o->hint;
            o->hint = extent;
            continue;
        }
        for (i = 0; i < TABLE_ENTRIES; i++)
            word_store(&words[i], 0);
        op->next++;
        if (op->next < EXTENT_FRAMES)
            continue;
        op->next = 0;
        o->extents = s->next;
        o->extent_count--;
        o->allocated -= s->allocated;
        extent_release(m, extent);
    }
    return 0;
}

int destroy_resume(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    int rc = op_work(m, o);

    if (rc == 0 && op->phase == PHASE_GET)
        rc = destroy_holders(m, o);
    if (rc == 0 && op->phase == PHASE_DO)
        rc = destroy_pins(m, o);
    if (rc == 0 && op->phase == PHASE_MARKS)
        rc = destroy_marks(m, o);
    if (rc == 0 && op->phase == PHASE_SCRUB)
        rc = destroy_scrub(m, o);
    if (rc != 0)
        return rc;
    o->extents = o->hint;
    op->kind = OP_NONE;
    return o->extents == EXTENT_NONE ? 0 : -EBUSY;
}
