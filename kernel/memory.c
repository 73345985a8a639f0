#include "memory.h"

#include "boot/memory_map.h"
#include "lib/string.h"
#include "x86/cpu.h"
#include "x86/paging.h"

#define EXTENT_BYTES (EXTENT_FRAMES * PAGE_BYTES)
#define FOUR_GIB UINT64_C(0x100000000)
/* Records of superpages, and of gigabytes, in one page of them. */
#define RECORDS_PER_PAGE (PAGE_BYTES / sizeof(struct superpage))
_Static_assert(sizeof(struct gigabyte) == sizeof(struct superpage),
               "map_records serves both");

struct memory machine;

static struct memory_map ram;       /* all RAM: in the direct map */
static struct memory_map unused;    /* less what was in use at boot */
static struct memory_map_cursor next_extent;    /* of `unused` */
static struct memory_sizes sizes;
static bool pooled;                 /* free extents are in `machine` */

/* Pages of RAM that belong to no whole extent serve the kernel first. */
static uint32_t scrap_range;
static paddr_t scrap;               /* next page; 0: at the range's start */
/* The extent that the kernel takes its pages from now. */
static paddr_t bump;
static paddr_t bump_end;
/* Pages given back: each holds the next one's address in its first word. */
static paddr_t freed;

static paddr_t round_up(paddr_t paddr, uint64_t to)
{
    return (paddr + to - 1) / to * to;
}

/* The next page of a range's ragged ends; 0 when there are no more. */
static paddr_t take_scrap(void)
{
    while (scrap_range < unused.count) {
        const struct memory_range *r = &unused.ranges[scrap_range];
        paddr_t first = round_up(r->start, EXTENT_BYTES);
        paddr_t last = r->end / EXTENT_BYTES * EXTENT_BYTES;

        if (scrap == 0)
            scrap = r->start;
        if (first < last && scrap >= first && scrap < last)
            scrap = last;
        if (scrap < r->end) {
            scrap += PAGE_BYTES;
            return scrap - PAGE_BYTES;
        }
        scrap_range++;
        scrap = 0;
    }
    return 0;
}

/* Another extent to take pages from. false when there is none. */
static bool take_extent(void)
{
    uint64_t extent = pooled ? extent_reserve(&machine)
                             : memory_map_next_extent(&unused, &next_extent);

    if (extent == (pooled ? EXTENT_NONE : MEMORY_MAP_NONE))
        return false;
    bump = extent * EXTENT_BYTES;
    bump_end = bump + EXTENT_BYTES;
    return true;
}

/* A page that nobody had before; 0 when there is none left. */
static paddr_t take_page(void)
{
    if (bump == bump_end) {
        paddr_t page = take_scrap();

        if (page != 0)
            return page;
        if (!take_extent())
            return 0;
    }
    bump += PAGE_BYTES;
    return bump - PAGE_BYTES;
}

/* A page for paging_init: nothing of it may be touched yet. */
static paddr_t early_page(void *cookie)
{
    paddr_t page = take_page();

    (void)cookie;
    return page < FOUR_GIB ? page : 0;
}

paddr_t page_alloc(void)
{
    paddr_t page = freed;

    if (page != 0)
        freed = *(paddr_t *)direct_map(page);
    else
        page = take_page();
    if (page != 0)
        memset(direct_map(page), 0, PAGE_BYTES);
    return page;
}

/* Two pages in a row, zeroed; 0 when there are none. */
static paddr_t pair_alloc(void)
{
    if (bump_end - bump < 2 * PAGE_BYTES) {
        while (bump < bump_end) {
            page_free(bump);
            bump += PAGE_BYTES;
        }
        if (!take_extent())
            return 0;
    }
    bump += 2 * PAGE_BYTES;
    memset(direct_map(bump - 2 * PAGE_BYTES), 0, 2 * PAGE_BYTES);
    return bump - 2 * PAGE_BYTES;
}

void page_free(paddr_t paddr)
{
    *(paddr_t *)direct_map(paddr) = freed;
    freed = paddr;
}

static paddr_t table_page(void *cookie)
{
    (void)cookie;
    return page_alloc();
}

/* Is any RAM in these extents? */
static bool any_ram(uint64_t first, uint64_t extents)
{
    paddr_t start = first * EXTENT_BYTES;
    paddr_t end = start + extents * EXTENT_BYTES;
    uint32_t i;

    for (i = 0; i < ram.count; i++)
        if (ram.ranges[i].start < end && start < ram.ranges[i].end)
            return true;
    return false;
}

/*
 * Map records from va on: real ones where there is RAM, and one page of
 * zeros, which says that nobody owns it, everywhere else.
 *
 * extents  that one record is for
 */
static const char *map_records(vaddr_t base, uint64_t top, uint64_t extents)
{
    static const char full[] = "no memory for the superpage records";
    static paddr_t zeros;
    uint64_t first;

    if (zeros == 0)
        zeros = page_alloc();
    if (zeros == 0)
        return full;
    for (first = 0; first * extents < top; first += RECORDS_PER_PAGE) {
        vaddr_t va = base + first * sizeof(struct superpage);
        bool used = any_ram(first * extents, RECORDS_PER_PAGE * extents);
        paddr_t page = used ? page_alloc() : zeros;

        if (page == 0 ||
            paging_map_page(va, page, used ? PAGING_WRITE : PAGING_RO) != 0)
            return full;
        if (used)
            sizes.records += PAGE_BYTES;
    }
    return NULL;
}

/* RAM is the kernel's, until it is handed out. Until then no frame of it is
 * a page of any domain: the machine-to-phys table says so there. */
static const char *own_ram(uint64_t top)
{
    paddr_t none = page_alloc();
    uint64_t extent;
    uint32_t i;

    if (none == 0)
        return "no memory for the machine-to-phys table";
    memset(direct_map(none), 0xff, PAGE_BYTES);
    for (i = 0; i < ram.count; i++) {
        uint64_t end = round_up(ram.ranges[i].end, EXTENT_BYTES);

        extent = ram.ranges[i].start / EXTENT_BYTES;
        for (; extent < end / EXTENT_BYTES && extent < top; extent++) {
            machine.superpages[extent].owner = OWNER_KERNEL;
            if (paging_map_page(M2P_BASE + extent * PAGE_BYTES, none,
                                PAGING_USER) != 0)
                return "no memory for the machine-to-phys table";
        }
    }
    return NULL;
}

/* Put every extent that the boot did not take on the free list. */
static void add_extents(void)
{
    uint32_t last = EXTENT_NONE;
    uint64_t extent;

    machine.free_extents = EXTENT_NONE;
    while ((extent = memory_map_next_extent(&unused, &next_extent)) !=
           MEMORY_MAP_NONE) {
        struct superpage *s = &machine.superpages[extent];

        s->owner = OWNER_NONE;
        s->next = EXTENT_NONE;
        machine.gigabytes[extent / GIGABYTE_EXTENTS].free++;
        if (last == EXTENT_NONE)
            machine.free_extents = (uint32_t)extent;
        else
            machine.superpages[last].next = (uint32_t)extent;
        last = (uint32_t)extent;
        machine.free_count++;
    }
    sizes.extents = machine.free_count * EXTENT_BYTES;
    pooled = true;
}

/* Build the kernel's tables over all RAM. */
static int map_ram(const struct cpu *cpu)
{
    static struct paging_range ranges[MEMORY_MAP_RANGES];
    struct paging_setup setup = {.ram = ranges,
                                 .ranges = ram.count,
                                 .physical_bits = cpu->physical_bits,
                                 .gigabyte_pages = cpu->gigabyte_pages,
                                 .page = early_page};
    uint32_t i;

    for (i = 0; i < ram.count; i++) {
        ranges[i].start = ram.ranges[i].start;
        ranges[i].end = ram.ranges[i].end;
    }
    return paging_init(&setup);
}

const char *memory_init(const struct boot_info *info, const struct cpu *cpu,
                        uint64_t mem_limit)
{
    uint64_t limit = UINT64_C(1) << cpu->physical_bits;
    uint64_t top;
    const char *problem;

    memory_map_init(&ram, info, limit);
    sizes.ram = memory_map_bytes(&ram);
    unused = ram;
    memory_map_reserve_boot(&unused, info);
    memory_map_reserve(&unused, image_start(), image_end());
    if (mem_limit != 0)
        memory_map_reserve(&unused, mem_limit, UINT64_MAX);
    if (unused.count == 0)
        return "the firmware's memory map has no usable RAM";
    if (map_ram(cpu) != 0)
        return "no memory for the kernel's page tables";
    paging_set_allocator(table_page, NULL);
    machine.ram = direct_map(0);
    machine.superpages = (struct superpage *)(uintptr_t)SUPERPAGE_BASE;
    machine.gigabytes = (struct gigabyte *)(uintptr_t)GIGABYTE_BASE;
    machine.free_extents = EXTENT_NONE;
    machine.clock = 1;
    machine.flushed = 1;
    paging_kernel_slots(machine.kernel_slots);
    top = round_up(memory_map_top(&unused), EXTENT_BYTES) / EXTENT_BYTES;
    problem = map_records(SUPERPAGE_BASE, top, 1);
    if (!problem)
        problem = map_records(GIGABYTE_BASE, top, GIGABYTE_EXTENTS);
    if (problem)
        return problem;
    machine.frames = top * EXTENT_FRAMES;
    problem = own_ram(top);
    if (problem)
        return problem;
    add_extents();
    return machine.free_count > 0 ? NULL : "less than 2 MiB of RAM are free";
}

struct memory_sizes memory_sizes(void)
{
    return sizes;
}

bool memory_is_ram(paddr_t start, paddr_t end)
{
    return start < end && memory_map_contains(&ram, start, end);
}

/* The records and the machine-to-phys page of an extent. */
static int make_records(uint32_t extent)
{
    struct superpage *s = &machine.superpages[extent];
    uint64_t offset = (uint64_t)extent * EXTENT_FRAMES * sizeof(uint64_t);
    paddr_t frames, m2p;

    if (s->frames)
        return 0;
    frames = pair_alloc();
    m2p = frames ? page_alloc() : 0;
    if (m2p == 0)
        return -ENOMEM;
    memset(direct_map(m2p), 0xff, PAGE_BYTES);
    if (paging_map_page(M2P_BASE + offset, m2p, PAGING_USER) != 0 ||
        paging_map_page(M2P_ALIAS_BASE + offset, m2p, PAGING_WRITE) != 0)
        return -ENOMEM;
    s->frames = direct_map(frames);
    sizes.records += 2 * PAGE_BYTES;
    sizes.m2p += PAGE_BYTES;
    return 0;
}

int memory_give_extents(struct owner *o, uint32_t count)
{
    for (; count > 0; count--) {
        /* Making records may take the first free extent for the kernel. */
        uint32_t extent = machine.free_extents;

        while (extent != EXTENT_NONE && !machine.superpages[extent].frames) {
            if (make_records(extent) != 0)
                return -ENOMEM;
            extent = machine.free_extents;
        }
        if (extent_assign(&machine, o) == EXTENT_NONE)
            return -ENOMEM;
    }
    return 0;
}

/* The last gigabyte of which all is free: the kernel takes from the first. */
static uint64_t gigabyte_find(void)
{
    uint64_t extents = machine.frames / EXTENT_FRAMES;
    uint64_t i = extents / GIGABYTE_EXTENTS;

    while (i > 0 && machine.gigabytes[i - 1].free != GIGABYTE_EXTENTS)
        i--;
    return i;                           /* its number + 1, or 0 */
}

int memory_give_gigabyte(struct owner *o, uint32_t *extent)
{
    uint64_t found = gigabyte_find();
    uint32_t i;

    if (found == 0)
        return -ENOMEM;
    *extent = (uint32_t)(found - 1) * GIGABYTE_EXTENTS;
    for (i = 0; i < GIGABYTE_EXTENTS; i++)
        if (make_records(*extent + i) != 0)
            return -ENOMEM;
    if (gigabyte_find() != found)       /* its records took the last room */
        return -ENOMEM;
    gigabyte_assign(&machine, o, (uint32_t)(found - 1));
    return 0;
}

void m2p_set(mfn_t mfn, uint64_t pfn)
{
    ((uint64_t *)(uintptr_t)M2P_ALIAS_BASE)[mfn] = pfn;
}

uint64_t m2p_get(mfn_t mfn)
{
    return ((uint64_t *)(uintptr_t)M2P_ALIAS_BASE)[mfn];
}
