#ifndef TALLY_EXPLORE_PERMITS_H
#define TALLY_EXPLORE_PERMITS_H

#include <stdbool.h>
#include <stdio.h>

/*
 * permits_print - which design permits what, as docs/superpages-permits.md.
 *
 * Puts every question to the rule core, under every design, on a tiny machine
 * of its own, and writes down the answers.
 *
 * false when a question could not be put as it is meant.
 */
bool permits_print(FILE *out);

#endif
