#ifndef TALLY_USER_LIB_TRAP_H
#define TALLY_USER_LIB_TRAP_H

/*
 * A domain's exceptions. The CPU delivers them to the kernel, the kernel
 * hands them to the addresses in the domain's trap table, lib/trap.asm turns
 * them into a call of a C function, and the iret hypercall goes back.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include "lib/memory.h"

#define TRAP_INVALID_OPCODE 6u
#define TRAP_PROTECTION     13u
#define TRAP_PAGE_FAULT     14u
#define TRAP_VECTORS        32u
#define TRAP_SYSCALL        256u /* a syscall of the guest user */

/* Bits of a page fault's error code (SDM 3A 4.7). */
#define FAULT_PRESENT 0x01u /* a rule was broken, not a gap hit */
#define FAULT_WRITE   0x02u
#define FAULT_USER    0x04u /* guest user mode was running */

/* The interrupted program's registers, as trap.asm pushes them. */
struct regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
    uint64_t rax, rcx, rdx, rsi, rdi;
    uint64_t vector;     /* 0 .. 31 or TRAP_SYSCALL */
    uint64_t error_code; /* 0 where the CPU has none */
    uint64_t rip, cs, rflags, rsp, ss;
};

typedef void (*trap_handler_t)(struct regs *regs);

/* What a page fault told us. */
struct fault {
    vaddr_t address;     /* that was touched */
    uint64_t error_code; /* FAULT_... */
};

/*
 * traps_setup - map shared_info (it holds the address of a page fault) and
 * register the trap table, the syscall callback and the stack for traps from
 * guest user mode. A trap without a handler ends the domain with a report.
 *
 * Returns 0 or a negative errno.
 */
long traps_setup(const start_info_t *info);

/*
 * trap_set_handler - name the handler of a vector, or NULL for none. When it
 * returns, the interrupted program goes on with the registers in regs.
 */
void trap_set_handler(unsigned int vector, trap_handler_t handler);

/* from_user - whether guest user mode was interrupted. */
bool from_user(const struct regs *regs);

/* fault_address - the address of the last page fault. */
vaddr_t fault_address(void);

/*
 * try_read and try_write - touch a word that may not be touchable.
 *
 * fault    what happened, if the answer is false
 *
 * Returns true if the access went through. They need traps_setup().
 */
bool try_read(vaddr_t address, uint64_t *value, struct fault *fault);
bool try_write(vaddr_t address, uint64_t value, struct fault *fault);

/* The C end of trap.asm. */
void trap_handle(struct regs *regs);

#endif
