/*
 * Lesson 4: a table cannot be written.
 *
 * This is the promise for which the tally exists: a domain never holds a
 * writable view of a frame that the CPU reads as a page table. If it did, it
 * could write any frame number there and own the machine.
 *
 *   T2  While references are held, only the same type may be taken.
 *
 * A frame in use as an L1 table holds references of type *L1*. To be mapped
 * writable it would need one of type *writable*, and that is not the same.
 */
#include "lib/domain.h"

#define WORD 0xa11ceu

static uint64_t *page; /* plain memory, to be moved about */
static uint64_t *window;
static const entry_t *table; /* the L1 table of the window */
static unsigned int slot;    /* the window's place in it */

/*
 * A direct write into an L1 table may be caught by the kernel and carried out
 * as if it had been asked for, with the same checks (Linux counts on that).
 * So we knock at the tables above, where nobody is so kind.
 */
static void write_directly(unsigned int level)
{
    const entry_t *upper = table_find(address_of(window), level);
    vaddr_t place = address_of(&upper[slot_of(address_of(window), level)]);
    entry_t evil = entry_make(frame_of(page), MAP_WRITE);
    entry_t before = entry_find(address_of(window), level);
    bool unchanged;
    struct fault fault;

    say("  I write an entry into my L%u table: %s\n", level,
        try_write(place, evil, &fault) ? "done" : "page fault");
    say("    there is no page: %s, it is read-only: %s\n",
        yes_no((fault.error_code & FAULT_PRESENT) == 0),
        yes_no((fault.error_code & (FAULT_PRESENT | FAULT_WRITE)) ==
               (FAULT_PRESENT | FAULT_WRITE)));
    unchanged = entry_find(address_of(window), level) == before;
    say("    the fault names the slot: %s, the slot is as it was: %s\n",
        yes_no(fault.address == place), yes_no(unchanged));
}

static void write_all_levels(void)
{
    unsigned int level;

    say("1. Just write to a table\n");
    for (level = TABLE_LEVELS; level > 1; level--)
        write_directly(level);
}

static void ask_for_a_writable_view(void)
{
    say("2. Ask for a writable view\n");
    ask("Map the L1 table writable at its own address.");
    answer(page_release((void *)table));
    ask("Map the L1 table writable in the window.");
    answer(page_map(address_of(window), frame_of(table), MAP_WRITE));
    ask("Map the L4 table writable in the window.");
    answer(page_map(address_of(window), frame_of(base_table()), MAP_WRITE));
}

static void ask_for_a_read_only_view(void)
{
    const volatile entry_t *view = window;

    say("3. Ask for a second read-only view\n");
    ask("Map the L1 table read-only in the window.");
    answer(page_map(address_of(window), frame_of(table), MAP_READ));
    say("  both views show the same entry: %s\n",
        yes_no(view[slot] == table[slot]));
    say("  and that entry is the one that opened this window: %s\n",
        yes_no(entry_frame(view[slot]) == frame_of(table)));
}

/* A read-only view is no threat, but it must not grow into a writable one. */
static void upgrade(void)
{
    say("4. Ask to make that view writable\n");
    ask("Write into my L1 table: the same frame, now writable.");
    answer(entry_write(table, slot, table[slot] | ENTRY_WRITABLE));
}

static void the_way_it_works(void)
{
    say("5. The only way: tell the kernel which entry to change\n");
    ask("Write into slot %u of my L1 table: the plain page, writable.", slot);
    answer(entry_write(table, slot, entry_make(frame_of(page), MAP_WRITE)));
    page_forget(address_of(window));
    *window = WORD;
    say("  I write 0x%x through the window; the plain page holds 0x%lx\n", WORD,
        *page);
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    page = page_alloc();
    window = page_alloc();
    table = table_find(address_of(window), 1);
    slot = slot_of(address_of(window), 1);
    say("Lesson 4: a table cannot be written\n");
    say("My window is at 0x%lx; slot %u of an L1 table says what it shows.\n",
        address_of(window), slot);
    write_all_levels();
    ask_for_a_writable_view();
    ask_for_a_read_only_view();
    upgrade();
    the_way_it_works();
    say("Lesson 4 ends: you saw every way to write a table refused but one,\n"
        "  and that one goes past the kernel's eyes.\n");
}
