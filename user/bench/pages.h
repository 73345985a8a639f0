#ifndef TALLY_USER_BENCH_PAGES_H
#define TALLY_USER_BENCH_PAGES_H

/*
 * Memory for the operations: pages that nothing maps, tables, and whole
 * superpages.
 *
 * Pages behind the end of the initial mapping belong to the domain and are
 * mapped nowhere. They are used from there on upwards; superpages are those
 * of them that lie on 512 consecutive frames, the first a multiple of 512.
 */

#include "lib/memory.h"

#define NEW_LAND        0x10000000u /* 256 MiB: nothing is mapped there */
#define L4_SHIFT        39          /* of the bytes that an L4 slot maps */

/* pages_setup - where pages_take begins, and a table for the window. */
void pages_setup(const start_info_t *info);

/* pages_take - `count` pages in a row that nothing maps; the first. */
pfn_t pages_take(uint64_t count);

/* pages_left - how many there still are. */
uint64_t pages_left(void);

/*
 * window - see a frame for a moment, at an address that is always the same.
 *
 * Returns the frame's first word; window_set stores it.
 */
uint64_t window_get(mfn_t frame);
void window_set(mfn_t frame, uint64_t value);

/* window_close - show nothing there any more. */
void window_close(void);

/* table_new - a page of zeros that can still be written: a table to be. */
entry_t *table_new(void);

/* table_copy_base - a copy of the base table, still writable. */
entry_t *table_copy_base(void);

/* table_ready - give up the writable view, so that it can be a table. */
void table_ready(const entry_t *table);

/* table_hook - let a slot of an upper table name a table. */
void table_hook(const entry_t *upper, unsigned int slot, const entry_t *table);

/*
 * land_l2 - the L2 table for gigabyte n of our address space, made if there
 * is none.
 */
const entry_t *land_l2(unsigned int gigabyte);

/*
 * extent_next - the next superpage of ours that nothing maps.
 *
 * Returns its first frame; NO_FRAME when there are no more of them.
 */
#define NO_FRAME (~(mfn_t)0)
mfn_t extent_next(void);

/* gigabyte_find - the first frame of a whole gigabyte, or NO_FRAME. */
mfn_t gigabyte_find(void);

/* want - an answer below 0 ends the domain with an error. */
void want(const char *what, long answer);

#endif
