/*
 * Lesson 13: page tables inside a superpage.
 *
 * Rule T2 keeps a frame from being a page table and writable at the same time.
 * A writable superpage is 512 writable frames, and any of them could be a
 * table. Must all of them be looked at? Tally keeps one count for the whole:
 * of writable mappings, or of tables inside, whichever was first.
 *
 *   X2  A superpage is mapped writable or has tables inside, never both.
 *
 * A read-only superpage harms nobody: it may lie over tables, and then shows
 * how they change.
 *
 * Xen has no superpages: there it ends with the first answer, EINVAL.
 */
#include "lib/domain.h"

#define NEW_LAND 0x10000000u /* 256 MiB: nothing is mapped there */
#define TABLE    5u          /* the page of the superpage that is a table */
#define SLOT     7u

#define NOT_PRESENT 0xee0u   /* an entry like that names nothing */

static pfn_t first; /* of the superpage's pages */
static uint64_t *page;

static mfn_t table_frame(void)
{
    return mfn_of(first + TABLE);
}

static long map(const char *how, uint64_t flags)
{
    ask("Map the superpage %s.", how);
    return answer(entry_write(table_find(NEW_LAND, 2), slot_of(NEW_LAND, 2),
                              entry_make(mfn_of(first), flags)));
}

static long pin(unsigned int command)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.mfn = table_frame();
    ask("%s page T%s.", command == MMUEXT_UNPIN_TABLE ? "Unpin" : "Pin",
        command == MMUEXT_UNPIN_TABLE ? "" : " as an L1 table");
    return answer(hypercall_mmuext(&operation, 1, NULL));
}

/* No page of the superpage has an address of its own: the entry is named by
 * the table's frame. */
static long change(entry_t entry)
{
    struct mmu_update request = {
        .ptr = (table_frame() << PAGE_SHIFT) + SLOT * sizeof(entry_t),
        .val = entry,
    };

    ask("Let slot %u of table T name %s.", SLOT,
        entry == MAP_NOTHING ? "nothing" : "page A");
    return answer(hypercall_mmu_update(&request, 1, NULL));
}

static vaddr_t view(void)
{
    return NEW_LAND + TABLE * PAGE_BYTES + SLOT * sizeof(entry_t);
}

static void look(void)
{
    entry_t entry = *(volatile entry_t *)view();

    if (entry == MAP_NOTHING)
        say("  through the superpage, slot %u is empty\n", SLOT);
    else
        say("  through the superpage, slot %u names page 0x%lx\n", SLOT,
            pfn_of(entry_frame(entry)));
}

static void writable_first(void)
{
    say("1. Writable: no tables inside\n");
    pin(MMUEXT_PIN_L1_TABLE);
    say("  I could write to it, 2 MiB at a time (X2).\n");
}

static void read_only_then(void)
{
    say("2. Read-only: a table is granted\n");
    map("read-only", MAP_READ_LARGE);
    pin(MMUEXT_PIN_L1_TABLE);
    map("writable", MAP_WRITE_LARGE);
    say("  The same question from the other side (X2).\n");
}

static void watch(void)
{
    struct fault fault;

    say("3. A view of a table\n");
    look();
    change(entry_make(frame_of(page), MAP_READ));
    look();
    say("  I can write there: %s\n",
        yes_no(try_write(view(), MAP_NOTHING, &fault)));
    change(MAP_NOTHING);
    look();
}

static void memory_again(void)
{
    say("4. Memory again\n");
    pin(MMUEXT_UNPIN_TABLE);
    map("writable", MAP_WRITE_LARGE);
    *(volatile uint64_t *)view() = NOT_PRESENT;
    say("  I write 0x%lx where slot %u was.\n", *(volatile uint64_t *)view(),
        SLOT);
    map("not at all", MAP_NOTHING);
    forget_all();
    pin(MMUEXT_PIN_L1_TABLE);
    say("  Allowed; but it was read anew. 0x%x is an entry that is not\n"
        "  present.\n",
        NOT_PRESENT);
    pin(MMUEXT_UNPIN_TABLE);
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    say("Lesson 13: page tables inside a superpage\n");
    page = page_alloc();
    first = superpage_alloc();
    if (map("writable", MAP_WRITE_LARGE) != 0) {
        say("Lesson 13 ends: here an entry maps 4 KiB and no more.\n");
        return;
    }
    say("Page T is number %u of its 512, page A (0x%lx) another one.\n", TABLE,
        page_number(page));
    writable_first();
    read_only_then();
    watch();
    memory_again();
    say("Lesson 13 ends: you saw one count say no to 512 frames.\n");
}
