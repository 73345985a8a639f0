/*
 * The rules about superpages and gigabytes, under every design.
 */
#include "world.h"

#include <string.h>

/* typecount with ro=strict, as a number behind the designs. */
#define STRICT     DESIGNS
#define ANY_DESIGN (DESIGNS + 1)

/* Stops at which an operation over 512 frames is abandoned. */
#define STOPS      1100

static void design_set(struct world *w, unsigned int design)
{
    w->m.limits.strict = design == STRICT;
    w->m.limits.design = design == STRICT ? DESIGN_TYPECOUNT : (uint8_t)design;
}

static bool is_strict(const struct world *w)
{
    return w->m.limits.strict;
}

/* The rule by which a table and a writable superpage exclude each other. */
static enum rule exclusive(const struct world *w)
{
    return memory_tallies(&w->m) ? RULE_X2 : RULE_T2;
}

static bool has_marks(const struct world *w)
{
    return w->m.limits.design == DESIGN_TYPECOUNT ||
           w->m.limits.design == DESIGN_MARK;
}

/* See `a` destroyed: nothing is left, and all is free. */
static void end(struct world *w)
{
    uint32_t own = w->a.extent_count, free = w->m.free_count, i;

    w->a.budget = w->budget;
    assert_int_equal(world_run(w, &w->a, owner_destroy(&w->m, &w->a)), 0);
    assert_int_equal(w->m.free_count, free + own);
    for (i = 2; i < w->extents; i++) {
        assert_int_equal(w->superpages[i].tally.mappings, 0);
        assert_int_equal(w->superpages[i].tally.types, 0);
        assert_int_equal(w->superpages[i].tally.marked, 0);
    }
}

/* The same with every design that has superpages, in a world each. */
static void each_design(void (*body)(struct world *w))
{
    unsigned int design;

    for (design = 0; design < ANY_DESIGN; design++) {
        struct world *w;

        if (design == DESIGN_OFF)
            continue;
        w = world_new();
        design_set(w, design);
        body(w);
        world_audit(w);
        end(w);
        world_free(w);
    }
}

static void refused_by(struct world *w, int rc, enum rule rule)
{
    assert_int_equal(rc, -EINVAL);
    assert_string_equal(rule_name((enum rule)w->a.refusal.rule),
                        rule_name(rule));
}

/* ------------------------------------------------------------------ bits */

static void bits(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);

    refused_by(w, world_update(w, table, 0, entry_large_rw(s + 1)), RULE_E1);
    refused_by(w, world_update(w, table, 0, entry_large_rw(s) | ENTRY_G),
               RULE_E1);
    refused_by(w, world_update(w, table, 0, entry_large_rw(s) | 1 << 12),
               RULE_E1);
    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
}

static void E1_a_superpage_begins_where_one_begins(void **state)
{
    (void)state;
    each_design(bits);
}

/* Gigabytes: where nothing is walked, and on a CPU that has them. */
static void E2_what_boot_and_cpu_allow(void **state)
{
    unsigned int design;

    (void)state;
    for (design = 0; design < ANY_DESIGN; design++) {
        struct world *w = world_new();
        mfn_t s = world_superpage(w, &w->a), l2, l3;

        design_set(w, design);
        l2 = world_table(w, FRAME_L2);
        l3 = world_table(w, FRAME_L3);
        if (design == DESIGN_OFF) {
            refused_by(w, world_update(w, l2, 0, entry_large_ro(s)), RULE_E2);
            refused_by(w, world_update(w, l2, 0, entry_large_rw(s)), RULE_E2);
            assert_int_equal(world_mark(w, s), -EOPNOTSUPP);
        }
        refused_by(w, world_update(w, l3, 0, entry_large_ro(0)),
                   memory_tallies(&w->m) ? RULE_G4 : RULE_E2);
        w->m.limits.gigabytes = 0;
        refused_by(w, world_update(w, l3, 0, entry_large_ro(0)), RULE_E2);
        world_free(w);
    }
}

static void no_execution(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), page = world_frame(w, &w->a);
    mfn_t table = world_frame(w, &w->a);
    mfn_t l1 = world_table(w, FRAME_L1);

    w->m.limits.nx = 1;
    w->ram[table][3] = entry_large_rw(s);
    refused_by(w, world_pin(w, table, FRAME_L2), RULE_E5);
    assert_int_equal(w->a.refusal.slot, 3);
    w->ram[table][3] |= ENTRY_NX;
    assert_int_equal(world_pin(w, table, FRAME_L2), 0);
    refused_by(w, world_update(w, table, 3, entry_large_rw(s)), RULE_E5);
    refused_by(w, world_update(w, table, 4, entry_large_ro(s)), RULE_E5);
    assert_int_equal(world_update(w, table, 4, entry_large_ro(s) | ENTRY_NX),
                     0);
    assert_int_equal(world_update(w, l1, 0, entry_rw(page)), 0);
}

static void E5_superpages_are_not_executable(void **state)
{
    (void)state;
    each_design(no_execution);
}

/* ------------------------------------------------------------ all of it */

static void all_of_it(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    mfn_t theirs = world_superpage(w, &w->b);

    assert_int_equal(frame_give_back(&w->m, &w->a, s + 511), 0);
    refused_by(w, world_update(w, table, 0, entry_large_ro(s)), RULE_X1);
    refused_by(w, world_update(w, table, 0, entry_large_rw(s)), RULE_X1);
    assert_int_equal(w->a.refusal.level, 2);
    if (has_marks(w))
        refused_by(w, world_mark(w, s), RULE_X1);
    refused_by(w, world_update(w, table, 0, entry_large_ro(theirs)), RULE_G3);
    refused_by(w, world_update(w, table, 0, entry_large_ro(0)), RULE_G4);
    refused_by(w, world_update(w, table, 0, entry_large_ro(w->m.frames)),
               RULE_G4);
    w->a.hint = (uint32_t)(s / EXTENT_FRAMES);
    assert_int_equal(world_frame(w, &w->a), s + 511);
    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
}

static void X1_all_of_a_superpage_is_its_owners(void **state)
{
    (void)state;
    each_design(all_of_it);
}

static void X1_a_gigabyte_is_whole_or_not(void **state)
{
    struct world *w = world_new_of(WORLD_OF_GIGABYTES);
    struct gigabyte *g = &w->gigabytes[1];
    mfn_t table = world_table(w, FRAME_L3);
    mfn_t first = world_gigabyte(w, &w->a);
    mfn_t some = first + 100000;

    (void)state;
    assert_int_equal(g->owner, w->a.id);
    assert_int_equal(g->incomplete, 0);
    assert_int_equal(world_update(w, table, 1, entry_large_ro(first)), 0);
    assert_int_equal(g->tally.mappings, 1);
    assert_int_equal(g->tally.types, 0);
    assert_int_equal(frame_give_back(&w->m, &w->a, some), -EBUSY);
    assert_int_equal(w->a.refusal.rule, RULE_X4);
    assert_int_equal(w->a.refusal.gigabyte, 1);
    assert_int_equal(world_update(w, table, 1, 0), 0);
    assert_int_equal(frame_give_back(&w->m, &w->a, some), 0);
    assert_int_equal(frame_give_back(&w->m, &w->a, some + 1), 0);
    assert_int_equal(g->incomplete, 1);
    refused_by(w, world_update(w, table, 1, entry_large_ro(first)), RULE_X1);
    w->a.hint = (uint32_t)(some / EXTENT_FRAMES);
    world_frame(w, &w->a);
    assert_int_equal(g->incomplete, 1);
    world_frame(w, &w->a);
    assert_int_equal(g->incomplete, 0);
    assert_int_equal(world_update(w, table, 1, entry_large_rw(first)), 0);

    /* The end: the gigabyte is nobody's, and as free as it was. */
    w->budget = 100000000;
    end(w);
    assert_int_equal(g->owner, OWNER_NONE);
    assert_int_equal(g->free, GIGABYTE_EXTENTS);
    world_free(w);
}

/* ---------------------------------------------------- superpage or tables */

static void or_tables(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    mfn_t frame = s + 5, gdt[1] = {s + 6};
    struct descriptors d = {.frames = gdt, .count = 1};

    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
    refused_by(w, world_pin(w, frame, FRAME_L1), exclusive(w));
    refused_by(w, world_pin(w, frame, FRAME_L4), exclusive(w));
    refused_by(w, world_load(w, false, frame), exclusive(w));
    refused_by(w, world_update(w, table, 1, entry_rw(frame)), exclusive(w));
    refused_by(w, world_run(w, &w->a, descriptors_load(&w->m, &w->a, &d)),
               exclusive(w));
    assert_int_equal(world_update(w, table, 0, 0), 0);

    /* Two tables inside are two conflicts; a use more of one is none. */
    assert_int_equal(world_pin(w, frame, FRAME_L1), 0);
    assert_int_equal(world_update(w, table, 1, entry_rw(frame)), 0);
    assert_int_equal(world_pin(w, frame + 1, FRAME_L2), 0);
    assert_int_equal(world_tally(w, s)->types, memory_tallies(&w->m) ? 2 : 0);
    refused_by(w, world_update(w, table, 0, entry_large_rw(s)), exclusive(w));
    assert_int_equal(world_unpin(w, frame), 0);
    assert_int_equal(world_unpin(w, frame + 1), 0);
    refused_by(w, world_update(w, table, 0, entry_large_rw(s)), exclusive(w));
    assert_int_equal(world_update(w, table, 1, 0), 0);
    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
}

static void X2_a_superpage_or_tables_inside(void **state)
{
    (void)state;
    each_design(or_tables);
}

static void view_of_tables(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    struct tally *t = world_tally(w, s);

    assert_int_equal(world_pin(w, s + 5, FRAME_L2), 0);
    if (is_strict(w)) {
        refused_by(w, world_update(w, table, 0, entry_large_ro(s)), RULE_X2);
        assert_int_equal(t->mappings, 0);
        return;
    }
    assert_int_equal(world_update(w, table, 0, entry_large_ro(s)), 0);
    assert_int_equal(world_update(w, table, 1, entry_large_ro(s)), 0);
    assert_int_equal(t->mappings, 2);

    /* A table that shows itself, 2 MiB of it. */
    assert_int_equal(world_update(w, s + 5, 0, entry_large_ro(s)), 0);
    refused_by(w, world_update(w, s + 5, 0, entry_large_rw(s)), exclusive(w));
    refused_by(w, world_update(w, table, 1, entry_large_rw(s)), exclusive(w));
    assert_int_equal(t->mappings, 3);
    assert_int_equal(world_unpin(w, s + 5), 0);
    assert_int_equal(t->mappings, 2);
    assert_int_equal(world_update(w, table, 1, entry_large_rw(s)), 0);
    refused_by(w, world_pin(w, s + 5, FRAME_L2), exclusive(w));
    assert_int_equal(world_update(w, table, 1, entry_large_ro(s)), 0);
    assert_int_equal(world_pin(w, s + 6, FRAME_L1), 0);
}

static void X2_a_view_harms_no_table(void **state)
{
    (void)state;
    each_design(view_of_tables);
}

/* As plain memory the frames are anybody's who has them. */
static void plain_memory(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    mfn_t l1 = world_table(w, FRAME_L1);

    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
    assert_int_equal(world_update(w, l1, 0, entry_rw(s + 5)), 0);
    assert_int_equal(world_update(w, s + 5, 7, 0x77), 0);
    assert_int_equal(w->ram[s + 5][7], 0x77);
    assert_int_equal(world_run(w, &w->a, frame_clear(&w->m, &w->a, s + 5)), 0);
    assert_int_equal(world_run(w, &w->a, frame_hold(&w->m, &w->a, s + 6)), 0);
    assert_int_equal(world_update(w, table, 0, 0), 0);
    refused_by(w, world_pin(w, s + 5, FRAME_L1), RULE_T2);
    refused_by(w, world_pin(w, s + 6, FRAME_L1), RULE_T2);
    assert_int_equal(world_pin(w, s + 7, FRAME_L1), 0);
}

static void X2_plain_memory_is_no_conflict(void **state)
{
    (void)state;
    each_design(plain_memory);
}

static void X2_a_gigabyte_or_tables_inside(void **state)
{
    struct world *w = world_new_of(WORLD_OF_GIGABYTES);
    struct tally *g = &w->gigabytes[1].tally;
    mfn_t l3 = world_table(w, FRAME_L3), l2 = world_table(w, FRAME_L2);
    mfn_t first = world_gigabyte(w, &w->a);
    mfn_t some = first + 100000, whole = some & ~(mfn_t)511;

    (void)state;
    assert_int_equal(world_update(w, l3, 1, entry_large_rw(first)), 0);
    assert_int_equal(g->types, 1);
    refused_by(w, world_pin(w, some, FRAME_L1), RULE_X2);
    assert_int_equal(w->a.refusal.gigabyte, 1);
    assert_int_equal(w->a.refusal.tally, TALLY_SUPERPAGE);
    assert_int_equal(w->a.refusal.whole, 1);

    /* A superpage inside, too. */
    assert_int_equal(world_update(w, l2, 1, entry_large_rw(whole)), 0);
    refused_by(w, world_pin(w, some, FRAME_L1), RULE_X2);
    assert_int_equal(w->a.refusal.gigabyte, 0);
    assert_int_equal(world_update(w, l3, 1, 0), 0);
    refused_by(w, world_pin(w, some, FRAME_L1), RULE_X2);
    assert_int_equal(world_update(w, l2, 1, 0), 0);

    /* Three tables in two superpages are two conflicts of the gigabyte. */
    assert_int_equal(world_pin(w, some, FRAME_L1), 0);
    assert_int_equal(world_pin(w, some + 1, FRAME_L1), 0);
    assert_int_equal(world_pin(w, first, FRAME_L3), 0);
    assert_int_equal(g->type, TALLY_CONFLICT);
    assert_int_equal(g->types, 2);
    refused_by(w, world_update(w, l3, 1, entry_large_rw(first)), RULE_X2);
    assert_int_equal(w->a.refusal.gigabyte, 1);
    assert_int_equal(world_update(w, l3, 1, entry_large_ro(first)), 0);
    assert_int_equal(world_unpin(w, some), 0);
    assert_int_equal(g->types, 2);
    assert_int_equal(world_unpin(w, some + 1), 0);
    assert_int_equal(world_unpin(w, first), 0);
    assert_int_equal(g->types, 0);
    assert_int_equal(world_update(w, l3, 1, entry_large_rw(first)), 0);
    w->budget = 100000000;
    end(w);
    world_free(w);
}

/* ------------------------------------------------------------------ counts */

static void full(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    struct tally *t = world_tally(w, s);
    struct tally kept = *t;
    struct update u = {.mfn = table, .value = entry_large_rw(s)};

    *t = (struct tally){
        .mappings = UINT32_MAX, .types = 1, .type = TALLY_SUPERPAGE};
    w->a.budget = 1000;
    refused_by(w, update_word(&w->m, &w->a, &u), RULE_X3);
    t->mappings = UINT32_MAX - 1;
    t->types = UINT32_MAX - 1;
    refused_by(w, update_word(&w->m, &w->a, &u), RULE_X3);
    if (has_marks(w))
        refused_by(w, superpage_mark(&w->m, &w->a, s), RULE_X3);
    assert_int_equal(t->types, UINT32_MAX - 1);
    *t = kept;
}

static void X3_a_count_of_superpages_never_wraps(void **state)
{
    (void)state;
    each_design(full);
}

static void stays(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);

    assert_int_equal(world_update(w, table, 0, entry_large_ro(s)), 0);
    assert_int_equal(frame_give_back(&w->m, &w->a, s + 5), -EBUSY);
    assert_int_equal(w->a.refusal.rule, RULE_X4);
    assert_int_equal(w->a.refusal.whole, 1);
    assert_int_equal(w->a.refusal.gigabyte, 0);
    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
    assert_int_equal(frame_give_back(&w->m, &w->a, s), -EBUSY);
    assert_int_equal(world_update(w, table, 0, 0), 0);
    if (has_marks(w)) {
        assert_int_equal(world_mark(w, s), 0);
        assert_int_equal(frame_give_back(&w->m, &w->a, s), -EBUSY);
        assert_int_equal(w->a.refusal.rule, RULE_X4);
        assert_int_equal(w->a.refusal.whole, 0);
        assert_int_equal(world_unmark(w, s), 0);
    }
    assert_int_equal(frame_give_back(&w->m, &w->a, s + 5), 0);
}

static void X4_nothing_leaves_what_is_mapped_whole(void **state)
{
    (void)state;
    each_design(stays);
}

/* ------------------------------------------------------------------- marks */

static void marks(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    struct tally *t = world_tally(w, s);

    if (!has_marks(w)) {
        assert_int_equal(world_mark(w, s), -EOPNOTSUPP);
        assert_int_equal(world_unmark(w, s), -EOPNOTSUPP);
        return;
    }
    refused_by(w, world_unmark(w, s), RULE_M2);
    assert_int_equal(world_mark(w, s), 0);
    refused_by(w, world_mark(w, s), RULE_M1);
    assert_int_equal(t->marked, 1);
    assert_int_equal(t->types, 1);
    refused_by(w, world_pin(w, s + 5, FRAME_L1), exclusive(w));
    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
    assert_int_equal(world_update(w, table, 1, entry_large_ro(s)), 0);
    assert_int_equal(world_unmark(w, s), 0);
    refused_by(w, world_unmark(w, s), RULE_M2);
    assert_int_equal(t->mappings, 2);
    refused_by(w, world_pin(w, s + 5, FRAME_L1), exclusive(w));
    assert_int_equal(world_update(w, table, 0, 0), 0);
    assert_int_equal(world_update(w, table, 1, 0), 0);
    assert_int_equal(world_pin(w, s + 5, FRAME_L1), 0);
    refused_by(w, world_mark(w, s), exclusive(w));
    assert_int_equal(t->marked, 0);
}

static void M1_a_superpage_is_marked_once(void **state)
{
    (void)state;
    each_design(marks);
}

/* A mark over every set of mappings, and away again under every other. */
static void marks_over_mappings(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    unsigned int before, after;

    for (before = 0; has_marks(w) && before < 4; before++) {
        for (after = 0; after < 4; after++) {
            world_update(w, table, 0, before & 1 ? entry_large_rw(s) : 0);
            world_update(w, table, 1, before & 2 ? entry_large_ro(s) : 0);
            assert_int_equal(world_mark(w, s), 0);
            assert_int_equal(
                world_update(w, table, 0, after & 1 ? entry_large_rw(s) : 0),
                0);
            assert_int_equal(
                world_update(w, table, 1, after & 2 ? entry_large_ro(s) : 0),
                0);
            assert_int_equal(world_unmark(w, s), 0);
        }
    }
    assert_int_equal(world_update(w, table, 0, 0), 0);
    assert_int_equal(world_update(w, table, 1, 0), 0);
    assert_int_equal(world_record(w, s + 7)->refs, 0);
    assert_int_equal(world_pin(w, s + 7, FRAME_L1), 0);
}

static void M2_what_is_unmarked_is_counted_by_its_mappings(void **state)
{
    (void)state;
    each_design(marks_over_mappings);
}

static void whole_superpages(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), theirs = world_superpage(w, &w->b);

    if (!has_marks(w))
        return;
    refused_by(w, world_mark(w, s + 1), RULE_M3);
    refused_by(w, world_unmark(w, s + 511), RULE_M3);
    refused_by(w, world_mark(w, MFN_NONE), RULE_M3);
    refused_by(w, world_mark(w, theirs), RULE_G3);
    refused_by(w, world_unmark(w, theirs), RULE_G3);
    refused_by(w, world_mark(w, w->m.frames), RULE_G4);
    refused_by(w, world_unmark(w, ~(mfn_t)511), RULE_G4);
}

static void M3_a_mark_names_a_whole_superpage(void **state)
{
    (void)state;
    each_design(whole_superpages);
}

/* ------------------------------------------------------------------ flushes */

static void V1_a_table_in_what_was_mapped_waits_for_a_flush(void **state)
{
    struct world *w = *state;
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    mfn_t frame = s + 5;

    /* The frame was a table and stays one by type: its own stamp is flushed. */
    assert_int_equal(world_pin(w, frame, FRAME_L1), 0);
    assert_int_equal(world_unpin(w, frame), 0);
    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
    assert_int_equal(w->flushes, 1); /* CPUs walk from what was a table */
    assert_int_equal(world_update(w, table, 0, 0), 0);
    assert_int_equal(world_tally(w, s)->stamp, w->m.clock);
    w->a.budget = 1000;
    assert_int_equal(table_pin(&w->m, &w->a, frame, FRAME_L1), STOP_FLUSH);
    assert_int_equal(world_tally(w, s)->state, FRAME_UNSETTLED);
    assert_int_equal(world_tally(w, s)->type, TALLY_CONFLICT);
    assert_int_equal(world_run(w, &w->a, STOP_FLUSH), 0);
    assert_int_equal(w->flushes, 2);
    assert_int_equal(world_tally(w, s)->state, FRAME_SETTLED);

    /* The second frame finds it done. */
    assert_int_equal(world_pin(w, frame + 1, FRAME_L1), 0);
    assert_int_equal(w->flushes, 2);
}

/* Nobody waits for what every CPU has done since. */
static void V1_a_flush_that_was_is_enough(void **state)
{
    struct world *w = *state;
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);

    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
    assert_int_equal(world_update(w, table, 0, 0), 0);
    flush_done(&w->m, flush_begin(&w->m));
    assert_int_equal(world_pin(w, s + 5, FRAME_L1), 0);
    assert_int_equal(world_unpin(w, s + 5), 0);
    flush_done(&w->m, flush_begin(&w->m));
    assert_int_equal(world_mark(w, s), 0);
    assert_int_equal(w->flushes, 0);
    assert_int_equal(world_unmark(w, s), 0);
    assert_int_equal(world_pin(w, s + 5, FRAME_L1), 0);
    assert_int_equal(world_unpin(w, s + 5), 0);
    assert_int_equal(w->flushes, 1);
    assert_int_equal(world_mark(w, s), 0);
    assert_int_equal(w->flushes, 2);
}

/* A frame and its superpage both wait: for the later of their stamps. */
static void V1_the_later_of_two_stamps(void **state)
{
    struct world *w = *state;
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    mfn_t l1 = world_table(w, FRAME_L1);
    unsigned int later;

    for (later = 0; later < 2; later++) {
        unsigned int i;

        for (i = 0; i < 2; i++) {
            mfn_t where = i == later ? table : l1;

            assert_int_equal(
                world_update(w, where, 0,
                             i == later ? entry_large_rw(s) : entry_rw(s + 5)),
                0);
            assert_int_equal(world_update(w, where, 0, 0), 0);
            flush_begin(&w->m);
        }
        w->a.budget = 1000;
        assert_int_equal(table_pin(&w->m, &w->a, s + 5, FRAME_L1), STOP_FLUSH);
        assert_int_equal(w->a.op.stamp, w->m.clock - 1);
        assert_int_equal(world_run(w, &w->a, STOP_FLUSH), 0);
        assert_int_equal(world_unpin(w, s + 5), 0);
    }
}

static void V1_gigabytes_wait_as_well(void **state)
{
    struct world *w = world_new_of(WORLD_OF_GIGABYTES);
    mfn_t table = world_table(w, FRAME_L3), first = world_gigabyte(w, &w->a);

    (void)state;
    assert_int_equal(world_update(w, table, 1, entry_large_rw(first)), 0);
    assert_int_equal(world_update(w, table, 1, 0), 0);
    assert_int_equal(world_pin(w, first + 100000, FRAME_L1), 0);
    assert_int_equal(w->flushes, 1);
    assert_int_equal(world_unpin(w, first + 100000), 0);
    assert_int_equal(world_update(w, table, 1, entry_large_rw(first)), 0);
    assert_int_equal(w->flushes, 2);
    world_free(w);
}

/* A gigabyte becomes whole around superpages that had tables a moment ago, or
 * have some. */
static void V1_a_gigabyte_inherits_what_CPUs_know(void **state)
{
    struct world *w = world_new_of(WORLD_OF_GIGABYTES);
    mfn_t table = world_table(w, FRAME_L3);
    mfn_t first = (mfn_t)GIGABYTE_EXTENTS * EXTENT_FRAMES, last = MFN_NONE;
    uint32_t extent, i;

    (void)state;
    w->a.limit = w->m.frames;
    w->b.limit = w->m.frames;
    do {                            /* all before it are another's */
        extent = extent_assign(&w->m, &w->b);
    } while (extent < GIGABYTE_EXTENTS - 1);
    for (i = 0; i < GIGABYTE_EXTENTS - 1; i++) {
        last = world_superpage(w, &w->a);
        if (i < 2)
            assert_int_equal(world_pin(w, last + 7, FRAME_L1), 0);
    }
    assert_int_equal(world_unpin(w, first + 7), 0);
    assert_int_equal(w->gigabytes[1].owner, OWNER_NONE);
    assert_int_equal(world_superpage(w, &w->a), last + EXTENT_FRAMES);
    assert_int_equal(w->gigabytes[1].owner, w->a.id);
    assert_int_equal(w->gigabytes[1].tally.types, 1);
    world_audit(w);
    refused_by(w, world_update(w, table, 1, entry_large_rw(first)), RULE_X2);
    assert_int_equal(world_unpin(w, first + EXTENT_FRAMES + 7), 0);
    assert_int_equal(world_update(w, table, 1, entry_large_rw(first)), 0);
    assert_int_equal(w->flushes, 1);
    world_free(w);

    /* All of them are out of use when it becomes whole. */
    w = world_new_of(WORLD_OF_GIGABYTES);
    table = world_table(w, FRAME_L3);
    w->a.limit = w->m.frames;
    w->b.limit = w->m.frames;
    do {
        extent = extent_assign(&w->m, &w->b);
    } while (extent < GIGABYTE_EXTENTS - 1);
    for (i = 0; i < GIGABYTE_EXTENTS - 1; i++)
        world_superpage(w, &w->a);
    assert_int_equal(world_pin(w, first + 7, FRAME_L1), 0);
    assert_int_equal(world_unpin(w, first + 7), 0);
    world_superpage(w, &w->a);
    assert_int_equal(world_update(w, table, 1, entry_large_rw(first)), 0);
    assert_int_equal(w->flushes, 1);
    world_free(w);
}

/* A gigabyte of which parts are somebody else's is nobody's. */
static void A3_a_gigabyte_has_one_owner(void **state)
{
    struct world *w = world_new_of(WORLD_OF_GIGABYTES);
    mfn_t table = world_table(w, FRAME_L3);
    mfn_t first = (mfn_t)GIGABYTE_EXTENTS * EXTENT_FRAMES;
    uint32_t extent = 0, i;

    (void)state;
    w->a.limit = w->m.frames;
    w->b.limit = w->m.frames;
    for (; extent < GIGABYTE_EXTENTS - 1;)
        extent = extent_assign(&w->m, &w->b);
    for (i = 0; i < GIGABYTE_EXTENTS - 1; i++)
        world_superpage(w, &w->a);
    world_superpage(w, &w->b);
    assert_int_equal(w->gigabytes[1].given, GIGABYTE_EXTENTS);
    assert_int_equal(w->gigabytes[1].owner, OWNER_NONE);
    refused_by(w, world_update(w, table, 1, entry_large_ro(first)), RULE_X1);
    world_free(w);
}

/* -------------------------------------------------------- stops and undos */

/* Everything that "unchanged on failure" promises. */
struct snapshot {
    uint32_t types[WORLD_FRAMES];
    uint32_t refs[WORLD_FRAMES];
    uint32_t mappings[WORLD_EXTENTS];
    uint32_t tallies[WORLD_EXTENTS];
    uint8_t marked[WORLD_EXTENTS];
};

static struct snapshot before, after;

static void snapshot(const struct world *w, struct snapshot *s)
{
    uint32_t i;

    for (i = 0; i < WORLD_FRAMES; i++) {
        s->types[i] = w->frames[i].types;
        s->refs[i] = w->frames[i].refs;
    }
    for (i = 0; i < WORLD_EXTENTS; i++) {
        s->mappings[i] = w->superpages[i].tally.mappings;
        s->tallies[i] = w->superpages[i].tally.types;
        s->marked[i] = w->superpages[i].tally.marked;
    }
}

static void unchanged(const struct world *w)
{
    snapshot(w, &after);
    assert_memory_equal(&before, &after, sizeof(before));
}

/* Whatever the budget, the answers are the same, and so is what is left. */
static void every_budget(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    uint32_t budget;

    snapshot(w, &before);
    for (budget = 1; budget < 520; budget += budget < 40 ? 1 : 13) {
        w->budget = budget;
        assert_int_equal(world_update(w, table, 0, entry_large_ro(s)), 0);
        assert_int_equal(world_update(w, table, 1, entry_large_rw(s)), 0);
        assert_int_equal(world_update(w, table, 2, entry_large_rw(s)), 0);
        refused_by(w, world_pin(w, s + 511, FRAME_L1), exclusive(w));
        if (has_marks(w))
            assert_int_equal(world_mark(w, s), 0);
        assert_int_equal(world_update(w, table, 1, 0), 0);
        if (has_marks(w))
            assert_int_equal(world_unmark(w, s), 0);
        assert_int_equal(world_update(w, table, 2, entry_large_ro(s)), 0);
        assert_int_equal(world_update(w, table, 0, 0), 0);
        assert_int_equal(world_update(w, table, 2, 0), 0);
        unchanged(w);
    }
    w->budget = 100000;
}

static void V3_superpages_with_every_budget(void **state)
{
    (void)state;
    each_design(every_budget);
}

/* A frame refuses: those before it are given back. */
static void at_every_frame(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    mfn_t whole = world_frame(w, &w->a), k;

    for (k = 0; k < EXTENT_FRAMES; k++) {
        assert_int_equal(world_pin(w, s + k, FRAME_L1), 0);
        snapshot(w, &before);
        w->budget = 1 + (uint32_t)k % 100 * 3;
        refused_by(w, world_update(w, table, 7, entry_large_rw(s)),
                   exclusive(w));
        assert_int_equal(w->a.refusal.level, 2);
        assert_int_equal(w->a.refusal.table, table);
        assert_int_equal(w->a.refusal.slot, 7);
        assert_true(w->a.refusal.word == entry_large_rw(s));
        unchanged(w);
        if (has_marks(w))
            refused_by(w, world_mark(w, s), exclusive(w));
        unchanged(w);

        /* And in the middle of a table. */
        w->ram[whole][9] = entry_large_rw(s);
        w->ram[whole][3] = is_strict(w) ? 0 : entry_large_ro(s);
        refused_by(w, world_pin(w, whole, FRAME_L2), exclusive(w));
        assert_int_equal(w->a.refusal.table, whole);
        assert_int_equal(w->a.refusal.slot, 9);
        unchanged(w);
        w->budget = 100000;
        assert_int_equal(world_unpin(w, s + k), 0);
    }
    assert_int_equal(world_pin(w, whole, FRAME_L2), 0);
}

static void V3_a_refusal_at_any_frame_is_undone(void **state)
{
    (void)state;
    each_design(at_every_frame);
}

/* Go on for so many stops, then let the domain die. */
static int abandoned(struct world *w, int rc, uint32_t stops)
{
    while (rc > 0 && stops > 0) {
        if (rc == STOP_FLUSH)
            flush_done(&w->m, flush_begin(&w->m));
        w->a.budget = 1;
        rc = op_resume(&w->m, &w->a);
        stops--;
    }
    if (rc <= 0)
        return rc;
    op_abandon(&w->a);
    return world_run(w, &w->a, rc);
}

static void at_every_stop(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    struct update map = {.mfn = table, .value = entry_large_rw(s)};
    struct update unmap = {.mfn = table};
    uint32_t stops;
    int rc;

    for (stops = 0; stops < STOPS; stops++) {
        /* The frame, and the tally, were a table's: they wait for a flush. */
        assert_int_equal(world_pin(w, s + 300, FRAME_L1), 0);
        assert_int_equal(world_unpin(w, s + 300), 0);
        snapshot(w, &before);
        w->a.budget = 1;
        w->budget = 100;
        rc = abandoned(w, update_word(&w->m, &w->a, &map), stops);
        assert_true(rc == 0 || rc == -EINVAL);
        if (rc != 0) {
            unchanged(w);
            continue;
        }
        w->a.budget = 1;
        rc = abandoned(w, update_word(&w->m, &w->a, &unmap), stops);
        assert_int_equal(rc, 0);    /* what is released stays so */
        unchanged(w);
    }
    w->budget = 100000;
}

static void V3_an_abandoned_map_holds_nothing(void **state)
{
    (void)state;
    each_design(at_every_stop);
}

static void marks_at_every_stop(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    uint32_t stops;
    int rc;

    if (!has_marks(w))
        return;
    for (stops = 0; stops < STOPS; stops++) {
        assert_int_equal(world_pin(w, s + 300, FRAME_L1), 0);
        assert_int_equal(world_unpin(w, s + 300), 0);
        if (!is_strict(w))
            assert_int_equal(world_update(w, table, 0, entry_large_ro(s)), 0);
        snapshot(w, &before);
        w->a.budget = 1;
        rc = abandoned(w, superpage_mark(&w->m, &w->a, s), stops);
        if (rc != 0) {
            unchanged(w);
            assert_int_equal(world_update(w, table, 0, 0), 0);
            continue;
        }
        assert_int_equal(world_update(w, table, 1, entry_large_rw(s)), 0);
        snapshot(w, &before);
        w->a.budget = 1;
        rc = abandoned(w, superpage_unmark(&w->m, &w->a, s), stops);
        if (rc != 0) {
            unchanged(w);
            assert_int_equal(world_unmark(w, s), 0);
        }
        assert_int_equal(world_update(w, table, 0, 0), 0);
        assert_int_equal(world_update(w, table, 1, 0), 0);
        assert_int_equal(world_record(w, s)->refs, 0);
    }
}

static void V3_an_abandoned_mark_is_none(void **state)
{
    (void)state;
    each_design(marks_at_every_stop);
}

/* Tables of superpages, four levels deep, dropped in steps. */
static void dropped(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a);
    struct tree t = world_tree(w);

    w->ram[t.l2][1] = entry_large_rw(s);
    w->ram[t.l2][2] = entry_large_ro(s);
    w->ram[t.l2][511] = entry_large_rw(s);
    snapshot(w, &before);
    w->budget = 3;
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(world_tally(w, s)->mappings, 3);
    assert_int_equal(world_unpin(w, t.l4), 0);
    unchanged(w);
    w->budget = 100000;
}

static void V4_superpages_go_with_their_table(void **state)
{
    (void)state;
    each_design(dropped);
}

/* From one entry to another: the new is taken, then the old goes. */
static void changes(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    mfn_t l1 = world_frame(w, &w->a), other = world_superpage(w, &w->a);
    uint64_t words[] = {0, entry_large_rw(s), entry_large_ro(s), entry_rw(l1),
                        entry_large_rw(other)};
    unsigned int i, j;

    snapshot(w, &before);
    for (i = 0; i < 5; i++) {
        for (j = 0; j < 5; j++) {
            assert_int_equal(world_update(w, table, 0, words[i]), 0);
            assert_int_equal(
                world_update(w, table, 0, words[j] | (words[j] ? ENTRY_A : 0)),
                0);
            assert_int_equal(world_tally(w, s)->mappings, j == 1 || j == 2);
            assert_int_equal(world_record(w, l1)->types, j == 3);
        }
    }
    assert_int_equal(world_update(w, table, 0, 0), 0);
    unchanged(w);
}

static void U3_from_superpage_to_table_and_back(void **state)
{
    (void)state;
    each_design(changes);
}

static void walked(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a);
    struct tree t = world_tree(w);

    w->ram[t.l2][1] = entry_large_rw(s);
    assert_int_equal(world_pin(w, t.l4, FRAME_L4), 0);
    assert_int_equal(update_walk(&w->m, &w->a, t.l4, 0), t.l1);
    assert_true(update_walk(&w->m, &w->a, t.l4, 0x200000) == MFN_NONE);
    assert_int_equal(w->a.refusal.rule, RULE_U2);
    assert_int_equal(w->a.refusal.level, 2);
}

static void U2_a_walk_ends_at_a_superpage(void **state)
{
    (void)state;
    each_design(walked);
}

/* ------------------------------------------------------------------ the end */

static void mapped_and_marked(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    mfn_t other = world_superpage(w, &w->a);

    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
    assert_int_equal(world_update(w, table, 1, entry_large_ro(s)), 0);
    if (has_marks(w)) {
        assert_int_equal(world_mark(w, s), 0);
        assert_int_equal(world_mark(w, other), 0);
    }
    w->budget = 50;
}

static void R1_mapped_and_marked_to_the_end(void **state)
{
    (void)state;
    each_design(mapped_and_marked);
}

/* A superpage whose tally is broken goes to nobody. */
static void R1_a_broken_tally_is_never_reused(void **state)
{
    struct world *w = *state;
    mfn_t s = world_superpage(w, &w->a), other = world_superpage(w, &w->a);
    uint32_t free = w->m.free_count;

    world_tally(w, s)->mappings = 1;
    world_tally(w, other)->types = 1;
    world_tally(w, other)->type = TALLY_SUPERPAGE;
    w->a.budget = 10000000;
    assert_int_equal(owner_destroy(&w->m, &w->a), STOP_FLUSH);
    flush_done(&w->m, flush_begin(&w->m));
    w->a.budget = 10000000;
    assert_int_equal(op_resume(&w->m, &w->a), -EBUSY);
    assert_int_equal(w->m.free_count, free + 2);
    assert_int_equal(w->superpages[s / EXTENT_FRAMES].owner, w->a.id);
    assert_int_equal(w->superpages[other / EXTENT_FRAMES].owner, w->a.id);
}

static void R1_a_broken_gigabyte_is_never_reused(void **state)
{
    uint32_t broken;

    (void)state;
    for (broken = 0; broken < 3; broken++) {
        struct world *w = world_new_of(WORLD_OF_GIGABYTES);
        uint32_t free = w->m.free_count;
        struct tally *t;

        w->a.limit = w->m.frames;
        t = &gigabyte_of(&w->m, world_gigabyte(w, &w->a))->tally;
        t->mappings = broken == 0;
        t->types = broken != 0;
        t->type = broken == 1 ? TALLY_SUPERPAGE : TALLY_CONFLICT;
        w->a.budget = UINT32_MAX;
        assert_int_equal(owner_destroy(&w->m, &w->a), STOP_FLUSH);
        flush_done(&w->m, flush_begin(&w->m));
        w->a.budget = UINT32_MAX;
        assert_int_equal(op_resume(&w->m, &w->a), -EBUSY);
        assert_int_equal(w->gigabytes[1].owner, w->a.id);
        assert_int_equal(w->m.free_count, free - GIGABYTE_EXTENTS + 2);
        world_free(w);
    }
}

/* ---------------------------------------------------------- whole extents */

static void A1_a_superpage_is_allocated_at_once(void **state)
{
    struct world *w = *state;
    struct owner *a = &w->a;
    uint64_t limit;
    mfn_t mfn, own;

    while (extent_alloc(&w->m, a, &mfn) == 0)   /* extents 2 and 3 */
        assert_int_equal(mfn % EXTENT_FRAMES, 0);
    assert_int_equal(a->allocated, 2 * EXTENT_FRAMES);
    assert_int_equal(extent_alloc(&w->m, a, &mfn), -ENOMEM);
    own = 2 * EXTENT_FRAMES;
    assert_int_equal(extent_fill(&w->m, a, 2, 1), -EBUSY);
    for (mfn = own; mfn < own + EXTENT_FRAMES; mfn++)
        assert_int_equal(frame_give_back(&w->m, a, mfn), 0);
    limit = a->limit;
    a->limit = EXTENT_FRAMES + 511;
    assert_int_equal(extent_alloc(&w->m, a, &mfn), -ENOMEM);
    assert_int_equal(a->refusal.rule, RULE_A1);
    a->limit = 3;
    assert_int_equal(extent_fill(&w->m, a, 2, EXTENT_FRAMES), -ENOMEM);
    a->limit = limit;
    assert_int_equal(extent_fill(&w->m, a, 2, 7), 0);
    assert_int_equal(w->superpages[2].allocated, 7);
    world_audit(w);
    for (mfn = own; mfn < own + 7; mfn++)
        assert_int_equal(frame_give_back(&w->m, a, mfn), 0);
    assert_int_equal(extent_alloc(&w->m, a, &mfn), 0);
    assert_int_equal(mfn, own);
    world_audit(w);
}

/* A frame that was given back but is still referred to keeps its extent. */
static void A2_what_is_referred_to_is_not_free(void **state)
{
    struct world *w = *state;
    mfn_t mfn, first, table = world_table(w, FRAME_L1);

    assert_int_equal(extent_alloc(&w->m, &w->a, &first), 0);
    assert_int_equal(world_update(w, table, 0, entry_ro(first + 9)), 0);
    for (mfn = first; mfn < first + EXTENT_FRAMES; mfn++)
        assert_int_equal(frame_give_back(&w->m, &w->a, mfn), 0);
    assert_int_equal(extent_alloc(&w->m, &w->a, &mfn), -ENOMEM);
    assert_int_equal(
        extent_fill(&w->m, &w->a, (uint32_t)(first / EXTENT_FRAMES), 1),
        -EBUSY);
    assert_int_equal(world_update(w, table, 0, 0), 0);
    assert_int_equal(extent_alloc(&w->m, &w->a, &mfn), 0);
    assert_int_equal(mfn, first);
}

/* --------------------------------------------------------------- invariants */

static void I3_tallies_that_do_not_fit(void **state)
{
    static const struct tally good[] = {
        {0},
        {.mappings = 7},
        {.mappings = 7, .type = TALLY_CONFLICT},
        {.types = 2, .type = TALLY_CONFLICT, .state = FRAME_SETTLED},
        {.types = 1, .type = TALLY_CONFLICT},
        {.types = 1,
         .type = TALLY_SUPERPAGE,
         .marked = 1,
         .state = FRAME_SETTLED},
    };
    static const struct tally bad[] = {
        {.type = TALLY_TYPES},
        {.types = 1, .type = TALLY_SUPERPAGE, .state = FRAME_SETTLED + 1},
        {.types = 1, .type = TALLY_SUPERPAGE, .marked = 2},
        {.types = 1},
        {.marked = 1, .type = TALLY_SUPERPAGE},
        {.state = FRAME_SETTLED, .type = TALLY_SUPERPAGE},
        {.types = 1, .type = TALLY_CONFLICT, .marked = 1},
    };
    unsigned int i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(tally_ok(&good[i]));
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(tally_ok(&bad[i]));
}

static void broken(struct world *w, const char *what)
{
    struct audit_report report;

    assert_false(world_recount(w, &w->a, &report, NULL));
    if (what)
        assert_string_equal(report.what, what);
}

static void records(struct world *w)
{
    mfn_t s = world_superpage(w, &w->a), table = world_table(w, FRAME_L2);
    mfn_t other = world_superpage(w, &w->a);
    struct tally *t = world_tally(w, s), *u = world_tally(w, other);

    assert_int_equal(world_update(w, table, 0, entry_large_rw(s)), 0);
    assert_int_equal(world_pin(w, other + 5, FRAME_L1), 0);
    t->mappings++;
    broken(w, NULL);
    t->mappings--;
    t->types++;
    broken(w, NULL);
    t->types--;
    t->marked = 2;
    broken(w, NULL);
    t->marked = 0;
    w->superpages[s / EXTENT_FRAMES].allocated--;
    broken(w, "an extent's sum that is not its frames'");
    w->superpages[s / EXTENT_FRAMES].allocated++;
    world_record(w, s + 7)->allocated = 0;
    broken(w, NULL);
    world_record(w, s + 7)->allocated = 1;
    world_audit(w);
    if (!memory_tallies(&w->m)) {       /* each frame is held as memory */
        world_record(w, s + 7)->type = FRAME_SEG;
        broken(w, "a reference as a type that it has not");
        world_record(w, s + 7)->type = FRAME_WRITABLE;
        world_audit(w);
        return;
    }
    u->types++;
    broken(w, "conflicts that are not what the frames say");
    u->types--;
    u->type = TALLY_SUPERPAGE;
    broken(w, NULL);
    u->type = TALLY_CONFLICT;
    t->type = TALLY_CONFLICT;
    broken(w, NULL);
    t->type = TALLY_SUPERPAGE;
    world_audit(w);
}

static void I2_broken_tallies_are_found(void **state)
{
    (void)state;
    each_design(records);
}

/* An entry that names what is not the domain's, behind the rules' back. */
static void I2_a_superpage_of_another_is_found(void **state)
{
    struct world *w = *state;
    mfn_t theirs = world_superpage(w, &w->b), table = world_table(w, FRAME_L2);

    w->ram[table][0] = entry_large_rw(theirs);
    broken(w, "a superpage mapped that is not owned");
    w->ram[table][0] = 0;
    world_audit(w);
}

static void I2_a_broken_gigabyte_is_found(void **state)
{
    struct world *w = world_new_of(WORLD_OF_GIGABYTES);
    struct gigabyte *g = &w->gigabytes[1];
    mfn_t table = world_table(w, FRAME_L3), first = world_gigabyte(w, &w->a);

    (void)state;
    assert_int_equal(world_update(w, table, 1, entry_large_rw(first)), 0);
    g->incomplete++;
    broken(w, "a gigabyte's sum that is not its superpages'");
    g->incomplete--;
    g->tally.mappings++;
    broken(w, "a tally that is not what the tables say");
    g->tally.mappings--;
    g->tally.type = TALLY_CONFLICT;
    broken(w, NULL);
    g->tally.type = TALLY_SUPERPAGE;
    world_record(w, first + 5)->allocated = 0;
    w->superpages[GIGABYTE_EXTENTS].allocated--;
    w->a.allocated--;
    g->incomplete++;
    broken(w, "a gigabyte's sum that is not its superpages'");
    world_free(w);
}

#define RULE_TEST(name) \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE_TEST(E1_a_superpage_begins_where_one_begins),
        RULE_TEST(E2_what_boot_and_cpu_allow),
        RULE_TEST(E5_superpages_are_not_executable),
        RULE_TEST(X1_all_of_a_superpage_is_its_owners),
        RULE_TEST(X1_a_gigabyte_is_whole_or_not),
        RULE_TEST(X2_a_superpage_or_tables_inside),
        RULE_TEST(X2_a_view_harms_no_table),
        RULE_TEST(X2_plain_memory_is_no_conflict),
        RULE_TEST(X2_a_gigabyte_or_tables_inside),
        RULE_TEST(X3_a_count_of_superpages_never_wraps),
        RULE_TEST(X4_nothing_leaves_what_is_mapped_whole),
        RULE_TEST(M1_a_superpage_is_marked_once),
        RULE_TEST(M2_what_is_unmarked_is_counted_by_its_mappings),
        RULE_TEST(M3_a_mark_names_a_whole_superpage),
        RULE_TEST(V1_a_table_in_what_was_mapped_waits_for_a_flush),
        RULE_TEST(V1_a_flush_that_was_is_enough),
        RULE_TEST(V1_the_later_of_two_stamps),
        RULE_TEST(V1_gigabytes_wait_as_well),
        RULE_TEST(V1_a_gigabyte_inherits_what_CPUs_know),
        RULE_TEST(A3_a_gigabyte_has_one_owner),
        RULE_TEST(V3_superpages_with_every_budget),
        RULE_TEST(V3_a_refusal_at_any_frame_is_undone),
        RULE_TEST(V3_an_abandoned_map_holds_nothing),
        RULE_TEST(V3_an_abandoned_mark_is_none),
        RULE_TEST(V4_superpages_go_with_their_table),
        RULE_TEST(U3_from_superpage_to_table_and_back),
        RULE_TEST(U2_a_walk_ends_at_a_superpage),
        RULE_TEST(R1_mapped_and_marked_to_the_end),
        RULE_TEST(R1_a_broken_tally_is_never_reused),
        cmocka_unit_test(R1_a_broken_gigabyte_is_never_reused),
        RULE_TEST(A1_a_superpage_is_allocated_at_once),
        RULE_TEST(A2_what_is_referred_to_is_not_free),
        RULE_TEST(I3_tallies_that_do_not_fit),
        RULE_TEST(I2_broken_tallies_are_found),
        RULE_TEST(I2_a_superpage_of_another_is_found),
        RULE_TEST(I2_a_broken_gigabyte_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
