/*
 * Does mapping one entry cost more when there is more of everything? It should
 * not: each of these lines is to be as flat as it can be.
 */
#include "bench/rows.h"

#include "bench/measure.h"
#include "bench/pages.h"
#include "lib/domain.h"

#define ENTRY_NX      (UINT64_C(1) << 63)
#define MAP_SUPERPAGE (MAP_WRITE | ENTRY_USER | ENTRY_LARGE | ENTRY_NX)
#define LAND_SLOT     128u /* of the L2 table of NEW_LAND: the probe's L1 */
#define PROBE_SLOT    200u /* of the same: the probe's superpage */
#define LAND          8u   /* the first gigabyte of what is mapped besides */
#define FIRST_POINT   100u
#define FACTOR        10u
#define REPEATS       31u
#define BATCH         128u

/* What the probe maps. */
static struct probe {
    const entry_t *l1;
    mfn_t frame[2];
    mfn_t superpage; /* NO_FRAME: none is to be had */
} probe;

static struct row map, swap, unmap, super_map, super_unmap;

static uint64_t slot_address(mfn_t table, uint64_t slot)
{
    return table << PAGE_SHIFT | slot * sizeof(entry_t) | MMU_NORMAL_PT_UPDATE;
}

static long write_slot(struct row *row, mfn_t table, unsigned int slot,
                       entry_t value)
{
    struct mmu_update request = {.ptr = slot_address(table, slot),
                                 .val = value};
    struct call call = call_make(__HYPERVISOR_mmu_update, address_of(&request),
                                 1, 0, DOMID_SELF);

    return row_call(row, &call);
}

static void want_slot(struct row *row, unsigned int slot, entry_t value)
{
    long answer = write_slot(row, frame_of(probe.l1), slot, value);

    if (answer < 0)
        bench_error(row->name, "refused", answer);
}

/* A superpage for the probe, and whether it can be mapped at all. */
static void superpage_setup(void)
{
    mfn_t l2 = frame_of(table_find(NEW_LAND, 2));

    probe.superpage = extent_next();
    row_begin(&super_map, "superpage_map");
    if (probe.superpage == NO_FRAME)
        return;
    if (write_slot(&super_map, l2, PROBE_SLOT,
                   entry_make(probe.superpage, MAP_SUPERPAGE)) < 0)
        probe.superpage = NO_FRAME;
    else
        write_slot(&super_map, l2, PROBE_SLOT, MAP_NOTHING);
}

static void probe_setup(void)
{
    entry_t *l1 = table_new();
    unsigned int i;

    table_ready(l1);
    table_hook(table_find(NEW_LAND, 2), LAND_SLOT, l1);
    probe.l1 = l1;
    for (i = 0; i < 2; i++) {
        probe.frame[i] = mfn_of(pages_take(1));
        window_set(probe.frame[i], i + 1);
    }
    window_close();
    superpage_setup();
}

static void point(const char *sweep, struct row *row, uint64_t x)
{
    say("scale %s %s %lu %lu\n", sweep, row->name, x, row_cost(row));
}

/* A frame is mapped, another takes its place, and goes. */
static void measure_frames(const char *sweep, uint64_t x)
{
    volatile uint64_t *seen = (volatile uint64_t *)(uintptr_t)NEW_LAND;
    unsigned int i;

    row_begin(&map, "map");
    row_begin(&swap, "swap");
    row_begin(&unmap, "unmap");
    for (i = 0; i < REPEATS; i++) {
        want_slot(&map, 0, entry_make(probe.frame[0], MAP_WRITE));
        if (*seen != 1)
            bench_error(map.name, "another frame is seen", (long)*seen);
        want_slot(&swap, 0, entry_make(probe.frame[1], MAP_WRITE));
        want("forget", page_forget(NEW_LAND));
        if (*seen != 2)
            bench_error(swap.name, "another frame is seen", (long)*seen);
        want_slot(&unmap, 0, MAP_NOTHING);
        want("forget", page_forget(NEW_LAND));
    }
    point(sweep, &map, x);
    point(sweep, &swap, x);
    point(sweep, &unmap, x);
}

static void measure_superpage(const char *sweep, uint64_t x)
{
    mfn_t l2 = frame_of(table_find(NEW_LAND, 2));
    unsigned int i;

    if (probe.superpage == NO_FRAME)
        return;
    row_begin(&super_map, "superpage_map");
    row_begin(&super_unmap, "superpage_unmap");
    for (i = 0; i < REPEATS; i++) {
        entry_t value = entry_make(probe.superpage, MAP_SUPERPAGE);
        long answer = write_slot(&super_map, l2, PROBE_SLOT, value);

        if (answer < 0)
            bench_error("superpage_map", "refused", answer);
        *(volatile uint64_t *)((vaddr_t)PROBE_SLOT * SUPERPAGE_BYTES) = i;
        answer = write_slot(&super_unmap, l2, PROBE_SLOT, MAP_NOTHING);
        if (answer < 0)
            bench_error("superpage_unmap", "refused", answer);
        want("flush", forget_all());
    }
    point(sweep, &super_map, x);
    point(sweep, &super_unmap, x);
}

static void measure(const char *sweep, uint64_t x)
{
    measure_frames(sweep, x);
    measure_superpage(sweep, x);
}

void scale_ops(const char *sweep, uint64_t x)
{
    probe_setup();
    measure(sweep, x);
}

/* An empty L1 table for the next 2 MiB of addresses. */
static mfn_t table_at(uint64_t number)
{
    mfn_t table = mfn_of(pages_take(1));
    struct mmuext_op clear = {.cmd = MMUEXT_CLEAR_PAGE};
    const entry_t *l2 = land_l2(LAND + (unsigned int)(number / TABLE_ENTRIES));

    clear.arg1.mfn = table;
    want("clear a table", hypercall_mmuext(&clear, 1, NULL));
    want("hook a table", entry_write(l2, (unsigned int)(number % TABLE_ENTRIES),
                                     entry_make(table, MAP_TABLE)));
    return table;
}

/* Map frames until there are `wanted` of them. */
static void map_until(uint64_t *mapped, uint64_t wanted)
{
    static mfn_t table; /* the one that is being filled */
    struct mmu_update requests[BATCH];
    unsigned int count = 0;

    for (; *mapped < wanted; ++*mapped) {
        if (*mapped % TABLE_ENTRIES == 0)
            table = table_at(*mapped / TABLE_ENTRIES);
        requests[count++] = (struct mmu_update){
            .ptr = slot_address(table, *mapped % TABLE_ENTRIES),
            .val = entry_make(mfn_of(pages_take(1)), MAP_WRITE),
        };
        if (count == BATCH || *mapped + 1 == wanted ||
            (*mapped + 1) % TABLE_ENTRIES == 0) {
            want("map", hypercall_mmu_update(requests, count, NULL));
            count = 0;
        }
    }
}

void scale_frames(uint64_t most)
{
    uint64_t mapped = 0, wanted;

    probe_setup();
    for (wanted = FIRST_POINT; wanted <= most; wanted *= FACTOR) {
        map_until(&mapped, wanted);
        measure("frames", mapped);
    }
}

void scale_superpages(uint64_t most)
{
    uint64_t mapped, next = 1;
    mfn_t frame;

    probe_setup();
    if (probe.superpage == NO_FRAME)
        return;
    for (mapped = 1; mapped <= most; mapped++) {
        const entry_t *l2 =
            land_l2(LAND + (unsigned int)(mapped / TABLE_ENTRIES));

        frame = extent_next();
        if (frame == NO_FRAME)
            bench_error("superpages", "there are too few", (long)mapped);
        want("map a superpage",
             entry_write(l2, (unsigned int)(mapped % TABLE_ENTRIES),
                         entry_make(frame, MAP_SUPERPAGE)));
        if (mapped == next || mapped == most) {
            measure("superpages", mapped);
            next *= FACTOR;
        }
    }
}
