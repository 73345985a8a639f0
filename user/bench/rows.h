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

/* rows_latency - how long interrupts wait, call by call; and of these, the
 * calls that change memory. */
void rows_latency(void);
void rows_latency_memory(void);

/* rows_latency_ring - the same of what an unprivileged domain has. */
void rows_latency_ring(const start_info_t *info);

/*
 * scale_ops - what mapping costs in the world as it is. Each line is
 *
 *     scale SWEEP OPERATION X MEDIAN
 *
 * where SWEEP and X are what the command line says of that world; for a run
 * beside other domains, or on a machine with more memory.
 */
void scale_ops(const char *sweep, uint64_t x);

/* scale_frames - the same while the domain maps more and more frames, up to
 * `most` of them. */
void scale_frames(uint64_t most);

/* scale_superpages - and while it maps more and more superpages. */
void scale_superpages(uint64_t most);

#endif
