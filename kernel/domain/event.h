#ifndef TALLY_DOMAIN_EVENT_H
#define TALLY_DOMAIN_EVENT_H

#include "domain/domain.h"

/*
 * event - event channels of the 2-level ABI, and the shared time record.
 *
 * The bits live in shared_info, which the domain writes as it likes: they
 * are set and tested, never trusted.
 *
 * Source: Xen public event_channel.h, xen.h; xen/common/event_2l.c.
 */

/* event_pending - is an upcall pending for the vcpu, masked or not? */
bool event_pending(const struct vcpu *v);

/* event_deliverable - is one pending, unmasked, and is there a handler? */
bool event_deliverable(const struct vcpu *v);

/*
 * event_set_pending - raise a port: its pending bit and, unless the port is
 * masked, the upcall of vcpu 0, which is woken.
 */
void event_set_pending(struct domain *d, evtchn_port_t port);

/* event_send_virq - raise the port that is bound to a VIRQ, if one is. */
void event_send_virq(struct vcpu *v, uint32_t virq);

/*
 * event_bind_virq, event_bind_ipi, event_alloc_unbound - a new port.
 *
 * 0          *port is bound
 * -EINVAL    no such VIRQ (one of a vcpu)
 * -ENOENT    no such vcpu
 * -EEXIST    the VIRQ is bound already
 * -ENOSPC    all ports are in use
 */
int event_bind_virq(struct vcpu *v, uint32_t virq, evtchn_port_t *port);
int event_bind_ipi(struct vcpu *v, uint32_t vcpu, evtchn_port_t *port);
int event_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port);

/* event_close - free a port. -EINVAL: not bound, or the kernel's own. */
int event_close(struct domain *d, evtchn_port_t port);

/*
 * event_send - EVTCHNOP_send.
 *
 * The console's and the store's ports make the kernel serve their rings. An
 * IPI raises its own port.
 *
 * 0          sent; nobody listens at an unbound port, which is no error
 * -EINVAL    not a port of the domain, or one that cannot send
 */
int event_send(struct domain *d, evtchn_port_t port);

/* event_unmask - EVTCHNOP_unmask: clear the mask bit, raise what waits. */
int event_unmask(struct domain *d, evtchn_port_t port);

/* event_status - EVTCHNOP_status. -EINVAL: no such port. */
int event_status(const struct domain *d, evtchn_port_t port,
                 struct evtchn_status *status);

/* event_init - ports of a new domain, and its time record. The domain's
 * shared_info is there. Port numbers of the rings come from here. */
void event_init(struct domain *d);

/* time_set_wall_clock - UTC at system time 0, in seconds since 1970, for the
 * domains that are built from now on. 0: nobody knows. */
void time_set_wall_clock(uint64_t seconds);

/* time_publish - write the time record of a vcpu (pvclock). */
void time_publish(struct vcpu *v);

#endif
