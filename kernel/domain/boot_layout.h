#ifndef TALLY_DOMAIN_BOOT_LAYOUT_H
#define TALLY_DOMAIN_BOOT_LAYOUT_H

#include "domain/image.h"
#include "mm/types.h"

/*
 * boot_layout - where everything lies in a new domain's memory.
 *
 * Numbers of pages (pfn) only, no memory: what is computed here is carried
 * out by build.c. From the first page on there are, each from a page of its
 * own: the kernel image, the ramdisk, the p2m list, start_info, the store
 * and console rings of a domain that is not privileged, the page tables, a
 * stack, and padding; all of that is mapped from virt_base on. A ramdisk that
 * need not be mapped, and a p2m list that has an address of its own with the
 * tables for it, come behind.
 *
 * Source: Xen public xen.h, above struct start_info.
 */
#define PFN_NONE UINT64_MAX

/* Pages in a row. */
struct boot_pages {
    uint64_t pfn;
    uint64_t count;
};

/* The tables of one level for neighbouring addresses, one page each. */
struct boot_tables {
    uint64_t first;     /* boot_layout_key() of the first one */
    uint64_t count;
    uint64_t pfn;       /* of the first one */
};

struct boot_sizes {
    uint64_t pages;             /* of the domain */
    uint64_t ramdisk_bytes;     /* 0: none */
    bool privileged;            /* has no rings */
};

struct boot_layout {
    uint64_t pages;             /* of the domain */
    vaddr_t  base;              /* where page 0 is seen */
    uint64_t mapped;            /* pages seen from there on */
    struct boot_pages ramdisk;
    bool     ramdisk_mapped;
    struct boot_pages p2m;      /* the list alone, 8 bytes a page */
    vaddr_t  p2m_va;            /* where it is seen */
    bool     p2m_apart;         /* it is seen outside of the mapped pages */
    uint64_t p2m_frames;        /* the list, and its tables if it is apart */
    uint64_t start_info;        /* pfn */
    uint64_t store;             /* pfn; PFN_NONE: it has none */
    uint64_t console;           /* pfn; PFN_NONE: it has none */
    uint64_t stack;             /* pfn */
    struct boot_pages table_pages;  /* all of tables[] */
    struct boot_tables tables[5];       /* by level, 1..4 */
    struct boot_tables p2m_tables[5];   /* what the list needs beside them */
};

/*
 * boot_layout_compute - lay a domain out.
 *
 * layout  written only on success
 * why     a sentence, on failure; it says how much memory is needed when
 *         there is too little
 *
 * 0          *layout fits in sizes->pages
 * -EINVAL    too little memory, or addresses that a domain cannot have
 */
int boot_layout_compute(struct boot_layout *layout, const struct image *image,
                        const struct boot_sizes *sizes, struct reason *why);

/* boot_layout_key - number of the table of `level` that translates va. */
uint64_t boot_layout_key(uint32_t level, vaddr_t va);

/* boot_layout_table - pfn of the table of `level` that translates va, which
 * is mapped. */
uint64_t boot_layout_table(const struct boot_layout *layout, uint32_t level,
                           vaddr_t va);

/* boot_layout_va - where a page is seen that is in the mapped ones. */
static inline vaddr_t boot_layout_va(const struct boot_layout *layout,
                                     uint64_t pfn)
{
    return layout->base + pfn * PAGE_BYTES;
}

#endif
