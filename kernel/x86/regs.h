#ifndef TALLY_X86_REGS_H
#define TALLY_X86_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * regs - the registers of what was interrupted, as entry.asm pushes them.
 *
 * On entry from ring 3 they lie at the very top of the vcpu's kernel stack,
 * at stack top - sizeof(struct regs). cs and ss are the hardware's (e033,
 * e02b, or the guest's own selectors, always RPL 3); what the guest is to
 * see is for the code above to make. During a hypercall rbx, rbp and r12 to
 * r15 are not here but where C keeps them; hypercall_exit finds them all, and
 * rcx and r11, which SYSCALL overwrote, as rip and rflags.
 *
 * Registers that were changed here are what ring 3 gets on return. RPL 3 is
 * put right on the way out whatever is written; IF and IOPL where the flags
 * are written: by hypercall_iret and by guest_return.
 */
struct regs {
    uint64_t r15;
    uint64_t r14;
    uint64_t r13;
    uint64_t r12;
    uint64_t rbp;
    uint64_t rbx;
    uint64_t r11;
    uint64_t rcx;
    uint64_t rdi; /* from here on: the arguments of a hypercall in a row */
    uint64_t rsi;
    uint64_t rdx;
    uint64_t r10;
    uint64_t r8;
    uint64_t r9;
    uint64_t rax;
    uint32_t error_code; /* 0 where the vector has none */
    uint32_t vector;     /* 0..255, or TRAP_SYSCALL */
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

/* Vector of a `syscall`. While it stands, rcx and r11 are lost on return
 * when the rest of the frame allows SYSRET. Write 0 to force IRETQ. */
#define TRAP_SYSCALL UINT32_MAX

/* Error code of a `syscall` whose hypercall is not over; then 0. */
#define SYSCALL_UNDER_WAY UINT32_MAX

/* Exceptions. */
enum trap_vector {
    TRAP_DE = 0,
    TRAP_DB = 1,
    TRAP_NMI = 2,
    TRAP_BP = 3,
    TRAP_OF = 4,
    TRAP_BR = 5,
    TRAP_UD = 6,
    TRAP_NM = 7,
    TRAP_DF = 8,
    TRAP_TS = 10,
    TRAP_NP = 11,
    TRAP_SS = 12,
    TRAP_GP = 13,
    TRAP_PF = 14,
    TRAP_MF = 16,
    TRAP_AC = 17,
    TRAP_MC = 18,
    TRAP_XM = 19,
    TRAP_VE = 20,
    TRAP_CP = 21,
    TRAP_EXCEPTIONS = 32 /* vectors below are exceptions */
};

/* Interrupts. */
#define VECTOR_TIMER    0xf0
#define VECTOR_SPURIOUS 0xff

/* Error code of a page fault. */
#define PF_PRESENT  0x01
#define PF_WRITE    0x02
#define PF_USER     0x04
#define PF_RESERVED 0x08
#define PF_FETCH    0x10

/* RFLAGS. */
#define RFLAGS_CF   UINT64_C(0x1)
#define RFLAGS_ONE  UINT64_C(0x2) /* always set */
#define RFLAGS_TF   UINT64_C(0x100)
#define RFLAGS_IF   UINT64_C(0x200)
#define RFLAGS_DF   UINT64_C(0x400)
#define RFLAGS_IOPL UINT64_C(0x3000)
#define RFLAGS_NT   UINT64_C(0x4000)
#define RFLAGS_RF   UINT64_C(0x10000)
#define RFLAGS_VM   UINT64_C(0x20000)
#define RFLAGS_AC   UINT64_C(0x40000)
#define RFLAGS_ID   UINT64_C(0x200000)
/* What ring 3 may have of them (layout.inc): CF PF AF ZF SF TF DF OF NT RF AC
 * ID; IF is always set. */
#define RFLAGS_GUEST UINT64_C(0x254dd5)

/* regs_in_hypercall - do rbx, rbp and r12 to r15 live elsewhere just now? */
static inline bool regs_in_hypercall(const struct regs *regs)
{
    return regs->vector == TRAP_SYSCALL &&
           regs->error_code == SYSCALL_UNDER_WAY;
}

_Static_assert(offsetof(struct regs, rcx) == 56, "layout.inc: REGS_RCX");
_Static_assert(offsetof(struct regs, rdi) == 64, "layout.inc: REGS_RDI");
_Static_assert(offsetof(struct regs, r10) == 88, "layout.inc: REGS_R10");
_Static_assert(offsetof(struct regs, r8) == 96, "layout.inc: REGS_R8");
_Static_assert(offsetof(struct regs, rax) == 112, "layout.inc: REGS_RAX");
_Static_assert(offsetof(struct regs, error_code) == 120, "REGS_ERROR");
_Static_assert(offsetof(struct regs, vector) == 124, "REGS_VECTOR");
_Static_assert(offsetof(struct regs, rip) == 128, "layout.inc: REGS_RIP");
_Static_assert(offsetof(struct regs, ss) == 160, "layout.inc: REGS_SS");
_Static_assert(sizeof(struct regs) == 168, "layout.inc: REGS_BYTES");

#endif
