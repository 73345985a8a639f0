/*
 * kernel/lib/format.c against the C library's snprintf.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/format.h"

enum { CASES = 200000, BUFFER = 160 };

static uint64_t random_state = 0x2545f4914f6cdd1du;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static unsigned int random_below(unsigned int n)
{
    return (unsigned int)(random_next() >> 11) % n;
}

/* Numbers near the ends of types are the ones that break. */
static uint64_t random_value(void)
{
    static const uint64_t edges[] = {
        0,          1,
        7,          8,
        9,          10,
        127,        128,
        255,        256,
        32767,      32768,
        65535,      65536,
        INT_MAX,    (uint64_t)INT_MAX + 1,
        UINT_MAX,   (uint64_t)UINT_MAX + 1,
        INT64_MAX,  (uint64_t)INT64_MAX + 1,
        UINT64_MAX,
    };

    switch (random_below(3)) {
    case 0: return edges[random_below(sizeof(edges) / sizeof(edges[0]))];
    case 1: return -edges[random_below(sizeof(edges) / sizeof(edges[0]))];
    default: return random_next() >> random_below(64);
    }
}

/* Format twice and compare length, text, and the bytes behind it. */
static void compare(size_t bytes, const char *fmt, ...)
{
    char ours[BUFFER];
    char theirs[BUFFER];
    va_list args;
    va_list again;

    memset(ours, '~', sizeof(ours));
    memset(theirs, '~', sizeof(theirs));
    va_start(args, fmt);
    va_copy(again, args);
    int our_length = format_vbuffer(ours, bytes, fmt, args);
    int their_length = vsnprintf(theirs, bytes, fmt, again);
    va_end(again);
    va_end(args);

    if (our_length != their_length || memcmp(ours, theirs, sizeof(ours)) != 0)
        fail_msg("\"%s\" into %zu bytes: %d \"%.*s\", should be %d \"%.*s\"",
                 fmt, bytes, our_length, (int)bytes, ours, their_length,
                 (int)bytes, theirs);
}

struct random_case {
    char fmt[64];
    char kind;
    int stars; /* how many int arguments come before the value */
    int star[2];
    char length; /* c: hh, s: h, l, L: ll, z, j, or 0 */
};

static void append(struct random_case *c, const char *text)
{
    strcat(c->fmt, text);
}

static void append_field(struct random_case *c, int value)
{
    if (random_below(3) == 0) {
        c->star[c->stars++] = value;
        append(c, "*");
    } else if (value >= 0) {
        snprintf(c->fmt + strlen(c->fmt), 12, "%d", value);
    }
}

static void make_case(struct random_case *c)
{
    static const char kinds[] = "diuxXocsp";
    static const char *const flags[] = {
        "-0+ ", "-0+ ", "-0", "-0#", "-0#", "-0#", "-", "-", "-",
    };
    static const char lengths[] = "\0csllLzj";
    unsigned int kind = random_below(sizeof(kinds) - 1);

    memset(c, 0, sizeof(*c));
    c->kind = kinds[kind];
    append(c, random_below(2) == 0 ? "<%" : "%");
    for (const char *f = flags[kind]; *f != '\0'; f++) {
        if (random_below(3) == 0)
            strncat(c->fmt, f, 1);
    }
    if (random_below(2) == 0) {
        int width = (int)random_below(30);

        /* A width of 0 would read as a flag. */
        append_field(c, random_below(4) == 0 ? -width : width + 1);
    }
    if (c->kind != 'c' && c->kind != 'p' && random_below(2) == 0) {
        append(c, ".");
        append_field(c, (int)random_below(28) - 3);
    }
    if (kind < 6) {
        c->length = lengths[random_below(sizeof(lengths) - 1)];
        append(c, c->length == 0     ? ""
                  : c->length == 'c' ? "hh"
                  : c->length == 's' ? "h"
                  : c->length == 'l' ? "l"
                  : c->length == 'L' ? "ll"
                  : c->length == 'z' ? "z"
                                     : "j");
    }
    strncat(c->fmt, &c->kind, 1);
    append(c, random_below(2) == 0 ? ">%%" : "");
}

static void run_wide(const struct random_case *c, size_t bytes, uint64_t v)
{
    if (c->stars == 0)
        compare(bytes, c->fmt, v);
    else if (c->stars == 1)
        compare(bytes, c->fmt, c->star[0], v);
    else
        compare(bytes, c->fmt, c->star[0], c->star[1], v);
}

static void run_int(const struct random_case *c, size_t bytes, int v)
{
    if (c->stars == 0)
        compare(bytes, c->fmt, v);
    else if (c->stars == 1)
        compare(bytes, c->fmt, c->star[0], v);
    else
        compare(bytes, c->fmt, c->star[0], c->star[1], v);
}

static void run_pointer(const struct random_case *c, size_t bytes,
                        const void *v)
{
    if (c->stars == 0)
        compare(bytes, c->fmt, v);
    else if (c->stars == 1)
        compare(bytes, c->fmt, c->star[0], v);
    else
        compare(bytes, c->fmt, c->star[0], c->star[1], v);
}

static void random_conversions_match_snprintf(void **state)
{
    static const char *const texts[] = {"", "a", "frame", "a longer text"};
    struct random_case c;

    (void)state;
    for (int i = 0; i < CASES; i++) {
        size_t bytes = random_below(2) == 0 ? BUFFER : random_below(24);

        make_case(&c);
        if (c.kind == 's')
            run_pointer(&c, bytes, texts[random_below(4)]);
        else if (c.kind == 'p')
            run_pointer(&c, bytes,
                        (const void *)(uintptr_t)(random_value() | 1));
        else if (c.kind == 'c')
            run_int(&c, bytes, (int)random_below(94) + 33);
        else if (c.length == 0 || c.length == 'c' || c.length == 's')
            run_int(&c, bytes, (int)random_value());
        else
            run_wide(&c, bytes, random_value());
    }
}

static void several_conversions_in_one_text(void **state)
{
    (void)state;
    compare(BUFFER, "d%d %s: %#lx-%#lx (%u%%) %c%c", 3, "ram", 0x100000ul,
            0x200000ul, 42u, 'o', 'k');
    compare(BUFFER, "no conversion");
    compare(BUFFER, "%s", "");
    compare(BUFFER, "");
}

static void zero_with_zero_precision_prints_nothing(void **state)
{
    (void)state;
    compare(BUFFER, "[%.0d][%.0x][%#.0o][%#.0x][%5.0u]", 0, 0, 0, 0, 0);
}

static void length_counts_what_did_not_fit(void **state)
{
    char buf[4] = "~~~";

    (void)state;
    assert_int_equal(format_buffer(NULL, 0, "%d", 12345), 5);
    assert_int_equal(format_buffer(buf, 1, "%d", 12345), 5);
    assert_string_equal(buf, "");
    assert_int_equal(format_buffer(buf, sizeof(buf), "%d", 12345), 5);
    assert_string_equal(buf, "123");
}

static void unknown_conversion_is_copied(void **state)
{
    char buf[32];
    const char *fmt[] = {"a%qb", "50%", "%-5", "%k"};

    (void)state;
    for (size_t i = 0; i < sizeof(fmt) / sizeof(fmt[0]); i++) {
        format_buffer(buf, sizeof(buf), fmt[i], 1);
        assert_string_equal(buf, fmt[i]);
    }
}

static void null_pointers_have_a_text(void **state)
{
    char buf[32];
    const char *volatile nothing = NULL; /* or gcc sees it coming */

    (void)state;
    format_buffer(buf, sizeof(buf), "%s %p", nothing, (void *)NULL);
    assert_string_equal(buf, "(null) 0x0");
}

static void endless_width_writes_only_what_fits(void **state)
{
    char buf[8];
    const char *volatile fmt = "%99999999999d"; /* or gcc warns */

    (void)state;
    assert_int_equal(format_buffer(buf, sizeof(buf), fmt, 1), INT_MAX);
    assert_string_equal(buf, "       ");
    fmt = "%*d";
    assert_int_equal(format_buffer(buf, sizeof(buf), fmt, INT_MIN, 1), INT_MAX);
    assert_string_equal(buf, "1      ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_conversions_match_snprintf),
        cmocka_unit_test(several_conversions_in_one_text),
        cmocka_unit_test(zero_with_zero_precision_prints_nothing),
        cmocka_unit_test(length_counts_what_did_not_fit),
        cmocka_unit_test(unknown_conversion_is_copied),
        cmocka_unit_test(null_pointers_have_a_text),
        cmocka_unit_test(endless_width_writes_only_what_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
