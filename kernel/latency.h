#ifndef TALLY_LATENCY_H
#define TALLY_LATENCY_H

#include <stdbool.h>

#include "x86/regs.h"

/*
 * latency - how long interrupts wait, and for what (latency=yes).
 *
 * The kernel runs with interrupts off but for the windows of a long operation.
 * With this option each of its stretches is measured by an interrupt: whoever
 * enters the kernel makes one pending by the local APIC, and when it comes,
 * in a window, in ring 3 or while idle, the ticks of the TSC since then are
 * how long any other one would have waited. In a window the next one is made
 * pending at once. Under QEMU's -icount shift=0 a tick is an instruction.
 *
 * Each stretch counts for what began it. The longest of each kind is a line of
 * the log after the last domain,
 *
 *     (TALLY) latency: NAME TICKS
 *
 * and a domain may ask for the longest of all since it last asked
 * (abi/tally_op.h). Without the option nothing is called, the tables of
 * hypercalls are the plain ones, and no interrupt is made.
 */

/* Kinds below this are numbers of hypercalls. */
#define LATENCY_CALLS 57

enum latency_kind {
    LATENCY_SYSCALL = LATENCY_CALLS,    /* of a guest user, to its kernel */
    LATENCY_TRAP,                       /* an exception but #UD */
    LATENCY_INTERRUPT,                  /* its handler, and others' turns */
    LATENCY_END,                        /* a domain that ended is removed */
    LATENCY_BUILD,                      /* one is built */
    LATENCY_TIMER,                      /* the timer: from its deadline on,
                                           but while a domain was built */
    LATENCY_KINDS
};

/* What makes the interrupt; served after all others. */
#define LATENCY_VECTOR 0xe0u

/* Is the option on? */
extern bool latency_on;

/* latency_init - switch it on, before the first domain. */
void latency_init(void);

/* latency_begin - the kernel was entered, or begins something else, with
 * interrupts off. kind: a hypercall's number, or enum latency_kind. */
void latency_begin(unsigned int kind);

/* latency_idle - there is nothing to do but to wait for an interrupt. */
void latency_idle(void);

/* latency_interrupt - first thing in any interrupt: the stretch is over. */
void latency_interrupt(struct regs *regs);

/* latency_timer_armed, latency_timer_came - the timer was set to a system
 * time; its interrupt is here. */
void latency_timer_armed(uint64_t deadline_ns);
void latency_timer_came(void);

/* latency_ask - the longest stretch since this was last called, in ticks. */
uint64_t latency_ask(void);

/* latency_print - tell all, and switch it off. */
void latency_print(void);

#endif
