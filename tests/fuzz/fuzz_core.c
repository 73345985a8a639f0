/*
 * Sequences of calls of the rule core. Each byte string is a play: a design of
 * superpages, then calls, budgets, stops and deaths. After every call the
 * audit must be clean, what was refused must have changed nothing, and a
 * recount that knows no counts, only what was granted and what stands in the
 * tables, must find the records.
 */
#include <stdlib.h>
#include <string.h>

#include "mm/mm.h"

#define EXTENTS 5
#define FRAMES  (EXTENTS * EXTENT_FRAMES)
#define FIRST   (1 * EXTENT_FRAMES) /* of the domain that plays */
#define OWN     12                  /* frames that it has there */
#define LARGE   (4 * EXTENT_FRAMES) /* its superpage */
#define PARTS   4                   /* of a superpage that it plays with */
#define OTHERS  4                   /* that it must not have */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct play {
    struct memory m;
    struct owner a, b;
    struct loaded loaded[2];
    struct superpage superpages[EXTENTS];
    struct gigabyte gigabytes[1];
    const uint8_t *at, *end;
};

static struct frame frames[FRAMES];
static uint64_t ram[FRAMES][TABLE_ENTRIES];

/* Holders of references, counted anew. */
struct recount {
    const struct limits *limits;
    uint32_t types[FRAMES];
    uint32_t refs[FRAMES];
    uint8_t use[FRAMES]; /* enum frame_type */
    uint8_t pinned[FRAMES];
    uint8_t marked[EXTENTS];
    uint32_t maps[EXTENTS][2]; /* entries that map it: read-only, writable */
};

static uint8_t next(struct play *p)
{
    return p->at < p->end ? *p->at++ : 0;
}

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* --------------------------------------------------------------- the world */

static void owner_init(struct owner *o, uint16_t id, struct loaded *loaded)
{
    *o = (struct owner){.id = id,
                        .extents = EXTENT_NONE,
                        .hint = EXTENT_NONE,
                        .limit = FRAMES,
                        .loaded = loaded,
                        .vcpus = 1};
    loaded->base = MFN_NONE;
    loaded->user_base = MFN_NONE;
}

/* The design, and what else a boot decides. */
static void limits_choose(struct limits *limits, uint8_t choice)
{
    limits->design = choice % DESIGNS;
    limits->strict = limits->design == DESIGN_TYPECOUNT && (choice & 0x20) != 0;
    limits->nx = choice >> 6 & 1;
    limits->gigabytes = choice >> 7;
    limits->l1tf_safe = FRAMES;
    limits->reserved = ENTRY_ADDRESS & ~((UINT64_C(1) << 40) - 1);
}

static void play_begin(struct play *p, const uint8_t *data, size_t bytes)
{
    uint32_t i;
    mfn_t mfn;

    memset(p, 0, sizeof(*p));
    memset(ram[FIRST], 0, OWN * sizeof(ram[0]));
    memset(ram[LARGE], 0, EXTENT_FRAMES * sizeof(ram[0]));
    p->at = data;
    p->end = data + bytes;
    limits_choose(&p->m.limits, next(p));
    p->m.superpages = p->superpages;
    p->m.gigabytes = p->gigabytes;
    p->m.ram = ram;
    p->m.frames = FRAMES;
    p->m.free_extents = EXTENT_NONE;
    p->m.clock = 1;
    p->m.flushed = 1;
    for (i = 1; i < EXTENTS; i++)
        p->superpages[i].frames = &frames[i * EXTENT_FRAMES];
    owner_init(&p->a, 1, &p->loaded[0]);
    owner_init(&p->b, 2, &p->loaded[1]);
    for (i = EXTENTS; i-- > 1;)
        extent_add(&p->m, i);
    extent_assign(&p->m, &p->a);
    extent_assign(&p->m, &p->b);
    extent_reserve(&p->m);
    for (i = 0; i < OWN; i++)
        frame_alloc(&p->m, &p->a, &mfn);
    frame_alloc(&p->m, &p->b, &mfn);
    for (i = LARGE / EXTENT_FRAMES; i < EXTENTS; i++) {
        extent_assign(&p->m, &p->a);
        must(extent_fill(&p->m, &p->a, i, EXTENT_FRAMES) == 0);
    }
    p->a.limit = p->a.allocated;
}

/* -------------------------------------------------------------- the recount */

static bool is_own(mfn_t mfn)
{
    return (mfn >= FIRST && mfn < FIRST + OWN) ||
           (mfn >= LARGE && mfn < FRAMES);
}

/* Somebody refers to a frame as it is told, without looking further. */
static void recount_frame(struct recount *r, mfn_t mfn, enum frame_type use)
{
    r->refs[mfn]++;
    if (use == FRAME_NONE)
        return;
    must(r->use[mfn] == FRAME_NONE || r->use[mfn] == use);
    r->types[mfn]++;
    r->use[mfn] = (uint8_t)use;
}

/* An L2 entry maps a superpage. */
static void recount_large(struct recount *r, uint64_t word)
{
    const struct limits *limits = r->limits;
    mfn_t mfn = word << 12 >> 24;
    bool writable = word & 2;
    uint32_t i;

    must(limits->design != DESIGN_OFF && mfn % EXTENT_FRAMES == 0);
    must(is_own(mfn) && (!limits->nx || word >> 63));
    r->maps[mfn / EXTENT_FRAMES][writable]++;
    for (i = 0; i < EXTENT_FRAMES && limits->design == DESIGN_WALK; i++)
        recount_frame(r, mfn + i, writable ? FRAME_WRITABLE : FRAME_NONE);
}

static void recount_use(struct recount *r, mfn_t mfn, enum frame_type use);

static void recount_table(struct recount *r, mfn_t mfn, uint32_t level)
{
    uint32_t slot;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        uint64_t word = ram[mfn][slot];

        if (level == 4 && slot >= KERNEL_SLOT_FIRST &&
            slot < KERNEL_SLOT_FIRST + KERNEL_SLOTS)
            continue;
        if (!(word & 1))
            continue;
        must((word & 4) != 0);
        must((word & 0x18) == 0);
        if (word & 0x80) {
            must(level == 2);
            recount_large(r, word);
            continue;
        }
        word = word << 12 >> 24 << 12;
        if (level > 1)
            recount_use(r, word >> 12, (enum frame_type)(level - 1));
        else if (ram[mfn][slot] & 2)
            recount_use(r, word >> 12, FRAME_WRITABLE);
        else
            recount_use(r, word >> 12, FRAME_NONE);
    }
}

/* No descriptor of a loaded table leads to ring 0 (SDM 3A 3.4.5, 3.5). */
static void recount_segments(mfn_t mfn)
{
    uint32_t slot;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        uint64_t word = ram[mfn][slot];

        if (!(word >> 47 & 1))
            continue;
        must(word >> 44 & 1 ? (word >> 45 & 3) == 3 : (word >> 40 & 15) == 0);
    }
}

/* Somebody uses a frame; the first time, look at what it uses in turn. */
static void recount_use(struct recount *r, mfn_t mfn, enum frame_type use)
{
    bool known;

    must(is_own(mfn));
    known = r->use[mfn] != FRAME_NONE;
    recount_frame(r, mfn, use);
    if (known || use == FRAME_NONE)
        return;
    if (use <= FRAME_L4)
        recount_table(r, mfn, use);
    else if (use == FRAME_SEG)
        recount_segments(mfn);
}

/* What a superpage's own record holds of its frames, by its mappings. */
static void recount_extent(const struct play *p, struct recount *r, uint32_t e)
{
    uint8_t design = p->m.limits.design;
    bool reads = r->maps[e][0] > 0, writes = r->maps[e][1] > 0;
    mfn_t mfn = (mfn_t)e * EXTENT_FRAMES;
    uint32_t i;

    for (i = 0; i < EXTENT_FRAMES; i++) {
        bool plain = writes || r->marked[e] || (p->m.limits.strict && reads);

        must(!(reads || plain) || frames[mfn + i].allocated);
        must(!plain || r->use[mfn + i] == FRAME_NONE ||
             r->use[mfn + i] == FRAME_WRITABLE);
        if (design != DESIGN_REFCOUNT && design != DESIGN_MARK)
            continue;
        if (plain)
            recount_frame(r, mfn + i, FRAME_WRITABLE);
        if (reads && !r->marked[e])
            recount_frame(r, mfn + i, FRAME_NONE);
    }
}

static void recount(struct play *p, struct recount *r)
{
    const struct loaded *l = &p->loaded[0];
    uint32_t i;

    memset(r, 0, sizeof(*r));
    r->limits = &p->m.limits;
    for (i = 0; i < FRAMES; i++) {
        const struct frame *f = &frames[i];

        r->pinned[i] = f->pinned;
        if (f->pinned)
            recount_use(r, i, (enum frame_type)f->type);
    }
    if (l->base != MFN_NONE)
        recount_use(r, l->base, FRAME_L4);
    if (l->user_base != MFN_NONE)
        recount_use(r, l->user_base, FRAME_L4);
    for (i = 0; i < l->gdt_count; i++)
        recount_use(r, l->gdt[i], FRAME_SEG);
    for (i = 0; i < l->ldt_count; i++)
        recount_use(r, l->ldt[i], FRAME_SEG);
    for (i = 0; i < p->a.held_count; i++)
        recount_use(r, p->a.held[i], FRAME_WRITABLE);
    for (i = LARGE / EXTENT_FRAMES; i < EXTENTS; i++) {
        r->marked[i] = p->superpages[i].tally.marked;
        recount_extent(p, r, i);
    }
}

/* So is the record of a superpage. */
static void tally_check(const struct play *p, const struct recount *r,
                        uint32_t e)
{
    const struct tally *t = &p->superpages[e].tally;
    uint32_t large = r->maps[e][1] + r->marked[e], conflicts = 0, i;

    if (p->m.limits.strict)
        large += r->maps[e][0];
    for (i = 0; i < EXTENT_FRAMES; i++) {
        uint8_t use = r->use[e * EXTENT_FRAMES + i];

        conflicts += use != FRAME_NONE && use != FRAME_WRITABLE;
    }
    if (p->m.limits.design != DESIGN_TYPECOUNT)
        conflicts = 0;
    must(t->mappings == r->maps[e][0] + r->maps[e][1]);
    must(t->types == large + conflicts && (large == 0 || conflicts == 0));
    must(large == 0 || t->type == TALLY_SUPERPAGE);
    must(conflicts == 0 || t->type == TALLY_CONFLICT);
    must(t->types == 0 || t->state == FRAME_SETTLED);
}

/* The records are what the recount says. */
static void recount_check(struct play *p, struct recount *r)
{
    uint32_t i;

    recount(p, r);
    for (i = 1; i < EXTENTS; i++)
        if (p->superpages[i].owner == p->a.id)
            tally_check(p, r, i);
    for (i = 0; i < FRAMES; i++) {
        const struct frame *f = &frames[i];

        must(f->types == r->types[i] && f->refs == r->refs[i]);
        must(f->types == 0 || f->type == r->use[i]);
        must(f->types == 0 || f->state == FRAME_SETTLED);
    }
}

static void audit_check(struct play *p)
{
    struct audit_report report;

    must(audit(&p->m, &p->a, &report));
}

/* ---------------------------------------------------------------- the calls */

/* See a call through; now and then the domain dies at a stop. */
static int finish(struct play *p, int rc, uint8_t budget)
{
    uint32_t stops = 0;

    while (rc > 0) {
        audit_check(p);
        if (rc == STOP_FLUSH)
            flush_done(&p->m, flush_begin(&p->m));
        if (rc != STOP_LOAD && budget % 16 == 7)
            op_abandon(&p->a);
        p->a.budget = budget % 8 == 0 ? 100000u : budget % 8;
        if (++stops > 8) /* over 512 frames it would take for ever */
            p->a.budget = 200;
        rc = op_resume(&p->m, &p->a);
    }
    must(p->a.op.kind == OP_NONE && p->a.op.depth == 0);
    return rc;
}

/* A frame of a superpage: the first ones, or the last. */
static mfn_t any_part(uint8_t which)
{
    return LARGE + (which == PARTS - 1 ? EXTENT_FRAMES - 1u : which);
}

/* One of its own frames, or one that is not. */
static mfn_t any_frame(struct play *p)
{
    static const mfn_t others[OTHERS] = {0, FIRST + EXTENT_FRAMES,
                                         3 * EXTENT_FRAMES, FRAMES + 7};
    uint8_t which = next(p) % (OWN + OTHERS + PARTS);

    if (which < OWN)
        return FIRST + which;
    which = (uint8_t)(which - OWN);
    if (which < OTHERS)
        return others[which];
    return any_part((uint8_t)(which - OTHERS));
}

static uint32_t any_slot(struct play *p)
{
    static const uint32_t slots[8] = {0, 1, 2, 255, 256, 271, 272, 511};

    return slots[next(p) % 8];
}

/* An entry: a frame, rights, and sometimes bits of another kind. */
static uint64_t any_entry(struct play *p)
{
    uint8_t kind = next(p);
    uint64_t word = any_frame(p) << PAGE_SHIFT;

    if (kind % 8 == 0)
        return 0;
    if (kind >> 3 == 1 || kind >> 3 == 2) /* a superpage */
        word = (mfn_t)LARGE << PAGE_SHIFT | ENTRY_PS |
               (kind & 0x10 ? 0 : ENTRY_NX);
    word |= kind & 7;
    if (kind & 0x40)
        word |= UINT64_C(1) << (kind >> 3 & 7);
    if (kind & 0x80)
        word |= UINT64_C(1) << next(p) % 64;
    return word;
}

static uint64_t any_descriptor(struct play *p)
{
    static const uint64_t words[4] = {0, UINT64_C(0x00af9b000000ffff),
                                      UINT64_C(0x00008c0000080000),
                                      UINT64_C(0x0000890000000067)};

    return words[next(p) % 4];
}

static int call_segments(struct play *p, bool ldt)
{
    mfn_t list[LDT_FRAMES + 2];
    struct descriptors d = {.frames = list, .ldt = ldt};
    uint32_t i;

    d.count = next(p) % (LDT_FRAMES + 2);
    if (d.count > 4 && d.count < GDT_FRAMES)
        d.count %= 4;
    for (i = 0; i < d.count; i++)
        list[i] = any_frame(p);
    return descriptors_load(&p->m, &p->a, &d);
}

static int call_update(struct play *p, bool entry_only)
{
    struct update u = {.mfn = any_frame(p)};

    u.slot = any_slot(p);
    u.keep_ad = next(p) & 1;
    u.value = any_entry(p);
    if (entry_only)
        return is_own(u.mfn) ? entry_update(&p->m, &p->a, &u) : 0;
    return update_word(&p->m, &p->a, &u);
}

/* A store of the domain's own, which only plain memory allows. */
static int store(struct play *p)
{
    uint8_t which = next(p) % (OWN + PARTS);
    mfn_t mfn = which < OWN ? FIRST + which : any_part((uint8_t)(which - OWN));
    uint32_t slot = any_slot(p);
    const struct frame *f = &frames[mfn];

    if (f->types == 0 || f->type == FRAME_WRITABLE)
        ram[mfn][slot] = next(p) % 4 == 0 ? any_descriptor(p) : any_entry(p);
    return 0;
}

static int call_alloc(struct play *p)
{
    mfn_t mfn = FIRST;
    int rc;

    while ((rc = frame_alloc(&p->m, &p->a, &mfn)) == STOP_BUDGET)
        ;
    must(rc != 0 || mfn < FIRST + EXTENT_FRAMES || mfn >= LARGE);
    if (rc == 0 && !is_own(mfn)) { /* the play is about the first ones */
        frame_give_back(&p->m, &p->a, mfn);
        rc = -ENOMEM;
    }
    return rc;
}

/* A whole superpage goes, and one comes. */
static int call_superpage(struct play *p)
{
    mfn_t mfn = LARGE;
    uint32_t i;
    int rc = 0;

    for (i = 0; i < EXTENT_FRAMES; i++) {
        rc = frame_give_back(&p->m, &p->a, mfn + i);
        must(rc == 0 || rc == -EBUSY || rc == -EINVAL);
    }
    while ((rc = extent_alloc(&p->m, &p->a, &mfn)) == STOP_BUDGET)
        ;
    must(rc != 0 || mfn == LARGE);
    return rc < 0 ? 0 : rc; /* something may have been given back */
}

static int call_walk(struct play *p)
{
    mfn_t base = p->loaded[0].base, mfn;
    vaddr_t va = 0;
    uint32_t i;

    for (i = 0; i < 4; i++)
        va = va << TABLE_BITS | any_slot(p);
    if (base == MFN_NONE)
        return 0;
    mfn = update_walk(&p->m, &p->a, base, va << PAGE_SHIFT);
    must(mfn == MFN_NONE || (is_own(mfn) && frames[mfn].type == FRAME_L1));
    return 0;
}

static int call(struct play *p, uint8_t what)
{
    mfn_t mfn;

    switch (what % 23) {
    case 0:
    case 1:
    case 2:
    case 3: return call_update(p, false);
    case 4:
    case 5:
    case 6:
        mfn = any_frame(p);
        return table_pin(&p->m, &p->a, mfn, (enum frame_type)(1 + next(p) % 4));
    case 7:
    case 8: return table_unpin(&p->m, &p->a, any_frame(p));
    case 9: return base_load(&p->m, &p->a, 0, false, any_frame(p));
    case 10:
        mfn = any_frame(p);
        return base_load(&p->m, &p->a, 0, true, mfn == 0 ? MFN_NONE : mfn);
    case 11: return call_segments(p, next(p) & 1);
    case 12:
        mfn = any_frame(p);
        return descriptor_update(&p->m, &p->a, mfn, any_slot(p),
                                 any_descriptor(p));
    case 13: return frame_give_back(&p->m, &p->a, any_frame(p));
    case 14: return call_alloc(p);
    case 15: return frame_clear(&p->m, &p->a, any_frame(p));
    case 16:
        mfn = any_frame(p);
        return frame_copy(&p->m, &p->a, mfn, any_frame(p));
    case 17:
        return next(p) % 8 ? call_walk(p)
                           : frame_hold(&p->m, &p->a, any_frame(p));
    case 18: return call_update(p, true);
    case 19: return superpage_mark(&p->m, &p->a, any_frame(p));
    case 20: return superpage_unmark(&p->m, &p->a, any_frame(p));
    case 21: return next(p) % 8 ? store(p) : call_superpage(p);
    default: return store(p);
    }
}

/* One call, and what must be true behind it. */
static void step(struct play *p)
{
    static struct recount before, after;
    uint8_t budget = next(p), what = next(p);
    int rc;

    recount(p, &before);
    p->m.limits.l1tf = budget >> 6 & 1;
    p->a.budget = budget % 8 == 0 ? 100000u : budget % 8;
    rc = finish(p, call(p, what), budget);
    audit_check(p);
    recount_check(p, &after);
    if (rc < 0)
        must(memcmp(&before, &after, sizeof(before)) == 0);
}

static void play_end(struct play *p)
{
    int rc;

    p->a.budget = 1000000;
    rc = owner_destroy(&p->m, &p->a);
    while (rc > 0) {
        if (rc == STOP_FLUSH)
            flush_done(&p->m, flush_begin(&p->m));
        p->a.budget = 1000000;
        rc = op_resume(&p->m, &p->a);
    }
    must(rc == 0 && p->a.extents == EXTENT_NONE && p->a.allocated == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct play p;
    bool dies = bytes > 1 && data[1] % 16 == 3;

    play_begin(&p, data, bytes);
    while (p.at < p.end)
        step(&p);
    if (dies)
        play_end(&p);
    return 0;
}
