/*
 * kernel/x86/scancode.c: what the codes of a keyboard mean.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/x86/scancode.c"

enum { FUZZ_BYTES = 200000 };

static struct scancode_state keyboard;

static int set_up(void **state)
{
    (void)state;
    memset(&keyboard, 0, sizeof(keyboard));
    return 0;
}

/* Press and release as the bytes say; the text that comes of it. */
static const char *typed(const char *codes, size_t bytes)
{
    static char text[64];
    size_t n = 0;

    for (size_t i = 0; i < bytes; i++) {
        char out[SCANCODE_BYTES];
        size_t made = scancode_decode(&keyboard, (uint8_t)codes[i], out);

        assert_true(made <= SCANCODE_BYTES && n + made < sizeof(text));
        memcpy(text + n, out, made);
        n += made;
    }
    text[n] = '\0';
    return text;
}

#define PRESS(codes) typed(codes, sizeof(codes) - 1)

static void letters_and_digits(void **state)
{
    (void)state;
    assert_string_equal(PRESS("\x26\xa6\x17\x97\x1f\x9f\x14\x94"), "list");
    assert_string_equal(PRESS("\x02\x0b\x39\x1c\x0e\x0f\x01"),
                        "10 \r\177\t\033");
    assert_string_equal(PRESS("\x56\x3b\x57\x7f\x00\xfa\xfe"), "");
}

static void shift_and_capitals(void **state)
{
    (void)state;
    assert_string_equal(PRESS("\x2a\x1e\x02\x0c\xaa\x1e\x36\x1e\xb6\x1e"),
                        "A!_aAa");
    assert_string_equal(PRESS("\x3a\xba\x1e\x02\x2a\x1e\x02\xaa"), "A1a!");
    assert_string_equal(PRESS("\x3a\xba\x1e"), "a");
}

static void control_makes_control_codes(void **state)
{
    (void)state;
    assert_string_equal(PRESS("\x1d\x1e\x2e\x1a\x9d\x1e"), "\001\003\033a");
    assert_string_equal(PRESS("\xe0\x1d\x26\x02\xe0\x9d\x26"), "\014l");
    assert_string_equal(PRESS("\x1d\x1c\x0e\x9d"), "\r\177");
}

static void arrows_are_a_vt100s(void **state)
{
    (void)state;
    assert_string_equal(PRESS("\xe0\x48\xe0\xc8\xe0\x50\xe0\x4b\xe0\x4d"),
                        "\033[A\033[B\033[D\033[C");
    assert_string_equal(PRESS("\xe0\x47\xe0\x4f\xe0\x53"),
                        "\033[H\033[F\033[3~");
    /* With num lock a shift that is none comes before and after. */
    assert_string_equal(PRESS("\xe0\x2a\xe0\x48\xe0\xc8\xe0\xaa\x1e"),
                        "\033[Aa");
    assert_string_equal(PRESS("\xe0\x1c\xe0\x35\xe0\x1e"), "\r/");
}

static void pause_is_six_bytes(void **state)
{
    (void)state;
    assert_string_equal(PRESS("\xe1\x1d\x45\xe1\x9d\xc5\x1e"), "a");
}

static void any_bytes_are_survived(void **state)
{
    uint32_t random = 7;
    char out[SCANCODE_BYTES];

    (void)state;
    for (unsigned int i = 0; i < FUZZ_BYTES; i++) {
        random = random * 1664525u + 1013904223u;
        assert_true(scancode_decode(&keyboard, (uint8_t)(random >> 16), out) <=
                    SCANCODE_BYTES);
    }
}

#define TEST(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(letters_and_digits),          TEST(shift_and_capitals),
        TEST(control_makes_control_codes), TEST(arrows_are_a_vt100s),
        TEST(pause_is_six_bytes),          TEST(any_bytes_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
