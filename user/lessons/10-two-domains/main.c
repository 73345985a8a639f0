/*
 * Lesson 10: two domains.
 *
 * This program runs twice at the same time, as two domains. Each has pages
 * from 0 on, page tables, a console, and none of it is the other's. They
 * cannot talk; all that they can do is to notice each other: by frames that
 * are not to be had, and by time that is gone.
 *
 *   G3  Only the owner of an extent refers to its frames.
 *
 * The command line says who we are: who=first or who=second. The second one
 * breaks in the end, and the first one sees what that changes.
 */
#include "lib/domain.h"

#include <xen/memory.h>

#define LAND     0x10000000u /* 256 MiB: nothing is mapped there */
#define AROUND   0x8000u     /* frames below and above that we look at */
#define TRIES    2048u
#define TIMES    5u
#define PATIENCE 20u         /* times that the second one waits for */
#define A_MOMENT 3000000u    /* ticks: a millisecond or more on most CPUs */
#define A_WHILE  2000000000u /* ticks: a second, about */
#define FIRST    0x1111u
#define SECOND   0x2222u

static bool second;
static uint64_t word;   /* what is in our page 0 */
static mfn_t low, high; /* our own frames are between them */
static mfn_t page0;     /* the frame of the other's page 0 */
static entry_t *table;  /* an L1 table for LAND */

static uint64_t ticks_now(void)
{
    uint32_t lower, upper;

    __asm__ volatile("rdtsc" : "=a"(lower), "=d"(upper));
    return (uint64_t)upper << 32 | lower;
}

static void look_at_page_0(void)
{
    volatile uint64_t *page = page_of(0);

    __asm__("" : "+r"(page)); /* 0 is an address like any other */
    if (word == 0) {
        word = second ? SECOND : FIRST;
        *page = word;
        say("  I write 0x%lx to my page 0.\n", word);
    } else {
        say("  my page 0 holds 0x%lx\n", *page);
    }
}

static bool is_mine(const start_info_t *info, mfn_t frame)
{
    pfn_t page;

    for (page = 0; page < info->nr_pages; page++) {
        if (mfn_of(page) == frame)
            return true;
    }
    return false;
}

static void find_my_frames(const start_info_t *info)
{
    pfn_t page;

    low = high = mfn_of(0);
    for (page = 0; page < info->nr_pages; page++) {
        if (mfn_of(page) < low)
            low = mfn_of(page);
        if (mfn_of(page) > high)
            high = mfn_of(page);
    }
    low = low < AROUND ? 0 : low - AROUND;
    high += AROUND;
}

/* What does the owner of a frame call it? Everybody may read that. */
static pfn_t number_of(mfn_t frame)
{
    struct fault fault;
    uint64_t page;

    if (!try_read(address_of(&machine_to_phys_mapping[frame]), &page, &fault))
        return ~0ul;
    return page;
}

/* The frames of the other's pages 0, 1, 2 follow on each other. */
static void find_the_other(const start_info_t *info)
{
    mfn_t frame;

    for (frame = low; frame < high && page0 == 0; frame++) {
        if (number_of(frame) == 0 && number_of(frame + 1) == 1 &&
            number_of(frame + 2) == 2 && !is_mine(info, frame))
            page0 = frame;
    }
    say("  The kernel's table of frames says what each owner calls them.\n"
        "  I find one that somebody else calls page 0: %s\n",
        yes_no(page0 != 0));
}

static void land_build(void)
{
    table = page_alloc();
    page_protect(table);
    entry_write(table_find(LAND, 2), slot_of(LAND, 2),
                entry_make(frame_of(table), MAP_TABLE));
}

static long extended(unsigned int command, mfn_t frame, mfn_t from)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.mfn = frame;
    operation.arg2.src_mfn = from;
    return hypercall_mmuext(&operation, 1, NULL);
}

static long give_back(mfn_t frame)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    r.extent_start.p = &frame;
    return hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                     address_of(&r), 0, 0);
}

static void try_one_frame(void)
{
    ask("Map it, only to read.");
    answer(page_map(LAND, page0, MAP_READ));
    ask("Map it writable.");
    answer(page_map(LAND, page0, MAP_WRITE));
    ask("Let my L2 table name it.");
    answer(entry_write(table_find(LAND, 2), slot_of(LAND, 2) + 1,
                       entry_make(page0, MAP_TABLE)));
    ask("Pin it as a table.");
    answer(extended(MMUEXT_PIN_L1_TABLE, page0, 0));
    ask("Load it as base pointer.");
    answer(extended(MMUEXT_NEW_BASEPTR, page0, 0));
    ask("Use it as a table of descriptors.");
    answer(hypercall(__HYPERVISOR_set_gdt, address_of(&page0), 16, 0, 0));
    ask("Copy it to a page of mine.");
    answer(extended(MMUEXT_COPY_PAGE, frame_of(page_alloc()), page0));
    ask("Fill it with zeros.");
    answer(extended(MMUEXT_CLEAR_PAGE, page0, 0));
    say("  frames that I can give back in its stead: %ld\n", give_back(page0));
}

static void try_all_around(const start_info_t *info)
{
    unsigned int tried = 0, mapped = 0;
    mfn_t frame = page0;

    for (; tried < TRIES; frame++) {
        if (is_mine(info, frame))
            continue;
        tried++;
        if (page_map(LAND, frame, MAP_READ) == 0)
            mapped++;
    }
    say("  From it on I try %u frames that are not mine; mapped: %u\n", tried,
        mapped);
}

/* Count, and ask nobody. How often was there a hole in time? */
static void count(unsigned int times, uint64_t at_least)
{
    uint64_t began = ticks_now(), last = began, now = began;
    unsigned int away = 0;

    while (away < times || now - began < at_least) {
        now = ticks_now();
        if (now - last > A_MOMENT)
            away++;
        last = now;
    }
}

static void share_time(void)
{
    say("3. Time of one's own\n");
    count(TIMES, 0);
    say("  I count, and ask the kernel for nothing. %u times the CPU was\n"
        "  gone in the middle of it, and came back; I could not tell\n"
        "  but by the clock.\n",
        TIMES);
    look_at_page_0();
}

static _Noreturn void break_down(void)
{
    count(PATIENCE, A_WHILE);
    say("4. I break\n"
        "  I throw my trap table away, and trap.\n");
    hypercall_trap_table(NULL);
    __asm__ volatile("ud2");
    for (;;)
        ;
}

static void outlive(void)
{
    say("4. The other one breaks\n");
    while (page_map(LAND, page0, MAP_READ) == -XEN_EBUSY)
        count(0, A_MOMENT);
    say("  Its page 0 belonged to somebody, now it is nobody's.\n");
    ask("Map it.");
    answer(page_map(LAND, page0, MAP_READ));
    look_at_page_0();
    say("Lesson 10 ends: you saw that a domain is alone with what it has.\n");
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    second = domain_option("who", "second");
    say("Lesson 10: two domains. I am the %s.\n", second ? "second" : "first");
    say("1. Memory of one's own\n");
    look_at_page_0();
    land_build();
    find_my_frames(info);
    say("2. The other's frames\n");
    find_the_other(info);
    try_one_frame();
    try_all_around(info);
    share_time();
    if (second)
        break_down();
    outlive();
}
