/*
 * keyboard - a PS/2 keyboard (or what the firmware makes look like one)
 * without interrupts.
 *
 * Every wait is bounded: without a controller its ports read 0xff.
 */
#ifndef TALLY_X86_KEYBOARD_H
#define TALLY_X86_KEYBOARD_H

#include <stdbool.h>

/*
 * keyboard_init - look for the controller, and for a keyboard behind it.
 *
 * may_be  false: the firmware says that there is no controller, or the
 *         command line wants none; no port is touched
 *
 * Returns whether a keyboard answered. One that did not answer is read all
 * the same, if there is a controller: it may come later.
 */
bool keyboard_init(bool may_be);

/* keyboard_present - has a keyboard answered, or sent anything, so far? */
bool keyboard_present(void);

/*
 * keyboard_read_byte - the next byte typed, as a VT100 would send it.
 *
 * Returns 0..255, or -1 when there is none.
 */
int keyboard_read_byte(void);

#endif
