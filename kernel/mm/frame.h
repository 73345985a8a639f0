#ifndef TALLY_MM_FRAME_H
#define TALLY_MM_FRAME_H

#include "mm/types.h"

/*
 * frame - what a 4 KiB frame is used as, and how often.
 *
 * A frame carries two counts. A *general* reference says "do not give this
 * frame away"; a *type* reference says "do not use it as anything else".
 * Every type reference comes with a general one. The type is sticky: it
 * stays when the count is zero, and may change only then.
 */
enum frame_type {
    FRAME_NONE,                         /* never used since it was given */
    FRAME_L1,
    FRAME_L2,
    FRAME_L3,
    FRAME_L4,       /* page table */
    FRAME_SEG,                          /* descriptor table */
    FRAME_WRITABLE,                     /* plain memory, mapped writable */
    FRAME_TYPES
};

enum frame_state {
    FRAME_UNSETTLED,    /* count is 0, or flush and validation are to come */
    FRAME_SETTLED       /* flushed and, for a table, validated */
};

struct frame {
    uint32_t types;     /* type references held */
    uint32_t refs;      /* general references held */
    uint32_t stamp;     /* flush clock when types last fell to 0 */
    uint8_t  type;      /* enum frame_type; sticky when types == 0 */
    uint8_t  state;     /* enum frame_state */
    uint8_t  pinned;    /* 0 or 1; the pin holds one of both references */
    uint8_t  allocated; /* 0 or 1; 0: no new reference may be taken */
};
_Static_assert(sizeof(struct frame) == 16, "16 bytes a frame");

/*
 * frame_ok - the invariant of one record (I1).
 *
 * true when counts, type, state and pin fit together.
 */
bool frame_ok(const struct frame *f);

/*
 * frame_get - take one general reference (rules G1 and G2).
 *
 * 0          one more general reference is held
 * -EBUSY     the frame was given back (G1), or the count is full (G2)
 *
 * On failure *f is unchanged.
 * Source: Xen xen/arch/x86/mm.c, get_page().
 */
int frame_get(struct frame *f);

/* frame_put - give one general reference back; it must be held. */
void frame_put(struct frame *f);

/*
 * frame_get_type - take one type reference (rules T1 to T3).
 *
 * f      the frame; the caller holds a general reference
 * want   FRAME_L1 .. FRAME_WRITABLE
 *
 * 0          one more type reference is held. If f->state is FRAME_UNSETTLED
 *            the type is new here: the caller flushes if flush_needed says
 *            so, then validates, then settles (V1).
 * -EBUSY     in use as another type (T2), or the count is full (T3)
 *
 * *changed   set to true when the sticky type was another one, else false:
 *            only then can a TLB know the frame as what it was before
 * On failure *f is unchanged.
 * Source: Xen xen/arch/x86/mm.c, _get_page_type().
 */
int frame_get_type(struct frame *f, enum frame_type want, bool *changed);

/*
 * frame_put_type - give one type reference back (rule T4).
 *
 * f      holds at least one; the last one of a table is put only when the
 *        table has been dropped (V4)
 * clock  the flush clock, stamped into the record when the count is zero
 *
 * true when that was the last: the frame is FRAME_UNSETTLED again.
 * Source: Xen xen/arch/x86/mm.c, _put_page_type().
 */
bool frame_put_type(struct frame *f, uint32_t clock);

/* frame_is_table - is this the type of a page table, L1 to L4? */
static inline bool frame_is_table(enum frame_type type)
{
    return type >= FRAME_L1 && type <= FRAME_L4;
}

#endif
