#ifndef TALLY_MM_DESTROY_H
#define TALLY_MM_DESTROY_H

#include "mm/reference.h"

/*
 * owner_destroy - release everything a domain holds, give its memory back.
 *
 * Before the call no CPU has any of its tables loaded, and no operation is
 * under way (op_abandon). Releases base pointers, descriptor tables, what
 * the kernel held, and pins; then flushes, scrubs every extent page by page
 * and puts it on the free list.
 *
 * 0          all its extents are free
 * -EBUSY     frames with references are left, which is a broken promise of
 *            ours: their extents stay owned, o->extents lists them
 * STOP_*     see op_resume
 *
 * Source: Xen xen/arch/x86/domain.c, domain_relinquish_resources().
 */
int owner_destroy(struct memory *m, struct owner *o);

/* destroy_resume - op_resume for OP_DESTROY. */
int destroy_resume(struct memory *m, struct owner *o);

#endif
