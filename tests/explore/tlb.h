#ifndef TALLY_EXPLORE_TLB_H
#define TALLY_EXPLORE_TLB_H

#include "state.h"

/*
 * tlb - what a CPU may remember of tables that it walked.
 *
 * A CPU may walk whenever it likes, may cache what it read, a mapping or the
 * address of a table of any level, and may keep it until a full flush. It may
 * also walk on from what it cached. Which of that it does is its own affair,
 * so the explorer would have to try every choice.
 *
 * It need not: a CPU that caches more can do all that one that caches less
 * can do, and what must never be is that *some* entry is cached. So every CPU
 * here caches everything that it could have, at every stop, and forgets it at
 * a full flush. A set that must not hold a frame then holds it exactly when
 * some run of walks would bring it there.
 *
 * All functions that look for a breach return NULL, or what is wrong.
 */

/* tlb_walk - let a CPU cache all that it can reach now. */
const char *tlb_walk(struct world *w, struct cpu *cpu);

/* tlb_flush - a CPU forgets everything, and walks anew from what it has
 * loaded. `reading` is the flush clock as it was when the flush began. */
void tlb_flush(struct cpu *cpu, uint32_t reading);

/* tlb_oldest - the oldest last flush of any CPU. */
uint32_t tlb_oldest(const struct world *w);

/* tlb_writable - the frames that some CPU may write. */
frames_t tlb_writable(const struct world *w);

/* tlb_large - what some CPU may write by one entry. */
larges_t tlb_large(const struct world *w);

/*
 * tlb_safe - the sentence of safety.
 *
 * No CPU may write a frame that is settled as a table or as descriptors; no
 * CPU walks a frame as a table of a level that it is not, nor reads
 * descriptors out of anything else; nothing that a CPU may write is walked;
 * what CR3, GDTR and LDTR name is settled.
 */
const char *tlb_safe(struct world *w);

/* tlb_unwalked - of the frames that a step changed, is none walked as a table
 * while it was no such table? */
const char *tlb_unwalked(const struct world *before, const struct world *now);

/* tlb_forgotten - no CPU knows any frame: the domain's memory is free. */
const char *tlb_forgotten(const struct world *w);

#endif
