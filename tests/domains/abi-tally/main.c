/*
 * What only Tally answers: how many full TLB flushes it made for a domain. On
 * Xen the number leads nowhere.
 */
#include "lib/domain.h"
#include "lib/tap.h"

/* kernel/abi/tally_op.h */
#define TALLY_OP         __HYPERVISOR_arch_7
#define TALLY_OP_FLUSHES 0u
#define TALLY_OP_LATENCY 1u

#define TRIES            64u

static long tally(unsigned int command)
{
    return hypercall(TALLY_OP, command, 0, 0, 0);
}

static long flushes(void)
{
    return tally(TALLY_OP_FLUSHES);
}

static void ask_only(void)
{
}

static void ask_for_all(void)
{
    forget_all();
}

static void ask_for_one(void)
{
    page_forget(address_of(base_table()));
}

static void load(void)
{
    base_load(base_table());
}

static entry_t *table; /* that is none at first */

/* A table can be written, and then is a table: stale views must go first. */
static void change_type(void)
{
    page_release(table);
    page_protect(table);
    table_pin(table, 1);
    table_unpin(table);
}

static void keep_type(void)
{
    table_pin(table, 1);
    table_unpin(table);
}

/* How many flushes something makes. One that is owed is saved when our turn
 * ends just before, often so on a busy machine: the most of many tries. */
static long flushing(void (*something)(void))
{
    long most = flushes(), before, now;
    unsigned int i;

    for (i = 0; most >= 0 && i < TRIES; i++) {
        before = flushes();
        something();
        now = flushes();
        if (i == 0 || now - before > most)
            most = now - before;
    }
    return most;
}

static void flushes_of(const char *name, void (*something)(void), long count)
{
    answers(name, flushing(something), on_tally() ? count : -XEN_ENOSYS);
}

void domain_main(const start_info_t *info)
{
    (void)info;
    check("there is a number of flushes", on_tally() == (flushes() >= 0));
    flushes_of("asking flushes nothing", ask_only, 0);
    flushes_of("a flush that is asked for", ask_for_all, 1);
    flushes_of("one address is no full flush", ask_for_one, 0);
    flushes_of("a base pointer", load, 1);
    table = page_alloc();
    change_type();
    flushes_of("a table again", keep_type, 0);
    flushes_of("written in between", change_type, 2);
    answers("nobody is told what others do, without latency=yes",
            tally(TALLY_OP_LATENCY), -XEN_ENOSYS);
    answers("command 2", tally(2), -XEN_ENOSYS);
    answers("command -1", tally(~0u), -XEN_ENOSYS);
    tests_end();
}
