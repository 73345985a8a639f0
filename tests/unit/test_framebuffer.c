/*
 * The screen: text_screen.c (bytes to cells), framebuffer.c (cells to
 * pixels) and text_mode.c (cells to VGA text).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/x86/framebuffer.c"
#include "kernel/x86/text_mode.c"

enum { COLUMNS = 20, ROWS = 5, FUZZ_BYTES = 400000 };

/* Four glyphs: ' ', '?', 'A' (a full block) and U+2588 (left half). */
static uint8_t bitmap_small[4 * 16];
static uint8_t bitmap_large[4 * 64];
static const struct font_code codes[] = {
    {' ', 0}, {'?', 1}, {'A', 2}, {0x2588, 3}};
const struct font font_8x16 = {8, 16, 4, 4, 1, bitmap_small, codes};
const struct font font_16x32 = {16, 32, 4, 4, 1, bitmap_large, codes};

static struct text_screen screen;
static struct framebuffer framebuffer;

static const struct pixel_format format_32 = {640, 80, 2600, 32, 16,
                                              8,   8,  8,    0,  8};

static void put(enum text_tone tone, const char *text)
{
    text_screen_write(&screen, tone, text, strlen(text));
}

/* The characters of a row, '#' for those outside ASCII. */
static const char *row_text(unsigned int row)
{
    static char text[TEXT_COLUMNS_MAX + 1];

    for (unsigned int i = 0; i < screen.columns; i++) {
        uint16_t code = text_screen_cell(&screen, i, row).code;

        text[i] = code < 0x80 ? (char)code : '#';
    }
    text[screen.columns] = '\0';
    for (unsigned int i = screen.columns; i > 0 && text[i - 1] == ' '; i--)
        text[i - 1] = '\0';
    return text;
}

static int screen_setup(void **state)
{
    (void)state;
    memset(&screen, 0xee, sizeof(screen));
    text_screen_init(&screen, COLUMNS, ROWS);
    memset(bitmap_small + 16, 0x81, 16);
    memset(bitmap_small + 32, 0xff, 16);
    memset(bitmap_small + 48, 0xf0, 16);
    memset(bitmap_large + 128, 0xff, 64);
    return 0;
}

static void text_wraps_and_scrolls(void **state)
{
    (void)state;
    put(TONE_DOMAIN, "one\ntwo\r\n12345678901234567890");
    assert_string_equal(row_text(0), "one");
    assert_string_equal(row_text(1), "two");
    assert_string_equal(row_text(2), "12345678901234567890");
    assert_int_equal(screen.cursor.row, 2); /* a full row does not wrap yet */
    put(TONE_DOMAIN, "x\ny\nz\n");
    assert_string_equal(row_text(0), "12345678901234567890");
    assert_string_equal(row_text(1), "x");
    assert_string_equal(row_text(3), "z");
    assert_string_equal(row_text(4), "");
}

static void the_kernels_lines_break_between_words(void **state)
{
    (void)state;
    put(TONE_KERNEL, "the frame of a table\n");
    put(TONE_REFUSAL, "refused by T2: frame 0x4401, as");
    put(TONE_REFUSAL, "ked L1\n");
    assert_string_equal(row_text(0), "the frame of a table");
    assert_string_equal(row_text(1), "refused by T2: frame");
    assert_string_equal(row_text(2), "0x4401, asked L1");
    put(TONE_REFUSAL, "123456 89012345678901234567\n");
    assert_string_equal(row_text(2), "123456 8901234567890");
    assert_string_equal(row_text(3), "1234567");
    put(TONE_REFUSAL, "123 567 901 345 7890123");
    assert_string_equal(row_text(2), "1234567");
    assert_string_equal(row_text(3), "123 567 901 345");
    assert_string_equal(row_text(4), "7890123");
    text_screen_init(&screen, COLUMNS, 1);
    put(TONE_KERNEL, "123 567 901 345 7890123");
    assert_string_equal(row_text(0), "123");
}

static void control_bytes_move_the_cursor(void **state)
{
    (void)state;
    put(TONE_KERNEL, "abc\rX\tY\b\bZ");
    assert_string_equal(row_text(0), "Xbc    ZY");
    put(TONE_KERNEL, "\r\b\bQ\a");
    assert_string_equal(row_text(0), "Qbc    ZY");
}

static void sequences_move_and_erase(void **state)
{
    (void)state;
    put(TONE_DOMAIN, "\033[2;3Hhere\033[4;1Hline\033[A\033[Cup");
    assert_string_equal(row_text(1), "  here");
    assert_string_equal(row_text(3), "line");
    assert_string_equal(row_text(2), "     up");
    put(TONE_DOMAIN, "\033[2;4H\033[K");
    assert_string_equal(row_text(1), "  h");
    put(TONE_DOMAIN, "\033[2J\033[H\033[5;20Hz");
    assert_string_equal(row_text(3), "");
    assert_string_equal(row_text(4), "                   z");
    put(TONE_DOMAIN, "\033[1;1Habcdef\033[1;2H\033[2P\033[@-");
    assert_string_equal(row_text(0), "a-def");
}

static void regions_scroll_alone(void **state)
{
    (void)state;
    put(TONE_DOMAIN, "a\nb\nc\nd\ne");
    put(TONE_DOMAIN, "\033[2;4r\033[4;1H\nf");
    assert_string_equal(row_text(0), "a");
    assert_string_equal(row_text(1), "c");
    assert_string_equal(row_text(3), "f");
    assert_string_equal(row_text(4), "e");
    put(TONE_DOMAIN, "\033[2;1H\033[L\033M");
    assert_string_equal(row_text(1), "");
    assert_string_equal(row_text(2), "");
    assert_string_equal(row_text(3), "c");
    put(TONE_KERNEL, "");
    assert_int_equal(screen.top, 0);
    assert_int_equal(screen.bottom, ROWS - 1);
}

static void colours_are_the_domains_own(void **state)
{
    struct text_cell cell;

    (void)state;
    put(TONE_DOMAIN, "\033[1;31;44mr\033[7mi\033[0mn\033[38;5;3;48;5;99mx"
                     "\033[38;2;1;2;3;4m.");
    cell = text_screen_cell(&screen, 0, 0);
    assert_int_equal(cell.ink, 9);
    assert_int_equal(cell.paper, 4);
    cell = text_screen_cell(&screen, 1, 0);
    assert_int_equal(cell.ink, 4);
    assert_int_equal(cell.paper, 9);
    cell = text_screen_cell(&screen, 2, 0);
    assert_int_equal(cell.ink, COLOUR_TONES + TONE_DOMAIN);
    assert_int_equal(cell.paper, COLOUR_PAPER);
    assert_int_equal(text_screen_cell(&screen, 3, 0).ink, 3);
    assert_int_equal(text_screen_cell(&screen, 3, 0).paper, COLOUR_PAPER);
    put(TONE_DOMAIN, "\033[30;40m\033[12"); /* black on black, unfinished */
    put(TONE_ERROR, "3m");
    cell = text_screen_cell(&screen, 5, 0);
    assert_int_equal(cell.code, '3');
    assert_int_equal(cell.ink, COLOUR_TONES + TONE_ERROR);
    assert_int_equal(cell.paper, COLOUR_PAPER);
    put(TONE_DOMAIN, "d");
    assert_int_equal(text_screen_cell(&screen, 7, 0).ink,
                     COLOUR_TONES + TONE_DOMAIN);
}

static void strings_are_swallowed_up_to_their_end(void **state)
{
    (void)state;
    put(TONE_DOMAIN, "\033]0;title\aA\033Pdata\033\\B\033(0C\033]no end\nD");
    assert_string_equal(row_text(0), "ABC");
    assert_string_equal(row_text(1), "D");
}

static void utf8_is_decoded_strictly(void **state)
{
    static const uint16_t wanted[] = {0xe4,   0x2588, 0xfffd, 0xfffd, 'a',
                                      0xfffd, 0xfffd, 0xfffd, 'b'};

    (void)state;
    /* An o too long, a lone tail, a cut sequence, beyond 16 bits, 0xff. */
    put(TONE_DOMAIN, "\xc3\xa4\xe2\x96\x88\xe0\x80\xaf\xc3"
                     "a\x80\xf0\x9f\x98\x80\xff"
                     "b");
    for (unsigned int i = 0; i < 9; i++)
        assert_int_equal(text_screen_cell(&screen, i, 0).code, wanted[i]);
}

static void cursor_is_shown_reversed(void **state)
{
    (void)state;
    put(TONE_KERNEL, "A");
    assert_int_equal(text_screen_cell(&screen, 1, 0).paper,
                     COLOUR_TONES + TONE_KERNEL);
    put(TONE_DOMAIN, "\033[?25l");
    assert_int_equal(text_screen_cell(&screen, 1, 0).paper, COLOUR_PAPER);
}

static void any_bytes_are_survived(void **state)
{
    static const char likely[] = "\033\033\033[[;;?0123456789HJKmrLMPST@ABCD"
                                 "GdXsu]\a\n\r\t\b78cM\xc3\xe2\x96";
    uint32_t random = 12345;

    (void)state;
    for (unsigned int i = 0; i < FUZZ_BYTES; i++) {
        char byte;

        random = random * 1664525u + 1013904223u;
        byte = random >> 31 ? (char)(random >> 16)
                            : likely[(random >> 16) % sizeof(likely)];
        text_screen_write(&screen, random >> 10 & 63 ? TONE_DOMAIN : TONE_LABEL,
                          &byte, 1);
        assert_true(screen.cursor.row < ROWS);
        assert_true(screen.cursor.column <= COLUMNS);
        assert_true(screen.top < screen.bottom && screen.bottom < ROWS);
    }
    text_screen_init(&screen, 1, 1);
    for (unsigned int i = 0; i < FUZZ_BYTES; i++) {
        char byte;

        random = random * 1664525u + 1013904223u;
        byte = likely[(random >> 16) % sizeof(likely)];
        text_screen_write(&screen, TONE_DOMAIN, &byte, 1);
    }
    text_screen_init(&screen, 5000, 5000);
    assert_int_equal(screen.columns, TEXT_COLUMNS_MAX);
    assert_int_equal(screen.rows, TEXT_ROWS_MAX);
}

static void formats_are_checked(void **state)
{
    struct pixel_format format = format_32;

    (void)state;
    assert_null(pixel_format_problem(&format));
    format.bits = 1;
    assert_non_null(pixel_format_problem(&format));
    format.bits = 8;
    assert_non_null(pixel_format_problem(&format));
    format = format_32;
    format.pitch = 640 * 4 - 1;
    assert_non_null(pixel_format_problem(&format));
    format = format_32;
    format.red_position = 25;
    assert_non_null(pixel_format_problem(&format));
    format = format_32;
    format.blue_size = 0;
    assert_non_null(pixel_format_problem(&format));
    format = format_32;
    format.height = 15;
    assert_non_null(pixel_format_problem(&format));
    format = format_32;
    format.pitch = UINT32_MAX;
    format.height = UINT32_MAX;
    assert_non_null(pixel_format_problem(&format));
}

static void pixels_are_packed_by_field(void **state)
{
    const struct pixel_format rgb565 = {8, 16, 16, 16, 11, 5, 5, 6, 0, 5};
    const struct pixel_format bgr24 = {8, 16, 24, 24, 0, 8, 8, 8, 16, 8};

    (void)state;
    assert_int_equal(pixel_pack(&format_32, 0x123456), 0x123456);
    assert_int_equal(pixel_pack(&bgr24, 0x123456), 0x563412);
    assert_int_equal(pixel_pack(&rgb565, 0xff0000), 0xf800);
    assert_int_equal(pixel_pack(&rgb565, 0x00ff00), 0x07e0);
    assert_int_equal(pixel_pack(&rgb565, 0x0000ff), 0x001f);
}

static uint32_t pixel_at(const uint8_t *memory,
                         const struct pixel_format *format, unsigned int x,
                         unsigned int y)
{
    unsigned int bytes = (format->bits + 7u) / 8;
    uint32_t pixel = 0;

    memcpy(&pixel, memory + y * format->pitch + x * bytes, bytes);
    return pixel;
}

/* Draw "A" and a half block, and look at every pixel and every margin. */
static void check_drawing(struct pixel_format format)
{
    size_t bytes = (size_t)format.pitch * format.height;
    size_t row_bytes = (size_t)format.width * ((format.bits + 7u) / 8);
    uint8_t *memory = malloc(bytes); /* the sanitizer watches its ends */
    uint32_t ink, paper;

    assert_non_null(memory);
    assert_null(pixel_format_problem(&format));
    memset(memory, 0x5a, bytes);
    framebuffer_init(&framebuffer, &format, memory);
    text_screen_init(&screen, framebuffer.columns, framebuffer.rows);
    put(TONE_DOMAIN, "\033[?25lA\xe2\x96\x88");
    framebuffer_refresh(&framebuffer, &screen);
    ink = framebuffer.colour[COLOUR_TONES + TONE_DOMAIN];
    paper = framebuffer.colour[COLOUR_PAPER];
    assert_int_not_equal(ink, paper);
    for (unsigned int y = 0; y < format.height; y++) {
        for (unsigned int x = 0; x < format.width; x++) {
            uint32_t wanted = y < 16 && x < 12 ? ink : paper;

            assert_int_equal(pixel_at(memory, &format, x, y), wanted);
        }
        for (size_t i = row_bytes; i < format.pitch; i++)
            assert_int_equal(memory[y * format.pitch + i], 0x5a);
    }
    free(memory);
}

static void all_depths_are_drawn(void **state)
{
    struct pixel_format format = format_32;

    (void)state;
    check_drawing(format);
    format.pitch = 2561; /* no alignment at all */
    check_drawing(format);
    format.bits = 24;
    format.pitch = 1927;
    check_drawing(format);
    format = (struct pixel_format){643, 85, 1300, 16, 11, 5, 5, 6, 0, 5};
    check_drawing(format);
    format = (struct pixel_format){643, 85, 1286, 15, 10, 5, 5, 5, 0, 5};
    check_drawing(format);
}

static void only_changed_cells_are_drawn(void **state)
{
    uint8_t *memory = calloc(format_32.height, format_32.pitch);
    uint64_t before;

    (void)state;
    assert_non_null(memory);
    framebuffer_init(&framebuffer, &format_32, memory);
    assert_int_equal(framebuffer.columns, 80);
    assert_int_equal(framebuffer.rows, 5);
    text_screen_init(&screen, framebuffer.columns, framebuffer.rows);
    put(TONE_DOMAIN, "\033[?25lAAAA\nAA\n");
    framebuffer_refresh(&framebuffer, &screen);
    before = framebuffer.cells_drawn;
    framebuffer_refresh(&framebuffer, &screen);
    assert_int_equal(framebuffer.cells_drawn, before);
    put(TONE_DOMAIN, "A");
    framebuffer_refresh(&framebuffer, &screen);
    assert_int_equal(framebuffer.cells_drawn, before + 1);
    put(TONE_DOMAIN, "\033[S"); /* scrolled: 4 A over 2, 2 over 1 */
    before = framebuffer.cells_drawn;
    framebuffer_refresh(&framebuffer, &screen);
    assert_int_equal(framebuffer.cells_drawn, before + 2 + 1 + 1);
    free(memory);
}

static void wide_screens_get_the_large_font(void **state)
{
    struct pixel_format format = format_32;
    uint8_t *memory = calloc(70, 1920 * 4);

    (void)state;
    assert_non_null(memory);
    format.width = 1920;
    format.height = 70;
    format.pitch = 1920 * 4;
    framebuffer_init(&framebuffer, &format, memory);
    assert_int_equal(framebuffer.columns, 120);
    assert_int_equal(framebuffer.rows, 2);
    text_screen_init(&screen, 120, 2);
    put(TONE_ERROR, "A");
    framebuffer_refresh(&framebuffer, &screen);
    assert_int_equal(pixel_at(memory, &format, 15, 31),
                     framebuffer.colour[COLOUR_TONES + TONE_ERROR]);
    free(memory);
}

static void unknown_characters_are_question_marks(void **state)
{
    (void)state;
    assert_ptr_equal(font_glyph(&font_8x16, 0x1234), bitmap_small + 16);
    assert_ptr_equal(font_glyph(&font_8x16, 0x2588), bitmap_small + 48);
    assert_ptr_equal(font_glyph(&font_8x16, 0), bitmap_small + 16);
    assert_ptr_equal(font_glyph(&font_8x16, 0xffff), bitmap_small + 16);
}

static void vga_text_has_its_own_colours(void **state)
{
    uint8_t memory[ROWS * (COLUMNS * 2 + 3)];

    (void)state;
    memset(memory, 0x5a, sizeof(memory));
    put(TONE_DOMAIN, "\033[?25l\033[31;44mA\xe2\x94\x80\xe4\xbd\xa0");
    text_mode_refresh(memory, COLUMNS * 2 + 3, &screen);
    assert_int_equal(memory[0], 'A');
    assert_int_equal(memory[1], 0x14); /* red on blue */
    assert_int_equal(memory[2], 0xc4);
    assert_int_equal(memory[4], '?');
    assert_int_equal(memory[6], ' ');
    assert_int_equal(memory[COLUMNS * 2], 0x5a);
    assert_int_equal(memory[sizeof(memory) - 1], 0x5a);
}

#define WITH_SCREEN(test) cmocka_unit_test_setup(test, screen_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCREEN(text_wraps_and_scrolls),
        WITH_SCREEN(the_kernels_lines_break_between_words),
        WITH_SCREEN(control_bytes_move_the_cursor),
        WITH_SCREEN(sequences_move_and_erase),
        WITH_SCREEN(regions_scroll_alone),
        WITH_SCREEN(colours_are_the_domains_own),
        WITH_SCREEN(strings_are_swallowed_up_to_their_end),
        WITH_SCREEN(utf8_is_decoded_strictly),
        WITH_SCREEN(cursor_is_shown_reversed),
        WITH_SCREEN(any_bytes_are_survived),
        WITH_SCREEN(formats_are_checked),
        WITH_SCREEN(pixels_are_packed_by_field),
        WITH_SCREEN(all_depths_are_drawn),
        WITH_SCREEN(only_changed_cells_are_drawn),
        WITH_SCREEN(wide_screens_get_the_large_font),
        WITH_SCREEN(unknown_characters_are_question_marks),
        WITH_SCREEN(vga_text_has_its_own_colours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
