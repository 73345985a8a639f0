/*
 * Lesson 3: map a page.
 *
 * Three pages of plain memory: A, B and W. The address of W becomes a window
 * through which we look at A, then at B, by asking for one L1 entry to be
 * changed. Each change is a small bargain of the tally: a writable entry
 * holds one reference of type *writable*, a read-only entry holds none.
 *
 *   T1  A frame with no type references takes whatever type is asked first.
 *   T2  While references are held, only the same type may be taken.
 *
 * Two windows on one frame ask for the same type twice, so T2 says yes.
 */
#include "lib/domain.h"

#define NO_TABLE_HERE 0x10000000u /* 256 MiB: no L1 table leads there */
#define WORD_ONE      0x1111u
#define WORD_TWO      0x2222u

static uint64_t *a, *b, *window;

static void look(void)
{
    struct fault fault;
    uint64_t value;

    if (try_read(address_of(window), &value, &fault))
        say("  through the window I read 0x%lx\n", value);
    else
        say("  through the window I read nothing: page fault, %s\n",
            (fault.error_code & FAULT_PRESENT) != 0 ? "not allowed"
                                                    : "no page there");
}

static void write_through(uint64_t value)
{
    struct fault fault;

    say("  I write 0x%lx through the window: %s\n", value,
        try_write(address_of(window), value, &fault)
            ? "done"
            : "page fault, not allowed");
}

static void open_and_close(void)
{
    say("1. A window that shows nothing\n");
    ask("Unmap page W, so that its address is free.");
    answer(page_unmap(address_of(window)));
    look();
    ask("Unmap it again.");
    answer(page_unmap(address_of(window)));
}

static void same_frame_twice(void)
{
    say("2. One frame at two addresses\n");
    ask("Show page A in the window, writable.");
    answer(page_map(address_of(window), frame_of(a), MAP_WRITE));
    look();
    write_through(WORD_TWO);
    say("  at its own address, A now holds 0x%lx\n", *a);
}

static void read_only_window(void)
{
    say("3. The same frame, read-only\n");
    ask("Show page A in the window, read-only.");
    answer(page_map(address_of(window), frame_of(a), MAP_READ));
    look();
    write_through(WORD_ONE);
    *a = WORD_ONE;
    say("  I write 0x%lx at A's own address: done\n", *a);
    look();
}

/* The other way to ask: by the place of the entry, not by the address. */
static void by_entry(void)
{
    vaddr_t address = address_of(window);
    const entry_t *table = table_find(address, 1);
    entry_t entry;

    say("4. The same, by naming the entry\n");
    entry = entry_make(frame_of(b), MAP_WRITE);
    ask("Write into slot %u of my L1 table: page B, writable.",
        slot_of(address, 1));
    answer(entry_write(table, slot_of(address, 1), entry));
    say("  The CPU may still remember the entry that was there before.\n");
    ask("Let the CPU forget what it knows of this address.");
    answer(page_forget(address));
    look();
    entry = entry_find(address, 1);
    say("  the slot now leads to page 0x%lx, writable: %s\n",
        pfn_of(entry_frame(entry)), yes_no((entry & ENTRY_WRITABLE) != 0));
}

static void refusals(void)
{
    /* Slot 256 leads to a table of the kernel: surely not mine to map. */
    mfn_t foreign = entry_frame(base_table()[KERNEL_SLOT_FIRST]);

    say("5. What cannot be had\n");
    ask("Show page A at 0x%x, where no L1 table is.", NO_TABLE_HERE);
    answer(page_map(NO_TABLE_HERE, frame_of(a), MAP_WRITE));
    ask("Show a frame of the kernel in the window, read-only.");
    answer(page_map(address_of(window), foreign, MAP_READ));
    say("  What was refused changed nothing:\n");
    look();
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    a = page_alloc();
    b = page_alloc();
    window = page_alloc();
    *a = WORD_ONE;
    *b = 0xbbbb;
    say("Lesson 3: map a page\n");
    say("I own page A (0x%lx), page B (0x%lx) and page W (0x%lx).\n",
        page_number(a), page_number(b), page_number(window));
    say("The address of W will be our window. A holds 0x%lx, B 0x%lx.\n", *a,
        *b);
    open_and_close();
    same_frame_twice();
    read_only_window();
    by_entry();
    refusals();
    ask("Give the window its own page back.");
    answer(page_release(window));
    say("Lesson 3 ends: you saw one frame at two addresses, and one address\n"
        "  that showed three frames, each by the change of one entry.\n");
}
