/*
 * Entries of a table that is in use: each changes from one frame to another
 * and back, so that one reference is taken and one dropped.
 */
#include "bench/rows.h"

#include "lib/domain.h"
#include "bench/measure.h"
#include "bench/pages.h"

#define BATCH     128u
#define SLOT      7u  /* that changes, of one */
#define LAND_SLOT 128u /* of the L2 table: NEW_LAND / 2 MiB */

static struct row row;
static entry_t *land; /* the L1 table of NEW_LAND */
static pfn_t pages;   /* 2 * BATCH of them; each has its number in it */
static struct mmu_update requests[BATCH];
static struct multicall_entry calls[BATCH];

static vaddr_t address(unsigned int slot)
{
    return NEW_LAND + (vaddr_t)slot * PAGE_BYTES;
}

static void setup(void)
{
    unsigned int i;

    land = table_new();
    table_ready(land);
    table_hook(table_find(NEW_LAND, 2), LAND_SLOT, land);
    pages = pages_take(2 * BATCH);
    for (i = 0; i < 2 * BATCH; i++)
        window_set(mfn_of(pages + i), pages + i);
    window_close();
}

/* The page must now be seen at the slot's address. */
static void seen(unsigned int slot, pfn_t page)
{
    uint64_t value;

    want("forget", page_forget(address(slot)));
    value = *(volatile uint64_t *)address(slot);
    if (value != page)
        bench_error(row.name, "another page is mapped, with", (long)value);
}

/* What the slot shows next: the pages take turns. */
static pfn_t page_next(unsigned int slot, unsigned int turn)
{
    return pages + slot % BATCH + (turn % 2) * BATCH;
}

static void clear(unsigned int slot)
{
    want("clear", entry_write(land, slot, MAP_NOTHING));
    want("forget", page_forget(address(slot)));
}

static void one_update(const char *name, uint64_t flags)
{
    struct mmu_update request;
    struct call call = call_make(__HYPERVISOR_mmu_update, address_of(&request),
                                 1, 0, DOMID_SELF);
    unsigned int i;

    want(name, entry_write(land, SLOT,
                           entry_make(mfn_of(page_next(SLOT, 1)), flags)));
    row_begin(&row, name);
    for (i = 0; i < SAMPLES; i++) {
        pfn_t page = page_next(SLOT, i);

        request = mmu_request(land, SLOT, entry_make(mfn_of(page), flags));
        row_want(&row, &call);
        seen(SLOT, page);
    }
    row_end(&row);
    clear(SLOT);
}

static void one_va_mapping(const char *name, uint64_t flush)
{
    unsigned int i;

    want(name, page_map(address(SLOT), mfn_of(page_next(SLOT, 1)), MAP_WRITE));
    row_begin(&row, name);
    for (i = 0; i < SAMPLES; i++) {
        pfn_t page = page_next(SLOT, i);
        struct call call =
            call_make(__HYPERVISOR_update_va_mapping, address(SLOT),
                      entry_make(mfn_of(page), MAP_WRITE), flush, 0);

        row_want(&row, &call);
        if (flush != 0 && *(volatile uint64_t *)address(SLOT) != page)
            bench_error(name, "no flush was made, I still see", (long)page);
        seen(SLOT, page);
    }
    row_end(&row);
    clear(SLOT);
}

static void map_batch(unsigned int turn)
{
    unsigned int i;

    for (i = 0; i < BATCH; i++)
        requests[i] = mmu_request(
            land, i, entry_make(mfn_of(page_next(i, turn)), MAP_WRITE));
}

static void seen_batch(unsigned int turn)
{
    unsigned int i;

    for (i = 0; i < BATCH; i++)
        seen(i, page_next(i, turn));
}

static void many_updates(void)
{
    struct call call = call_make(__HYPERVISOR_mmu_update, address_of(requests),
                                 BATCH, 0, DOMID_SELF);
    unsigned int i;

    map_batch(1);
    want("mmu_update", hypercall_mmu_update(requests, BATCH, NULL));
    row_begin(&row, "mmu_update_128");
    for (i = 0; i < SAMPLES; i++) {
        map_batch(i);
        row_want(&row, &call);
        seen_batch(i);
    }
    row_end(&row);
}

static void many_calls(void)
{
    struct call call =
        call_make(__HYPERVISOR_multicall, address_of(calls), BATCH, 0, 0);
    unsigned int i, j;

    row_begin(&row, "multicall_va_128");
    for (i = 0; i < SAMPLES; i++) {
        for (j = 0; j < BATCH; j++) {
            calls[j] = (struct multicall_entry){
                .op = __HYPERVISOR_update_va_mapping,
                .args = {address(j),
                         entry_make(mfn_of(page_next(j, i + 1)), MAP_WRITE)},
            };
        }
        row_want(&row, &call);
        for (j = 0; j < BATCH; j++)
            want("update_va_mapping", (long)calls[j].result);
        seen_batch(i + 1);
    }
    row_end(&row);
}

void rows_update(void)
{
    setup();
    one_update("mmu_update_1_rw", MAP_WRITE);
    one_update("mmu_update_1_ro", MAP_READ);
    one_va_mapping("va_mapping_noflush", UVMF_NONE);
    one_va_mapping("va_mapping_invlpg", UVMF_INVLPG | UVMF_LOCAL);
    many_updates();
    many_calls();
}
