#include "abi/calls.h"

#include "abi/guest.h"
#include "abi/target.h"
#include "domain/event.h"

/* Steps that looking for a port counts as. */
#define SEARCH_STEPS 8

/* Every operation has one structure, read whole, and written back whole when
 * there is a port or a state to tell. */

static long alloc_unbound(struct domain *d, vaddr_t arg)
{
    struct evtchn_alloc_unbound op;
    int rc;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    rc = target_check_any(d, op.dom);
    if (rc != 0)
        return rc;
    if (op.remote_dom == DOMID_SELF)
        op.remote_dom = d->owner.id;
    call_weigh(d, SEARCH_STEPS);
    rc = event_alloc_unbound(d, op.remote_dom, &op.port);
    return rc != 0 ? rc : guest_write(arg, &op, sizeof op);
}

static long bind_virq(struct vcpu *v, vaddr_t arg)
{
    struct evtchn_bind_virq op;
    int rc;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    if (op.vcpu >= DOMAIN_VCPUS)
        return -ENOENT;
    call_weigh(v->domain, SEARCH_STEPS);
    rc = event_bind_virq(v, op.virq, &op.port);
    return rc != 0 ? rc : guest_write(arg, &op, sizeof op);
}

static long bind_ipi(struct vcpu *v, vaddr_t arg)
{
    struct evtchn_bind_ipi op;
    int rc;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    call_weigh(v->domain, SEARCH_STEPS);
    rc = event_bind_ipi(v, op.vcpu, &op.port);
    return rc != 0 ? rc : guest_write(arg, &op, sizeof op);
}

static long status(struct domain *d, vaddr_t arg)
{
    struct evtchn_status op;
    int rc;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    rc = target_check_any(d, op.dom);
    if (rc == 0)
        rc = event_status(d, op.port, &op);
    return rc != 0 ? rc : guest_write(arg, &op, sizeof op);
}

/* An event may go to the vcpu that it goes to anyway, and a VIRQ or an IPI of
 * a vcpu not even that. */
static long bind_vcpu(struct domain *d, vaddr_t arg)
{
    struct evtchn_bind_vcpu op;
    uint8_t state;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    if (op.vcpu >= DOMAIN_VCPUS)
        return -ENOENT;
    if (op.port >= EVENT_PORTS)
        return -EINVAL;
    state = d->ports[index_clamp(op.port, EVENT_PORTS)].state;
    if (state == PORT_FREE || state == PORT_VIRQ || state == PORT_IPI)
        return -EINVAL;
    return 0;
}

long call_event_channel_op(struct vcpu *v, const uint64_t *argument)
{
    struct domain *d = v->domain;
    uint32_t command = (uint32_t)argument[0];
    vaddr_t arg = argument[1];
    evtchn_port_t port;

    switch (command) {
    case EVTCHNOP_alloc_unbound: return alloc_unbound(d, arg);
    case EVTCHNOP_bind_virq: return bind_virq(v, arg);
    case EVTCHNOP_bind_ipi: return bind_ipi(v, arg);
    case EVTCHNOP_status: return status(d, arg);
    case EVTCHNOP_bind_vcpu: return bind_vcpu(d, arg);
    case EVTCHNOP_close:
    case EVTCHNOP_send:
    case EVTCHNOP_unmask:
        if (guest_read(&port, arg, sizeof port) != 0)
            return -EFAULT;
        if (port >= EVENT_PORTS)
            return -EINVAL;
        port = (evtchn_port_t)index_clamp(port, EVENT_PORTS);
        if (command == EVTCHNOP_send)
            return event_send(d, port);
        return command == EVTCHNOP_close ? event_close(d, port)
                                         : event_unmask(d, port);
    default: return -ENOSYS;
    }
}
