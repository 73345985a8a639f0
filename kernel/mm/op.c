#include "mm/op.h"

#include "mm/destroy.h"
#include "mm/extent.h"
#include "mm/pin.h"
#include "mm/segment.h"
#include "mm/superpage.h"
#include "mm/sweep.h"
#include "mm/table.h"
#include "mm/update.h"

/* Build or drop what is on top of the stack. */
static int work_step(struct memory *m, struct owner *o)
{
    const struct op_level *top = &o->op.stack[o->op.depth - 1];

    if (top->sweep != SWEEP_NONE)
        return o->op.dropping ? sweep_drop(m, o) : sweep_build(m, o);
    if (o->op.dropping)
        return table_drop(m, o);
    if (frame_of(m, o, top->mfn)->type == FRAME_SEG)
        return segment_build(m, o);
    return table_build(m, o);
}

int op_work(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    int rc;

    while (op->waiting || op->depth > 0) {
        if (op->waiting) {                      /* V1: publish, flush, use */
            rc = flush_settle(m, o);
        } else {
            if (op->abandon && !op->dropping) {
                op->result = -EINVAL;
                op->dropping = 1;
            }
            rc = work_step(m, o);
        }
        if (rc > 0)
            return rc;
        if (rc < 0) {                           /* V3: a refusal undoes all */
            op->result = rc;
            op->dropping = 1;
        }
    }
    op->dropping = 0;
    return 0;
}

int op_resume(struct memory *m, struct owner *o)
{
    switch (o->op.kind) {
    case OP_UPDATE:
    case OP_STORE: return update_resume(m, o);
    case OP_PIN:
    case OP_UNPIN:
    case OP_BASE: return pin_resume(m, o);
    case OP_DESCRIPTORS: return descriptors_resume(m, o);
    case OP_HOLD: return hold_resume(m, o);
    case OP_MARK:
    case OP_UNMARK: return superpage_resume(m, o);
    case OP_DESTROY: return destroy_resume(m, o);
    default: return 0;
    }
}

void op_abandon(struct owner *o)
{
    if (o->op.kind != OP_NONE)
        o->op.abandon = 1;
}
