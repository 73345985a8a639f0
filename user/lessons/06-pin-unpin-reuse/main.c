/*
 * Lesson 6: pin, unpin, reuse.
 *
 * To build a new address space piece by piece, a table must stay a table
 * while nothing names it yet. That is a *pin*: it validates the page and holds
 * one reference of its type, as an upper table would. A page has one pin.
 *
 *   T1  A frame with no type references takes whatever type is asked first.
 *   T2  While references are held, only the same type may be taken.
 *   T4  When the last type reference goes, so does the validation.
 *
 * So a page becomes a table and plain memory again as often as you like, and
 * at no moment is it both.
 */
#include "lib/domain.h"

#define NEW_LAND 0x10000000u /* 256 MiB: nothing is mapped there */
#define WORD     0xcafeu

static uint64_t *page; /* what the table will show */
static entry_t *table;

static long pin(unsigned int level)
{
    ask("Pin page T as an L%u table.", level);
    return answer(table_pin(table, level));
}

static long unpin(void)
{
    ask("Unpin page T.");
    return answer(table_unpin(table));
}

static long protect(void)
{
    ask("Make page T read-only.");
    return answer(page_protect(table));
}

static long release(void)
{
    ask("Make page T writable.");
    return answer(page_release(table));
}

static long hook(entry_t entry)
{
    unsigned int slot = slot_of(NEW_LAND, 2);

    ask("Let slot %u of the L2 table name %s.", slot,
        entry == MAP_NOTHING ? "nothing" : "page T");
    return answer(entry_write(table_find(NEW_LAND, 2), slot, entry));
}

static void pin_it(void)
{
    say("1. Pin\n");
    table[0] = entry_make(frame_of(page), MAP_WRITE);
    pin(1);
    say("  I still hold a writable view of it (T2).\n");
    protect();
    pin(1);
    release();
    say("  The pin holds a reference: a table it stays.\n");
}

static void pin_twice(void)
{
    say("2. A page has one pin\n");
    pin(1);
    pin(2);
}

static void pinned_and_named(void)
{
    say("3. Pinned, and named by an upper table: two references\n");
    hook(entry_make(frame_of(table), MAP_TABLE));
    *(volatile uint64_t *)NEW_LAND = WORD;
    say("  I write 0x%x at 0x%x; the plain page holds 0x%lx\n", WORD, NEW_LAND,
        *page);
    unpin();
    release();
    say("  One reference is left, and one is enough.\n");
    hook(MAP_NOTHING);
}

static void reuse(void)
{
    say("4. The last reference is gone\n");
    release();
    table[0] = WORD;
    say("  I write 0x%lx into page T: plain memory (T1)\n", table[0]);
    unpin();
    say("  What is not pinned cannot be unpinned.\n");
}

static void again(void)
{
    say("5. And a table once more, of another level\n");
    table[0] = MAP_NOTHING;
    protect();
    pin(2);
    unpin();
    pin(3);
    unpin();
    release();
}

/* Validation is not remembered: what was good once is read again. */
static void read_again(void)
{
    say("6. What was valid once is not valid for ever\n");
    protect();
    pin(1);
    unpin();
    release();
    table[7] = entry_make(frame_of(base_table()), MAP_WRITE);
    say("  I slip in an entry: the L4 table, writable.\n");
    protect();
    pin(1);
    release();
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    page = page_alloc();
    table = page_alloc();
    say("Lesson 6: pin, unpin, reuse\n");
    say("Page T (0x%lx) holds one entry, which names page A (0x%lx).\n",
        page_number(table), page_number(page));
    pin_it();
    pin_twice();
    pinned_and_named();
    reuse();
    again();
    read_again();
    say("Lesson 6 ends: you saw one page be memory, an L1 table, memory, an\n"
        "  L2 and an L3 table, and memory again: never two at a time.\n");
}
