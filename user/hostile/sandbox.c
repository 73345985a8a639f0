#include "hostile/sandbox.h"

#include <xen/memory.h>

#include "hostile/attack.h"
#include "hostile/random.h"

#define PAGES         64u
#define LAND          0x40000000u /* slot 1 of the L3 table */
#define LAND_TABLES   8u          /* 2 MiB pieces of it that are used */
#define DONATED       64u
#define ROOM          512u
#define FRAMES_SEEN   0x100000u /* 4 GiB: beyond, no number is tried */
#define BITS          64u
#define MAP_ODDITIES  8u
#define TABLES_IN_USE 7u

static const unsigned char use_count[USES] = {
    [USE_DATA] = 34, [USE_L1] = 12, [USE_L2] = 6,
    [USE_L3] = 4,    [USE_L4] = 3,  [USE_SEGMENTS] = 5,
};

static uint64_t *pages[PAGES];
static mfn_t frames[PAGES];
static unsigned int use_first[USES];
static entry_t *land, *twin;
static const entry_t *base, *pool; /* pool: the L1 table of all pages */
static const entry_t *in_use[TABLES_IN_USE];
static mfn_t donated[DONATED];
static unsigned int donated_count;
static mfn_t shared_frames[3];
static uint64_t needed[FRAMES_SEEN / BITS]; /* a bit for each frame */
static uint64_t pages_given;
static bool wild;

static bool is_needed(mfn_t frame)
{
    if (wild)
        return false;
    return frame < FRAMES_SEEN && (needed[frame / BITS] >> frame % BITS & 1);
}

static void needed_mark(void)
{
    pfn_t page, end = pages_mapped();
    mfn_t frame;

    for (page = 0; page < end; page++) {
        frame = mfn_of(page);
        if (frame < FRAMES_SEEN)
            needed[frame / BITS] |= 1ul << frame % BITS;
    }
}

static void land_setup(void)
{
    page_protect(land);
    entry_write(table_find(0, 3), slot_of(LAND, 3),
                entry_make(frame_of(land), MAP_TABLE));
}

/* A second base table, the same as the first but for what comes later. */
static void twin_setup(void)
{
    unsigned int slot;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        if (slot < KERNEL_SLOT_FIRST || slot > KERNEL_SLOT_LAST)
            twin[slot] = base[slot];
    }
    page_protect(twin);
    table_pin(twin, 4);
}

/* Kept, as the way to them may be lost: what is given back has no page. */
static void in_use_setup(void)
{
    in_use[0] = base;
    in_use[1] = table_find(0, 3);
    in_use[2] = table_find(0, 2);
    in_use[3] = table_find(0, 1);
    in_use[4] = land;
    in_use[5] = twin;
    in_use[6] = pool;
}

/* Give some pages back, so that there is something to ask for. */
static void room_make(uint64_t nr_pages)
{
    mfn_t list[ROOM];
    unsigned int i;
    struct xen_memory_reservation r = {.nr_extents = ROOM, .domid = DOMID_SELF};

    for (i = 0; i < ROOM; i++)
        list[i] = mfn_of(nr_pages - 1 - i);
    r.extent_start.p = list;
    attempt(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, address_of(&r),
            0, 0);
}

void sandbox_setup(const start_info_t *info, bool is_to_be_wild)
{
    unsigned int i, use, next = 0;

    wild = is_to_be_wild;
    needed_mark();
    base = base_table();
    pool = table_find(address_of(page_alloc()), 1);
    land = page_alloc();
    twin = page_alloc();
    for (use = 0; use < USES; use++) {
        use_first[use] = next;
        next += use_count[use];
    }
    for (i = 0; i < PAGES; i++) {
        pages[i] = page_alloc();
        frames[i] = frame_of(pages[i]);
        if (frames[i] < FRAMES_SEEN)
            needed[frames[i] / BITS] &= ~(1ul << frames[i] % BITS);
    }
    shared_frames[0] = info->shared_info >> PAGE_SHIFT;
    shared_frames[1] = info->console.domU.mfn;
    shared_frames[2] = info->store_mfn;
    pages_given = info->nr_pages;
    land_setup();
    twin_setup();
    in_use_setup();
    room_make(info->nr_pages);
}

bool is_wild(void)
{
    return wild;
}

static unsigned int any_of(enum use use)
{
    return use_first[use] + (unsigned int)random_below(use_count[use]);
}

void *sandbox_page(enum use use)
{
    return pages[any_of(use)];
}

void *any_page(void)
{
    return pages[random_below(PAGES)];
}

mfn_t sandbox_frame(const void *page)
{
    unsigned int i;

    for (i = 0; i < PAGES; i++) {
        if (pages[i] == page)
            return frames[i];
    }
    return frame_of(page);
}

const entry_t *table_in_use(void)
{
    return in_use[random_below(TABLES_IN_USE)];
}

const entry_t *table_by_frame(mfn_t frame)
{
    unsigned int i;

    for (i = 0; i < TABLES_IN_USE; i++) {
        if (frame_of(in_use[i]) == frame)
            return in_use[i];
    }
    return NULL;
}

bool is_spare_slot(const entry_t *table, unsigned int slot)
{
    unsigned int i;

    if (table == base || table == twin) /* not where attacks map things */
        return slot != 0 && (slot < 128 || slot >= KERNEL_SLOT_FIRST);
    if (table == land)
        return true;
    for (i = 0; table == pool && i < PAGES; i++) {
        if (slot == slot_of(address_of(pages[i]), 1))
            return true;
    }
    return false;
}

const entry_t *land_table(void)
{
    return land;
}

const entry_t *base_any(void)
{
    return random_chance(50) ? base : twin;
}

uint64_t mapping_slot(void)
{
    vaddr_t address = address_of(any_page());

    return (frame_of(pool) << PAGE_SHIFT) +
           slot_of(address, 1) * sizeof(entry_t);
}

static mfn_t foreign_frame(void)
{
    mfn_t frame;

    switch (random_below(6)) {
    case 0: frame = random_word() >> random_below(60); break;
    case 1: frame = 0x200 + random_below(0x200); break; /* the kernel's */
    case 2: frame = mfn_of(random_below(pages_given)); break;
    case 3: frame = frames[0] + random_below(0x8000) - 0x4000; break;
    case 4: frame = ~0ul >> random_below(64); break;
    default: frame = random_below(0x20000); break;
    }
    return is_needed(frame) ? frames[0] : frame;
}

mfn_t any_frame(void)
{
    uint64_t die = random_below(100);

    if (die < 62)
        return frames[random_below(PAGES)];
    if (die < 70)
        return frame_of(table_in_use());
    if (die < 76 && donated_count > 0)
        return donated[random_below(donated_count)];
    if (die < 81)
        return shared_frames[random_below(3)];
    return foreign_frame();
}

static uint64_t odd_flags(unsigned int level)
{
    static const uint64_t odd[MAP_ODDITIES] = {
        ENTRY_LARGE, 0x08, 0x10, 0x100, 0x200, 0x800, 1ul << 63, 1ul << 51};

    return (level == 1 ? MAP_READ : MAP_TABLE) ^
           odd[random_below(MAP_ODDITIES)];
}

entry_t any_entry(unsigned int level)
{
    mfn_t frame = any_frame();
    uint64_t flags = MAP_TABLE;

    if (random_chance(8))
        return random_chance(80) ? 0 : random_word() & ~1ul;
    if (random_chance(82))
        frame = frames[any_of(level == 1 ? USE_DATA : (enum use)(level - 1))];
    if (level == 1 && random_chance(50))
        flags = MAP_READ;
    if (random_chance(6))
        flags = odd_flags(level);
    return entry_make(frame, flags);
}

vaddr_t land_address(void)
{
    return LAND + (random_below(LAND_TABLES) << 21) +
           (random_below(64) << PAGE_SHIFT);
}

vaddr_t any_address(void)
{
    static const vaddr_t strange[] = {
        0x7ffffffff000u,     0x800000000000u,     0xffff800000000000u,
        0xffff808000200000u, 0xffff808000300000u, 0xffff830000200000u,
        0xffff87ffffffffffu, 0xfffffffffffffff8u, 0xffff880000000000u,
        0x0000100000000000u, 0x7ffffffffffcu};

    switch (random_below(5)) {
    case 0: return strange[random_below(sizeof(strange) / sizeof(*strange))];
    case 1: return land_address() + random_below(512) * 8;
    case 2: return address_of(table_in_use()) + random_below(512) * 8;
    default: return address_of(any_page()) + random_below(512) * 8;
    }
}

void frame_donate(mfn_t frame)
{
    if (frame == 0)
        return;
    if (donated_count < DONATED)
        donated[donated_count++] = frame;
}

bool has_donated_enough(void)
{
    return donated_count > DONATED / 2;
}

mfn_t frame_take_donated(void)
{
    return donated_count == 0 ? 0 : donated[--donated_count];
}

static entry_t mapping_of(const void *page)
{
    const volatile entry_t *table = pool;

    return table[slot_of(address_of(page), 1)];
}

static bool is_writable(const void *page)
{
    entry_t entry = mapping_of(page);

    return (entry & (ENTRY_PRESENT | ENTRY_WRITABLE)) ==
           (ENTRY_PRESENT | ENTRY_WRITABLE);
}

void words_scatter(void *page, unsigned int level)
{
    volatile uint64_t *words = page;
    unsigned int i;

    for (i = 0; i < 4 && is_writable(page); i++)
        words[random_below(random_chance(70) ? 8 : TABLE_ENTRIES)] =
            any_entry(level);
}

static long map(void *page, mfn_t frame, uint64_t flags)
{
    return attempt(__HYPERVISOR_update_va_mapping, address_of(page),
                   entry_make(frame, flags), UVMF_INVLPG | UVMF_LOCAL, 0);
}

/* Another frame for a page whose own was given away or is kept. */
static void page_replace(unsigned int i)
{
    mfn_t frame = 0;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    r.extent_start.p = &frame;
    if (attempt(__HYPERVISOR_memory_op, XENMEM_increase_reservation,
                address_of(&r), 0, 0) != 1)
        return;
    if (map(pages[i], frame, MAP_WRITE) == 0)
        frames[i] = frame;
}

static void unpin(mfn_t frame)
{
    struct mmuext_op op = {.cmd = MMUEXT_UNPIN_TABLE};

    op.arg1.mfn = frame;
    attempt(__HYPERVISOR_mmuext_op, address_of(&op), 1, 0, DOMID_SELF);
}

/* Empty a slot of a table that is in use. */
static void slot_empty(const entry_t *table, unsigned int slot)
{
    struct mmu_update request = mmu_request(table, slot, 0);

    if (table[slot] != 0)
        attempt(__HYPERVISOR_mmu_update, address_of(&request), 1, 0,
                DOMID_SELF);
}

/* Let go of what a vcpu can have loaded. */
static void unload(void)
{
    struct mmuext_op ops[3] = {{.cmd = MMUEXT_NEW_USER_BASEPTR},
                               {.cmd = MMUEXT_NEW_BASEPTR},
                               {.cmd = MMUEXT_SET_LDT}};

    ops[1].arg1.mfn = frame_of(base);
    attempt(__HYPERVISOR_set_gdt, 0, 0, 0, 0);
    attempt(__HYPERVISOR_mmuext_op, address_of(ops), 3, 0, DOMID_SELF);
}

static bool is_plain(unsigned int i)
{
    return is_writable(pages[i]) &&
           entry_frame(mapping_of(pages[i])) == frames[i];
}

void sandbox_tidy(void)
{
    bool plain[PAGES];
    unsigned int i, slot;

    unload();
    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        slot_empty(land, slot);
        if (slot > 0 && (slot < KERNEL_SLOT_FIRST || slot > KERNEL_SLOT_LAST)) {
            slot_empty(base, slot);
            slot_empty(twin, slot);
        }
    }
    for (i = 0; i < PAGES; i++) {
        plain[i] = is_plain(i);
        if (plain[i])
            continue;
        if (entry_frame(mapping_of(pages[i])) != frames[i])
            attempt(__HYPERVISOR_update_va_mapping, address_of(pages[i]), 0, 0,
                    0);
        unpin(frames[i]);
    }
    for (i = 0; i < PAGES; i++) {
        if (!plain[i] && map(pages[i], frames[i], MAP_WRITE) != 0)
            page_replace(i);
    }
}

static bool is_protected(const void *table)
{
    const volatile uint64_t *word = table;
    uint64_t before = word[TABLE_ENTRIES - 1];
    struct fault fault;

    return !try_write(address_of(word + TABLE_ENTRIES - 1), before, &fault) &&
           word[TABLE_ENTRIES - 1] == before;
}

/* Make a page of ours a table, so that the CPU may still remember it as
 * writable. false: it is in use. */
static bool pin_unflushed(unsigned int n)
{
    struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE};

    op.arg1.mfn = frames[n];
    if (map(pages[n], frames[n], MAP_WRITE) != 0)
        return false;
    memset(pages[n], 0, PAGE_BYTES);
    return attempt(__HYPERVISOR_update_va_mapping, address_of(pages[n]),
                   entry_make(frames[n], MAP_READ), UVMF_NONE, 0) == 0 &&
           attempt(__HYPERVISOR_mmuext_op, address_of(&op), 1, 0, DOMID_SELF) ==
               0;
}

/* Nothing that we can write to changes a table. */
static bool pinned_stays(void)
{
    unsigned int n = any_of(USE_L1), i, slot;
    struct fault fault;
    bool empty = true;

    if (!pin_unflushed(n))
        return true;
    try_write(address_of(pages[n]), any_entry(1), &fault);
    for (i = 0; i < 40; i++)
        try_write(land_address() + random_below(512) * 8, any_entry(1), &fault);
    for (slot = 0; slot < TABLE_ENTRIES; slot++)
        empty = empty && pages[n][slot] == 0;
    unpin(frames[n]);
    return empty;
}

bool sandbox_check(void)
{
    unsigned int i;

    for (i = 0; i < TABLES_IN_USE; i++) {
        if (!is_protected(in_use[i]))
            return false;
    }
    return pinned_stays();
}
