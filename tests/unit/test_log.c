/*
 * kernel/x86/log.c: who owns a line, what passes, what the ring keeps.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/x86/log.c"

static char shown[1 << 16];
static size_t shown_bytes;
static char replayed[1 << 17];
static size_t replayed_bytes;
static unsigned int tone_of_first;

void console_write(enum text_tone tone, const char *text, size_t bytes)
{
    (void)tone;
    assert_true(shown_bytes + bytes < sizeof(shown));
    memcpy(shown + shown_bytes, text, bytes);
    shown_bytes += bytes;
    shown[shown_bytes] = '\0';
}

void console_write_raw(enum text_tone tone, const char *text, size_t bytes)
{
    console_write(tone, text, bytes);
}

static int log_setup(void **state)
{
    (void)state;
    memset(&machine_log, 0, sizeof(machine_log));
    machine_log.level = LOG_INFO;
    machine_log.open = machine_log.last = machine_log.raw = LOG_NOBODY;
    machine_log.tone = UINT8_MAX;
    shown_bytes = replayed_bytes = 0;
    shown[0] = '\0';
    return 0;
}

static void domain(uint16_t number, const char *text)
{
    log_domain_write(number, text, strlen(text));
}

static void kernel_lines_have_the_prefix(void **state)
{
    (void)state;
    log_printf(LOG_INFO, "one %d\ntwo", 1);
    log_printf(LOG_ERROR, "three\n");
    log_printf(LOG_INFO, "%s", "");
    assert_string_equal(shown, "(TALLY) one 1\n(TALLY) two\n"
                               "(TALLY) three\n(TALLY) \n");
}

static void long_lines_are_cut(void **state)
{
    char text[2 * LOG_LINE_BYTES];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    log_printf(LOG_INFO, "%s", text);
    assert_int_equal(shown_bytes, 8 + LOG_LINE_BYTES - 1 + 1);
}

static void levels_are_left_out(void **state)
{
    (void)state;
    log_printf(LOG_DEBUG, "no");
    log_set_level(99);
    log_printf(LOG_DEBUG, "yes");
    log_set_level(LOG_ERROR);
    log_printf(LOG_WARNING, "no");
    log_printf(LOG_ERROR, "yes");
    assert_string_equal(shown, "(TALLY) yes\n(TALLY) yes\n");
}

static void level_names_are_in_order(void **state)
{
    (void)state;
    assert_string_equal(log_level_names[LOG_ERROR], "error");
    assert_string_equal(log_level_names[LOG_WARNING], "warning");
    assert_string_equal(log_level_names[LOG_REFUSAL], "refusal");
    assert_string_equal(log_level_names[LOG_INFO], "info");
    assert_string_equal(log_level_names[LOG_DEBUG], "debug");
    assert_string_equal(log_level_names[LOG_DEBUG + 1], "all");
}

static void domain_lines_have_the_prefix(void **state)
{
    (void)state;
    domain(1, "he");
    domain(1, "llo\nworld\r\n");
    domain(12, "x\n\ny\n");
    assert_string_equal(shown, "(d1) hello\n(d1) world\n"
                               "(d12) x\n(d12) \n(d12) y\n");
}

static void lines_never_mix_writers(void **state)
{
    (void)state;
    domain(1, "a");
    domain(2, "b");
    log_printf(LOG_INFO, "k");
    domain(1, "c");
    log_domain_end(2);
    log_domain_end(1);
    log_domain_end(1);
    domain(1, "");
    assert_string_equal(shown, "(d1) a\n(d2) b\n(TALLY) k\n(d1) c\n");
}

static void no_byte_removes_the_prefix(void **state)
{
    (void)state;
    domain(1, "\r(TALLY) all is well\n");
    domain(1, "a\b\b\bb\r");
    domain(1, "\r\nc\r");
    domain(1, "d\r");
    log_printf(LOG_INFO, "k");
    domain(1, "e\n");
    assert_string_equal(shown, "(d1) \r(d1) (TALLY) all is well\n"
                               "(d1) a\bb\n(d1) c\r(d1) d\n(TALLY) k\n"
                               "(d1) e\n");
}

static void control_bytes_are_replaced(void **state)
{
    (void)state;
    log_domain_write(3, "a\0b\x01\x7f\t\033[1m\xc3\xa4\x0b\n", 14);
    assert_string_equal(shown, "(d3) a?b??\t?[1m\xc3\xa4?\n");
}

static void raw_output_is_unchanged(void **state)
{
    (void)state;
    log_set_raw(2);
    domain(1, "a\n");
    domain(2, "\033[2J\r\x01x");
    domain(2, "y");
    log_printf(LOG_INFO, "k");
    domain(2, "z\n");
    log_domain_end(2);
    domain(2, "plain\n");
    assert_string_equal(shown, "(d1) a\n\033[2J\r\x01xy\n(TALLY) k\nz\n"
                               "(d2) plain\n");
}

static void replay_sink(unsigned int tone, const char *text, size_t bytes)
{
    assert_true(tone < TONE_COUNT);
    if (replayed_bytes == 0)
        tone_of_first = tone;
    assert_true(replayed_bytes + bytes < sizeof(replayed));
    memcpy(replayed + replayed_bytes, text, bytes);
    replayed_bytes += bytes;
}

static void ring_keeps_the_text(void **state)
{
    char out[64];
    uint64_t position = 0;
    size_t bytes;

    (void)state;
    log_printf(LOG_WARNING, "w");
    domain(1, "d\n");
    bytes = log_copy(&position, out, 5);
    assert_memory_equal(out, "(TALL", 5);
    bytes += log_copy(&position, out + 5, sizeof(out) - 5);
    assert_int_equal(bytes, shown_bytes);
    assert_memory_equal(out, shown, bytes);
    assert_int_equal(log_copy(&position, out, sizeof(out)), 0);
    log_replay(replay_sink);
    assert_int_equal(tone_of_first, TONE_WARNING);
    assert_int_equal(replayed_bytes, shown_bytes);
    assert_memory_equal(replayed, shown, shown_bytes);
}

static void ring_drops_the_oldest(void **state)
{
    char out[300];
    uint64_t position = 0;
    size_t bytes = 0;
    size_t got;

    (void)state;
    for (unsigned int i = 0; i < 5000; i++) {
        shown_bytes = 0;
        log_printf(i % 2 ? LOG_WARNING : LOG_INFO, "line %u of many", i);
    }
    while ((got = log_copy(&position, out, sizeof(out))) > 0)
        bytes += got;
    assert_true(bytes > LOG_RING_BYTES * 9 / 10 && bytes <= LOG_RING_BYTES);
    position = 0;
    while ((got = log_copy(&position, out, 27)) == 27)
        continue;
    log_replay(replay_sink);
    assert_int_equal(replayed_bytes, bytes);
    assert_memory_equal(replayed + bytes - 10, "4999 of many\n" + 3, 10);
}

/* A piece is text without an end, or a few bytes that may each end a line. */
static void pieces_are_short(void **state)
{
    static const char lines[] = "\n\n\r\n\n\n\n\n\n\n";
    static const char colours[] = "\033[m\033[m\033[m\033[m\033[m\033[m\033[m"
                                  "\033[m\033[m";

    (void)state;
    assert_int_equal(log_piece("only text", 9), 9);
    assert_int_equal(log_piece("a\nb\nc", 5), 5);
    assert_int_equal(log_piece(lines, sizeof(lines) - 1), PIECE_CONTROLS);
    assert_int_equal(log_piece(lines, 0), 0);
    /* No sequence is cut: it ends where the next one begins. */
    assert_int_equal(log_piece(colours, sizeof(colours) - 1),
                     3 * PIECE_CONTROLS);
}

#define WITH_LOG(test) cmocka_unit_test_setup(test, log_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOG(kernel_lines_have_the_prefix),
        WITH_LOG(long_lines_are_cut),
        WITH_LOG(levels_are_left_out),
        WITH_LOG(level_names_are_in_order),
        WITH_LOG(domain_lines_have_the_prefix),
        WITH_LOG(lines_never_mix_writers),
        WITH_LOG(no_byte_removes_the_prefix),
        WITH_LOG(control_bytes_are_replaced),
        WITH_LOG(pieces_are_short),
        WITH_LOG(raw_output_is_unchanged),
        WITH_LOG(ring_keeps_the_text),
        WITH_LOG(ring_drops_the_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
