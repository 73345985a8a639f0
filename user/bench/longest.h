#ifndef TALLY_USER_BENCH_LONGEST_H
#define TALLY_USER_BENCH_LONGEST_H

/*
 * The longest stretch of a call with interrupts off: Tally's option
 * latency=yes measures it, while a timer comes somewhere in the call. A line
 * is
 *
 *     latency CALL/PATH TICKS
 */

#include <stdint.h>

/* longest_setup - ends the domain with an error when nobody measures. */
void longest_setup(void);

/* longest_begin - set the timer; what comes until longest_end counts. */
void longest_begin(void);
void longest_end(const char *path);

/* longest_call - make a hypercall, and its line; what it answered.
 *
 * path  "CALL/PATH" */
long longest_call(const char *path, unsigned int number, uint64_t a, uint64_t b,
                  uint64_t c);

/* longest_want - the same; an answer below 0 ends the domain. */
void longest_want(const char *path, unsigned int number, uint64_t a, uint64_t b,
                  uint64_t c);

/* longest_many - the same call, alone and as each part of a multicall. Its
 * answer may be anything. */
void longest_many(const char *path, unsigned int number, uint64_t a, uint64_t b,
                  uint64_t c);

/* longest_refused - a call that is to be refused, as above. */
void longest_refused(const char *path, unsigned int number, uint64_t a,
                     uint64_t b, uint64_t c);

#endif
