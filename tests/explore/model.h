#ifndef TALLY_EXPLORE_MODEL_H
#define TALLY_EXPLORE_MODEL_H

#include "alphabet.h"

/*
 * model - the rules told a second time, as naively as possible.
 *
 * Shares no code with kernel/mm, keeps no counts and no types: what a frame
 * is used as is found out anew for every question, by walking all tables from
 * what holds them: pins, base pointers, descriptor tables, frames held by the
 * kernel, marks. Knows nothing of budgets, flushes or undoing.
 *
 * Of superpages it knows one sentence: all frames under an entry that maps
 * them whole and writable, or under a mark, are plain memory, whatever the
 * design; the designs differ in what a read-only one is.
 */
enum use { USE_NONE, USE_L1, USE_L2, USE_L3, USE_L4, USE_SEG, USE_PLAIN };

struct model {
    const struct alphabet *world;
    uint64_t ram[OWN_FRAMES][TABLE_ENTRIES];
    uint8_t allocated[OWN_FRAMES];
    uint8_t pin[OWN_FRAMES];             /* level; 0: not pinned */
    mfn_t base[CPUS][2];                 /* guest kernel's, guest user's */
    mfn_t segments[CPUS][2][GDT_FRAMES]; /* GDT, LDT */
    uint32_t segment_count[CPUS][2];
    frames_t held;
    uint8_t owned[OWN_EXTENTS];
    uint8_t marked[OWN_EXTENTS];
    uint32_t limit;
    uint8_t design; /* enum design */
    bool strict;
    bool gigabytes;
    bool nx;
    bool l1tf;
    uint64_t reserved;
    mfn_t l1tf_safe;
    uint8_t use[OWN_FRAMES]; /* enum use, found out */
    frames_t seen;           /* mapped read-only, found out */
    /* Entries that map each extent, or the gigabyte, whole, found out:
     * read-only ones, writable ones. */
    uint32_t maps[OWN_EXTENTS + 1][2];
};

/* model_read - the facts of a world at rest. */
void model_read(struct model *md, const struct world *w,
                const struct alphabet *a);

/* model_uses - find out what every frame is used as. NULL, or what is wrong:
 * two uses at once, an entry that must not be. */
const char *model_uses(struct model *md);

/*
 * model_answer - what must an operation answer? 0 or -errno.
 *
 * md is changed to what must be true afterwards. mfn: what DO_ALLOC, DO_FILL
 * or DO_WALK found; 1 when that is not what could be found.
 */
int model_answer(struct model *md, const struct action *a, mfn_t mfn);

/* model_hash - equal for equal facts. */
uint64_t model_hash(const struct model *md);

#endif
