/*
 * Lesson 17: many address spaces.
 *
 * This is what superpages were asked for in 2010. A database has a large piece
 * of memory that all its processes share, and hundreds of processes come and
 * go. Each has page tables of its own, and each maps the same superpages: the
 * first map of one is rare, and the hundredth is what happens all day.
 *
 * Processes that only look map them read-only. As long as a single one can
 * write, no page of the shared memory may become a table.
 *
 *   X2  A superpage is mapped writable or has tables inside, never both.
 *   X4  No frame leaves a superpage that is mapped or marked.
 *
 * Xen has no superpages: there it ends with the first answer, EINVAL.
 */
#include "lib/domain.h"

#define SHARED     0x8000000000u /* 512 GiB: slot 1 of an L4 table */
#define SUPERPAGES 8u            /* of shared memory */
#define PROCESSES  16u
#define DAYS       25u           /* on each, every process ends and begins */
#define MAPS       (PROCESSES * SUPERPAGES)

struct process {
    entry_t *l4, *l3, *l2;
    bool writes; /* the others only look */
};

static struct process processes[PROCESSES];
static pfn_t shared[SUPERPAGES];
static struct mmu_update list[MAPS];

static entry_t *table_new(void)
{
    entry_t *table = page_alloc();

    page_protect(table);
    return table;
}

static volatile uint64_t *word_of(unsigned int superpage, unsigned int i)
{
    return (volatile uint64_t *)(SHARED + superpage * SUPERPAGE_BYTES) + i;
}

static entry_t entry_for(const struct process *p, unsigned int superpage)
{
    return entry_make(mfn_of(shared[superpage]),
                      p->writes ? MAP_WRITE_LARGE : MAP_READ_LARGE);
}

/* An L4 table like ours, but for slot 1: there it has tables of its own. */
static long process_build(struct process *p)
{
    unsigned int slot;
    long result;

    p->l4 = page_alloc();
    p->l3 = table_new();
    p->l2 = table_new();
    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        if (slot < KERNEL_SLOT_FIRST || slot > KERNEL_SLOT_LAST)
            p->l4[slot] = base_table()[slot];
    }
    page_protect(p->l4);
    result = table_pin(p->l4, 4);
    if (result == 0)
        result = entry_write(p->l4, slot_of(SHARED, 4),
                             entry_make(frame_of(p->l3), MAP_TABLE));
    if (result == 0)
        result = entry_write(p->l3, slot_of(SHARED, 3),
                             entry_make(frame_of(p->l2), MAP_TABLE));
    return result;
}

static long process_map(const struct process *p)
{
    unsigned int i;

    for (i = 0; i < SUPERPAGES; i++)
        list[i] = mmu_request(p->l2, i, entry_for(p, i));
    return hypercall_mmu_update(list, SUPERPAGES, NULL);
}

static long process_unmap(const struct process *p)
{
    unsigned int i;

    for (i = 0; i < SUPERPAGES; i++)
        list[i] = mmu_request(p->l2, i, MAP_NOTHING);
    return hypercall_mmu_update(list, SUPERPAGES, NULL);
}

/* The same question from several processes: the first answer that is no. */
static long all(long (*what)(const struct process *p), unsigned int from,
                unsigned int end)
{
    long result = 0;

    for (; from < end && result == 0; from++)
        result = what(&processes[from]);
    return result;
}

static bool begin(void)
{
    unsigned int i;

    for (i = 0; i < SUPERPAGES; i++)
        shared[i] = superpage_alloc();
    for (i = 0; i < PROCESSES; i++)
        processes[i].writes = i % 2 == 1;
    ask("An address space with tables of its own below slot %u.",
        slot_of(SHARED, 4));
    answer(process_build(&processes[1]));
    ask("Map %u superpages in it, writable.", SUPERPAGES);
    return answer(process_map(&processes[1])) == 0;
}

static void many(void)
{
    unsigned int i;
    long result = 0;

    say("1. %u processes, half of them writers\n", PROCESSES);
    ask("%u address spaces more.", PROCESSES - 1);
    for (i = 0; i < PROCESSES && result == 0; i++) {
        if (processes[i].l4 == NULL)
            result = process_build(&processes[i]);
    }
    answer(result);
    process_unmap(&processes[1]);
    ask("Map the superpages in each; that makes %u maps.", MAPS);
    answer(all(process_map, 0, PROCESSES));
}

static void they_share(void)
{
    const void *own = base_table();
    struct fault fault;
    unsigned int i, right = 0, refused = 0;

    say("2. What one writes, all read\n");
    for (i = 0; i < PROCESSES; i++) {
        base_load(processes[i].l4);
        if (!try_write(address_of(word_of(i % SUPERPAGES, i)), i, &fault))
            refused++;
    }
    say("  each writes its number: %u can, %u cannot\n", PROCESSES - refused,
        refused);
    for (i = 0; i < PROCESSES; i++) {
        base_load(processes[i].l4);
        right += *word_of(1, 1) == 1 && *word_of(7, 15) == 15;
    }
    say("  the numbers are there for %u of %u\n", right, PROCESSES);
    base_load(own);
}

static void days(void)
{
    unsigned int day, done = 0, i;

    say("3. Processes come and go\n");
    ask("On each of %u days, every process ends and another one begins.", DAYS);
    for (day = 0; day < DAYS; day++) {
        for (i = 0; i < PROCESSES; i++) {
            if (process_unmap(&processes[i]) == 0 &&
                process_map(&processes[i]) == 0)
                done += SUPERPAGES;
        }
    }
    say("    -> %u superpages unmapped, and mapped again\n", done);
}

static void pin_shared(void)
{
    struct mmuext_op operation = {.cmd = MMUEXT_PIN_L1_TABLE};

    operation.arg1.mfn = mfn_of(shared[3] + 3);
    ask("Pin a page of the shared memory as an L1 table.");
    if (answer(hypercall_mmuext(&operation, 1, NULL)) != 0)
        return;
    operation.cmd = MMUEXT_UNPIN_TABLE;
    hypercall_mmuext(&operation, 1, NULL);
}

static void writers_go(void)
{
    unsigned int i;
    long result = 0;

    say("4. The last writer\n");
    pin_shared();
    ask("All writers but one end.");
    for (i = 3; i < PROCESSES && result == 0; i += 2)
        result = process_unmap(&processes[i]);
    answer(result);
    pin_shared();
    ask("The last one ends. Readers stay.");
    answer(process_unmap(&processes[1]));
    pin_shared();
    say("  Readers are in nobody's way (X2).\n");
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    say("Lesson 17: many address spaces\n");
    if (!begin()) {
        say("Lesson 17 ends: here an entry maps 4 KiB and no more.\n");
        return;
    }
    many();
    they_share();
    days();
    writers_go();
    say("Lesson 17 ends: you saw %u maps of %u superpages. With "
        "superpage=typecount\n  none of their %u frames was looked at.\n",
        MAPS * (DAYS + 1), SUPERPAGES, SUPERPAGES * SUPERPAGE_PAGES);
}
