/*
 * Random calls: numbers, arguments and structures that are half right, for as
 * long as a test may take. Whatever the answers are, the domain's tables stay
 * read-only, it goes on running, and the kernel's audit stays clean.
 *
 * seed=N on the command line chooses another order (0 to 9).
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#include <xen/memory.h>

#define ROUNDS     4000u
#define POOL_PAGES 24u

static uint64_t state = 88172645463325252u;
static uint64_t *pool[POOL_PAGES];

static uint64_t random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t limit)
{
    return random() % limit;
}

static uint64_t *any_page(void)
{
    return pool[below(POOL_PAGES)];
}

/* A frame: mostly of the pool, sometimes a table in use, or anything. */
static uint64_t any_frame(void)
{
    switch (below(16)) {
    case 0: return random();
    case 1: return below(0x20000);
    case 2: return frame_of(base_table());
    case 3: return frame_of(table_find(0x200000, (unsigned int)below(3) + 1));
    default: return frame_of(any_page());
    }
}

static uint64_t any_entry(void)
{
    static const uint64_t flags[] = {
        0,    1,    5,    7, 0x67, 0x27, 0x87, 0xe7, 0x107, 0x8000000000000067u,
        0x17, 0x1f, 0xe00};

    if (below(6) == 0)
        return 0;
    return entry_make(any_frame(), flags[below(13)]);
}

/* An address: of the pool, or one that nobody should believe. */
static uint64_t any_address(void)
{
    static const uint64_t strange[] = {0,
                                       0x40000000,
                                       0x7ffffffff000u,
                                       0x800000000000u,
                                       0xffff800000000000u,
                                       0xffff808000200000u,
                                       0xffff87ffffffffffu,
                                       0xfffffffffffffff0u,
                                       0x0000100000000000u};

    if (below(3) == 0)
        return strange[below(9)];
    return address_of(any_page()) + below(512) * 8;
}

/* Is a frame one of the tables that this program lives by? */
static bool is_needed(uint64_t frame)
{
    return frame == frame_of(base_table()) ||
           frame == frame_of(table_find(0, 3)) ||
           frame == frame_of(table_find(0, 2)) ||
           frame == frame_of(table_find(0, 1)) ||
           frame == frame_of(table_find(0x200000, 1));
}

static void random_update(void)
{
    struct mmu_update list[8];
    unsigned int i, count = (unsigned int)below(8) + 1;

    for (i = 0; i < count; i++) {
        list[i].ptr = (any_frame() << PAGE_SHIFT) + below(512) * 8 +
                      (below(4) == 0 ? below(8) : 0);
        list[i].val = any_entry();
        /* Our own numbers must stay true: the library walks by them. */
        if ((list[i].ptr & 7) == MMU_MACHPHYS_UPDATE)
            list[i].ptr &= ~7ul;
        /* And what this program is made of must stay mapped: only entries
         * that are refused go there. */
        if (is_needed(list[i].ptr >> PAGE_SHIFT))
            list[i].val |= ENTRY_LARGE | ENTRY_PRESENT;
    }
    hypercall_mmu_update(list, count, NULL);
}

static void random_extended(void)
{
    struct mmuext_op list[4];
    unsigned int i, count = (unsigned int)below(4) + 1;

    for (i = 0; i < count; i++) {
        list[i].cmd = (unsigned int)below(22);
        if (list[i].cmd == MMUEXT_NEW_BASEPTR)
            list[i].cmd = MMUEXT_NEW_USER_BASEPTR;
        list[i].arg1.mfn =
            below(8) == 0 ? any_address() & ~0xffful : any_frame();
        list[i].arg2.src_mfn = any_frame();
        /* Clearing or filling this program's own pages is no attack. */
        if (list[i].cmd == MMUEXT_CLEAR_PAGE || list[i].cmd == MMUEXT_COPY_PAGE)
            list[i].arg1.mfn = frame_of(any_page());
    }
    hypercall_mmuext(list, count, NULL);
}

static void random_mapping(void)
{
    uint64_t *page = any_page();

    switch (below(4)) {
    case 0: page_protect(page); break;
    case 1: page_release(page); break;
    case 2:
        hypercall_va_mapping(address_of(any_page()), any_entry(), random());
        break;
    default:
        if (below(2) == 0)
            hypercall_va_mapping(any_address() | 1ul << 46, any_entry(),
                                 random());
    }
}

static void random_content(void)
{
    struct fault fault;
    uint64_t *page = any_page();
    unsigned int i;

    for (i = 0; i < 3; i++)
        try_write(address_of(page) + below(512) * 8, any_entry(), &fault);
}

static void random_reservation(void)
{
    uint64_t list[2] = {frame_of(any_page()), any_frame()};
    struct xen_memory_reservation r = {
        .nr_extents = below(3),
        .extent_order = below(8) == 0 ? (unsigned int)below(64) : 0,
        .domid = DOMID_SELF,
    };

    r.extent_start.p = list;
    if (list[1] == frame_of(base_table()))
        return;
    /* Only pages far from this program. */
    list[0] = mfn_of(0x1000 + below(0x100));
    list[1] = below(2) == 0 ? mfn_of(0x1000 + below(0x100)) : random();
    hypercall(__HYPERVISOR_memory_op,
              below(2) == 0 ? XENMEM_decrease_reservation
                            : XENMEM_increase_reservation,
              address_of(&r), 0, 0);
}

static void random_descriptors(void)
{
    uint64_t frames[3] = {any_frame(), any_frame(), any_frame()};

    if (below(2) == 0)
        hypercall(__HYPERVISOR_set_gdt, address_of(frames),
                  below(4) * 512 + below(3), 0, 0);
    else
        hypercall(__HYPERVISOR_update_descriptor,
                  (frame_of(any_page()) << PAGE_SHIFT) + below(512) * 8,
                  random(), 0, 0);
}

/* Any number at all, but what would end or stop this program. */
static void random_call(void)
{
    unsigned int number = (unsigned int)below(64);

    switch (number) {
    case __HYPERVISOR_iret:
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_sched_op_compat:
    case __HYPERVISOR_set_trap_table:
    case __HYPERVISOR_mmu_update:
    case __HYPERVISOR_mmuext_op:
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
    case __HYPERVISOR_memory_op:
    case __HYPERVISOR_console_io:
    case __HYPERVISOR_set_segment_base:
    case __HYPERVISOR_multicall:
    case __HYPERVISOR_vcpu_op:
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_kexec_op:
    case __HYPERVISOR_set_debugreg: return;
    default: break;
    }
    hypercall(number, below(3) == 0 ? below(40) : any_address(), any_address(),
              below(2) == 0 ? below(4) : random(), random());
}

static void (*const actions[])(void) = {
    random_update,      random_update,  random_extended, random_extended,
    random_mapping,     random_mapping, random_content,  random_reservation,
    random_descriptors, random_call,
};

static bool is_protected(const void *table)
{
    const volatile uint64_t *word = table;
    uint64_t before = *word;
    struct fault fault;

    if (try_write(address_of(table), ~0ul, &fault))
        return false;
    return *word == before;
}

void domain_main(const start_info_t *info)
{
    unsigned int i, seed;
    char digit[2] = "";
    bool all = true;

    for (seed = 0; seed < 10; seed++) {
        digit[0] = (char)('0' + seed);
        if (domain_option("seed", digit))
            state += seed * 0x9e3779b97f4a7c15u;
    }
    traps_setup(info);
    for (i = 0; i < POOL_PAGES; i++)
        pool[i] = page_alloc();
    for (i = 0; i < ROUNDS && all; i++) {
        actions[below(sizeof(actions) / sizeof(actions[0]))]();
        if (i % 50 == 0)
            all = is_protected(base_table()) &&
                  is_protected(table_find(0x200000, 2));
    }
    same("rounds of random calls", i, ROUNDS);
    check("the tables are protected", all);
    tests_end();
}
