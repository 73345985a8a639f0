/*
 * Lesson 7: two base pointers.
 *
 * An address space is an L4 table. We build a second one that shares all the
 * lower tables of the first and has one land of its own, on tables built by
 * hand, and move the CPU there and back.
 *
 * Pinning the new L4 table validates everything below it: L4, L3, L2, L1.
 * The base pointer holds a reference of its own, so the table in use stays a
 * table even without its pin. Tables shared by two L4 tables hold two
 * references of the same type, which is what T2 allows.
 *
 *   T2  While references are held, only the same type may be taken.
 *   T4  When the last type reference goes, so does the validation.
 */
#include "lib/domain.h"

#define OWN_LAND 0x8000000000u /* L4 slot 1: free in the first */
#define WORD     0x7777u

static uint64_t *page;             /* what only the second one shows */
static entry_t *l4, *l3, *l2, *l1; /* its tables */
static const entry_t *first;       /* the L4 table we began with */

static long protect(const char *name, void *table)
{
    ask("Make the page of the %s table read-only.", name);
    return answer(page_protect(table));
}

static void look(const char *where)
{
    struct fault fault;
    uint64_t value;

    if (try_read(OWN_LAND, &value, &fault))
        say("  in the %s space I read 0x%lx at 0x%lx\n", where, value,
            OWN_LAND);
    else
        say("  in the %s space nothing is at 0x%lx\n", where, OWN_LAND);
}

static void copy_the_first(void)
{
    unsigned int slot;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        if (slot < KERNEL_SLOT_FIRST || slot > KERNEL_SLOT_LAST)
            l4[slot] = first[slot];
    }
}

static bool kernel_has_moved_in(void)
{
    const volatile entry_t *slots = l4;
    unsigned int slot;

    for (slot = KERNEL_SLOT_FIRST; slot <= KERNEL_SLOT_LAST; slot++) {
        if ((slots[slot] & ENTRY_PRESENT) != 0)
            return true;
    }
    return false;
}

static void build(void)
{
    say("1. Build it in plain memory\n");
    copy_the_first();
    l4[slot_of(OWN_LAND, 4)] = entry_make(frame_of(l3), MAP_TABLE);
    l3[slot_of(OWN_LAND, 3)] = entry_make(frame_of(l2), MAP_TABLE);
    l2[slot_of(OWN_LAND, 2)] = entry_make(frame_of(l1), MAP_TABLE);
    l1[slot_of(OWN_LAND, 1)] = entry_make(frame_of(page), MAP_WRITE);
    say("  Slot 0 is copied from the first L4 table: all my memory, on\n"
        "  the same lower tables. Slot %u leads to new tables of its own.\n",
        slot_of(OWN_LAND, 4));
    say("  The kernel's slots, %u to %u, I leave empty: %s\n",
        KERNEL_SLOT_FIRST, KERNEL_SLOT_LAST, yes_no(!kernel_has_moved_in()));
}

static void pin(void)
{
    say("2. Pin it\n");
    protect("new L4", l4);
    protect("new L3", l3);
    protect("new L2", l2);
    ask("Pin the new L4 table.");
    answer(table_pin(l4, 4));
    say("  One table below it is still writable: the L1 table.\n");
    protect("new L1", l1);
    ask("Pin the new L4 table.");
    answer(table_pin(l4, 4));
    say("  The kernel has moved into its slots: %s\n",
        yes_no(kernel_has_moved_in()));
    ask("Make the new L1 table writable.");
    answer(page_release(l1));
}

static void go_there(void)
{
    say("3. Go there\n");
    look("first");
    ask("Load the new L4 table as base pointer.");
    answer(base_load(l4));
    look("second");
    *(volatile uint64_t *)OWN_LAND = WORD;
    say("  I write 0x%x there; at its old address the page holds 0x%lx\n", WORD,
        *page);
}

/* The base pointer is a reference like any other. */
static void unpin_in_use(void)
{
    say("4. Unpin what is in use\n");
    ask("Unpin the L4 table that the CPU is walking.");
    answer(table_unpin(l4));
    look("second");
    ask("Make it writable.");
    answer(page_release(l4));
    say("  The base pointer holds on to it.\n");
}

static void come_back(void)
{
    say("5. Come back\n");
    ask("Load the first L4 table again.");
    answer(base_load(first));
    look("first");
    say("  Nothing holds the second one now: it fell apart, top to bottom.\n");
    ask("Make the pages of its four tables writable.");
    answer(page_release(l4));
    answer(page_release(l3));
    answer(page_release(l2));
    answer(page_release(l1));
    say("  What they shared is as it was: page 0x%lx holds 0x%lx\n",
        page_number(page), *page);
}

static void refusals(void)
{
    say("6. What is no base pointer\n");
    ask("Load a plain page, mapped writable, as base pointer.");
    answer(base_load(page));
    ask("Load my L3 table as base pointer.");
    answer(base_load(table_find(0, 3)));
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    page = page_alloc();
    l4 = page_alloc();
    l3 = page_alloc();
    l2 = page_alloc();
    l1 = page_alloc();
    first = base_table();
    *page = 0x1234;
    say("Lesson 7: two base pointers\n");
    build();
    pin();
    go_there();
    unpin_in_use();
    come_back();
    refusals();
    say("Lesson 7 ends: you saw the same address mean something and nothing,\n"
        "  depending on which table the CPU begins with.\n");
}
