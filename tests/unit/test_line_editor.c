/*
 * kernel/inspect/line_editor.c: the keys of the kernel prompt.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/inspect/line_editor.c"

enum { FUZZ_BYTES = 500000 };

static struct line_editor e;

static int set_up(void **state)
{
    (void)state;
    memset(&e, 0xee, sizeof(e));
    line_editor_init(&e);
    return 0;
}

/* Type; returns what the last byte did. */
static enum line_event type(const char *keys)
{
    enum line_event event = LINE_NOTHING;

    for (; *keys != '\0'; keys++)
        event = line_editor_take(&e, *keys);
    return event;
}

static void check(const char *text, uint32_t cursor)
{
    assert_string_equal(e.text, text);
    assert_int_equal(e.length, strlen(text));
    assert_int_equal(e.cursor, cursor);
}

static void enter(const char *text)
{
    assert_int_equal(type(text), LINE_CHANGED);
    assert_int_equal(type("\r"), LINE_ENTERED);
    line_editor_next(&e);
}

static void letters_are_put_in_where_the_cursor_is(void **state)
{
    (void)state;
    assert_int_equal(type("frmes"), LINE_CHANGED);
    type("\002\002\002a");
    check("frames", 3);
    type("\033[D\033[D\033[C-");
    check("fr-ames", 3);
    type("\001>\005<");
    check(">fr-ames<", 9);
    type("\033[H1\033OF2\033[1~3\033[4~4");
    check("31>fr-ames<24", 13);
}

static void keys_take_away(void **state)
{
    (void)state;
    type("walk one two\177");
    check("walk one tw", 11);
    type("\027");
    check("walk one ", 9);
    type("\027");
    check("walk ", 5);
    type("\031\031");
    check("walk one one ", 13);
    type("\001\004\033[3~");
    check("lk one one ", 0);
    type("\006\006\013");
    check("lk", 2);
    type("\025");
    check("", 0);
    assert_int_equal(type("\177"), LINE_NOTHING);
    assert_int_equal(type("\013"), LINE_NOTHING);
    assert_int_equal(type("\027"), LINE_NOTHING);
    type("\031");
    check("lk", 2);
}

static void lines_come_back(void **state)
{
    (void)state;
    enter("one");
    enter("two");
    enter("two");
    assert_int_equal(type("\r"), LINE_ENTERED);
    line_editor_next(&e);
    type("new\033[A");
    check("two", 3);
    type("\020");
    check("one", 3);
    assert_int_equal(type("\033[A"), LINE_NOTHING);
    type("\016");
    check("two", 3);
    type("\033[B");
    check("new", 3);
    assert_int_equal(type("\033[B"), LINE_NOTHING);
}

static void the_oldest_lines_are_forgotten(void **state)
{
    char text[4] = "a1";
    unsigned int i;

    (void)state;
    for (i = 0; i < LINE_HISTORY + 5; i++) {
        text[0] = (char)('a' + i);
        enter(text);
    }
    for (i = 0; i < LINE_HISTORY; i++)
        assert_int_equal(type("\033[A"), LINE_CHANGED);
    check("f1", 2);
    assert_int_equal(type("\033[A"), LINE_NOTHING);
}

static void one_enter_is_one_line(void **state)
{
    (void)state;
    assert_int_equal(type("x\r"), LINE_ENTERED);
    assert_int_equal(type("\n"), LINE_NOTHING);
    assert_int_equal(type("\n"), LINE_ENTERED);
    assert_int_equal(type("\003"), LINE_CANCELLED);
    assert_int_equal(type("\t"), LINE_TAB);
    assert_int_equal(type("\014"), LINE_CLEAR);
    line_editor_next(&e);
    assert_int_equal(type("\004"), LINE_CANCELLED);
}

static void a_line_has_an_end(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < LINE_BYTES + 50; i++)
        type("x");
    assert_int_equal(e.length, LINE_BYTES - 1);
    type("\025\031\031");
    assert_int_equal(e.length, LINE_BYTES - 1);
}

static void draw(uint32_t columns, const char *wanted)
{
    char out[LINE_DRAW_BYTES];
    size_t n = line_editor_draw(&e, "> ", columns, out);

    assert_int_equal(n, strlen(out));
    assert_string_equal(out, wanted);
}

static void the_line_is_drawn_in_one_row(void **state)
{
    (void)state;
    draw(80, "\r\033[0;1;36m> \033[0m\033[K\r\033[2C");
    type("list\002");
    draw(80, "\r\033[0;1;36m> \033[0mlist\033[K\r\033[5C");
    type("\005 of all domains");
    /* Seven columns: two for the prompt, one for the cursor. */
    draw(7, "\r\033[0;1;36m> \033[0mains\033[K\r\033[6C");
    type("\001");
    draw(7, "\r\033[0;1;36m> \033[0mlist\033[K\r\033[2C");
    draw(0, "\r\033[0;1;36m> \033[0ml\033[K\r\033[2C");
}

static void any_bytes_are_survived(void **state)
{
    static const char likely[] = "\033\033\033[[O0123~ABCDHF\001\002\004\005"
                                 "\006\010\013\016\020\025\027\031\177ab \r\n";
    char out[LINE_DRAW_BYTES];
    uint32_t random = 1;

    (void)state;
    for (unsigned int i = 0; i < FUZZ_BYTES; i++) {
        char byte;

        random = random * 1664525u + 1013904223u;
        byte = random >> 30 ? likely[(random >> 16) % sizeof(likely)]
                            : (char)(random >> 16);
        if (line_editor_take(&e, byte) == LINE_ENTERED)
            line_editor_next(&e);
        assert_true(e.length < LINE_BYTES);
        assert_true(e.cursor <= e.length);
        assert_int_equal(e.length, strlen(e.text));
        if (i % 64 == 0)
            line_editor_draw(&e, "tally> ", random % 100, out);
    }
}

#define TEST(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(letters_are_put_in_where_the_cursor_is),
        TEST(keys_take_away),
        TEST(lines_come_back),
        TEST(the_oldest_lines_are_forgotten),
        TEST(one_enter_is_one_line),
        TEST(a_line_has_an_end),
        TEST(the_line_is_drawn_in_one_row),
        TEST(any_bytes_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
