#ifndef TALLY_MM_LEAF_H
#define TALLY_MM_LEAF_H

#include "mm/entry.h"
#include "mm/word.h"

/*
 * leaf - entries that map memory, in the common case, in few instructions.
 *
 * Most entries by far name a frame that is plain memory already. These
 * functions do for such an entry just what entry_refused, entry_take and
 * entry_release do, and decline all others before anything is changed: those
 * go the long way, where every rule has its name. They say nothing new; the
 * tests hold both equal for every kind of entry and record.
 */

/* A count beyond this is nothing ordinary: far from where it would wrap. */
#define LEAF_REFS (UINT32_MAX / 2)

/*
 * leaf_take - take what a present L1 entry of an owner refers to.
 *
 * true when it is taken and settled; false when nothing was changed: ask
 * entry_refused, then entry_take.
 */
static inline bool leaf_take(const struct memory *m, uint16_t id, uint64_t word)
{
    mfn_t mfn = entry_mfn(word);
    const struct superpage *s = superpage_of(m, mfn);
    struct frame *f;

    if (word & (ENTRY_L1_REFUSED | m->limits.reserved))     /* E1 */
        return false;
    if (mfn >= m->frames || s->owner != id)                 /* G3, G4 */
        return false;
    f = &s->frames[mfn % EXTENT_FRAMES];
    if (!f->allocated || f->refs > LEAF_REFS)               /* G1, G2 */
        return false;
    if (entry_writable(word)) {
        if (f->type != FRAME_WRITABLE) {
            if (f->type != FRAME_NONE)                      /* T2, V1 */
                return false;
            f->type = FRAME_WRITABLE;                       /* T1 */
        }
        f->state = FRAME_SETTLED;
        f->types++;                     /* T3: at most refs */
    }
    f->refs++;
    return true;
}

/*
 * leaf_release - give back what a present entry of a built L1 table refers to.
 */
static inline void leaf_release(const struct memory *m, uint64_t word)
{
    mfn_t mfn = entry_mfn(word);
    struct frame *f = &superpage_of(m, mfn)->frames[mfn % EXTENT_FRAMES];

    if (entry_writable(word))
        frame_put_type(f, m->clock);
    frame_put(f);
}

/*
 * leaf_update - get the new, write, put the old (rule U3).
 *
 * word   an entry of an L1 table in use
 *
 * true when it is done; false when nothing was changed: ask entry_update.
 */
static inline bool leaf_update(struct memory *m, uint16_t id, uint64_t *word,
                               uint64_t value)
{
    uint64_t old;

    if (value != 0) {
        if (!entry_present(value) || !leaf_take(m, id, value))
            return false;
        value |= ENTRY_US;
    }
    old = word_exchange(word, value);
    if (entry_present(old))
        leaf_release(m, old);
    return true;
}

/*
 * leaf_walk - find the L1 entry that translates va.
 *
 * base   mfn of a settled L4
 * va     an address outside of the kernel's slots (E4)
 *
 * The entry; NULL when update_walk would refuse: ask it.
 */
static inline uint64_t *leaf_walk(const struct memory *m, mfn_t base,
                                  vaddr_t va)
{
    uint64_t table = base * TABLE_ENTRIES;
    uint32_t level;

#pragma GCC unroll 3
    for (level = 4; level > 1; level--) {
        uint64_t word = word_load(ram_word(m, table + entry_slot(va, level)));

        if ((word & (ENTRY_P | ENTRY_PS)) != ENTRY_P)       /* U2 */
            return NULL;
        table = entry_mfn(word) * TABLE_ENTRIES;
    }
    return ram_word(m, table + entry_slot(va, 1));
}

/*
 * superpage_update, gigabyte_update - the same for entries that map a
 * superpage or a gigabyte, under DESIGN_TYPECOUNT.
 *
 * word   an entry of an L2 or L3 table in use
 *
 * 0          done
 * -EINVAL    refused (X2); the witness is brief
 * LEAF_OTHER nothing was changed: ask entry_update
 */
#define LEAF_OTHER 1
__attribute__((noinline)) int superpage_update(struct memory *m,
                                               struct owner *o, uint64_t *word,
                                               uint64_t value);
int gigabyte_update(struct memory *m, struct owner *o, uint64_t *word,
                    uint64_t value);

/*
 * ordinary_update - all of them.
 *
 * index  mfn * TABLE_ENTRIES + slot, of whatever it is
 *
 * 0, -EINVAL, LEAF_OTHER as superpage_update
 */
static inline int ordinary_update(struct memory *m, struct owner *o,
                                  uint64_t index, uint64_t value)
{
    mfn_t mfn = index / TABLE_ENTRIES;
    const struct superpage *s = superpage_of(m, mfn);
    const struct frame *f;

    if (mfn >= m->frames || s->owner != o->id)              /* G3, G4 */
        return LEAF_OTHER;
    f = &s->frames[mfn % EXTENT_FRAMES];
    if (f->types == 0)                                      /* U1 */
        return LEAF_OTHER;
    if (f->type == FRAME_L1)
        return leaf_update(m, o->id, ram_word(m, index), value) ? 0
                                                                : LEAF_OTHER;
    if (f->type == FRAME_L2)
        return superpage_update(m, o, ram_word(m, index), value);
    if (f->type == FRAME_L3)
        return gigabyte_update(m, o, ram_word(m, index), value);
    return LEAF_OTHER;
}

#endif
