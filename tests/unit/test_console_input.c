/*
 * kernel/domain/console_input.c: who gets what a person types.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/domain/console_input.c"

static struct domain domains[3];
static struct xencons_interface *ring = (void *)domains;
static const char *keys;        /* to be typed */
static char got[4][64];         /* by id; 0: the prompt */
static int shown;               /* times the prompt was shown or hidden */

struct domain *domain_next(const struct domain *d)
{
    const struct domain *next = d ? d + 1 : domains;

    return next < domains + 3 ? (struct domain *)(uintptr_t)next : NULL;
}

struct domain *domain_by_id(uint32_t id)
{
    return id >= 1 && id <= 3 ? &domains[id - 1] : NULL;
}

int console_read_byte(void)
{
    return *keys ? (unsigned char)*keys++ : -1;
}

static void keep(unsigned int who, char byte)
{
    size_t n = strlen(got[who]);

    got[who][n] = byte;
    got[who][n + 1] = '\0';
}

size_t console_ring_input(struct domain *d, const char *bytes, size_t size)
{
    assert_int_equal(size, 1);
    keep(d->owner.id, *bytes);
    return 1;
}

void log_printf(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

static void take_byte(char byte)
{
    keep(0, byte);
}

static void show(bool has)
{
    shown = has;
}

static void serve(void)
{
}

static struct input_prompt test_prompt = {take_byte, show, serve, true};

static int set_up(void **state)
{
    (void)state;
    memset(domains, 0, sizeof(domains));
    memset(got, 0, sizeof(got));
    for (uint16_t i = 0; i < 3; i++)
        domains[i].owner.id = i + 1;
    reader = READER_FIRST;
    switches = 0;
    waiting_head = waiting_tail = 0;
    test_prompt.unasked = true;
    console_input_set_prompt(&test_prompt);
    return 0;
}

static void type(const char *text)
{
    keys = text;
    console_input_serve();
}

static void the_first_that_listens_has_it(void **state)
{
    (void)state;
    domains[1].console = ring;
    domains[2].console = ring;
    type("ab");
    assert_string_equal(got[2], "ab");
    domains[1].end = END_POWEROFF;
    type("c");
    assert_string_equal(got[3], "c");
    domains[2].end = END_CRASH;
    type("d");
    assert_string_equal(got[0], "d");
}

static void nobody_listens(void **state)
{
    (void)state;
    test_prompt.unasked = false;
    type("ab");
    assert_string_equal(got[0], "");
    type("\001\001\001c");
    assert_string_equal(got[0], "c");
    console_input_set_prompt(NULL);
    type("d\001\001\001e");
}

static void three_times_moves_it(void **state)
{
    (void)state;
    domains[0].console = ring;
    domains[2].console = ring;
    type("1\001\001\0013");
    assert_string_equal(got[3], "3");
    type("\001\001\001");
    assert_int_equal(shown, 1);
    type("p\001\001\001");
    assert_int_equal(shown, 0);
    type("1");
    assert_string_equal(got[1], "11");
    assert_string_equal(got[0], "p");
}

static void fewer_times_are_typed(void **state)
{
    unsigned int i;

    (void)state;
    domains[0].console = ring;
    type("\001\001x\001");
    assert_string_equal(got[1], "\001\001x");
    for (i = 0; i <= KEPT_TICKS; i++)
        console_input_tick();
    assert_string_equal(got[1], "\001\001x\001");
}

static void a_used_prompt_keeps_it(void **state)
{
    (void)state;
    type("a");
    domains[0].console = ring;
    type("b");
    assert_string_equal(got[0], "ab");
}

static void console_io_asks(void **state)
{
    char bytes[8];

    (void)state;
    type("p");
    reader = READER_FIRST;
    keys = "";
    assert_int_equal(console_input_read(&domains[1], bytes, 8), 0);
    type("xyz");
    assert_int_equal(console_input_read(&domains[1], bytes, 2), 2);
    assert_memory_equal(bytes, "xy", 2);
    assert_int_equal(console_input_read(&domains[0], bytes, 8), 0);
    assert_string_equal(got[0], "p");
}

#define TEST(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_that_listens_has_it), TEST(nobody_listens),
        TEST(three_times_moves_it),          TEST(fewer_times_are_typed),
        TEST(a_used_prompt_keeps_it),        TEST(console_io_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
