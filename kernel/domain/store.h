#ifndef TALLY_DOMAIN_STORE_H
#define TALLY_DOMAIN_STORE_H

#include "domain/domain.h"

/*
 * store - the kernel's end of a domain's store ring.
 *
 * Guests wait for a store that answers. This one is empty, and says so:
 * nothing can be read or written, transactions and watches are granted.
 *
 * The ring is memory of the domain, which may write anything to it at any
 * time. A request that is no request, or indexes that cannot be, end the
 * conversation: the ring is broken from then on, which is said once.
 *
 * Source: Xen public io/xs_wire.h.
 */

/*
 * store_open - make the state of the domain's ring, d->store.
 *
 * 0          d->store_state is there
 * -ENOMEM    no page for it
 */
int store_open(struct domain *d);

/* store_close - give the state back; none is fine. */
void store_close(struct domain *d);

/*
 * store_serve - read requests, write answers, as far as the ring goes.
 *
 * Reads at most one ring full, and tells the domain by its port if anything
 * was read or written. Call it when the domain sends on the port.
 */
void store_serve(struct domain *d);

#endif
