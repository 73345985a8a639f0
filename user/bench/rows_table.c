/*
 * Tables that are validated and dropped again, whole.
 *
 * The tables are not written in between, so a pin does not find that their
 * type has changed, and owes no flush for that.
 */
#include "bench/rows.h"

#include "lib/domain.h"
#include "bench/measure.h"
#include "bench/pages.h"

#define REPEATS 11u
#define TREE_L1 8u

static struct row pins, unpins;

static struct mmuext_op operation_on(unsigned int command, const void *page)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.mfn = frame_of(page);
    return operation;
}

/* A table can be made writable when it is none; a pinned one cannot. */
static void look(const char *name, const entry_t *table, bool pinned)
{
    void *page = (void *)(uintptr_t)table;
    long answer = page_release(page);

    if ((answer < 0) != pinned)
        bench_error(name, "making the table writable answers", answer);
    if (answer == 0)
        want(name, page_protect(page));
}

/* Rows of pinning and unpinning a table; what is in it must be allowed. */
static void pin_and_unpin(const char *pin_name, const char *unpin_name,
                          const entry_t *table, unsigned int level)
{
    struct mmuext_op pin = operation_on(MMUEXT_PIN_L1_TABLE + level - 1, table);
    struct mmuext_op unpin = operation_on(MMUEXT_UNPIN_TABLE, table);
    struct call pin_call =
        call_make(__HYPERVISOR_mmuext_op, address_of(&pin), 1, 0, DOMID_SELF);
    struct call unpin_call =
        call_make(__HYPERVISOR_mmuext_op, address_of(&unpin), 1, 0, DOMID_SELF);
    unsigned int i;

    want(pin_name, table_pin(table, level)); /* the type changes here */
    want(unpin_name, table_unpin(table));
    row_begin(&pins, pin_name);
    row_begin(&unpins, unpin_name);
    for (i = 0; i < REPEATS; i++) {
        row_want(&pins, &pin_call);
        row_want(&unpins, &unpin_call);
    }
    row_end(&pins);
    row_end(&unpins);
    want(pin_name, table_pin(table, level));
    look(pin_name, table, true);
    want(unpin_name, table_unpin(table));
    look(unpin_name, table, false);
}

/* Name the pages of a run, writable, in all slots of a table. */
static void fill(entry_t *table, pfn_t first)
{
    unsigned int i;

    for (i = 0; i < TABLE_ENTRIES; i++)
        table[i] = entry_make(mfn_of(first + i), MAP_WRITE);
}

static void l1_rows(void)
{
    entry_t *empty = table_new();
    entry_t *full = table_new();

    table_ready(empty);
    fill(full, pages_take(TABLE_ENTRIES));
    table_ready(full);
    pin_and_unpin("pin_l1_empty", "unpin_l1_empty", empty, 1);
    pin_and_unpin("pin_l1_512", "unpin_l1_512", full, 1);
}

static void tree_rows(void)
{
    entry_t *l4 = table_new(), *l3 = table_new(), *l2 = table_new();
    unsigned int i;

    l4[0] = entry_make(frame_of(l3), MAP_TABLE);
    l3[0] = entry_make(frame_of(l2), MAP_TABLE);
    for (i = 0; i < TREE_L1; i++) {
        entry_t *l1 = table_new();

        fill(l1, pages_take(TABLE_ENTRIES));
        table_ready(l1);
        l2[i] = entry_make(frame_of(l1), MAP_TABLE);
    }
    table_ready(l2);
    table_ready(l3);
    table_ready(l4);
    pin_and_unpin("pin_l4_4096", "unpin_l4_4096", l4, 4);
}

/*
 * Two L4 tables, alike but for one slot: what is read through it tells which
 * of them is loaded.
 */
static void base_row(void)
{
    const entry_t *first = base_table();
    entry_t *second = table_copy_base();
    const entry_t *tables[2] = {second, first};
    struct row *row = &pins;
    unsigned int i;

    second[KERNEL_SLOT_FIRST - 1] = second[0];
    table_ready(second);
    want("new_baseptr", table_pin(second, TABLE_LEVELS));
    row_begin(row, "new_baseptr");
    for (i = 0; i <= SAMPLES; i++) {
        struct mmuext_op load = operation_on(MMUEXT_NEW_BASEPTR, tables[i % 2]);
        struct call call = call_make(__HYPERVISOR_mmuext_op, address_of(&load),
                                     1, 0, DOMID_SELF);
        struct fault fault;
        uint64_t value;

        if (i < SAMPLES)
            row_want(row, &call);
        else
            want("new_baseptr", base_load(first));
        if (try_read((KERNEL_SLOT_FIRST - 1ul) << L4_SHIFT | address_of(tables),
                     &value, &fault) != (i % 2 == 0))
            bench_error(row->name, "the other base is still loaded", i);
    }
    row_end(row);
}

void rows_table(void)
{
    l1_rows();
    tree_rows();
    base_row();
}
