/*
 * Every bit of an entry, on every level, present or not: what the rules E1 to
 * E4 say about it, against a table of what the CPU makes of it.
 */
#include "world.h"

#include <string.h>

#define LEVELS 4
#define BITS   64
/* Widths of a physical address that CPUs have (SDM 3A 4.1.4). */
#define WIDTH_LEAST 36
#define WIDTH_MOST  52

/* What a bit is (SDM 3A 4.5.5, tables 4-15 to 4-20). */
enum meaning {
    PRESENT,
    RIGHTS, /* RW, U/S, XD */
    BY_CPU, /* accessed, dirty */
    CACHE,  /* PWT, PCD, PAT */
    SIZE,   /* maps memory itself, 2 MiB or 1 GiB */
    RESERVED,
    GLOBAL,
    IGNORED_KEPT, /* ignored, and refused here: of no use above L1 */
    IGNORED,
    ADDRESS /* or reserved, beyond the CPU's width */
};

struct bit_range {
    uint8_t first, last;
    uint8_t meaning[LEVELS]; /* enum meaning, for L1, L2, L3, L4 */
};

static const struct bit_range sdm[] = {
    {0, 0, {PRESENT, PRESENT, PRESENT, PRESENT}},
    {1, 2, {RIGHTS, RIGHTS, RIGHTS, RIGHTS}},
    {3, 4, {CACHE, CACHE, CACHE, CACHE}},
    {5, 5, {BY_CPU, BY_CPU, BY_CPU, BY_CPU}},
    {6, 6, {BY_CPU, IGNORED, IGNORED, IGNORED}},
    {7, 7, {CACHE, SIZE, SIZE, RESERVED}},
    {8, 8, {GLOBAL, IGNORED_KEPT, IGNORED_KEPT, IGNORED_KEPT}},
    {9, 11, {IGNORED, IGNORED, IGNORED, IGNORED}},
    {12, 51, {ADDRESS, ADDRESS, ADDRESS, ADDRESS}},
    {52, 58, {IGNORED, IGNORED, IGNORED, IGNORED}},
    {59, 62, {IGNORED, IGNORED, IGNORED, IGNORED}}, /* keys: CR4.PKE is off */
    {63, 63, {RIGHTS, RIGHTS, RIGHTS, RIGHTS}},     /* EFER.NXE is on */
};

static enum meaning meaning_of(uint32_t level, uint32_t bit)
{
    uint32_t i;

    for (i = 0; i < sizeof(sdm) / sizeof(sdm[0]); i++)
        if (bit >= sdm[i].first && bit <= sdm[i].last)
            return (enum meaning)sdm[i].meaning[level - 1];
    fail_msg("bit %u is not in the table", bit);
    return IGNORED;
}

/* The rule that a present entry with this bit breaks, by its bits alone. */
static enum rule rule_of(uint32_t level, uint32_t bit, uint32_t width)
{
    switch (meaning_of(level, bit)) {
    case CACHE:
    case RESERVED:
    case IGNORED_KEPT: return RULE_E1;
    case SIZE: return RULE_E2;
    case ADDRESS: return bit >= width ? RULE_E1 : RULE_NONE;
    default: return RULE_NONE;
    }
}

static void width_set(struct world *w, uint32_t width)
{
    w->m.limits.design = DESIGN_OFF;
    w->m.limits.reserved = ENTRY_ADDRESS & ~((UINT64_C(1) << width) - 1);
}

/* Every bit, alone and added to an entry, for every width of address. */
static void E1_every_bit_on_every_level(void **state)
{
    struct world *w = *state;
    uint32_t width, level, bit;

    for (width = WIDTH_LEAST; width <= WIDTH_MOST; width++) {
        width_set(w, width);
        for (level = 1; level <= LEVELS; level++)
            for (bit = 1; bit < BITS; bit++) {
                uint64_t word = UINT64_C(1) << bit | ENTRY_P;
                enum rule rule = rule_of(level, bit, width);

                assert_int_equal(entry_refused(&w->m, level, word), rule);
                word |= entry_rw(2 * EXTENT_FRAMES);
                assert_int_equal(entry_refused(&w->m, level, word), rule);
            }
    }
}

/* Two bits at once: refused if one is, E1 before E2. */
static void E2_every_pair_of_bits(void **state)
{
    struct world *w = *state;
    uint32_t level, one, two;

    width_set(w, 40);
    for (level = 1; level <= LEVELS; level++)
        for (one = 1; one < BITS; one++)
            for (two = one + 1; two < BITS; two++) {
                uint64_t word =
                    UINT64_C(1) << one | UINT64_C(1) << two | ENTRY_P;
                enum rule first = rule_of(level, one, 40);
                enum rule second = rule_of(level, two, 40);
                enum rule rule = first == RULE_E1 || second == RULE_E1 ? RULE_E1
                                 : first != RULE_NONE                  ? first
                                                                       : second;

                assert_int_equal(entry_refused(&w->m, level, word), rule);
            }
}

/* The same by the calls: an update, and validating a whole table. */
static void E1_every_bit_by_update_and_by_validation(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t table[LEVELS] = {t.l1, t.l2, t.l3, t.l4};
    mfn_t below[LEVELS] = {t.page[0], t.l1, t.l2, t.l3};
    uint32_t level, bit;

    width_set(w, 40);
    for (level = 1; level <= LEVELS; level++)
        for (bit = 0; bit < BITS; bit++) {
            mfn_t mfn = table[level - 1];
            uint64_t word = entry_ro(below[level - 1]) | UINT64_C(1) << bit;
            enum rule rule = rule_of(level, bit, 40);
            int rc;

            if (meaning_of(level, bit) == ADDRESS && bit < 40)
                continue; /* another frame, not another bit */
            assert_int_equal(world_pin(w, mfn, (enum frame_type)level), 0);
            rc = world_update(w, mfn, 9, word);
            assert_int_equal(rc, rule == RULE_NONE ? 0 : -EINVAL);
            if (rc != 0)
                assert_int_equal(w->a.refusal.rule, rule);
            assert_int_equal(w->ram[mfn][9], rc == 0 ? word : 0);
            assert_int_equal(world_unpin(w, mfn), 0);
            w->ram[mfn][9] = word;
            rc = world_pin(w, mfn, (enum frame_type)level);
            assert_int_equal(rc, rule == RULE_NONE ? 0 : -EINVAL);
            if (rc != 0)
                assert_int_equal(w->a.refusal.slot, 9);
            else
                assert_int_equal(world_unpin(w, mfn), 0);
            w->ram[mfn][9] = 0;
        }
}

/* What an update may change in place: no count moves, the bit arrives. */
static void E1_every_bit_changed_in_place(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t table[LEVELS] = {t.l1, t.l2, t.l3, t.l4};
    uint32_t level, bit;

    width_set(w, 40);
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    for (level = 1; level <= LEVELS; level++)
        for (bit = 1; bit < BITS; bit++) {
            mfn_t mfn = table[level - 1];
            uint64_t was = w->ram[mfn][0], word = was ^ UINT64_C(1) << bit;
            int rc;

            if (meaning_of(level, bit) == ADDRESS && bit < 40)
                continue;
            rc = world_update(w, mfn, 0, word);
            if (rule_of(level, bit, 40) != RULE_NONE)
                assert_int_equal(rc, -EINVAL);
            else
                assert_int_equal(rc, 0);
            assert_int_equal(w->ram[mfn][0], rc == 0 ? word | ENTRY_US : was);
            assert_int_equal(world_update(w, mfn, 0, was), 0);
        }
    assert_int_equal(world_record(w, t.page[0])->types, 1);
    assert_int_equal(world_record(w, t.l1)->types, 1);
}

/* Not-present entries: any word at all, unless the CPU has L1TF. */
static void E3_every_bit_of_a_payload(void **state)
{
    struct world *w = *state;
    uint32_t level, bit;

    w->m.limits.l1tf_safe = UINT64_C(1) << (39 - PAGE_SHIFT);
    width_set(w, 40);
    for (level = 1; level <= LEVELS; level++)
        for (bit = 1; bit < BITS; bit++) {
            uint64_t word = UINT64_C(1) << bit;
            enum rule rule = RULE_NONE;

            w->m.limits.l1tf = 0;
            assert_int_equal(entry_refused(&w->m, level, word), RULE_NONE);
            w->m.limits.l1tf = 1;
            if (level > 1 && bit == 7)
                rule = RULE_E3;
            if (meaning_of(level, bit) == ADDRESS && bit < 39)
                rule = RULE_E3;
            assert_int_equal(entry_refused(&w->m, level, word), rule);
            /* The highest address bit makes any payload a safe one. */
            if (rule == RULE_E3 && bit != 7)
                assert_int_equal(
                    entry_refused(&w->m, level, word | UINT64_C(1) << 39),
                    RULE_NONE);
        }
    assert_int_equal(entry_refused(&w->m, 1, 0), RULE_NONE);
    assert_int_equal(entry_refused(&w->m, 4, 0), RULE_NONE);
}

/* A payload holds nothing: present again or gone, no count moves. */
static void E3_a_payload_is_no_reference(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t table[LEVELS] = {t.l1, t.l2, t.l3, t.l4};
    mfn_t below[LEVELS] = {t.page[0], t.l1, t.l2, t.l3};
    uint32_t level;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    for (level = 1; level <= LEVELS; level++) {
        mfn_t mfn = table[level - 1];
        uint64_t word = entry_rw(below[level - 1]);
        uint32_t refs = world_record(w, below[level - 1])->refs;

        assert_int_equal(world_update(w, mfn, 9, word & ~ENTRY_P), 0);
        assert_int_equal(w->ram[mfn][9], word & ~ENTRY_P);
        assert_int_equal(world_record(w, below[level - 1])->refs, refs);
        assert_int_equal(world_update(w, mfn, 9, word), 0);
        assert_int_equal(world_record(w, below[level - 1])->refs, refs + 1);
        assert_int_equal(world_update(w, mfn, 9, word & ~ENTRY_P), 0);
        assert_int_equal(world_record(w, below[level - 1])->refs, refs);
        assert_int_equal(world_update(w, mfn, 9, 0), 0);
    }
}

/* In a slot of the kernel's, no word is a good one; beside it, all are. */
static void E4_every_slot_of_an_l4(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    uint32_t slot;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    for (slot = 1; slot < TABLE_ENTRIES; slot++) {
        bool kernels = slot >= KERNEL_SLOT_FIRST &&
                       slot < KERNEL_SLOT_FIRST + KERNEL_SLOTS;
        uint64_t was = w->ram[t.l4][slot];

        assert_int_equal(world_update(w, t.l4, slot, entry_rw(t.l3)),
                         kernels ? -EINVAL : 0);
        if (kernels)
            assert_int_equal(w->a.refusal.rule, RULE_E4);
        assert_int_equal(world_update(w, t.l4, slot, 0), kernels ? -EINVAL : 0);
        assert_int_equal(w->ram[t.l4][slot], kernels ? was : 0);
        assert_int_equal(entry_is_kernels(3, slot), false);
    }
}

#define RULE_TEST(name) \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE_TEST(E1_every_bit_on_every_level),
        RULE_TEST(E2_every_pair_of_bits),
        RULE_TEST(E1_every_bit_by_update_and_by_validation),
        RULE_TEST(E1_every_bit_changed_in_place),
        RULE_TEST(E3_every_bit_of_a_payload),
        RULE_TEST(E3_a_payload_is_no_reference),
        RULE_TEST(E4_every_slot_of_an_l4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
