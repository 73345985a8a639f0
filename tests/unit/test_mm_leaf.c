/*
 * The short ways of leaf.h and pin.h against the rules themselves: whatever
 * one of them does, the long way does to an equal world, and whatever it
 * declines it leaves as it was.
 */
#include "world.h"

#include <string.h>

#include "mm/leaf.h"

#define ROUNDS 200000

static uint64_t seed = 88172645463325252u;

static uint64_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint32_t random_below(uint32_t n)
{
    return (uint32_t)(random_word() >> 33) % n;
}

/* What can differ: the records of two extents of `a`, one of `b`, and the
 * witness. */
struct records {
    struct frame frames[3][EXTENT_FRAMES];
    struct superpage superpages[WORLD_EXTENTS];
    struct gigabyte gigabytes[1];
};

static void keep(const struct world *w, struct records *r)
{
    memcpy(r->frames, &w->frames[2 * EXTENT_FRAMES], sizeof(r->frames));
    memcpy(r->superpages, w->superpages, sizeof(r->superpages));
    memcpy(r->gigabytes, w->gigabytes, sizeof(r->gigabytes));
}

static void put_back(struct world *w, const struct records *r)
{
    memcpy(&w->frames[2 * EXTENT_FRAMES], r->frames, sizeof(r->frames));
    memcpy(w->superpages, r->superpages, sizeof(r->superpages));
    memcpy(w->gigabytes, r->gigabytes, sizeof(r->gigabytes));
}

static void assert_same(const struct records *a, const struct records *b)
{
    assert_memory_equal(a, b, sizeof(*a));
}

static struct records before, shortly, slowly;

/* A record as it may be, counts at their ends among them. */
static struct frame any_frame(void)
{
    static const uint32_t counts[] = {0, 1, 2, 77, UINT32_MAX - 1, UINT32_MAX};
    struct frame f = {.type = (uint8_t)random_below(FRAME_TYPES),
                      .allocated = random_below(8) != 0,
                      .stamp = random_below(4)};

    f.types = f.type == FRAME_NONE ? 0 : counts[random_below(6)];
    f.refs = counts[random_below(6)];
    if (f.refs < f.types)
        f.refs = f.types;
    f.state = f.types > 0 ? FRAME_SETTLED : FRAME_UNSETTLED;
    return f;
}

/* A word that names one of a few frames, with any bits. */
static uint64_t any_word(void)
{
    static const mfn_t mfns[] = {2 * EXTENT_FRAMES,
                                 2 * EXTENT_FRAMES + 5,
                                 3 * EXTENT_FRAMES + 7,
                                 4 * EXTENT_FRAMES,
                                 5,
                                 WORLD_FRAMES,
                                 UINT64_C(1) << 39};
    uint64_t word = mfns[random_below(7)] << PAGE_SHIFT;
    uint32_t i;

    word |= random_below(8) ? ENTRY_P : 0;
    word |= random_below(2) ? ENTRY_RW : 0;
    word |= random_below(2) ? ENTRY_US : 0;
    for (i = 0; i < 2; i++)
        word |= random_below(4) ? 0 : UINT64_C(1) << random_below(64);
    return word;
}

/* Take an L1 entry by the rules: true when it is taken and settled. */
static bool take_slowly(struct world *w, uint64_t word)
{
    if (entry_refused(&w->m, 1, word) != RULE_NONE)
        return false;
    if (entry_take(&w->m, &w->a, 1, word) != 0)
        return false;
    return !w->a.op.waiting && w->a.op.depth == 0;
}

static void E1_a_leaf_is_taken_as_the_rules_take_it(void **state)
{
    struct world *w = *state;
    uint32_t round, taken = 0;

    w->m.limits.reserved = ENTRY_ADDRESS & ~((UINT64_C(1) << 40) - 1);
    for (round = 0; round < ROUNDS; round++) {
        uint64_t word = any_word();

        w->frames[2 * EXTENT_FRAMES] = any_frame();
        w->frames[2 * EXTENT_FRAMES + 5] = any_frame();
        w->frames[3 * EXTENT_FRAMES + 7] = any_frame();
        w->m.clock = 2 + random_below(3);
        w->m.flushed = 1 + random_below(3);
        keep(w, &before);
        if (!leaf_take(&w->m, w->a.id, word)) {
            keep(w, &shortly);
            assert_same(&before, &shortly);
            continue;
        }
        if (!entry_present(word)) {     /* nobody asks for these */
            put_back(w, &before);
            continue;
        }
        taken++;
        keep(w, &shortly);
        put_back(w, &before);
        assert_true(take_slowly(w, word));
        keep(w, &slowly);
        assert_same(&shortly, &slowly);
        leaf_release(&w->m, word);
        keep(w, &shortly);
        put_back(w, &slowly);
        entry_release(&w->m, &w->a, 1, word);
        keep(w, &slowly);
        assert_same(&shortly, &slowly);
        put_back(w, &before);
    }
    assert_true(taken > ROUNDS / 50);
}

/* A tally as it may be. */
static struct tally any_tally(void)
{
    static const uint32_t counts[] = {
        0, 1, 5, UINT32_MAX - 2, UINT32_MAX - 1, UINT32_MAX};
    struct tally t = {.mappings = counts[random_below(6)],
                      .type = (uint8_t)random_below(TALLY_TYPES),
                      .stamp = random_below(4)};

    t.types = t.type == TALLY_NONE ? 0 : counts[random_below(6)];
    t.state = t.types > 0 ? FRAME_SETTLED : FRAME_UNSETTLED;
    return t;
}

/* The same change of an L2 entry, without the short way. */
static int update_by_rules(struct world *w, uint64_t *word, uint64_t value)
{
    uint64_t old = *word;

    if (entry_refused(&w->m, 2, value) != RULE_NONE)
        return -EINVAL;
    if (entry_present(value) && entry_take(&w->m, &w->a, 2, value) != 0)
        return -EINVAL;
    if (w->a.op.waiting || w->a.op.depth > 0)
        return STOP_FLUSH;
    *word = entry_adjust(value);
    if (entry_present(old))
        entry_release(&w->m, &w->a, 2, old);
    return 0;
}

static void X2_a_superpage_is_mapped_as_the_rules_map_it(void **state)
{
    struct world *w = *state;
    uint64_t *word = &w->ram[3 * EXTENT_FRAMES][9];
    uint64_t good = 2 * EXTENT_FRAMES * PAGE_BYTES | ENTRY_P | ENTRY_PS;
    uint32_t round, done = 0, refused = 0;

    w->frames[3 * EXTENT_FRAMES] = (struct frame){.types = 1,
                                                  .refs = 1,
                                                  .type = FRAME_L2,
                                                  .state = FRAME_SETTLED,
                                                  .allocated = 1};
    for (round = 0; round < ROUNDS; round++) {
        uint64_t value = random_below(4) ? good : 0, old;
        int rc;

        value |= value && random_below(2) ? ENTRY_RW : 0;
        value |= value && random_below(2) ? ENTRY_NX : 0;
        value |= random_below(6) ? 0 : UINT64_C(1) << random_below(64);
        w->superpages[2].tally = any_tally();
        w->superpages[2].allocated = EXTENT_FRAMES - !random_below(5);
        w->m.limits.nx = random_below(2) != 0;
        w->m.limits.strict = random_below(2) != 0;
        *word = 0;
        if (w->superpages[2].tally.type == TALLY_SUPERPAGE &&
            w->superpages[2].tally.types > 0 && random_below(2))
            *word = good | ENTRY_RW | ENTRY_US;
        old = *word;
        keep(w, &before);
        rc = superpage_update(&w->m, &w->a, word, value);
        keep(w, &shortly);
        if (rc != 0) {
            assert_same(&before, &shortly);
            assert_true(*word == old);
        }
        if (rc == LEAF_OTHER)
            continue;
        put_back(w, &before);
        *word = old;
        w->a.refusal.rule = RULE_NONE;
        assert_int_equal(update_by_rules(w, word, value), rc);
        keep(w, &slowly);
        assert_same(&shortly, &slowly);
        if (rc != 0)
            assert_int_equal(w->a.refusal.rule, RULE_X2);
        put_back(w, &before);
        done += rc == 0;
        refused += rc != 0;
    }
    assert_true(done > ROUNDS / 50 && refused > ROUNDS / 50);
}

static void X2_a_brief_witness_is_completed(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    struct superpage *s = superpage_of(&w->m, t.l2);
    uint64_t value = t.l2 / EXTENT_FRAMES * EXTENT_FRAMES << PAGE_SHIFT |
                     ENTRY_P | ENTRY_RW | ENTRY_PS;
    struct refusal whole;
    mfn_t mfn;

    while (s->allocated < EXTENT_FRAMES)
        assert_int_equal(frame_alloc(&w->m, &w->a, &mfn), 0);
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(
        ordinary_update(&w->m, &w->a, t.l2 * TABLE_ENTRIES + 4, value),
        -EINVAL);
    assert_int_equal(w->a.refusal.brief, 1);
    refusal_explain(&w->m, &w->a);
    whole = w->a.refusal;
    assert_int_equal(world_update(w, t.l2, 4, value), -EINVAL);
    assert_int_equal(whole.rule, RULE_X2);
    assert_int_equal(whole.table, t.l2);
    assert_int_equal(whole.slot, 4);
    assert_int_equal(whole.level, 2);
    assert_int_equal(whole.word, value);
    assert_int_equal(whole.tally, TALLY_CONFLICT);
    assert_int_equal(whole.whole, s->tally.types);
    assert_int_equal(w->a.refused[RULE_X2], 2);
}

static void G4_a_word_beyond_memory_is_declined(void **state)
{
    struct world *w = *state;
    static const uint64_t wrong[] = {0, WORLD_FRAMES * TABLE_ENTRIES,
                                     UINT64_MAX / sizeof(uint64_t)};
    uint32_t i;

    for (i = 0; i < 3; i++)
        assert_int_equal(ordinary_update(&w->m, &w->a, wrong[i], 0),
                         LEAF_OTHER);
}

static void U2_a_walk_finds_the_entry_or_declines(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_ptr_equal(leaf_walk(&w->m, t.l4, 100 * PAGE_BYTES),
                     &w->ram[t.l1][100]);
    assert_null(leaf_walk(&w->m, t.l4, UINT64_C(1) << 21));
    assert_null(leaf_walk(&w->m, t.l4, UINT64_C(1) << 30));
    assert_null(leaf_walk(&w->m, t.l4, UINT64_C(1) << 39));
}

static void B1_a_base_is_swapped_as_it_is_loaded(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w), u = world_tree(w);
    struct loaded *loaded = &w->a_loaded[0];

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(base_swap(&w->m, &w->a, loaded, t.l4), MFN_NONE);
    assert_int_equal(world_load(w, false, t.l4), 0);
    assert_int_equal(base_swap(&w->m, &w->a, loaded, u.l4), MFN_NONE);
    assert_int_equal(base_swap(&w->m, &w->a, loaded, t.l1), MFN_NONE);
    assert_int_equal(base_swap(&w->m, &w->a, loaded, MFN_NONE - 1), MFN_NONE);
    assert_int_equal(world_pin(w, u.l4, FRAME_L4), 0);
    assert_int_equal(world_unpin(w, u.l4), 0);          /* an L4 in no use */
    assert_int_equal(base_swap(&w->m, &w->a, loaded, u.l4), MFN_NONE);
    assert_int_equal(world_pin(w, u.l4, FRAME_L4), 0);
    world_record(w, u.l4)->refs += LEAF_REFS;           /* too many to count */
    assert_int_equal(base_swap(&w->m, &w->a, loaded, u.l4), MFN_NONE);
    world_record(w, u.l4)->refs -= LEAF_REFS;
    world_record(w, u.l4)->allocated = 0;               /* given back */
    assert_int_equal(base_swap(&w->m, &w->a, loaded, u.l4), MFN_NONE);
    world_record(w, u.l4)->allocated = 1;
    assert_int_equal(base_swap(&w->m, &w->a, loaded, u.l4), t.l4);
    base_put(&w->m, t.l4);
    assert_int_equal(loaded->base, u.l4);
    world_audit(w);
    assert_int_equal(world_unpin(w, u.l4), 0);  /* its last use is here */
    assert_int_equal(base_swap(&w->m, &w->a, loaded, t.l4), MFN_NONE);
    assert_int_equal(world_load(w, false, t.l4), 0);
    world_audit(w);
}

#define RULE_TEST(name) \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE_TEST(E1_a_leaf_is_taken_as_the_rules_take_it),
        RULE_TEST(X2_a_superpage_is_mapped_as_the_rules_map_it),
        RULE_TEST(X2_a_brief_witness_is_completed),
        RULE_TEST(G4_a_word_beyond_memory_is_declined),
        RULE_TEST(U2_a_walk_finds_the_entry_or_declines),
        RULE_TEST(B1_a_base_is_swapped_as_it_is_loaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
