/*
 * Lesson 11: refused.
 *
 * A gallery of attacks that have worked on a kernel of this kind. Each has a
 * number among Xen's security advisories (XSA), where it can be read in full:
 * somebody found a way to write to a page table, or to make the kernel do so.
 * Here each is tried, and each is refused.
 *
 * Most come down to few sentences:
 *
 *   T2  While references are held, only the same type may be taken.
 *   E2  An entry maps 4 KiB frames only.
 *   G4  A frame number beyond memory names nothing.
 *   V1  A change of type is published, then flushed, then used.
 *   V3  An operation that is refused undoes all it took.
 */
#include "lib/domain.h"

#include <xen/memory.h>
#include <xen/vcpu.h>

#define LAND         0x40000000u /* slot 1 of the L3 table, free */
#define BEYOND       (1ul << 36) /* a frame number that no PC has */
#define CACHE_OFF    0x10u       /* PCD */
#define KERNEL       0xffff830000000000u
#define GATE         0x0000ec00e0080000u /* a call gate to kernel code */
#define DESCRIPTORS  512u
#define LDT_SELECTOR 7u

static entry_t *land_l2, *land_l1; /* tables of LAND */
static unsigned int attacks;

/* One attack: its name, and what happened once. */
static void attack(const char *name, const char *history)
{
    attacks++;
    say("%u. %s\n  %s\n", attacks, name, history);
}

static void rule(const char *name)
{
    say("  rule %s\n", name);
}

static long extended(unsigned int command, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.linear_addr = arg1;
    operation.arg2.src_mfn = arg2;
    return hypercall_mmuext(&operation, 1, NULL);
}

static entry_t *table_new(void)
{
    entry_t *table = page_alloc();

    page_protect(table);
    return table;
}

/* Can a page be written? By an entry that no table may hold: Xen carries out
 * the writes to L1 tables that it would grant. */
static void look_writable(const char *name, const entry_t *page)
{
    entry_t bad = entry_make(frame_of(base_table()), MAP_WRITE);
    struct fault fault;

    say("  I can write to %s: %s\n", name,
        yes_no(try_write(address_of(page + TABLE_ENTRIES - 1), bad, &fault)));
}

static void release(const char *name, void *page)
{
    say("  %s is plain memory again: %s\n", name,
        yes_no(page_release(page) == 0));
}

static void land_build(void)
{
    land_l2 = table_new();
    land_l1 = table_new();
    entry_write(table_find(LAND, 3), slot_of(LAND, 3),
                entry_make(frame_of(land_l2), MAP_TABLE));
    entry_write(land_l2, 0, entry_make(frame_of(land_l1), MAP_TABLE));
}

/* ------------------------------------------------------------ big entries */

static void big_entries(void)
{
    entry_t table = entry_make(frame_of(land_l1), MAP_TABLE);
    mfn_t first = frame_of(land_l1) & ~511ul;

    attack("XSA-148: the size bit on an entry that names a table",
           "Xen did not look at the bit again, and all of 2 MiB was "
           "writable.");
    ask("Set the size bit in the L2 entry of my L1 table.");
    answer(entry_write(land_l2, 0, table | ENTRY_LARGE));
    rule("E1");
    attack("XSA-148: 2 MiB over a table",
           "The same, with a frame number that is a multiple of 512.");
    ask("Map 2 MiB writable, my L1 table among them.");
    answer(entry_write(land_l2, 1, entry_make(first, MAP_TABLE | ENTRY_LARGE)));
    rule("X2");
    attack("XSA-167: superpages beyond memory",
           "The number was an index before anybody compared it.");
    ask("Map 2 MiB that begin at frame 2^36.");
    answer(
        entry_write(land_l2, 1, entry_make(BEYOND, MAP_TABLE | ENTRY_LARGE)));
    rule("E1");
    attack("XSA-176: the size bit in upper tables",
           "Some of Xen's own walks took such an entry for a table's.");
    ask("Map 1 GiB by an L3 entry.");
    answer(entry_write(table_find(LAND, 3), 2,
                       entry_make(0, MAP_TABLE | ENTRY_LARGE)));
    ask("Map 512 GiB by an L4 entry.");
    answer(
        entry_write(base_table(), 3, entry_make(0, MAP_TABLE | ENTRY_LARGE)));
    rule("G3, E1");
}

/* -------------------------------------------------------- tables in circles */

static void circles(void)
{
    const entry_t *l4 = base_table();
    entry_t *low = table_new();
    entry_t *high = page_alloc();

    attack("XSA-182: a table that names itself",
           "Read-only it was allowed; one bit later it was writable.");
    ask("Let a slot of my L4 table name my L4 table, writable.");
    answer(entry_write(l4, 300, entry_make(frame_of(l4), MAP_TABLE)));
    rule("T2");
    attack("XSA-240: tables of one level in a chain",
           "A long chain was taken apart by a recursion without an end.");
    high[0] = entry_make(frame_of(low), MAP_TABLE);
    page_protect(high);
    table_pin(low, 3);
    ask("Pin an L3 table that names an L3 table as its L2.");
    answer(table_pin(high, 3));
    rule("T2");
    table_unpin(low);
    attack("an L2 table as its own L1 table",
           "Its entries would be entries for pages, too.");
    ask("Let my L2 table name itself.");
    answer(entry_write(land_l2, 7, entry_make(frame_of(land_l2), MAP_TABLE)));
    rule("T2");
}

/* ---------------------------------------------------------- frame numbers */

static long give_back(mfn_t frame, unsigned int order)
{
    struct xen_memory_reservation r = {
        .nr_extents = 1, .extent_order = order, .domid = DOMID_SELF};

    r.extent_start.p = &frame;
    return hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                     address_of(&r), 0, 0);
}

static void numbers(void)
{
    attack("XSA-32: a frame that is not there",
           "What the guest named was looked up without a comparison.");
    ask("Pin frame 2^36 as an L1 table.");
    answer(extended(MMUEXT_PIN_L1_TABLE, BEYOND, 0));
    ask("Fill frame 2^36 with zeros.");
    answer(extended(MMUEXT_CLEAR_PAGE, BEYOND, 0));
    ask("Load frame 2^36 as base pointer.");
    answer(extended(MMUEXT_NEW_BASEPTR, BEYOND, 0));
    rule("G4");
    attack("XSA-31: an extent of 2^60 frames",
           "The CPU went round and round a loop of that length.");
    say("  frames given back: %ld\n", give_back(frame_of(land_l1), 60));
}

/* ------------------------------------------------------ half-built tables */

static void half_built(void)
{
    entry_t *l1 = page_alloc(), *l2 = page_alloc();
    entry_t *l3 = page_alloc(), *l4 = page_alloc();
    unsigned int slot;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        l2[slot] = entry_make(frame_of(l1), MAP_TABLE);
        l3[slot] = entry_make(frame_of(l2), MAP_TABLE);
    }
    l4[0] = entry_make(frame_of(l3), MAP_TABLE);
    l4[511] = entry_make(frame_of(land_l1), MAP_TABLE);
    page_protect(l1);
    page_protect(l2);
    page_protect(l3);
    page_protect(l4);
    attack("XSA-45, XSA-58: tables of 2^27 pages, the last one bad",
           "Taking back what was taken held the CPU; then it was stopped\n"
           "  half way, and lost count.");
    ask("Pin an L4 table; of its 512 slots, the last names an L1 table.");
    answer(table_pin(l4, 4));
    rule("T2, V3");
    attack("XSA-299: and once more",
           "What the first attempt left behind, the second one took for its "
           "own.");
    ask("Pin it again.");
    answer(table_pin(l4, 4));
    rule("T2, V3");
    release("its L4 table", l4);
    release("its L3 table", l3);
    release("its L2 table", l2);
    release("its L1 table", l1);
}

/* -------------------------------------------- memory that changes its use */

static void two_uses(void)
{
    entry_t *page = page_alloc();

    attack("XSA-37: a table, writable",
           "The refusal had another number than the kernel expected, and it\n"
           "  stopped for good.");
    ask("Show my L1 table at another address, writable.");
    answer(entry_write(land_l1, 0, entry_make(frame_of(land_l1), MAP_WRITE)));
    rule("T2");
    attack("two writable views, one taken away",
           "The count must know of both.");
    entry_write(land_l1, 1, entry_make(frame_of(page), MAP_WRITE));
    page_protect(page);
    ask("Pin it as an L1 table.");
    answer(table_pin(page, 1));
    rule("T2");
    entry_write(land_l1, 1, 0);
    attack("a table, written by the kernel",
           "Whoever cannot write may ask somebody who can.");
    ask("Fill my L1 table with zeros.");
    answer(extended(MMUEXT_CLEAR_PAGE, frame_of(land_l1), 0));
    ask("Copy a page over it.");
    answer(extended(MMUEXT_COPY_PAGE, frame_of(land_l1), frame_of(page)));
    rule("T2");
}

/* The CPU remembers a writable view; the page becomes a table. */
static void stale(void)
{
    volatile uint64_t *view =
        (volatile uint64_t *)(LAND + (vaddr_t)(5 * PAGE_BYTES));
    entry_t *page = page_alloc();
    struct fault fault;

    entry_write(land_l1, 5, entry_make(frame_of(page), MAP_WRITE));
    *view = 0;
    page_protect(page);
    attack("XSA-401: what the CPU remembers",
           "The flush came before the type was known to all, and a writable\n"
           "  view survived it.");
    say("  I write to a page, take the view away and do not flush.\n");
    entry_write(land_l1, 5, 0);
    ask("Pin the page as an L1 table.");
    answer(table_pin(page, 1));
    say("  the old view still writes: %s\n",
        yes_no(try_write(address_of(view), 0, &fault)));
    rule("V1");
    table_unpin(page);
}

static long gdt_set(const entry_t *table)
{
    mfn_t frame = frame_of(table);

    return hypercall(__HYPERVISOR_set_gdt, address_of(&frame), DESCRIPTORS, 0,
                     0);
}

static void descriptors(void)
{
    entry_t *gdt = page_alloc();

    page_protect(gdt);
    gdt_set(gdt);
    attack("a descriptor table as a page table",
           "Eight bytes are eight bytes.");
    ask("Pin my descriptor table as an L1 table.");
    answer(table_pin(gdt, 1));
    ask("Write to it by mmu_update.");
    answer(entry_write(gdt, 3, GATE));
    rule("T2, U1");
    attack("XSA-214: what was good once",
           "The page had been checked before, and was not looked at again.");
    hypercall(__HYPERVISOR_set_gdt, 0, 0, 0, 0);
    page_release(gdt);
    gdt[3] = GATE;
    page_protect(gdt);
    ask("Load it again, now with a gate into the kernel.");
    answer(gdt_set(gdt));
    rule("S1, T4");
    release("it", gdt);
}

/* XSA-252: a frame in use is given back. */
static void given_back(void)
{
    entry_t *table = table_new();

    table_pin(table, 1);
    attack("XSA-252: a pinned table is given back",
           "The pin went with it, at a bad moment.");
    say("  frames given back: %ld\n", give_back(frame_of(table), 0));
    look_writable("it", table);
    ask("Make it writable.");
    answer(page_release(table));
    rule("G1, A2");
}

/* ------------------------------------------------------------------- walks */

/* XSA-286: each step must see the tables as the step before left them. */
static void swapped(void)
{
    entry_t *page = page_alloc(), *l1 = table_new(), *l2 = page_alloc();
    const entry_t *l3 = table_find(LAND, 3);
    struct mmu_update swap;
    struct multicall_entry list[2] = {
        {.op = __HYPERVISOR_mmu_update,
         .args = {address_of(&swap), 1, 0, DOMID_SELF}},
        {.op = __HYPERVISOR_update_va_mapping,
         .args = {LAND, entry_make(frame_of(page), MAP_WRITE), 0}},
    };

    l2[0] = entry_make(frame_of(l1), MAP_TABLE);
    page_protect(l2);
    table_pin(land_l2, 2);
    swap =
        mmu_request(l3, slot_of(LAND, 3), entry_make(frame_of(l2), MAP_TABLE));
    attack("XSA-286: the way to an entry changes under way",
           "Xen walked by an old translation, and changed the old table.");
    say("  In one multicall, another L2 table, then a page below it.\n");
    hypercall_multicall(list, 2);
    say("  the new L1 table was changed: %s, the old one: %s\n",
        yes_no(l1[0] != 0), yes_no(land_l1[0] != 0));
    entry_write(l3, slot_of(LAND, 3), entry_make(frame_of(land_l2), MAP_TABLE));
    forget_all();
    table_unpin(land_l2);
}

static void walks(void)
{
    attack("XSA-279: an address that is none",
           "The entry was refused and the address flushed all the same,\n"
           "  which the CPU does not take.");
    ask("Map a page at 2^63.");
    answer(hypercall_va_mapping(1ul << 63, 0, UVMF_INVLPG | UVMF_ALL));
    attack("an entry with cache bits", "XSA-402: the checker must see what "
                                       "the memory holds, not its cache.");
    ask("Let my L2 table name an L1 table, uncached.");
    answer(entry_write(land_l2, 3,
                       entry_make(frame_of(land_l1), MAP_TABLE | CACHE_OFF)));
    rule("E1");
    swapped();
}

/* -------------------------------------------------------------- the kernel */

static void kernel_memory(const start_info_t *info)
{
    mfn_t shared = info->shared_info >> PAGE_SHIFT;

    attack("XSA-29: arguments in the kernel's memory",
           "They were read, and answers written, without a look at where.");
    ask("Read a list of updates from the kernel.");
    answer(hypercall(__HYPERVISOR_mmu_update, KERNEL, 1, 0, DOMID_SELF));
    attack("XSA-212: an answer into the kernel's memory",
           "An index moved it there, behind the check.");
    ask("Write the kernel's version into the kernel.");
    answer(hypercall_version(XENVER_extraversion, (void *)KERNEL));
    attack("an answer into a page table",
           "What the domain may not write, the kernel must not write for it.");
    ask("Write the kernel's version into my L4 table.");
    answer(hypercall_version(XENVER_extraversion,
                             (void *)address_of(base_table())));
    attack("a slot of the kernel's", "With it, all of the kernel's memory.");
    ask("Write to slot 256 of my L4 table.");
    answer(entry_write(base_table(), KERNEL_SLOT_FIRST,
                       entry_make(frame_of(land_l1), MAP_TABLE)));
    rule("E4");
    attack("XSA-248: a page that the kernel shares",
           "Such pages belonged to the guest, which could use them as any "
           "other.");
    ask("Pin shared_info as an L4 table.");
    answer(extended(MMUEXT_PIN_L4_TABLE, shared, 0));
    rule("T2, H1");
}

/* ----------------------------------------------------------------- the CPU */

extern char ldt_load_done[];
static bool protection_fault;

static void handle_protection(struct regs *regs)
{
    protection_fault = true;
    regs->rip = address_of(ldt_load_done);
}

static void processor(void)
{
    struct multicall_entry inner = {.op = __HYPERVISOR_xen_version};
    struct multicall_entry outer = {.op = __HYPERVISOR_multicall,
                                    .args = {address_of(&inner), 1}};

    attack("XSA-298: a selector of a table that is not there",
           "The limit of the LDT was not looked at.");
    trap_set_handler(TRAP_PROTECTION, handle_protection);
    __asm__ volatile("movl %0, %%fs\n\t"
                     ".globl ldt_load_done\n"
                     "ldt_load_done:"
                     :
                     : "r"(LDT_SELECTOR)
                     : "memory");
    say("  a protection fault: %s\n", yes_no(protection_fault));
    attack("XSA-296: a vcpu that runs is made again",
           "With an event waiting, the kernel stopped for good.");
    ask("Initialise the vcpu that asks.");
    answer(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 0,
                     address_of(&inner), 0));
    attack("a list of calls in a list of calls",
           "Each would need a place for where it was.");
    ask("A multicall that holds a multicall.");
    hypercall_multicall(&outer, 1);
    answer((long)outer.result);
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    say("Lesson 11: refused\n");
    land_build();
    big_entries();
    circles();
    numbers();
    half_built();
    two_uses();
    stale();
    descriptors();
    given_back();
    walks();
    kernel_memory(info);
    processor();
    say("After all that:\n");
    look_writable("my L4 table", base_table());
    look_writable("my L3 table", table_find(0, 3));
    look_writable("my L2 table", table_find(0, 2));
    look_writable("the L2 table of the land", land_l2);
    look_writable("its L1 table", land_l1);
    say("Lesson 11 ends: you saw %u ways into a kernel, and each of them "
        "shut.\n",
        attacks);
}
