#ifndef TALLY_DOMAIN_DOMAIN_H
#define TALLY_DOMAIN_DOMAIN_H

#include "domain/vcpu.h"

#include <xen/event_channel.h>

#include "mm/mm.h"
#include "report.h"

#define DOMAIN_NAME_BYTES 32
#define DOMAIN_VCPUS 1
#define GRANT_FRAMES 4
#define EVENT_PORTS 64

enum domain_end {
    END_NONE,               /* it lives */
    END_POWEROFF,
    END_REBOOT,
    END_CRASH
};

enum port_state {
    PORT_FREE,
    PORT_CONSOLE,           /* bound to the kernel's end of the console ring */
    PORT_STORE,             /* bound to the kernel's end of the store ring */
    PORT_VIRQ,
    PORT_IPI,
    PORT_UNBOUND
};

struct port {
    uint8_t  state;         /* enum port_state */
    uint32_t data;          /* VIRQ number, or vcpu of an IPI */
    uint32_t remote;        /* PORT_UNBOUND: the domain it waits for */
};

struct domain {
    struct owner owner;     /* the rules' view: id, extents, operation */
    char name[DOMAIN_NAME_BYTES];
    bool privileged;        /* SIF_INITDOMAIN and console_io */
    uint8_t end;            /* enum domain_end */
    char why[160];          /* END_CRASH: what happened, one sentence */

    struct vcpu vcpu[DOMAIN_VCPUS];
    struct loaded loaded[DOMAIN_VCPUS];

    uint64_t pages;         /* pfns given at the start */
    uint64_t memory_bytes;  /* of all its extents when it was built */

    mfn_t shared_mfn;       /* shared_info */
    struct shared_info *shared;     /* the kernel's mapping of it */
    mfn_t grant_mfn[GRANT_FRAMES];
    mfn_t console_mfn;      /* MFN_NONE: a privileged domain has no ring */
    mfn_t store_mfn;
    struct xencons_interface *console;  /* the kernel's mapping, or NULL */
    struct xenstore_domain_interface *store;
    struct store_backend *store_state;
    evtchn_port_t console_port;
    evtchn_port_t store_port;
    struct port ports[EVENT_PORTS];
    bool reads_console;     /* it has asked for input by console_io */

    uint64_t born_ns;       /* system time when it was built */
    struct audit audit;     /* of its end, before all is given back */
    int leaving;            /* STOP_* while that or owner_destroy goes on */
    bool removed;           /* given back as far as it can be */
    bool audit_failed;      /* a count was found wrong, once is enough */
    struct report_bucket refusals;  /* shown */
    uint64_t refusals_dropped;      /* not shown since the last one that was */
};

/*
 * domain_crash - the domain did something that ends it.
 *
 * why    one sentence without a full stop, printf style
 *
 * Prints the reason; takes effect, and prints the registers of its vcpu, when
 * that is about to return to ring 3. The kernel goes on.
 */
__attribute__((format(printf, 2, 3))) void domain_crash(struct domain *d,
                                                        const char *why, ...);

/* domain_shutdown - the domain ends by its own wish; end is not END_NONE.
 * Takes effect when its vcpu is about to return to ring 3. */
void domain_shutdown(struct domain *d, enum domain_end end);

/*
 * domain_exit_work - what must be done before ring 3 runs again.
 *
 * Called at the end of every hypercall, fault and interrupt from ring 3:
 * ends the vcpu (never returning) when its domain has ended, delivers a
 * pending event upcall if the guest kernel may take one, yields.
 */
void domain_exit_work(struct vcpu *v);

/* domain_next - the living domain behind this one, in a fixed order; the
 * first for NULL, NULL behind the last. */
struct domain *domain_next(const struct domain *d);

/* domain_by_id - NULL when there is none with this id. */
struct domain *domain_by_id(uint32_t id);

/*
 * domain_new - a record for a new domain, with an id that no other one has,
 * no memory, and one vcpu without a stack. NULL when there are too many.
 */
struct domain *domain_new(void);

/* domain_free - the record is no longer used. Its memory has been given
 * back (owner_destroy). */
void domain_free(struct domain *d);

#endif
