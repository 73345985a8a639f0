#ifndef TALLY_USER_BENCH_ROWS_H
#define TALLY_USER_BENCH_ROWS_H

/*
 * The operations. Each function prints the rows of one kind, and ends the
 * domain with an error when one of them did not do what it should.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

/* rows_entry - in and out: a call, a trap, a syscall of the guest user. */
void rows_entry(void);

/* rows_update - entries of tables, one and many. */
void rows_update(void);

/* rows_table - pins, and another base pointer. */
void rows_table(void);

/* rows_superpage - 2 MiB at a time. */
void rows_superpage(void);

/* rows_gigabyte - 1 GiB at a time. */
void rows_gigabyte(void);

#endif
