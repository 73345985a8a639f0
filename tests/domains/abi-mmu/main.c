/*
 * The memory hypercalls: every command with good and with bad arguments, the
 * errno of each refusal, and what a list that fails in the middle has done.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#define NOT_CANONICAL 0x800000000000u
#define GAP           0x40000000u /* nothing is mapped there */
#define BEYOND        (1ul << 39) /* a frame number that no machine has */
#define AVAILABLE     (7ul << 9)  /* bits that the CPU leaves to us */
#define NX            (1ul << 63)
#define PCD           0x10u
#define PWT           0x08u
#define PAT           0x80u
#define GLOBAL        0x100u

static const entry_t *l1_of(const void *page)
{
    return table_find(address_of(page), 1);
}

static unsigned int slot1(const void *page)
{
    return slot_of(address_of(page), 1);
}

static entry_t entry_at(const void *page)
{
    return entry_find(address_of(page), 1);
}

static uint64_t place_of(const void *page)
{
    return (frame_of(l1_of(page)) << PAGE_SHIFT) + slot1(page) * 8;
}

static long update(uint64_t ptr, uint64_t val)
{
    struct mmu_update request = {.ptr = ptr, .val = val};

    return hypercall_mmu_update(&request, 1, NULL);
}

/*
 * A frame behind all memory. For Xen's first domain that may be a device, so
 * there it is one that no machine has.
 */
static uint64_t frame_behind(void)
{
    return on_tally() ? 1ul << 26 : BEYOND;
}

/* A table of no entries, ready to be pinned. */
static void *table_new(void)
{
    void *page = page_alloc();

    page_protect(page);
    return page;
}

/* ---------------------------------------------------------- mmu_update */

static void one_entry(void)
{
    uint64_t *page = page_alloc();
    uint64_t *other = page_alloc();
    entry_t old = entry_at(page);
    uint64_t place = place_of(page);
    /* A bit of the address that this CPU has not: Xen sees a far frame. */
    long reserved = on_tally() ? -XEN_EINVAL : -XEN_EPERM;

    answers("the same entry", update(place, old), 0);
    answers("read-only", update(place, old & ~2ul), 0);
    answers("not present, with a payload", update(place, 0xdead000ul), 0);
    same("is kept as it is", entry_at(page), 0xdead000);
    answers("available bits", update(place, old | AVAILABLE), 0);
    same("are kept", entry_at(page) & AVAILABLE, AVAILABLE);
    answers("NX", update(place, old | NX), 0);
    same("is kept", entry_at(page) >> 63, 1);
    answers("without the user bit", update(place, old & ~4ul), 0);
    same("it is added", entry_at(page) & 4, 4);
    answers("global", update(place, old | GLOBAL), 0);
    answers("another frame", update(place, entry_make(frame_of(other), 7)), 0);
    forget_all();
    other[3] = 0x77;
    same("is seen", page[3], 0x77);
    answers("nothing", update(place, 0), 0);
    answers("the old frame", update(place, old), 0);
    answers("PCD on memory", update(place, old | PCD),
            on_tally() ? -XEN_EINVAL : 0);
    answers("PWT on memory", update(place, old | PWT),
            on_tally() ? -XEN_EINVAL : 0);
    answers("PAT on memory", update(place, old | PAT),
            on_tally() ? -XEN_EINVAL : 0);
    answers("as before", update(place, old), 0);
    answers("a reserved bit", update(place, old | 1ul << 51), reserved);
    answers("protection key bits", update(place, old | 1ul << 59), 0);
    answers("as before", update(place, old), 0);
    answers("a table, writable",
            update(place, entry_make(frame_of(base_table()), MAP_WRITE)),
            -XEN_EBUSY);
    answers("a table, read-only",
            update(place, entry_make(frame_of(base_table()), MAP_READ)), 0);
    answers("then writable",
            update(place, entry_make(frame_of(base_table()), MAP_WRITE)),
            -XEN_EBUSY);
    answers("a frame beyond memory",
            update(place, entry_make(frame_behind(), MAP_READ)), -XEN_EPERM);
    same("nothing has changed", entry_frame(entry_at(page)),
         frame_of(base_table()));
    answers("as before", update(place, old), 0);
    forget_all();
    page[0] = 1;
}

static void commands(void)
{
    uint64_t *page = page_alloc();
    uint64_t place = place_of(page);
    uint64_t plain = (frame_of(page) << PAGE_SHIFT) + 8 * 5;
    entry_t old;

    answers("plain memory takes any word", update(plain, ~0ul), 0);
    same("it is there", page[5], ~0ul);
    answers("command 4", update(plain | 4, 1), -XEN_ENOSYS);
    answers("command 5", update(plain | 5, 1), -XEN_ENOSYS);
    answers("command 7", update(plain | 7, 1), -XEN_ENOSYS);
    same("did nothing", page[5], ~0ul);
    page[0] = 1;
    old = entry_at(page);
    same("the entry is accessed and dirty", old & 0x60, 0x60);
    answers(
        "PRESERVE_AD",
        update(place | MMU_PT_UPDATE_PRESERVE_AD, (old & ~0x60ul) | AVAILABLE),
        0);
    same("A and D stay", entry_at(page) & (0x60 | AVAILABLE), 0x60 | AVAILABLE);
    answers("without it", update(place, old & ~0x60ul), 0);
    same("they go", entry_at(page) & 0x60, 0);
    answers("PRESERVE_AD again", update(place | MMU_PT_UPDATE_PRESERVE_AD, old),
            0);
    same("A and D that are asked for are set", entry_at(page) & 0x60, 0x60);
    answers("as before", update(place, old), 0);
    answers("NO_TRANSLATE", update(place | MMU_PT_UPDATE_NO_TRANSLATE, old), 0);
    answers(
        "m2p",
        update((frame_of(page) << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE, 0x1234),
        0);
    same("can be read", pfn_of(frame_of(page)), 0x1234);
    answers("m2p, low bits of the address",
            update((frame_of(page) << PAGE_SHIFT) | 0x238 | MMU_MACHPHYS_UPDATE,
                   page_number(page)),
            0);
    same("can be read", pfn_of(frame_of(page)), page_number(page));
    answers("m2p of frame 0", update(MMU_MACHPHYS_UPDATE, 0), -XEN_EINVAL);
    answers("m2p beyond memory",
            update(BEYOND << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0), -XEN_EINVAL);
    answers("m2p of frame -1", update(~0xffful | MMU_MACHPHYS_UPDATE, 0),
            -XEN_EINVAL);
    answers("a table beyond memory", update(BEYOND << PAGE_SHIFT, 0),
            -XEN_EINVAL);
    answers("a table of frame 0", update(0, 0), -XEN_EINVAL);
    answers("a table of frame -1", update(~7ul, 0), -XEN_EINVAL);
}

static void upper_entries(void)
{
    const entry_t *l2 = table_find(GAP, 2);
    const entry_t *l3 = table_find(0, 3);
    const entry_t *l4 = base_table();
    uint64_t *page = page_alloc();
    uint64_t *l1 = page_alloc();
    uint64_t *bad = page_alloc();
    void *empty_l2 = table_new();
    entry_t old = l3[0];

    check("the gap has no L2 table", l2 == NULL);
    l1[5] = entry_make(frame_of(page), MAP_WRITE);
    bad[9] = entry_make(frame_of(base_table()), MAP_WRITE);
    answers("L3 names a writable page",
            entry_write(l3, 1, entry_make(frame_of(l1), MAP_TABLE)),
            -XEN_EINVAL);
    answers("L3 names an empty L2",
            entry_write(l3, 1, entry_make(frame_of(empty_l2), MAP_TABLE)), 0);
    l2 = table_find(GAP, 2);
    page_protect(l1);
    answers("L2 names the L1",
            entry_write(l2, 0, entry_make(frame_of(l1), MAP_TABLE)), 0);
    *(volatile uint64_t *)(GAP + 5 * PAGE_BYTES) = 0x99;
    same("what is written is there", page[0], 0x99);
    page_protect(bad);
    answers("L2 names a table with a bad entry",
            entry_write(l2, 1, entry_make(frame_of(bad), MAP_TABLE)),
            -XEN_EBUSY);
    answers("L2 names an L2",
            entry_write(l2, 1, entry_make(frame_of(empty_l2), MAP_TABLE)),
            -XEN_EINVAL);
    answers("L2 names the L4",
            entry_write(l2, 1, entry_make(frame_of(l4), MAP_TABLE)),
            -XEN_EINVAL);
    answers("L2 names a frame beyond memory",
            entry_write(l2, 1, entry_make(BEYOND, MAP_TABLE)), -XEN_EINVAL);
    answers("L2 names frame 0", entry_write(l2, 1, entry_make(0, MAP_TABLE)),
            -XEN_EINVAL);
    answers("a superpage",
            entry_write(l2, 1, entry_make(0x200, MAP_TABLE | ENTRY_LARGE)),
            -XEN_EINVAL);
    answers("a superpage at L3",
            entry_write(l3, 2, entry_make(0x40000, MAP_TABLE | ENTRY_LARGE)),
            -XEN_EINVAL);
    answers("a superpage at L4",
            entry_write(l4, 2, entry_make(0x40000, MAP_TABLE | ENTRY_LARGE)),
            -XEN_EINVAL);
    answers("L2 entry, global",
            entry_write(l2, 0, entry_make(frame_of(l1), MAP_TABLE | GLOBAL)),
            -XEN_EINVAL);
    answers("L2 entry, PCD",
            entry_write(l2, 0, entry_make(frame_of(l1), MAP_TABLE | PCD)),
            -XEN_EINVAL);
    answers("L2 entry, read-only",
            entry_write(l2, 0, entry_make(frame_of(l1), MAP_READ)), 0);
    answers("L2 entry, NX",
            entry_write(l2, 0, entry_make(frame_of(l1), MAP_TABLE) | NX), 0);
    answers("L2 entry, available bits",
            entry_write(l2, 0, entry_make(frame_of(l1), MAP_TABLE | AVAILABLE)),
            0);
    answers("L2 entry, not present with a payload",
            entry_write(l2, 3, 0xabcd000), 0);
    same("is kept", l2[3], 0xabcd000);
    answers("L4, a slot of the kernel's", entry_write(l4, KERNEL_SLOT_FIRST, 0),
            -XEN_EINVAL);
    answers(
        "L4, another of them",
        entry_write(l4, KERNEL_SLOT_LAST, entry_make(frame_of(l1), MAP_TABLE)),
        -XEN_EINVAL);
    answers("L4, the same entry again",
            entry_write(l4, KERNEL_SLOT_FIRST, l4[KERNEL_SLOT_FIRST]),
            -XEN_EINVAL);
    answers("L4, the slot before", entry_write(l4, 255, 0), 0);
    answers("L4, the slot behind", entry_write(l4, 272, 0), 0);
    answers("L4 names itself",
            entry_write(l4, 300, entry_make(frame_of(l4), MAP_READ)),
            on_tally() ? -XEN_EINVAL : 0);
    entry_write(l4, 300, 0);
    answers("L4 names itself, writable",
            entry_write(l4, 300, entry_make(frame_of(l4), MAP_TABLE)),
            -XEN_EINVAL);
    answers("L3 names an L3",
            entry_write(l3, 4, entry_make(frame_of(l3), MAP_TABLE)),
            -XEN_EINVAL);
    answers("give it all back", entry_write(l3, 1, 0), 0);
    same("the rest is as it was", l3[0] & ~0x20ul, old & ~0x20ul);
    forget_all();
    answers("L1 is plain again", page_release(l1), 0);
    answers("the refused one is plain", page_release(bad), 0);
    answers("L2 is plain again", page_release(empty_l2), 0);
}

/* A list stops where it fails, and tells how far it came. */
static void lists(void)
{
    uint64_t *page = page_alloc();
    uint64_t plain = frame_of(page) << PAGE_SHIFT;
    struct mmu_update list[4] = {
        {.ptr = plain, .val = 1},
        {.ptr = plain + 8, .val = 2},
        {.ptr = BEYOND << PAGE_SHIFT, .val = 3},
        {.ptr = plain + 24, .val = 4},
    };
    unsigned int done = 77;

    answers("the third of four is bad", hypercall_mmu_update(list, 4, &done),
            -XEN_EINVAL);
    same("two are done", done, 2);
    same("the first", page[0], 1);
    same("the second", page[1], 2);
    same("the fourth is not", page[3], 0);
    done = 77;
    answers("two good ones", hypercall_mmu_update(list, 2, &done), 0);
    same("are done", done, 2);
    done = 77;
    answers("an empty list", hypercall_mmu_update(list, 0, &done), 0);
    same("none is done", done, 0);
    done = 77;
    answers("a list that is not there",
            hypercall_mmu_update((void *)GAP, 3, &done), -XEN_EFAULT);
    same("none is done", done, 0);
    answers("a list that is not canonical",
            hypercall_mmu_update((void *)NOT_CANONICAL, 1, &done), -XEN_EFAULT);
    answers("a list in the kernel's slots",
            hypercall_mmu_update((void *)HYPERVISOR_VIRT_START, 1, &done),
            -XEN_EFAULT);
    answers("a list at the end of everything",
            hypercall_mmu_update((void *)~0xful, 1, &done), -XEN_EFAULT);
    answers("a list that wraps",
            hypercall_mmu_update((void *)~0xful, 0x1000, &done), -XEN_EFAULT);
    answers("2^31 - 1 requests",
            hypercall_mmu_update((void *)GAP, 0x7fffffff, &done), -XEN_EFAULT);
    answers("a done count that cannot be written",
            hypercall_mmu_update(list, 2, (void *)GAP), 0);
    answers("a done count in the kernel's slots",
            hypercall_mmu_update(list, 2, (void *)(HYPERVISOR_VIRT_START)), 0);
}

static long update_of(unsigned int domain)
{
    struct mmu_update request = {.ptr = 0, .val = 0};

    return hypercall(__HYPERVISOR_mmu_update, address_of(&request), 1, 0,
                     domain);
}

static void strangers(void)
{
    answers("domain 1234", update_of(1234), -XEN_ESRCH);
    answers("DOMID_INVALID", update_of(0x7ff4), -XEN_ESRCH);
    answers("tables of domain 1234", update_of((1234 + 1) << 16 | DOMID_SELF),
            -XEN_ESRCH);
}

/* ---------------------------------------------------- update_va_mapping */

static void by_address(void)
{
    uint64_t *page = page_alloc();
    entry_t old = entry_at(page);
    uint64_t one_cpu = 1;

    answers("no flush", hypercall_va_mapping(address_of(page), old, 0), 0);
    answers("flush here",
            hypercall_va_mapping(address_of(page), old,
                                 UVMF_TLB_FLUSH | UVMF_LOCAL),
            0);
    answers(
        "flush all",
        hypercall_va_mapping(address_of(page), old, UVMF_TLB_FLUSH | UVMF_ALL),
        0);
    answers("invlpg all",
            hypercall_va_mapping(address_of(page), old, UVMF_INVLPG | UVMF_ALL),
            0);
    answers("invlpg by a mask",
            hypercall_va_mapping(address_of(page), old,
                                 UVMF_INVLPG | address_of(&one_cpu)),
            0);
    answers("a mask that is not there",
            hypercall_va_mapping(address_of(page), old, UVMF_INVLPG | GAP),
            -XEN_EFAULT);
    answers("flush type 3",
            hypercall_va_mapping(address_of(page), old, 3 | UVMF_LOCAL), 0);
    answers("an address in the page",
            hypercall_va_mapping(address_of(page) + 123, old, UVMF_INVLPG), 0);
    answers("a gap", hypercall_va_mapping(GAP, old, 0), -XEN_EINVAL);
    answers("a gap in L4", hypercall_va_mapping(1ul << 45, old, 0),
            -XEN_EINVAL);
    answers("not canonical", hypercall_va_mapping(NOT_CANONICAL, 0, 0),
            -XEN_EINVAL);
    answers("XSA-279",
            hypercall_va_mapping(1ul << 63, 0, UVMF_INVLPG | UVMF_ALL),
            -XEN_EINVAL);
    answers("the kernel's slots",
            hypercall_va_mapping(HYPERVISOR_VIRT_START, 0, 0), -XEN_EINVAL);
    answers("its text", hypercall_va_mapping(0xffff82d040200000, 0, 0),
            -XEN_EINVAL);
    answers("a table, writable",
            hypercall_va_mapping(address_of(base_table()),
                                 entry_make(frame_of(base_table()), MAP_WRITE),
                                 0),
            -XEN_EBUSY);
    answers("beyond memory",
            hypercall_va_mapping(address_of(page),
                                 entry_make(frame_behind(), MAP_READ), 0),
            -XEN_EPERM);
    same("nothing has changed", entry_at(page), old);
}

/* ---------------------------------------------------------- mmuext_op */

static long extended(unsigned int command, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.linear_addr = arg1;
    operation.arg2.src_mfn = arg2;
    return hypercall_mmuext(&operation, 1, NULL);
}

static void pins(void)
{
    static const char *const names[] = {"pin frame 0", "pin beyond memory",
                                        "pin frame -1", "unpin frame 0",
                                        "unpin beyond memory"};
    uint64_t *table = table_new();
    uint64_t *writable = page_alloc();
    unsigned int level;

    for (level = 1; level <= 4; level++) {
        answers(names[0], extended(MMUEXT_PIN_L1_TABLE + level - 1, 0, 0),
                -XEN_EINVAL);
        answers(names[1], extended(MMUEXT_PIN_L1_TABLE + level - 1, BEYOND, 0),
                -XEN_EINVAL);
        answers(names[2], extended(MMUEXT_PIN_L1_TABLE + level - 1, ~0ul, 0),
                -XEN_EINVAL);
        answers("pin a writable page", table_pin(writable, level), -XEN_EINVAL);
        answers("pin", table_pin(table, level), 0);
        answers("pin twice", table_pin(table, level), -XEN_EINVAL);
        answers("pin as another", table_pin(table, level % 4 + 1), -XEN_EINVAL);
        answers("make it writable", page_release(table), -XEN_EBUSY);
        answers("unpin", table_unpin(table), 0);
        answers("unpin twice", table_unpin(table), -XEN_EINVAL);
    }
    answers(names[3], extended(MMUEXT_UNPIN_TABLE, 0, 0), -XEN_EINVAL);
    answers(names[4], extended(MMUEXT_UNPIN_TABLE, BEYOND, 0), -XEN_EINVAL);
    answers("unpin plain memory", table_unpin(writable), -XEN_EINVAL);
    answers("a table in use as L1 is pinned",
            table_pin(table_find(0x200000, 1), 1), 0);
    answers("and unpinned", table_unpin(table_find(0x200000, 1)), 0);
    answers("the table is plain again", page_release(table), 0);
    /* As an L4 it was given the kernel's entries. */
    memset(table, 0, PAGE_BYTES);
    table[3] = entry_make(frame_of(writable), MAP_WRITE) | 1ul << 51;
    page_protect(table);
    either("pin with a reserved bit", table_pin(table, 1), -XEN_EPERM,
           -XEN_EINVAL);
    answers("it is plain", page_release(table), 0);
    table[3] = 0xfffff000; /* not present */
    page_protect(table);
    answers("pin with a payload", table_pin(table, 1), 0);
    answers("unpin", table_unpin(table), 0);
    page_release(table);
    table[3] = 0;
    table[511] = entry_make(frame_of(base_table()), MAP_TABLE);
    page_protect(table);
    answers("L4 whose last entry is bad", table_pin(table, 4), -XEN_EINVAL);
    answers("L3 whose last entry is bad", table_pin(table, 3), -XEN_EINVAL);
    answers("it is plain", page_release(table), 0);
    table[511] = 0;
    table[256] = entry_make(frame_of(base_table()), MAP_TABLE);
    page_protect(table);
    answers("L4 with rubbish in the kernel's slots", table_pin(table, 4), 0);
    check("which are not there any more",
          entry_frame(table[256]) != frame_of(base_table()));
    answers("unpin", table_unpin(table), 0);
}

static void bases(void)
{
    uint64_t *l4 = page_alloc();
    const void *old = base_table();
    unsigned int slot;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        if (slot < KERNEL_SLOT_FIRST || slot > KERNEL_SLOT_LAST)
            l4[slot] = base_table()[slot];
    }
    answers("a writable page as base", base_load(l4), -XEN_EINVAL);
    page_protect(l4);
    answers("a base that is not pinned", base_load(l4), 0);
    answers("it cannot be writable", page_release(l4), -XEN_EBUSY);
    answers("the same again", base_load(l4), 0);
    answers("frame 0 as base", extended(MMUEXT_NEW_BASEPTR, 0, 0), -XEN_EINVAL);
    answers("beyond memory", extended(MMUEXT_NEW_BASEPTR, BEYOND, 0),
            -XEN_EINVAL);
    answers("an L1 as base",
            extended(MMUEXT_NEW_BASEPTR, frame_of(l1_of(l4)), 0), -XEN_EINVAL);
    answers("the old base", base_load(old), 0);
    answers("the other is plain", page_release(l4), 0);
    answers("user base of a writable page", user_base_load(l4), -XEN_EINVAL);
    page_protect(l4);
    answers("a user base", user_base_load(l4), 0);
    answers("it cannot be writable", page_release(l4), -XEN_EBUSY);
    answers("a user base beyond memory",
            extended(MMUEXT_NEW_USER_BASEPTR, BEYOND, 0), -XEN_EINVAL);
    answers("no user base", extended(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
    answers("it is plain", page_release(l4), 0);
}

static void flushes(void)
{
    uint64_t mask = 1;
    uint64_t page = address_of(page_alloc());

    answers("flush here", extended(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
    answers("flush all", extended(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
    answers("flush by a mask",
            extended(MMUEXT_TLB_FLUSH_MULTI, 0, address_of(&mask)), 0);
    answers("a mask that is not there",
            extended(MMUEXT_TLB_FLUSH_MULTI, 0, GAP), -XEN_EINVAL);
    answers("invlpg here", extended(MMUEXT_INVLPG_LOCAL, page, 0), 0);
    answers("invlpg all", extended(MMUEXT_INVLPG_ALL, page, 0), 0);
    answers("invlpg by a mask",
            extended(MMUEXT_INVLPG_MULTI, page, address_of(&mask)), 0);
    answers("invlpg, mask not there", extended(MMUEXT_INVLPG_MULTI, page, GAP),
            -XEN_EINVAL);
    answers("invlpg, not canonical",
            extended(MMUEXT_INVLPG_LOCAL, NOT_CANONICAL, 0), 0);
    answers("invlpg all, not canonical",
            extended(MMUEXT_INVLPG_ALL, NOT_CANONICAL, 0), 0);
    answers("invlpg in the kernel's slots",
            extended(MMUEXT_INVLPG_LOCAL, HYPERVISOR_VIRT_START, 0), 0);
    answers("flush the cache", extended(MMUEXT_FLUSH_CACHE, 0, 0),
            on_tally() ? -XEN_EACCES : 0);
    either("flush all caches", extended(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0),
           -XEN_EINVAL, 0);
    answers("mark what is not mine", extended(MMUEXT_MARK_SUPER, 0x200, 0),
            on_tally() ? -XEN_EINVAL : -XEN_EOPNOTSUPP);
    answers("unmark it", extended(MMUEXT_UNMARK_SUPER, 0x200, 0),
            on_tally() ? -XEN_EINVAL : -XEN_EOPNOTSUPP);
    answers("command 8", extended(8, 0, 0), 0);
    answers("command 14", extended(14, 0, 0), -XEN_ENOSYS);
    answers("command 21", extended(21, 0, 0), -XEN_ENOSYS);
    answers("command -1", extended(~0u, 0, 0), -XEN_ENOSYS);
}

static void clear_and_copy(void)
{
    uint64_t *a = page_alloc();
    uint64_t *b = page_alloc();
    uint64_t *table = table_new();

    a[7] = 7;
    answers("copy", extended(MMUEXT_COPY_PAGE, frame_of(b), frame_of(a)), 0);
    same("is there", b[7], 7);
    answers("clear", extended(MMUEXT_CLEAR_PAGE, frame_of(a), 0), 0);
    same("is clear", a[7], 0);
    table_pin(table, 1);
    answers("clear a table", extended(MMUEXT_CLEAR_PAGE, frame_of(table), 0),
            -XEN_EINVAL);
    answers("copy to a table",
            extended(MMUEXT_COPY_PAGE, frame_of(table), frame_of(a)),
            -XEN_EINVAL);
    answers("copy from a table",
            extended(MMUEXT_COPY_PAGE, frame_of(a), frame_of(table)), 0);
    table_unpin(table);
    answers("clear frame 0", extended(MMUEXT_CLEAR_PAGE, 0, 0), -XEN_EINVAL);
    answers("clear beyond memory", extended(MMUEXT_CLEAR_PAGE, BEYOND, 0),
            -XEN_EINVAL);
    answers("copy to frame 0", extended(MMUEXT_COPY_PAGE, 0, frame_of(a)),
            -XEN_EINVAL);
    answers("copy from frame 0", extended(MMUEXT_COPY_PAGE, frame_of(a), 0),
            -XEN_EINVAL);
    answers("copy from beyond memory",
            extended(MMUEXT_COPY_PAGE, frame_of(a), BEYOND), -XEN_EINVAL);
}

static void many_operations(void)
{
    struct mmuext_op list[3] = {
        {.cmd = MMUEXT_TLB_FLUSH_LOCAL},
        {.cmd = MMUEXT_UNPIN_TABLE},
        {.cmd = MMUEXT_TLB_FLUSH_LOCAL},
    };
    unsigned int done = 77;

    list[1].arg1.mfn = BEYOND;
    answers("the second of three is bad", hypercall_mmuext(list, 3, &done),
            -XEN_EINVAL);
    same("one is done", done, 1);
    answers("a list that is not there", hypercall_mmuext((void *)GAP, 1, &done),
            -XEN_EFAULT);
    answers("a list in the kernel's slots",
            hypercall_mmuext((void *)HYPERVISOR_VIRT_START, 1, &done),
            -XEN_EFAULT);
    answers("2^31 - 1 operations",
            hypercall_mmuext((void *)GAP, 0x7fffffff, &done), -XEN_EFAULT);
    answers("an empty list", hypercall_mmuext(list, 0, &done), 0);
    answers("for domain 1234",
            hypercall(__HYPERVISOR_mmuext_op, address_of(list), 1, 0, 1234),
            -XEN_ESRCH);
}

void domain_main(const start_info_t *info)
{
    probe_setup(info);
    extended(MMUEXT_NEW_USER_BASEPTR, 0, 0);
    one_entry();
    commands();
    upper_entries();
    lists();
    strangers();
    by_address();
    pins();
    bases();
    flushes();
    clear_and_copy();
    many_operations();
    tests_end();
}
