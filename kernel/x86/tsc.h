/*
 * tsc - the time-stamp counter: its frequency, and system time made of it.
 */
#ifndef TALLY_X86_TSC_H
#define TALLY_X86_TSC_H

#include <stdbool.h>
#include <stdint.h>

#include "x86/clock_scale.h"

/* tsc_read - the counter, not before earlier loads are done. */
uint64_t tsc_read(void);

/*
 * tsc_init - find out the frequency; system time starts here.
 *
 * Asked in turn: hypervisor leaf 0x40000010, CPUID leaf 15h with a crystal
 * frequency, HPET, ACPI timer, PIT, CPUID leaf 16h (a rounded number, so
 * last). Every wait is bounded. If nothing answers, 1 GHz with a warning.
 * Needs acpi_init(); says in the log which source was used.
 */
void tsc_init(void);

/* tsc_hz - the frequency; 1 GHz before tsc_init(). */
uint64_t tsc_hz(void);

/* tsc_scale - from ticks to nanoseconds, as a domain's time record has it. */
struct clock_scale tsc_scale(void);

/*
 * tsc_to_ns - system time, in nanoseconds since tsc_init(), at a counter
 * value. 0 for values before.
 */
uint64_t tsc_to_ns(uint64_t tsc);

/* tsc_from_ns - the counter value at a system time, UINT64_MAX if never. */
uint64_t tsc_from_ns(uint64_t ns);

/* tsc_now_ns - system time now. */
uint64_t tsc_now_ns(void);

/* tsc_start - the counter value at system time 0. */
uint64_t tsc_start(void);

/* tsc_wait_ns - wait, doing nothing. */
void tsc_wait_ns(uint64_t ns);

#endif
