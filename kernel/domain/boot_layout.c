#include "domain/boot_layout.h"

#include "geometry.h"
#include "mm/errno.h"
#include "x86/copy.h"

/* The mapped pages end at such an address, with that much to spare. */
#define END_BYTES (UINT64_C(4) << 20)
#define SPARE_BYTES (UINT64_C(512) << 10)
#define MIB (UINT64_C(1) << 20)
#define KIB (UINT64_C(1) << 10)

static uint64_t pages_of(uint64_t bytes)
{
    return bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
}

uint64_t boot_layout_key(uint32_t level, vaddr_t va)
{
    /* There is one L4, whatever the sign of the address. */
    return level == 4 ? 0 : va >> (PAGE_SHIFT + TABLE_BITS * level);
}

uint64_t boot_layout_table(const struct boot_layout *layout, uint32_t level,
                           vaddr_t va)
{
    const struct boot_tables *t = &layout->tables[level];
    uint64_t key = boot_layout_key(level, va);

    if (key - t->first >= t->count)
        t = &layout->p2m_tables[level];
    return t->pfn + (key - t->first);
}

/* Give the next `count` pages. */
static struct boot_pages take(uint64_t *next, uint64_t count)
{
    struct boot_pages pages = {*next, count};

    *next += count;
    return pages;
}

/* Tables for the pages from 0 to `mapped`; returns how many there are. */
static uint64_t count_tables(struct boot_layout *l)
{
    vaddr_t last = l->base + l->mapped * PAGE_BYTES - 1;
    uint64_t sum = 0;
    uint32_t level;

    for (level = 4; level >= 1; level--) {
        struct boot_tables *t = &l->tables[level];

        t->first = boot_layout_key(level, l->base);
        t->count = boot_layout_key(level, last) - t->first + 1;
        sum += t->count;
    }
    return sum;
}

/*
 * Page tables, stack and padding, from page `next` on. How many tables there
 * are depends on where the padding ends, and the other way round: their
 * number is raised until both fit. `next` is then behind all of that.
 */
static int place_tables(struct boot_layout *l, uint64_t *next)
{
    uint64_t count = 0, needed = 1, end;
    uint32_t level;

    while (needed > count) {
        count = needed;
        end = l->base + (*next + count + 1) * PAGE_BYTES + SPARE_BYTES;
        end = (end + END_BYTES - 1) & ~(END_BYTES - 1);
        l->mapped = (end - l->base) / PAGE_BYTES;
        if (!access_ok(l->base, l->mapped * PAGE_BYTES))
            return -EINVAL;
        needed = count_tables(l);
    }
    l->table_pages = take(next, count);
    end = l->table_pages.pfn;
    for (level = 4; level >= 1; level--) {
        l->tables[level].pfn = end;
        end += l->tables[level].count;
    }
    l->stack = take(next, 1).pfn;
    *next = l->mapped;
    return 0;
}

/* What a table of one level has to cover beyond the tables there are. */
static struct boot_tables more_tables(const struct boot_layout *l,
                                      uint32_t level, vaddr_t last)
{
    const struct boot_tables *have = &l->tables[level];
    uint64_t from = boot_layout_key(level, l->p2m_va);
    uint64_t to = boot_layout_key(level, last);
    struct boot_tables t = {0};

    if (from - have->first < have->count)
        from = have->first + have->count;
    if (from <= to && to - have->first < have->count)
        to = have->first - 1;
    if (from > to)
        return t;
    t.first = from;
    t.count = to - from + 1;
    return t;
}

/* The p2m list at an address of its own, and the tables for it. */
static int place_p2m(struct boot_layout *l, uint64_t *next)
{
    uint64_t bytes = l->p2m.count * PAGE_BYTES;
    vaddr_t last = l->p2m_va + bytes - 1;
    vaddr_t mapped_last = l->base + l->mapped * PAGE_BYTES - 1;
    uint32_t level;

    if (!access_ok(l->p2m_va, bytes))
        return -EINVAL;
    if (l->p2m_va <= mapped_last && last >= l->base)
        return -EINVAL;
    l->p2m = take(next, l->p2m.count);
    l->p2m_frames = l->p2m.count;
    for (level = 4; level >= 1; level--) {
        l->p2m_tables[level] = more_tables(l, level, last);
        l->p2m_tables[level].pfn = take(next, l->p2m_tables[level].count).pfn;
        l->p2m_frames += l->p2m_tables[level].count;
    }
    return 0;
}

/* What comes before the page tables. */
static void place_pages(struct boot_layout *l, uint64_t *next, bool rings)
{
    if (l->ramdisk_mapped)
        l->ramdisk = take(next, l->ramdisk.count);
    if (!l->p2m_apart) {
        l->p2m = take(next, l->p2m.count);
        l->p2m_frames = l->p2m.count;
        l->p2m_va = boot_layout_va(l, l->p2m.pfn);
    }
    l->start_info = take(next, 1).pfn;
    l->store = rings ? take(next, 1).pfn : PFN_NONE;
    l->console = rings ? take(next, 1).pfn : PFN_NONE;
}

int boot_layout_compute(struct boot_layout *layout, const struct image *image,
                        const struct boot_sizes *sizes, struct reason *why)
{
    struct boot_layout l = {
        .pages = sizes->pages,
        .base = image->virt_base,
        .ramdisk.count = pages_of(sizes->ramdisk_bytes),
        .ramdisk_mapped = !image->mod_start_pfn,
        .p2m.count = pages_of(sizes->pages * sizeof(uint64_t)),
        .p2m_va = image->init_p2m,
        .p2m_apart = image->has_init_p2m,
    };
    unsigned long long need, have = sizes->pages * (PAGE_BYTES / KIB);
    uint64_t next = pages_of(image->end);

    if (sizes->pages > IMAGE_BYTES_MAX / PAGE_BYTES)
        return reason_set(why, "a domain has no more than 1 TiB of memory");
    if (sizes->ramdisk_bytes > IMAGE_BYTES_MAX)
        return reason_set(why, "a ramdisk has no more than 1 TiB");
    place_pages(&l, &next, !sizes->privileged);
    if (place_tables(&l, &next) != 0)
        return reason_set(why,
                          "with its VIRT_BASE %#llx it would run into "
                          "the kernel's addresses or over their end",
                          (unsigned long long)l.base);
    if (!l.ramdisk_mapped)
        l.ramdisk = take(&next, l.ramdisk.count);
    if (l.p2m_apart && l.p2m.count > 0 && place_p2m(&l, &next) != 0)
        return reason_set(why,
                          "its INIT_P2M %#llx is among the kernel's "
                          "addresses or those of its own image",
                          (unsigned long long)l.p2m_va);
    need = (next * PAGE_BYTES + MIB - 1) / MIB;
    if (next > sizes->pages)
        return reason_set(why, "it needs mem=%lluM or more, and has %lluK",
                          need, have);
    *layout = l;
    return 0;
}
