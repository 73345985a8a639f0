#include "mm/pin.h"

#include "mm/leaf.h"

/* Begin an operation on one table. */
static int begin(struct memory *m, struct owner *o, enum op_kind kind,
                 mfn_t mfn)
{
    op_begin(&o->op, kind);
    o->op.mfn[0] = mfn;
    return op_resume(m, o);
}

int table_pin(struct memory *m, struct owner *o, mfn_t mfn,
              enum frame_type type)
{
    const struct frame *f = frame_of(m, o, mfn);

    if (f && f->pinned && f->type == type)      /* P1 */
        return refuse(m, o, RULE_P1, EINVAL, mfn);
    if (reference_take(m, o, mfn, type) != 0)
        return -EINVAL;
    o->op.type = (uint8_t)type;
    return begin(m, o, OP_PIN, mfn);
}

int table_unpin(struct memory *m, struct owner *o, mfn_t mfn)
{
    struct frame *f = frame_of(m, o, mfn);

    if (!f)
        return refuse(m, o, mfn < m->frames ? RULE_G3 : RULE_G4, EINVAL, mfn);
    if (!f->pinned)                             /* P2 */
        return refuse(m, o, RULE_P2, EINVAL, mfn);
    o->op.type = f->type;
    return begin(m, o, OP_UNPIN, mfn);
}

int base_load(struct memory *m, struct owner *o, uint32_t vcpu, bool user,
              mfn_t mfn)
{
    if (mfn != MFN_NONE && reference_take(m, o, mfn, FRAME_L4) != 0)
        return -EINVAL;
    o->op.sub = user;
    o->op.vcpu = vcpu;
    o->op.type = FRAME_L4;
    return begin(m, o, OP_BASE, mfn);
}

mfn_t base_swap(const struct memory *m, const struct owner *o,
                struct loaded *loaded, mfn_t mfn)
{
    struct frame *f = frame_of(m, o, mfn);
    mfn_t old = loaded->base;

    if (!f || !f->allocated || f->refs > LEAF_REFS)     /* G1 to G4 */
        return MFN_NONE;
    if (f->type != FRAME_L4 || f->types == 0)           /* T1, T2 */
        return MFN_NONE;
    if (old == MFN_NONE || frame_of(m, o, old)->types == 1)
        return MFN_NONE;                                /* V4: a drop */
    f->types++;                         /* T3: at most refs */
    f->refs++;
    loaded->base = mfn;                 /* B1: get the new, load, put */
    return old;
}

void base_put(const struct memory *m, mfn_t old)
{
    struct frame *f = &superpage_of(m, old)->frames[old % EXTENT_FRAMES];

    f->types--;
    f->refs--;
}

/* The table is built, or was: make it live. 0, or STOP_LOAD. */
static int pin_do(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    struct loaded *loaded = &o->loaded[op->vcpu];
    mfn_t *base = op->sub ? &loaded->user_base : &loaded->base;
    mfn_t mfn = op->mfn[0];

    op->phase = PHASE_PUT;
    if (op->kind == OP_UNPIN) {
        frame_of(m, o, mfn)->pinned = 0;
    } else if (op->abandon) {
        op->result = -EINVAL;
    } else if (op->kind == OP_PIN) {
        frame_of(m, o, mfn)->pinned = 1;
        op->mfn[0] = MFN_NONE;
    } else {                            /* B1: get the new, load, put */
        op->mfn[0] = *base;
        *base = mfn;
        return op->sub ? 0 : STOP_LOAD;
    }
    return 0;
}

int pin_resume(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    int rc = op_work(m, o);

    if (rc != 0)
        return rc;
    if (op->phase == PHASE_GET && op->result == 0) {
        rc = pin_do(m, o);
        if (rc != 0)
            return rc;
    }
    if (op->phase == PHASE_PUT && op->mfn[0] != MFN_NONE) {
        mfn_t mfn = op->mfn[0];

        op->mfn[0] = MFN_NONE;
        reference_release(m, o, mfn, (enum frame_type)op->type);
        rc = op_work(m, o);
        if (rc != 0)
            return rc;
    }
    op->kind = OP_NONE;
    return op->result;
}
