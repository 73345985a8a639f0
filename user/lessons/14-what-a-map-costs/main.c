/*
 * Lesson 14: what a map costs.
 *
 * There is more than one way to keep tables out from under a writable
 * superpage. All of them give the same answers; they differ in when they look
 * at 512 frames. Tally has them side by side, and superpage= chooses one:
 *
 *   typecount  never: one count for the superpage, with two types
 *   walk       at every map and unmap
 *   refcount   at the first map, and the last unmap
 *   mark       the same, but a mark pays once for all maps after it
 *   off        there are no superpages
 *
 * The kernel does not say which one it has. This lesson finds out: it asks,
 * and it takes the time. What is compared is a list of maps of a superpage
 * with a list, as long, of maps of a page. The ticks that it prints are those
 * of one map and one unmap; each run has others.
 *
 *   make run OPTS=superpage=walk
 *
 * On Xen it is off, in this sense: EINVAL.
 */
#include "lib/domain.h"

#define NEW_LAND  0x10000000u /* 256 MiB: nothing is mapped there */
#define PAIRS     256u        /* a map and an unmap, in one list */
#define TRIES     5u          /* the shortest of them counts */
#define MUCH_MORE 3u          /* times; 512 frames are a hundred times more */

enum design { TYPECOUNT, STRICT, WALK, REFCOUNT, MARK };

static const char *const names[] = {
    [TYPECOUNT] = "typecount", [STRICT] = "typecount, ro=strict",
    [WALK] = "walk",           [REFCOUNT] = "refcount",
    [MARK] = "mark",
};

static struct mmu_update list[2 * PAIRS];
static pfn_t superpage;
static const entry_t *upper; /* the L2 table of the land */
static entry_t *table;       /* an L1 table behind the superpage */
static uint64_t *page;

static uint64_t ticks_now(void)
{
    uint32_t lower, upper_half;

    __asm__ volatile("rdtsc" : "=a"(lower), "=d"(upper_half));
    return (uint64_t)upper_half << 32 | lower;
}

/* How long it takes to map and unmap again, PAIRS times. */
static uint64_t ticks_for(const entry_t *where, unsigned int slot,
                          entry_t entry)
{
    uint64_t best = UINT64_MAX, start, ticks;
    unsigned int i;

    for (i = 0; i < 2 * PAIRS; i++)
        list[i] = mmu_request(where, slot, i % 2 == 0 ? entry : MAP_NOTHING);
    for (i = 0; i < TRIES; i++) {
        start = ticks_now();
        if (hypercall_mmu_update(list, 2 * PAIRS, NULL) != 0)
            return 0;
        ticks = ticks_now() - start;
        if (ticks < best)
            best = ticks;
    }
    return best;
}

static entry_t large(uint64_t flags)
{
    return entry_make(mfn_of(superpage), flags);
}

static long map(unsigned int slot, entry_t entry)
{
    return entry_write(upper, slot, entry);
}

/* Is a map of the superpage much dearer than that of a page? */
static bool is_dear(const char *what)
{
    uint64_t small = ticks_for(table, 0, entry_make(frame_of(page), MAP_WRITE));
    uint64_t big =
        ticks_for(upper, slot_of(NEW_LAND, 2), large(MAP_WRITE_LARGE));
    bool dear = big > small * MUCH_MORE;

    say("  %s: %s\n", what,
        dear ? "much more than a page" : "about as much as a page");
    say("    %lu ticks of the TSC, and %lu ticks for a page\n", big / PAIRS,
        small / PAIRS);
    return dear;
}

static long extended(unsigned int command, mfn_t frame)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.mfn = frame;
    return hypercall_mmuext(&operation, 1, NULL);
}

/* A view over a table: granted where views do not count. */
static bool is_strict(void)
{
    long result;

    ask("Pin one of its pages as an L1 table, and map it read-only.");
    extended(MMUEXT_PIN_L1_TABLE, mfn_of(superpage));
    result = answer(map(slot_of(NEW_LAND, 2), large(MAP_READ_LARGE)));
    map(slot_of(NEW_LAND, 2), MAP_NOTHING);
    extended(MMUEXT_UNPIN_TABLE, mfn_of(superpage));
    return result != 0;
}

static bool has_marks(void)
{
    long result;

    ask("Mark it.");
    result = answer(extended(MMUEXT_MARK_SUPER, mfn_of(superpage)));
    if (result == 0)
        is_dear("a map of what is marked costs");
    extended(MMUEXT_UNMARK_SUPER, mfn_of(superpage));
    return result == 0;
}

static enum design find_out(void)
{
    bool strict, first, second, marks;

    say("1. By its answers\n");
    strict = is_strict();
    say("2. By the time it takes\n");
    first = is_dear("the first map costs");
    map(slot_of(NEW_LAND, 2) + 1, large(MAP_WRITE_LARGE));
    second = is_dear("a second one, with one there, costs");
    map(slot_of(NEW_LAND, 2) + 1, MAP_NOTHING);
    say("3. By its marks\n");
    marks = has_marks();
    if (!first)
        return strict ? STRICT : TYPECOUNT;
    if (second)
        return WALK;
    return marks ? MARK : REFCOUNT;
}

static bool prepare(void)
{
    superpage = superpage_alloc();
    page = page_alloc();
    table = page_alloc();
    page_protect(table);
    upper = table_find(NEW_LAND, 2);
    entry_write(upper, slot_of(NEW_LAND, 2) + 2,
                entry_make(frame_of(table), MAP_TABLE));
    ask("Map a superpage, writable.");
    if (answer(map(slot_of(NEW_LAND, 2), large(MAP_WRITE_LARGE))) != 0)
        return false;
    map(slot_of(NEW_LAND, 2), MAP_NOTHING);
    return true;
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    say("Lesson 14: what a map costs\n");
    if (!prepare()) {
        say("Lesson 14 ends: here an entry maps 4 KiB and no more (off).\n");
        return;
    }
    say("Lesson 14 ends: you saw a kernel with superpage=%s.\n",
        names[find_out()]);
}
