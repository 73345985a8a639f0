#include "mm/update.h"

#include "mm/leaf.h"
#include "mm/word.h"

/* Write a live entry; what was there comes back. */
static uint64_t entry_write(uint64_t *word, uint64_t value, bool keep_ad)
{
    uint64_t old;

    if (!keep_ad)
        return word_exchange(word, value);
    old = word_load(word);
    while (!word_replace(word, &old, value | (old & (ENTRY_A | ENTRY_D))))
        ;                           /* at most twice: A, then D, was set */
    return old;
}

/* Fill in where the refused entry was asked for, and choose the errno. */
static int refused_at(struct owner *o, const struct update *u, uint32_t level,
                      int rc)
{
    o->refusal.level = (uint8_t)level;
    o->refusal.table = u->mfn;
    o->refusal.slot = u->slot;
    o->refusal.word = u->value;
    return level > 1 ? -EINVAL : rc;
}

/* The operation cannot finish at once: put it on record. */
static int update_record(struct memory *m, struct owner *o,
                         const struct update *u, enum op_phase phase)
{
    op_begin(&o->op, OP_UPDATE);
    o->op.phase = (uint8_t)phase;
    o->op.table = u->mfn;
    o->op.slot = u->slot;
    o->op.keep_ad = u->keep_ad;
    o->op.value = u->value;
    return op_resume(m, o);
}

/* U3: write the entry, then release what the old one held. */
static void update_write(struct memory *m, struct owner *o, uint32_t level,
                         const struct update *u)
{
    uint64_t old = entry_write(&m->ram[u->mfn][u->slot], entry_adjust(u->value),
                               u->keep_ad);

    if (entry_present(old))
        entry_release(m, o, level, old);
}

/* Does the new word hold just what the old one holds? Then no count moves. */
static bool same_reference(uint32_t level, uint64_t old, uint64_t value)
{
    return entry_use(level, old) == entry_use(level, value);
}

/* The short way, if it is one. */
static int update_shortly(struct memory *m, struct owner *o,
                          const struct update *u)
{
    uint64_t index = u->mfn * TABLE_ENTRIES + u->slot;
    int rc;

    if (u->keep_ad || u->mfn >= m->frames)  /* G4: the product may wrap */
        return LEAF_OTHER;
    rc = ordinary_update(m, o, index, u->value);
    if (rc < 0)
        refusal_explain(m, o);
    return rc;
}

/* entry_update, the long way: every rule by its name. */
static int update_slowly(struct memory *m, struct owner *o,
                         const struct update *u)
{
    struct frame *f = frame_of(m, o, u->mfn);
    uint64_t *word = &m->ram[u->mfn][u->slot];
    uint32_t level;
    enum rule rule;
    int rc;

    if (!f || f->types == 0 || !frame_is_table((enum frame_type)f->type))
        return refuse(m, o, RULE_U1, EINVAL, u->mfn);
    level = f->type;
    rule = entry_is_kernels(level, u->slot) ? RULE_E4
                                            : entry_refused(m, level, u->value);
    if (rule != RULE_NONE)                      /* E1 to E4 */
        return refused_at(o, u, level, refuse(m, o, rule, EINVAL, MFN_NONE));
    if (entry_present(u->value)) {
        if (same_reference(level, word_load(word), u->value)) {
            entry_write(word, entry_adjust(u->value), u->keep_ad);
            return 0;
        }
        rc = entry_take(m, o, level, u->value);
        if (rc != 0)
            return refused_at(o, u, level, rc);
        if (o->op.waiting || o->op.depth > 0)
            return update_record(m, o, u, PHASE_GET);
    }
    update_write(m, o, level, u);
    if (o->op.depth > 0)
        return update_record(m, o, u, PHASE_PUT);
    return 0;
}

int entry_update(struct memory *m, struct owner *o, const struct update *u)
{
    int rc = update_shortly(m, o, u);

    return rc == LEAF_OTHER ? update_slowly(m, o, u) : rc;
}

/* The frame is writable for this moment: change it. */
static void store_write(struct memory *m, struct owner *o)
{
    uint64_t *to = m->ram[o->op.table];
    const uint64_t *from = m->ram[o->op.source];
    uint32_t i;

    if (o->op.sub == STORE_WORD) {
        if (o->op.keep_ad)
            entry_write(&to[o->op.slot], o->op.value, true);
        else
            word_store(&to[o->op.slot], o->op.value);
    } else {
        budget_spend(o, FRAME_STEPS);
        for (i = 0; i < TABLE_ENTRIES; i++)
            word_store(&to[i],
                       o->op.sub == STORE_COPY ? word_load(&from[i]) : 0);
    }
}

/* Take the frame as plain memory, write it, give it back. */
static int store(struct memory *m, struct owner *o)
{
    int rc = reference_take(m, o, o->op.table, FRAME_WRITABLE);

    if (rc != 0)
        return -EINVAL;
    op_begin(&o->op, OP_STORE);
    return op_resume(m, o);
}

/* update_word for what is not an ordinary entry. */
static int word_slowly(struct memory *m, struct owner *o,
                       const struct update *u)
{
    struct frame *f = frame_of(m, o, u->mfn);

    if (!f)
        return refuse(m, o, u->mfn < m->frames ? RULE_G3 : RULE_G4, EINVAL,
                      u->mfn);
    if (f->types > 0 && frame_is_table((enum frame_type)f->type))
        return update_slowly(m, o, u);
    if (f->types > 0 && f->type == FRAME_SEG)   /* U1: descriptors have */
        return refuse(m, o, RULE_U1, EINVAL, u->mfn);   /* their own call */
    o->op.sub = STORE_WORD;
    o->op.table = u->mfn;
    o->op.slot = u->slot;
    o->op.keep_ad = u->keep_ad;
    o->op.value = u->value;
    o->op.source = u->mfn;
    return store(m, o);
}

int update_word(struct memory *m, struct owner *o, const struct update *u)
{
    int rc = update_shortly(m, o, u);

    return rc == LEAF_OTHER ? word_slowly(m, o, u) : rc;
}

int frame_clear(struct memory *m, struct owner *o, mfn_t mfn)
{
    o->op.sub = STORE_CLEAR;
    o->op.table = mfn;
    o->op.source = mfn;
    return store(m, o);
}

int frame_copy(struct memory *m, struct owner *o, mfn_t to, mfn_t from)
{
    const struct frame *f = frame_of(m, o, from);

    if (!f)
        return refuse(m, o, from < m->frames ? RULE_G3 : RULE_G4, EINVAL, from);
    if (!f->allocated)
        return refuse(m, o, RULE_G1, EINVAL, from);
    o->op.sub = STORE_COPY;
    o->op.table = to;
    o->op.source = from;
    return store(m, o);
}

/* The walk ends at an entry that names no table. */
static mfn_t walk_refuse(struct memory *m, struct owner *o, uint32_t level,
                         const struct update *at)
{
    enum rule rule = entry_is_kernels(level, at->slot) ? RULE_E4 : RULE_U2;

    refused_at(o, at, level, refuse(m, o, rule, EINVAL, MFN_NONE));
    return MFN_NONE;
}

mfn_t update_walk(struct memory *m, struct owner *o, mfn_t base, vaddr_t va)
{
    mfn_t mfn = base;
    uint32_t level;

    for (level = 4; level > 1; level--) {
        struct update at = {.mfn = mfn, .slot = entry_slot(va, level)};

        at.value = word_load(&m->ram[mfn][at.slot]);
        if (!entry_present(at.value) || entry_is_large(level, at.value) ||
            entry_is_kernels(level, at.slot))               /* U2, E4 */
            return walk_refuse(m, o, level, &at);
        mfn = entry_mfn(at.value);
    }
    return mfn;
}

/* OP_UPDATE after a stop in PHASE_GET: the new entry's use is ours. */
static void update_do(struct memory *m, struct owner *o)
{
    struct update u = {.mfn = o->op.table,
                       .slot = o->op.slot,
                       .keep_ad = o->op.keep_ad,
                       .value = o->op.value};
    uint32_t level = frame_of(m, o, u.mfn)->type;

    if (o->op.abandon) {
        o->op.result = -EINVAL;
        entry_release(m, o, level, u.value);
    } else {
        update_write(m, o, level, &u);
    }
}

int update_resume(struct memory *m, struct owner *o)
{
    int rc = op_work(m, o);

    if (rc != 0)
        return rc;
    if (o->op.phase == PHASE_GET && o->op.result == 0) {
        o->op.phase = PHASE_PUT;
        if (o->op.kind == OP_UPDATE) {
            update_do(m, o);
            rc = op_work(m, o);
        } else {
            if (o->op.abandon)
                o->op.result = -EINVAL;
            else
                store_write(m, o);
            reference_release(m, o, o->op.table, FRAME_WRITABLE);
        }
        if (rc != 0)
            return rc;
    }
    o->op.kind = OP_NONE;
    return o->op.result;
}
