#ifndef TALLY_ABI_TALLY_OP_H
#define TALLY_ABI_TALLY_OP_H

#include <stdint.h>

#include <xen/xen.h>

/*
 * tally_op - what a domain may ask Tally and no other kernel.
 *
 * The number is one that Xen keeps free for an architecture's own use and
 * answers with -ENOSYS, so that a domain can ask and see where it is. What is
 * told here is for measuring; nothing that a domain does may depend on it.
 */
#define TALLY_OP __HYPERVISOR_arch_7

/* Full TLB flushes made for the calling domain so far: by its own wish, for
 * a type that changed, and by each load of a base pointer. The scheduler's
 * turns are not counted: they are not the domain's doing. */
#define TALLY_OP_FLUSHES 0

/* The longest stretch with interrupts off since this was last asked, in ticks
 * of the TSC; whatever the kernel did in it. -ENOSYS without the kernel's
 * option latency=yes. */
#define TALLY_OP_LATENCY 1

#endif
