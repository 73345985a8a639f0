/*
 * Attacks on the rule that a table is never writable. Names with a number are
 * those of Xen's advisories; each is tried, must be refused, and afterwards
 * nothing may have become writable that was not.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/vcpu.h>

#define LAND          0x40000000u /* an L3 slot of our own */
#define BEYOND        (1ul << 39)
#define STRIDE        61u /* frames, when all memory is looked through */
#define NOT_CANONICAL 0x800000000000u

static uint64_t *land_l2; /* tables of LAND */
static uint64_t *land_l1;

SNIPPET void do_multicall(void)
{
    __asm__("movq %rsi, %rsp; movl $13, %eax; movl $2, %esi; syscall; ud2");
}

SNIPPET void do_ud2(void)
{
    __asm__("ud2; ret");
}

static void *table_new(void)
{
    void *page = page_alloc();

    page_protect(page);
    return page;
}

static long extended(unsigned int command, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.linear_addr = arg1;
    operation.arg2.src_mfn = arg2;
    return hypercall_mmuext(&operation, 1, NULL);
}

static long give_back(uint64_t frame, unsigned int order)
{
    uint64_t list[1] = {frame};
    struct xen_memory_reservation r = {
        .nr_extents = 1,
        .extent_order = order,
        .domid = DOMID_SELF,
    };

    r.extent_start.p = list;
    return hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                     address_of(&r), 0, 0);
}

/*
 * Is a page read-only for the CPU, too? What is written is a bad entry: a good
 * one Xen might take as an update of an L1.
 */
static bool is_protected(const void *page)
{
    volatile uint64_t *word = (volatile uint64_t *)(uintptr_t)page;
    uint64_t before = *word;
    uint64_t bad = entry_make(frame_of(base_table()), MAP_WRITE | ENTRY_LARGE);
    struct fault fault;

    if (try_write(address_of(page), bad, &fault))
        return false;
    return *word == before && page_release((void *)address_of(page)) != 0;
}

static void land_build(void)
{
    land_l2 = table_new();
    land_l1 = table_new();
    answers("L3 names my L2",
            entry_write(table_find(0, 3), 1,
                        entry_make(frame_of(land_l2), MAP_TABLE)),
            0);
    answers("L2 names my L1",
            entry_write(land_l2, 0, entry_make(frame_of(land_l1), MAP_TABLE)),
            0);
}

static void all_protected(const char *name)
{
    check(name, is_protected(base_table()) && is_protected(land_l2) &&
                    is_protected(land_l1));
}

/* ----------------------------------------------------------- superpages */

static void superpages(void)
{
    uint64_t l1_entry = entry_make(frame_of(land_l1), MAP_TABLE);
    uint64_t extent = frame_of(land_l1) & ~511ul;
    struct fault fault;

    check("XSA-148: PSE on an entry that names a table",
          entry_write(land_l2, 0, l1_entry | ENTRY_LARGE) != 0);
    check("XSA-148: PSE on its extent",
          entry_write(land_l2, 0,
                      entry_make(extent, MAP_TABLE | ENTRY_LARGE)) != 0);
    answers("XSA-148: PSE, read-only",
            entry_write(land_l2, 1, entry_make(extent, MAP_READ_LARGE)),
            on_tally() ? 0 : -XEN_EINVAL);
    check("it is a view and no more",
          !try_write(LAND + SUPERPAGE_BYTES, 0, &fault));
    answers("none", entry_write(land_l2, 1, 0), 0);
    check("XSA-148: PSE, PRESERVE_AD",
          hypercall_mmu_update(
              &(struct mmu_update){.ptr = (frame_of(land_l2) << PAGE_SHIFT) |
                                          MMU_PT_UPDATE_PRESERVE_AD,
                                   .val = l1_entry | ENTRY_LARGE},
              1, NULL) != 0);
    check("XSA-167: PSE, a frame far away",
          entry_write(land_l2, 1,
                      entry_make(0xffffffe00, MAP_TABLE | ENTRY_LARGE)) != 0);
    check("XSA-167: mark -1 << 9",
          extended(MMUEXT_MARK_SUPER, ~0ul << 9, 0) < 0);
    check("XSA-167: unmark -1 << 9",
          extended(MMUEXT_UNMARK_SUPER, ~0ul << 9, 0) < 0);
    check("XSA-176: PSE at L3",
          entry_write(table_find(0, 3), 2,
                      entry_make(0, MAP_TABLE | ENTRY_LARGE)) != 0);
    check("XSA-176: PSE at L4",
          entry_write(base_table(), 3,
                      entry_make(0, MAP_TABLE | ENTRY_LARGE)) != 0);
    all_protected("tables are protected");
}

/* -------------------------------------------------------- recursive tables */

static void recursion(void)
{
    const entry_t *l4 = base_table();
    uint64_t *chain[4];
    unsigned int i;
    long result = entry_write(l4, 300, entry_make(frame_of(l4), MAP_READ));

    check("XSA-182: a table that names itself, writable",
          entry_write(l4, 300, entry_make(frame_of(l4), MAP_TABLE)) != 0);
    either("XSA-182: read-only, Xen takes it", result, -XEN_EINVAL, 0);
    check("XSA-182: and with another bit",
          (entry_write(l4, 300, entry_make(frame_of(l4), MAP_TABLE | 0x600)) !=
           0));
    entry_write(l4, 300, 0);
    check("an L2 that names itself as an L1, writable",
          entry_write(land_l2, 7, entry_make(frame_of(land_l2), MAP_TABLE)) !=
              0);
    for (i = 0; i < 4; i++) {
        chain[i] = page_alloc();
        if (i > 0)
            chain[i][0] = entry_make(frame_of(chain[i - 1]), MAP_READ);
        page_protect(chain[i]);
    }
    answers("XSA-240: pin the first of a chain of L3", table_pin(chain[0], 3),
            0);
    either("XSA-240: the second", table_pin(chain[1], 3), -XEN_EINVAL, 0);
    check("XSA-240: the third at the latest", table_pin(chain[2], 3) != 0);
    table_unpin(chain[1]);
    answers("XSA-240: unpin", table_unpin(chain[0]), 0);
    for (i = 0; i < 4; i++)
        answers("all are plain again", page_release(chain[i]), 0);
    all_protected("tables are protected");
}

/* ---------------------------------------------------------- stale entries */

/* The CPU remembers a writable page; the page becomes a table. */
static void stale_writable(void)
{
    uint64_t *page = page_alloc();
    struct fault fault;
    vaddr_t address = LAND + 5 * PAGE_BYTES;

    answers("map it a second time",
            entry_write(land_l1, 5, entry_make(frame_of(page), MAP_WRITE)), 0);
    *(volatile uint64_t *)address = 0;
    answers("the first mapping read-only", page_protect(page), 0);
    answers("the second, without a flush",
            entry_write(land_l1, 5, entry_make(frame_of(page), MAP_READ)), 0);
    answers("pin it", table_pin(page, 1), 0);
    check("XSA-401: what the CPU remembers is gone",
          !try_write(address, entry_make(frame_of(base_table()), MAP_WRITE),
                     &fault));
    same("the table is empty", page[0], 0);
    answers("unpin it", table_unpin(page), 0);
    answers("nothing there", entry_write(land_l1, 5, 0), 0);
    forget_all();
    page_release(page);
}

/* The CPU remembers a table; the table becomes a writable page. */
static void stale_table(void)
{
    uint64_t *table = page_alloc();
    uint64_t *page = page_alloc();
    uint64_t value = 0;
    struct fault fault;
    vaddr_t address = LAND + 0x200000;

    table[0] = entry_make(frame_of(page), MAP_WRITE);
    page_protect(table);
    answers("hook a table",
            entry_write(land_l2, 1, entry_make(frame_of(table), MAP_TABLE)), 0);
    *(volatile uint64_t *)address = 1;
    answers("unhook it, without a flush", entry_write(land_l2, 1, 0), 0);
    answers("it is plain memory", page_release(table), 0);
    table[0] = entry_make(frame_of(base_table()), MAP_WRITE);
    table[1] = entry_make(frame_of(base_table()), MAP_WRITE);
    check("the CPU does not walk it",
          !try_read(address + PAGE_BYTES, &value, &fault));
    check("nor writes by it", !try_write(address, 2, &fault));
    all_protected("tables are protected");
}

/* XSA-286: each step must use the tables as the step before left them. */
static void tables_change_underway(void)
{
    uint64_t *l2 = page_alloc();
    uint64_t *l1 = table_new();
    uint64_t *page = page_alloc();
    const entry_t *l3 = table_find(0, 3);
    uint64_t entry = entry_make(frame_of(page), MAP_WRITE);
    struct mmu_update swap = mmu_request(l3, 1, 0);
    struct multicall_entry list[3] = {
        {.op = __HYPERVISOR_update_va_mapping, .args = {LAND, 0, 0}},
        {.op = __HYPERVISOR_mmu_update,
         .args = {address_of(&swap), 1, 0, DOMID_SELF}},
        {.op = __HYPERVISOR_update_va_mapping, .args = {LAND, entry, 0}},
    };

    l2[0] = entry_make(frame_of(l1), MAP_TABLE);
    page_protect(l2);
    answers("another L2, pinned", table_pin(l2, 2), 0);
    swap.val = entry_make(frame_of(l2), MAP_TABLE);
    answers("the list", hypercall_multicall(list, 3), 0);
    same("XSA-286: the new table is changed", entry_frame(l1[0]),
         frame_of(page));
    same("XSA-286: the old one is not", land_l1[0], 0);
    answers("as before",
            entry_write(l3, 1, entry_make(frame_of(land_l2), MAP_TABLE)), 0);
    forget_all();
    answers("unpin", table_unpin(l2), 0);
    answers("plain again", page_release(l2), 0);
    answers("plain again", page_release(l1), 0);
}

/* ------------------------------------------------------------ large tables */

static void fill(uint64_t *table, const uint64_t *what, unsigned int count)
{
    unsigned int i;

    for (i = 0; i < count; i++)
        table[i] = entry_make(frame_of(what), MAP_TABLE);
    page_protect(table);
}

static void large(void)
{
    uint64_t *l1 = page_alloc();
    uint64_t *l2 = page_alloc();
    uint64_t *l3 = page_alloc();
    uint64_t *l4 = page_alloc();
    uint64_t *page = page_alloc();

    fill(l1, page, 512);
    fill(l2, l1, 512);
    fill(l3, l2, 512);
    fill(l4, l3, 256);
    answers("XSA-45: pin an L4 that names 2^36 pages", table_pin(l4, 4), 0);
    answers("XSA-45: load it for the user", user_base_load(l4), 0);
    answers("XSA-45: unpin it", table_unpin(l4), 0);
    answers("XSA-45: and leave it",
            extended(MMUEXT_NEW_USER_BASEPTR, frame_of(base_table()), 0), 0);
    answers("all of it is plain: L4", page_release(l4), 0);
    l4[511] = entry_make(frame_of(page), MAP_TABLE);
    page_protect(l4);
    answers("XSA-58: the last entry is bad", table_pin(l4, 4), -XEN_EINVAL);
    answers("XSA-299: and a second time", table_pin(l4, 4), -XEN_EINVAL);
    answers("L4 is plain", page_release(l4), 0);
    answers("L3 is plain", page_release(l3), 0);
    answers("L2 is plain", page_release(l2), 0);
    answers("L1 is plain", page_release(l1), 0);
    l1[511] = entry_make(frame_of(base_table()), MAP_WRITE);
    page_protect(l1);
    page_protect(l2);
    page_protect(l3);
    l4[511] = 0;
    page_protect(l4);
    check("XSA-58: the last entry of the L1 is bad", table_pin(l4, 4) != 0);
    answers("L1 is plain", page_release(l1), 0);
    answers("L4 is plain", page_release(l4), 0);
    all_protected("tables are protected");
}

/* -------------------------------------------------------- frames of others */

static void numbers_far_away(void)
{
    static const uint64_t far[] = {BEYOND,          ~0ul, 1ul << 52, 1ul << 40,
                                   (1ul << 52) - 1, 0};
    unsigned int i, level;
    bool all = true;

    for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        for (level = 0; level < 4; level++)
            all = all && extended(MMUEXT_PIN_L1_TABLE + level, far[i], 0) != 0;
        all = all && extended(MMUEXT_CLEAR_PAGE, far[i], 0) != 0;
        all = all && extended(MMUEXT_COPY_PAGE, far[i], 0) != 0;
        all = all && extended(MMUEXT_COPY_PAGE, frame_of(land_l1), far[i]) != 0;
        all = all && extended(MMUEXT_UNPIN_TABLE, far[i], 0) != 0;
        all = all && extended(MMUEXT_NEW_BASEPTR, far[i], 0) != 0;
        all = all && give_back(far[i], 0) != 1;
    }
    check("XSA-32: frames that are not there", all);
    check("XSA-31: an extent of 2^60 pages", give_back(0, 60) != 1);
    check("XSA-31: of 2^63", give_back(0, 63) != 1);
    check("XSA-31: of 2^31", give_back(frame_of(land_l1), 31) != 1);
}

/* Is a frame one of those that start_info counts? */
static bool is_mine(const start_info_t *info, uint64_t frame)
{
    uint64_t page;

    for (page = 0; page < info->nr_pages; page++) {
        if (mfn_of(page) == frame)
            return true;
    }
    return false;
}

/* Map every 61st frame of the machine. Xen's first domain may do that. */
static void all_of_memory(const start_info_t *info)
{
    uint64_t most = (uint64_t)hypercall(__HYPERVISOR_memory_op,
                                        XENMEM_maximum_ram_page, 0, 0, 0);
    uint64_t frame, mine = 0, others = 0;

    for (frame = 0; frame < most + 3 * STRIDE; frame += STRIDE) {
        if (entry_write(land_l1, 9, entry_make(frame, MAP_READ)) != 0)
            continue;
        if (is_mine(info, frame))
            mine++;
        else
            others++;
    }
    entry_write(land_l1, 9, 0);
    forget_all();
    check("some frames are mine", mine > 0);
    if (on_tally())
        same("no frame of others can be mapped", others, 0);
    else
        skip("no frame of others can be mapped", "Xen's first domain may");
}

static void shared_frames(const start_info_t *info)
{
    uint64_t frame = info->shared_info >> PAGE_SHIFT;
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};
    uint64_t grant = 0;
    unsigned int level;
    bool none = true;

    setup.frame_list.p = &grant;
    hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
              address_of(&setup), 1, 0);
    page_unmap(address_of(shared()));
    for (level = 0; level < 4; level++) {
        none = none && extended(MMUEXT_PIN_L1_TABLE + level, frame, 0) != 0;
        none = none && extended(MMUEXT_PIN_L1_TABLE + level, grant, 0) != 0;
    }
    check("XSA-248: what the kernel shares is no table", none);
    check("nor an L1 by an entry",
          entry_write(land_l2, 9, entry_make(frame, MAP_TABLE)) != 0);
    check("nor a base", extended(MMUEXT_NEW_BASEPTR, frame, 0) != 0);
    check("nor descriptors",
          hypercall(__HYPERVISOR_set_gdt, address_of(&frame), 16, 0, 0) != 0);
    answers("map it again", page_map(address_of(shared()), frame, MAP_WRITE),
            0);
}

/* ------------------------------------------------------ answers in tables */

/*
 * Every call that writes an answer, told to write it into the L4 table. A
 * page that the domain may only read, the kernel may not write for it.
 */
static void answers_in_tables(void)
{
    void *table = (void *)(address_of(base_table()) + 8 * 100);
    uint64_t *page = page_alloc();
    struct mmu_update same_word = {.ptr = frame_of(page) << PAGE_SHIFT};
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};
    uint64_t before[TABLE_ENTRIES];

    memcpy(before, base_table(), PAGE_BYTES);
    answers("extraversion", hypercall_version(XENVER_extraversion, table),
            -XEN_EFAULT);
    answers("commandline", hypercall_version(XENVER_commandline, table),
            -XEN_EFAULT);
    answers("machphys_mapping",
            hypercall(__HYPERVISOR_memory_op, XENMEM_machphys_mapping,
                      address_of(table), 0, 0),
            -XEN_EFAULT);
    hypercall_mmu_update(&same_word, 1, table);
    hypercall_mmuext(NULL, 0, table);
    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
              address_of(table), 0, 0);
    hypercall(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0,
              address_of(table), 0);
    hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_query_size,
              address_of(table), 1, 0);
    r.extent_start.p = table;
    hypercall(__HYPERVISOR_memory_op, XENMEM_increase_reservation,
              address_of(&r), 0, 0);
    hypercall_multicall(table, 1);
    same("the table is as it was",
         (uint64_t)memcmp(before, base_table(), 8 * 256), 0);
    same("behind the kernel's slots, too",
         (uint64_t)memcmp(before + 272, base_table() + 272, 8 * 240), 0);
}

/* ---------------------------------------------------------------- the rest */

static void multicall_with_iret(void)
{
    static struct iret_context context;
    struct multicall_entry list[2] = {
        {.op = __HYPERVISOR_iret},
        {.op = __HYPERVISOR_xen_version, .result = 0x55},
    };
    const struct outcome *o;

    context = (struct iret_context){
        .rip = (uint64_t)do_ud2,
        .cs = SELECTOR_CS64,
        .rflags = RFLAGS_IF | RFLAGS_ONE,
        .rsp = user_stack_top() - 64,
        .ss = SELECTOR_SS,
    };
    o = run(do_multicall, address_of(list), address_of(&context), 0);
    trap_is("XSA-213: an iret in a multicall", o, VECTOR_UD, 0,
            (uint64_t)do_ud2);
    same("it went to the user", frame_get(o).cs, SELECTOR_CS64);
    same("XSA-213: no call is made behind it", list[1].result, 0x55);
}

static long gdt_set(const uint64_t *table)
{
    uint64_t frame = frame_of(table);

    return hypercall(__HYPERVISOR_set_gdt, address_of(&frame), 512, 0, 0);
}

static void descriptors(void)
{
    uint64_t *gdt = page_alloc();

    page_protect(gdt);
    answers("set_gdt", gdt_set(gdt), 0);
    check("mmu_update to a descriptor",
          hypercall_mmu_update(
              &(struct mmu_update){.ptr = frame_of(gdt) << PAGE_SHIFT,
                                   .val = 0x0000ec00e0080000u},
              1, NULL) != 0);
    check("clear_page of it",
          extended(MMUEXT_CLEAR_PAGE, frame_of(gdt), 0) != 0);
    answers("no GDT", hypercall(__HYPERVISOR_set_gdt, 0, 0, 0, 0), 0);
    answers("its page is plain", page_release(gdt), 0);
    gdt[3] = 0x0000ec00e0080000u; /* a gate to the kernel's code */
    page_protect(gdt);
    answers("XSA-214: what was valid once is read again", gdt_set(gdt),
            -XEN_EINVAL);
    answers("its page is plain", page_release(gdt), 0);
}

/* L1TF: an entry that is not present, but says where to look. */
static void not_present(void)
{
    uint64_t secret = entry_make(0x200, 0x6);

    either("XSA-273: L1", entry_write(land_l1, 20, secret), 0, -XEN_EINVAL);
    either("XSA-273: L2", entry_write(land_l2, 20, secret), 0, -XEN_EINVAL);
    either("XSA-273: L2 with PSE",
           entry_write(land_l2, 20, secret | ENTRY_LARGE), 0, -XEN_EINVAL);
    answers("none", entry_write(land_l1, 20, 0), 0);
    answers("none", entry_write(land_l2, 20, 0), 0);
}

/* The base pointer's table loses its pin, then its mapping. */
static void base_without_pin(void)
{
    uint64_t *other = page_alloc();
    const void *old = base_table();
    unsigned int slot;

    answers("unpin the table in use", table_unpin(old), 0);
    all_protected("it is a table still");
    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        if (slot < KERNEL_SLOT_FIRST || slot > KERNEL_SLOT_LAST)
            other[slot] = base_table()[slot];
    }
    page_protect(other);
    answers("the user leaves it", extended(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
    answers("load another", base_load(other), 0);
    answers("now it is plain", page_release((void *)address_of(old)), 0);
    all_protected("the new one is protected");
    ((uint64_t *)address_of(old))[0] = 0;
    answers("unpinned, the new one cannot be unpinned", table_unpin(other),
            -XEN_EINVAL);
    answers("pin it", table_pin(other, 4), 0);
    answers("give its frame back", give_back(frame_of(other), 0), 1);
    all_protected("it is a table still");
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    land_build();
    superpages();
    recursion();
    stale_writable();
    stale_table();
    tables_change_underway();
    large();
    numbers_far_away();
    all_of_memory(info);
    not_present();
    descriptors();
    answers_in_tables();
    probe_setup(info);
    multicall_with_iret();
    shared_frames(info);
    traps_setup(info);
    base_without_pin();
    tests_end();
}
