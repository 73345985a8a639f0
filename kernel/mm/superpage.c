#include "mm/superpage.h"

#include "mm/design.h"
#include "mm/leaf.h"
#include "mm/sweep.h"

/* A refusal whose reason is a tally. */
static int refuse_tally(const struct memory *m, struct owner *o, enum rule rule,
                        const struct large *l)
{
    int rc = refuse(m, o, rule, EINVAL, l->mfn);

    o->refusal.gigabyte = l->tally == &gigabyte_of(m, l->mfn)->tally;
    o->refusal.tally = l->tally->type;
    o->refusal.whole = l->tally->types;
    return rc;
}

/* The tally of what a large entry at `level` would map from mfn on; NULL when
 * that is not the owner's, or not all of it (G3, G4, X1). */
static struct tally *tally_find(const struct memory *m, struct owner *o,
                                uint32_t level, mfn_t mfn)
{
    struct gigabyte *g;

    if (!frame_of(m, o, mfn)) {
        reference_refuse_foreign(m, o, mfn);    /* G3, G4 */
        return NULL;
    }
    g = gigabyte_of(m, mfn);
    if (level == 3 && g->owner == o->id && g->incomplete == 0)
        return &g->tally;
    if (level == 2 && superpage_of(m, mfn)->allocated == EXTENT_FRAMES)
        return &superpage_of(m, mfn)->tally;
    refuse(m, o, RULE_X1, EINVAL, mfn);         /* X1 */
    return NULL;
}

/* May it be mapped so? 0 or -EINVAL. */
static int large_check(const struct memory *m, struct owner *o,
                       const struct large *l)
{
    enum rule rule = RULE_NONE;

    if (l->tally->mappings == UINT32_MAX)       /* X3 */
        rule = RULE_X3;
    else if (superpage_counts(m, l->writable))  /* X2, X3 */
        rule = tally_refuses(l->tally, TALLY_SUPERPAGE);
    return rule == RULE_NONE ? 0 : refuse_tally(m, o, rule, l);
}

bool superpage_count(const struct memory *m, const struct large *l)
{
    struct tally *t = l->tally;
    bool changed;

    t->mappings++;
    if (!superpage_counts(m, l->writable))
        return false;
    changed = tally_get(t, TALLY_SUPERPAGE);
    if (!changed)
        t->state = FRAME_SETTLED;
    return changed;
}

void superpage_uncount(const struct memory *m, const struct large *l)
{
    l->tally->mappings--;
    if (superpage_counts(m, l->writable))
        tally_put(l->tally, m->clock);
}

static void large_map(struct memory *m, struct owner *o, const struct large *l)
{
    switch (m->limits.design) {
    case DESIGN_WALK: walk_map(m, o, l); break;
    case DESIGN_REFCOUNT: refcount_map(m, o, l); break;
    case DESIGN_MARK: mark_map(m, o, l); break;
    default: typecount_map(m, o, l);
    }
}

static void large_unmap(struct memory *m, struct owner *o,
                        const struct large *l)
{
    switch (m->limits.design) {
    case DESIGN_WALK: walk_unmap(m, o, l); break;
    case DESIGN_REFCOUNT: refcount_unmap(m, o, l); break;
    case DESIGN_MARK: mark_unmap(m, o, l); break;
    default: typecount_unmap(m, o, l);
    }
}

int entry_take(struct memory *m, struct owner *o, uint32_t level, uint64_t word)
{
    struct large l = {.mfn = entry_mfn(word), .writable = entry_writable(word)};

    if (!entry_is_large(level, word))
        return reference_take(m, o, l.mfn, entry_type(level, word));
    l.tally = tally_find(m, o, level, l.mfn);
    if (!l.tally || large_check(m, o, &l) != 0)
        return -EINVAL;
    large_map(m, o, &l);
    return 0;
}

/* The large page that an entry of a built table maps. */
static inline struct large large_of(const struct memory *m, uint32_t level,
                                    uint64_t word)
{
    mfn_t mfn = entry_mfn(word);

    return (struct large){.mfn = mfn,
                          .writable = entry_writable(word),
                          .tally = level == 3 ? &gigabyte_of(m, mfn)->tally
                                              : &superpage_of(m, mfn)->tally};
}

void entry_release(struct memory *m, struct owner *o, uint32_t level,
                   uint64_t word)
{
    if (entry_is_large(level, word)) {
        struct large l = large_of(m, level, word);

        large_unmap(m, o, &l);
    } else {
        reference_release(m, o, entry_mfn(word), entry_type(level, word));
    }
}

/* entry_release of a large entry under DESIGN_TYPECOUNT. */
static inline void large_release(struct memory *m, uint32_t level,
                                 uint64_t word)
{
    struct large l = large_of(m, level, word);

    superpage_uncount(m, &l);
}

/* Bits of a large entry that break no rule by themselves (E1, E2, E5)? */
static inline bool bits_ordinary(const struct memory *m, uint32_t level,
                                 uint64_t word)
{
    uint64_t refused = ENTRY_PWT | ENTRY_PCD | ENTRY_G | m->limits.reserved |
                       (entry_frames(level) - 1) << PAGE_SHIFT;

    return (word & (ENTRY_P | ENTRY_PS | refused)) == (ENTRY_P | ENTRY_PS) &&
           (!m->limits.nx || (word & ENTRY_NX)) &&
           (level == 2 || m->limits.gigabytes);
}

/* The tally of what such an entry maps, if all of it is the owner's. */
static inline struct tally *tally_ordinary(const struct memory *m,
                                           const struct owner *o,
                                           uint32_t level, mfn_t mfn)
{
    struct superpage *s = superpage_of(m, mfn);
    struct gigabyte *g;

    if (mfn >= m->frames)
        return NULL;
    if (level == 2)
        return s->owner == o->id && s->allocated == EXTENT_FRAMES ? &s->tally
                                                                  : NULL;
    g = gigabyte_of(m, mfn);
    return g->owner == o->id && g->incomplete == 0 ? &g->tally : NULL;
}

void refusal_explain(const struct memory *m, struct owner *o)
{
    const struct refusal brief = o->refusal;
    size_t index = (size_t)(brief.at - m->ram[0]);
    uint8_t level = frame_of(m, o, index / TABLE_ENTRIES)->type;
    const struct large l = large_of(m, level, brief.word);

    refuse_tally(m, o, (enum rule)brief.rule, &l);
    o->refused[brief.rule]--;           /* counted when it was refused */
    o->refusal.table = index / TABLE_ENTRIES;
    o->refusal.slot = index % TABLE_ENTRIES;
    o->refusal.level = level;
    o->refusal.word = brief.word;
}

/* Take what an ordinary large entry maps. RULE_NONE: taken; RULE_X2: refused
 * by it; another one: not so ordinary, and nothing was changed. */
static inline enum rule take_ordinary(struct memory *m, const struct owner *o,
                                      uint32_t level, uint64_t value)
{
    struct tally *t;

    if (!bits_ordinary(m, level, value))                /* E1, E2, E5 */
        return RULE_E1;
    t = tally_ordinary(m, o, level, entry_mfn(value));
    if (!t || t->mappings > LEAF_REFS)            /* X1, X3 */
        return RULE_X1;
    if (superpage_counts(m, entry_writable(value))) {
        if (t->type == TALLY_CONFLICT)                  /* X2, V1 */
            return t->types > 0 ? RULE_X2 : RULE_X1;
        if (t->types >= UINT32_MAX - 1)                 /* X3 */
            return RULE_X3;
        t->type = TALLY_SUPERPAGE;
        t->state = FRAME_SETTLED;
        t->types++;
    }
    t->mappings++;
    return RULE_NONE;
}

/* Leave what refusal_explain finds the rest from. */
static inline int refuse_briefly(struct owner *o, enum rule rule,
                                 uint64_t *word, uint64_t value)
{
    o->refusal.rule = (uint8_t)rule;
    o->refusal.brief = 1;
    o->refusal.word = value;
    o->refusal.at = word;
    o->refused[rule]++;
    return -EINVAL;
}

/* Not so ordinary. A call, so that the common case does not carry the answer
 * along. */
__attribute__((noinline)) static int decline(void)
{
    return LEAF_OTHER;
}

/* Write a large entry; what the old one mapped is given back. */
static inline int large_write(struct memory *m, uint64_t *word, uint64_t value,
                              uint32_t level)
{
    uint64_t old = word_exchange(word, value);

    if (entry_present(old))
        large_release(m, level, old);
    return 0;
}

static inline int large_update(struct memory *m, struct owner *o,
                               uint64_t *word, uint64_t value, uint32_t level)
{
    enum rule rule;

    if (m->limits.design != DESIGN_TYPECOUNT ||
        (word_load(word) & (ENTRY_P | ENTRY_PS)) == ENTRY_P)
        return decline();                               /* it names a table */
    if (value == 0)
        return large_write(m, word, 0, level);
    rule = take_ordinary(m, o, level, value);
    if (rule == RULE_X2)
        return refuse_briefly(o, rule, word, value);
    if (rule != RULE_NONE)
        return decline();
    return large_write(m, word, value | ENTRY_US, level);
}

int superpage_update(struct memory *m, struct owner *o, uint64_t *word,
                     uint64_t value)
{
    return large_update(m, o, word, value, 2);
}

int gigabyte_update(struct memory *m, struct owner *o, uint64_t *word,
                    uint64_t value)
{
    return large_update(m, o, word, value, 3);
}

/* Is there a superpage to be marked, or unmarked, at all? */
static int mark_check(const struct memory *m, struct owner *o, mfn_t mfn,
                      bool marked)
{
    if (m->limits.design != DESIGN_TYPECOUNT && m->limits.design != DESIGN_MARK)
        return -EOPNOTSUPP;
    if (mfn % EXTENT_FRAMES != 0)               /* M3 */
        return refuse(m, o, RULE_M3, EINVAL, mfn);
    if (!frame_of(m, o, mfn)) {                 /* G3, G4: XSA-167 */
        reference_refuse_foreign(m, o, mfn);
        return -EINVAL;
    }
    if (superpage_of(m, mfn)->tally.marked != marked)   /* M1, M2 */
        return refuse(m, o, marked ? RULE_M2 : RULE_M1, EINVAL, mfn);
    return 0;
}

/* Put the operation on record; `take` comes before the mark changes. */
static int begin(struct memory *m, struct owner *o, enum op_kind kind,
                 const struct large *l)
{
    enum sweep missing = mark_missing(l->tally);
    enum sweep surplus = mark_surplus(l->tally);
    enum sweep take = kind == OP_MARK ? missing : surplus;

    op_begin(&o->op, kind);
    o->op.mfn[0] = l->mfn;
    o->op.type = (uint8_t)SWEEP_NONE;
    o->op.sub = (uint8_t)SWEEP_NONE;
    if (m->limits.design == DESIGN_MARK) {
        o->op.type = (uint8_t)take;
        o->op.sub = (uint8_t)(kind == OP_MARK ? surplus : missing);
        if (take != SWEEP_NONE)
            sweep_take(o, l, take);
    } else if (kind == OP_MARK) {
        typecount_reserve(m, o, l);
    }
    return superpage_resume(m, o);
}

int superpage_mark(struct memory *m, struct owner *o, mfn_t mfn)
{
    struct large l = {.mfn = mfn, .writable = true};
    int rc = mark_check(m, o, mfn, false);

    if (rc != 0)
        return rc;
    l.tally = tally_find(m, o, 2, mfn);         /* X1 */
    if (!l.tally || large_check(m, o, &l) != 0) /* X2, X3 */
        return -EINVAL;
    return begin(m, o, OP_MARK, &l);
}

int superpage_unmark(struct memory *m, struct owner *o, mfn_t mfn)
{
    struct large l = {.mfn = mfn, .writable = true};
    int rc = mark_check(m, o, mfn, true);

    if (rc != 0)
        return rc;
    l.tally = &superpage_of(m, mfn)->tally;
    return begin(m, o, OP_UNMARK, &l);
}

/* What had to be taken is taken: mark, or take the mark away, and begin to
 * give back what is too much. */
static void mark_do(struct memory *m, struct owner *o)
{
    struct op *op = &o->op;
    struct tally *t = &superpage_of(m, op->mfn[0])->tally;
    bool reserved = m->limits.design == DESIGN_TYPECOUNT;
    enum sweep give = (enum sweep)op->sub;

    if (op->abandon) {                          /* V3: all it took */
        op->result = -EINVAL;
        give = (enum sweep)op->type;
        if (op->kind == OP_MARK && reserved)
            tally_put(t, m->clock);
    } else if (op->kind == OP_MARK) {
        if (!reserved)
            tally_get(t, TALLY_SUPERPAGE);
        t->state = FRAME_SETTLED;
        t->marked = 1;
    } else {
        t->marked = 0;
        tally_put(t, m->clock);
    }
    if (give != SWEEP_NONE)
        sweep_give(o, op->mfn[0], give);
}

int superpage_resume(struct memory *m, struct owner *o)
{
    int rc = op_work(m, o);

    if (rc == 0 && o->op.phase == PHASE_GET && o->op.result == 0) {
        o->op.phase = PHASE_PUT;
        mark_do(m, o);
        rc = op_work(m, o);
    }
    if (rc != 0)
        return rc;
    o->op.kind = OP_NONE;
    return o->op.result;
}
