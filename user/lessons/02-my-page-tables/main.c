/*
 * Lesson 2: my page tables.
 *
 * Nothing stands between a domain and its page tables: what the CPU walks is
 * what the domain reads, machine frame numbers and all. It only may not
 * write there. So this lesson does in C what the CPU does in hardware: first
 * the way of one address, then every table there is.
 *
 * The rule behind "may not write" is
 *   T2  While references are held, only the same type may be taken.
 * A frame that is used as a table cannot be used as writable memory as well.
 */
#include "lib/domain.h"

/* What a walk over all tables counts. */
struct census {
    unsigned int tables[TABLE_LEVELS + 1];  /* tables of each level */
    unsigned int entries[TABLE_LEVELS + 1]; /* present in them */
    unsigned int writable;                  /* pages I may write */
    unsigned int read_only;                 /* pages I may only read */
};

/* One bit for each page that the initial mapping can hold. */
#define PAGES_MAX 4096u

static uint8_t page_is_table[PAGES_MAX];
static uint8_t page_is_read_only[PAGES_MAX];

static const entry_t *table_of(entry_t entry)
{
    return page_of(pfn_of(entry_frame(entry)));
}

static void walk_one_address(const void *page)
{
    vaddr_t address = address_of(page);
    unsigned int level;
    entry_t entry;

    say("1. The way of one address: 0x%lx\n", address);
    for (level = TABLE_LEVELS; level > 0; level--) {
        entry = entry_find(address, level);
        say("  L%u table, slot %u", level, slot_of(address, level));
        if (level > 1)
            say(" leads to the L%u table in my memory: %s\n", level - 1,
                yes_no(table_find(address, level - 1) == table_of(entry)));
        else
            say(" leads to page 0x%lx\n", pfn_of(entry_frame(entry)));
    }
}

static void census_page(struct census *census, entry_t entry)
{
    pfn_t page = pfn_of(entry_frame(entry));

    if ((entry & ENTRY_WRITABLE) != 0) {
        census->writable++;
    } else {
        census->read_only++;
        page_is_read_only[page] = 1;
    }
}

/* Four levels: the depth of this recursion is the depth of the tables. */
static void census_table(struct census *census, const entry_t *table,
                         unsigned int level)
{
    unsigned int slot;

    census->tables[level]++;
    page_is_table[page_number(table)] = 1;
    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        if (level == TABLE_LEVELS && slot >= KERNEL_SLOT_FIRST &&
            slot <= KERNEL_SLOT_LAST)
            continue;
        if ((table[slot] & ENTRY_PRESENT) == 0)
            continue;
        census->entries[level]++;
        if (level > 1)
            census_table(census, table_of(table[slot]), level - 1);
        else
            census_page(census, table[slot]);
    }
}

static bool read_only_are_the_tables(void)
{
    unsigned int page;

    for (page = 0; page < PAGES_MAX; page++) {
        if (page_is_table[page] != page_is_read_only[page])
            return false;
    }
    return true;
}

static void count_tables(void)
{
    struct census census = {.writable = 0};
    unsigned int level;

    census_table(&census, base_table(), TABLE_LEVELS);
    say("2. All my tables (L4 slots 256 to 271 are the kernel's)\n");
    say("  level  tables  entries in use\n");
    for (level = TABLE_LEVELS; level > 0; level--)
        say("  L%u     %6u  %14u\n", level, census.tables[level],
            census.entries[level]);
    say("  pages I may write: %u, pages I may only read: %u\n", census.writable,
        census.read_only);
    say("  the read-only pages are exactly my tables: %s\n",
        yes_no(read_only_are_the_tables()));
}

/* The machine-to-phys table is the kernel's, and shown to all domains. */
static void touch_kernel_table(const void *page)
{
    vaddr_t address = address_of(&machine_to_phys_mapping[frame_of(page)]);
    struct fault fault;
    uint64_t value = 0;
    bool readable = try_read(address, &value, &fault);

    say("3. The kernel's table from frame to page\n");
    say("  may I read it? %s, my frame leads to page 0x%lx\n", yes_no(readable),
        value);
    say("  may I write it? %s\n", yes_no(try_write(address, 0, &fault)));
    say("  the fault says: the page is there: %s, it was a write: %s\n",
        yes_no((fault.error_code & FAULT_PRESENT) != 0),
        yes_no((fault.error_code & FAULT_WRITE) != 0));
}

void domain_main(const start_info_t *info)
{
    void *page = page_alloc();

    say("Lesson 2: my page tables\n");
    traps_setup(info);
    walk_one_address(page);
    count_tables();
    touch_kernel_table(page);
    say("Lesson 2 ends: you saw the very tables that the CPU walks. I may\n"
        "  read all of them and write none.\n");
}
