#ifndef TALLY_MM_DESIGN_H
#define TALLY_MM_DESIGN_H

#include "mm/superpage.h"

/*
 * design - the answers to one question, side by side.
 *
 * NAME_map    an entry is to map l: all of it is the owner's, and counts have
 *             room. Takes what keeps tables out from under it; long work goes
 *             on the operation's stack (sweep.h), and l is counted when that
 *             is done.
 * NAME_unmap  the entry is gone: gives that back.
 *
 * None of them can refuse at once: what refuses a sweep is a frame.
 */
void typecount_map(struct memory *m, struct owner *o, const struct large *l);
void typecount_unmap(struct memory *m, struct owner *o, const struct large *l);

/* typecount_reserve - a mark: a reference of the tally without a mapping. */
void typecount_reserve(struct memory *m, struct owner *o,
                       const struct large *l);

void walk_map(struct memory *m, struct owner *o, const struct large *l);
void walk_unmap(struct memory *m, struct owner *o, const struct large *l);

void refcount_map(struct memory *m, struct owner *o, const struct large *l);
void refcount_unmap(struct memory *m, struct owner *o, const struct large *l);

void mark_map(struct memory *m, struct owner *o, const struct large *l);
void mark_unmap(struct memory *m, struct owner *o, const struct large *l);

/* tally_readers, tally_writers - mappings of each kind, where only writable
 * ones count under the type. */
static inline uint32_t tally_readers(const struct tally *t)
{
    return t->mappings + t->marked - t->types;
}

static inline uint32_t tally_writers(const struct tally *t)
{
    return t->types - t->marked;
}

/*
 * mark_missing - what each frame lacks for a mark, given the mappings: to be
 * taken before the mark is made, and given back after it is taken away.
 *
 * mark_surplus - what each frame has beyond a mark: the other way round.
 */
enum sweep mark_missing(const struct tally *t);
enum sweep mark_surplus(const struct tally *t);

/*
 * design_refs, design_types - references that the designs which sweep hold on
 * each frame of a superpage because of its tally.
 */
uint32_t design_refs(const struct memory *m, const struct tally *t);
uint32_t design_types(const struct memory *m, const struct tally *t);

#endif
