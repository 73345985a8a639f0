#include "mm/audit.h"

#include "mm/word.h"

/* One pass over everything that holds a reference. */
struct pass {
    struct memory *m;
    struct owner *o;
    struct audit_report *report;
    uint32_t sign;          /* 1: give back what was taken, -1: take away */
};

static void fault(struct audit_report *report, mfn_t mfn, const char *what)
{
    if (report->faults == 0) {
        report->mfn = mfn;
        report->what = what;
    }
    report->faults++;
}

/* Somebody refers to `mfn` as `type`. */
static void count(const struct pass *p, mfn_t mfn, enum frame_type type)
{
    struct frame *f = frame_of(p->m, p->o, mfn);

    if (!f) {
        if (p->sign != 1)
            fault(p->report, mfn, "a reference to a frame that is not owned");
        return;
    }
    f->refs += p->sign;
    if (type == FRAME_NONE)
        return;
    f->types += p->sign;
    if (f->type != type && p->sign != 1)
        fault(p->report, mfn, "a reference as a type that it has not");
}

/* Entries of this table that hold references: [0, result). */
static uint32_t held_entries(const struct owner *o, const struct frame *f,
                             mfn_t mfn)
{
    uint32_t i;

    for (i = 0; i < o->op.depth; i++)
        if (o->op.stack[i].mfn == mfn)
            return o->op.stack[i].next;
    return f->state == FRAME_SETTLED ? TABLE_ENTRIES : 0;
}

/* What the entries of a table, and its pin, refer to. */
static void count_table(const struct pass *p, const struct frame *f, mfn_t mfn)
{
    enum frame_type type = (enum frame_type)f->type;
    uint32_t level = f->type;
    uint32_t end = held_entries(p->o, f, mfn);
    uint32_t i;

    if (f->pinned)
        count(p, mfn, type);
    for (i = 0; i < end; i++) {
        uint64_t word = word_load(&p->m->ram[mfn][i]);

        if (entry_present(word) && !entry_is_kernels(level, i))
            count(p, entry_mfn(word), entry_type(level, word));
    }
}

static void count_loaded(const struct pass *p, const struct loaded *loaded)
{
    uint32_t i;

    if (loaded->base != MFN_NONE)
        count(p, loaded->base, FRAME_L4);
    if (loaded->user_base != MFN_NONE)
        count(p, loaded->user_base, FRAME_L4);
    for (i = 0; i < loaded->gdt_count; i++)
        count(p, loaded->gdt[i], FRAME_SEG);
    for (i = 0; i < loaded->ldt_count; i++)
        count(p, loaded->ldt[i], FRAME_SEG);
}

/* What the new word of a stopped OP_UPDATE refers to, once it is taken. */
static void count_update(const struct pass *p)
{
    const struct op *op = &p->o->op;
    uint32_t level = frame_of(p->m, p->o, op->table)->type;

    if (op->phase == PHASE_GET && op->depth == 0 && op->result == 0)
        count(p, entry_mfn(op->value), entry_type(level, op->value));
}

/* What the operation record holds, besides the tables on its stack. */
static void count_op(const struct pass *p)
{
    const struct op *op = &p->o->op;
    uint32_t i, held = op->next;

    for (i = 0; i < op->depth; i++)
        count(p, op->stack[i].mfn,
              (enum frame_type)frame_of(p->m, p->o, op->stack[i].mfn)->type);
    if (op->kind == OP_UPDATE)
        count_update(p);
    if (op->kind == OP_STORE || op->kind == OP_HOLD)
        count(p, op->kind == OP_STORE ? op->table : op->mfn[0], FRAME_WRITABLE);
    if (op->kind == OP_BASE && op->phase == PHASE_PUT && op->depth == 0 &&
        op->mfn[0] != MFN_NONE)
        count(p, op->mfn[0], FRAME_L4);
    if (op->kind != OP_DESCRIPTORS)
        return;
    if (op->phase == PHASE_GET && op->depth > 0)
        held--;                     /* that one is on the stack */
    for (i = 0; op->phase == PHASE_GET && i < held; i++)
        count(p, op->mfn[i], FRAME_SEG);
    for (i = 0; op->phase == PHASE_PUT && i < op->old_count; i++)
        count(p, op->before[i], FRAME_SEG);
}

/* Visit every holder of a reference once. */
static void count_all(const struct pass *p)
{
    uint32_t extent, i;

    for (extent = p->o->extents; extent != EXTENT_NONE;
         extent = p->m->superpages[extent].next)
        for (i = 0; i < EXTENT_FRAMES; i++) {
            struct frame *f = &p->m->superpages[extent].frames[i];

            if (frame_is_table((enum frame_type)f->type))
                count_table(p, f, (mfn_t)extent * EXTENT_FRAMES + i);
        }
    for (i = 0; i < p->o->vcpus; i++)
        count_loaded(p, &p->o->loaded[i]);
    for (i = 0; i < p->o->held_count; i++)
        count(p, p->o->held[i], FRAME_WRITABLE);
    count_op(p);
}

/* Look at one record: before the first pass, or when all was taken away. */
static void check_frame(const struct pass *p, const struct frame *f, mfn_t mfn,
                        bool taken)
{
    if (!taken) {
        p->report->frames++;
        if (!frame_ok(f))
            fault(p->report, mfn, "a record whose fields do not fit (I1)");
        return;
    }
    if (f->types == 0 && f->refs == 0)
        return;
    if (p->report->types == 0 && p->report->refs == 0) {
        p->report->types = (int32_t)f->types;
        p->report->refs = (int32_t)f->refs;
    }
    fault(p->report, mfn, "a count that is not what the tables say");
}

/* Look at all records, and at the sums that extents and owner keep. */
static void check_all(const struct pass *p, bool taken)
{
    uint64_t allocated = 0;
    uint32_t extent, i;

    for (extent = p->o->extents; extent != EXTENT_NONE;
         extent = p->m->superpages[extent].next) {
        const struct superpage *s = &p->m->superpages[extent];
        mfn_t first = (mfn_t)extent * EXTENT_FRAMES;
        uint32_t used = 0;

        for (i = 0; i < EXTENT_FRAMES; i++) {
            check_frame(p, &s->frames[i], first + i, taken);
            used += s->frames[i].allocated;
        }
        if (!taken && (used != s->allocated || s->owner != p->o->id))
            fault(p->report, first, "an extent's sum that is not its frames'");
        allocated += used;
    }
    if (!taken && allocated != p->o->allocated)
        fault(p->report, MFN_NONE, "a domain's sum that is not its extents'");
}

/* I2: take all away, see that zero is left, put it back. */
bool audit(struct memory *m, struct owner *o, struct audit_report *report)
{
    struct pass take = {.m = m, .o = o, .report = report, .sign = UINT32_MAX};
    struct pass give = {.m = m, .o = o, .report = report, .sign = 1};

    *report = (struct audit_report){.mfn = MFN_NONE};
    check_all(&take, false);
    count_all(&take);
    check_all(&take, true);
    count_all(&give);
    return report->faults == 0;
}
