/*
 * The reservation, and everything that a hypercall reads or writes in the
 * domain's memory: bad addresses, counts that overflow, half-good lists.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#include <xen/memory.h>

#define NOT_CANONICAL 0x800000000000u
#define GAP           0x40000000u
#define BEYOND        (1ul << 39)
#define COMMAND_BITS  6

static long memory(unsigned int command, void *argument)
{
    return hypercall(__HYPERVISOR_memory_op, command, address_of(argument), 0,
                     0);
}

static long reservation(unsigned int command, uint64_t *list, uint64_t count,
                        unsigned int order)
{
    struct xen_memory_reservation r = {
        .nr_extents = count,
        .extent_order = order,
        .domid = DOMID_SELF,
    };

    r.extent_start.p = (xen_pfn_t *)list;
    return memory(command, &r);
}

static uint64_t pages_now(void)
{
    domid_t self = DOMID_SELF;

    return (uint64_t)memory(XENMEM_current_reservation, &self);
}

/* A page that is mapped nowhere any more; its number. */
static pfn_t page_hidden(void)
{
    void *page = page_alloc();

    page_unmap(address_of(page));
    return page_number(page);
}

static void sizes(const start_info_t *info)
{
    domid_t self = DOMID_SELF;
    domid_t nobody = 1234;

    same("current_reservation", pages_now(), info->nr_pages);
    check("maximum_reservation",
          memory(XENMEM_maximum_reservation, &self) >= (long)info->nr_pages);
    answers("of domain 1234", memory(XENMEM_current_reservation, &nobody),
            -XEN_ESRCH);
    answers("a bad pointer", memory(XENMEM_current_reservation, (void *)GAP),
            -XEN_EFAULT);
    check("maximum_ram_page",
          memory(XENMEM_maximum_ram_page, NULL) > (long)info->nr_pages);
    answers("command 63", memory(63, NULL), -XEN_ENOSYS);
    answers("command 30", memory(30, NULL), -XEN_ENOSYS);
    answers("maximum_ram_page, restarted at 1",
            memory(XENMEM_maximum_ram_page | 1 << COMMAND_BITS, NULL),
            -XEN_EINVAL);
}

static void machine_table(void)
{
    struct xen_machphys_mapping m = {.v_start = 0};

    answers("machphys_mapping", memory(XENMEM_machphys_mapping, &m), 0);
    same("starts at the kernel's slots", m.v_start, HYPERVISOR_VIRT_START);
    check("ends behind it", m.v_end > m.v_start);
    check("covers my frames", m.max_mfn >= frame_of(base_table()));
    answers("a bad pointer", memory(XENMEM_machphys_mapping, (void *)GAP),
            -XEN_EFAULT);
}

/* Give pages back, and get others: numbers and frames stay in step. */
static void there_and_back(const start_info_t *info)
{
    pfn_t page = page_hidden();
    uint64_t *numbers = page_alloc();
    uint64_t old = mfn_of(page);
    uint64_t frame;

    numbers[0] = old;
    answers("decrease by one",
            reservation(XENMEM_decrease_reservation, numbers, 1, 0), 1);
    same("one less", pages_now(), info->nr_pages - 1);
    answers("the same again",
            reservation(XENMEM_decrease_reservation, numbers, 1, 0), 0);
    answers("it cannot be mapped",
            page_map((uint64_t)page << PAGE_SHIFT, old, MAP_READ) != 0, 1);
    numbers[0] = page;
    answers("populate", reservation(XENMEM_populate_physmap, numbers, 1, 0), 1);
    frame = numbers[0];
    same("as many as before", pages_now(), info->nr_pages);
    same("m2p has the number", pfn_of(frame), page);
    answers("map it", page_map((uint64_t)page << PAGE_SHIFT, frame, MAP_WRITE),
            0);
    same("it is scrubbed, or was mine",
         *(volatile uint64_t *)(page << PAGE_SHIFT), 0);
    page_unmap((uint64_t)page << PAGE_SHIFT);
    numbers[0] = frame;
    answers("give it back",
            reservation(XENMEM_decrease_reservation, numbers, 1, 0), 1);
    numbers[0] = 0x1234567;
    answers("increase", reservation(XENMEM_increase_reservation, numbers, 1, 0),
            1);
    check("a frame", numbers[0] != 0x1234567 && numbers[0] != 0);
    frame = numbers[0];
    answers("map it", page_map((uint64_t)page << PAGE_SHIFT, frame, MAP_WRITE),
            0);
    *(volatile uint64_t *)(page << PAGE_SHIFT) = 1;
    hypercall_mmu_update(
        &(struct mmu_update){.ptr = frame << PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
                             .val = page},
        1, NULL);
}

static void bad_extents(void)
{
    uint64_t *list = page_alloc();
    unsigned int i;

    list[0] = 0;
    answers("decrease frame 0",
            reservation(XENMEM_decrease_reservation, list, 1, 0), 0);
    list[0] = BEYOND;
    answers("decrease a frame beyond memory",
            reservation(XENMEM_decrease_reservation, list, 1, 0), 0);
    list[0] = ~0ul;
    answers("decrease frame -1",
            reservation(XENMEM_decrease_reservation, list, 1, 0), 0);
    list[0] = mfn_of(page_hidden());
    list[1] = BEYOND;
    list[2] = mfn_of(page_hidden());
    answers("decrease good, bad, good",
            reservation(XENMEM_decrease_reservation, list, 3, 0), 1);
    for (i = 30; i < 64; i += 11) {
        answers("populate of a large order",
                reservation(XENMEM_populate_physmap, list, 1, i), 0);
        answers("decrease of a large order",
                reservation(XENMEM_decrease_reservation, list, 1, i), 0);
    }
    either("populate with order 64",
           reservation(XENMEM_populate_physmap, list, 1, 64), 0, -XEN_EPERM);
    answers("no extents", reservation(XENMEM_populate_physmap, list, 0, 0), 0);
    answers("a list in the gap",
            reservation(XENMEM_populate_physmap, (void *)GAP, 1, 0), 0);
    answers("a list in the kernel's slots",
            reservation(XENMEM_decrease_reservation,
                        (void *)HYPERVISOR_VIRT_START, 1, 0),
            0);
    answers(
        "a list not canonical",
        reservation(XENMEM_decrease_reservation, (void *)NOT_CANONICAL, 1, 0),
        0);
    answers("2^31 extents",
            reservation(XENMEM_decrease_reservation, (void *)GAP, 1ul << 31, 0),
            0);
    answers("2^63 extents",
            reservation(XENMEM_decrease_reservation, (void *)GAP, 1ul << 63, 0),
            0);
    answers("2^64 - 1 extents",
            reservation(XENMEM_populate_physmap, (void *)GAP, ~0ul, 0), 0);
    answers("a bad argument", memory(XENMEM_decrease_reservation, (void *)GAP),
            0);
    answers(
        "restart behind the end",
        memory(XENMEM_decrease_reservation | 7 << COMMAND_BITS, (void *)GAP),
        7);
}

static void referenced(void)
{
    uint64_t *page = page_alloc();
    uint64_t *table = page_alloc();
    uint64_t list[1] = {frame_of(page)};
    uint64_t before = pages_now();

    page[0] = 0x1ee7;
    answers("give back a page that is mapped",
            reservation(XENMEM_decrease_reservation, list, 1, 0), 1);
    /* Tally takes it out at once, Xen when nothing refers to it any more. */
    same("the reservation", pages_now(), on_tally() ? before - 1 : before);
    same("what is mapped stays", page[0], 0x1ee7);
    page[0] = 0x1ee8;
    same("and can be written", page[0], 0x1ee8);
    answers("giving it back twice frees nothing",
            reservation(XENMEM_decrease_reservation, list, 1, 0),
            on_tally() ? 0 : 1);
    answers("unmap it", page_unmap(address_of(page)), 0);
    check("it cannot be mapped again",
          page_map(address_of(page), list[0], MAP_READ) != 0);
    page_protect(table);
    answers("pin a table", table_pin(table, 1), 0);
    list[0] = frame_of(table);
    answers("XSA-252: give it back",
            reservation(XENMEM_decrease_reservation, list, 1, 0), 1);
    check("it is no writable page",
          page_map(address_of(table), list[0], MAP_WRITE) != 0);
    answers("its pin stays, and can go", table_unpin(table), 0);
    answers("unmap it", page_unmap(address_of(table)), 0);
    check("then it is nobody's", table_pin(table, 1) != 0);
    list[0] = frame_of(base_table());
    answers("give back the L4 table in use",
            reservation(XENMEM_decrease_reservation, list, 1, 0), 1);
    forget_all();
    check("it stays in use", pages_mapped() > 0);
}

static void exchange(void)
{
    uint64_t in[1] = {mfn_of(page_hidden())};
    uint64_t out[1] = {0};
    uint64_t before = pages_now();
    struct xen_memory_exchange x = {
        .in = {.nr_extents = 1, .domid = DOMID_SELF},
        .out = {.nr_extents = 1, .domid = DOMID_SELF},
    };
    long result;

    x.in.extent_start.p = (xen_pfn_t *)in;
    x.out.extent_start.p = (xen_pfn_t *)out;
    x.in.extent_start.p = (xen_pfn_t *)HYPERVISOR_VIRT_START;
    result = memory(XENMEM_exchange, &x);
    check("XSA-29: a list in the kernel's slots", result < 0);
    same("nothing is exchanged", x.nr_exchanged, 0);
    x.in.extent_start.p = (xen_pfn_t *)in;
    x.nr_exchanged = 1ul << 50;
    check("XSA-212: a count that leads far away",
          memory(XENMEM_exchange, &x) < 0);
    same("as many pages as before", pages_now(), before);
}

static void consoles(void)
{
    char text[] = "";
    const long bad = -XEN_EFAULT;

    answers("no text", hypercall_console_write(text, 0), 0);
    answers("text in a gap", hypercall_console_write((char *)GAP, 5), bad);
    answers("text in the kernel's slots",
            hypercall_console_write((char *)0xffff82d040200000, 5), bad);
    answers("text not canonical",
            hypercall_console_write((char *)NOT_CANONICAL, 5), bad);
    answers("text that ends behind the half",
            hypercall_console_write((char *)NOT_CANONICAL - 3, 5), bad);
    answers("console_io 7", hypercall(__HYPERVISOR_console_io, 7, 0, 0, 0),
            -XEN_ENOSYS);
    answers("read nothing",
            hypercall(__HYPERVISOR_console_io, CONSOLEIO_read, 0,
                      address_of(text), 0),
            0);
}

void domain_main(const start_info_t *info)
{
    probe_setup(info);
    sizes(info);
    machine_table();
    there_and_back(info);
    bad_extents();
    exchange();
    if ((info->flags & SIF_PRIVILEGED) != 0)
        consoles();
    referenced();
    tests_end();
}
