/*
 * The check before SYSRET: emulators do not show the fault that a
 * non-canonical address would be on an Intel CPU, so it is tested here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "x86/trap.h"

static void both_edges_of_the_hole(void **state)
{
    (void)state;
    assert_true(sysret_ok(0));
    assert_true(sysret_ok(UINT64_C(0x00007fffffffffff)));
    assert_false(sysret_ok(UINT64_C(0x0000800000000000)));
    assert_false(sysret_ok(UINT64_C(0xffff7fffffffffff)));
    assert_true(sysret_ok(UINT64_C(0xffff800000000000)));
    assert_true(sysret_ok(UINT64_MAX));
}

/* A syscall at the very end of the lower half returns behind it. */
static void the_address_behind_the_last_syscall(void **state)
{
    (void)state;
    assert_false(sysret_ok(UINT64_C(0x00007ffffffffffe) + 2));
}

/* Any address with bits 63..47 neither all 0 nor all 1. */
static void one_stray_bit(void **state)
{
    int bit;

    (void)state;
    for (bit = 47; bit < 64; bit++) {
        assert_false(sysret_ok(UINT64_C(1) << bit));
        assert_false(sysret_ok(~(UINT64_C(1) << bit)));
    }
    for (bit = 0; bit < 47; bit++) {
        assert_true(sysret_ok(UINT64_C(1) << bit));
        assert_true(sysret_ok(~(UINT64_C(1) << bit)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_edges_of_the_hole),
        cmocka_unit_test(the_address_behind_the_last_syscall),
        cmocka_unit_test(one_stray_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
