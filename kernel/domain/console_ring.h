#ifndef TALLY_DOMAIN_CONSOLE_RING_H
#define TALLY_DOMAIN_CONSOLE_RING_H

#include "domain/domain.h"

/*
 * console_ring - the kernel's end of a domain's console.
 *
 * The ring is memory of the domain, which may write anything to it at any
 * time: every field is read once, and no value of an index leads outside of
 * the ring. A domain without a ring is left alone.
 *
 * Source: Xen public io/console.h.
 */

/*
 * console_ring_drain - print what the domain wrote.
 *
 * Takes at most one ring full, and tells the domain by its port if anything
 * was taken. Call it when the domain sends on the port, yields or blocks.
 */
void console_ring_drain(struct domain *d);

/*
 * console_ring_input - give typed bytes to the domain, and tell it.
 *
 * Returns how many of them there was room for.
 */
size_t console_ring_input(struct domain *d, const char *bytes, size_t size);

#endif
