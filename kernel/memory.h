#ifndef TALLY_MEMORY_H
#define TALLY_MEMORY_H

#include "boot/boot_info.h"
#include "mm/mm.h"

struct cpu;

/*
 * memory - the machine's memory: the one struct memory, the kernel's own
 * pages, and the machine-to-phys table.
 */
extern struct memory machine;

/* What the machine has, in bytes. */
struct memory_sizes {
    uint64_t ram;           /* found by the firmware's map, used or not */
    uint64_t extents;       /* in whole extents that domains can have */
    uint64_t records;       /* of frame and superpage records made so far */
    uint64_t m2p;           /* of the machine-to-phys table made so far */
};

/*
 * memory_init - take the machine's memory over.
 *
 * info       the firmware's map and the modules
 * cpu        physical width and page sizes
 * mem_limit  bytes: RAM at or above this address is not used; 0: no limit
 *
 * Loads the kernel's final page tables: the boot tables and their identity
 * map are gone afterwards.
 *
 * NULL, or a sentence why the machine cannot be used.
 */
const char *memory_init(const struct boot_info *info, const struct cpu *cpu,
                        uint64_t mem_limit);

/* memory_sizes - as they are now. */
struct memory_sizes memory_sizes(void);

/* memory_is_ram - is [start, end) in the direct map? Bytes. */
bool memory_is_ram(paddr_t start, paddr_t end);

/* page_alloc - one zeroed 4 KiB page for the kernel: its physical address,
 * 0 when there is none left. page_free gives it back. */
paddr_t page_alloc(void);
void page_free(paddr_t paddr);

/*
 * memory_give_extents - hand extents out to a domain.
 *
 * Makes their records and their machine-to-phys pages first. No frame of
 * them is allocated yet: see frame_alloc.
 *
 * 0          the owner has `count` extents more
 * -ENOMEM    fewer are free; those that were given are still the owner's
 */
int memory_give_extents(struct owner *o, uint32_t count);

/*
 * memory_give_gigabyte - hand out 512 extents in a row, aligned.
 *
 * *extent    the first of them
 *
 * 0          the owner has them; no frame of them is allocated yet
 * -ENOMEM    there is no gigabyte of which all is free
 */
int memory_give_gigabyte(struct owner *o, uint32_t *extent);

/* m2p_set, m2p_get - the machine-to-phys entry of a frame. The extent has
 * been given out. INVALID_P2M_ENTRY (all ones) marks no page. */
void m2p_set(mfn_t mfn, uint64_t pfn);
uint64_t m2p_get(mfn_t mfn);

/* frame_map - the kernel's mapping of a frame of RAM. */
static inline void *frame_map(mfn_t mfn)
{
    return machine.ram[mfn];
}

#endif
