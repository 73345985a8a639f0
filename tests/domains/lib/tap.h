#ifndef TALLY_TESTS_DOMAINS_LIB_TAP_H
#define TALLY_TESTS_DOMAINS_LIB_TAP_H

/*
 * How a test domain speaks: one line for each check, "ok 3 name" or
 * "not ok 3 name # got ... expected ...", and the plan at the end.
 */

#include <stdbool.h>
#include <stdint.h>

/* check - something must be true. */
void check(const char *name, bool truth);

/* same - a number must be what it should be; prints both if it is not. */
void same(const char *name, uint64_t got, uint64_t expected);

/* answers - the same for what a hypercall answered; prints errors' names. */
void answers(const char *name, long got, long expected);

/* either - one of two answers, where Xen itself has no opinion. */
void either(const char *name, long got, long one, long other);

/*
 * skip - a check that cannot be made here, and why. It counts as done; use
 * it where the emulator, not the kernel, would give the answer.
 */
void skip(const char *name, const char *reason);

/* tests_end - print the plan. */
void tests_end(void);

/*
 * on_tally - whether the kernel below is Tally; else it is Xen. For the few
 * places where the two differ and are meant to.
 */
bool on_tally(void);

#endif
