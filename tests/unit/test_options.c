/*
 * kernel/lib/options.c: the grammar of command lines.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>

#include "lib/options.h"

enum { FUZZ_ROUNDS = 50000 };

/* What the option table under test writes to. */
static struct {
    bool smap;
    bool noreboot;
    uint64_t budget;
    uint64_t mem;
    char name[8];
    unsigned int loglvl;
    unsigned int console;
    unsigned int calls;
} values;

static bool parse_calls(void *value, const char *text)
{
    if (strncmp(text, "calls:", 6) != 0)
        return false;
    *(unsigned int *)value = (unsigned int)strlen(text) - 6;
    return true;
}

static const char *const levels[] = {"error", "warning", "info", NULL};
static const char *const consoles[] = {"serial", "screen", NULL};

static const struct option options[] = {
    {.name = "smap", .kind = OPTION_BOOL, .value = &values.smap},
    {.name = "noreboot", .kind = OPTION_BOOL, .value = &values.noreboot},
    {.name = "budget",
     .kind = OPTION_NUMBER,
     .value = &values.budget,
     .limit = 1000},
    {.name = "mem", .kind = OPTION_SIZE, .value = &values.mem},
    {.name = "name",
     .kind = OPTION_TEXT,
     .value = values.name,
     .limit = sizeof(values.name)},
    {.name = "loglvl",
     .kind = OPTION_CHOICE,
     .value = &values.loglvl,
     .choices = levels},
    {.name = "console",
     .kind = OPTION_SET,
     .value = &values.console,
     .choices = consoles},
    {.name = "audit",
     .kind = OPTION_CUSTOM,
     .value = &values.calls,
     .parse = parse_calls,
     .takes = "calls:TEXT"},
};

static const struct option_table table = {
    options,
    sizeof(options) / sizeof(options[0]),
};

static char said[1024];

static void remember(void *context, const char *message)
{
    (void)context;
    assert_true(strlen(message) < OPTION_MESSAGE_BYTES);
    snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", message);
}

static const struct option_report report = {.say = remember};

static int parse(const char *line)
{
    memset(&values, 0, sizeof(values));
    said[0] = '\0';
    return options_parse(line, &table, &report, NULL);
}

static void bool_words(void **state)
{
    static const char *const yes[] = {"yes", "on", "true", "enable", "1"};
    static const char *const no[] = {"no", "off", "false", "disable", "0"};

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(option_bool(yes[i]), 1);
        assert_int_equal(option_bool(no[i]), 0);
    }
    assert_int_equal(option_bool(""), -1);
    assert_int_equal(option_bool("Yes"), -1);
    assert_int_equal(option_bool("yess"), -1);
    assert_int_equal(option_bool("10"), -1);
}

static void number_bases(void **state)
{
    uint64_t n = 0;

    (void)state;
    assert_true(option_number("0", &n) && n == 0);
    assert_true(option_number("42", &n) && n == 42);
    assert_true(option_number("0x2aF", &n) && n == 0x2af);
    assert_true(option_number("0X10", &n) && n == 16);
    assert_true(option_number("017", &n) && n == 15);
    assert_true(option_number("18446744073709551615", &n) && n == UINT64_MAX);
    assert_true(option_number("0xffffffffffffffff", &n) && n == UINT64_MAX);
}

static void number_refuses_what_is_none(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "-1",
        "+1",
        "0x",
        "08",
        "1x",
        "12 ",
        "x",
        "1.5",
        "0x1g",
        "18446744073709551616",
        "0x10000000000000000",
        "02000000000000000000000",
        "99999999999999999999999999",
    };
    uint64_t n = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(option_number(bad[i], &n));
        assert_int_equal(n, 7);
    }
}

static void size_suffixes(void **state)
{
    uint64_t n = 0;

    (void)state;
    assert_true(option_size("3", &n) && n == 3 << 10);
    assert_true(option_size("3b", &n) && n == 3);
    assert_true(option_size("3k", &n) && n == 3 << 10);
    assert_true(option_size("3M", &n) && n == 3 << 20);
    assert_true(option_size("0x10m", &n) && n == 16 << 20);
    assert_true(option_size("3g", &n) && n == 3ull << 30);
    assert_true(option_size("5T", &n) && n == 5ull << 40);
    assert_true(option_size("18446744073709551615b", &n) && n == UINT64_MAX);
}

static void size_refuses_overflow_and_rubbish(void **state)
{
    static const char *const bad[] = {
        "",          "m",
        "1mm",       "1mb",
        "1p",        "-1m",
        "1 m",       "18446744073709551615",
        "16777216t", "18014398509481984k",
    };
    uint64_t n = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(option_size(bad[i], &n));
        assert_int_equal(n, 7);
    }
}

static void words_and_quotes(void **state)
{
    const char *line = "  a\tb=\"two words\" \"\" q=\\\"x\\\" c:\\d "
                       "\"open end ";
    char word[32];

    (void)state;
    assert_int_equal(option_next_word(&line, word, sizeof(word)), 1);
    assert_string_equal(word, "a");
    assert_int_equal(option_next_word(&line, word, sizeof(word)), 1);
    assert_string_equal(word, "b=two words");
    assert_int_equal(option_next_word(&line, word, sizeof(word)), 1);
    assert_string_equal(word, "");
    assert_int_equal(option_next_word(&line, word, sizeof(word)), 1);
    assert_string_equal(word, "q=\"x\"");
    assert_int_equal(option_next_word(&line, word, sizeof(word)), 1);
    assert_string_equal(word, "c:\\d");
    assert_int_equal(option_next_word(&line, word, sizeof(word)), 1);
    assert_string_equal(word, "open end ");
    assert_int_equal(option_next_word(&line, word, sizeof(word)), 0);
    assert_int_equal(option_next_word(&line, word, sizeof(word)), 0);
}

static void long_word_is_cut_and_the_next_is_found(void **state)
{
    const char *line = "abcdef gh";
    char word[4];

    (void)state;
    assert_int_equal(option_next_word(&line, word, sizeof(word)), -XEN_E2BIG);
    assert_string_equal(word, "abc");
    assert_int_equal(option_next_word(&line, word, sizeof(word)), 1);
    assert_string_equal(word, "gh");
}

static void every_kind_is_set(void **state)
{
    (void)state;
    assert_int_equal(parse("smap budget=0x10 mem=64M name=web loglvl=info "
                           "console=screen,serial audit=calls:abc"),
                     0);
    assert_true(values.smap);
    assert_int_equal(values.budget, 16);
    assert_int_equal(values.mem, 64 << 20);
    assert_string_equal(values.name, "web");
    assert_int_equal(values.loglvl, 2);
    assert_int_equal(values.console, 3);
    assert_int_equal(values.calls, 3);
    assert_string_equal(said, "");
}

static void booleans_have_three_forms(void **state)
{
    (void)state;
    assert_int_equal(parse("smap=on"), 0);
    assert_true(values.smap);
    assert_int_equal(parse("smap no-smap"), 0);
    assert_false(values.smap);
    assert_int_equal(parse("smap smap=disable"), 0);
    assert_false(values.smap);
    assert_int_equal(parse("noreboot"), 0);
    assert_true(values.noreboot);
    assert_int_equal(parse("noreboot no-noreboot"), 0);
    assert_false(values.noreboot);
    assert_int_equal(parse("no-smap=yes"), 1);
    assert_int_equal(parse("smap=maybe"), 1);
    assert_non_null(strstr(said, "yes or no"));
}

static void sets_are_lists_by_comma(void **state)
{
    (void)state;
    assert_int_equal(parse("console=screen"), 0);
    assert_int_equal(values.console, 2);
    assert_int_equal(parse("console=serial console=none"), 0);
    assert_int_equal(values.console, 0);
    assert_int_equal(parse("console=serial console="), 0);
    assert_int_equal(values.console, 0);
    assert_int_equal(parse("console=serial console=screen,vga"), 1);
    assert_int_equal(values.console, 1);
    assert_non_null(strstr(said, "some of serial, screen"));
}

static void later_words_win_and_refused_ones_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(parse("budget=1 budget=2"), 0);
    assert_int_equal(values.budget, 2);
    assert_int_equal(parse("budget=1 budget=1001 budget=x budget"), 3);
    assert_int_equal(values.budget, 1);
    assert_int_equal(parse("name=short name=muchtoolong"), 1);
    assert_string_equal(values.name, "short");
    assert_int_equal(parse("loglvl=info loglvl=inf"), 1);
    assert_int_equal(values.loglvl, 2);
    assert_int_equal(parse("audit=x"), 1);
    assert_non_null(strstr(said, "calls:TEXT"));
}

static void unknown_option_names_the_nearest(void **state)
{
    (void)state;
    assert_int_equal(parse("consle=serial"), 1);
    assert_string_equal(said, "unknown option \"consle\"; the nearest one "
                              "is \"console\"\n");
    assert_int_equal(parse("no-snap"), 1);
    assert_string_equal(said, "unknown option \"no-snap\"; the nearest one "
                              "is \"smap\"\n");
    assert_int_equal(parse("zzzzzzzzzzzz=1"), 1);
    assert_string_equal(said, "unknown option \"zzzzzzzzzzzz\"\n");
    assert_int_equal(parse("no-budget"), 1); /* no boolean */
    assert_string_equal(said, "unknown option \"no-budget\"; the nearest one "
                              "is \"budget\"\n");
    assert_int_equal(parse("=1"), 1);
}

static void two_dashes_end_the_options(void **state)
{
    const char *rest = "";

    (void)state;
    memset(&values, 0, sizeof(values));
    assert_int_equal(
        options_parse("smap --  root=/dev/ram \"x y\"", &table, &report, &rest),
        0);
    assert_true(values.smap);
    assert_string_equal(rest, "root=/dev/ram \"x y\"");
    assert_int_equal(options_parse("smap --", &table, &report, &rest), 0);
    assert_string_equal(rest, "");
    assert_int_equal(options_parse("smap", &table, &report, &rest), 0);
    assert_null(rest);
}

static void messages_are_printable_and_report_may_be_missing(void **state)
{
    (void)state;
    assert_int_equal(parse("a\x1b[2J\x80=1"), 1);
    assert_string_equal(said, "unknown option \"a?[2J?\"\n");
    assert_int_equal(options_parse("what=1", &table, NULL, NULL), 1);
}

static void too_long_word_is_refused(void **state)
{
    char line[OPTION_WORD_BYTES + 40];

    (void)state;
    memset(line, 'x', sizeof(line));
    memcpy(line + OPTION_WORD_BYTES + 10, " smap", sizeof(" smap"));
    assert_int_equal(parse(line), 1);
    assert_true(values.smap);
    assert_non_null(strstr(said, "too long"));
}

static void fuzzed_lines_are_survived(void **state)
{
    static const char *const parts[] = {
        "smap",    "no-",
        "mem=",    "64M",
        "\"",      "\\",
        " ",       "console=",
        "serial",  ",",
        "--",      "=",
        "0x",      "99999999999999999999",
        "name=",   "\xff",
        "audit=",  "calls:",
        "budget=", "loglvl=info",
    };
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (int round = 0; round < FUZZ_ROUNDS; round++) {
        char line[700] = "";
        int count = round % 40;

        while (count-- > 0) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            strcat(line,
                   parts[(seed >> 20) % (sizeof(parts) / sizeof(parts[0]))]);
        }

        char *exact = strdup(line); /* its end is guarded */

        parse(exact);
        assert_in_range(values.budget, 0, 1000);
        assert_true(strlen(values.name) < sizeof(values.name));
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bool_words),
        cmocka_unit_test(number_bases),
        cmocka_unit_test(number_refuses_what_is_none),
        cmocka_unit_test(size_suffixes),
        cmocka_unit_test(size_refuses_overflow_and_rubbish),
        cmocka_unit_test(words_and_quotes),
        cmocka_unit_test(long_word_is_cut_and_the_next_is_found),
        cmocka_unit_test(every_kind_is_set),
        cmocka_unit_test(booleans_have_three_forms),
        cmocka_unit_test(sets_are_lists_by_comma),
        cmocka_unit_test(later_words_win_and_refused_ones_change_nothing),
        cmocka_unit_test(unknown_option_names_the_nearest),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(messages_are_printable_and_report_may_be_missing),
        cmocka_unit_test(too_long_word_is_refused),
        cmocka_unit_test(fuzzed_lines_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
