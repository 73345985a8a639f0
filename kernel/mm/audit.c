#include "mm/audit.h"

#include "mm/design.h"
#include "mm/word.h"

/* Steps that a frame, or an entry of a table, counts as in each pass. */
#define COUNT_STEPS 2

/* One pass over everything that holds a reference. */
struct pass {
    struct memory *m;
    struct owner *o;
    struct audit *a;
    uint32_t sign;          /* 1: give back what was taken, -1: take away */
};

static void fault(const struct pass *p, mfn_t mfn, const char *what)
{
    struct audit_report *report = &p->a->report;

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
            fault(p, mfn, "a reference to a frame that is not owned");
        return;
    }
    f->refs += p->sign;
    if (type == FRAME_NONE)
        return;
    f->types += p->sign;
    if (f->type != type && p->sign != 1)
        fault(p, mfn, "a reference as a type that it has not");
}

/* A superpage around this frame is referred to so often. */
static void count_frame(const struct pass *p, mfn_t mfn, uint32_t refs,
                        uint32_t types)
{
    struct frame *f = &superpage_of(p->m, mfn)->frames[mfn % EXTENT_FRAMES];

    f->refs += p->sign * refs;
    f->types += p->sign * types;
    if (types > 0 && f->type != FRAME_WRITABLE && p->sign != 1)
        fault(p, mfn, "a reference as a type that it has not");
}

/* An entry maps a superpage or a gigabyte. */
static void count_large(const struct pass *p, uint32_t level, uint64_t word)
{
    mfn_t mfn = entry_mfn(word);
    bool writable = entry_writable(word);
    struct tally *t;

    if (!frame_of(p->m, p->o, mfn)) {
        if (p->sign != 1)
            fault(p, mfn, "a superpage mapped that is not owned");
        return;
    }
    t = level == 3 ? &gigabyte_of(p->m, mfn)->tally
                   : &superpage_of(p->m, mfn)->tally;
    t->mappings += p->sign;
    if (superpage_counts(p->m, writable)) {
        t->types += p->sign;
        if (t->type != TALLY_SUPERPAGE && p->sign != 1)
            fault(p, mfn, "a superpage mapped over a conflict");
    }
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

/* What the entries of a table, and its pin, refer to. true: that was the last
 * entry; else the budget is spent. The first one has been paid for. */
static bool count_table(const struct pass *p, const struct frame *f, mfn_t mfn)
{
    uint32_t level = f->type, end = held_entries(p->o, f, mfn);
    uint32_t slot = p->a->slot;

    if (slot == 0 && f->pinned)
        count(p, mfn, (enum frame_type)f->type);
    while (slot < end) {
        uint64_t word = word_load(&p->m->ram[mfn][slot]);

        if (entry_present(word) && !entry_is_kernels(level, slot))
            count_entry(p, level, word);
        slot++;
        if (slot < end && !budget_spend(p->o, COUNT_STEPS)) {
            p->a->slot = slot;
            return false;
        }
    }
    p->a->slot = 0;
    return true;
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
    uint32_t i, k;

    for (i = 0; i < op->depth; i++) {
        const struct op_level *l = &op->stack[i];

        for (k = 0; l->sweep != SWEEP_NONE && k < l->next; k++)
            count_frame(p, l->mfn + k, (l->sweep & SWEEP_REFS) != 0,
                        (l->sweep & SWEEP_TYPES) != 0);
        if (l->sweep == SWEEP_NONE)
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

/* What holds references and is no table: what the vcpus have loaded, the
 * kernel, and the operation record. */
static void count_holders(const struct pass *p)
{
    uint32_t i;

    for (i = 0; i < p->o->vcpus; i++)
        count_loaded(p, &p->o->loaded[i]);
    for (i = 0; i < p->o->held_count; i++)
        count(p, p->o->held[i], FRAME_WRITABLE);
    count_op(p);
}

/* Look at one record before anything is taken away. */
static void look_frame(const struct pass *p, const struct frame *f, mfn_t mfn)
{
    p->a->report.frames++;
    if (!frame_ok(f))
        fault(p, mfn, "a record whose fields do not fit (I1)");
    p->a->used += f->allocated;
    p->a->conflicts += f->types > 0 && f->type != FRAME_WRITABLE;
}

/* And when everything was. */
static void zero_frame(const struct pass *p, const struct frame *f, mfn_t mfn)
{
    struct audit_report *report = &p->a->report;

    if (f->types == 0 && f->refs == 0)
        return;
    if (report->types == 0 && report->refs == 0) {
        report->types = (int32_t)f->types;
        report->refs = (int32_t)f->refs;
    }
    fault(p, mfn, "a count that is not what the tables say");
}

/* Look at the tally of a superpage or gigabyte in which `conflicts` frames
 * or superpages conflict. */
static void look_tally(const struct pass *p, const struct tally *t,
                       uint32_t conflicts, mfn_t mfn)
{
    if (!memory_tallies(p->m))
        conflicts = 0;
    if (!tally_ok(t))
        fault(p, mfn, "a tally whose fields do not fit (I3)");
    if (conflicts != (t->type != TALLY_CONFLICT ? 0 : t->types))
        fault(p, mfn, "conflicts that are not what the frames say");
}

static void zero_tally(const struct pass *p, const struct tally *t, mfn_t mfn)
{
    if (t->mappings != 0 || (t->type != TALLY_CONFLICT && t->types != 0))
        fault(p, mfn, "a tally that is not what the tables say");
}

/* A gigabyte that is this owner's: the sums of its superpages. */
static void look_gigabyte(const struct pass *p, const struct gigabyte *g,
                          mfn_t first)
{
    const struct superpage *s = superpage_of(p->m, first);
    uint32_t conflicts = 0, incomplete = 0, i;

    budget_spend(p->o, GIGABYTE_EXTENTS / 8);
    for (i = 0; i < GIGABYTE_EXTENTS; i++) {
        incomplete += s[i].allocated != EXTENT_FRAMES;
        conflicts += s[i].tally.type == TALLY_CONFLICT && s[i].tally.types > 0;
    }
    look_tally(p, &g->tally, conflicts, first);
    if (incomplete != g->incomplete ||
        (incomplete > 0 && g->tally.mappings > 0))
        fault(p, first, "a gigabyte's sum that is not its superpages'");
}

/* All frames of the extent have been looked at: its sums. */
static void look_extent(const struct pass *p, const struct superpage *s,
                        mfn_t first)
{
    uint32_t used = p->a->used;

    look_tally(p, &s->tally, p->a->conflicts, first);
    if (used != s->allocated || s->owner != p->o->id)
        fault(p, first, "an extent's sum that is not its frames'");
    if ((s->tally.mappings > 0 || s->tally.marked) && used != EXTENT_FRAMES)
        fault(p, first, "a superpage in use with a frame missing");
    p->a->allocated += used;
    p->a->used = 0;
    p->a->conflicts = 0;
}

/* The last frame of an extent is done. */
static void end_extent(const struct pass *p, struct superpage *s, mfn_t first)
{
    const struct gigabyte *g = gigabyte_of(p->m, first);
    bool whole =
        first % (EXTENT_FRAMES * GIGABYTE_EXTENTS) == 0 && g->owner == p->o->id;

    switch (p->a->pass) {
    case AUDIT_LOOK:
        look_extent(p, s, first);
        if (whole)
            look_gigabyte(p, g, first);
        break;
    case AUDIT_ZERO:
        zero_tally(p, &s->tally, first);
        if (whole)
            zero_tally(p, &g->tally, first);
        break;
    case AUDIT_TAKE:
    case AUDIT_GIVE: s->tally.types += p->sign * s->tally.marked; break;
    default: break;
    }
    p->a->frame = 0;
    p->a->extent = s->next;
}

/* The frames of the extent at hand, as far as the budget goes. The first step
 * has been paid for. */
static void visit(const struct pass *p)
{
    struct audit *a = p->a;
    struct superpage *s = &p->m->superpages[a->extent];
    const mfn_t first = (mfn_t)a->extent * EXTENT_FRAMES;
    const uint32_t swept = design_refs(p->m, &s->tally), pass = a->pass;

    do {
        struct frame *f = &s->frames[a->frame];
        mfn_t mfn = first + a->frame;

        if (pass == AUDIT_LOOK) {
            look_frame(p, f, mfn);
        } else if (pass == AUDIT_ZERO) {
            zero_frame(p, f, mfn);
        } else if (pass == AUDIT_TAKE || pass == AUDIT_GIVE) {
            if (frame_is_table((enum frame_type)f->type) &&
                !count_table(p, f, mfn))
                return;
        } else if (swept > 0) {
            count_frame(p, mfn, swept, design_types(p->m, &s->tally));
        } else {
            a->frame = EXTENT_FRAMES - 1;       /* nor of the others */
        }
        a->frame++;
    } while (a->frame < EXTENT_FRAMES && budget_spend(p->o, COUNT_STEPS));
    if (a->frame == EXTENT_FRAMES)
        end_extent(p, s, first);
}

/* All extents are done. */
static void end_pass(const struct pass *p)
{
    struct audit *a = p->a;

    if (a->pass == AUDIT_LOOK && a->allocated != p->o->allocated)
        fault(p, MFN_NONE, "a domain's sum that is not its extents'");
    if (a->pass == AUDIT_TAKE || a->pass == AUDIT_GIVE) {
        budget_spend(p->o, HELD_FRAMES);
        count_holders(p);
    }
    a->pass = (a->pass + 1) % AUDIT_PASSES;
    a->extent = p->o->extents;
}

void audit_begin(struct audit *a, const struct owner *o)
{
    *a = (struct audit){
        .report = {.mfn = MFN_NONE}, .pass = AUDIT_LOOK, .extent = o->extents};
}

/* I2: take all away, see that zero is left, put it back. */
int audit_resume(struct memory *m, struct owner *o, struct audit *a)
{
    while (a->pass != AUDIT_NONE) {
        const struct pass p = {.m = m,
                               .o = o,
                               .a = a,
                               .sign = a->pass < AUDIT_GIVE ? UINT32_MAX : 1};

        if (!budget_spend(o, 1))
            return STOP_BUDGET;
        if (a->extent != EXTENT_NONE)
            visit(&p);
        else
            end_pass(&p);
    }
    return 0;
}

bool audit(struct memory *m, struct owner *o, struct audit_report *report)
{
    const uint32_t budget = o->budget;
    struct audit a;

    audit_begin(&a, o);
    while (audit_resume(m, o, &a) != 0)
        o->budget = UINT32_MAX;
    o->budget = budget;
    *report = a.report;
    return report->faults == 0;
}
