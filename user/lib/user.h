#ifndef TALLY_USER_LIB_USER_H
#define TALLY_USER_LIB_USER_H

/*
 * A guest user: a program in the same ring 3 as its guest kernel, but on page
 * tables of its own. What keeps the two apart is only what each can see.
 */

#include <stdint.h>

#include "lib/memory.h"

/*
 * Code and constants marked so are gathered in pages of their own (user.ld),
 * from user_pages to user_pages_end, so that nothing else need be shown.
 * Small functions that they call are USER_INLINE, and so become part of them.
 */
#define USER_CODE   __attribute__((section(".user.text"), used, noinline))
#define USER_DATA   __attribute__((section(".user.data"), used))

#define USER_INLINE static inline __attribute__((always_inline))

extern char user_pages[];
extern char user_pages_end[];

/*
 * user_run - run a user program until a trap handler calls user_stop().
 *
 * program     where it begins; stack, the top of its stack; argument, its rdi
 *
 * The page tables of user_base_load() must be there, and traps_setup() done.
 * Returns the value given to user_stop().
 */
long user_run(vaddr_t program, vaddr_t stack, uint64_t argument);

/* user_stop - from a trap handler: leave user mode, return from user_run. */
_Noreturn void user_stop(long value);

/*
 * user_syscall - for code marked USER_CODE: the syscall instruction. From
 * guest user mode it does not reach the machine's kernel, but the guest's.
 */
USER_INLINE long user_syscall(uint64_t number, uint64_t a, uint64_t b)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}

#endif
