#include "mm/sweep.h"

#include "mm/word.h"

/* Steps that a frame counts as that a sweep takes. */
#define TAKE_STEPS 2

static struct op_level *push(struct owner *o, mfn_t mfn, enum sweep sweep)
{
    struct op_level *top = &o->op.stack[o->op.depth];

    *top = (struct op_level){.mfn = mfn, .sweep = (uint8_t)sweep};
    o->op.depth++;
    return top;
}

void sweep_take(struct owner *o, const struct large *l, enum sweep sweep)
{
    push(o, l->mfn, sweep)->writable = l->writable;
}

void sweep_give(struct owner *o, mfn_t mfn, enum sweep sweep)
{
    push(o, mfn, sweep)->next = EXTENT_FRAMES;
    o->op.dropping = 1;
}

/* Take what the sweep takes of one frame. */
static int frame_take(struct memory *m, struct owner *o, mfn_t mfn,
                      enum sweep sweep)
{
    int rc = reference_take(m, o, mfn,
                            sweep & SWEEP_TYPES ? FRAME_WRITABLE : FRAME_NONE);

    if (rc == 0 && !(sweep & SWEEP_REFS))   /* there is one already */
        frame_put(frame_of(m, o, mfn));
    return rc == 0 ? 0 : -EINVAL;
}

static void frame_give(struct memory *m, struct owner *o, mfn_t mfn,
                       enum sweep sweep)
{
    struct frame *f = frame_of(m, o, mfn);

    if (sweep & SWEEP_TYPES)
        frame_put_type(f, m->clock);
    if (sweep & SWEEP_REFS)
        frame_put(f);
}

/* Where the large entry stands whose frame refused. */
static void fill_witness(const struct memory *m, struct owner *o)
{
    const struct op *op = &o->op;

    if (op->depth > 1) {
        const struct op_level *parent = &op->stack[op->depth - 2];

        o->refusal.table = parent->mfn;
        o->refusal.slot = parent->next;
        o->refusal.word = word_load(&m->ram[parent->mfn][parent->next]);
    } else if (op->kind == OP_UPDATE) {
        o->refusal.table = op->table;
        o->refusal.slot = op->slot;
        o->refusal.word = op->value;
    } else {
        return;                         /* a mark: no entry asks */
    }
    o->refusal.level = 2;
}

/* Every frame is taken: the mapping counts, its holder takes over. */
static void sweep_settle(struct memory *m, struct owner *o)
{
    const struct op_level *top = &o->op.stack[o->op.depth - 1];
    const struct large l = {.tally = &superpage_of(m, top->mfn)->tally,
                            .mfn = top->mfn,
                            .writable = top->writable};

    o->op.depth--;
    if (o->op.kind != OP_MARK && o->op.kind != OP_UNMARK)
        superpage_count(m, &l);
    if (o->op.depth > 0)                /* the parent's entry has it */
        o->op.stack[o->op.depth - 1].next++;
}

int sweep_build(struct memory *m, struct owner *o)
{
    struct op_level *top = &o->op.stack[o->op.depth - 1];

    while (top->next < EXTENT_FRAMES) {
        if (!budget_spend(o, TAKE_STEPS))
            return STOP_BUDGET;
        if (frame_take(m, o, top->mfn + top->next, (enum sweep)top->sweep)) {
            fill_witness(m, o);
            return -EINVAL;
        }
        top->next++;
        if (o->op.waiting)
            return 0;
    }
    sweep_settle(m, o);
    return 0;
}

int sweep_drop(struct memory *m, struct owner *o)
{
    struct op_level *top = &o->op.stack[o->op.depth - 1];

    while (top->next > 0) {
        if (!budget_spend(o, 1))
            return STOP_BUDGET;
        top->next--;
        frame_give(m, o, top->mfn + top->next, (enum sweep)top->sweep);
    }
    o->op.depth--;
    return 0;
}
