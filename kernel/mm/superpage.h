#ifndef TALLY_MM_SUPERPAGE_H
#define TALLY_MM_SUPERPAGE_H

#include "mm/reference.h"

/*
 * superpage - entries that map 2 MiB or 1 GiB at once.
 *
 * What keeps such a mapping apart from page tables below it is one question
 * with several answers, one file each, of which the boot chooses one
 * (m->limits.design):
 *
 *   typecount.c   one count with two types; no frame is looked at
 *   walk.c        512 frames are referenced at every map
 *   refcount.c    two counts; 512 frames when one of them leaves zero
 *   mark.c        the same, but a mark pays for all maps after it
 *
 * Common to all: a superpage has one owner, and all its frames are there (X1);
 * an entry that maps it counts in tally.mappings; while that is not zero, no
 * frame leaves (X4).
 */

/* What an entry maps whole, and how: as the designs see it. */
struct large {
    struct tally *tally;    /* of the superpage or gigabyte */
    mfn_t mfn;              /* its first frame */
    bool writable;
};

/*
 * entry_take - take what a present entry refers to, frame or superpage.
 *
 * level, word   of the entry; entry_refused found nothing wrong with it
 *
 * 0          taken; o->op.waiting and o->op.depth as reference_take says
 * -errno     as reference_take; of a large entry -EINVAL: not all the owner's
 *            (G3, G4, X1), in conflict (X2), or a count is full (X3)
 *
 * On failure nothing but the witness is changed.
 * Source: Xen xen/arch/x86/mm.c, get_page_from_l1e() to get_page_from_l4e().
 */
int entry_take(struct memory *m, struct owner *o, uint32_t level,
               uint64_t word);

/* entry_release - give it back. What is to be dropped goes on the stack. */
void entry_release(struct memory *m, struct owner *o, uint32_t level,
                   uint64_t word);

/*
 * superpage_mark - MMUEXT_MARK_SUPER (rules M1, M3, X1, X2).
 *
 * mfn    first frame of a superpage
 *
 * Under DESIGN_MARK the mark takes the 512 references that maps then need not
 * take; under DESIGN_TYPECOUNT it is a reservation: no frame leaves, none
 * becomes a table.
 *
 * 0           marked until superpage_unmark
 * -EINVAL     not aligned (M3), not the owner's (G3, G4), marked already
 *             (M1), a frame is missing (X1) or in use as a table (X2, T2)
 * -EOPNOTSUPP the design has no marks
 * STOP_*      see op_resume
 *
 * On failure nothing is changed.
 * Source: Xen 4.1 to 4.9 xen/arch/x86/mm.c, mark_superpage(); XSA-167.
 */
int superpage_mark(struct memory *m, struct owner *o, mfn_t mfn);

/*
 * superpage_unmark - MMUEXT_UNMARK_SUPER (rules M2, M3).
 *
 * 0           the mark is gone; mappings stay, and are counted on their own
 * -EINVAL     not aligned (M3), not the owner's (G3, G4), not marked (M2)
 * -EOPNOTSUPP the design has no marks
 * STOP_*      see op_resume
 */
int superpage_unmark(struct memory *m, struct owner *o, mfn_t mfn);

/*
 * refusal_explain - complete a witness that is brief.
 *
 * A refusal of superpage_update costs no more than a grant, so it leaves just
 * what the rest can be found from, as long as nothing else was asked.
 */
void refusal_explain(const struct memory *m, struct owner *o);

/* superpage_resume - op_resume for OP_MARK and OP_UNMARK. */
int superpage_resume(struct memory *m, struct owner *o);

/*
 * superpage_counts - does a mapping count under the tally's type?
 *
 * A writable one always does; a read-only one does where it is treated like a
 * writable one: option ro=strict.
 */
static inline bool superpage_counts(const struct memory *m, bool writable)
{
    return writable || m->limits.strict;
}

/*
 * superpage_count, superpage_uncount - one mapping more, one less.
 *
 * What it counts under has been asked before (tally_refuses). true when the
 * tally's type changed: then what uses it waits for a flush.
 */
bool superpage_count(const struct memory *m, const struct large *l);
void superpage_uncount(const struct memory *m, const struct large *l);

#endif
