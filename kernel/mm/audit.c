#include "mm/audit.h"

#include "mm/design.h"
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

/* Frames of a superpage, [0, end), are referred to so often each. */
static void count_frames(const struct pass *p, mfn_t mfn, uint32_t end,
                         uint32_t refs, uint32_t types)
{
    struct frame *f = superpage_of(p->m, mfn)->frames;
    uint32_t i;

    for (i = 0; i < end; i++) {
        f[i].refs += p->sign * refs;
        f[i].types += p->sign * types;
        if (types > 0 && f[i].type != FRAME_WRITABLE && p->sign != 1)
            fault(p->report, mfn + i, "a reference as a type that it has not");
    }
}

/* An entry maps a superpage or a gigabyte. */
static void count_large(const struct pass *p, uint32_t level, uint64_t word)
{
    mfn_t mfn = entry_mfn(word);
    bool writable = entry_writable(word);
    struct tally *t;

    if (!frame_of(p->m, p->o, mfn)) {
        if (p->sign != 1)
            fault(p->report, mfn, "a superpage mapped that is not owned");
        return;
    }
    t = level == 3 ? &gigabyte_of(p->m, mfn)->tally
                   : &superpage_of(p->m, mfn)->tally;
    t->mappings += p->sign;
    if (superpage_counts(p->m, writable)) {
        t->types += p->sign;
        if (t->type != TALLY_SUPERPAGE && p->sign != 1)
            fault(p->report, mfn, "a superpage mapped over a conflict");
    }
    if (p->m->limits.design == DESIGN_WALK)
        count_frames(p, mfn, EXTENT_FRAMES, 1, writable);
}

/* A present entry, wherever it is kept. */
static void count_entry(const struct pass *p, uint32_t level, uint64_t word)
{
    if (entry_is_large(level, word))
        count_large(p, level, word);
    else
        count(p, entry_mfn(word), entry_type(level, word));
}

/* Entries of this table that hold references: [0, result). */
static uint32_t held_entries(const struct owner *o, const struct frame *f,
                             mfn_t mfn)
{
    uint32_t i;

    for (i = 0; i < o->op.depth; i++)
        if (o->op.stack[i].mfn == mfn && o->op.stack[i].sweep == SWEEP_NONE)
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
            count_entry(p, level, word);
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
        count_entry(p, level, op->value);
}

/* What is on the stack: a table has a use, a sweep holds frames. */
static void count_stack(const struct pass *p)
{
    const struct op *op = &p->o->op;
    uint32_t i;

    for (i = 0; i < op->depth; i++) {
        const struct op_level *l = &op->stack[i];

        if (l->sweep != SWEEP_NONE)
            count_frames(p, l->mfn, l->next, (l->sweep & SWEEP_REFS) != 0,
                         (l->sweep & SWEEP_TYPES) != 0);
        else
            count(p, l->mfn,
                  (enum frame_type)frame_of(p->m, p->o, l->mfn)->type);
    }
}

/* A reservation that waits for its flush is not a mark yet. */
static void count_reservation(const struct pass *p)
{
    const struct op *op = &p->o->op;

    if (op->kind == OP_MARK && op->phase == PHASE_GET && memory_tallies(p->m))
        superpage_of(p->m, op->mfn[0])->tally.types += p->sign;
}

/* What the operation record holds, besides the tables on its stack. */
static void count_op(const struct pass *p)
{
    const struct op *op = &p->o->op;
    uint32_t i, held = op->next;

    count_stack(p);
    count_reservation(p);
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

/* What the designs that sweep hold of each frame, since the tally says so. */
static void count_swept(const struct pass *p)
{
    uint32_t extent;

    for (extent = p->o->extents; extent != EXTENT_NONE;
         extent = p->m->superpages[extent].next) {
        const struct tally *t = &p->m->superpages[extent].tally;

        if (design_refs(p->m, t) > 0)
            count_frames(p, (mfn_t)extent * EXTENT_FRAMES, EXTENT_FRAMES,
                         design_refs(p->m, t), design_types(p->m, t));
    }
}

/* Visit every holder of a reference once. */
static void count_all(const struct pass *p)
{
    uint32_t extent, i;

    for (extent = p->o->extents; extent != EXTENT_NONE;
         extent = p->m->superpages[extent].next) {
        struct superpage *s = &p->m->superpages[extent];
        mfn_t first = (mfn_t)extent * EXTENT_FRAMES;

        for (i = 0; i < EXTENT_FRAMES; i++)
            if (frame_is_table((enum frame_type)s->frames[i].type))
                count_table(p, &s->frames[i], first + i);
        s->tally.types += p->sign * s->tally.marked;
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

/* Look at the tally of a superpage or gigabyte in which `conflicts` frames
 * or superpages conflict: before the first pass, or when all was taken. */
static void check_tally(const struct pass *p, const struct tally *t,
                        uint32_t conflicts, mfn_t mfn, bool taken)
{
    bool superpage = t->type != TALLY_CONFLICT;

    if (!memory_tallies(p->m))
        conflicts = 0;
    if (taken) {
        if (t->mappings != 0 || (superpage && t->types != 0))
            fault(p->report, mfn, "a tally that is not what the tables say");
        return;
    }
    if (!tally_ok(t))
        fault(p->report, mfn, "a tally whose fields do not fit (I3)");
    if (conflicts != (superpage ? 0 : t->types))
        fault(p->report, mfn, "conflicts that are not what the frames say");
}

/* A gigabyte that is this owner's: the sums of its superpages. */
static void check_gigabyte(const struct pass *p, uint32_t extent, bool taken)
{
    const struct superpage *s = &p->m->superpages[extent];
    const struct gigabyte *g = gigabyte_of(p->m, (mfn_t)extent * EXTENT_FRAMES);
    uint32_t conflicts = 0, incomplete = 0, i;

    for (i = 0; i < GIGABYTE_EXTENTS; i++) {
        incomplete += s[i].allocated != EXTENT_FRAMES;
        conflicts += s[i].tally.type == TALLY_CONFLICT && s[i].tally.types > 0;
    }
    check_tally(p, &g->tally, conflicts, (mfn_t)extent * EXTENT_FRAMES, taken);
    if (!taken && (incomplete != g->incomplete ||
                   (incomplete > 0 && g->tally.mappings > 0)))
        fault(p->report, (mfn_t)extent * EXTENT_FRAMES,
              "a gigabyte's sum that is not its superpages'");
}

/* Look at the records of one extent. Returns the frames allocated. */
static uint32_t check_extent(const struct pass *p, uint32_t extent, bool taken)
{
    const struct superpage *s = &p->m->superpages[extent];
    mfn_t first = (mfn_t)extent * EXTENT_FRAMES;
    uint32_t used = 0, conflicts = 0, i;

    for (i = 0; i < EXTENT_FRAMES; i++) {
        const struct frame *f = &s->frames[i];

        check_frame(p, f, first + i, taken);
        used += f->allocated;
        conflicts += f->types > 0 && f->type != FRAME_WRITABLE;
    }
    check_tally(p, &s->tally, conflicts, first, taken);
    if (taken)
        return used;
    if (used != s->allocated || s->owner != p->o->id)
        fault(p->report, first, "an extent's sum that is not its frames'");
    if ((s->tally.mappings > 0 || s->tally.marked) && used != EXTENT_FRAMES)
        fault(p->report, first, "a superpage in use with a frame missing");
    return used;
}

/* Look at all records, and at the sums that extents and owner keep. */
static void check_all(const struct pass *p, bool taken)
{
    uint64_t allocated = 0;
    uint32_t extent;

    for (extent = p->o->extents; extent != EXTENT_NONE;
         extent = p->m->superpages[extent].next) {
        allocated += check_extent(p, extent, taken);
        if (extent % GIGABYTE_EXTENTS == 0 &&
            p->m->gigabytes[extent / GIGABYTE_EXTENTS].owner == p->o->id)
            check_gigabyte(p, extent, taken);
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
    count_swept(&take);             /* by tallies that are still whole */
    count_all(&take);
    check_all(&take, true);
    count_all(&give);
    count_swept(&give);
    return report->faults == 0;
}
