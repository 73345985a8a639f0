#ifndef TALLY_X86_TLB_H
#define TALLY_X86_TLB_H

#include "mm/types.h"

/*
 * tlb - of this CPU. PGE and PCIDE are off, so a CR3 load forgets it all,
 * the paging-structure caches included (SDM 3A 4.10.4). The flush clock that
 * decides whether one is due is in struct memory, not here.
 */

static inline paddr_t cr3_read(void)
{
    paddr_t value;

    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

/* cr3_write - run on these tables; a full flush. paddr of an L4. */
static inline void cr3_write(paddr_t l4)
{
    __asm__ volatile("mov %0, %%cr3" ::"r"(l4) : "memory");
}

/* tlb_flush_local - forget everything on this CPU. */
void tlb_flush_local(void);

/* tlb_flush_page - forget one page of this CPU; any 64-bit number will do. */
static inline void tlb_flush_page(vaddr_t va)
{
    __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

/* tlb_flushes - full flushes so far by tlb_flush_local, for statistics. */
uint64_t tlb_flushes(void);

#endif
