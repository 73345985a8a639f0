#ifndef TALLY_X86_TRAP_H
#define TALLY_X86_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/types.h"
#include "x86/regs.h"

/*
 * trap - the IDT, and what happens to an exception of the kernel itself.
 *
 * The five functions below are the top of the kernel: entry.asm jumps to
 * them, hypercall.c and fault.c define them. Each gets the registers at the
 * top of the running vcpu's stack, runs with interrupts off, and returns to
 * go back to ring 3 with what is then in them (it may switch to other vcpus
 * in between).
 */

/*
 * hypercalls - what a guest kernel's `syscall` calls, by the number in rax.
 * syscalls - the same for a guest user's. cpu_calls is the one or the other.
 * calls_of - which of them, by who runs: false the user, true the kernel.
 *
 * Each gets the vcpu and the arguments, and returns what goes to rax. Only
 * iret_entry, around hypercall_iret, goes back to ring 3 by itself: nobody but
 * syscall_entry may call it.
 *
 * hypercall_exit - after a hypercall, when v->attention says that more is to
 * be done than to answer: struct regs is complete from here on.
 */
struct vcpu;
long iret_entry(struct vcpu *v, const uint64_t *argument);
extern long (*const hypercalls[])(struct vcpu *v, const uint64_t *argument);
extern long (*const syscalls[])(struct vcpu *v, const uint64_t *argument);
extern long (*const *calls_of[2])(struct vcpu *v, const uint64_t *argument);
void hypercall_exit(struct vcpu *v);

/* fault_entry - exception 0..31 in ring 3. For #PF, CR2 is unchanged: read
 * it before anything else can fault.
 *
 * When it returns with the vector TRAP_SYSCALL, the registers are a handler's
 * first: SYSRET can load them, if it can the address. */
void fault_entry(struct regs *regs);

/* interrupt_entry - vector 32..255, from ring 3, from idle or from an
 * interrupt window of the kernel (then regs->cs has RPL 0). */
void interrupt_entry(struct regs *regs);

/*
 * fault_iret - the return to ring 3 faulted: a bad cs, ss, or rip.
 *
 * regs are the registers that were to be loaded; vector and error_code are
 * of the exception (#GP, #NP, #SS, #PF). Returns to try again.
 */
void fault_iret(struct regs *regs);

/* trap_init_early - a usable IDT without IST stacks: first thing of all. */
void trap_init_early(void);

/* trap_init - the final IDT, in the window, with IST stacks for #DB, NMI,
 * #DF and #MC. gdt_init has been called. */
void trap_init(void);

/* trap_name - "#PF page fault"; "interrupt" from 32 on. */
const char *trap_name(uint32_t vector);

/* from_ring3 - were these registers those of a domain? */
static inline bool from_ring3(const struct regs *regs)
{
    return (regs->cs & 3) == 3 || (regs->rflags & RFLAGS_VM) != 0;
}

/*
 * sysret_ok - may SYSRET return to this address? (x86/sysret.c)
 *
 * A non-canonical rip faults in ring 0 on Intel CPUs, on the guest's stack.
 * This is the question that entry.asm asks, for any 64-bit number.
 */
bool sysret_ok(uint64_t rip);

/* guest_return - leave to ring 3 with the registers at the stack top. The
 * stack pointer must be at them: only assembler jumps here. */
void guest_return(void);

/* interrupt_window - serve what is pending, then come back. */
static inline void interrupt_window(void)
{
    __asm__ volatile("sti; nop; cli" ::: "memory", "cc");
}

/* cpu_idle - wait for one interrupt and serve it. */
static inline void cpu_idle(void)
{
    __asm__ volatile("sti; hlt; cli" ::: "memory", "cc");
}

#endif
