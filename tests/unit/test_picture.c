/*
 * kernel/inspect/picture.c: memory as characters.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/inspect/picture.c"

enum { CELLS = 4096 };

static uint8_t cells[CELLS];
static struct picture_span spans[2];
static struct frame frames[EXTENT_FRAMES];
static struct picture picture;
static struct canvas canvas;

static int set_up(void **state)
{
    (void)state;
    memset(cells, CELL_FREE, sizeof(cells));
    memset(frames, 0, sizeof(frames));
    spans[0] = (struct picture_span){0, 256};
    spans[1] = (struct picture_span){2048, CELLS - 256};
    picture = (struct picture){.cells = cells,
                               .count = 256,
                               .extents_a_cell = 1,
                               .spans = spans,
                               .span_count = 2,
                               .open = EXTENT_NONE};
    canvas_clear(&canvas, 80, 50);
    return 0;
}

/* The characters of a row, '#' for those outside ASCII. */
static const char *row_text(uint32_t row)
{
    static char text[CANVAS_COLUMNS + 1];
    uint32_t x;

    for (x = 0; x < canvas.columns; x++) {
        uint16_t code = canvas.cell[row][x].code;

        text[x] = code < 0x80 ? (char)code : '#';
    }
    while (x > 0 && text[x - 1] == ' ')
        x--;
    text[x] = '\0';
    return text;
}

static void rows_that_are_alike_are_one_line(void **state)
{
    (void)state;
    cells[0] = cells[1] = CELL_KERNEL;
    cells[34] = cell_owner(1) | CELL_USED | CELL_TABLES;
    cells[35] = cell_owner(1) | CELL_USED | CELL_TABLES | CELL_PINNED;
    cells[36] = cell_owner(1) | CELL_USED | CELL_SEGMENTS;
    assert_int_equal(picture_draw_map(&picture, &canvas, 0, 0, 20), 10);
    assert_string_equal(row_text(1), "    0M kk##############################");
    assert_string_equal(row_text(2), "   64M ##tPd###########################");
    assert_string_equal(row_text(3), "  128M ... 384 MiB free ...");
    assert_int_equal(canvas.cell[2][9].paper, 10);
    assert_int_equal(canvas.cell[2][7].paper, COLOUR_PAPER);
}

static void a_cell_stands_for_several_when_it_must(void **state)
{
    uint32_t i, rows;

    (void)state;
    picture.count = CELLS;
    for (i = 0; i < CELLS; i += 40)     /* no row is like the next */
        cells[i] = cell_owner(2) | CELL_USED;
    cells[100] = cell_owner(3) | CELL_TABLES;
    rows = picture_draw_map(&picture, &canvas, 0, 0, 40);
    assert_true(rows <= 40);
    assert_non_null(strstr(row_text(0), "8 MiB a cell"));
    assert_int_equal(canvas.cell[1][7 + 25].code, 't');
    assert_string_equal(row_text(rows + 1), "");
}

static void addresses_skip_the_holes(void **state)
{
    (void)state;
    assert_int_equal(picture_extent(&picture, 255), 255);
    assert_int_equal(picture_extent(&picture, 256), 2048);
    assert_int_equal(picture_extent(&picture, CELLS), EXTENT_NONE);
    picture.count = 512;
    cells[255] = cells[256] = CELL_KERNEL;
    picture_draw_map(&picture, &canvas, 0, 0, 40);
    assert_memory_equal(row_text(3), " 4096M k", 8);
}

static void any_room_is_enough(void **state)
{
    uint32_t rows;

    (void)state;
    picture.count = CELLS;
    picture.open = 4;
    picture.frames = frames;
    picture.open_name = "a domain with a long name of no use";
    for (rows = 0; rows < 60; rows++) {
        canvas_clear(&canvas, 80, rows);
        assert_true(picture_draw_map(&picture, &canvas, 0, 0, rows) <= rows);
        canvas_clear(&canvas, 30, 60);
        assert_true(picture_draw_open(&picture, &canvas, 0, 0, rows) <= rows);
    }
    picture.count = 0;
    assert_true(picture_draw_map(&picture, &canvas, 0, 0, 40) <= 40);
}

static void frames_have_letters_and_counts(void **state)
{
    (void)state;
    frames[0] = (struct frame){
        .type = FRAME_L4, .types = 2, .refs = 3, .pinned = 1, .allocated = 1};
    frames[1] =
        (struct frame){.type = FRAME_L1, .types = 1, .refs = 1, .allocated = 1};
    frames[2] = (struct frame){
        .type = FRAME_WRITABLE, .types = 1, .refs = 1, .allocated = 1};
    frames[3] = (struct frame){
        .type = FRAME_WRITABLE, .types = 2, .refs = 2, .allocated = 1};
    frames[4] = (struct frame){.type = FRAME_L2, .refs = 1, .allocated = 1};
    frames[5] = (struct frame){.allocated = 1};
    frames[33] = (struct frame){
        .type = FRAME_SEG, .types = 1, .refs = 1, .allocated = 1};
    picture.open = 4;
    picture.open_owner = 7;
    picture.open_name = "hello";
    picture.frames = frames;
    assert_int_equal(picture_draw_open(&picture, &canvas, 0, 0, 30), 21);
    assert_string_equal(row_text(0), "superpage 0x4 of d7 hello");
    assert_string_equal(row_text(1), "   800 41wWr#");
    assert_string_equal(row_text(2), "   820  d");
    assert_string_equal(row_text(17), "1 1  2 0  3 0  4 1  d 1  pinned 1");
    assert_string_equal(row_text(18), "w 2  r 1  W mapped more than once");
    assert_string_equal(row_text(19), "4 0x800  L4  types 2  refs 3  pinned");
    assert_string_equal(row_text(20), "1 0x801  L1  types 1  refs 1");
    assert_int_equal(canvas.cell[1][7].paper, 9);
}

static void extents_become_cells(void **state)
{
    struct superpage s = {.frames = frames, .owner = OWNER_NONE};

    (void)state;
    assert_int_equal(cell_of_frames(&s, 0, EXTENT_FRAMES), CELL_FREE);
    s.owner = OWNER_KERNEL;
    assert_int_equal(cell_of_frames(&s, 0, EXTENT_FRAMES), CELL_KERNEL);
    s.owner = 1;
    assert_int_equal(cell_of_frames(&s, 0, EXTENT_FRAMES), CELL_DOMAIN);
    frames[9].type = FRAME_L3;          /* sticky: it is no table now */
    frames[9].refs = 1;
    assert_int_equal(cell_of_frames(&s, 0, EXTENT_FRAMES),
                     CELL_DOMAIN | CELL_USED);
    frames[9].types = 1;
    frames[9].pinned = 1;
    assert_int_equal(cell_of_frames(&s, 0, EXTENT_FRAMES),
                     CELL_DOMAIN | CELL_USED | CELL_TABLES | CELL_PINNED);
    s.owner = 1 + PICTURE_HUES;         /* the colours begin again */
    assert_int_equal(cell_of_frames(&s, 0, EXTENT_FRAMES) & CELL_OWNER,
                     CELL_DOMAIN);
    assert_int_equal(cell_merge(CELL_FREE, CELL_KERNEL), CELL_KERNEL);
    assert_int_equal(cell_merge(cell_owner(2), CELL_KERNEL), cell_owner(2));
    assert_int_equal(
        cell_merge(CELL_DOMAIN | CELL_USED, CELL_DOMAIN | CELL_PINNED),
        CELL_DOMAIN | CELL_USED | CELL_PINNED);
}

static void rows_become_escape_sequences(void **state)
{
    char text[CANVAS_TEXT_BYTES];
    size_t n;
    uint32_t x;

    (void)state;
    canvas.cell[0][0] = (struct text_cell){'a', 2, COLOUR_PAPER};
    canvas.cell[0][1] = (struct text_cell){'b', 2, COLOUR_PAPER};
    canvas.cell[0][2] = (struct text_cell){0xb7, 0, 12};
    canvas.cell[0][3] = (struct text_cell){0x2502, 8, COLOUR_PAPER};
    n = canvas_row_text(&canvas, 0, text);
    assert_string_equal(text, "\033[0;32mab\033[0;30;104m\xc2\xb7"
                              "\033[0;90m\xe2\x94\x82\033[0m\n");
    assert_int_equal(n, strlen(text));
    canvas_row_text(&canvas, 1, text);
    assert_string_equal(text, "\033[0m\n");
    for (x = 0; x < CANVAS_COLUMNS; x++)        /* the longest row */
        canvas.cell[2][x] = (struct text_cell){0x2502, 8 + x % 2, 14};
    assert_true(canvas_row_text(&canvas, 2, text) < CANVAS_TEXT_BYTES);
}

#define TEST(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_that_are_alike_are_one_line),
        TEST(a_cell_stands_for_several_when_it_must),
        TEST(addresses_skip_the_holes),
        TEST(any_room_is_enough),
        TEST(frames_have_letters_and_counts),
        TEST(extents_become_cells),
        TEST(rows_become_escape_sequences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
