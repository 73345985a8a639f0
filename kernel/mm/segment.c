#include "mm/segment.h"

#include "mm/update.h"
#include "mm/word.h"

/* Bits of a descriptor (SDM 3A 3.4.5). */
#define DESCRIPTOR_TYPE     (UINT64_C(0xf) << 40)
#define DESCRIPTOR_S        (UINT64_C(1) << 44)     /* code or data */
#define DESCRIPTOR_DPL      (UINT64_C(3) << 45)
#define DESCRIPTOR_P        (UINT64_C(1) << 47)

bool segment_check(uint64_t *descriptor)
{
    if (!(*descriptor & DESCRIPTOR_P))
        return true;
    if (*descriptor & DESCRIPTOR_S) {
        *descriptor |= DESCRIPTOR_DPL;
        return true;
    }
    return (*descriptor & DESCRIPTOR_TYPE) == 0;
}

int segment_build(struct memory *m, struct owner *o)
{
    struct op_level *top = &o->op.stack[o->op.depth - 1];
    struct frame *f = frame_of(m, o, top->mfn);

    while (top->next < TABLE_ENTRIES) {
        uint64_t *word = &m->ram[top->mfn][top->next];
        uint64_t value = word_load(word);

        if (!budget_spend(o, 1))
            return STOP_BUDGET;
        if (!segment_check(&value)) {           /* S1 */
            int rc = refuse(m, o, RULE_S1, EINVAL, MFN_NONE);

            o->refusal.table = top->mfn;
            o->refusal.slot = top->next;
            o->refusal.word = value;
            return rc;
        }
        if (value != word_load(word))
            word_store(word, value);
        top->next++;
    }
    f->state = FRAME_SETTLED;
    o->op.depth--;
    return 0;
}

int descriptors_load(struct memory *m, struct owner *o,
                     const struct descriptors *d)
{
    struct op *op = &o->op;
    uint32_t i;

    if (d->count > (d->ldt ? LDT_FRAMES : GDT_FRAMES))      /* S2 */
        return refuse(m, o, RULE_S2, EINVAL, MFN_NONE);
    for (i = 0; i < d->count; i++)
        op->mfn[i] = d->frames[i];
    op_begin(op, OP_DESCRIPTORS);
    op->sub = d->ldt;
    op->vcpu = d->vcpu;
    op->count = d->count;
    op->next = 0;
    return op_resume(m, o);
}

/* Take the frames one after the other; op->next of them are ours. */
static int descriptors_get(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    int rc;

    for (;;) {
        rc = op_work(m, o);
        if (rc != 0)
            return rc;
        if (op->result != 0) {      /* op_work released the last one */
            op->next--;
            return 0;
        }
        if (op->next == op->count)
            return 0;
        rc = reference_take(m, o, op->mfn[op->next], FRAME_SEG);
        if (rc < 0) {
            op->result = -EINVAL;
            return 0;
        }
        op->next++;
    }
}

/* Name the new frames in loaded[], and keep the old ones to be released. */
static void descriptors_swap(struct owner *o)
{
    struct op *op = &o->op;
    struct loaded *loaded = &o->loaded[op->vcpu];
    mfn_t *live = op->sub ? loaded->ldt : loaded->gdt;
    uint32_t *count = op->sub ? &loaded->ldt_count : &loaded->gdt_count;
    uint32_t i;

    op->old_count = *count;
    for (i = 0; i < op->old_count; i++)
        op->before[i] = live[i];
    for (i = 0; i < op->count; i++)
        live[i] = op->mfn[i];
    *count = op->count;
}

int descriptors_resume(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    int rc;

    if (op->phase == PHASE_GET) {
        rc = descriptors_get(m, o);
        if (rc != 0)
            return rc;
        op->phase = PHASE_PUT;
        if (op->result == 0 && !op->abandon) {
            descriptors_swap(o);
            return STOP_LOAD;
        }
        if (op->result == 0)
            op->result = -EINVAL;
        op->old_count = op->next;               /* V3: undo */
        for (uint32_t i = 0; i < op->next; i++)
            op->before[i] = op->mfn[i];
    }
    while (op->old_count > 0) {
        op->old_count--;
        reference_release(m, o, op->before[op->old_count], FRAME_SEG);
    }
    op->kind = OP_NONE;
    return op->result;
}

int descriptor_update(struct memory *m, struct owner *o, mfn_t mfn,
                      uint32_t slot, uint64_t value)
{
    struct frame *f = frame_of(m, o, mfn);
    struct update u = {.mfn = mfn, .slot = slot};

    if (!segment_check(&value)) {               /* S1 */
        int rc = refuse(m, o, RULE_S1, EINVAL, MFN_NONE);

        o->refusal.word = value;
        return rc;
    }
    if (f && f->types > 0 && f->type == FRAME_SEG) {
        word_exchange(&m->ram[mfn][slot], value);
        return 0;
    }
    if (f && f->types > 0 && f->type != FRAME_WRITABLE)     /* U1 */
        return refuse(m, o, RULE_U1, EINVAL, mfn);
    u.value = value;
    return update_word(m, o, &u);
}
