#ifndef TALLY_USER_HOSTILE_COUNT_H
#define TALLY_USER_HOSTILE_COUNT_H

#include <stdint.h>

/* What was asked, and what came of it, by the number of the hypercall. */

/* count_call - one hypercall was answered. */
void count_call(uint64_t number, long result);

/* count_part - the same for a call inside a multicall. */
void count_part(uint64_t number, long result);

/* calls_made - hypercalls of this domain's own, without parts of multicalls. */
uint64_t calls_made(void);

/* count_print - a table of all. */
void count_print(void);

#endif
