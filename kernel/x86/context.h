#ifndef TALLY_X86_CONTEXT_H
#define TALLY_X86_CONTEXT_H

#include <stdint.h>

#include "mm/types.h"
#include "x86/fpu.h"
#include "x86/regs.h"
#include "x86/segments.h"

/*
 * context - change from one vcpu to another.
 */

/*
 * context_switch - leave this stack, go on with another one.
 *
 * save_rsp  where the stack pointer to come back to is kept
 * new_rsp   one that was kept so, or came from context_prepare
 *
 * Returns when somebody switches back. The caller changes CR3, GDT and LDT
 * windows, segments, FPU and stack top, before or after.
 */
void context_switch(uint64_t *save_rsp, uint64_t new_rsp);

/* context_regs - the registers at the top of a vcpu's stack. */
static inline struct regs *context_regs(vaddr_t stack_top)
{
    return (struct regs *)(uintptr_t)(stack_top - sizeof(struct regs));
}

/* context_start - where a prepared stack begins (context.asm). */
__attribute__((visibility("hidden"))) void context_start(void);

/* What context_switch keeps on a stack, lowest address first. */
struct context_frame {
    uint64_t r15;
    uint64_t r14;
    uint64_t r13;
    uint64_t r12;
    uint64_t rbx;
    uint64_t rbp;
    uint64_t rip;
};

/*
 * context_prepare - make a stack run for the first time.
 *
 * stack_top  of a stack of stack_alloc; context_regs(stack_top) are filled
 * first      called first of all on the new stack, with `cookie`: what has
 *            to be done after a switch. May be NULL. Then the registers are
 *            loaded and ring 3 runs.
 *
 * Returns the new_rsp for context_switch.
 */
static inline uint64_t context_prepare(vaddr_t stack_top,
                                       void (*first)(void *cookie),
                                       void *cookie)
{
    struct context_frame *frame =
        (struct context_frame *)(uintptr_t)(stack_top - sizeof(struct regs)) -
        1;

    frame->r15 = 0;
    frame->r14 = 0;
    frame->r13 = (uintptr_t)cookie;
    frame->r12 = (uintptr_t)first;
    frame->rbx = 0;
    frame->rbp = 0;
    frame->rip = (uintptr_t)context_start;
    return (uintptr_t)frame;
}

#endif
