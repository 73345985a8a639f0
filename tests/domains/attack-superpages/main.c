/*
 * Attacks by what a CPU remembers of a superpage. Each is a real store through
 * 2 MiB, or through what was there before or came after; numbers are those of
 * docs/attacks.md. What needs no store is a scene (tests/scenes).
 *
 * On Xen there are no superpages: what would map one must be refused.
 */
#include "lib/domain.h"
#include "lib/tap.h"

#include <xen/memory.h>

#define LAND          0x40000000u            /* an L3 slot of our own */
#define PAGES         (LAND + SUPERPAGE_BYTES) /* its second 2 MiB */
#define CALL_GATE     0x0000ec00e0080000u
#define BATCH         512u
#define BATCHES       200u

static uint64_t *land_l2; /* slot 0: LAND, slot 1: PAGES */
static pfn_t superpage;   /* its first page */

static void *table_new(void)
{
    void *page = page_alloc();

    page_protect(page);
    return page;
}

/* The frame of the superpage's page number i, and its address at LAND. */
static mfn_t frame_in(unsigned int i)
{
    return mfn_of(superpage) + i;
}

static vaddr_t land_of(unsigned int i)
{
    return LAND + (vaddr_t)i * PAGE_BYTES;
}

static volatile uint64_t *land_words(unsigned int i)
{
    return (volatile uint64_t *)land_of(i);
}

static entry_t large(uint64_t flags)
{
    return entry_make(mfn_of(superpage), flags);
}

/*
 * The calls of an attack follow one another without a word in between, so that
 * the CPU has little else to think of: what comes of them is told at the end.
 */
static struct {
    const char *what;
    long got, expected;
} kept[16];
static unsigned int kept_count;

static void keep(const char *what, long got, long expected)
{
    kept[kept_count].what = what;
    kept[kept_count].got = got;
    kept[kept_count].expected = expected;
    kept_count++;
}

static void tell(void)
{
    unsigned int i;

    for (i = 0; i < kept_count; i++)
        answers(kept[i].what, kept[i].got, kept[i].expected);
    kept_count = 0;
}

static void map_writable(void)
{
    keep("map the superpage writable",
         entry_write(land_l2, 0, large(MAP_WRITE_LARGE)), 0);
}

/* The entry goes; what the CPU remembers may stay. */
static void unmap(void)
{
    keep("unmap it, without a flush", entry_write(land_l2, 0, 0), 0);
}

static long pin(mfn_t frame, unsigned int level)
{
    struct mmuext_op operation = {.cmd = MMUEXT_PIN_L1_TABLE + level - 1};

    operation.arg1.mfn = frame;
    return hypercall_mmuext(&operation, 1, NULL);
}

static long unpin(mfn_t frame)
{
    struct mmuext_op operation = {.cmd = MMUEXT_UNPIN_TABLE};

    operation.arg1.mfn = frame;
    return hypercall_mmuext(&operation, 1, NULL);
}

/* What a frame holds, seen through a page of its own. */
static uint64_t look_at(mfn_t frame, unsigned int slot)
{
    static uint64_t *window;

    if (window == NULL)
        window = page_alloc();
    page_map(address_of(window), frame, MAP_READ);
    return ((volatile uint64_t *)window)[slot];
}

/* An entry that would make the base table writable. */
static entry_t forged(void)
{
    return entry_make(frame_of(base_table()), MAP_WRITE);
}

static bool can_write(vaddr_t address)
{
    struct fault fault;

    return try_write(address, forged(), &fault);
}

static bool can_read(vaddr_t address)
{
    struct fault fault;
    uint64_t value;

    return try_read(address, &value, &fault);
}

/* -------------------------------------------------- superpage, then table */

static void stale_superpage(void)
{
    mfn_t table = frame_in(5);

    keep("Q-20: a table", pin(table, 1), 0);
    keep("and no more", unpin(table), 0);
    map_writable();
    land_words(5)[0] = 1;
    land_words(5)[0] = 0;
    unmap();
    keep("the same frame is a table again", pin(table, 1), 0);
    keep("Q-20: nobody writes to it by what was remembered",
         !can_write(land_of(5)), 1);
    keep("the table is empty", look_at(table, 0), 0);
    keep("unpin", unpin(table), 0);
    tell();
}

static void stale_descriptors(void)
{
    uint64_t frame = frame_in(9);

    keep("Q-21: descriptors",
         hypercall(__HYPERVISOR_set_gdt, address_of(&frame), 512, 0, 0), 0);
    keep("and no more",
         hypercall(__HYPERVISOR_set_gdt, address_of(&frame), 0, 0, 0), 0);
    map_writable();
    land_words(9)[0] = CALL_GATE;
    unmap();
    keep("Q-21: a call gate",
         hypercall(__HYPERVISOR_set_gdt, address_of(&frame), 512, 0, 0),
         -XEN_EINVAL);
    map_writable();
    land_words(9)[0] = 0;
    unmap();
    keep("without it",
         hypercall(__HYPERVISOR_set_gdt, address_of(&frame), 512, 0, 0), 0);
    keep("Q-21: nor is it written now", !can_write(land_of(9)), 1);
    keep("no descriptors",
         hypercall(__HYPERVISOR_set_gdt, address_of(&frame), 0, 0, 0), 0);
    tell();
}

/* -------------------------------------------------- table, then superpage */

static void stale_walk(void)
{
    uint64_t *page = page_alloc();
    mfn_t table = frame_in(6);

    map_writable();
    land_words(6)[0] = entry_make(frame_of(page), MAP_WRITE);
    unmap();
    keep("Q-22: a table in use",
         entry_write(land_l2, 1, entry_make(table, MAP_TABLE)), 0);
    *(volatile uint64_t *)PAGES = 1;
    keep("out of use, without a flush", entry_write(land_l2, 1, 0), 0);
    map_writable();
    land_words(6)[0] = forged();
    land_words(6)[1] = forged();
    keep("Q-22: the CPU does not walk it",
         !can_read(PAGES) && !can_read(PAGES + PAGE_BYTES), 1);
    keep("nor writes by it",
         !can_write(PAGES) && !can_write(PAGES + PAGE_BYTES), 1);
    land_words(6)[0] = 0;
    land_words(6)[1] = 0;
    unmap();
    forget_all();
    tell();
}

/* ---------------------------------------------------------------- changes */

static void read_only_on_the_way(void)
{
    map_writable();
    land_words(7)[0] = 0;
    keep("Q-6: read-only, without a flush",
         entry_write(land_l2, 0, large(MAP_READ_LARGE)), 0);
    keep("a table below the view", pin(frame_in(7), 1), 0);
    keep("Q-6: it is not written", !can_write(land_of(7)), 1);
    keep("Q-4: it is read", can_read(land_of(7)), 1);
    keep("Q-5: writable again", entry_write(land_l2, 0, large(MAP_WRITE_LARGE)),
         -XEN_EINVAL);
    keep("Q-5: not for the CPU either", !can_write(land_of(7)), 1);
    keep("the table is empty", land_words(7)[0], 0);
    keep("unpin", unpin(frame_in(7)), 0);
    unmap();
    forget_all();
    tell();
}

static void split(void)
{
    uint64_t *table = page_alloc();

    table[3] = entry_make(frame_in(3), MAP_WRITE);
    table[4] = entry_make(frame_in(4), MAP_READ);
    page_protect(table);
    map_writable();
    land_words(3)[0] = 0x33;
    land_words(4)[0] = 0;
    keep("Q-40: a table in its place, without a flush",
         entry_write(land_l2, 0, entry_make(frame_of(table), MAP_TABLE)), 0);
    keep("what is shown only is a table", pin(frame_in(4), 1), 0);
    keep("Q-40: 2 MiB are forgotten", !can_write(land_of(4)), 1);
    keep("and what is not mapped any more", !can_write(land_of(5)), 1);
    keep("what is mapped is there", land_words(3)[0], 0x33);
    keep("unpin", unpin(frame_in(4)), 0);
    unmap();
    forget_all();
    page_release(table);
    tell();
}

static void merge(void)
{
    uint64_t *table = page_alloc();
    uint64_t *page = page_alloc();
    mfn_t frame = frame_of(page);

    table[8] = entry_make(frame, MAP_WRITE);
    page_protect(table);
    keep("Q-41: a page among pages",
         entry_write(land_l2, 0, entry_make(frame_of(table), MAP_TABLE)), 0);
    land_words(8)[0] = 0;
    keep("shown elsewhere no more", page_protect(page), 0);
    keep("a superpage in their place, without a flush",
         entry_write(land_l2, 0, large(MAP_WRITE_LARGE)), 0);
    keep("the page is a table", pin(frame, 1), 0);
    land_words(8)[0] = 0x88;
    keep("Q-41: a store goes to the superpage", look_at(frame_in(8), 0), 0x88);
    keep("and not to the table", page[0], 0);
    keep("unpin", unpin(frame), 0);
    unmap();
    forget_all();
    page_release(page);
    page_release(table);
    tell();
}

/* ------------------------------------------------------------- giving back */

static long change(unsigned int command, uint64_t *frame)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    r.extent_start.p = frame;
    return hypercall(__HYPERVISOR_memory_op, command, address_of(&r), 0, 0);
}

static void back_and_again(void)
{
    uint64_t frame = frame_in(11);

    map_writable();
    land_words(11)[0] = 0;
    keep("Q-16: give back what is mapped",
         change(XENMEM_decrease_reservation, &frame), 0);
    unmap();
    keep("what is not", change(XENMEM_decrease_reservation, &frame), 1);
    keep("Q-17: a superpage with a hole",
         entry_write(land_l2, 0, large(MAP_READ_LARGE)), -XEN_EINVAL);
    keep("Q-18: and again", change(XENMEM_increase_reservation, &frame), 1);
    keep("it is the same", frame, frame_in(11));
    keep("as a table", pin(frame, 1), 0);
    keep("Q-18: nobody writes to it", !can_write(land_of(11)), 1);
    keep("unpin", unpin(frame), 0);
    map_writable();
    unmap();
    tell();
}

/* ------------------------------------------------------------- many at once */

static void many(void)
{
    static struct mmu_update list[BATCH];
    unsigned int done = 0, sum = 0, i;
    long result = 0;

    for (i = 0; i < BATCH; i++)
        list[i] = mmu_request(land_l2, 2 + i % 256,
                              i < BATCH / 2 ? large(MAP_WRITE_LARGE) : 0);
    for (i = 0; i < BATCHES && result == 0; i++) {
        result = hypercall_mmu_update(list, BATCH, &done);
        sum += done;
    }
    answers("Q-43: a long list of superpages, again and again", result, 0);
    same("all of it is done", sum, BATCH * BATCHES);
    answers("and nothing is left", pin(frame_in(5), 1), 0);
    answers("unpin", unpin(frame_in(5)), 0);
}

static void refused_on_xen(void)
{
    answers("no superpage", entry_write(land_l2, 0, large(MAP_WRITE_LARGE)),
            -XEN_EINVAL);
    answers("none to look at", entry_write(land_l2, 0, large(MAP_READ_LARGE)),
            -XEN_EINVAL);
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    land_l2 = table_new();
    superpage = superpage_alloc();
    check("there is a superpage", superpage != 0 || !on_tally());
    answers("a table for it",
            entry_write(table_find(0, 3), 1,
                        entry_make(frame_of(land_l2), MAP_TABLE)),
            0);
    if (on_tally()) {
        stale_superpage();
        stale_descriptors();
        stale_walk();
        read_only_on_the_way();
        split();
        merge();
        back_and_again();
        many();
    } else {
        refused_on_xen();
    }
    tests_end();
}
