/*
 * scancode - what the codes of a keyboard (set 1) mean on a US layout.
 *
 * Keys become the bytes that a VT100 on a serial line would send. No
 * hardware here: tests run it on the host. Any bytes are survived.
 */
#ifndef TALLY_X86_SCANCODE_H
#define TALLY_X86_SCANCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes that one key makes. */
#define SCANCODE_BYTES 4u

struct scancode_state {
    bool shift_left;
    bool shift_right;
    bool control_left;
    bool control_right;
    bool capitals; /* caps lock */
    bool extended; /* after 0xe0 */
    uint8_t skip;  /* bytes of the Pause key still to come */
};

/*
 * scancode_decode - take one byte of the keyboard.
 *
 * state  all zero at first
 * code   as the controller gives it
 * out    room for SCANCODE_BYTES
 *
 * Returns how many bytes were typed: 0 for a key that went up, a modifier or
 * one without a meaning.
 */
size_t scancode_decode(struct scancode_state *state, uint8_t code, char *out);

#endif
