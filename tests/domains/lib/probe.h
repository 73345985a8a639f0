#ifndef TALLY_TESTS_DOMAINS_LIB_PROBE_H
#define TALLY_TESTS_DOMAINS_LIB_PROBE_H

/*
 * Run a few instructions and see what comes of them: they return, or they
 * trap, and then everything that the kernel handed over is kept as it was.
 * A trap is not returned from; the probe ends there.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

/* What a probe ended with, beside the vectors 0 .. 255. */
#define VECTOR_SYSCALL   256u
#define VECTOR_FAILSAFE  257u
#define VECTOR_EVENT     258u
#define VECTOR_SYSENTER  259u
#define VECTOR_SYSCALL32 260u
#define NO_TRAP          1000u

#define VECTOR_DE        0u
#define VECTOR_DB        1u
#define VECTOR_BP        3u
#define VECTOR_OF        4u
#define VECTOR_BR        5u
#define VECTOR_UD        6u
#define VECTOR_NM        7u
#define VECTOR_NP        11u
#define VECTOR_SS        12u
#define VECTOR_GP        13u
#define VECTOR_PF        14u
#define VECTOR_MF        16u
#define VECTOR_AC        17u
#define VECTOR_XM        19u

/* Selectors of the kernel's part of the GDT, as a guest sees them. */
#define SELECTOR_CS32 0xe023u
#define SELECTOR_SS   0xe02bu
#define SELECTOR_CS64 0xe033u

#define RFLAGS_CF     0x1u
#define RFLAGS_ONE    0x2u
#define RFLAGS_ZF     0x40u
#define RFLAGS_TF     0x100u
#define RFLAGS_IF     0x200u
#define RFLAGS_DF     0x400u
#define RFLAGS_IOPL   0x3000u
#define RFLAGS_NT     0x4000u
#define RFLAGS_RF     0x10000u
#define RFLAGS_AC     0x40000u

#define STACK_WORDS   12

/* probe.asm knows this layout. */
struct outcome {
    uint64_t vector;             /* or NO_TRAP */
    uint64_t rsp;                /* as the handler found it */
    uint64_t rflags;             /* likewise */
    uint64_t cs, ss;             /* likewise */
    uint64_t stack[STACK_WORDS]; /* what was on the stack, lowest first */
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/* The frame of a trap, taken from outcome.stack. */
struct frame {
    uint64_t rcx, r11;
    uint64_t error; /* 0 if the vector has none */
    uint64_t rip, cs, rflags, rsp, ss;
    uint32_t mask; /* the saved upcall mask beside cs */
};

/*
 * A snippet is a naked function: its first byte is the instruction under
 * test, and it ends with ret. It may change every register.
 */
#define SNIPPET __attribute__((naked, noinline, used)) static
typedef void snippet_t(void);

/*
 * probe_setup - a trap table for all vectors, stacks, all callbacks; user
 * mode gets the base table of the kernel.
 *
 * Every gate may be used by `int n` (DPL 3) but 8 and 0x21; no gate masks
 * events but 0x22.
 */
void probe_setup(const start_info_t *info);

/* traps_register - the trap table of probe_setup, with other flags. */
long gate_register(unsigned int vector, unsigned int flags, uint64_t address);

/* stub_of - the address that records a vector. */
uint64_t stub_of(unsigned int vector);

/*
 * run and run_user - call a snippet with rdi, rsi, rdx, in the guest's kernel
 * or as its user. The outcome is good until the next run.
 */
const struct outcome *run(snippet_t *code, uint64_t a, uint64_t b, uint64_t c);
const struct outcome *run_user(snippet_t *code, uint64_t a, uint64_t b,
                               uint64_t c);

/*
 * run_unmasked - as run, with info's upcall mask cleared when nothing but the
 * snippet is left to be interrupted, and set again afterwards.
 */
const struct outcome *run_unmasked(volatile struct vcpu_info *info,
                                   snippet_t *code, uint64_t a, uint64_t b,
                                   uint64_t c);

/* enter - the iret hypercall with a frame of the caller's choice. */
const struct outcome *enter(const struct iret_context *context);

/* the frame of the last run. */
struct frame frame_get(const struct outcome *o);

/* shared - the page that is shared with the kernel. */
volatile struct shared_info *shared(void);
volatile struct vcpu_info *vcpu_info_get(void);

/* Where the trap stack of the kernel, and the user's stack, begin. */
uint64_t kernel_stack_top(void);
uint64_t user_stack_top(void);

/* Where a program of the user ends when it returns. */
extern char probe_user_done[];

/*
 * trap_is - check that a run ended with a vector, an error code and the rip
 * `offset` bytes into the snippet. Prints what came instead.
 */
void trap_is(const char *name, const struct outcome *o, unsigned int vector,
             uint64_t error, uint64_t rip);

/* runs - check that a run ended without a trap. */
void runs(const char *name, const struct outcome *o);

#endif
