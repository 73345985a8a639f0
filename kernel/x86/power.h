/*
 * power - the ways to stop. None of these functions returns.
 */
#ifndef TALLY_X86_POWER_H
#define TALLY_X86_POWER_H

#include <stdbool.h>
#include <stdint.h>

/* What power_exit() tells a test run. */
#define POWER_EXIT_ENDED   0x10 /* every domain ended by its own wish */
#define POWER_EXIT_CRASHED 0x11 /* a domain crashed */
#define POWER_EXIT_BROKEN  0x12 /* audit failed, or the kernel panicked */

/*
 * power_set_exit - the option exit=qemu: power_exit() writes to port 0xf4,
 * where QEMU's isa-debug-exit listens. Only honoured under a hypervisor,
 * since on a PC the port may be anything.
 *
 * Returns whether it will be honoured.
 */
bool power_set_exit(bool on);

/*
 * power_halt - stop for good with interrupts off; the screen is brought up
 * to date first.
 */
void power_halt(void) __attribute__((noreturn));

/*
 * power_exit - end a run: leave QEMU with a code if asked to, else halt.
 *
 * code  POWER_EXIT_...
 */
void power_exit(uint8_t code) __attribute__((noreturn));

/*
 * power_off - ACPI's soft-off state, else a line that says so, and halt.
 */
void power_off(void) __attribute__((noreturn));

/*
 * power_reboot - ACPI reset register, port 0xcf9, keyboard controller,
 * triple fault, in this order until one works. Every wait is bounded.
 */
void power_reboot(void) __attribute__((noreturn));

#endif
