/*
 * clock_scale.c (the arithmetic of time records) and the measuring in tsc.c,
 * with clocks that the test makes up.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kernel/x86/tsc.c"

void *paging_map_device(paddr_t paddr, size_t bytes, enum paging_cache cache)
{
    (void)paddr;
    (void)bytes;
    (void)cache;
    return NULL;
}

void paging_unmap_device(const void *p, size_t bytes)
{
    (void)p;
    (void)bytes;
}

const struct acpi_info *acpi_info_get(void)
{
    static const struct acpi_info nothing;

    return &nothing;
}

void log_printf(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

static const uint64_t frequencies[] = {
    1000000,    1193182,    3579545,    14318180,    999999999,
    1000000000, 1000000001, 2394464000, 38400000000, 100000000000,
};

static uint64_t exact(uint64_t ticks, uint64_t to, uint64_t from)
{
    return (uint64_t)((unsigned __int128)ticks * to / from);
}

static void muldiv_is_exact(void **state)
{
    uint64_t a = 0x123456789abcdef1u;

    (void)state;
    for (unsigned int i = 0; i < 20000; i++) {
        uint64_t b, c;
        unsigned __int128 result;

        a = a * 6364136223846793005u + 1442695040888963407u;
        b = (a * 0x9e3779b97f4a7c15u) >> (i % 64);
        c = (a ^ b << 7) >> (i / 64 % 64) | 1;
        result = (unsigned __int128)a * b / c;
        assert_true(clock_muldiv(a, b, c) ==
                    (result > UINT64_MAX ? UINT64_MAX : (uint64_t)result));
    }
    assert_true(clock_muldiv(5, 5, 0) == UINT64_MAX);
    assert_true(clock_muldiv(0, 5, 3) == 0);
    assert_true(clock_muldiv(UINT64_MAX, UINT64_MAX, UINT64_MAX) == UINT64_MAX);
}

static void scales_are_normal_and_never_too_large(void **state)
{
    size_t count = sizeof(frequencies) / sizeof(frequencies[0]);

    (void)state;
    for (size_t i = 0; i < count * count; i++) {
        uint64_t from = frequencies[i / count];
        uint64_t to = frequencies[i % count];
        struct clock_scale scale = clock_scale_make(from, to);

        assert_true(scale.mul >= 0x80000000u);
        for (uint64_t ticks = 1; ticks < 1ull << 44; ticks = ticks * 3 + 1) {
            uint64_t wanted = exact(ticks, to, from);
            uint64_t got = clock_scale_apply(scale, ticks);
            uint64_t lost =
                exact(wanted, 1, 1u << 31) + 2 + to / from +
                (scale.shift < 0 ? exact(1ull << -scale.shift, to, from) : 0);

            assert_true(got <= wanted);
            assert_true(wanted - got <= lost);
        }
    }
}

static void one_gigahertz_is_one_to_one(void **state)
{
    struct clock_scale scale = clock_scale_make(NANOSECONDS, NANOSECONDS);

    (void)state;
    assert_int_equal(scale.mul, 0x80000000u);
    assert_int_equal(scale.shift, 1);
    assert_true(clock_scale_apply(scale, 123456789012345678) ==
                123456789012345678);
    assert_true(clock_scale_apply(tsc.to_ns, 77) == 77);
}

static void deadlines_are_the_first_tick_at_that_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(frequencies) / sizeof(frequencies[0]); i++) {
        tsc.hz = frequencies[i];
        tsc.start = 987654321;
        tsc.to_ns = clock_scale_make(tsc.hz, NANOSECONDS);
        tsc.from_ns = clock_scale_make(NANOSECONDS, tsc.hz);
        assert_true(tsc_to_ns(tsc.start - 1) == 0);
        for (uint64_t ns = 1; ns < 1ull << 55; ns = ns * 5 + 3) {
            uint64_t ticks = tsc_from_ns(ns);

            assert_true(tsc_to_ns(ticks) >= ns);
            assert_true(tsc_to_ns(ticks) - ns <=
                        2 * (1 + NANOSECONDS / tsc.hz) + (ns >> 30));
        }
    }
    assert_true(tsc_from_ns(UINT64_MAX) == UINT64_MAX);
}

/* A clock at a 64th of the TSC, one that stands still, one that is noise. */
static uint32_t count_64th(const struct reference *reference)
{
    return (uint32_t)(tsc_read() >> 6) & reference->mask;
}

static uint32_t count_nothing(const struct reference *reference)
{
    (void)reference;
    return 0xffffffff;
}

static void measuring_finds_the_frequency(void **state)
{
    struct reference reference = {
        .hz = 40000000, .mask = UINT32_MAX, .read = count_64th};
    uint64_t hz = measure(&reference);

    (void)state;
    assert_true(hz > 2559000000 && hz < 2561000000);
    reference.mask = 0xffffff;
    hz = measure(&reference);
    assert_true(hz > 2559000000 && hz < 2561000000);
}

static void measuring_ends_when_nothing_counts(void **state)
{
    struct reference reference = {
        .hz = 3579545, .mask = 0xffffff, .read = count_nothing};

    (void)state;
    assert_true(measure(&reference) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(muldiv_is_exact),
        cmocka_unit_test(scales_are_normal_and_never_too_large),
        cmocka_unit_test(one_gigahertz_is_one_to_one),
        cmocka_unit_test(deadlines_are_the_first_tick_at_that_time),
        cmocka_unit_test(measuring_finds_the_frequency),
        cmocka_unit_test(measuring_ends_when_nothing_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
