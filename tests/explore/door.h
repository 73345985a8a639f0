#ifndef TALLY_EXPLORE_DOOR_H
#define TALLY_EXPLORE_DOOR_H

#include "tlb.h"

/*
 * door - what the rule core asks for, carried out one step at a time.
 *
 * The door of a machine with two CPUs, as a model: it holds the domain's lock
 * from the call to the answer, so that no second operation begins meanwhile;
 * everything else may happen between any two of its steps. With the true
 * core it must keep the domain safe; what `make explore-mutants` breaks here
 * must be noticed.
 *
 * Each function returns the core's answer or its next stop.
 */

/* door_go - do what the stop asks for, or its next part; then the core may
 * take `budget` steps. */
int door_go(struct world *w, uint32_t budget);

/* door_ready - can door_go do anything? Not while CPUs are to be flushed. */
bool door_ready(const struct world *w);

/* door_flush_cpu - one CPU flushes, as the door asked it to. */
void door_flush_cpu(struct world *w, uint32_t cpu);

/* door_switch - load a base pointer in the short way. false when it is none,
 * and nothing has been done. */
bool door_switch(struct world *w, uint32_t cpu, mfn_t mfn);

/* cpu_flush - a CPU flushes since it ran something else. */
void cpu_flush(struct world *w, uint32_t cpu);

/* cpu_mode - from guest kernel to guest user or back: a CR3 load. */
void cpu_mode(struct world *w, uint32_t cpu);

/* door_destroy - the CPUs leave the domain, whose memory is to be freed. They
 * keep what they have cached: nothing says that leaving is a flush. */
int door_destroy(struct world *w);

#endif
