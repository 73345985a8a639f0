/*
 * kernel/lib/string.c and text.c. The kernel's mem* and str* functions are
 * compiled into this program under other names, beside libc's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define memcpy  kernel_memcpy
#define memmove kernel_memmove
#define memset  kernel_memset
#define memcmp  kernel_memcmp
#define strlen  kernel_strlen
#define strnlen kernel_strnlen
#define strcmp  kernel_strcmp
#define strncmp kernel_strncmp
#include "kernel/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp

enum { AREA = 96, ROUNDS = 20000 };

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t random_below(size_t n)
{
    return (size_t)(random_next() >> 11) % n;
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void fill(uint8_t *area)
{
    for (size_t i = 0; i < AREA; i++)
        area[i] = (uint8_t)random_next();
}

static void memory_functions_do_what_libc_does(void **state)
{
    uint8_t ours[AREA];
    uint8_t theirs[AREA];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t to = random_below(AREA / 2);
        size_t from = random_below(AREA / 2);
        size_t bytes = random_below(AREA / 2);
        int value = (int)random_next();

        fill(ours);
        memcpy(theirs, ours, AREA);
        assert_ptr_equal(kernel_memmove(ours + to, ours + from, bytes),
                         ours + to);
        memmove(theirs + to, theirs + from, bytes);
        assert_memory_equal(ours, theirs, AREA);

        assert_ptr_equal(kernel_memset(ours + to, value, bytes), ours + to);
        memset(theirs + to, value, bytes);
        assert_memory_equal(ours, theirs, AREA);

        fill(theirs);
        kernel_memcpy(ours + to, theirs + from, bytes);
        assert_memory_equal(ours + to, theirs + from, bytes);
    }
}

static void comparisons_have_libcs_sign(void **state)
{
    char a[12];
    char b[12];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t bytes = random_below(sizeof(a) + 1);

        for (size_t i = 0; i < sizeof(a); i++) {
            a[i] = (char)(random_below(2) * 0x81 + 1);
            b[i] = random_below(8) == 0 ? 'x' : a[i];
        }
        a[random_below(sizeof(a) - 1)] = '\0';
        a[sizeof(a) - 1] = '\0';
        b[sizeof(b) - 1] = '\0';
        assert_int_equal(sign(kernel_memcmp(a, b, bytes)),
                         sign(memcmp(a, b, bytes)));
        assert_int_equal(sign(kernel_strcmp(a, b)), sign(strcmp(a, b)));
        assert_int_equal(sign(kernel_strncmp(a, b, bytes)),
                         sign(strncmp(a, b, bytes)));
        assert_int_equal(kernel_strlen(a), strlen(a));
        assert_int_equal(kernel_strnlen(a, bytes), strnlen(a, bytes));
    }
}

static void copy_always_terminates_and_says_if_it_fits(void **state)
{
    char buf[4];

    (void)state;
    assert_true(string_copy(buf, sizeof(buf), "abc"));
    assert_string_equal(buf, "abc");
    assert_false(string_copy(buf, sizeof(buf), "abcd"));
    assert_string_equal(buf, "abc");
    assert_false(string_copy(buf, 1, "a"));
    assert_string_equal(buf, "");
    assert_true(string_copy(buf, 1, ""));
    assert_false(string_copy(NULL, 0, ""));
    assert_false(string_copy(NULL, 0, "abc"));
}

static void bounded_copy_reads_no_byte_behind_its_source(void **state)
{
    char *src = malloc(3);
    char buf[8];

    (void)state;
    memcpy(src, "xyz", 3);
    assert_true(string_copy_bounded(buf, sizeof(buf), src, 3));
    assert_string_equal(buf, "xyz");
    assert_true(string_copy_bounded(buf, 4, src, 3));
    assert_false(string_copy_bounded(buf, 3, src, 3));
    assert_string_equal(buf, "xy");
    assert_true(string_copy_bounded(buf, sizeof(buf), src, 0));
    assert_string_equal(buf, "");
    free(src);
}

static void distance_counts_single_changes(void **state)
{
    (void)state;
    assert_int_equal(string_distance("", ""), 0);
    assert_int_equal(string_distance("", "abc"), 3);
    assert_int_equal(string_distance("abc", ""), 3);
    assert_int_equal(string_distance("console", "console"), 0);
    assert_int_equal(string_distance("consle", "console"), 1);
    assert_int_equal(string_distance("consolee", "console"), 1);
    assert_int_equal(string_distance("cansole", "console"), 1);
    assert_int_equal(string_distance("cosnole", "console"), 1);
    assert_int_equal(string_distance("kitten", "sitting"), 3);
    assert_int_equal(
        string_distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
        STRING_DISTANCE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_functions_do_what_libc_does),
        cmocka_unit_test(comparisons_have_libcs_sign),
        cmocka_unit_test(copy_always_terminates_and_says_if_it_fits),
        cmocka_unit_test(bounded_copy_reads_no_byte_behind_its_source),
        cmocka_unit_test(distance_counts_single_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
