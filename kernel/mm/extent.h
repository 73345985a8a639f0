#ifndef TALLY_MM_EXTENT_H
#define TALLY_MM_EXTENT_H

#include "mm/reference.h"

/*
 * extent - who owns which memory, and which frames of it are in use.
 *
 * Memory is owned by the extent of EXTENT_FRAMES frames. A domain allocates
 * and gives back single frames inside its own extents.
 */

/*
 * extent_add - put an extent without owner on the free list.
 *
 * At boot for every extent of RAM, later by destroying a domain.
 */
void extent_add(struct memory *m, uint32_t extent);

/*
 * extent_assign - give the first free extent to an owner (rule A3).
 *
 * Its frame records must be there (superpage.frames); they are reset.
 *
 * The extent's number, or EXTENT_NONE when there is none free. No frame of
 * it is allocated yet.
 */
uint32_t extent_assign(struct memory *m, struct owner *o);

/*
 * extent_reserve - take the first free extent for the kernel.
 *
 * The extent's number, or EXTENT_NONE when there is none free.
 */
uint32_t extent_reserve(struct memory *m);

/*
 * frame_alloc - allocate one frame out of the owner's extents (rule A1).
 *
 * *mfn   the frame. Its contents are zero if it is new, else what the owner
 *        left in it; its sticky type and stamp are kept.
 *
 * 0          allocated
 * -ENOMEM    at the limit (A1), or no free frame in the owner's extents
 */
int frame_alloc(struct memory *m, struct owner *o, mfn_t *mfn);

/*
 * frame_give_back - XENMEM_decrease_reservation of one frame (rule A2).
 *
 * 0          out of the allocation; free as soon as no reference is left.
 *            A pin stays (XSA-252).
 * -EINVAL    not an allocated frame of the owner (A2), or one that the kernel
 *            shares (H1)
 *
 * On failure nothing is changed.
 * Source: Xen xen/common/memory.c, guest_remove_page().
 */
int frame_give_back(struct memory *m, struct owner *o, mfn_t mfn);

/*
 * frame_hold - the kernel takes a writable reference for the owner's life.
 *
 * For what kernel and domain share: the domain may map the frame as plain
 * memory, and can never make it a table (H1).
 *
 * 0          held; o->held names it
 * -EINVAL    not the owner's, given back, or in use as a table
 * -ENOSPC    HELD_FRAMES are held already
 * STOP_*     see op_resume
 */
int frame_hold(struct memory *m, struct owner *o, mfn_t mfn);

/* hold_resume - op_resume for OP_HOLD. */
int hold_resume(struct memory *m, struct owner *o);

#endif
