#ifndef TALLY_X86_COPY_H
#define TALLY_X86_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/types.h"
#include "x86/layout.h"

/*
 * copy - to and from the memory of the domain whose tables are loaded.
 *
 * The copies go through the domain's own mappings: a write to a page that
 * the domain has read-only faults. None of them checks the address: that is
 * access_ok, first.
 */

/*
 * access_ok - are these bytes outside of everything that is the kernel's?
 *
 * True when the whole range is in one of the two parts of the address space
 * that belong to guests. A range of 0 bytes needs a good address too.
 */
static inline bool access_ok(vaddr_t va, size_t bytes)
{
    vaddr_t last;

    if (bytes == 0)
        bytes = 1;
    last = va + (bytes - 1);
    if (last < va)
        return false;
    return last < GUEST_HOLE || va >= GUEST_HIGH;
}

/*
 * copy_from_guest_raw, copy_to_guest_raw - copy bytes, with a fixup.
 *
 * Return the number of bytes NOT copied: 0 is success. What was copied
 * before the fault stays copied.
 */
size_t copy_from_guest_raw(void *dst, vaddr_t src, size_t bytes);
size_t copy_to_guest_raw(vaddr_t dst, const void *src, size_t bytes);

/* clear_guest_raw - write zeros. Returns the bytes NOT written. */
size_t clear_guest_raw(vaddr_t dst, size_t bytes);

/* get_guest_raw - read 8 bytes at once. 0 or -EFAULT (*value is then 0). */
int get_guest_raw(uint64_t *value, vaddr_t src);

/* get_guest_call_raw - a multicall entry: its number, and, after a word that
 * is skipped, four arguments. 0 or -EFAULT. */
int get_guest_call_raw(uint64_t call[5], vaddr_t src);

/* put_guest_raw - write 8 bytes at once. 0 or -EFAULT. */
int put_guest_raw(vaddr_t dst, uint64_t value);

/* get_guest32_raw, put_guest32_raw - the same for 4 bytes. */
int get_guest32_raw(uint32_t *value, vaddr_t src);
int put_guest32_raw(vaddr_t dst, uint32_t value);

#endif
