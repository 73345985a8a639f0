#ifndef TALLY_X86_STACK_H
#define TALLY_X86_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/types.h"
#include "x86/layout.h"

/*
 * stack - kernel stacks in the window, each with a guard below it.
 */

/* So many vcpus at a time. */
#define STACKS_MAX 4096

enum ist { IST_DF = 1, IST_NMI = 2, IST_MC = 3, IST_DB = 4, IST_COUNT = 4 };

/* stack_init - map the IST stacks. 0 or -ENOMEM. */
int stack_init(void);

/*
 * stack_alloc - a stack of 16 KiB for a vcpu.
 *
 * Its top (16-byte aligned, one past the last byte); 0 when there is no
 * memory. A stack that was freed keeps its pages and is given out again.
 */
vaddr_t stack_alloc(void);

/* stack_free - a stack of stack_alloc that nobody runs on. */
void stack_free(vaddr_t top);

/* stack_ist_top - of an IST stack. */
vaddr_t stack_ist_top(enum ist ist);

/* stack_contains - are these 16 bytes in a stack of ours that is mapped? */
bool stack_contains(vaddr_t va);

#endif
