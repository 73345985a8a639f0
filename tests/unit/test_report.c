/*
 * kernel/report.c: how many refusals are shown, of a domain and of all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "domain/domain.h"
#include "domain/schedule.h"
#include "memory.h"
#include "report.h"
#include "x86/log.h"
#include "x86/tsc.h"

#define HOSTILE 20u
#define SECOND  UINT64_C(1000000000)

struct memory machine;

static struct domain domains[HOSTILE];
static uint64_t now = 1000 * SECOND;
static unsigned int lines;              /* of refusals */
static unsigned int shown[HOSTILE + 1]; /* of them, by domain */
static unsigned long long dropped;      /* as told */
static unsigned int turns;

uint64_t tsc_now_ns(void)
{
    return now;
}

void schedule_window(void)
{
    turns++;
}

void log_printf(enum log_level level, const char *format, ...)
{
    unsigned int domain;
    va_list arguments;

    assert_int_equal(level, LOG_REFUSAL);
    va_start(arguments, format);
    domain = va_arg(arguments, unsigned int);
    assert_in_range(domain, 1, HOSTILE);
    if (strstr(format, "not shown")) {
        dropped += va_arg(arguments, unsigned long long);
    } else {
        lines++;
        shown[domain]++;
    }
    va_end(arguments);
}

/* Let all of the time pass that anything is counted in. */
static int set_up(void **state)
{
    unsigned int i;

    (void)state;
    report_print();
    now += 100 * SECOND;
    memset(domains, 0, sizeof(domains));
    memset(shown, 0, sizeof(shown));
    for (i = 0; i < HOSTILE; i++)
        domains[i].owner.id = (uint16_t)(i + 1);
    report_set(true);
    lines = 0;
    dropped = 0;
    turns = 0;
    return 0;
}

static void refuse_one(struct domain *d, mfn_t mfn)
{
    d->owner.refusal =
        (struct refusal){.rule = RULE_G4, .mfn = mfn, .table = MFN_NONE};
    report_refusal(d);
    assert_int_equal(d->owner.refusal.rule, RULE_NONE);
}

static void refuse_many(struct domain *d, unsigned int count)
{
    for (; count > 0; count--)
        refuse_one(d, count);
}

static void a_domain_has_a_burst_and_a_rate(void **state)
{
    (void)state;
    refuse_many(&domains[0], 1000);
    report_print();
    assert_int_equal(lines, REPORT_BURST);
    assert_int_equal(turns, REPORT_BURST + 1);
    now += SECOND;
    refuse_many(&domains[0], 1000);
    report_print();
    assert_int_equal(lines, REPORT_BURST + REPORT_RATE);
    assert_int_equal(dropped, 1000 - REPORT_BURST);
    report_print();
    assert_int_equal(lines, REPORT_BURST + REPORT_RATE);
}

/* Many that are refused all the time do not fill the line. */
static void all_domains_have_a_burst_and_a_rate(void **state)
{
    unsigned int i, second;

    (void)state;
    for (i = 0; i < HOSTILE; i++)
        refuse_many(&domains[i], 100);
    report_print();
    assert_int_equal(lines, REPORT_ALL_BURST);
    for (second = 1; second <= 10; second++) {
        now += SECOND;
        for (i = 0; i < HOSTILE; i++)
            refuse_many(&domains[i], 100);
        report_print();
        /* Each may have one in four seconds, besides. */
        assert_in_range(lines, REPORT_ALL_BURST + second * REPORT_ALL_RATE,
                        REPORT_ALL_BURST + second * REPORT_ALL_RATE +
                            HOSTILE * (second / 4 + 1));
    }
}

/* Two that are refused all the time do not keep the third one's from us. */
static void a_quiet_domain_has_its_line(void **state)
{
    unsigned int second;

    (void)state;
    for (second = 0; second < 40; second++, now += SECOND) {
        refuse_many(&domains[0], REPORT_RATE + 1);
        refuse_many(&domains[1], REPORT_RATE + 1);
        if (second % 5 == 4)
            refuse_one(&domains[2], second);
        report_print();
    }
    assert_int_equal(shown[3], 8);
}

/* What was never shown is told when the domain ends. */
static void the_end_tells_what_was_not_shown(void **state)
{
    (void)state;
    refuse_many(&domains[0], REPORT_BURST + 7);
    report_end(&domains[0]);
    assert_int_equal(lines, REPORT_BURST);
    assert_int_equal(dropped, 7);
    report_end(&domains[0]);
    assert_int_equal(dropped, 7);
}

/* What one is not shown because of others is counted, and told later. */
static void the_others_lines_are_told_as_dropped(void **state)
{
    (void)state;
    refuse_many(&domains[0], 64);
    refuse_many(&domains[1], 64);
    refuse_many(&domains[2], 5);
    report_print();
    assert_int_equal(shown[3], 0);
    now += SECOND;
    refuse_one(&domains[2], 1);
    report_print();
    assert_int_equal(shown[3], 1);
    assert_int_equal(dropped, 5);
}

/* What is shown late takes no room of what comes after. */
static void the_queue_may_be_full(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < HOSTILE; i++, now += SECOND)
        refuse_many(&domains[i], 64);
    report_print();
    assert_int_equal(lines, REPORT_ALL_BURST);
}

static void the_last_ones_are_kept(void **state)
{
    struct refusal refusal;
    uint16_t domain;
    unsigned int i;

    (void)state;
    for (i = 0; i < 2 * REPORT_RECORDS; i++)
        refuse_one(&domains[i % 2], i);
    for (i = 0; i < REPORT_RECORDS; i++) {
        assert_true(report_recent(i, &domain, &refusal));
        assert_int_equal(refusal.mfn, 2 * REPORT_RECORDS - 1 - i);
        assert_int_equal(domain, 2 - i % 2);
    }
    assert_false(report_recent(REPORT_RECORDS, &domain, &refusal));
}

static void off_is_silent(void **state)
{
    (void)state;
    report_set(false);
    refuse_many(&domains[0], 10);
    report_print();
    assert_int_equal(lines, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_domain_has_a_burst_and_a_rate, set_up),
        cmocka_unit_test_setup(all_domains_have_a_burst_and_a_rate, set_up),
        cmocka_unit_test_setup(the_others_lines_are_told_as_dropped, set_up),
        cmocka_unit_test_setup(a_quiet_domain_has_its_line, set_up),
        cmocka_unit_test_setup(the_end_tells_what_was_not_shown, set_up),
        cmocka_unit_test_setup(the_queue_may_be_full, set_up),
        cmocka_unit_test_setup(the_last_ones_are_kept, set_up),
        cmocka_unit_test_setup(off_is_silent, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
