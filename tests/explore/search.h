#ifndef TALLY_EXPLORE_SEARCH_H
#define TALLY_EXPLORE_SEARCH_H

#include "alphabet.h"

/*
 * search - visit every state that a world can reach, nearest first.
 *
 * Every state is kept exactly, as its bytes, with the step that first led to
 * it. Since the nearest states come first, the steps that lead to a breach
 * are a shortest sequence.
 */
struct findings {
    uint64_t states;
    uint64_t transitions;    /* steps taken */
    uint32_t depth;          /* steps to the farthest state */
    uint32_t complete;       /* 1: there are no more states */
    uint32_t failed;         /* 1: a breach was found and printed */
    uint64_t refused[RULES]; /* how often each rule refused */
};

/*
 * search - explore one world.
 *
 * bound  transitions after which to stop
 * folder where the scene of a breach goes
 * f      zeroed; what was found. A breach ends the search.
 */
void search(const struct world_kind *kind, uint64_t bound, const char *folder,
            struct findings *f);

#endif
