#ifndef TALLY_X86_PAGING_H
#define TALLY_X86_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/types.h"
#include "x86/layout.h"

/*
 * paging - the kernel's own tables: L4 slots 256..271.
 *
 * All 16 L3 tables exist from paging_init on, so that the 16 words of the
 * L4 never change and are copied once into each L4 of a domain.
 */

/* Bits of an entry (SDM 3A 4.5). */
#define PTE_PRESENT  UINT64_C(0x001)
#define PTE_WRITE    UINT64_C(0x002)
#define PTE_USER     UINT64_C(0x004)
#define PTE_PWT      UINT64_C(0x008)
#define PTE_PCD      UINT64_C(0x010)
#define PTE_ACCESSED UINT64_C(0x020)
#define PTE_DIRTY    UINT64_C(0x040)
#define PTE_PSE      UINT64_C(0x080) /* L2 and L3 */
#define PTE_PAT      UINT64_C(0x080) /* L1 */
#define PTE_NX       UINT64_C(0x8000000000000000)
#define PTE_ADDRESS  UINT64_C(0x000ffffffffff000)

/* What a page of the window slots may be: kernel read-only, NX, and: */
#define PAGING_RO    0
#define PAGING_WRITE PTE_WRITE
#define PAGING_USER  PTE_USER            /* ring 3 reads it too */
#define PAGING_UC    (PTE_PCD | PTE_PWT) /* PAT entry 3 */
#define PAGING_WC    PTE_PAT             /* PAT entry 4 */

enum paging_cache { CACHE_UC, CACHE_WC };

/* RAM: [start, end), bytes, page aligned. */
struct paging_range {
    paddr_t start;
    paddr_t end;
};

/* A source of pages for tables: the physical address of one 4 KiB page, or
 * 0 when there is none left. Until paging_init has returned the page must be
 * below 4 GiB, after it in the direct map. Contents do not matter. */
typedef paddr_t (*paging_page_fn)(void *cookie);

struct paging_setup {
    const struct paging_range *ram; /* to be in the direct map; ascending */
    size_t ranges;
    unsigned int physical_bits; /* of this CPU: nothing above is mapped */
    bool gigabyte_pages;        /* the CPU has them */
    paging_page_fn page;
    void *cookie;
};

/*
 * paging_init - build the final tables and load them.
 *
 * The identity map of the boot code is gone afterwards. Text and read-only
 * data are not writable through the direct map either. Memory below 1 MiB is
 * never in it, RAM beyond 5 TiB neither.
 *
 * 0          loaded
 * -ENOMEM    no page for a table; the boot tables are still loaded
 */
int paging_init(const struct paging_setup *setup);

/* paging_set_allocator - where table pages come from, from now on. */
void paging_set_allocator(paging_page_fn page, void *cookie);

/* paging_page - one page of that source, contents anything; 0: none left. */
paddr_t paging_page(void);

/* direct_map - RAM at a physical address, 1 MiB or above. */
static inline void *direct_map(paddr_t paddr)
{
    return (void *)(uintptr_t)(DIRECT_MAP + paddr);
}

/* direct_paddr - the inverse, for pointers into the direct map only. */
static inline paddr_t direct_paddr(const void *p)
{
    return (uintptr_t)p - DIRECT_MAP;
}

/* image_paddr - physical address of something in the kernel's image. */
paddr_t image_paddr(const void *p);

/* image_start, image_end - physical range of the loaded image, bss and boot
 * stack included; page aligned. */
paddr_t image_start(void);
paddr_t image_end(void);

/*
 * paging_map_page - one page of a window slot (not of the direct map).
 *
 * va     page aligned, in slots 256..261
 * paddr  page aligned
 * flags  PAGING_*
 *
 * 0          mapped; what was there before, if anything, is the caller's to
 *            flush
 * -EINVAL    not such an address
 * -ENOMEM    no page for a table
 */
int paging_map_page(vaddr_t va, paddr_t paddr, uint64_t flags);

/* paging_unmap_page - the physical address that was there; MFN_NONE when
 * nothing was. Flushes the page on this CPU. */
paddr_t paging_unmap_page(vaddr_t va);

/* paging_entry - the L1 entry of a window address, its tables made; NULL
 * when there is no page for them. */
uint64_t *paging_entry(vaddr_t va);

/*
 * paging_map_device - a device's registers or memory, or firmware tables.
 *
 * paddr  any address, also below 1 MiB; need not be aligned
 * bytes  > 0
 *
 * The kernel's pointer to paddr; NULL when there is no page for a table.
 * Before paging_init it points into the boot code's identity map, is good
 * until then only, and is NULL for anything above 4 GiB.
 */
void *paging_map_device(paddr_t paddr, size_t bytes, enum paging_cache cache);

/* paging_unmap_device - undo paging_map_device. The addresses are not used
 * again. */
void paging_unmap_device(const void *p, size_t bytes);

/* paging_kernel_slots - the words of L4 slots 256..271. */
void paging_kernel_slots(uint64_t words[KERNEL_SLOT_COUNT]);

/* paging_kernel_l4 - the kernel's own L4 table: nothing but these slots. */
paddr_t paging_kernel_l4(void);

#endif
