/*
 * The PC's clock: what its registers mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <cmocka.h>

#include "x86/rtc.h"

static uint8_t bcd(int value)
{
    return (uint8_t)(value / 10 * 16 + value % 10);
}

/* Every day from 2000 to 2099 against the C library. */
static void decodes_every_day(void **state)
{
    time_t t = 946684800 + 3661;

    (void)state;
    for (; t < 4102444800; t += 86400) {
        struct tm *tm = gmtime(&t);
        struct rtc_registers r = {
            .second = bcd(tm->tm_sec),
            .minute = bcd(tm->tm_min),
            .hour = bcd(tm->tm_hour),
            .day = bcd(tm->tm_mday),
            .month = bcd(tm->tm_mon + 1),
            .year = bcd(tm->tm_year - 100),
            .mode = 2,
        };

        assert_int_equal(rtc_decode(&r), t);
    }
}

static void decodes_all_hours_in_every_form(void **state)
{
    int hour;

    (void)state;
    for (hour = 0; hour < 24; hour++) {
        int half = hour % 12 == 0 ? 12 : hour % 12;
        uint8_t pm = hour >= 12 ? 0x80 : 0;
        struct rtc_registers r = {.day = 1, .month = 1, .mode = 2};
        uint64_t want = 946684800 + (uint64_t)hour * 3600;

        r.hour = bcd(hour);
        assert_int_equal(rtc_decode(&r), want);
        r.mode = 0;
        r.hour = bcd(half) | pm;
        assert_int_equal(rtc_decode(&r), want);
        r.mode = 4;
        r.hour = (uint8_t)half | pm;
        assert_int_equal(rtc_decode(&r), want);
        r.mode = 6;
        r.hour = (uint8_t)hour;
        assert_int_equal(rtc_decode(&r), want);
    }
}

static void refuses_what_is_no_time(void **state)
{
    const struct rtc_registers none = {255, 255, 255, 255, 255, 255, 255};
    const struct rtc_registers zero = {0};

    (void)state;
    assert_int_equal(rtc_decode(&none), 0);
    assert_int_equal(rtc_decode(&zero), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_every_day),
        cmocka_unit_test(decodes_all_hours_in_every_form),
        cmocka_unit_test(refuses_what_is_no_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
