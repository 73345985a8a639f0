/*
 * Lesson 16: a gigabyte.
 *
 * What an entry of an L2 table is to 2 MiB, one of an L3 table is to 1 GiB:
 * 262144 frames in a row. The record of a gigabyte is that of a superpage,
 * one level up. It counts its superpages that have tables inside, as these
 * count their frames; so the rules are the same, and as cheap.
 *
 *   X1  A superpage is mapped only while all of it is its owner's.
 *   X2  A superpage is mapped writable or has tables inside, never both.
 *   X4  No frame leaves a superpage that is mapped or marked.
 *
 * It takes a domain with a gigabyte that is free of tables: the first one has
 * its own in it.
 *
 *   make run MEM=4G DOMAIN=build/user/lessons/16-a-gigabyte.elf \
 *       DOMAIN_OPTS='mem=2G privileged=yes'
 */
#include "lib/domain.h"

#include <xen/memory.h>

#define NEW_LAND 0x40000000u  /* 1 GiB: a slot of the L3 table */
#define LAST     262143u      /* number of the last page */
#define SOME     100000u      /* and of one in the middle */

static pfn_t first; /* of the gigabyte's pages */

static vaddr_t land(uint64_t i)
{
    return NEW_LAND + i * PAGE_BYTES;
}

static long map(const char *how, uint64_t flags)
{
    ask("Let slot %u of the L3 table map the gigabyte %s.",
        slot_of(NEW_LAND, 3), how);
    return answer(entry_write(table_find(NEW_LAND, 3), slot_of(NEW_LAND, 3),
                              entry_make(mfn_of(first), flags)));
}

static long operate(unsigned int command, pfn_t page)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.mfn = mfn_of(page);
    return hypercall_mmuext(&operation, 1, NULL);
}

static void read_and_write(void)
{
    uint64_t sum = 0, i;

    say("1. One entry, 1 GiB\n");
    for (i = 0; i <= LAST; i += SUPERPAGE_PAGES)
        *(volatile uint64_t *)land(i) = i / SUPERPAGE_PAGES;
    for (i = 0; i <= LAST; i += SUPERPAGE_PAGES)
        sum += *(volatile uint64_t *)land(i);
    say("  I write a number to each of 512 superpages; their sum is %lu\n",
        sum);
    *(volatile uint64_t *)land(LAST) = 0xcafe;
    say("  the last page holds 0x%lx\n", *(volatile uint64_t *)land(LAST));
    say("  there is an L2 table below the entry: %s\n",
        yes_no(table_find(NEW_LAND, 2) != NULL));
}

static void no_tables(void)
{
    say("2. No tables inside, wherever\n");
    ask("Pin page %u of it as an L1 table.", SOME);
    answer(operate(MMUEXT_PIN_L1_TABLE, first + SOME));
    ask("Pin its last page as an L4 table.");
    answer(operate(MMUEXT_PIN_L4_TABLE, first + LAST));
}

static void both_sizes(void)
{
    entry_t *l2 = page_alloc();
    unsigned int next = slot_of(NEW_LAND, 3) + 1;
    volatile uint64_t *word;

    say("3. Both sizes\n");
    page_protect(l2);
    ask("Let slot %u of the L3 table name an empty L2 table.", next);
    answer(entry_write(table_find(NEW_LAND, 3), next,
                       entry_make(frame_of(l2), MAP_TABLE)));
    ask("Let its slot 0 map the first superpage of the gigabyte, writable.");
    answer(entry_write(l2, 0, entry_make(mfn_of(first), MAP_WRITE_LARGE)));
    word = (volatile uint64_t *)land(GIGABYTE_PAGES);
    *word = 0xbeef;
    say("  I write 0xbeef there; through the gigabyte it is 0x%lx\n",
        *(volatile uint64_t *)land(0));
    ask("Let slot %u name nothing.", next);
    answer(entry_write(table_find(NEW_LAND, 3), next, MAP_NOTHING));
}

static void a_view(void)
{
    struct fault fault;

    say("4. A view over a table\n");
    map("read-only", MAP_READ_LARGE);
    ask("Pin page %u of it as an L1 table.", SOME);
    answer(operate(MMUEXT_PIN_L1_TABLE, first + SOME));
    map("writable", MAP_WRITE_LARGE);
    say("  I can write there: %s\n", yes_no(try_write(land(SOME), 0, &fault)));
    operate(MMUEXT_UNPIN_TABLE, first + SOME);
    map("writable", MAP_WRITE_LARGE);
    map("not at all", MAP_NOTHING);
}

static void one_frame_less(void)
{
    uint64_t frame = mfn_of(first + SOME);
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    say("5. All of it, or none (X1)\n");
    r.extent_start.p = &frame;
    ask("Take one of its 262144 frames back.");
    say("    -> frames taken: %ld\n",
        hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                  address_of(&r), 0, 0));
    map("read-only", MAP_READ_LARGE);
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    say("Lesson 16: a gigabyte\n");
    first = gigabyte_alloc();
    if (first == 0) {
        say("I have no gigabyte in one row: there is nothing to be mapped.\n"
            "With MEM=4G, and mem=2G for this domain, there would be one.\n"
            "Lesson 16 ends: you saw nothing yet.\n");
        return;
    }
    if (map("writable", MAP_WRITE_LARGE) != 0) {
        say("Lesson 16 ends: here no entry maps a gigabyte.\n");
        return;
    }
    read_and_write();
    no_tables();
    both_sizes();
    a_view();
    one_frame_less();
    say("Lesson 16 ends: you saw 262144 frames come and go with one entry.\n");
}
