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
 * extent_release - an owner's extent, flushed and scrubbed, without owner
 * again. Its gigabyte is nobody's from now on.
 */
void extent_release(struct memory *m, uint32_t extent);

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
 * gigabyte_assign - give a whole free gigabyte to an owner (rule A3).
 *
 * gigabyte  its number; m->gigabytes[gigabyte].free is GIGABYTE_EXTENTS, and
 *           the frame records of all its extents are there
 */
void gigabyte_assign(struct memory *m, struct owner *o, uint32_t gigabyte);

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
 * 0            allocated
 * -ENOMEM      at the limit (A1), or no free frame in the owner's extents
 * STOP_BUDGET  not found yet, and the budget is spent: call again. o->hint
 *              and o->sought are the place; nothing else may be asked for the
 *              owner before the answer.
 *
 * Each call looks at one extent at least.
 */
int frame_alloc(struct memory *m, struct owner *o, mfn_t *mfn);

/*
 * extent_fill - allocate the first frames of an extent that has none (A1).
 *
 * extent  one of the owner's
 * count   frames, 1..EXTENT_FRAMES
 *
 * 0          allocated: frames extent * EXTENT_FRAMES up to + count
 * -ENOMEM    beyond the limit (A1)
 * -EBUSY     a frame is allocated, or still referred to
 *
 * On failure nothing is changed.
 */
int extent_fill(struct memory *m, struct owner *o, uint32_t extent,
                uint32_t count);

/*
 * extent_alloc - allocate EXTENT_FRAMES frames in a row, aligned (rule A1).
 *
 * 0            *mfn is the first
 * -ENOMEM      beyond the limit (A1), or no extent of the owner is empty
 * STOP_BUDGET  as frame_alloc
 */
int extent_alloc(struct memory *m, struct owner *o, mfn_t *mfn);

/*
 * frame_give_back - XENMEM_decrease_reservation of one frame (rule A2).
 *
 * 0          out of the allocation; free as soon as no reference is left.
 *            A pin stays (XSA-252).
 * -EINVAL    not an allocated frame of the owner (A2), or one that the kernel
 *            shares (H1)
 * -EBUSY     its superpage or gigabyte is mapped, or marked (X4)
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
