#include "bench/pages.h"

#include "lib/domain.h"
#include "bench/measure.h"

#define GIGABYTE_SHIFT 30
#define WINDOW_SLOT    511u /* of the L2 table of NEW_LAND */

static pfn_t next, end;
static vaddr_t window;

void want(const char *what, long answer)
{
    if (answer < 0)
        bench_error(what, "refused", answer);
}

void pages_setup(const start_info_t *info)
{
    entry_t *table = table_new();

    next = pages_mapped();
    end = info->nr_pages;
    table_ready(table);
    table_hook(table_find(NEW_LAND, 2), WINDOW_SLOT, table);
    window = (vaddr_t)WINDOW_SLOT * SUPERPAGE_BYTES;
}

uint64_t pages_left(void)
{
    return end - next;
}

pfn_t pages_take(uint64_t count)
{
    pfn_t first = next;

    if (count > pages_left())
        bench_error("memory", "the domain has too few pages, left",
                    (long)pages_left());
    next += count;
    return first;
}

uint64_t window_get(mfn_t frame)
{
    want("window", page_map(window, frame, MAP_READ));
    return *(volatile uint64_t *)window;
}

void window_set(mfn_t frame, uint64_t value)
{
    want("window", page_map(window, frame, MAP_WRITE));
    *(volatile uint64_t *)window = value;
}

void window_close(void)
{
    want("window", page_unmap(window));
}

entry_t *table_new(void)
{
    return page_alloc();
}

entry_t *table_copy_base(void)
{
    const entry_t *base = base_table();
    entry_t *table = table_new();
    unsigned int i;

    for (i = 0; i < TABLE_ENTRIES; i++) {
        if (i < KERNEL_SLOT_FIRST || i > KERNEL_SLOT_LAST)
            table[i] = base[i];
    }
    return table;
}

void table_ready(const entry_t *table)
{
    want("protect a table", page_protect((void *)(uintptr_t)table));
}

void table_hook(const entry_t *upper, unsigned int slot, const entry_t *table)
{
    want("hook a table",
         entry_write(upper, slot, entry_make(frame_of(table), MAP_TABLE)));
}

const entry_t *land_l2(unsigned int gigabyte)
{
    vaddr_t address = (vaddr_t)gigabyte << GIGABYTE_SHIFT;
    const entry_t *found = table_find(address, 2);
    entry_t *table;

    if (found != NULL)
        return found;
    table = table_new();
    table_ready(table);
    table_hook(table_find(address, 3), slot_of(address, 3), table);
    return table;
}

/* Do `count` frames follow each other from this page on? */
static bool in_a_row(pfn_t page, uint64_t count)
{
    mfn_t first = mfn_of(page);
    uint64_t i;

    if (first % count != 0 || page + count > end)
        return false;
    for (i = 1; i < count; i++) {
        if (mfn_of(page + i) != first + i)
            return false;
    }
    return true;
}

mfn_t extent_next(void)
{
    for (; next + SUPERPAGE_PAGES <= end; next++) {
        if (in_a_row(next, SUPERPAGE_PAGES)) {
            next += SUPERPAGE_PAGES;
            return mfn_of(next - SUPERPAGE_PAGES);
        }
    }
    return NO_FRAME;
}

mfn_t gigabyte_find(void)
{
    pfn_t page;

    for (page = next; page + GIGABYTE_PAGES <= end; page++) {
        if (in_a_row(page, GIGABYTE_PAGES))
            return mfn_of(page);
    }
    return NO_FRAME;
}
