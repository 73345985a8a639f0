/*
 * serial - the first serial port (COM1, 0x3f8), without interrupts.
 *
 * Every wait is bounded: a port that stops taking bytes is given up.
 */
#ifndef TALLY_X86_SERIAL_H
#define TALLY_X86_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * serial_init - look for the port and set it to 8 bits, no parity.
 *
 * baud  bits per second; 0 or a rate the chip cannot make is 115200
 *
 * Returns whether there is one: its scratch register keeps a value, its line
 * status is not 0xff, and a byte sent in loopback mode comes back.
 */
bool serial_init(uint32_t baud);

/* serial_present - whether serial_init() found a port. */
bool serial_present(void);

/*
 * serial_write - send bytes as they are. Does nothing without a port; bytes
 * that the port does not take in time are dropped.
 */
void serial_write(const char *text, size_t bytes);

/*
 * serial_poll - take what has arrived into a ring of 256 bytes. Bytes that
 * find no room are dropped.
 */
void serial_poll(void);

/*
 * serial_read_byte - poll, then take the oldest byte.
 *
 * Returns 0..255, or -1 when there is none.
 */
int serial_read_byte(void);

#endif
