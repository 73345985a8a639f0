#include "domain/event.h"

#include "domain/console_ring.h"
#include "domain/schedule.h"
#include "domain/store.h"
#include "x86/tsc.h"

#define WORD_BITS 64

bool event_pending(const struct vcpu *v)
{
    const volatile struct vcpu_info *info = v->info;

    return info->evtchn_upcall_pending != 0;
}

bool event_deliverable(const struct vcpu *v)
{
    const volatile struct vcpu_info *info = v->info;

    return v->event.va != 0 && info->evtchn_upcall_pending != 0 &&
           info->evtchn_upcall_mask == 0;
}

/* Set a bit of a word that the domain changes too. true: it was clear. */
static bool set_bit(xen_ulong_t *word, uint32_t bit)
{
    xen_ulong_t mask = (xen_ulong_t)1 << bit;

    return !(__atomic_fetch_or(word, mask, __ATOMIC_SEQ_CST) & mask);
}

/* Tell the vcpu that something is pending in a word of ports. */
static void raise_upcall(struct vcpu *v, uint32_t word)
{
    set_bit(&v->info->evtchn_pending_sel, word);
    __atomic_store_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
    vcpu_attend(v);
    schedule_wake(v);
}

void event_set_pending(struct domain *d, evtchn_port_t port)
{
    uint32_t word = port / WORD_BITS, bit = port % WORD_BITS;
    xen_ulong_t mask =
        __atomic_load_n(&d->shared->evtchn_mask[word], __ATOMIC_SEQ_CST);

    if (set_bit(&d->shared->evtchn_pending[word], bit) &&
        !(mask & ((xen_ulong_t)1 << bit)))
        raise_upcall(&d->vcpu[0], word);
    if (d->vcpu[0].polling)
        schedule_wake(&d->vcpu[0]);
}

void event_send_virq(struct vcpu *v, uint32_t virq)
{
    struct domain *d = v->domain;
    evtchn_port_t port;

    for (port = 1; port < EVENT_PORTS; port++)
        if (d->ports[port].state == PORT_VIRQ && d->ports[port].data == virq)
            event_set_pending(d, port);
}

/* A port that is free, bound now. */
static int bind(struct domain *d, enum port_state state, uint32_t data,
                evtchn_port_t *port)
{
    evtchn_port_t i;

    for (i = 1; i < EVENT_PORTS; i++)
        if (d->ports[i].state == PORT_FREE) {
            d->ports[i].state = (uint8_t)state;
            d->ports[i].data = data;
            *port = i;
            return 0;
        }
    return -ENOSPC;
}

int event_bind_virq(struct vcpu *v, uint32_t virq, evtchn_port_t *port)
{
    struct domain *d = v->domain;
    evtchn_port_t i;

    if (virq >= NR_VIRQS)
        return -EINVAL;
    for (i = 1; i < EVENT_PORTS; i++)
        if (d->ports[i].state == PORT_VIRQ && d->ports[i].data == virq)
            return -EEXIST;
    return bind(d, PORT_VIRQ, virq, port);
}

int event_bind_ipi(struct vcpu *v, uint32_t vcpu, evtchn_port_t *port)
{
    if (vcpu >= DOMAIN_VCPUS)
        return -ENOENT;
    return bind(v->domain, PORT_IPI, vcpu, port);
}

int event_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port)
{
    int rc = bind(d, PORT_UNBOUND, 0, port);

    if (rc == 0)
        d->ports[*port].remote = remote;
    return rc;
}

/* Is it one of the domain's ports in use? */
static bool port_ok(const struct domain *d, evtchn_port_t port)
{
    return port != 0 && port < EVENT_PORTS && d->ports[port].state != PORT_FREE;
}

int event_close(struct domain *d, evtchn_port_t port)
{
    uint32_t word = port / WORD_BITS, bit = port % WORD_BITS;

    if (!port_ok(d, port))
        return -EINVAL;
    d->ports[port].state = PORT_FREE;
    __atomic_fetch_and(&d->shared->evtchn_pending[word],
                       ~((xen_ulong_t)1 << bit), __ATOMIC_SEQ_CST);
    return 0;
}

int event_send(struct domain *d, evtchn_port_t port)
{
    if (!port_ok(d, port))
        return -EINVAL;
    switch (d->ports[port].state) {
    case PORT_CONSOLE: console_ring_drain(d); return 0;
    case PORT_STORE: store_serve(d); return 0;
    case PORT_IPI: event_set_pending(d, port); return 0;
    case PORT_UNBOUND: return 0;
    default: return -EINVAL;
    }
}

int event_unmask(struct domain *d, evtchn_port_t port)
{
    uint32_t word = port / WORD_BITS, bit = port % WORD_BITS;
    xen_ulong_t mask = (xen_ulong_t)1 << bit;

    if (port >= EVENT_PORTS)
        return -EINVAL;
    if (__atomic_fetch_and(&d->shared->evtchn_mask[word], ~mask,
                           __ATOMIC_SEQ_CST) &
            mask &&
        __atomic_load_n(&d->shared->evtchn_pending[word], __ATOMIC_SEQ_CST) &
            mask)
        raise_upcall(&d->vcpu[0], word);
    return 0;
}

int event_status(const struct domain *d, evtchn_port_t port,
                 struct evtchn_status *status)
{
    if (port >= EVENT_PORTS)
        return -EINVAL;
    status->vcpu = 0;
    switch (d->ports[port].state) {
    case PORT_CONSOLE:
    case PORT_STORE:
        status->status = EVTCHNSTAT_interdomain;
        status->u.interdomain.dom = 0;
        status->u.interdomain.port = port;
        break;
    case PORT_VIRQ:
        status->status = EVTCHNSTAT_virq;
        status->u.virq = d->ports[port].data;
        break;
    case PORT_IPI: status->status = EVTCHNSTAT_ipi; break;
    case PORT_UNBOUND:
        status->status = EVTCHNSTAT_unbound;
        status->u.unbound.dom = (domid_t)d->ports[port].remote;
        break;
    default: status->status = EVTCHNSTAT_closed; break;
    }
    return 0;
}

static uint64_t wall_clock;

void time_set_wall_clock(uint64_t seconds)
{
    wall_clock = seconds;
}

/* The wall clock's record, which all vcpus of a domain share. */
static void wall_clock_publish(struct domain *d)
{
    struct shared_info *shared = d->shared;

    shared->wc_version = 1;
    shared->wc_sec = (uint32_t)wall_clock;
    shared->wc_sec_hi = (uint32_t)(wall_clock >> 32);
    shared->wc_nsec = 0;
    __atomic_store_n(&shared->wc_version, 2, __ATOMIC_SEQ_CST);
}

void time_publish(struct vcpu *v)
{
    struct vcpu_time_info *time = &v->info->time;
    struct clock_scale scale = tsc_scale();
    uint32_t version = time->version;

    __atomic_store_n(&time->version, version | 1, __ATOMIC_SEQ_CST);
    time->tsc_timestamp = tsc_start();
    time->system_time = 0;
    time->tsc_to_system_mul = scale.mul;
    time->tsc_shift = scale.shift;
    time->flags = 0;
    __atomic_store_n(&time->version, (version | 1) + 1, __ATOMIC_SEQ_CST);
}

void event_init(struct domain *d)
{
    uint32_t i;

    if (!d->privileged) { /* the first ports: always free */
        (void)bind(d, PORT_STORE, 0, &d->store_port);
        (void)bind(d, PORT_CONSOLE, 0, &d->console_port);
    }
    wall_clock_publish(d);
    for (i = 0; i < DOMAIN_VCPUS; i++)
        time_publish(&d->vcpu[i]);
}
