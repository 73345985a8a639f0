/*
 * The rules of kernel/mm, one test or more for each, named after the rule.
 */
#include "world.h"

#include <string.h>

static int load_gdt(struct world *w, const mfn_t *frames, uint32_t count)
{
    struct descriptors d = {.frames = frames, .count = count};

    w->a.budget = w->budget;
    return world_run(w, &w->a, descriptors_load(&w->m, &w->a, &d));
}

static int destroy(struct world *w, struct owner *o)
{
    o->budget = w->budget;
    return world_run(w, o, owner_destroy(&w->m, o));
}

/* Everything that "unchanged on failure" promises. */
struct snapshot {
    uint32_t types[WORLD_FRAMES];
    uint32_t refs[WORLD_FRAMES];
    uint8_t pinned[WORLD_FRAMES];
    struct loaded loaded;
};

static void snapshot(const struct world *w, struct snapshot *s)
{
    uint32_t i;

    for (i = 0; i < WORLD_FRAMES; i++) {
        s->types[i] = w->frames[i].types;
        s->refs[i] = w->frames[i].refs;
        s->pinned[i] = w->frames[i].pinned;
    }
    s->loaded = w->a_loaded[0];
}

static struct snapshot before, after;

static void G1_only_allocated_frames_gain_references(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(frame_give_back(&w->m, &w->a, t.page[0]), 0);
    assert_int_equal(world_update(w, t.l1, 7, entry_ro(t.page[0])), -EBUSY);
    assert_int_equal(w->a.refusal.rule, RULE_G1);
    assert_int_equal(w->a.refusal.slot, 7);
    assert_int_equal(w->a.refusal.table, t.l1);
    assert_int_equal(w->ram[t.l1][7], 0);
}

static void G2_a_reference_count_never_wraps(void **state)
{
    struct world *w = *state;
    mfn_t page = world_frame(w, &w->a);
    struct frame *f = world_record(w, page);

    f->refs = UINT32_MAX;
    assert_int_equal(reference_take(&w->m, &w->a, page, FRAME_NONE), -EBUSY);
    assert_int_equal(w->a.refusal.rule, RULE_G2);
    assert_int_equal(f->refs, UINT32_MAX);
}

static void G3_only_the_owner_refers_to_its_frames(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t theirs = world_frame(w, &w->b);
    mfn_t kernels = 5 * EXTENT_FRAMES;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_update(w, t.l1, 1, entry_ro(theirs)), -EBUSY);
    assert_int_equal(w->a.refusal.rule, RULE_G3);
    assert_int_equal(world_update(w, t.l1, 1, entry_rw(kernels)), -EBUSY);
    assert_int_equal(w->a.refusal.rule, RULE_G3);
    assert_int_equal(world_update(w, theirs, 1, 5), -EINVAL);
    assert_int_equal(world_pin(w, theirs, FRAME_L1), -EINVAL);
    assert_int_equal(world_unpin(w, theirs), -EINVAL);
    assert_int_equal(world_load(w, false, theirs), -EINVAL);
    assert_int_equal(world_run(w, &w->a, frame_clear(&w->m, &w->a, theirs)),
                     -EINVAL);
    assert_int_equal(
        world_run(w, &w->a, frame_copy(&w->m, &w->a, t.page[0], theirs)),
        -EINVAL);
    assert_int_equal(w->ram[theirs][1], 0);
}

static void G4_a_number_beyond_memory_names_nothing(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    static const mfn_t wrong[] = {0, EXTENT_FRAMES, WORLD_FRAMES,
                                  UINT64_C(0xffffffffff)};
    uint32_t i;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    for (i = 0; i < 4; i++) {
        assert_int_equal(world_update(w, t.l1, 1, entry_ro(wrong[i])), -EPERM);
        assert_int_equal(w->a.refusal.rule, RULE_G4);
        assert_int_equal(world_update(w, t.l2, 1, entry_ro(wrong[i])), -EINVAL);
        assert_int_equal(world_pin(w, wrong[i], FRAME_L2), -EINVAL);
    }
    assert_int_equal(world_unpin(w, MFN_NONE - 1), -EINVAL);
    assert_int_equal(world_update(w, UINT64_MAX / 4096, 0, 0), -EINVAL);
    /* Its words are those of t.l1, if their number wraps. */
    assert_int_equal(world_update(w, t.l1 + UINT64_MAX / TABLE_ENTRIES + 1, 1,
                                  entry_ro(t.page[0])),
                     -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_G4);
}

static void T1_the_first_user_chooses_the_type(void **state)
{
    struct world *w = *state;
    mfn_t page = world_frame(w, &w->a);
    static const enum frame_type types[] = {FRAME_L1, FRAME_L2, FRAME_L3,
                                            FRAME_L4};
    uint32_t i;

    for (i = 0; i < 4; i++) {
        assert_int_equal(world_pin(w, page, types[i]), 0);
        assert_int_equal(world_record(w, page)->type, types[i]);
        assert_int_equal(world_unpin(w, page), 0);
        memset(w->ram[page], 0, PAGE_BYTES);
    }
}

static void T2_one_use_at_a_time(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_update(w, t.l1, 17, entry_rw(t.l1)), -EBUSY);
    assert_int_equal(w->a.refusal.rule, RULE_T2);
    assert_int_equal(w->a.refusal.mfn, t.l1);
    assert_int_equal(w->a.refusal.type, FRAME_L1);
    assert_int_equal(w->a.refusal.asked, FRAME_WRITABLE);
    assert_int_equal(w->a.refusal.slot, 17);
    assert_int_equal(w->a.refusal.level, 1);
    assert_int_equal(world_update(w, t.l1, 17, entry_ro(t.l1)), 0);
    assert_int_equal(world_pin(w, t.page[0], FRAME_L1), -EINVAL);
    assert_int_equal(world_pin(w, t.l1, FRAME_L2), -EINVAL);
    assert_int_equal(world_update(w, t.l3, 1, entry_rw(t.l1)), -EINVAL);
    assert_int_equal(world_update(w, t.l2, 1, entry_rw(t.l2)), -EINVAL);
    assert_int_equal(world_update(w, t.l4, 1, entry_rw(t.l4)), -EINVAL);
}

static void T3_a_type_count_never_wraps(void **state)
{
    struct world *w = *state;
    struct frame f = {.types = UINT32_MAX,
                      .refs = UINT32_MAX,
                      .type = FRAME_WRITABLE,
                      .state = FRAME_SETTLED,
                      .allocated = 1};
    struct frame was = f;
    bool changed;
    mfn_t page = world_frame(w, &w->a);

    assert_int_equal(frame_get_type(&f, FRAME_WRITABLE, &changed), -EBUSY);
    assert_memory_equal(&f, &was, sizeof(f));
    *world_record(w, page) = f;
    world_record(w, page)->refs = 7;
    assert_int_equal(reference_take(&w->m, &w->a, page, FRAME_WRITABLE),
                     -EBUSY);
    assert_int_equal(w->a.refusal.rule, RULE_T3);
    assert_int_equal(world_record(w, page)->refs, 7);
}

static void T4_trust_ends_at_zero(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l1, FRAME_L1), 0);
    assert_int_equal(world_record(w, t.l1)->state, FRAME_SETTLED);
    assert_int_equal(world_unpin(w, t.l1), 0);
    assert_int_equal(world_record(w, t.l1)->state, FRAME_UNSETTLED);
    assert_int_equal(world_record(w, t.l1)->type, FRAME_L1);
    w->ram[t.l1][3] = entry_rw(t.l1);       /* behind the kernel's back */
    assert_int_equal(world_pin(w, t.l1, FRAME_L1), -EBUSY);
    assert_int_equal(w->a.refusal.slot, 3);
}

static void E1_reserved_and_cache_bits(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t table[5] = {0, t.l1, t.l2, t.l3, t.l4};
    mfn_t below[5] = {0, t.page[0], t.l1, t.l2, t.l3};
    uint32_t level;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    for (level = 1; level <= 4; level++) {
        uint64_t good = entry_ro(below[level]);

        assert_int_equal(world_update(w, table[level], 9, good | ENTRY_PWT),
                         -EINVAL);
        assert_int_equal(w->a.refusal.rule, RULE_E1);
        assert_int_equal(world_update(w, table[level], 9, good | ENTRY_PCD),
                         -EINVAL);
        assert_int_equal(world_update(w, table[level], 9, good | ENTRY_PS),
                         -EINVAL);
        assert_int_equal(world_update(w, table[level], 9, good | ENTRY_G),
                         level == 1 ? 0 : -EINVAL);
        assert_int_equal(world_update(w, table[level], 9, good), 0);
        assert_int_equal(world_update(w, table[level], 9, 0), 0);
    }
}

static void E1_address_bits_that_the_cpu_has_not(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    uint64_t high = UINT64_C(1) << 40;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    w->m.limits.reserved = ENTRY_ADDRESS & ~(high - 1);
    assert_int_equal(world_update(w, t.l1, 9, entry_ro(t.page[0]) | high),
                     -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_E1);
    assert_int_equal(world_update(w, t.l2, 9, entry_ro(t.l1) | high), -EINVAL);
    assert_int_equal(world_update(w, t.l1, 9, entry_ro(t.page[0])), 0);
}

static void E2_no_superpages(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    uint64_t huge = entry_rw(2 * EXTENT_FRAMES) | ENTRY_PS;

    w->m.limits.design = DESIGN_OFF;
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_update(w, t.l2, 4, huge), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_E2);
    assert_int_equal(world_update(w, t.l3, 4, huge), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_E2);
    assert_int_equal(world_update(w, t.l2, 0, entry_rw(t.l1) | ENTRY_PS),
                     -EINVAL);
    assert_int_equal(world_update(w, t.l4, 4, huge), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_E1);
}

static void E3_not_present_entries_name_no_memory(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    uint64_t payload = t.page[0] << PAGE_SHIFT;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_update(w, t.l1, 5, payload), 0);
    w->m.limits.l1tf = 1;
    w->m.limits.l1tf_safe = 1 << 20;
    assert_int_equal(world_update(w, t.l1, 6, payload), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_E3);
    assert_int_equal(world_update(w, t.l2, 6, ENTRY_PS), -EINVAL);
    assert_int_equal(world_update(w, t.l1, 6, UINT64_C(1) << 33), 0);
    assert_int_equal(world_update(w, t.l1, 6, 0xe00), 0);
}

static void E4_the_kernels_slots(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    uint32_t i;

    w->ram[t.l4][KERNEL_SLOT_FIRST + 3] = entry_rw(5 * EXTENT_FRAMES);
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    for (i = 0; i < KERNEL_SLOTS; i++) {
        uint32_t slot = KERNEL_SLOT_FIRST + i;

        assert_int_equal(w->ram[t.l4][slot], w->m.kernel_slots[i]);
        assert_int_equal(world_update(w, t.l4, slot, 0), -EINVAL);
        assert_int_equal(w->a.refusal.rule, RULE_E4);
    }
    assert_int_equal(
        world_update(w, t.l4, KERNEL_SLOT_FIRST - 1, entry_rw(t.l3)), 0);
    assert_int_equal(
        world_update(w, t.l4, KERNEL_SLOT_FIRST + KERNEL_SLOTS, entry_rw(t.l3)),
        0);
    assert_int_equal(
        update_walk(&w->m, &w->a, t.l4, UINT64_C(0xffff800000000000)),
        MFN_NONE);
    assert_int_equal(world_unpin(w, t.l4), 0);
}

static void V1_publish_flush_use(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(w->flushes, 0);            /* nothing was ever mapped */
    assert_int_equal(world_update(w, t.l1, 0, 0), 0);
    memset(w->ram[t.page[0]], 0, PAGE_BYTES);
    assert_int_equal(world_pin(w, t.page[0], FRAME_L1), 0);
    assert_int_equal(w->flushes, 1);            /* writable -> L1 */
    assert_int_equal(world_unpin(w, t.page[0]), 0);
    assert_int_equal(world_pin(w, t.page[0], FRAME_L1), 0);
    assert_int_equal(w->flushes, 1);            /* L1 -> L1 */
    assert_int_equal(world_unpin(w, t.page[0]), 0);
    assert_int_equal(world_update(w, t.l1, 0, entry_rw(t.page[0])), 0);
    assert_int_equal(w->flushes, 2);            /* L1 -> writable */
    assert_int_equal(world_update(w, t.l1, 0, 0), 0);
    flush_done(&w->m, flush_begin(&w->m));
    assert_int_equal(world_pin(w, t.page[0], FRAME_L1), 0);
    assert_int_equal(w->flushes, 2);            /* flushed since: none due */
}

static void V1_the_frame_is_not_read_before_the_flush(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    int rc;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_update(w, t.l1, 0, 0), 0);
    memset(w->ram[t.page[0]], 0, PAGE_BYTES);
    rc = table_pin(&w->m, &w->a, t.page[0], FRAME_L1);
    assert_int_equal(rc, STOP_FLUSH);
    assert_int_equal(world_record(w, t.page[0])->type, FRAME_L1);
    assert_int_equal(world_record(w, t.page[0])->state, FRAME_UNSETTLED);
    w->ram[t.page[0]][9] = entry_rw(t.l1);      /* through a stale TLB */
    assert_int_equal(op_resume(&w->m, &w->a), STOP_FLUSH);
    assert_int_equal(world_run(w, &w->a, rc), -EBUSY);
    assert_int_equal(w->a.refusal.slot, 9);
}

static void V1_the_clock_may_wrap(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    w->m.clock = UINT32_MAX;
    w->m.flushed = UINT32_MAX;
    assert_int_equal(world_update(w, t.l1, 0, 0), 0);
    memset(w->ram[t.page[0]], 0, PAGE_BYTES);
    assert_int_equal(flush_begin(&w->m), 0);
    assert_true(flush_needed(&w->m, 5));
    flush_done(&w->m, flush_begin(&w->m));
    assert_false(flush_needed(&w->m, UINT32_MAX));
    assert_true(flush_needed(&w->m, 1));
    assert_int_equal(world_pin(w, t.page[0], FRAME_L1), 0);
}

static void V2_every_entry_is_checked(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    uint32_t slot;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        uint64_t was = w->ram[t.l1][slot];

        w->ram[t.l1][slot] = entry_rw(t.l1);
        assert_int_equal(world_pin(w, t.l4, FRAME_L4), -EBUSY);
        assert_int_equal(w->a.refusal.slot, slot);
        assert_int_equal(w->a.refusal.table, t.l1);
        w->ram[t.l1][slot] = was;
    }
    for (slot = 1; slot < TABLE_ENTRIES; slot++) {
        uint64_t was = w->ram[t.l4][slot];

        if (entry_is_kernels(4, slot))
            continue;
        w->ram[t.l4][slot] = entry_rw(t.l2);
        assert_int_equal(world_pin(w, t.l4, FRAME_L4), -EINVAL);
        w->ram[t.l4][slot] = was;
    }
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
}

static void V2_user_is_forced_on(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    w->ram[t.l4][0] &= ~ENTRY_US;
    w->ram[t.l2][0] &= ~ENTRY_US;
    w->ram[t.l1][0] &= ~ENTRY_US;
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_true(w->ram[t.l4][0] & ENTRY_US);
    assert_true(w->ram[t.l2][0] & ENTRY_US);
    assert_true(w->ram[t.l1][0] & ENTRY_US);
    assert_int_equal(world_update(w, t.l1, 1, entry_ro(t.page[0]) & ~ENTRY_US),
                     0);
    assert_true(w->ram[t.l1][1] & ENTRY_US);
}

/* A tree whose very last entry is bad, tried with every small budget. */
static void V3_a_refusal_undoes_everything_at_any_budget(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    uint32_t budget;

    w->ram[t.l3][TABLE_ENTRIES - 1] = entry_rw(t.l4);
    snapshot(w, &before);
    for (budget = 1; budget < 40; budget++) {
        w->budget = budget;
        w->stops = 0;
        assert_int_equal(world_pin(w, t.l4, FRAME_L4), -EINVAL);
        assert_true(budget > 8 || w->stops > 0);
        snapshot(w, &after);
        assert_memory_equal(&before, &after, sizeof(before));
    }
}

static void V3_validation_resumes_where_it_stopped(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    uint32_t budget;

    snapshot(w, &before);
    for (budget = 1; budget < 40; budget++) {
        w->budget = budget;
        assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
        assert_int_equal(world_record(w, t.l1)->types, 1);
        assert_int_equal(world_record(w, t.page[3])->types, 1);
        assert_int_equal(world_unpin(w, t.l4), 0);
        snapshot(w, &after);
        assert_memory_equal(&before, &after, sizeof(before));
    }
}

static void V3_a_dying_domain_undoes_what_is_not_live(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    uint32_t stops, i;

    snapshot(w, &before);
    for (stops = 0; stops < 30; stops++) {
        int rc;

        w->budget = 1;
        w->a.budget = 1;
        rc = table_pin(&w->m, &w->a, t.l4, FRAME_L4);
        for (i = 0; i < stops && rc > 0; i++) {
            w->a.budget = 1;
            rc = op_resume(&w->m, &w->a);
        }
        if (rc == 0) {
            assert_int_equal(world_unpin(w, t.l4), 0);
            continue;
        }
        op_abandon(&w->a);
        assert_int_equal(world_run(w, &w->a, rc), -EINVAL);
        snapshot(w, &after);
        assert_memory_equal(&before, &after, sizeof(before));
    }
}

static void V4_a_table_is_dropped_with_its_last_use(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t other = world_frame(w, &w->a);

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    w->ram[other][0] = entry_rw(t.l1);
    assert_int_equal(world_pin(w, other, FRAME_L2), 0);
    assert_int_equal(world_record(w, t.l1)->types, 2);
    assert_int_equal(world_unpin(w, t.l4), 0);
    assert_int_equal(world_record(w, t.l1)->types, 1);
    assert_int_equal(world_record(w, t.l2)->types, 0);
    assert_int_equal(world_record(w, t.page[0])->types, 1);
    assert_int_equal(world_update(w, other, 0, 0), 0);
    assert_int_equal(world_record(w, t.l1)->types, 0);
    assert_int_equal(world_record(w, t.page[0])->types, 0);
    assert_int_equal(world_record(w, t.page[0])->refs, 0);
}

static void U1_a_table_is_changed_as_a_table(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t gdt = world_frame(w, &w->a);

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_update(w, t.page[0], 3, 0x1234), 0);
    assert_int_equal(w->ram[t.page[0]][3], 0x1234);
    assert_int_equal(load_gdt(w, &gdt, 1), 0);
    assert_int_equal(world_update(w, gdt, 0, 0), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_U1);
    assert_int_equal(descriptor_update(&w->m, &w->a, t.l1, 0, 0), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_U1);
    assert_int_equal(world_run(w, &w->a, frame_clear(&w->m, &w->a, t.l1)),
                     -EINVAL);
    assert_int_equal(
        world_run(w, &w->a, frame_copy(&w->m, &w->a, t.l1, t.page[0])),
        -EINVAL);
    assert_int_equal(
        world_run(w, &w->a, frame_copy(&w->m, &w->a, t.page[1], t.page[0])), 0);
    assert_int_equal(w->ram[t.page[1]][3], 0x1234);
    assert_int_equal(world_run(w, &w->a, frame_clear(&w->m, &w->a, t.page[1])),
                     0);
    assert_int_equal(w->ram[t.page[1]][3], 0);
}

static void U1_plain_memory_that_was_a_table_is_flushed_first(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l1, FRAME_L1), 0);
    assert_int_equal(world_unpin(w, t.l1), 0);
    assert_int_equal(world_update(w, t.l1, 3, 0x77), 0);
    assert_int_equal(w->flushes, 1);
    assert_int_equal(world_record(w, t.l1)->type, FRAME_WRITABLE);
    assert_int_equal(world_record(w, t.l1)->types, 0);
}

static void U2_a_walk_meets_tables(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(update_walk(&w->m, &w->a, t.l4, 0x64000), t.l1);
    assert_int_equal(update_walk(&w->m, &w->a, t.l4, 0x200000), MFN_NONE);
    assert_int_equal(w->a.refusal.rule, RULE_U2);
    assert_int_equal(w->a.refusal.level, 2);
    assert_int_equal(update_walk(&w->m, &w->a, t.l4, UINT64_C(1) << 39),
                     MFN_NONE);
    assert_int_equal(w->a.refusal.level, 4);
}

static void U3_the_same_frame_moves_no_count(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    struct update u = {
        .mfn = t.l1, .slot = 0, .keep_ad = 1, .value = entry_rw(t.page[0])};

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    snapshot(w, &before);
    assert_int_equal(world_update(w, t.l1, 0,
                                  entry_rw(t.page[0]) | ENTRY_A | ENTRY_D |
                                      (UINT64_C(1) << 63)),
                     0);
    assert_int_equal(entry_update(&w->m, &w->a, &u), 0);
    assert_int_equal(w->ram[t.l1][0], entry_rw(t.page[0]) | ENTRY_A | ENTRY_D);
    snapshot(w, &after);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(world_update(w, t.l1, 0, entry_ro(t.page[0])), 0);
    assert_int_equal(world_record(w, t.page[0])->types, 0);
    assert_int_equal(world_update(w, t.l1, 0, entry_rw(t.page[0])), 0);
    assert_int_equal(world_record(w, t.page[0])->types, 1);
}

static void U3_an_update_builds_and_drops_tables(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w), u = world_tree(w);
    uint32_t budget;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    for (budget = 1; budget < 20; budget++) {
        w->budget = budget;
        assert_int_equal(world_update(w, t.l4, 0, entry_rw(u.l3)), 0);
        assert_int_equal(world_record(w, t.l3)->types, 0);
        assert_int_equal(world_record(w, u.page[2])->types, 1);
        assert_int_equal(world_update(w, t.l4, 0, entry_rw(t.l3)), 0);
        assert_int_equal(world_record(w, u.l1)->refs, 0);
    }
    w->ram[u.l1][511] = entry_rw(t.l2);
    snapshot(w, &before);
    assert_int_equal(world_update(w, t.l4, 0, entry_rw(u.l3)), -EBUSY);
    snapshot(w, &after);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(w->ram[t.l4][0], entry_rw(t.l3));
}

static void P1_a_table_is_pinned_once(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_pin(w, t.l1, FRAME_L1), 0);
    assert_int_equal(world_pin(w, t.l1, FRAME_L1), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_P1);
    assert_int_equal(world_record(w, t.l1)->types, 1);
    assert_int_equal(world_unpin(w, t.l1), 0);
    assert_int_equal(world_pin(w, t.l1, FRAME_L1), 0);
}

static void P2_only_a_pinned_table_is_unpinned(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);

    assert_int_equal(world_unpin(w, t.l1), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_P2);
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_unpin(w, t.l1), -EINVAL);
    assert_int_equal(world_unpin(w, t.l4), 0);
    assert_int_equal(world_unpin(w, t.l4), -EINVAL);
}

static void B1_get_the_new_load_put_the_old(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w), u = world_tree(w);

    assert_int_equal(world_load(w, false, t.l4), 0);
    assert_int_equal(w->a_loaded[0].base, t.l4);
    assert_int_equal(base_load(&w->m, &w->a, 0, false, u.l4), STOP_LOAD);
    assert_int_equal(world_record(w, t.l4)->types, 1);  /* still in CR3 */
    assert_int_equal(world_record(w, u.l4)->types, 1);
    assert_int_equal(world_run(w, &w->a, STOP_LOAD), 0);
    assert_int_equal(world_record(w, t.l4)->types, 0);
    assert_int_equal(world_load(w, false, u.l4), 0);
    assert_int_equal(world_record(w, u.l4)->types, 1);
    assert_int_equal(world_load(w, true, u.l4), 0);
    assert_int_equal(world_record(w, u.l4)->types, 2);
    assert_int_equal(world_load(w, true, MFN_NONE), 0);
    assert_int_equal(world_record(w, u.l4)->types, 1);
    assert_int_equal(world_load(w, false, u.l1), -EINVAL);
    assert_int_equal(w->a_loaded[0].base, u.l4);
}

static void S1_descriptors_give_no_way_in(void **state)
{
    struct world *w = *state;
    uint64_t code = UINT64_C(0x00af9b000000ffff);
    uint64_t call_gate = UINT64_C(0x00008c0000080000);
    uint64_t interrupt_gate = UINT64_C(0x00008e0000080000);
    uint64_t tss = UINT64_C(0x0000890000000067);
    uint64_t absent = UINT64_C(0x00000c0000080000);
    mfn_t gdt = world_frame(w, &w->a);

    w->ram[gdt][1] = code;
    assert_int_equal(load_gdt(w, &gdt, 1), 0);
    assert_int_equal(w->ram[gdt][1], UINT64_C(0x00affb000000ffff));
    assert_int_equal(descriptor_update(&w->m, &w->a, gdt, 2, call_gate),
                     -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_S1);
    assert_int_equal(descriptor_update(&w->m, &w->a, gdt, 2, interrupt_gate),
                     -EINVAL);
    assert_int_equal(descriptor_update(&w->m, &w->a, gdt, 2, tss), -EINVAL);
    assert_int_equal(descriptor_update(&w->m, &w->a, gdt, 2, absent), 0);
    assert_int_equal(descriptor_update(&w->m, &w->a, gdt, 3, code), 0);
    assert_int_equal(w->ram[gdt][3], UINT64_C(0x00affb000000ffff));
}

static void S1_a_bad_table_is_refused_and_undone(void **state)
{
    struct world *w = *state;
    mfn_t gdt[3];
    uint32_t i, budget;

    for (i = 0; i < 3; i++)
        gdt[i] = world_frame(w, &w->a);
    w->ram[gdt[2]][511] = UINT64_C(0x0000890000000067);
    snapshot(w, &before);
    for (budget = 1; budget < 2000; budget += 37) {
        w->budget = budget;
        assert_int_equal(load_gdt(w, gdt, 3), -EINVAL);
        snapshot(w, &after);
        assert_memory_equal(&before, &after, sizeof(before));
    }
    w->ram[gdt[2]][511] = 0;
    assert_int_equal(load_gdt(w, gdt, 3), 0);
    assert_int_equal(w->a_loaded[0].gdt_count, 3);
    w->budget = 1;
    assert_int_equal(load_gdt(w, gdt, 1), 0);
    assert_int_equal(world_record(w, gdt[1])->types, 0);
    assert_int_equal(load_gdt(w, gdt, 0), 0);
    assert_int_equal(world_record(w, gdt[0])->refs, 0);
}

static void S2_a_table_fits_its_frames(void **state)
{
    struct world *w = *state;
    mfn_t gdt[LDT_FRAMES + 1] = {0};

    assert_int_equal(load_gdt(w, gdt, GDT_FRAMES + 1), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_S2);
    assert_int_equal(load_gdt(w, gdt, UINT32_MAX), -EINVAL);
}

static void A1_a_domain_stays_within_its_allocation(void **state)
{
    struct world *w = *state;
    mfn_t mfn, first = world_frame(w, &w->a);
    uint32_t i;

    w->a.limit = 3;
    world_frame(w, &w->a);
    world_frame(w, &w->a);
    assert_int_equal(frame_alloc(&w->m, &w->a, &mfn), -ENOMEM);
    assert_int_equal(w->a.refusal.rule, RULE_A1);
    assert_int_equal(frame_give_back(&w->m, &w->a, first), 0);
    assert_int_equal(frame_alloc(&w->m, &w->a, &mfn), 0);
    assert_int_equal(mfn, first);
    w->a.limit = WORLD_FRAMES;
    for (i = 3; i < 2 * EXTENT_FRAMES; i++)
        world_frame(w, &w->a);
    assert_int_equal(frame_alloc(&w->m, &w->a, &mfn), -ENOMEM);
    world_audit(w);
}

static void A2_only_its_own_is_given_back(void **state)
{
    struct world *w = *state;
    mfn_t page = world_frame(w, &w->a), theirs = world_frame(w, &w->b);

    assert_int_equal(frame_give_back(&w->m, &w->a, theirs), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_A2);
    assert_int_equal(frame_give_back(&w->m, &w->a, WORLD_FRAMES), -EINVAL);
    assert_int_equal(frame_give_back(&w->m, &w->a, page), 0);
    assert_int_equal(frame_give_back(&w->m, &w->a, page), -EINVAL);
}

/* XSA-252: the frame leaves the allocation, its pin does not go. */
static void A2_a_pin_outlives_the_allocation(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t mfn;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(frame_give_back(&w->m, &w->a, t.l4), 0);
    assert_int_equal(world_record(w, t.l4)->pinned, 1);
    assert_int_equal(world_record(w, t.l4)->types, 1);
    assert_int_equal(frame_alloc(&w->m, &w->a, &mfn), 0);
    assert_int_not_equal(mfn, t.l4);
    assert_int_equal(world_unpin(w, t.l4), 0);
    assert_int_equal(world_record(w, t.l4)->refs, 0);
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_G1);
}

static void A3_an_extent_has_one_owner(void **state)
{
    struct world *w = *state;

    assert_int_equal(extent_assign(&w->m, &w->b), 6);
    assert_int_equal(extent_assign(&w->m, &w->a), 7);
    assert_int_equal(extent_assign(&w->m, &w->a), EXTENT_NONE);
    assert_int_equal(extent_reserve(&w->m), EXTENT_NONE);
    assert_null(frame_of(&w->m, &w->a, 6 * EXTENT_FRAMES));
    assert_non_null(frame_of(&w->m, &w->b, 6 * EXTENT_FRAMES));
    world_audit(w);
}

static void H1_what_the_kernel_shares_stays_shared(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t shared = world_frame(w, &w->a);

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_run(w, &w->a, frame_hold(&w->m, &w->a, shared)), 0);
    assert_int_equal(world_update(w, t.l1, 1, entry_rw(shared)), 0);
    assert_int_equal(world_update(w, t.l1, 1, 0), 0);
    assert_int_equal(world_pin(w, shared, FRAME_L1), -EINVAL);
    assert_int_equal(frame_give_back(&w->m, &w->a, shared), -EINVAL);
    assert_int_equal(w->a.refusal.rule, RULE_H1);
    assert_int_equal(world_run(w, &w->a, frame_hold(&w->m, &w->a, t.l1)),
                     -EINVAL);
    while (w->a.held_count < HELD_FRAMES)
        assert_int_equal(frame_hold(&w->m, &w->a, shared), 0);
    assert_int_equal(frame_hold(&w->m, &w->a, shared), -ENOSPC);
}

static void R1_memory_is_flushed_and_scrubbed_before_reuse(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t gdt = world_frame(w, &w->a), shared = world_frame(w, &w->a);
    uint32_t free_before = w->m.free_count, i;

    assert_int_equal(world_load(w, false, t.l4), 0);
    assert_int_equal(world_load(w, true, t.l4), 0);
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_pin(w, t.l2, FRAME_L2), 0);
    assert_int_equal(load_gdt(w, &gdt, 1), 0);
    assert_int_equal(world_run(w, &w->a, frame_hold(&w->m, &w->a, shared)), 0);
    w->ram[t.page[1]][5] = 42;
    w->budget = 7;
    w->flushes = 0;
    assert_int_equal(destroy(w, &w->a), 0);
    assert_true(w->flushes >= 1);
    assert_true(w->stops > 100);
    assert_int_equal(w->m.free_count, free_before + 2);
    assert_int_equal(w->a.allocated, 0);
    assert_int_equal(w->a.extent_count, 0);
    for (i = 0; i < 2 * EXTENT_FRAMES; i++) {
        static const uint64_t zeros[TABLE_ENTRIES];

        assert_memory_equal(w->ram[2 * EXTENT_FRAMES + i], zeros,
                            sizeof(zeros));
    }
    assert_null(frame_of(&w->m, &w->a, t.l4));
}

static void R1_memory_with_references_is_never_reused(void **state)
{
    struct world *w = *state;
    mfn_t page = world_frame(w, &w->a);
    uint32_t free_before = w->m.free_count;

    world_record(w, page)->refs = 1;        /* a promise broken by us */
    w->a.budget = 1000000;
    assert_int_equal(owner_destroy(&w->m, &w->a), STOP_FLUSH);
    flush_done(&w->m, flush_begin(&w->m));
    assert_int_equal(op_resume(&w->m, &w->a), -EBUSY);
    assert_int_equal(w->m.free_count, free_before + 1);
    assert_int_equal(superpage_of(&w->m, page)->owner, w->a.id);
}

static void I1_a_record_fits_together(void **state)
{
    struct frame good = {.types = 1,
                         .refs = 1,
                         .type = FRAME_L1,
                         .state = FRAME_SETTLED,
                         .pinned = 1,
                         .allocated = 1};
    struct frame bad;

    (void)state;
    assert_true(frame_ok(&good));
    bad = good, bad.types = 2;
    assert_false(frame_ok(&bad));
    bad = good, bad.type = FRAME_WRITABLE;
    assert_false(frame_ok(&bad));
    bad = good, bad.type = FRAME_NONE, bad.pinned = 0;
    assert_false(frame_ok(&bad));
    bad = good, bad.type = FRAME_TYPES;
    assert_false(frame_ok(&bad));
    bad = good, bad.types = 0;
    assert_false(frame_ok(&bad));
    bad = good, bad.types = 2, bad.refs = 2, bad.state = FRAME_UNSETTLED;
    assert_false(frame_ok(&bad));
    bad = good, bad.state = 7;
    assert_false(frame_ok(&bad));
    bad = good, bad.pinned = 2;
    assert_false(frame_ok(&bad));
}

/* The audit must see a count that is off by one, wherever it is. */
static void I2_the_audit_finds_a_wrong_count(void **state)
{
    struct world *w = *state;
    struct tree t = world_tree(w);
    mfn_t all[] = {t.l4, t.l3, t.l2, t.l1, t.page[0]};
    struct audit_report report;
    uint32_t i;

    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    for (i = 0; i < 5; i++) {
        struct frame *f = world_record(w, all[i]), was = *f;

        f->refs++;
        assert_false(audit(&w->m, &w->a, &report));
        assert_int_equal(report.mfn, all[i]);
        assert_int_equal(report.refs, 1);
        *f = was;
        f->types++, f->refs++;
        assert_false(audit(&w->m, &w->a, &report));
        *f = was;
        f->types--;
        assert_false(audit(&w->m, &w->a, &report));
        *f = was;
    }
    w->ram[t.l1][9] = entry_rw(t.l1);
    assert_false(audit(&w->m, &w->a, &report));
    w->ram[t.l1][9] = entry_ro(world_frame(w, &w->b));
    assert_false(audit(&w->m, &w->a, &report));
    w->ram[t.l1][9] = 0;
    w->superpages[2].allocated++;
    assert_false(audit(&w->m, &w->a, &report));
    w->superpages[2].allocated--;
    assert_true(audit(&w->m, &w->a, &report));
    world_audit(w);
}

#define RULE_TEST(name) \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE_TEST(G1_only_allocated_frames_gain_references),
        RULE_TEST(G2_a_reference_count_never_wraps),
        RULE_TEST(G3_only_the_owner_refers_to_its_frames),
        RULE_TEST(G4_a_number_beyond_memory_names_nothing),
        RULE_TEST(T1_the_first_user_chooses_the_type),
        RULE_TEST(T2_one_use_at_a_time),
        RULE_TEST(T3_a_type_count_never_wraps),
        RULE_TEST(T4_trust_ends_at_zero),
        RULE_TEST(E1_reserved_and_cache_bits),
        RULE_TEST(E1_address_bits_that_the_cpu_has_not),
        RULE_TEST(E2_no_superpages),
        RULE_TEST(E3_not_present_entries_name_no_memory),
        RULE_TEST(E4_the_kernels_slots),
        RULE_TEST(V1_publish_flush_use),
        RULE_TEST(V1_the_frame_is_not_read_before_the_flush),
        RULE_TEST(V1_the_clock_may_wrap),
        RULE_TEST(V2_every_entry_is_checked),
        RULE_TEST(V2_user_is_forced_on),
        RULE_TEST(V3_a_refusal_undoes_everything_at_any_budget),
        RULE_TEST(V3_validation_resumes_where_it_stopped),
        RULE_TEST(V3_a_dying_domain_undoes_what_is_not_live),
        RULE_TEST(V4_a_table_is_dropped_with_its_last_use),
        RULE_TEST(U1_a_table_is_changed_as_a_table),
        RULE_TEST(U1_plain_memory_that_was_a_table_is_flushed_first),
        RULE_TEST(U2_a_walk_meets_tables),
        RULE_TEST(U3_the_same_frame_moves_no_count),
        RULE_TEST(U3_an_update_builds_and_drops_tables),
        RULE_TEST(P1_a_table_is_pinned_once),
        RULE_TEST(P2_only_a_pinned_table_is_unpinned),
        RULE_TEST(B1_get_the_new_load_put_the_old),
        RULE_TEST(S1_descriptors_give_no_way_in),
        RULE_TEST(S1_a_bad_table_is_refused_and_undone),
        RULE_TEST(S2_a_table_fits_its_frames),
        RULE_TEST(A1_a_domain_stays_within_its_allocation),
        RULE_TEST(A2_only_its_own_is_given_back),
        RULE_TEST(A2_a_pin_outlives_the_allocation),
        RULE_TEST(A3_an_extent_has_one_owner),
        RULE_TEST(H1_what_the_kernel_shares_stays_shared),
        RULE_TEST(R1_memory_is_flushed_and_scrubbed_before_reuse),
        RULE_TEST(R1_memory_with_references_is_never_reused),
        RULE_TEST(I1_a_record_fits_together),
        RULE_TEST(I2_the_audit_finds_a_wrong_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
