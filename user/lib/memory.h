#ifndef TALLY_USER_LIB_MEMORY_H
#define TALLY_USER_LIB_MEMORY_H

/*
 * A domain's own view of its memory.
 *
 * A *page* (pfn, 0 .. nr_pages - 1) is what the domain counts; a *frame*
 * (mfn) is what the machine counts. Page-table entries hold frames. The list
 * in start_info leads from page to frame, the kernel's machine-to-phys table
 * from frame to page.
 *
 * A domain of this library is linked at VIRT_BASE 0, so page n is mapped at
 * address n * 4096 from the start, and page tables are read there too.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

typedef uint64_t pfn_t;   /* page number */
typedef uint64_t mfn_t;   /* machine frame number */
typedef uint64_t vaddr_t; /* virtual address, bytes */
typedef uint64_t entry_t; /* page-table entry */

#define PAGE_BYTES     4096u
#define PAGE_SHIFT     12
#define TABLE_ENTRIES  512u
#define TABLE_LEVELS   4

#define ENTRY_PRESENT  0x001u
#define ENTRY_WRITABLE 0x002u
#define ENTRY_USER     0x004u
#define ENTRY_ACCESSED 0x020u
#define ENTRY_DIRTY    0x040u
#define ENTRY_LARGE    0x080u /* a superpage, in L2 and L3 entries */
#define ENTRY_NX       (UINT64_C(1) << 63) /* nothing is executed there */

/*
 * The usual ways to map a page, and to name a lower table. ENTRY_USER is for
 * pages of a guest user; the kernel adds it to every entry, since all of a
 * domain runs in ring 3.
 */
#define MAP_NOTHING 0u
#define MAP_READ    (ENTRY_PRESENT | ENTRY_ACCESSED)
#define MAP_WRITE   (MAP_READ | ENTRY_WRITABLE | ENTRY_DIRTY)
#define MAP_TABLE   MAP_WRITE

/* A superpage, as data: there are CPUs on which it must not be executable. */
#define MAP_READ_LARGE  (MAP_READ | ENTRY_LARGE | ENTRY_NX)
#define MAP_WRITE_LARGE (MAP_WRITE | ENTRY_LARGE | ENTRY_NX)

#define SUPERPAGE_PAGES 512u
#define SUPERPAGE_BYTES (SUPERPAGE_PAGES * PAGE_BYTES)
#define GIGABYTE_PAGES  (512u * SUPERPAGE_PAGES)

/* L4 slots that belong to the kernel in every L4 table. */
#define KERNEL_SLOT_FIRST 256u
#define KERNEL_SLOT_LAST  271u

/* memory_setup - called by domain_setup; memory starts here. */
void memory_setup(const start_info_t *info);

/* Page to frame and back. The frame must be one of this domain's. */
mfn_t mfn_of(pfn_t page);
pfn_t pfn_of(mfn_t frame);

/* Page to address and back, by the initial mapping. */
void *page_of(pfn_t page);
pfn_t page_number(const volatile void *address);

/* frame_of - the frame behind an address of the initial mapping. */
mfn_t frame_of(const volatile void *address);

/*
 * page_alloc - one page of plain memory: mapped writable, filled with zeros.
 *
 * The first call gives page 0x200, the next 0x201, and so on, up to 256
 * pages. Ends the domain when they are used up.
 */
void *page_alloc(void);

/*
 * superpage_alloc - memory that can be mapped by one entry: SUPERPAGE_PAGES
 * pages whose frames are in one row, the first a multiple of SUPERPAGE_PAGES.
 *
 * They are mapped nowhere yet. The first call gives the last ones of the
 * domain, the next those before. Returns the first page, 0 if there is none.
 *
 * gigabyte_alloc - the same of GIGABYTE_PAGES pages.
 */
pfn_t superpage_alloc(void);
pfn_t gigabyte_alloc(void);

/* pages_mapped - how many pages the initial mapping covers, from page 0. */
uint64_t pages_mapped(void);

/* entry_make - an entry for a frame; entry_frame, the frame of an entry. */
entry_t entry_make(mfn_t frame, uint64_t flags);
mfn_t entry_frame(entry_t entry);

/*
 * slot_of - which slot of the table of `level` (4 .. 1) translates an address.
 */
unsigned int slot_of(vaddr_t address, unsigned int level);

/* base_table - the L4 table in use, as an array of entries. */
const entry_t *base_table(void);

/*
 * table_find - walk down from the base table, as the CPU does.
 *
 * level    4 .. 1, the table wanted
 *
 * Returns the table of that level on the way to `address`, as we read it, or
 * NULL if an entry above it is absent or a superpage.
 */
const entry_t *table_find(vaddr_t address, unsigned int level);

/* entry_find - the entry of `level` for an address, 0 if there is no table. */
entry_t entry_find(vaddr_t address, unsigned int level);

/*
 * page_map - let an address show a frame, by update_va_mapping.
 *
 * flags    MAP_READ or MAP_WRITE; page_unmap shows nothing
 *
 * Returns 0 or a negative errno; then nothing changed.
 */
long page_map(vaddr_t address, mfn_t frame, uint64_t flags);
long page_unmap(vaddr_t address);

/*
 * page_forget - let the CPU drop what it remembers of an address;
 * forget_all, of all addresses. page_map and page_unmap do that themselves
 * for their one address, entry_write does not.
 */
long page_forget(vaddr_t address);
long forget_all(void);

/*
 * page_protect and page_release - make the initial mapping of a page
 * read-only (as a table's must be), or writable again.
 */
long page_protect(void *page);
long page_release(void *page);

/*
 * entry_write - change one slot of a table, by mmu_update.
 *
 * Returns 0 or a negative errno; then nothing changed.
 */
long entry_write(const entry_t *table, unsigned int slot, entry_t value);

/* mmu_request - the same as an element of a longer list. */
struct mmu_update mmu_request(const entry_t *table, unsigned int slot,
                              entry_t value);

/* table_pin - ask that a page be kept validated as a table of `level`. */
long table_pin(const void *page, unsigned int level);
long table_unpin(const void *page);

/*
 * base_load - load another L4 table; user_base_load, the one for user mode.
 */
long base_load(const void *table);
long user_base_load(const void *table);

#endif
