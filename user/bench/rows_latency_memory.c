/*
 * The longest ways of the calls that change memory: pins, entries, base
 * pointers, superpages, the reservation.
 */
#include "bench/rows.h"

#include <xen/memory.h>

#include "bench/longest.h"
#include "bench/measure.h"
#include "bench/pages.h"
#include "lib/domain.h"

#define LIST      512u
#define LAND      32u /* a gigabyte of our addresses */
#define LAND_LATE 33u /* another one, for what a list hooks */
#define EXTENTS   8u
#define TREE_L1   8u

static struct mmu_update requests[LIST];
static struct mmuext_op ops[LIST];
static uint64_t list[LIST];

/* A tree of pages: an L4, one L3, one L2, and TREE_L1 full tables. */
static struct tree {
    entry_t *l4, *l3, *l2, *l1[TREE_L1];
} tree;

static struct mmuext_op operation(unsigned int command, mfn_t frame)
{
    struct mmuext_op op = {.cmd = command};

    op.arg1.mfn = frame;
    return op;
}

/* One mmuext_op, twice: the first may find that a type changes. */
static void operate(const char *path, unsigned int command, const void *page)
{
    ops[0] = operation(command, frame_of(page));
    longest_want(path, __HYPERVISOR_mmuext_op, address_of(ops), 1, 0);
}

static void fill(entry_t *table, pfn_t first)
{
    unsigned int i;

    for (i = 0; i < TABLE_ENTRIES; i++)
        table[i] = entry_make(mfn_of(first + i), MAP_WRITE);
}

static void tree_make(void)
{
    unsigned int i;

    tree.l4 = table_new();
    tree.l3 = table_new();
    tree.l2 = table_new();
    tree.l4[0] = entry_make(frame_of(tree.l3), MAP_TABLE);
    tree.l3[0] = entry_make(frame_of(tree.l2), MAP_TABLE);
    for (i = 0; i < TREE_L1; i++) {
        tree.l1[i] = table_new();
        fill(tree.l1[i], pages_take(TABLE_ENTRIES));
        table_ready(tree.l1[i]);
        tree.l2[i] = entry_make(frame_of(tree.l1[i]), MAP_TABLE);
    }
    table_ready(tree.l2);
    table_ready(tree.l3);
    table_ready(tree.l4);
}

/* Whole trees, and one that is refused at its last entry. */
static void pins(void)
{
    entry_t *bad = table_new();
    unsigned int i;

    for (i = 0; i < 2; i++) {
        operate("mmuext_op/pin_l4_4096", MMUEXT_PIN_L4_TABLE, tree.l4);
        operate("mmuext_op/unpin_l4_4096", MMUEXT_UNPIN_TABLE, tree.l4);
        operate("mmuext_op/pin_l1_512", MMUEXT_PIN_L1_TABLE, tree.l1[0]);
        operate("mmuext_op/unpin_l1_512", MMUEXT_UNPIN_TABLE, tree.l1[0]);
    }
    for (i = 0; i < TREE_L1; i++)
        bad[i] = tree.l2[i];
    bad[TABLE_ENTRIES - 1] = entry_make(frame_of(bad), MAP_TABLE);
    table_ready(bad);
    ops[0] = operation(MMUEXT_PIN_L2_TABLE, frame_of(bad));
    longest_refused("mmuext_op/pin_refused_at_last", __HYPERVISOR_mmuext_op,
                    address_of(ops), 1, 0);
}

/* Frames that were tables until now: each has a type that must change, and
 * a flush with it. */
static void make_stale(pfn_t first, unsigned int count)
{
    unsigned int i;

    for (i = 0; i < count; i++) {
        mfn_t frame = mfn_of(first + i);
        struct mmuext_op o[3] = {operation(MMUEXT_CLEAR_PAGE, frame),
                                 operation(MMUEXT_PIN_L1_TABLE, frame),
                                 operation(MMUEXT_UNPIN_TABLE, frame)};

        want("make a table", hypercall_mmuext(o, 3, NULL));
    }
}

static void stale_pins(void)
{
    entry_t *table = table_new();
    pfn_t first = pages_take(TABLE_ENTRIES);
    unsigned int i;

    make_stale(first, TABLE_ENTRIES);
    fill(table, first);
    table_ready(table);
    operate("mmuext_op/pin_l1_512_stale", MMUEXT_PIN_L1_TABLE, table);
    operate("mmuext_op/unpin_l1_512", MMUEXT_UNPIN_TABLE, table);
    make_stale(first, LIST);
    for (i = 0; i < LIST; i++)
        ops[i] = operation(MMUEXT_CLEAR_PAGE, mfn_of(first + i));
    longest_want("mmuext_op/clear_512_stale", __HYPERVISOR_mmuext_op,
                 address_of(ops), LIST, 0);
    longest_want("mmuext_op/clear_512", __HYPERVISOR_mmuext_op, address_of(ops),
                 LIST, 0);
    for (i = 0; i < LIST; i++) {
        ops[i] = operation(MMUEXT_COPY_PAGE, mfn_of(first + i));
        ops[i].arg2.src_mfn = mfn_of(first + (i + 1) % LIST);
    }
    longest_want("mmuext_op/copy_512", __HYPERVISOR_mmuext_op, address_of(ops),
                 LIST, 0);
    for (i = 0; i < LIST; i++)
        ops[i] = operation(i % 2 ? MMUEXT_UNPIN_TABLE : MMUEXT_PIN_L1_TABLE,
                           mfn_of(first + 1));
    longest_want("mmuext_op/pin_unpin_256", __HYPERVISOR_mmuext_op,
                 address_of(ops), LIST, 0);
    for (i = 0; i < LIST; i++)
        ops[i] =
            operation(i % 2 ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_INVLPG_LOCAL, 0);
    longest_want("mmuext_op/flush_512", __HYPERVISOR_mmuext_op, address_of(ops),
                 LIST, 0);
    ops[0] = operation(MMUEXT_CLEAR_PAGE, mfn_of(first));
    longest_many("mmuext_op/clear", __HYPERVISOR_mmuext_op, address_of(ops), 1,
                 0);
}

/* Base pointers: of tables that have to be validated, and dropped again. */
static void bases(void)
{
    const entry_t *first = base_table();
    entry_t *second = table_copy_base();
    unsigned int i;

    second[KERNEL_SLOT_FIRST - 1] = entry_make(frame_of(tree.l3), MAP_TABLE);
    table_ready(second);
    for (i = 0; i < 2; i++) {
        operate("mmuext_op/new_baseptr_validated", MMUEXT_NEW_BASEPTR, second);
        operate("mmuext_op/new_baseptr_dropped", MMUEXT_NEW_BASEPTR, first);
        operate("mmuext_op/new_user_baseptr_validated", MMUEXT_NEW_USER_BASEPTR,
                second);
        ops[0] = operation(MMUEXT_NEW_USER_BASEPTR, 0);
        longest_want("mmuext_op/new_user_baseptr_dropped",
                     __HYPERVISOR_mmuext_op, address_of(ops), 1, 0);
    }
    want("pin", table_pin(second, TABLE_LEVELS));
    for (i = 0; i < LIST; i++)
        ops[i] = operation(MMUEXT_NEW_BASEPTR,
                           frame_of(i % 2 ? first : (const entry_t *)second));
    longest_want("mmuext_op/new_baseptr_512", __HYPERVISOR_mmuext_op,
                 address_of(ops), LIST, 0);
    want("unpin", table_unpin(second));
}

static void update(const char *path, unsigned int count)
{
    longest_want(path, __HYPERVISOR_mmu_update, address_of(requests), count, 0);
}

/* A list of entries for a table in use: pages that are all of a kind. */
static void entries(const char *path, const entry_t *table, pfn_t first,
                    uint64_t flags)
{
    unsigned int i;

    for (i = 0; i < LIST; i++)
        requests[i] = mmu_request(
            table, i, flags ? entry_make(mfn_of(first + i), flags) : 0);
    update(path, LIST);
}

static void updates(void)
{
    entry_t *table = table_new();
    pfn_t first = pages_take(LIST), other = pages_take(LIST);
    unsigned int i;

    table_ready(table);
    table_hook(land_l2(LAND), 0, table);
    entries("mmu_update/map_512", table, first, MAP_WRITE);
    entries("mmu_update/swap_512", table, other, MAP_WRITE);
    make_stale(first, LIST);
    entries("mmu_update/swap_512_stale", table, first, MAP_WRITE);
    for (i = 0; i < LIST; i++)
        requests[i].ptr += MMU_PT_UPDATE_PRESERVE_AD;
    update("mmu_update/preserve_ad_512", LIST);
    entries("mmu_update/unmap_512", table, first, MAP_NOTHING);
    for (i = 0; i < LIST; i++)
        requests[i] = (struct mmu_update){
            .ptr = mfn_of(first + i) << PAGE_SHIFT, .val = i};
    update("mmu_update/words_512", LIST);
    make_stale(first, LIST);
    for (i = 0; i < LIST; i++)
        requests[i].val = 0;
    update("mmu_update/words_512_stale", LIST);
    for (i = 0; i < LIST; i++)
        requests[i] = (struct mmu_update){
            .ptr = mfn_of(first + i) << PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
            .val = first + i};
    update("mmu_update/machphys_512", LIST);
    longest_many("update_va_mapping/swap", __HYPERVISOR_update_va_mapping,
                 (vaddr_t)LAND << 30, entry_make(mfn_of(first), MAP_WRITE),
                 UVMF_TLB_FLUSH | UVMF_ALL);
    longest_many("update_va_mapping_otherdomain/swap",
                 __HYPERVISOR_update_va_mapping_otherdomain,
                 (vaddr_t)LAND << 30, entry_make(mfn_of(first), MAP_WRITE),
                 UVMF_INVLPG | UVMF_ALL);
    requests[0] = mmu_request(base_table(), KERNEL_SLOT_FIRST, 0);
    longest_many("mmu_update/refused", __HYPERVISOR_mmu_update,
                 address_of(requests), 1, 0);
}

/* Tables that an entry of an upper one names, and a list of them. */
static void hooks(void)
{
    const entry_t *l3 = table_find((vaddr_t)LAND_LATE << 30, 3);
    unsigned int i;

    for (i = 0; i < LIST; i++)
        requests[i] =
            mmu_request(l3, LAND_LATE,
                        i % 2 ? 0 : entry_make(frame_of(tree.l2), MAP_TABLE));
    update("mmu_update/hook_4096", 1);
    requests[0] = requests[1];
    update("mmu_update/unhook_4096", 1);
    requests[0] = requests[2];
    update("mmu_update/hook_unhook_4", 8);
}

/* Superpages: each design has its own long way. */
static void superpages(void)
{
    const entry_t *l2 = land_l2(LAND);
    mfn_t extents[EXTENTS];
    unsigned int i;

    for (i = 0; i < EXTENTS; i++)
        extents[i] = extent_next();
    if (extents[EXTENTS - 1] == NO_FRAME)
        bench_error("superpages", "there are too few", EXTENTS);
    for (i = 0; i < LIST - EXTENTS; i++)
        requests[i] = mmu_request(
            l2, i % 256 + 8,
            i < 256 ? entry_make(extents[i % EXTENTS],
                                 i % 3 ? MAP_WRITE_LARGE : MAP_READ_LARGE)
                    : 0);
    longest_call("mmu_update/superpage_map", __HYPERVISOR_mmu_update,
                 address_of(requests), 1, 0);
    longest_call("mmu_update/superpages_256", __HYPERVISOR_mmu_update,
                 address_of(requests), LIST - EXTENTS, 0);
    for (i = 0; i < LIST; i++)
        ops[i] = operation(i % 2 ? MMUEXT_UNMARK_SUPER : MMUEXT_MARK_SUPER,
                           extents[0]);
    for (i = 8; i < 8 + 256; i++)
        want("unmap", entry_write(l2, i, 0));
    longest_call("mmuext_op/mark_super", __HYPERVISOR_mmuext_op,
                 address_of(ops), 1, 0);
    longest_call("mmuext_op/unmark_super", __HYPERVISOR_mmuext_op,
                 address_of(ops + 1), 1, 0);
    longest_call("mmuext_op/mark_unmark_256", __HYPERVISOR_mmuext_op,
                 address_of(ops), LIST, 0);
}

/* L2 tables whose every entry goes the long way: one names superpages, one the
 * same table again and again, and one tables that are empty. */
static void wide_tables(void)
{
    static const char *const names[] = {
        "mmuext_op/pin_l2_superpages",   "mmuext_op/unpin_l2_superpages",
        "mmuext_op/pin_l2_one_table",    "mmuext_op/unpin_l2_one_table",
        "mmuext_op/pin_l2_empty_tables", "mmuext_op/unpin_l2_empty_tables"};
    mfn_t extent = extent_next();
    pfn_t empty = pages_take(TABLE_ENTRIES);
    entry_t *table[3];
    unsigned int i, j;

    make_stale(empty, TABLE_ENTRIES);
    for (i = 0; i < 3; i++)
        table[i] = table_new();
    for (j = 0; j < TABLE_ENTRIES; j++) {
        table[0][j] =
            entry_make(extent, j % 2 ? MAP_WRITE_LARGE : MAP_READ_LARGE);
        table[1][j] = entry_make(frame_of(tree.l1[0]), MAP_TABLE);
        table[2][j] = entry_make(mfn_of(empty + j), MAP_TABLE);
    }
    for (i = 0; i < 3; i++) {
        table_ready(table[i]);
        for (j = 0; j < 2; j++) {
            ops[0] = operation(j ? MMUEXT_UNPIN_TABLE : MMUEXT_PIN_L2_TABLE,
                               frame_of(table[i]));
            longest_call(names[2 * i + j], __HYPERVISOR_mmuext_op,
                         address_of(ops), 1, 0);
        }
    }
}

static void reserve(const char *path, unsigned int command, unsigned int count,
                    unsigned int order)
{
    struct xen_memory_reservation r = {
        .nr_extents = count,
        .extent_order = order,
        .domid = DOMID_SELF,
    };
    long done;

    r.extent_start.p = list;
    done =
        longest_call(path, __HYPERVISOR_memory_op, command, address_of(&r), 0);
    if (done != (long)count)
        bench_error(path, "extents that were done:", done);
}

static void reservation(void)
{
    static domid_t self = DOMID_SELF;
    pfn_t first = pages_take(LIST);
    unsigned int i;

    for (i = 0; i < LIST; i++)
        list[i] = mfn_of(first + i);
    reserve("memory_op/decrease_512", XENMEM_decrease_reservation, LIST, 0);
    for (i = 0; i < LIST; i++)
        list[i] = first + i;
    reserve("memory_op/populate_512", XENMEM_populate_physmap, LIST, 0);
    for (i = 0; i < EXTENTS; i++)
        list[i] = extent_next();
    reserve("memory_op/decrease_8_superpages", XENMEM_decrease_reservation,
            EXTENTS, 9);
    for (i = 0; i < EXTENTS; i++)
        list[i] = first + (uint64_t)i * SUPERPAGE_PAGES;
    reserve("memory_op/populate_8_superpages", XENMEM_populate_physmap, EXTENTS,
            9);
    longest_many("memory_op/current_reservation", __HYPERVISOR_memory_op,
                 XENMEM_current_reservation, address_of(&self), 0);
    longest_many("memory_op/machphys_mapping", __HYPERVISOR_memory_op,
                 XENMEM_machphys_mapping, address_of(list), 0);
}

void rows_latency_memory(void)
{
    tree_make();
    pins();
    stale_pins();
    bases();
    updates();
    hooks();
    superpages();
    wide_tables();
    reservation();
}
