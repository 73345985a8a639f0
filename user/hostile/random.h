#ifndef TALLY_USER_HOSTILE_RANDOM_H
#define TALLY_USER_HOSTILE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* The same seed gives the same numbers, on every machine. */

void random_seed(uint64_t seed);

uint64_t random_word(void);

/* random_below - 0 .. limit - 1; limit is not 0. */
uint64_t random_below(uint64_t limit);

/* random_chance - true in `percent` of 100 cases. */
bool random_chance(unsigned int percent);

/*
 * option_number - the value of "name=number" on the command line.
 *
 * text    the command line
 * other   what to return when there is no such word
 */
uint64_t option_number(const char *text, const char *name, uint64_t other);

#endif
