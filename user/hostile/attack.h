#ifndef TALLY_USER_HOSTILE_ATTACK_H
#define TALLY_USER_HOSTILE_ATTACK_H

#include <stdint.h>

/* attack - one random thing to do: one hypercall or a few. */
void attack(void);

/* attack_setup - takes pages for the arguments of calls. */
void attack_setup(void);

/* attempt - a hypercall that is counted. */
long attempt(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

#endif
