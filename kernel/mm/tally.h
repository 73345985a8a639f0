#ifndef TALLY_MM_TALLY_H
#define TALLY_MM_TALLY_H

#include "mm/frame.h"
#include "mm/rule.h"

/*
 * tally - how often a superpage is mapped whole, and what stands against it.
 *
 * One count with two types. As TALLY_SUPERPAGE it counts the entries that map
 * the superpage writable; as TALLY_CONFLICT, the frames inside that are in
 * use as a table or as descriptors. Since there is one count, there is never
 * both: no frame that the kernel trusts lies under a writable superpage, and
 * nobody has to look at 512 frames to know it.
 *
 * The type is sticky, as a frame's is: it stays when the count is zero, may
 * change only then, and a change is flushed before it is used. A gigabyte has
 * the same record; its conflicts are superpages that have conflicts.
 */
enum tally_type {
    TALLY_NONE,             /* never used since it was given */
    TALLY_SUPERPAGE,        /* mapped whole */
    TALLY_CONFLICT,         /* something inside conflicts with that */
    TALLY_TYPES
};

struct tally {
    uint32_t mappings;      /* entries that map it whole, of any kind */
    uint32_t types;         /* references of its type */
    uint32_t stamp;         /* flush clock when types last fell to 0 */
    uint8_t  type;          /* enum tally_type; sticky when types == 0 */
    uint8_t  state;         /* enum frame_state */
    uint8_t  marked;        /* 0 or 1; a mark holds one of types */
    uint8_t  spare;
};

/* tally_ok - the invariant of one record (I3): do the fields fit together? */
bool tally_ok(const struct tally *t);

/*
 * tally_refuses - the rule by which no reference can be taken (X2, X3).
 *
 * want   TALLY_SUPERPAGE or TALLY_CONFLICT
 *
 * RULE_NONE when one can.
 */
enum rule tally_refuses(const struct tally *t, enum tally_type want);

/*
 * tally_get - take one reference; tally_refuses has said RULE_NONE.
 *
 * true when the sticky type was the other one: what a TLB may know is to be
 * flushed, if it was not since t->stamp, before t->state is FRAME_SETTLED.
 */
bool tally_get(struct tally *t, enum tally_type want);

/* tally_put - give one reference back; the last one stamps the clock. true
 * when that was the last. */
bool tally_put(struct tally *t, uint32_t clock);

#endif
