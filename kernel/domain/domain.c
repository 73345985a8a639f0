#include "domain/domain.h"

#include <stdarg.h>

#include "abi/bounce.h"
#include "domain/event.h"
#include "domain/schedule.h"
#include "lib/format.h"
#include "lib/string.h"
#include "report.h"
#include "x86/log.h"
#include "x86/panic.h"

/* As many as there can be modules. */
#define DOMAINS 64

/* Domains by slot; their ids go on counting. */
static struct domain *domains[DOMAINS];
static uint16_t last_id;

static struct domain storage[DOMAINS];

struct domain *domain_by_id(uint32_t id)
{
    uint32_t i;

    for (i = 0; i < DOMAINS; i++)
        if (domains[i] && domains[i]->owner.id == id)
            return domains[i];
    return NULL;
}

struct domain *domain_next(const struct domain *d)
{
    uint32_t i;

    for (i = d ? (uint32_t)(d - storage) + 1 : 0; i < DOMAINS; i++)
        if (domains[i])
            return domains[i];
    return NULL;
}

/* An id that no domain has. 0 is nobody's, and DOMID_* are Xen's. */
static uint16_t next_id(void)
{
    do {
        last_id = last_id + 1u < DOMID_FIRST_RESERVED ? last_id + 1 : 1;
    } while (domain_by_id(last_id));
    return last_id;
}

struct domain *domain_new(void)
{
    struct domain *d;
    uint32_t i, slot;

    for (slot = 0; slot < DOMAINS && domains[slot]; slot++)
        ;
    if (slot == DOMAINS)
        return NULL;
    d = &storage[slot];
    memset(d, 0, sizeof(*d));
    d->owner.id = next_id();
    d->owner.extents = EXTENT_NONE;
    d->owner.hint = EXTENT_NONE;
    d->owner.loaded = d->loaded;
    d->owner.vcpus = DOMAIN_VCPUS;
    for (i = 0; i < DOMAIN_VCPUS; i++) {
        d->vcpu[i].domain = d;
        d->vcpu[i].loaded = &d->loaded[i];
        d->vcpu[i].id = i;
        d->vcpu[i].guest_kernel = true;
        d->loaded[i].base = MFN_NONE;
        d->loaded[i].user_base = MFN_NONE;
    }
    d->console_mfn = MFN_NONE;
    d->store_mfn = MFN_NONE;
    domains[slot] = d;
    return d;
}

void domain_free(struct domain *d)
{
    domains[d - storage] = NULL;
}

void domain_crash(struct domain *d, const char *why, ...)
{
    va_list arguments;

    if (d->end != END_NONE)
        return;
    d->end = END_CRASH;
    vcpu_attend(&d->vcpu[0]);
    va_start(arguments, why);
    format_vbuffer(d->why, sizeof(d->why), why, arguments);
    va_end(arguments);
    report_print();                     /* what may have led to it */
    log_domain_end(d->owner.id);
    log_printf(LOG_ERROR, "domain %u (%s) crashed: %s", d->owner.id, d->name,
               d->why);
}

void domain_shutdown(struct domain *d, enum domain_end end)
{
    if (d->end == END_NONE)
        d->end = (uint8_t)end;
    vcpu_attend(&d->vcpu[0]);
}

void domain_exit_work(struct vcpu *v)
{
    struct domain *d = v->domain;

    schedule_chores();
    if (d->end == END_NONE && schedule_is_due())
        schedule_point();
    if (d->end == END_NONE && v->segments_lost) {
        v->segments_lost = false;
        if (v->failsafe.va != 0)
            bounce_failsafe(v);
    }
    if (d->end == END_NONE && event_deliverable(v)) {
        struct callback upcall = v->event;

        upcall.mask_events = true;
        bounce_callback(v, &upcall);
    }
    if (d->end == END_CRASH)
        regs_print(v->regs);
    if (d->end != END_NONE)
        schedule_end(v);
    v->attention &= ~ATTENTION_ONCE;
}
