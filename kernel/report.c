#include "report.h"

#include "domain/domain.h"
#include "domain/schedule.h"
#include "memory.h"
#include "x86/log.h"
#include "x86/tsc.h"

struct record {
    uint16_t domain;
    struct refusal refusal;
};

/* Steps that a line counts as; and records without one between two looks at
 * the interrupts. */
#define LINE_STEPS      160u
#define RECORDS_AT_ONCE 64u

static struct record ring[REPORT_RECORDS];
static uint32_t written;        /* records ever put in */
static uint32_t printed;        /* records ever taken out, or lost */
static bool off;

void report_set(bool on)
{
    off = !on;
}

bool report_recent(uint32_t back, uint16_t *domain, struct refusal *refusal)
{
    const struct record *r;

    if (back >= written || back >= REPORT_RECORDS)
        return false;
    r = &ring[(written - 1 - back) % REPORT_RECORDS];
    *domain = r->domain;
    *refusal = r->refusal;
    return true;
}

/* May this domain cause one more line? A bucket that fills with time. */
static bool may_print(struct domain *d)
{
    uint64_t now = tsc_now_ns() / (NANOSECONDS / REPORT_RATE);

    if (now > d->refusals_since) {
        uint64_t gained = now - d->refusals_since;

        d->refusals_shown -=
            gained < d->refusals_shown ? gained : d->refusals_shown;
        d->refusals_since = now;
    }
    if (d->refusals_shown >= REPORT_BURST) {
        d->refusals_dropped++;
        return false;
    }
    d->refusals_shown++;
    return true;
}

/* Take the oldest record out of the ring. true: that was a line. */
static bool print_line(void)
{
    const struct record *r = &ring[printed % REPORT_RECORDS];
    struct domain *d = domain_by_id(r->domain);
    char line[REPORT_LINE_BYTES];

    printed++;
    if (!d || !may_print(d))
        return false;
    if (d->refusals_dropped > 0)
        log_printf(LOG_REFUSAL, "domain %u: %llu refusals not shown",
                   d->owner.id, (unsigned long long)d->refusals_dropped);
    d->refusals_dropped = 0;
    refusal_format(&r->refusal, line, sizeof(line));
    log_printf(LOG_REFUSAL, "domain %u %s", d->owner.id, line);
    return true;
}

/* Keep the witness for later. */
__attribute__((noinline)) static void keep(struct domain *d)
{
    struct record *r;

    if (d->owner.refusal.brief)
        refusal_explain(&machine, &d->owner);
    if (written - printed == REPORT_RECORDS && print_line())
        d->owner.budget -=
            d->owner.budget < LINE_STEPS ? d->owner.budget : LINE_STEPS;
    r = &ring[written % REPORT_RECORDS];
    r->domain = d->owner.id;
    r->refusal = d->owner.refusal;
    written++;
}

void report_refusal(struct domain *d)
{
    if (d->owner.refusal.rule != RULE_NONE && !off)
        keep(d);
    d->owner.refusal.rule = RULE_NONE;
}

void report_print(void)
{
    uint32_t records = 0;

    while (printed != written) {
        if (print_line() || ++records % RECORDS_AT_ONCE == 0)
            schedule_window();
    }
}
