#ifndef TALLY_TESTS_GUEST_INLINE_H
#define TALLY_TESTS_GUEST_INLINE_H

/*
 * The host's own version of kernel/x86/guest_inline.h, before it on the
 * include path of the tests: the same functions over the copies that every
 * test brings.
 */

#include "mm/errno.h"
#include "x86/copy.h"
#include "x86/guest_words.h"
#include "x86/regs.h"

static inline int get_guest_pair_raw(struct guest_pair *pair, vaddr_t src)
{
    return copy_from_guest_raw(pair, src, sizeof(*pair)) ? -EFAULT : 0;
}

static inline int put_guest_frame_raw(vaddr_t dst, const struct regs *regs,
                                      const struct guest_frame *f)
{
    const uint64_t words[7] = {regs->rcx, regs->r11, regs->rip, f->cs,
                               f->rflags, regs->rsp, f->ss};

    return copy_to_guest_raw(dst, words, sizeof(words)) ? -EFAULT : 0;
}

/* Always the long way. */
static inline int get_guest_iret_raw(struct guest_iret *f, struct regs *regs,
                                     vaddr_t src)
{
    (void)f;
    (void)regs;
    (void)src;
    return -EFAULT;
}

#endif
