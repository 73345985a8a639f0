#ifndef TALLY_USER_LIB_PRINT_H
#define TALLY_USER_LIB_PRINT_H

/*
 * How a domain speaks. A privileged domain writes to the kernel's console by
 * hypercall; any other has a ring in a page shared with whoever reads it.
 */

#include <stdint.h>

#include <xen/xen.h>

/* print_setup - remember which of the two ways is ours. */
void print_setup(const start_info_t *info);

/*
 * say - print text.
 *
 * format    as printf, with %s %c %d %u %x %%, the length l, a width, and
 *           the flags - and 0
 */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/*
 * ask and answer - a hypercall as a conversation. ask() prints the question
 * *before* the call, answer() the kernel's reply after it:
 *
 *     ask("Pin page A as an L1 table.");
 *     answer(table_pin(a, 1));
 *
 *       ask: Pin page A as an L1 table.
 *         -> granted
 *
 * answer() gives back the number it was given.
 */
__attribute__((format(printf, 1, 2))) void ask(const char *format, ...);
long answer(long result);

/* error_name - "EINVAL" for -EINVAL, "success" for 0 and above. */
const char *error_name(long result);

/* yes_no - "yes" or "no". */
const char *yes_no(int truth);

#endif
