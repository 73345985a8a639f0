#ifndef TALLY_MM_REFERENCE_H
#define TALLY_MM_REFERENCE_H

#include "mm/entry.h"

/*
 * reference - taking and releasing what an entry, a pin or the kernel holds.
 *
 * A use of a frame is a general reference, and a type reference unless it
 * is a mere view. Taking a table that nobody used yet puts it on the stack
 * of the operation record, to be built; releasing the last use puts it there
 * to be dropped. op_work() does both.
 */

/*
 * reference_take - use a frame as `want` (rules G1 to G4, T1 to T3).
 *
 * mfn    any number at all
 * want   FRAME_NONE takes a view: a general reference only
 *
 * 0            taken. If want is a table or SEG and the frame is new as that,
 *              it is on the stack of o->op (one level deeper) and the record
 *              holds the references until it is built. If the frame may be
 *              in a TLB as something else, o->op.waiting is set: nothing may
 *              be done with it before flush_settle() says so.
 * -EPERM       not RAM (G4)
 * -EBUSY       another domain's or the kernel's (G3), given back (G1), in use
 *              otherwise (T2), a count is full (G2, T3), or its superpage is
 *              mapped writable (X2)
 *
 * On failure nothing but the witness is changed.
 * Source: Xen xen/arch/x86/mm.c, get_page_and_type(), get_page_from_l1e().
 */
int reference_take(struct memory *m, struct owner *o, mfn_t mfn,
                   enum frame_type want);

/*
 * reference_refuse_foreign - say by which of G3 and G4 a frame is not the
 * owner's, and with which errno.
 */
int reference_refuse_foreign(const struct memory *m, struct owner *o,
                             mfn_t mfn);

/*
 * reference_release - give a use of a frame back (rules T4 and V4).
 *
 * mfn    a frame of the owner, taken as `type`
 *
 * The last use of a table puts it on the stack of o->op, to be dropped; the
 * record then holds its references.
 */
void reference_release(struct memory *m, struct owner *o, mfn_t mfn,
                       enum frame_type type);

/*
 * reference_drop - the same when nothing is left to be dropped before.
 *
 * f      the record of mfn; with the last reference as a table or descriptors
 *        its superpage has one conflict less
 */
void reference_drop(struct memory *m, struct frame *f, mfn_t mfn);

/*
 * flush_wait - the operation goes on when every CPU has forgotten `stamp`.
 *
 * mfn    a frame whose use, or whose superpage's, is settled then
 *
 * Nothing happens when every CPU has already.
 */
void flush_wait(const struct memory *m, struct owner *o, mfn_t mfn,
                uint32_t stamp);

/*
 * flush_settle - has the flush that o->op waits for happened?
 *
 * 0            yes: nothing waits any more
 * STOP_FLUSH   no: flush the CPUs not flushed since o->op.stamp
 */
int flush_settle(struct memory *m, struct owner *o);

#endif
