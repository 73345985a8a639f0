#include "mm/table.h"

#include "mm/leaf.h"
#include "mm/word.h"

/* Words that are looked at at once when zeros are skipped. */
#define ZEROS (TABLE_ENTRIES < 8 ? TABLE_ENTRIES : 8)

/* So many zero entries cost about as much as one that is not. */
#define ZEROS_PER_STEP 8

/* Steps of an entry that goes the long way. */
#define ENTRY_STEPS 4

/* Are these words in a row all zero? */
static bool all_zero(const uint64_t *words)
{
    uint64_t any = 0;
    uint32_t i;

#pragma GCC unroll 8
    for (i = 0; i < ZEROS; i++)
        any |= word_load(&words[i]);
    return any == 0;
}

/* The next entry from `slot` on that is not zero, or TABLE_ENTRIES. */
static uint32_t skip_zeros(const uint64_t *words, uint32_t slot)
{
    while (slot < TABLE_ENTRIES) {
        if (slot % ZEROS == 0 && all_zero(&words[slot])) {
            slot += ZEROS;
            continue;
        }
        if (word_load(&words[slot]) != 0)
            break;
        slot++;
    }
    return slot;
}

/* The same downwards: entries [result, end) are zero. */
static uint32_t skip_zeros_down(const uint64_t *words, uint32_t end)
{
    while (end > 0) {
        if (end % ZEROS == 0 && all_zero(&words[end - ZEROS])) {
            end -= ZEROS;
            continue;
        }
        if (word_load(&words[end - 1]) != 0)
            break;
        end--;
    }
    return end;
}

/* The lesser of what the budget allows and what is left. */
static uint32_t steps(const struct owner *o, uint32_t left)
{
    return o->budget < left ? o->budget : left;
}

/* Take L1 entries from top->next on, as long as each is an ordinary one. */
static void build_leaves(struct memory *m, struct owner *o,
                         struct op_level *top)
{
    const struct memory view = *m;      /* what no write here changes */
    const uint16_t id = o->id;
    uint64_t *words = m->ram[top->mfn];
    uint32_t slot = top->next;
    uint32_t end = slot + steps(o, TABLE_ENTRIES - slot);

    for (; slot < end; slot++) {
        uint64_t word = word_load(&words[slot]);

        if (!entry_present(word) || !leaf_take(&view, id, word))
            break;
        if (!(word & ENTRY_US))
            word_store(&words[slot], entry_adjust(word));
    }
    o->budget -= slot - top->next;
    top->next = slot;
}

/* Release L1 entries from top->next down, as long as each is present. */
static void drop_leaves(struct memory *m, struct owner *o, struct op_level *top)
{
    const struct memory view = *m;
    const uint64_t *words = m->ram[top->mfn];
    uint32_t slot = top->next;
    uint32_t end = slot - steps(o, slot);

    for (; slot > end; slot--) {
        uint64_t word = word_load(&words[slot - 1]);

        if (!entry_present(word))
            break;
        leaf_release(&view, word);
    }
    o->budget -= top->next - slot;
    top->next = slot;
}

/* Take what entry top->next holds. The top of the stack may change. */
static int build_entry(struct memory *m, struct owner *o, uint32_t level)
{
    struct op_level *top = &o->op.stack[o->op.depth - 1];
    uint64_t *word = &m->ram[top->mfn][top->next];
    uint64_t value = word_load(word);
    enum rule rule = entry_refused(m, level, value);
    uint8_t depth = o->op.depth;
    int rc = 0;

    if (rule != RULE_NONE)                      /* E1 to E3 */
        rc = refuse(m, o, rule, EINVAL, MFN_NONE);
    else if (entry_present(value))              /* V2: each entry as its own */
        rc = entry_take(m, o, level, value);
    if (rc != 0) {
        o->refusal.level = (uint8_t)level;
        o->refusal.table = top->mfn;
        o->refusal.slot = top->next;
        o->refusal.word = value;
        return level > 1 ? -EINVAL : rc;
    }
    if (entry_adjust(value) != value)
        word_store(word, entry_adjust(value));
    if (o->op.depth == depth)                   /* else when it is built */
        top->next++;
    return 0;
}

void table_settle(struct memory *m, struct owner *o)
{
    mfn_t mfn = o->op.stack[o->op.depth - 1].mfn;
    struct frame *f = frame_of(m, o, mfn);
    uint32_t i;

    if (f->type == FRAME_L4)                    /* E4: ours in every space */
        for (i = 0; i < KERNEL_SLOTS; i++)
            word_store(&m->ram[mfn][KERNEL_SLOT_FIRST + i], m->kernel_slots[i]);
    f->state = FRAME_SETTLED;
    o->op.depth--;
    if (o->op.depth > 0)                        /* the parent's entry has it */
        o->op.stack[o->op.depth - 1].next++;
}

int table_build(struct memory *m, struct owner *o)
{
    uint8_t depth = o->op.depth;
    struct op_level *top = &o->op.stack[depth - 1];
    uint32_t level = frame_of(m, o, top->mfn)->type;
    int rc;

    while (top->next < TABLE_ENTRIES) {
        if (level == 1)
            build_leaves(m, o, top);
        if (top->next == TABLE_ENTRIES)
            break;
        if (!budget_spend(o, ENTRY_STEPS))
            return STOP_BUDGET;
        if (entry_is_kernels(level, top->next)) {       /* E4 */
            top->next = KERNEL_SLOT_FIRST + KERNEL_SLOTS;
            continue;
        }
        if (word_load(&m->ram[top->mfn][top->next]) == 0) {
            uint32_t next = skip_zeros(m->ram[top->mfn], top->next);

            if (level == 4 && top->next < KERNEL_SLOT_FIRST &&
                next > KERNEL_SLOT_FIRST)
                next = KERNEL_SLOT_FIRST;
            o->budget -= steps(o, (next - top->next) / ZEROS_PER_STEP);
            top->next = next;
            continue;
        }
        rc = build_entry(m, o, level);
        if (rc != 0)
            return rc;
        if (o->op.depth != depth || o->op.waiting)
            return 0;
    }
    table_settle(m, o);
    return 0;
}

/* The references that the record held for the top of the stack go. */
static void pop(struct memory *m, struct owner *o)
{
    mfn_t mfn;

    o->op.depth--;
    mfn = o->op.stack[o->op.depth].mfn;
    reference_drop(m, frame_of(m, o, mfn), mfn);
}

int table_drop(struct memory *m, struct owner *o)
{
    uint8_t depth = o->op.depth;
    struct op_level *top = &o->op.stack[depth - 1];
    uint32_t level = frame_of(m, o, top->mfn)->type;
    uint32_t next;
    uint64_t word;

    while (level <= 4 && top->next > 0) {
        if (level == 1)
            drop_leaves(m, o, top);
        if (top->next == 0)
            break;
        if (!budget_spend(o, ENTRY_STEPS))
            return STOP_BUDGET;
        next = skip_zeros_down(m->ram[top->mfn], top->next);
        o->budget -= steps(o, (top->next - next) / ZEROS_PER_STEP);
        top->next = next;
        if (top->next == 0)
            break;
        top->next--;
        word = word_load(&m->ram[top->mfn][top->next]);
        if (entry_is_kernels(level, top->next))         /* E4 */
            top->next = KERNEL_SLOT_FIRST;
        else if (entry_present(word))           /* V4: all it took */
            entry_release(m, o, level, word);
        if (o->op.depth != depth)
            return 0;
    }
    pop(m, o);
    return 0;
}
