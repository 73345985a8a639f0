#include "report.h"

#include "domain/domain.h"
#include "domain/schedule.h"
#include "memory.h"
#include "x86/log.h"
#include "x86/tsc.h"

/* Steps that keeping a witness counts as. */
#define KEEP_STEPS 2

struct record {
    uint16_t domain;
    uint64_t dropped;       /* of the domain, between the line before and it */
    struct refusal refusal;
};

static struct record ring[REPORT_RECORDS];
static uint32_t written;        /* records ever put in */
static struct record queue[REPORT_ALL_BURST];
static uint32_t queued;         /* of them ever to be printed */
static uint32_t printed;        /* and printed */
static struct report_bucket all;
static bool off;

void report_set(bool on)
{
    off = !on;
}

/* Is there room for a line in this bucket, which empties with time? */
static bool has_room(struct report_bucket *b, uint32_t burst, uint32_t rate)
{
    uint64_t now = tsc_now_ns() / (NANOSECONDS / rate);

    if (now > b->since) {
        uint64_t gone = now - b->since;

        b->lines -= gone < b->lines ? gone : b->lines;
        b->since = now;
    }
    return b->lines < burst;
}

/* May this domain cause one more line? One of them fills all buckets. */
static bool may_print(struct domain *d)
{
    uint64_t now = tsc_now_ns();
    bool quiet = now - d->refusals.shown_ns >= REPORT_QUIET_NS;

    if (queued - printed == REPORT_ALL_BURST ||
        !has_room(&d->refusals, REPORT_BURST, REPORT_RATE) ||
        (!has_room(&all, REPORT_ALL_BURST, REPORT_ALL_RATE) && !quiet))
        return false;
    d->refusals.shown_ns = now;
    d->refusals.lines++;
    all.lines++;
    return true;
}

/* Keep the witness for later. */
__attribute__((noinline)) static void keep(struct domain *d)
{
    struct record *r = &ring[written % REPORT_RECORDS];

    budget_spend(&d->owner, KEEP_STEPS);
    if (d->owner.refusal.brief)
        refusal_explain(&machine, &d->owner);
    r->domain = d->owner.id;
    r->refusal = d->owner.refusal;
    written++;
    if (!may_print(d)) {
        d->refusals_dropped++;
        return;
    }
    r->dropped = d->refusals_dropped;
    d->refusals_dropped = 0;
    queue[queued % REPORT_ALL_BURST] = *r;
    queued++;
}

void report_refusal(struct domain *d)
{
    if (d->owner.refusal.rule != RULE_NONE && !off)
        keep(d);
    d->owner.refusal.rule = RULE_NONE;
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

static void dropped_print(uint16_t domain, uint64_t dropped)
{
    if (dropped > 0)
        log_printf(LOG_REFUSAL, "domain %u: %llu refusals not shown", domain,
                   (unsigned long long)dropped);
}

static void line_print(const struct record *r)
{
    char line[REPORT_LINE_BYTES];

    dropped_print(r->domain, r->dropped);
    refusal_format(&r->refusal, line, sizeof(line));
    log_printf(LOG_REFUSAL, "domain %u %s", r->domain, line);
}

void report_print(void)
{
    if (printed != queued)
        schedule_window();
    while (printed != queued) {
        const struct record r = queue[printed % REPORT_ALL_BURST];

        printed++;
        line_print(&r);
        schedule_window();
    }
}

void report_end(struct domain *d)
{
    report_print();
    dropped_print(d->owner.id, d->refusals_dropped);
    d->refusals_dropped = 0;
}
