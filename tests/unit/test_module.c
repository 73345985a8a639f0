/*
 * boot/module.c: the command line of a boot module.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>

#include "boot/module.h"

static struct module_options m;
static char said[1024];

static void remember(void *context, const char *message)
{
    (void)context;
    snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", message);
}

static int parse(const char *line)
{
    const struct option_report report = {.say = remember};

    said[0] = '\0';
    memset(&m, 0xa5, sizeof(m));
    return module_options_parse(line, &m, &report);
}

static void empty_line_gives_the_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_string_equal(m.name, "");
    assert_string_equal(m.ramdisk, "");
    assert_string_equal(m.command_line, "");
    assert_int_equal(m.mem_bytes, 64 << 20);
    assert_false(m.privileged);
    assert_false(m.data);
}

static void all_options_are_read(void **state)
{
    (void)state;
    assert_int_equal(parse("name=web mem=128M ramdisk=root privileged=yes "
                           "-- console=hvc0 root=\"/dev/ram0\""),
                     0);
    assert_string_equal(m.name, "web");
    assert_int_equal(m.mem_bytes, 128 << 20);
    assert_string_equal(m.ramdisk, "root");
    assert_true(m.privileged);
    assert_false(m.data);
    assert_string_equal(m.command_line, "console=hvc0 root=\"/dev/ram0\"");
}

static void first_word_can_be_the_file_name(void **state)
{
    (void)state;
    assert_int_equal(parse("/boot/lessons/walk mem=4M"), 0);
    assert_string_equal(m.name, "walk");
    assert_int_equal(m.mem_bytes, 4 << 20);
    assert_int_equal(parse("walk name=other"), 0);
    assert_string_equal(m.name, "other");
    assert_int_equal(parse("walk"), 0);
    assert_string_equal(m.name, "walk");
}

static void first_word_that_is_an_option_is_no_file_name(void **state)
{
    (void)state;
    assert_int_equal(parse("data name=disk"), 0);
    assert_true(m.data);
    assert_string_equal(m.name, "disk");
    assert_int_equal(parse("no-privileged"), 0);
    assert_string_equal(m.name, "");
    assert_int_equal(parse("-- data"), 0);
    assert_string_equal(m.name, "");
    assert_string_equal(m.command_line, "data");
    assert_false(m.data);
}

static void refused_values_keep_defaults_and_name_the_option(void **state)
{
    (void)state;
    assert_int_equal(parse("mem=lots"), -XEN_EINVAL);
    assert_int_equal(m.mem_bytes, 64 << 20);
    assert_non_null(strstr(said, "\"mem\""));
    assert_int_equal(parse("mem=6T"), -XEN_EINVAL);
    assert_int_equal(parse("x privileged=perhaps"), -XEN_EINVAL);
    assert_non_null(strstr(said, "\"privileged\""));
    assert_int_equal(parse("x memory=1M"), -XEN_EINVAL);
    assert_non_null(strstr(said, "\"memory\""));
    assert_int_equal(parse("name=a-name-that-is-longer-than-any-name-may-be"),
                     -XEN_EINVAL);
    assert_string_equal(m.name, "");
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("mem=0"), -XEN_EINVAL);
    assert_non_null(strstr(said, "\"mem\""));
    assert_int_equal(parse("data privileged"), -XEN_EINVAL);
    assert_non_null(strstr(said, "\"privileged\""));
    assert_int_equal(parse("data ramdisk=x"), -XEN_EINVAL);
    assert_non_null(strstr(said, "\"ramdisk\""));
}

static void too_long_domain_command_line_is_refused(void **state)
{
    char line[MODULE_COMMAND_LINE_BYTES + 16];

    (void)state;
    memset(line, 'x', sizeof(line));
    memcpy(line, "-- ", 3);
    line[3 + MODULE_COMMAND_LINE_BYTES - 1] = '\0';
    assert_int_equal(parse(line), 0);
    assert_int_equal(strlen(m.command_line), MODULE_COMMAND_LINE_BYTES - 1);
    line[3 + MODULE_COMMAND_LINE_BYTES - 1] = 'x';
    line[3 + MODULE_COMMAND_LINE_BYTES] = '\0';
    assert_int_equal(parse(line), -XEN_EINVAL);
    assert_non_null(strstr(said, "command line"));
}

static void report_may_be_missing(void **state)
{
    (void)state;
    assert_int_equal(module_options_parse("mem=0 x=1", &m, NULL), -XEN_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_line_gives_the_defaults),
        cmocka_unit_test(all_options_are_read),
        cmocka_unit_test(first_word_can_be_the_file_name),
        cmocka_unit_test(first_word_that_is_an_option_is_no_file_name),
        cmocka_unit_test(refused_values_keep_defaults_and_name_the_option),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(too_long_domain_command_line_is_refused),
        cmocka_unit_test(report_may_be_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
