#ifndef TALLY_X86_COPY_H
#define TALLY_X86_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/errno.h"
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

/* user_open, user_close - the assembler's USER_OPEN and USER_CLOSE: three
 * bytes that do nothing, STAC and CLAC where SMAP is on (cpu_init). */
static inline void user_open(void)
{
    __asm__ volatile("1: nopl (%%rax)\n"
                     ".pushsection .stac_sites, \"a\"\n"
                     ".quad 1b\n"
                     ".popsection" ::
                         : "memory");
}

static inline void user_close(void)
{
    __asm__ volatile("1: nopl (%%rax)\n"
                     ".pushsection .clac_sites, \"a\"\n"
                     ".quad 1b\n"
                     ".popsection" ::
                         : "memory");
}

/* Two words in a row. */
struct guest_pair {
    uint64_t first;
    uint64_t second;
};

/*
 * get_guest_pair_raw - read two words in a row. 0 or -EFAULT.
 *
 * In line, since it is what every entry of a long list costs. A fault goes on
 * in another section, tries once more as the other copies do, and comes back.
 */
static inline int get_guest_pair_raw(struct guest_pair *pair, vaddr_t src)
{
    uint64_t first, second;
    int error = 0;

    user_open();
    __asm__ volatile("1: movq (%[src]), %[first]\n"
                     "2: movq 8(%[src]), %[second]\n"
                     "3:\n"
                     ".pushsection .text.unlikely, \"ax\"\n"
                     "4: movq (%[src]), %[first]\n"
                     "   jmp 2b\n"
                     "5: movq 8(%[src]), %[second]\n"
                     "   jmp 3b\n"
                     "6: movl %[efault], %[error]\n"
                     "   xorl %k[first], %k[first]\n"
                     "   xorl %k[second], %k[second]\n"
                     "   jmp 3b\n"
                     ".popsection\n"
                     ".pushsection .fixups, \"a\"\n"
                     ".quad 1b, 4b, 2b, 5b, 4b, 6b, 5b, 6b\n"
                     ".popsection"
                     : [first] "=&r"(first), [second] "=&r"(second),
                       [error] "+r"(error)
                     : [src] "r"(src), [efault] "i"(-EFAULT)
                     : "memory");
    user_close();
    *pair = (struct guest_pair){first, second};
    return error;
}

/* get_guest_call_raw - a multicall entry: its number, and, after a word that
 * is skipped, four arguments. 0 or -EFAULT. */
int get_guest_call_raw(uint64_t call[5], vaddr_t src);

/* put_guest_raw - write 8 bytes at once. 0 or -EFAULT. */
int put_guest_raw(vaddr_t dst, uint64_t value);

/* get_guest32_raw, put_guest32_raw - the same for 4 bytes. */
int get_guest32_raw(uint32_t *value, vaddr_t src);
int put_guest32_raw(vaddr_t dst, uint32_t value);

#endif
