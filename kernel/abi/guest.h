#ifndef TALLY_ABI_GUEST_H
#define TALLY_ABI_GUEST_H

#include "mm/errno.h"
#include "mm/types.h"
#include "x86/copy.h"
#include "x86/guest_inline.h"
#include "x86/layout.h"

/*
 * guest - the memory of the domain whose tables are loaded, as its own
 * addresses name it.
 *
 * No address is trusted: none reaches the kernel's part of the address space,
 * whatever a domain passes, and one that is not mapped is an errno. A copy
 * goes through the domain's own mapping: what it has read-only stays so.
 */

/*
 * guest_read - copy from the domain.
 *
 * 0          all of it
 * -EFAULT    not an address of the domain's, or not mapped; dst is undefined
 */
int guest_read(void *dst, vaddr_t src, size_t bytes);

/*
 * guest_write - copy to the domain.
 *
 * 0          all of it
 * -EFAULT    not an address of the domain's, or not mapped writable; some of
 *            it may be written
 */
int guest_write(vaddr_t dst, const void *src, size_t bytes);

/*
 * guest_array_ok - can the domain have an array here at all?
 *
 * count  elements; any number
 * bytes  of one element, not 0
 *
 * true when all of it lies outside of what is the kernel's: then no element's
 * address base + index * bytes wraps. Whether it is mapped shows later.
 */
bool guest_array_ok(vaddr_t base, uint64_t count, size_t bytes);

/*
 * guest_array_begin - the same, for one that is then read word by word.
 *
 * *base  stays what it is when true comes back; 0 where the CPU runs ahead
 */
bool guest_array_begin(vaddr_t *base, uint64_t count, size_t bytes);

/* guest_tell - 32 bits to an address, if one is given; never mind a bad one. */
static inline void guest_tell(vaddr_t at, uint32_t value)
{
    if (at != 0)
        (void)guest_write(at, &value, sizeof(value));
}

/*
 * index_clamp - an index that was compared with its bound, for use.
 *
 * index  below count
 *
 * Returns index; 0 where the CPU runs ahead of a comparison that fails, so
 * that nothing beyond the array is read even speculatively.
 */
static inline uint64_t index_clamp(uint64_t index, uint64_t count)
{
    uint64_t mask;

    __asm__ volatile("cmp %2, %1; sbb %0, %0"
                     : "=r"(mask)
                     : "r"(index), "r"(count)
                     : "cc");
    return index & mask;
}

/*
 * address_clamp - a guest's address that was checked, for use.
 *
 * 0 if it is the kernel's, also where the CPU runs ahead of a comparison:
 * then no kernel memory is read even speculatively. Depends on nothing but
 * the address, so that no jump can take its place. What begins in a guest's
 * part ends there, or where no address is.
 */
static inline vaddr_t address_clamp(vaddr_t va)
{
    uint64_t guests;

    __asm__ volatile("cmp %1, %2; sbb %0, %0"
                     : "=r"(guests)
                     : "r"(va - GUEST_HOLE), "r"(GUEST_HIGH - GUEST_HOLE - 1)
                     : "cc");
    return va & guests;
}

/*
 * address_quick - a guest's address for a copy of a few bytes, checked and
 * clamped in one.
 *
 * bytes  a constant
 *
 * 0 when not all of them are a guest's, and where the CPU runs ahead; also for
 * address 0 itself: ask access_ok.
 */
static inline vaddr_t address_quick(vaddr_t va, size_t bytes)
{
    uint64_t guests;

    __asm__ volatile("cmp %1, %2; sbb %0, %0"
                     : "=r"(guests)
                     : "r"(va - (GUEST_HOLE - (bytes - 1))),
                       "r"(GUEST_HIGH - GUEST_HOLE + (bytes - 1) - 1)
                     : "cc");
    return va & guests;
}

#endif
