#ifndef TALLY_X86_PANIC_H
#define TALLY_X86_PANIC_H

#include "x86/regs.h"

/*
 * panic - our own promise is broken. Nothing that a domain does ends here.
 * The last act is power_exit(POWER_EXIT_BROKEN).
 */

/* panic - print why, a backtrace, and end. */
__attribute__((format(printf, 1, 2))) _Noreturn void panic(const char *format,
                                                           ...);

/* panic_regs - the same, with the registers of an exception in ring 0. */
__attribute__((format(printf, 2, 3))) _Noreturn void panic_regs(
    const struct regs *regs, const char *format, ...);

/* regs_print - all registers, vector and error code in words. */
void regs_print(const struct regs *regs);

/* backtrace_print - from a stack pointer; bounded, never faults. */
void backtrace_print(uint64_t rip, uint64_t rsp);

#endif
