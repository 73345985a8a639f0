#ifndef TALLY_USER_HOSTILE_SANDBOX_H
#define TALLY_USER_HOSTILE_SANDBOX_H

/*
 * What the attacks play with: pages of all uses, real tables, frames to give
 * back, and what is nobody's business. What the program itself lives by (its
 * image, its stack, the pages that arguments are in) is not among them, so
 * that it can go on for millions of calls.
 *
 * With `wild` nothing is kept out, and it will not live long.
 */

#include "lib/domain.h"

/* What a page of the sandbox is mostly used as. A level is a use. */
enum use { USE_DATA, USE_L1, USE_L2, USE_L3, USE_L4, USE_SEGMENTS, USES };

void sandbox_setup(const start_info_t *info, bool wild);

bool is_wild(void);

/* sandbox_page - the address of a page of that use; the frame that it had at
 * first is sandbox_frame() of it. */
void *sandbox_page(enum use use);
mfn_t sandbox_frame(const void *page);

/* any_page - a page of any use. */
void *any_page(void);

/* any_frame - mostly of the sandbox; tables in use, shared, foreign, absurd. */
mfn_t any_frame(void);

/* any_entry - for a table of that level; mostly one that makes sense. */
entry_t any_entry(unsigned int level);

/* any_address - in the sandbox's pages, in its land, or a strange one. Never
 * where a number written by the kernel would hurt. */
vaddr_t any_address(void);

/* land_address - in the land that only sandbox tables map. */
vaddr_t land_address(void);

/* table_in_use - one of the tables that this program runs on. */
const entry_t *table_in_use(void);

/* table_by_frame - the one with that frame; NULL if it is none of them. */
const entry_t *table_by_frame(mfn_t frame);

/* is_spare_slot - may a slot of a table in use hold anything at all? */
bool is_spare_slot(const entry_t *table, unsigned int slot);

/* land_table - the L2 table of the land. */
const entry_t *land_table(void);

/* base_any - one of the two base tables that this program can run on. */
const entry_t *base_any(void);

/* A place in a table in use where any entry may be asked for: one that maps
 * a sandbox page. Returns the machine address. */
uint64_t mapping_slot(void);

/* Frames of no page: got by increase_reservation, given back again. */
void frame_donate(mfn_t frame);
mfn_t frame_take_donated(void); /* 0: there is none */
bool has_donated_enough(void);

/* words_scatter - write entries into a page, if it is writable now. */
void words_scatter(void *page, unsigned int level);

/* sandbox_tidy - unpin and empty everything, replace what was lost. */
void sandbox_tidy(void);

/* sandbox_check - is no table writable? Tries it. */
bool sandbox_check(void);

#endif
