/*
 * apic - the local APIC of this CPU: one timer, one shot at a time.
 */
#ifndef TALLY_X86_APIC_H
#define TALLY_X86_APIC_H

#include <stdbool.h>
#include <stdint.h>

#define APIC_TIMER_VECTOR    0xf0u
#define APIC_ERROR_VECTOR    0xfeu
#define APIC_SPURIOUS_VECTOR 0xffu /* needs no apic_eoi() */

/*
 * apic_init - switch the APIC on, all local interrupts masked, and find the
 * timer's frequency. Needs tsc_init().
 *
 * x2APIC mode is used when the firmware left it on (it may be locked there);
 * otherwise the registers in memory.
 *
 * Returns NULL, or why there is no usable APIC.
 */
const char *apic_init(void);

/*
 * apic_timer_arm - one interrupt, APIC_TIMER_VECTOR, at a system time.
 *
 * deadline_ns  as tsc_now_ns(); one in the past comes at once. A far one may
 *              come early, so the handler looks at the clock.
 */
void apic_timer_arm(uint64_t deadline_ns);

/* apic_timer_stop - no more timer interrupt; one may be on its way. */
void apic_timer_stop(void);

/* apic_eoi - end of interrupt, for every vector but the spurious one. */
void apic_eoi(void);

/* apic_self - make an interrupt of this vector pending for this CPU. */
void apic_self(uint8_t vector);

/* apic_id - this CPU's number in the APIC's eyes; 0 without an APIC. */
uint32_t apic_id(void);

#endif
