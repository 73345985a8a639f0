#ifndef TALLY_ABI_GUEST_H
#define TALLY_ABI_GUEST_H

#include "mm/errno.h"
#include "mm/types.h"

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

#endif
