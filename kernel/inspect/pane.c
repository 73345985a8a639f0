#include "inspect/pane.h"

#include "domain/schedule.h"
#include "inspect/sample.h"
#include "x86/console.h"
#include "x86/tsc.h"

/* Ten pictures a second. */
#define DRAW_NS UINT64_C(100000000)
/* Cells that are drawn between two looks at the interrupts. */
#define CELLS_AT_ONCE 2u
/* From the border to the picture. */
#define MARGIN (PANE_COLUMNS - PICTURE_COLUMNS)
#define BORDER_INK 8u

static struct canvas canvas;
static uint64_t drawn_ns;
static bool off;

static void draw_border(uint32_t rows)
{
    const struct text_cell line = {0x2502, BORDER_INK, COLOUR_PAPER};
    uint32_t y;

    for (y = 0; y < rows; y++)
        canvas.cell[y][0] = line;
}

static void show(uint32_t rows)
{
    uint32_t x, y;

    for (y = 0; y < rows; y++)
        for (x = 0; x < canvas.columns; x++) {
            console_pane_put(x, y, canvas.cell[y][x]);
            if (x % CELLS_AT_ONCE == 0)
                schedule_window();
        }
}

/* The open superpage takes what it needs, the map the rest above it. */
static void draw(uint32_t rows)
{
    struct picture p = sample_picture();
    uint32_t open = EXTENT_FRAMES / 32 + 4, used, tables;

    schedule_window();
    canvas_clear(&canvas, PANE_COLUMNS, rows);
    draw_border(rows);
    schedule_window();
    tables = rows > 40 ? (rows - 40) / 2 : 0;
    used = picture_draw_map(&p, &canvas, MARGIN, 0, rows - open - tables);
    schedule_window();
    picture_draw_open(&p, &canvas, MARGIN, used + 1, rows - used - 1);
    schedule_window();
    show(rows);
}

void pane_serve(void)
{
    uint64_t now = tsc_now_ns();
    uint32_t rows = console_pane_rows();

    if (rows == 0 || off)
        return;
    sample_some();
    if (now - drawn_ns < DRAW_NS)
        return;
    drawn_ns = now;
    draw(rows);
}

bool pane_set(bool on)
{
    uint32_t rows = console_pane_rows();

    off = !on;
    if (off && rows > 0) {
        canvas_clear(&canvas, PANE_COLUMNS, rows);
        show(rows);
    }
    return rows > 0;
}
