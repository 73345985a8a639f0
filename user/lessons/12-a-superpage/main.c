/*
 * Lesson 12: a superpage.
 *
 * An entry of an L2 table names an L1 table, or, with one more bit, maps
 * 2 MiB at once: 512 frames in a row, the first a multiple of 512. There is no
 * table below it. The CPU walks one step less, and remembers one address
 * where it had to remember 512.
 *
 *   X1  A superpage is mapped only while all of it is its owner's.
 *   X4  No frame leaves a superpage that is mapped or marked.
 *
 * Memory is owned in pieces of 2 MiB, and each piece knows how many of its
 * frames are given out. So nobody looks at 512 frames to answer X1.
 *
 * Xen has no superpages for such domains (it had some until 2017): there the
 * first question below is refused with EINVAL, and the lesson is over.
 */
#include "lib/domain.h"

#include <xen/memory.h>

#define NEW_LAND 0x10000000u /* 256 MiB: nothing is mapped there */
#define SOME     5u          /* one of the 512 pages */

static pfn_t first; /* of the superpage's pages */

/* The first word of page i, seen through the superpage. */
static volatile uint64_t *word_of(unsigned int i)
{
    return (volatile uint64_t *)(NEW_LAND + (vaddr_t)i * PAGE_BYTES);
}

static long map(const char *what, entry_t entry)
{
    ask("Let slot %u of the L2 table map %s.", slot_of(NEW_LAND, 2), what);
    return answer(
        entry_write(table_find(NEW_LAND, 2), slot_of(NEW_LAND, 2), entry));
}

static long map_writable(void)
{
    return map("the superpage, writable",
               entry_make(mfn_of(first), MAP_WRITE_LARGE));
}

/* The frames have no numbers that are the same every time; rows are rows. */
static void look_at_frames(void)
{
    mfn_t frame = mfn_of(first);

    say("1. 512 pages\n");
    say("  They are pages 0x%lx to 0x%lx, mapped nowhere.\n", first,
        first + SUPERPAGE_PAGES - 1);
    say("  their frames are in a row: %s\n",
        yes_no(mfn_of(first + SUPERPAGE_PAGES - 1) ==
               frame + SUPERPAGE_PAGES - 1));
    say("  the first is a multiple of 512: %s\n",
        yes_no(frame % SUPERPAGE_PAGES == 0));
}

static void read_and_write(void)
{
    uint64_t sum = 0;
    unsigned int i;

    say("2. One entry, 2 MiB\n");
    for (i = 0; i < SUPERPAGE_PAGES; i++)
        *word_of(i) = i;
    for (i = 0; i < SUPERPAGE_PAGES; i++)
        sum += *word_of(i);
    say("  I write a number to each of 512 pages; their sum is %lu\n", sum);
    say("  there is an L1 table below the entry: %s\n",
        yes_no(table_find(NEW_LAND, 1) != NULL));
}

static void one_of_its_pages(void)
{
    uint64_t *window = page_alloc();

    say("3. Its pages are pages\n");
    ask("Show page 0x%lx at the address of page 0x%lx.", first + SOME,
        page_number(window));
    answer(page_map(address_of(window), mfn_of(first + SOME), MAP_WRITE));
    say("  There I read %lu.\n", *window);
    *window = 0xcafe;
    say("  I write 0xcafe; through the superpage it is 0x%lx\n",
        *word_of(SOME));
}

static void what_is_refused(void)
{
    say("4. What does not begin at a multiple of 2 MiB, and is not all mine\n");
    map("2 MiB from the page on that follows",
        entry_make(mfn_of(first + 1), MAP_WRITE_LARGE));
    map("2 MiB of the kernel", entry_make(0x200, MAP_READ_LARGE));
    say("  The first word is %lu, as before.\n", *word_of(0));
}

static long reservation(unsigned int command, uint64_t *frame)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    r.extent_start.p = frame;
    return hypercall(__HYPERVISOR_memory_op, command, address_of(&r), 0, 0);
}

static void give_back(void)
{
    uint64_t frame = mfn_of(first + SUPERPAGE_PAGES - 1);

    ask("Take the last of its frames back.");
    say("    -> frames taken: %ld\n",
        reservation(XENMEM_decrease_reservation, &frame));
}

static void unmap(void)
{
    struct fault fault;
    uint64_t value;

    say("5. What is mapped whole stays whole (X4)\n");
    give_back();
    map("nothing", MAP_NOTHING);
    forget_all();
    say("  at 0x%x there is nothing: %s\n", NEW_LAND,
        yes_no(!try_read(NEW_LAND, &value, &fault)));
    give_back();
    map("the superpage, read-only", entry_make(mfn_of(first), MAP_READ_LARGE));
    say("  A frame is missing (X1).\n");
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    say("Lesson 12: a superpage\n");
    first = superpage_alloc();
    if (map_writable() != 0) {
        say("Lesson 12 ends: here an entry maps 4 KiB and no more.\n");
        return;
    }
    look_at_frames();
    read_and_write();
    one_of_its_pages();
    what_is_refused();
    unmap();
    say("Lesson 12 ends: you saw 2 MiB come and go with one entry, and no\n"
        "  table below it.\n");
}
