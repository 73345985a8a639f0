/*
 * Lesson 9: batch, and continue.
 *
 * A door costs more than what is asked at it, so a domain asks for many
 * things at once: a list of page-table updates, or a list of whole
 * hypercalls. Three things are worth knowing about lists:
 *
 *   - mmu_update works in order and stops at the first refusal. It says how
 *     many were done; what was done stays done.
 *   - A multicall does not stop: each call in it gets its own answer.
 *   - A long list may be interrupted inside the kernel and taken up again,
 *     any number of times. Whoever asked cannot tell.
 *
 * The rule that refuses in the middle is
 *   T2  While references are held, only the same type may be taken.
 */
#include "lib/domain.h"

#define NEW_LAND 0x10000000u /* 256 MiB: nothing is mapped there */
#define PAGES    64u         /* that the list maps, over and over */
#define UPDATES  4096u       /* eight rounds through the L1 table */
#define ONE_BAD  3000u       /* which of them asks too much */
#define CALLS    3u

static struct mmu_update list[UPDATES]; /* 64 KiB of questions */
static uint64_t *pages[PAGES];
static entry_t *table;

/* Update number i: which slot, which page. Each round shifts the pages. */
static unsigned int slot_for(unsigned int i)
{
    return i % TABLE_ENTRIES;
}

static entry_t entry_for(unsigned int i)
{
    unsigned int round = i / TABLE_ENTRIES;

    return entry_make(frame_of(pages[(i + round) % PAGES]), MAP_WRITE);
}

static void prepare_pages(void)
{
    unsigned int i;

    for (i = 0; i < PAGES; i++) {
        pages[i] = page_alloc();
        *pages[i] = i;
    }
    table = page_alloc();
    page_protect(table);
    ask("Let my L2 table name an empty L1 table, for 2 MiB of new land.");
    answer(entry_write(table_find(NEW_LAND, 2), slot_of(NEW_LAND, 2),
                       entry_make(frame_of(table), MAP_TABLE)));
}

static void prepare_list(void)
{
    unsigned int i;

    for (i = 0; i < UPDATES; i++)
        list[i] = mmu_request(table, slot_for(i), entry_for(i));
}

/* How many slots hold what they should after the first `count` updates. */
static unsigned int slots_right(unsigned int count)
{
    unsigned int right = 0;
    unsigned int slot, last;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        last = slot;
        while (last + TABLE_ENTRIES < count)
            last += TABLE_ENTRIES;
        if (entry_frame(table[slot]) == entry_frame(entry_for(last)))
            right++;
    }
    return right;
}

static void send_list(void)
{
    unsigned int done = 0;
    long result = hypercall_mmu_update(list, UPDATES, &done);

    answer(result);
    say("  done: %u; slots as they should be after that many: %u of %u\n", done,
        slots_right(done), TABLE_ENTRIES);
}

static void a_good_list(void)
{
    say("1. A list of %u updates\n", UPDATES);
    prepare_list();
    ask("Map %u pages, each %u times, all writable, in one call.", PAGES,
        UPDATES / PAGES);
    send_list();
    say("  the last address of the new land shows page %lu of the %u\n",
        *(volatile uint64_t *)(NEW_LAND + (TABLE_ENTRIES - 1) * PAGE_BYTES),
        PAGES);
}

static void a_list_with_one_bad(void)
{
    unsigned int i;

    say("2. The same list, with one bad update in the middle\n");
    for (i = 0; i < TABLE_ENTRIES; i++)
        entry_write(table, i, MAP_NOTHING);
    list[ONE_BAD].val = entry_make(frame_of(table), MAP_WRITE);
    ask("The same again, but number %u wants a table, writable.", ONE_BAD);
    send_list();
    say("  the slot of the bad one holds what it held before: %s\n",
        yes_no(entry_frame(table[slot_for(ONE_BAD)]) ==
               entry_frame(entry_for(ONE_BAD - TABLE_ENTRIES))));
}

static void the_rest(void)
{
    unsigned int done = 0;

    say("3. Go on behind it\n");
    ask("The %u updates that follow.", UPDATES - ONE_BAD - 1);
    answer(
        hypercall_mmu_update(list + ONE_BAD + 1, UPDATES - ONE_BAD - 1, &done));
    say("  done: %u\n", done);
}

static struct multicall_entry call_map(unsigned int slot, mfn_t frame)
{
    struct multicall_entry call = {.op = __HYPERVISOR_update_va_mapping};

    call.args[0] = NEW_LAND + slot * PAGE_BYTES;
    call.args[1] = entry_make(frame, MAP_WRITE);
    call.args[2] = UVMF_INVLPG | UVMF_LOCAL;
    return call;
}

static void a_multicall(void)
{
    struct multicall_entry calls[CALLS];
    unsigned int i;

    say("4. A list of hypercalls\n");
    calls[0] = call_map(0, frame_of(pages[10]));
    calls[1] = call_map(1, frame_of(table));
    calls[2] = call_map(2, frame_of(pages[12]));
    ask("Three hypercalls in one; the second wants a table, writable.");
    answer(hypercall_multicall(calls, CALLS));
    for (i = 0; i < CALLS; i++)
        say("  call %u: %s\n", i + 1, error_name((long)calls[i].result));
    say("  the first and the third address show page %lu and page %lu\n",
        *(volatile uint64_t *)NEW_LAND,
        *(volatile uint64_t *)(NEW_LAND + 2 * PAGE_BYTES));
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    say("Lesson 9: batch, and continue\n");
    prepare_pages();
    a_good_list();
    a_list_with_one_bad();
    the_rest();
    a_multicall();
    say("Lesson 9 ends: you saw thousands of questions at one door. Between\n"
        "  any two of them the kernel may have stopped; nothing says so.\n");
}
