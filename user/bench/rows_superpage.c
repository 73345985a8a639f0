/*
 * Superpages: an L2 entry maps 512 frames in a row, an L3 entry 512 times as
 * many. A kernel, or a design, that refuses them has no cost of it.
 */
#include "bench/rows.h"

#include "lib/domain.h"
#include "bench/measure.h"
#include "bench/pages.h"

#define ENTRY_NX      (UINT64_C(1) << 63)
#define MAP_SUPERPAGE (MAP_WRITE | ENTRY_USER | ENTRY_LARGE | ENTRY_NX)
#define REPEATS       31u
#define COLD          7u  /* superpages that were never mapped */
#define LAND          1u  /* the gigabyte of our addresses for most rows */
#define LAND_MANY     2u  /* and the first of those for many mappings */
#define MANY_FRAMES   256u
#define MANY_MAPS     10000u
#define GIGABYTE_LAND 64u
#define WORD          0x5afeu

/* An entry of a table that is in use, and how it is written. */
struct slot {
    struct mmu_update request;
    const entry_t *table;
    unsigned int index;
    vaddr_t address; /* that it translates */
};

static struct row first_map, second_map, second_unmap, last_unmap, row;

static const char *const names[] = {
    "superpage_first_map",      "superpage_second_map",
    "superpage_second_unmap",   "superpage_last_unmap",
    "superpage_first_map_cold", "superpage_refused_map",
    "superpage_mark",           "superpage_unmark",
    "superpage_marked_map",  "superpage_256_maps",
    "superpage_first_map_owed",
};

static struct slot slot_make(unsigned int gigabyte, unsigned int index)
{
    return (struct slot){
        .table = land_l2(gigabyte),
        .index = index,
        .address =
            ((vaddr_t)gigabyte * TABLE_ENTRIES + index) * SUPERPAGE_BYTES,
    };
}

/* Write an entry and count it. */
static long slot_write(struct row *into, struct slot *s, entry_t value)
{
    struct call call = call_make(__HYPERVISOR_mmu_update,
                                 address_of(&s->request), 1, 0, DOMID_SELF);

    s->request = mmu_request(s->table, s->index, value);
    return row_call(into, &call);
}

static void slot_map(struct row *into, struct slot *s, mfn_t frame)
{
    long answer = slot_write(into, s, entry_make(frame, MAP_SUPERPAGE));

    if (answer < 0)
        bench_error(into->name, "refused", answer);
}

static void slot_unmap(struct row *into, struct slot *s)
{
    long answer = slot_write(into, s, MAP_NOTHING);
    struct fault fault;
    uint64_t value;

    if (answer < 0)
        bench_error(into->name, "refused", answer);
    want("flush", forget_all());
    if (try_read(s->address, &value, &fault))
        bench_error(into->name, "still there", (long)value);
}

/* What is stored through the mapping must be seen through another. */
static void look(const char *name, const struct slot *s, mfn_t frame)
{
    vaddr_t last = s->address + SUPERPAGE_BYTES - PAGE_BYTES;
    uint64_t word = WORD + frame;

    *(volatile uint64_t *)last = word;
    if (window_get(frame + SUPERPAGE_PAGES - 1) != word)
        bench_error(name, "the mapping shows another frame than", (long)frame);
    window_close();
}

static long operate(struct row *into, unsigned int command, mfn_t frame)
{
    struct mmuext_op operation = {.cmd = command};
    struct call call = call_make(__HYPERVISOR_mmuext_op, address_of(&operation),
                                 1, 0, DOMID_SELF);

    operation.arg1.mfn = frame;
    return row_call(into, &call);
}

static void operate_want(struct row *into, unsigned int command, mfn_t frame)
{
    long answer = operate(into, command, frame);

    if (answer < 0)
        bench_error(into->name, "refused", answer);
}

static mfn_t extent_want(void)
{
    mfn_t frame = extent_next();

    if (frame == NO_FRAME)
        bench_error("memory", "the domain has no superpage left, pages",
                    (long)pages_left());
    return frame;
}

/* Mapped twice, and twice unmapped, again and again. */
static void warm_rows(void)
{
    struct slot one = slot_make(LAND, 0), two = slot_make(LAND, 1);
    mfn_t frame = extent_want();
    unsigned int i;

    row_begin(&row, names[0]);
    slot_map(&row, &one, frame); /* the first mapping of all is the cold row */
    slot_unmap(&row, &one);
    row_begin(&first_map, names[0]);
    row_begin(&second_map, names[1]);
    row_begin(&second_unmap, names[2]);
    row_begin(&last_unmap, names[3]);
    for (i = 0; i < REPEATS; i++) {
        slot_map(&first_map, &one, frame);
        slot_map(&second_map, &two, frame);
        look(names[1], &two, frame);
        slot_unmap(&second_unmap, &two);
        look(names[0], &one, frame);
        slot_unmap(&last_unmap, &one);
    }
    row_end(&first_map);
    row_end(&second_map);
    row_end(&second_unmap);
    row_end(&last_unmap);
}

/* Superpages that nobody has mapped yet, each after all the others. */
static void cold_row(void)
{
    struct slot one = slot_make(LAND, 0);
    struct row *ignored = &last_unmap;
    unsigned int i;

    row_begin(&row, "superpage_first_map_cold");
    row_begin(ignored, "superpage_first_map_cold");
    for (i = 0; i < COLD; i++) {
        mfn_t frame = extent_want();

        slot_map(&row, &one, frame);
        look(row.name, &one, frame);
        slot_unmap(ignored, &one);
    }
    row_end(&row);
}

/* A frame was a table until a moment ago: what the TLB knows of it must go
 * before the first mapping. */
static void owed_row(void)
{
    struct slot one = slot_make(LAND, 0);
    mfn_t frame = extent_want();
    struct row *ignored = &last_unmap;
    unsigned int i;

    row_begin(ignored, "superpage_first_map_owed");
    operate_want(ignored, MMUEXT_CLEAR_PAGE, frame);
    row_begin(&row, ignored->name);
    for (i = 0; i < REPEATS; i++) {
        row_begin(ignored, row.name);
        operate_want(ignored, MMUEXT_PIN_L1_TABLE, frame);
        operate_want(ignored, MMUEXT_UNPIN_TABLE, frame);
        slot_map(&row, &one, frame);
        look(row.name, &one, frame);
        slot_unmap(ignored, &one);
    }
    row_end(&row);
}

/* The last of the 512 frames is a page table. */
static void refused_row(void)
{
    struct slot one = slot_make(LAND, 0);
    mfn_t frame = extent_want();
    mfn_t table = frame + SUPERPAGE_PAGES - 1;
    struct row *ignored = &last_unmap;
    unsigned int i;

    row_begin(ignored, "superpage_refused_map");
    operate_want(ignored, MMUEXT_CLEAR_PAGE, table);
    operate_want(ignored, MMUEXT_PIN_L1_TABLE, table);
    row_begin(&row, ignored->name);
    for (i = 0; i < REPEATS; i++) {
        entry_t value = entry_make(frame, MAP_SUPERPAGE);

        if (slot_write(&row, &one, value) >= 0)
            bench_error(row.name, "a page table is mapped writable", 0);
        if (*(const volatile entry_t *)&one.table[one.index] != 0)
            bench_error(row.name, "refused, but the entry is written", 0);
    }
    row_end(&row);
    operate_want(ignored, MMUEXT_UNPIN_TABLE, table);
    slot_map(ignored, &one, frame);
    slot_unmap(ignored, &one);
}

/* While it is marked, a frame of a superpage cannot be a table. */
static void mark_rows(void)
{
    struct row *mark = &first_map, *unmark = &last_unmap;
    struct slot one = slot_make(LAND, 0);
    mfn_t frame = extent_want();
    struct row *map = &second_map, *ignored = &row;
    unsigned int i;

    row_begin(mark, "superpage_mark");
    row_begin(unmark, "superpage_unmark");
    row_begin(map, "superpage_marked_map");
    row_begin(ignored, "superpage_mark");
    if (operate(ignored, MMUEXT_MARK_SUPER, frame) < 0) {
        row_none(mark->name);
        row_none(unmark->name);
        row_none(map->name);
        return;
    }
    operate_want(ignored, MMUEXT_CLEAR_PAGE, frame);
    if (operate(ignored, MMUEXT_PIN_L1_TABLE, frame) >= 0)
        bench_error(mark->name, "a frame of it can still be a table", 0);
    operate_want(ignored, MMUEXT_UNMARK_SUPER, frame);
    for (i = 0; i < REPEATS; i++) {
        row_begin(ignored, "superpage_marked_map");
        operate_want(mark, MMUEXT_MARK_SUPER, frame);
        slot_map(map, &one, frame);
        look(map->name, &one, frame);
        slot_unmap(ignored, &one);
        operate_want(unmark, MMUEXT_UNMARK_SUPER, frame);
    }
    row_end(mark);
    row_end(unmark);
    row_end(map);
    operate_want(ignored, MMUEXT_CLEAR_PAGE, frame);
    operate_want(ignored, MMUEXT_PIN_L1_TABLE, frame);
    operate_want(ignored, MMUEXT_UNPIN_TABLE, frame);
}

/* Pin and unpin the only table of a superpage, an empty one. */
static void table_rows(void)
{
    mfn_t frame = extent_want();
    struct row *pin = &first_map, *unpin = &last_unmap;
    unsigned int i;

    row_begin(&row, "table_first_use");
    operate_want(&row, MMUEXT_CLEAR_PAGE, frame);
    operate_want(&row, MMUEXT_PIN_L1_TABLE, frame); /* a new type: a flush */
    operate_want(&row, MMUEXT_UNPIN_TABLE, frame);
    row_begin(pin, "table_first_use");
    row_begin(unpin, "table_last_use");
    for (i = 0; i < REPEATS; i++) {
        operate_want(pin, MMUEXT_PIN_L1_TABLE, frame);
        operate_want(unpin, MMUEXT_UNPIN_TABLE, frame);
    }
    row_end(pin);
    row_end(unpin);
}

/* MANY_MAPS entries for MANY_FRAMES superpages: the cost of each, and the
 * flushes of all. */
static void many_row(void)
{
    static mfn_t frames[MANY_FRAMES];
    uint64_t cost = 0, flushes = 0;
    struct slot s;
    unsigned int i;

    for (i = 0; i < MANY_FRAMES; i++) {
        frames[i] = extent_next();
        if (frames[i] == NO_FRAME) {
            row_none("superpage_256_maps");
            return;
        }
    }
    for (i = 0; i < MANY_MAPS; i++) {
        s = slot_make(LAND_MANY + i / TABLE_ENTRIES, i % TABLE_ENTRIES);
        row_begin(&row, "superpage_256_maps");
        slot_map(&row, &s, frames[i % MANY_FRAMES]);
        cost += row.cost[0];
        flushes += row.flushes[0];
        *(volatile uint64_t *)s.address = i;
    }
    for (i = 0; i < MANY_MAPS; i++) {
        s = slot_make(LAND_MANY + i / TABLE_ENTRIES, i % TABLE_ENTRIES);
        if (*(volatile uint64_t *)s.address % MANY_FRAMES != i % MANY_FRAMES)
            bench_error(row.name, "another frame is mapped by mapping", i);
        row_begin(&row, "superpage_256_maps");
        if (slot_write(&row, &s, MAP_NOTHING) < 0)
            bench_error(row.name, "cannot be unmapped: mapping", i);
    }
    want("flush", forget_all());
    row_number("superpage_256_maps", cost / MANY_MAPS, flushes);
}

void rows_superpage(void)
{
    struct slot one = slot_make(LAND, 0);
    unsigned int i;

    row_begin(&row, names[0]);
    table_rows();
    if (slot_write(&row, &one, entry_make(extent_want(), MAP_SUPERPAGE)) < 0) {
        for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            row_none(names[i]);
        return;
    }
    slot_unmap(&row, &one);
    warm_rows();
    cold_row();
    owed_row();
    refused_row();
    mark_rows();
    many_row();
}

void rows_gigabyte(void)
{
    mfn_t frame = gigabyte_find();
    struct slot s = {.index = GIGABYTE_LAND,
                     .address = (vaddr_t)GIGABYTE_LAND * TABLE_ENTRIES *
                                SUPERPAGE_BYTES};
    struct row *map = &first_map, *unmap = &last_unmap;
    unsigned int i;

    s.table = table_find(s.address, 3);
    row_begin(map, "gigabyte_map");
    row_begin(unmap, "gigabyte_unmap");
    if (frame == NO_FRAME ||
        slot_write(map, &s, entry_make(frame, MAP_SUPERPAGE)) < 0) {
        row_none(map->name);
        row_none(unmap->name);
        return;
    }
    slot_unmap(unmap, &s);
    row_begin(map, map->name);
    row_begin(unmap, unmap->name);
    for (i = 0; i < REPEATS; i++) {
        slot_map(map, &s, frame);
        look(map->name, &s, frame);
        slot_unmap(unmap, &s);
    }
    row_end(map);
    row_end(unmap);
}
