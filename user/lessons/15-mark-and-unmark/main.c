/*
 * Lesson 15: mark and unmark.
 *
 * A program that maps and unmaps the same superpages all day may say so: it
 * *marks* them. A mark is a promise of the domain, and the kernel holds it to
 * that promise: what is marked stays memory, and all of it stays.
 *
 *   M1  A superpage is marked once.
 *   M2  Only a marked superpage is unmarked.
 *   M3  A mark names the first frame of a superpage.
 *   X2  A superpage is mapped writable or has tables inside, never both.
 *   X4  No frame leaves a superpage that is mapped or marked.
 *
 * With superpage=mark a mark pays for 512 frames once, and every map after it
 * is cheap. With typecount each map is cheap anyway, and a mark is a
 * reservation: nobody makes a table of a page that is to be mapped later.
 *
 * Xen had marks from 2010 to 2017, and now says EOPNOTSUPP.
 */
#include "lib/domain.h"

#include <xen/memory.h>

#define NEW_LAND 0x10000000u /* 256 MiB: nothing is mapped there */
#define SOME     5u          /* one of the 512 pages */

static pfn_t first; /* of the superpage's pages */

static long extended(unsigned int command, mfn_t frame)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.mfn = frame;
    return hypercall_mmuext(&operation, 1, NULL);
}

static long mark(void)
{
    ask("Mark the superpage.");
    return answer(extended(MMUEXT_MARK_SUPER, mfn_of(first)));
}

static long unmark(void)
{
    ask("Unmark it.");
    return answer(extended(MMUEXT_UNMARK_SUPER, mfn_of(first)));
}

static long map(const char *how, uint64_t flags)
{
    ask("Map it %s.", how);
    return answer(entry_write(table_find(NEW_LAND, 2), slot_of(NEW_LAND, 2),
                              entry_make(mfn_of(first), flags)));
}

static void pin(void)
{
    ask("Pin one of its pages as an L1 table.");
    if (answer(extended(MMUEXT_PIN_L1_TABLE, mfn_of(first + SOME))) == 0)
        extended(MMUEXT_UNPIN_TABLE, mfn_of(first + SOME));
}

static void give_back(void)
{
    uint64_t frame = mfn_of(first + SOME);
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    r.extent_start.p = &frame;
    ask("Take one of its frames back.");
    say("    -> frames taken: %ld\n",
        hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                  address_of(&r), 0, 0));
}

static void what_a_mark_is(void)
{
    say("1. Marked, and mapped by nobody\n");
    pin();
    give_back();
    say("  It is memory, all of it, until I say otherwise.\n");
}

static void once(void)
{
    say("2. One mark, at the first frame\n");
    mark();
    ask("Mark 2 MiB from the page on that follows.");
    answer(extended(MMUEXT_MARK_SUPER, mfn_of(first + 1)));
    ask("Mark 2 MiB of the kernel.");
    answer(extended(MMUEXT_MARK_SUPER, 0x200));
    ask("Mark 2 MiB at frame -512.");
    answer(extended(MMUEXT_MARK_SUPER, ~(mfn_t)0 << 9));
    say("  Xen read behind its table of superpages there once (XSA-167).\n");
}

static void maps_come_and_go(void)
{
    say("3. Maps come and go\n");
    map("writable", MAP_WRITE_LARGE);
    *(volatile uint64_t *)NEW_LAND = 0xcafe;
    map("read-only", MAP_READ_LARGE);
    pin();
    say("  A view harms no table, but the mark is there (X2).\n");
    map("not at all", MAP_NOTHING);
    forget_all();
}

static void unmark_under_a_map(void)
{
    say("4. A mark is not a map\n");
    map("writable", MAP_WRITE_LARGE);
    unmark();
    say("  It is still mapped: the first word is 0x%lx\n",
        *(volatile uint64_t *)NEW_LAND);
    pin();
    unmark();
    map("not at all", MAP_NOTHING);
    forget_all();
    pin();
    give_back();
    mark();
    say("  A frame is missing.\n");
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    say("Lesson 15: mark and unmark\n");
    first = superpage_alloc();
    if (mark() != 0) {
        say("Lesson 15 ends: here nothing is marked.\n");
        return;
    }
    what_a_mark_is();
    once();
    maps_come_and_go();
    unmark_under_a_map();
    say("Lesson 15 ends: you saw a promise, and who kept it.\n");
}
