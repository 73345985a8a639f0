/*
 * kernel/domain/console_ring.c: the domain may write anything to the ring.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/io/console.h>

#include "domain/console_ring.h"
#include "domain/event.h"
#include "domain/schedule.h"
#include "report.h"
#include "x86/log.h"

static struct xencons_interface ring;
static struct domain d;
static unsigned int events;
static unsigned int turns;
static size_t piece_most = SIZE_MAX;
static char printed[8192];
static size_t printed_bytes;

void event_set_pending(struct domain *domain, evtchn_port_t port)
{
    assert_ptr_equal(domain, &d);
    assert_int_equal(port, 2);
    events++;
}

/* Between two pieces: a ring that is full is a fifth of a second on a line. */
void schedule_point(void)
{
    turns++;
}

/* Whole pieces, as of text without control bytes. */
size_t log_piece(const char *text, size_t bytes)
{
    (void)text;
    return bytes > piece_most ? piece_most : bytes;
}

/* Refusals are printed before the domain speaks. */
void report_print(void)
{
    assert_int_equal(printed_bytes, 0);
}

void log_domain_write(uint16_t domain, const char *text, size_t bytes)
{
    assert_int_equal(domain, 7);
    assert_true(bytes > 0);
    assert_true(printed_bytes + bytes <= sizeof(printed));
    memcpy(printed + printed_bytes, text, bytes);
    printed_bytes += bytes;
}

static int set_up(void **state)
{
    (void)state;
    memset(&ring, 0, sizeof(ring));
    d.owner.id = 7;
    d.console = &ring;
    d.console_port = 2;
    events = 0;
    turns = 0;
    printed_bytes = 0;
    return 0;
}

static void write_out(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ring.out[MASK_XENCONS_IDX(ring.out_prod++, ring.out)] = text[i];
}

static void console_prints(void **state)
{
    (void)state;
    ring.out_cons = ring.out_prod = UINT32_MAX - 3;
    write_out("hello world", 11);
    console_ring_drain(&d);
    assert_int_equal(printed_bytes, 11);
    assert_memory_equal(printed, "hello world", 11);
    assert_int_equal(ring.out_cons, ring.out_prod);
    assert_int_equal(events, 1);
    console_ring_drain(&d);
    assert_int_equal(printed_bytes, 11);
    assert_int_equal(events, 1);
}

static void console_prints_a_ring_full(void **state)
{
    char text[sizeof(ring.out)];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 7);
    ring.out_cons = ring.out_prod = 1234567;
    write_out(text, sizeof(text));
    console_ring_drain(&d);
    assert_int_equal(printed_bytes, sizeof(text));
    assert_memory_equal(printed, text, sizeof(text));
    assert_int_equal(turns, sizeof(text) / 128);
}

/* A piece ends where the log says, and nothing is lost or printed twice. */
static void console_prints_in_short_pieces(void **state)
{
    char text[sizeof(ring.out)];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 7);
    ring.out_cons = ring.out_prod = (XENCONS_RING_IDX)-1000;
    write_out(text, sizeof(text));
    piece_most = 5;
    console_ring_drain(&d);
    piece_most = SIZE_MAX;
    assert_int_equal(printed_bytes, sizeof(text));
    assert_memory_equal(printed, text, sizeof(text));
    assert_int_equal(turns, (sizeof(text) + 4) / 5);
}

static void console_with_mad_indexes(void **state)
{
    int i;

    (void)state;
    srand(1);
    for (i = 0; i < 10000; i++) {
        ring.out_cons = (uint32_t)rand() * 3u;
        ring.out_prod = (uint32_t)rand() * 5u;
        printed_bytes = 0;
        console_ring_drain(&d);
        assert_true(printed_bytes <= sizeof(ring.out));
        assert_int_equal(ring.out_cons, ring.out_prod);
        ring.in_cons = (uint32_t)rand() * 3u;
        ring.in_prod = (uint32_t)rand() * 5u;
        assert_true(console_ring_input(&d, "typed", 5) <= 5);
    }
}

static void console_input(void **state)
{
    char text[sizeof(ring.in) + 10];

    (void)state;
    memset(text, 'k', sizeof(text));
    ring.in_cons = ring.in_prod = UINT32_MAX - 1;
    assert_int_equal(console_ring_input(&d, "abc", 3), 3);
    assert_int_equal(ring.in_prod, 1);
    assert_int_equal(ring.in[1022], 'a');
    assert_int_equal(ring.in[1023], 'b');
    assert_int_equal(ring.in[0], 'c');
    assert_int_equal(events, 1);
    assert_int_equal(console_ring_input(&d, text, sizeof(text)), 1021);
    assert_int_equal(events, 2);
    assert_int_equal(console_ring_input(&d, "x", 1), 0);
    assert_int_equal(ring.in[0], 'c');
    assert_int_equal(events, 2);
    ring.in_cons = ring.in_prod + 1;    /* more taken than given */
    assert_int_equal(console_ring_input(&d, "x", 1), 0);
}

static void console_of_nobody(void **state)
{
    (void)state;
    d.console = NULL;
    console_ring_drain(&d);
    assert_int_equal(console_ring_input(&d, "x", 1), 0);
    assert_int_equal(events, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(console_prints, set_up),
        cmocka_unit_test_setup(console_prints_a_ring_full, set_up),
        cmocka_unit_test_setup(console_prints_in_short_pieces, set_up),
        cmocka_unit_test_setup(console_with_mad_indexes, set_up),
        cmocka_unit_test_setup(console_input, set_up),
        cmocka_unit_test_setup(console_of_nobody, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
