#ifndef TALLY_X86_GUEST_INLINE_H
#define TALLY_X86_GUEST_INLINE_H

#include "mm/errno.h"
#include "x86/guest_words.h"
#include "x86/regs.h"

/*
 * guest_inline - copies of a few words to and from the memory of the domain
 * whose tables are loaded, in line. None of them checks the address: that is
 * access_ok, first (x86/copy.h).
 */

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
    __asm__ volatile(
        "1: movq (%[src]), %[first]\n"
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
        : [first] "=&r"(first), [second] "=&r"(second), [error] "+r"(error)
        : [src] "r"(src), [efault] "i"(-EFAULT)
        : "memory");
    user_close();
    *pair = (struct guest_pair){first, second};
    return error;
}

/*
 * put_guest_frame_raw - write it; rcx, r11, rip and rsp right from regs.
 * 0 or -EFAULT.
 *
 * Gives up at the first fault: whoever calls copies it the other way then.
 */
static inline int put_guest_frame_raw(vaddr_t dst, const struct regs *regs,
                                      const struct guest_frame *f)
{
    uint64_t word;
    int error = 0;

    user_open();
    __asm__ volatile(
        "   movq %[rcx], %[word]\n1: movq %[word], (%[dst])\n"
        "   movq %[r11], %[word]\n2: movq %[word], 8(%[dst])\n"
        "   movq %[rip], %[word]\n3: movq %[word], 16(%[dst])\n"
        "4: movq %[cs], 24(%[dst])\n"
        "5: movq %[rflags], 32(%[dst])\n"
        "   movq %[rsp], %[word]\n6: movq %[word], 40(%[dst])\n"
        "7: movq %[ss], 48(%[dst])\n"
        "8:\n"
        ".pushsection .text.unlikely, \"ax\"\n"
        "9: movl %[efault], %[error]\n"
        "   jmp 8b\n"
        ".popsection\n"
        ".pushsection .fixups, \"a\"\n"
        ".quad 1b, 9b, 2b, 9b, 3b, 9b, 4b, 9b\n"
        ".quad 5b, 9b, 6b, 9b, 7b, 9b\n"
        ".popsection"
        : [error] "+r"(error), [word] "=&r"(word)
        : [dst] "r"(dst), [rcx] "m"(regs->rcx), [r11] "m"(regs->r11),
          [rip] "m"(regs->rip), [cs] "r"(f->cs), [rflags] "r"(f->rflags),
          [rsp] "m"(regs->rsp), [ss] "r"(f->ss), [efault] "i"(-EFAULT)
        : "memory");
    user_close();
    return error;
}

/*
 * get_guest_iret_raw - read such a frame, the plain registers of it right to
 * where they are restored from.
 *
 * 0          *f has what is to be looked at, *regs the others
 * -EFAULT    at the first fault; some of *regs may be changed
 */
static inline int get_guest_iret_raw(struct guest_iret *f, struct regs *regs,
                                     vaddr_t src)
{
    uint64_t word;
    int error = 0;

    user_open();
    __asm__ volatile(
        "1: movq (%[src]), %[word]\n   movq %[word], %[rax]\n"
        "2: movq 8(%[src]), %[word]\n   movq %[word], %[r11]\n"
        "3: movq 16(%[src]), %[word]\n   movq %[word], %[rcx]\n"
        "4: movq 32(%[src]), %[word]\n   movq %[word], %[rip]\n"
        "5: movq 56(%[src]), %[word]\n   movq %[word], %[rsp]\n"
        "6: movq 24(%[src]), %[flags]\n"
        "7: movq 40(%[src]), %[cs]\n"
        "8: movq 48(%[src]), %[rflags]\n"
        "9: movq 64(%[src]), %[ss]\n"
        "10:\n"
        ".pushsection .text.unlikely, \"ax\"\n"
        "11: movl %[efault], %[error]\n"
        "   jmp 10b\n"
        ".popsection\n"
        ".pushsection .fixups, \"a\"\n"
        ".quad 1b, 11b, 2b, 11b, 3b, 11b, 4b, 11b, 5b, 11b\n"
        ".quad 6b, 11b, 7b, 11b, 8b, 11b, 9b, 11b\n"
        ".popsection"
        : [word] "=&r"(word), [flags] "=&r"(f->flags), [cs] "=&r"(f->cs),
          [rflags] "=&r"(f->rflags), [ss] "=&r"(f->ss), [error] "+r"(error),
          [rax] "+m"(regs->rax), [r11] "+m"(regs->r11), [rcx] "+m"(regs->rcx),
          [rip] "+m"(regs->rip), [rsp] "+m"(regs->rsp)
        : [src] "r"(src), [efault] "i"(-EFAULT)
        : "memory");
    user_close();
    return error;
}

#endif
