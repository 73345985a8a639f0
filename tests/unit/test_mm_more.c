/*
 * The corners of the rule core: stops, abandoned operations and broken
 * records that no ordinary sequence of calls comes by.
 */
#include "world.h"

#include <string.h>

static int load_segments(struct world *w, bool ldt, mfn_t *frame)
{
    struct descriptors d = {.frames = frame, .count = 1, .ldt = ldt};

    w->a.budget = w->budget;
    return world_run(w, &w->a, descriptors_load(&w->m, &w->a, &d));
}

/* A frame that a CPU may still know as a table. */
static mfn_t was_table(struct world *w)
{
    mfn_t mfn = world_frame(w, &w->a);

    assert_int_equal(world_pin(w, mfn, FRAME_L1), 0);
    assert_int_equal(world_unpin(w, mfn), 0);
    return mfn;
}

static void G1_a_copy_from_what_was_given_back(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l1, FRAME_L1), 0);
    assert_int_equal(frame_give_back(&w->m, &w->a, t.page[0]), 0);
    assert_int_equal(frame_copy(&w->m, &w->a, t.page[1], t.page[0]), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_G1);
}

/* The short way for entries of plain memory leaves that to the long one. */
static void G2_an_entry_of_a_full_frame(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    struct update u = {.mfn = t.l1, .slot = 7, .value = entry_ro(t.page[0])};
    uint32_t refs;

    assert_int_equal(world_pin(w, t.l1, FRAME_L1), 0);
    refs = world_record(w, t.page[0])->refs;
    world_record(w, t.page[0])->refs = UINT32_MAX;
    assert_int_equal(update_word(&w->m, &w->a, &u), -EBUSY);
    assert_int_equal(w->a.refusal.rule, RULE_G2);
    world_record(w, t.page[0])->refs = refs;
    world_audit(w);
}

static void T2_a_pin_of_another_level(void **state)
{
    struct world *w = *state;
    mfn_t table = world_frame(w, &w->a);

    assert_int_equal(world_pin(w, table, FRAME_L1), 0);
    assert_int_equal(world_pin(w, table, FRAME_L2), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_T2);
}

/* A table is built whose entry makes writable what was a table. */
static void V1_a_flush_in_the_middle_of_a_table(void **state)
{
    struct world *w = *state;
    mfn_t table = world_frame(w, &w->a), first = was_table(w);
    mfn_t second = was_table(w);

    w->ram[table][3] = entry_rw(first);
    w->ram[table][4] = entry_rw(second);
    assert_int_equal(world_pin(w, table, FRAME_L1), 0);
    assert_int_equal(w->flushes, 1); /* it covers the second, too */
    assert_int_equal(world_record(w, first)->types, 1);
    assert_int_equal(world_record(w, second)->state, FRAME_SETTLED);
}

static void V1_a_stamp_from_before_a_wrap(void **state)
{
    struct world *w = *state;
    mfn_t page = world_frame(w, &w->a);

    w->m.clock = 6;
    w->m.flushed = 5;
    assert_true(flush_needed(&w->m, 5));
    assert_true(flush_needed(&w->m, 6));
    assert_false(flush_needed(&w->m, 7));
    assert_false(flush_needed(&w->m, 4));
    *world_record(w, page) =
        (struct frame){.type = FRAME_WRITABLE, .stamp = 7, .allocated = 1};
    assert_int_equal(world_pin(w, page, FRAME_L1), 0);
    assert_int_equal(w->flushes, 0);
}

/* While the clock stands at 0 nobody knows how old a stamp is. */
static void V1_a_clock_that_has_just_wrapped(void **state)
{
    struct world *w = *state;
    mfn_t page = world_frame(w, &w->a);

    w->m.clock = 0;
    *world_record(w, page) =
        (struct frame){.type = FRAME_WRITABLE, .stamp = 7, .allocated = 1};
    assert_int_equal(world_pin(w, page, FRAME_L1), 0);
    assert_int_equal(w->flushes, 1);
}

/* The new entry's frame waits for its flush when the domain dies. */
static void V3_an_abandoned_update_is_not_written(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t frame = was_table(w);
    struct update u = {.mfn = t.l1, .slot = 5, .value = entry_rw(frame)};

    assert_int_equal(world_pin(w, t.l1, FRAME_L1), 0);
    assert_int_equal(update_word(&w->m, &w->a, &u), STOP_FLUSH);
    op_abandon(&w->a);
    assert_int_equal(world_run(w, &w->a, STOP_FLUSH), -EINVAL);
    assert_int_equal(w->ram[t.l1][5], 0);
    assert_int_equal(world_record(w, frame)->refs, 0);
}

static void V3_an_abandoned_store_is_not_written(void **state)
{
    struct world *w = *state;
    mfn_t frame = was_table(w);
    struct update u = {.mfn = frame, .slot = 5, .value = 0x77};

    assert_int_equal(update_word(&w->m, &w->a, &u), STOP_FLUSH);
    op_abandon(&w->a);
    world_run(w, &w->a, STOP_FLUSH);
    assert_int_equal(w->ram[frame][5], 0);
    assert_int_equal(world_record(w, frame)->refs, 0);
}

static void V3_nothing_under_way_is_resumed_and_abandoned(void **state)
{
    struct world *w = *state;

    assert_int_equal(op_resume(&w->m, &w->a), 0);
    op_abandon(&w->a);
    assert_int_equal(w->a.op.abandon, 0);
    assert_int_equal(op_resume(&w->m, &w->a), 0);
}

/* A base that nothing else holds is dropped behind the load, in steps. */
static void B1_the_old_base_is_dropped_in_steps(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w), u = world_tree(w);

    w->budget = 1;
    assert_int_equal(world_load(w, false, t.l4), 0);
    assert_int_equal(world_load(w, true, u.l4), 0);
    assert_int_equal(world_load(w, false, u.l4), 0);
    assert_int_equal(world_record(w, t.l1)->types, 0);
    assert_int_equal(world_load(w, true, MFN_NONE), 0);
    assert_int_equal(world_record(w, u.l4)->types, 1);
}

static void U1_only_tables_have_entries(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    struct update u = {.slot = 1};
    mfn_t wrong[] = {world_frame(w, &w->b), world_frame(w, &w->a), t.page[0],
                     WORLD_FRAMES};
    uint32_t i;

    assert_int_equal(world_pin(w, t.l1, FRAME_L1), 0);
    for (i = 0; i < 4; i++) {
        u.mfn = wrong[i];
        assert_int_equal(entry_update(&w->m, &w->a, &u), -EINVAL);
        assert_int_equal(w->a.refusal.rule, RULE_U1);
    }
}

static void U1_a_descriptor_in_mapped_memory(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l1, FRAME_L1), 0);
    assert_int_equal(
        descriptor_update(&w->m, &w->a, t.page[0], 2, UINT64_C(0x1234)), 0);
    assert_int_equal(w->ram[t.page[0]][2], 0x1234);
    assert_int_equal(world_record(w, t.page[0])->types, 1);
}

static void U3_accessed_and_dirty_stay_in_plain_memory(void **state)
{
    struct world *w = *state;
    mfn_t page = world_frame(w, &w->a);
    struct update u = {.mfn = page, .slot = 7, .keep_ad = 1, .value = 0x1000};

    w->ram[page][7] = ENTRY_A | ENTRY_D | 0x7;
    assert_int_equal(world_run(w, &w->a, update_word(&w->m, &w->a, &u)), 0);
    assert_int_equal(w->ram[page][7], 0x1000 | ENTRY_A | ENTRY_D);
}

static void A1_nothing_is_free_without_an_extent(void **state)
{
    struct world *w = *state;
    struct owner nobody = {
        .id = 3, .extents = EXTENT_NONE, .hint = EXTENT_NONE, .limit = 9};
    mfn_t mfn;

    assert_int_equal(frame_alloc(&w->m, &nobody, &mfn), -ENOMEM);
}

/* What was given back and is in use is not free. */
static void A2_what_is_in_use_is_not_free(void **state)
{
    struct world *w = *state;
    mfn_t table = world_frame(w, &w->a), mfn;

    assert_int_equal(world_pin(w, table, FRAME_L1), 0);
    while (w->a.allocated < 2 * EXTENT_FRAMES)
        world_frame(w, &w->a);
    assert_int_equal(frame_give_back(&w->m, &w->a, table), 0);
    assert_int_equal(frame_alloc(&w->m, &w->a, &mfn), -ENOMEM);
    assert_int_equal(world_unpin(w, table), 0);
    assert_int_equal(frame_alloc(&w->m, &w->a, &mfn), 0);
    assert_int_equal(mfn, table);
}

/* Ask until there is an answer; each extent that is looked at is a stop. */
static int alloc_stopping(struct world *w, bool whole, mfn_t *mfn)
{
    int rc;

    w->stops = 0;
    for (;;) {
        w->a.budget = 1;
        rc = whole ? extent_alloc(&w->m, &w->a, mfn)
                   : frame_alloc(&w->m, &w->a, mfn);
        if (rc != STOP_BUDGET)
            break;
        w->stops++;
    }
    assert_int_equal(w->a.sought, 0);
    return rc;
}

/* Extents whose frames were all given back, and are all still mapped: looking
 * for a free one is long, stops, and finds it wherever it is. */
static void A1_a_search_stops_and_goes_on(void **state)
{
    static const uint32_t extents[] = {2, 3, 6, 7};
    struct world *w = *state;
    mfn_t mfn, own;
    uint32_t i, n;

    assert_int_equal(extent_assign(&w->m, &w->a), 6);
    assert_int_equal(extent_assign(&w->m, &w->a), 7);
    for (i = 0; i < 4; i++)
        for (n = 0; n < EXTENT_FRAMES; n++) {
            own = world_frame(w, &w->a);
            world_record(w, own)->refs = 1;
        }
    for (i = 0; i < 4; i++)
        for (n = 0; n < EXTENT_FRAMES; n++)
            assert_int_equal(
                frame_give_back(&w->m, &w->a, extents[i] * EXTENT_FRAMES + n),
                0);
    assert_int_equal(alloc_stopping(w, false, &mfn), -ENOMEM);
    assert_int_equal(w->stops, 4);
    assert_int_equal(alloc_stopping(w, true, &mfn), -ENOMEM);
    assert_int_equal(w->stops, 4);
    for (i = 0; i < 4; i++) {
        own = extents[i] * EXTENT_FRAMES + 511;
        world_record(w, own)->refs = 0;
        assert_int_equal(alloc_stopping(w, false, &mfn), 0);
        assert_int_equal(mfn, own);
        assert_int_equal(frame_give_back(&w->m, &w->a, own), 0);
        for (n = 0; n < EXTENT_FRAMES - 1; n++)
            world_record(w, extents[i] * EXTENT_FRAMES + n)->refs = 0;
        assert_int_equal(alloc_stopping(w, true, &mfn), 0);
        assert_int_equal(mfn, extents[i] * EXTENT_FRAMES);
    }
    assert_int_equal(alloc_stopping(w, false, &mfn), -ENOMEM);
    world_audit(w);
}

/* Tables of zeros are not for nothing: their words are looked at. */
static void V2_empty_tables_take_steps(void **state)
{
    struct world *w = *state;
    mfn_t l2 = world_frame(w, &w->a);
    uint32_t i;

    for (i = 0; i < TABLE_ENTRIES; i++)
        w->ram[l2][i] = entry_rw(world_frame(w, &w->a));
    w->budget = 64;
    w->stops = 0;
    assert_int_equal(world_pin(w, l2, FRAME_L2), 0);
    assert_true(w->stops >= TABLE_ENTRIES * (TABLE_ENTRIES / 64) / 64);
    w->stops = 0;
    assert_int_equal(world_unpin(w, l2), 0);
    assert_true(w->stops >= TABLE_ENTRIES * (TABLE_ENTRIES / 64) / 64);
}

/* So is a frame that is written as a whole. */
static void U1_clearing_a_frame_takes_steps(void **state)
{
    struct world *w = *state;
    mfn_t page = world_frame(w, &w->a);

    w->a.budget = 1000;
    assert_int_equal(world_run(w, &w->a, frame_clear(&w->m, &w->a, page)), 0);
    assert_int_equal(w->a.budget, 1000 - FRAME_STEPS);
    assert_int_equal(world_run(w, &w->a, frame_copy(&w->m, &w->a, page, page)),
                     0);
    assert_int_equal(w->a.budget, 1000 - 2 * FRAME_STEPS);
}

static void H1_what_was_a_table_is_flushed_before_it_is_shared(void **state)
{
    struct world *w = *state;
    mfn_t frame = was_table(w);

    assert_int_equal(frame_hold(&w->m, &w->a, frame), STOP_FLUSH);
    assert_int_equal(w->a.held_count, 0);
    assert_int_equal(world_run(w, &w->a, STOP_FLUSH), 0);
    assert_int_equal(w->a.held[0], frame);
    assert_int_equal(world_record(w, frame)->state, FRAME_SETTLED);
}

/* Everything that can be loaded is, nothing is pinned, and steps are few. */
static void R1_all_that_is_loaded_is_released_in_steps(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w), u = world_tree(w);
    mfn_t gdt = world_frame(w, &w->a), ldt = world_frame(w, &w->a);

    assert_int_equal(world_load(w, false, t.l4), 0);
    assert_int_equal(world_load(w, true, u.l4), 0);
    assert_int_equal(load_segments(w, false, &gdt), 0);
    assert_int_equal(load_segments(w, true, &ldt), 0);
    w->budget = 3;
    w->a.budget = 3;
    assert_int_equal(world_run(w, &w->a, owner_destroy(&w->m, &w->a)), 0);
    assert_int_equal(w->a.extent_count, 0);
    assert_int_equal(w->m.free_count, 4);
}

/* A record that is broken in either count keeps its extent for ever. */
static void R1_a_broken_record_is_never_reused(void **state)
{
    struct world *w = *state;
    mfn_t frame = world_frame(w, &w->a);

    world_record(w, frame)->types = 1;
    w->a.budget = 1000000;
    assert_int_equal(owner_destroy(&w->m, &w->a), STOP_FLUSH);
    flush_done(&w->m, flush_begin(&w->m));
    assert_int_equal(op_resume(&w->m, &w->a), -EBUSY);
    assert_int_equal(superpage_of(&w->m, frame)->owner, w->a.id);
}

static void I1_more_records_that_do_not_fit(void **state)
{
    struct frame bad = {.allocated = 2};

    (void)state;
    assert_false(frame_ok(&bad));
    bad = (struct frame){.state = FRAME_SETTLED};
    assert_false(frame_ok(&bad));
    bad = (struct frame){.pinned = 1};
    assert_false(frame_ok(&bad));
    bad = (struct frame){.refs = 3, .type = FRAME_L2};
    assert_true(frame_ok(&bad));
}

/* The first witness stays, whichever of its counts is wrong. */
static void I2_the_first_witness_is_kept(void **state)
{
    struct world *w = *state;
    mfn_t one = world_frame(w, &w->a), two = world_frame(w, &w->a);
    struct audit_report report;

    *world_record(w, one) = (struct frame){.refs = 1, .allocated = 1};
    *world_record(w, two) = (struct frame){.refs = 5, .allocated = 1};
    assert_false(world_recount(w, &w->a, &report, NULL));
    assert_int_equal(report.mfn, one);
    assert_int_equal(report.refs, 1);
    assert_int_equal(report.types, 0);
    assert_int_equal(report.faults, 2);
    *world_record(w, one) = (struct frame){.refs = 2,
                                           .types = 2,
                                           .type = FRAME_WRITABLE,
                                           .state = FRAME_SETTLED,
                                           .allocated = 1};
    assert_false(world_recount(w, &w->a, &report, NULL));
    assert_int_equal(report.mfn, one);
    assert_int_equal(report.types, 2);
}

static void I2_sums_and_owners_are_looked_at(void **state)
{
    struct world *w = *state;
    struct audit_report report;

    world_frame(w, &w->a);
    w->a.allocated++;
    assert_false(world_recount(w, &w->a, &report, NULL));
    assert_int_equal(report.mfn, MFN_NONE);
    w->a.allocated--;
    w->superpages[3].owner = w->b.id;
    assert_false(world_recount(w, &w->a, &report, NULL));
    assert_int_equal(report.mfn, 3 * EXTENT_FRAMES);
    w->superpages[3].owner = w->a.id;
    world_audit(w);
}

/* Every rule has a name of its own and a sentence. */
static void T2_rules_have_names(void **state)
{
    uint32_t rule;

    (void)state;
    for (rule = RULE_NONE; rule < RULES; rule++) {
        assert_non_null(rule_name((enum rule)rule));
        assert_true(strlen(rule_sentence((enum rule)rule)) > 10);
    }
    assert_string_equal(rule_name(RULE_T2), "T2");
    assert_string_equal(rule_name(RULES), "none");
    assert_string_equal(rule_sentence(RULES), rule_sentence(RULE_NONE));
}

#define RULE_TEST(name) \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE_TEST(G1_a_copy_from_what_was_given_back),
        RULE_TEST(G2_an_entry_of_a_full_frame),
        RULE_TEST(T2_a_pin_of_another_level),
        RULE_TEST(T2_rules_have_names),
        RULE_TEST(V1_a_flush_in_the_middle_of_a_table),
        RULE_TEST(V1_a_stamp_from_before_a_wrap),
        RULE_TEST(V1_a_clock_that_has_just_wrapped),
        RULE_TEST(V3_an_abandoned_update_is_not_written),
        RULE_TEST(V3_an_abandoned_store_is_not_written),
        RULE_TEST(V3_nothing_under_way_is_resumed_and_abandoned),
        RULE_TEST(B1_the_old_base_is_dropped_in_steps),
        RULE_TEST(U1_only_tables_have_entries),
        RULE_TEST(U1_a_descriptor_in_mapped_memory),
        RULE_TEST(U3_accessed_and_dirty_stay_in_plain_memory),
        RULE_TEST(A1_nothing_is_free_without_an_extent),
        RULE_TEST(A1_a_search_stops_and_goes_on),
        RULE_TEST(V2_empty_tables_take_steps),
        RULE_TEST(U1_clearing_a_frame_takes_steps),
        RULE_TEST(A2_what_is_in_use_is_not_free),
        RULE_TEST(H1_what_was_a_table_is_flushed_before_it_is_shared),
        RULE_TEST(R1_all_that_is_loaded_is_released_in_steps),
        RULE_TEST(R1_a_broken_record_is_never_reused),
        RULE_TEST(I1_more_records_that_do_not_fit),
        RULE_TEST(I2_the_first_witness_is_kept),
        RULE_TEST(I2_sums_and_owners_are_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
