#include "step.h"

#include <string.h>

#include "door.h"
#include "sums.h"

#define ENOUGH       1000000
#define HELD_AT_MOST 2
/* No operation of a tiny machine stops so often, without a budget. */
#define STOPS_AT_MOST 32

/* ----------------------------------------------------------------- enabled */

static bool operation_enabled(const struct world *w, const struct action *a)
{
    bool bound_to_cpu = a->verb == DO_BASE || a->verb == DO_USER_BASE ||
                        a->verb == DO_GDT || a->verb == DO_LDT ||
                        a->verb == DO_WALK;

    if (w->door.stop || w->door.dying)
        return false; /* the lock: one operation at a time */
    if (bound_to_cpu ? w->cpu[a->cpu].user : w->cpu[0].user && w->cpu[1].user)
        return false; /* a guest user cannot call */
    if (a->verb == DO_HOLD)
        return w->o.held_count < HELD_AT_MOST;
    if (a->verb == DO_GROW)
        return w->m.free_count > 0;
    return a->verb != DO_WALK || w->loaded[a->cpu].base != MFN_NONE;
}

static bool mode_enabled(const struct world *w, uint32_t cpu)
{
    const struct op *op = &w->o.op;
    uint32_t i, callers = 0;

    if (w->door.dying || w->loaded[cpu].base == MFN_NONE ||
        w->loaded[cpu].user_base == MFN_NONE)
        return false;
    if (!w->door.stop)
        return true;
    for (i = 0; i < CPUS; i++)
        callers += i != cpu && !w->cpu[i].user;
    if (op->kind == OP_BASE || op->kind == OP_DESCRIPTORS)
        return op->vcpu != cpu;
    return callers > 0; /* the one that is in the call */
}

/* Will the CPU set a bit in this entry, through any cached table? */
static uint64_t touch_bits(const struct world *w, const struct action *a)
{
    uint64_t word = w->ram[a->mfn][a->slot];
    uint64_t bits = word & ENTRY_RW ? ENTRY_A | ENTRY_D : ENTRY_A;
    uint32_t i, walked = 0;

    for (i = 0; i < CPUS; i++) {
        walked |= w->cpu[i].table[1];
        if (word & ENTRY_PS)
            walked |= w->cpu[i].table[2] | w->cpu[i].table[3];
    }
    if (!(walked >> own_index(a->mfn) & 1) || !(word & ENTRY_P))
        return 0;
    return bits & ~word;
}

bool step_enabled(const struct world *w, const struct action *a)
{
    const struct door *door = &w->door;

    if (door->dying == GONE)
        return false;
    switch (a->verb) {
    case GUEST_STORE:
        return door->dying != REMOVING &&
               (tlb_writable(w) >> own_index(a->mfn) & 1) &&
               w->ram[a->mfn][a->slot] != a->value;
    case CPU_TOUCH: return door->dying != REMOVING && touch_bits(w, a) != 0;
    case CPU_FLUSH: return true;
    case CPU_MODE: return mode_enabled(w, a->cpu);
    case DESTROY:
        return door->dying == LIVING ||
               (door->dying == ABANDONED && !door->stop);
    case DOOR_GO: return door->stop && door_ready(w);
    case DOOR_FLUSH: return door->stop && (door->todo >> a->cpu & 1);
    default: return operation_enabled(w, a);
    }
}

/* ------------------------------------------------------------------- check */

static void outsider_change(struct world *w, uint32_t sign)
{
    uint32_t n;

    for (n = 0; n < own_frames; n++) {
        own_frame(w, n)->types += sign * w->types_bias[n];
        own_frame(w, n)->refs += sign * w->refs_bias[n];
    }
    for (n = 0; n < own_frames / EXTENT_FRAMES; n++) {
        own_extent(w, n)->tally.types += sign * w->tally_bias[n];
        own_extent(w, n)->tally.mappings += sign * w->mappings_bias[n];
    }
}

/* The core's own audit, without what the outsider holds. */
static const char *check_audit(struct world *w)
{
    struct audit_report report;

    outsider_change(w, UINT32_MAX);
    audit(&w->m, &w->o, &report);
    outsider_change(w, 1);
    return report.faults ? report.what : NULL;
}

const char *step_check(struct world *w, const struct alphabet *alphabet)
{
    struct model md;
    const char *wrong = NULL;
    uint32_t i;

    for (i = 0; i < CPUS && !wrong; i++)
        if (w->door.dying < REMOVING)
            wrong = tlb_walk(w, &w->cpu[i]);
    if (!wrong)
        wrong = tlb_safe(w);
    if (!wrong)
        wrong = check_audit(w);
    if (!wrong)
        wrong = sums_always(w);
    if (!wrong && !w->door.stop && w->door.dying < REMOVING) {
        model_read(&md, w, alphabet);
        wrong = model_uses(&md);
        if (!wrong)
            wrong = sums_at_rest(w, &md);
    }
    return wrong;
}

/* Is the memory of a dead domain fit for the next one? */
static const char *check_gone(const struct world *w, int rc)
{
    static const uint64_t zeros[OWN_FRAMES][TABLE_ENTRIES];
    uint32_t n;

    if (rc != 0 || w->m.free_count != own_frames / EXTENT_FRAMES ||
        w->o.extents != EXTENT_NONE || w->o.allocated != 0)
        return "a dead domain keeps memory";
    if (w->gigabytes[OWN_GIGABYTE].owner != OWNER_NONE)
        return "a dead domain keeps a gigabyte";
    if (memcmp(w->ram[OWN_FIRST], zeros, own_frames * sizeof(zeros[0])) != 0)
        return "memory was freed that is not zero";
    for (n = 0; n < own_frames; n++)
        if (w->frames[OWN_FIRST + n].refs != 0)
            return "memory was freed that is referred to";
    return tlb_forgotten(w);
}

/* -------------------------------------------------------------------- take */

/* The core came back: a stop or an answer. NULL, or what is wrong. */
static const char *take_answer(struct world *w, const struct alphabet *alphabet,
                               int rc)
{
    struct door *door = &w->door;
    uint8_t dying = door->dying;
    struct model md;

    if (rc > 0) {
        door->stop = (uint8_t)rc;
        return NULL;
    }
    if (w->o.op.kind != OP_NONE || w->o.op.depth || w->o.op.waiting)
        return "an answer, but the operation is not at its end";
    if (dying == LIVING && !door->tainted) {
        if (rc != -(int)door->errno_expected)
            return "another answer than the model's";
        model_read(&md, w, alphabet);
        if (model_hash(&md) != door->effect_expected)
            return "another effect than the model's";
    }
    memset(door, 0, sizeof(*door));
    door->dying = dying == REMOVING ? GONE : dying;
    return dying == REMOVING ? check_gone(w, rc) : NULL;
}

static void take_operation(struct world *w, const struct alphabet *alphabet,
                           const struct action *a, const struct model *md,
                           struct outcome *out)
{
    struct model after = *md;
    mfn_t mfn = MFN_NONE;

    w->o.budget = 0;
    out->called = true;
    out->rc = action_call(w, a, &mfn);
    out->stopped = out->rc > 0;
    out->expected = model_answer(&after, a, mfn);
    w->door.errno_expected = (uint64_t)(int64_t)-out->expected;
    w->door.effect_expected = model_hash(&after);
    if (out->expected > 0)
        out->wrong = "the wrong frame";
    else
        out->wrong = take_answer(w, alphabet, out->rc);
}

/* The door takes one of its steps. */
static void take_door(struct world *w, const struct world *before,
                      const struct alphabet *alphabet, struct outcome *out)
{
    bool flushed = before->door.flushing;

    out->expected = -(int)w->door.errno_expected;
    out->rc = door_go(w, 1);
    out->called = out->rc != STOP_FLUSH || !w->door.flushing;
    out->wrong = take_answer(w, alphabet, out->rc);
    if (flushed && out->rc == STOP_FLUSH && !w->door.flushing &&
        w->o.op.wait == before->o.op.wait &&
        w->o.op.phase == before->o.op.phase)
        out->wrong = "the same flush is asked for without end";
}

static void take_destroy(struct world *w, const struct alphabet *alphabet,
                         struct outcome *out)
{
    if (w->door.stop) {
        op_abandon(&w->o);
        w->door.dying = ABANDONED;
        return;
    }
    out->called = true;
    out->rc = door_destroy(w);
    out->wrong = take_answer(w, alphabet, out->rc);
}

struct outcome step_take(struct world *w, const struct world *before,
                         const struct alphabet *alphabet,
                         const struct action *a, const struct model *md)
{
    struct outcome out = {.wrong = NULL};

    switch (a->verb) {
    case GUEST_STORE:
        w->ram[a->mfn][a->slot] = a->value;
        w->door.tainted = w->door.stop != 0;
        break;
    case CPU_TOUCH:
        w->ram[a->mfn][a->slot] |= touch_bits(w, a);
        w->door.tainted = w->door.stop != 0;
        break;
    case CPU_FLUSH: cpu_flush(w, a->cpu); break;
    case CPU_MODE: cpu_mode(w, a->cpu); break;
    case DESTROY: take_destroy(w, alphabet, &out); break;
    case DOOR_GO: take_door(w, before, alphabet, &out); break;
    case DOOR_FLUSH: door_flush_cpu(w, a->cpu); break;
    default: take_operation(w, alphabet, a, md, &out);
    }
    out.rule = (enum rule)w->o.refusal.rule;
    if (!out.wrong && a->verb != CPU_TOUCH)
        out.wrong = tlb_unwalked(before, w);
    if (!out.wrong)
        out.wrong = step_check(w, alphabet);
    if (!out.wrong)
        state_normal(w);
    return out;
}

struct outcome step_whole(struct world *w, const struct alphabet *alphabet,
                          const struct action *a, const struct model *md)
{
    struct outcome out = {.called = true};
    struct model after = *md;
    uint32_t i, stops = 0;
    mfn_t mfn;

    out.expected = model_answer(&after, a, MFN_NONE);
    w->door.errno_expected = (uint64_t)(int64_t)-out.expected;
    w->door.effect_expected = model_hash(&after);
    w->o.budget = ENOUGH;
    out.rc = action_call(w, a, &mfn);
    while (out.rc > 0 && !out.wrong) {
        w->door.stop = (uint8_t)out.rc;
        if (out.rc == STOP_BUDGET)
            out.wrong = "a short operation is out of budget";
        if (++stops > STOPS_AT_MOST)
            out.wrong = "an operation stops without end";
        for (i = 0; i < CPUS; i++)
            if (w->door.todo >> i & 1)
                door_flush_cpu(w, i);
        if (!door_ready(w))
            out.wrong = "the door goes on while CPUs are to be flushed";
        out.rc = door_go(w, ENOUGH);
    }
    out.rule = (enum rule)w->o.refusal.rule;
    if (!out.wrong)
        out.wrong = take_answer(w, alphabet, out.rc);
    if (!out.wrong)
        out.wrong = step_check(w, alphabet);
    if (!out.wrong)
        state_normal(w);
    return out;
}
