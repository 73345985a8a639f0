#include "x86/console.h"

#include "x86/io.h"
#include "x86/keyboard.h"
#include "x86/log.h"
#include "x86/paging.h"
#include "x86/serial.h"
#include "x86/text_mode.h"
#include "x86/tsc.h"

/* TSC ticks between two drawings: 13 to 67 ms on anything from 1 to 5 GHz. */
#define REFRESH_TICKS    (1ull << 26)

/* How much console_draw() does at once: cells looked at, some 40 instructions
 * each; and how many of those it is to write one, or so many pixels. */
#define DRAW_WORK   100u
#define TEXT_WORK   8u
#define PIXELS_WORK 3u

/* Columns that text needs beside a pane. */
#define TEXT_COLUMNS_MIN 80u

#define TEXT_BYTES_MAX   0x8000u /* of VGA memory in text mode */

#define VGA_INDEX        0x3d4u
#define VGA_DATA         0x3d5u
#define VGA_CURSOR_START 0x0au
#define VGA_CURSOR_OFF   0x20u

const char *const console_sink_names[] = {"serial", "screen", NULL};

static struct {
    unsigned int sinks;
    enum screen_kind kind;
    uint64_t refreshed; /* TSC */
    volatile uint8_t *text_memory;
    uint32_t text_pitch; /* bytes */
    unsigned int pane_rows;
    unsigned int pane_column; /* the first one */
    bool paging;              /* a page of the log is shown */
    bool left;                /* console_draw() is called, nothing else */
    uint32_t place;           /* the cell that it goes on with; 0: none */
} console = {.sinks = CONSOLE_SERIAL | CONSOLE_SCREEN};

static struct console_screen offered;
static bool tried; /* console_init() was called */
static struct text_screen screen;
static struct framebuffer framebuffer;

/* A page of the log, and how many rows of text have scrolled out of it. */
static struct text_screen page_screen;
static uint32_t page_scrolled;
static uint32_t page_wanted;

void console_select(unsigned int sinks)
{
    console.sinks = sinks;
}

void console_early_init(uint32_t baud)
{
    serial_init(baud);
}

static void show(const struct text_screen *shown)
{
    if (console.kind == SCREEN_PIXELS)
        framebuffer_refresh(&framebuffer, shown);
    else if (console.kind == SCREEN_TEXT)
        text_mode_refresh(console.text_memory, console.text_pitch, shown);
}

void console_flush(void)
{
    if ((!screen.changed && console.place == 0) || console.paging)
        return;
    show(&screen);
    screen.changed = false;
    console.place = 0;
    console.refreshed = tsc_read();
}

/* Bring one cell up to date; the work that it was, in cells looked at. */
static uint32_t cell_show(uint32_t column, uint32_t row)
{
    struct text_cell cell = text_screen_cell(&screen, column, row);
    uint64_t before = framebuffer.cells_drawn;

    if (console.kind == SCREEN_TEXT) {
        text_mode_put(console.text_memory + (size_t)row * console.text_pitch,
                      column, cell);
        return TEXT_WORK;
    }
    framebuffer_cell(&framebuffer, cell, column, row);
    if (framebuffer.cells_drawn == before)
        return 1;
    return framebuffer.font->width * framebuffer.font->height / PIXELS_WORK;
}

bool console_draw(void)
{
    uint32_t cells = (uint32_t)screen.columns * screen.rows, work = 0;

    if (console.kind == SCREEN_NONE || console.paging)
        return false;
    if (console.place == 0) {
        if (!screen.changed)
            return false;
        screen.changed = false;
    }
    while (console.place < cells && work < DRAW_WORK) {
        work += cell_show(console.place % screen.columns,
                          console.place / screen.columns);
        console.place++;
    }
    if (console.place == cells)
        console.place = 0;
    return console.place != 0 || screen.changed;
}

void console_leave(void)
{
    console.left = true;
}

static void screen_write(enum text_tone tone, const char *text, size_t bytes)
{
    if (console.kind == SCREEN_NONE || !(console.sinks & CONSOLE_SCREEN))
        return;
    text_screen_write(&screen, tone, text, bytes);
    if (tone == TONE_ERROR)
        console.paging = false;
    if (console.left)
        return;
    if (tone == TONE_ERROR || tsc_read() - console.refreshed > REFRESH_TICKS)
        console_flush();
}

void console_write(enum text_tone tone, const char *text, size_t bytes)
{
    size_t from = 0;

    screen_write(tone, text, bytes);
    if (!(console.sinks & CONSOLE_SERIAL))
        return;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != '\n')
            continue;
        serial_write(text + from, i - from);
        serial_write("\r\n", 2);
        from = i + 1;
    }
    serial_write(text + from, bytes - from);
}

void console_write_raw(enum text_tone tone, const char *text, size_t bytes)
{
    screen_write(tone, text, bytes);
    if (console.sinks & CONSOLE_SERIAL)
        serial_write(text, bytes);
}

int console_read_byte(void)
{
    int byte = serial_read_byte();

    return byte >= 0 ? byte : keyboard_read_byte();
}

static const char *pixels_init(const struct console_screen *from)
{
    const struct pixel_format *format = &from->format;
    const char *problem = pixel_format_problem(format);
    void *memory;

    if (problem)
        return problem;
    memory = paging_map_device(
        from->paddr, (size_t)format->pitch * format->height, CACHE_WC);
    if (!memory)
        return "no memory to map it";
    framebuffer_init(&framebuffer, format, memory);
    if (from->pane_columns > 0 && framebuffer.rows >= from->pane_rows &&
        framebuffer.columns >= from->pane_columns + TEXT_COLUMNS_MIN) {
        console.pane_rows = framebuffer.rows;
        console.pane_column = framebuffer.columns - from->pane_columns;
    }
    text_screen_init(&screen,
                     console.pane_rows > 0 ? console.pane_column
                                           : framebuffer.columns,
                     framebuffer.rows);
    return NULL;
}

static const char *text_init(const struct console_screen *from)
{
    const struct pixel_format *format = &from->format;
    uint64_t bytes = (uint64_t)format->pitch * format->height;

    if (format->width == 0 || bytes == 0 || bytes > TEXT_BYTES_MAX ||
        format->pitch / 2 < format->width)
        return "text mode of an impossible size";
    console.text_memory = paging_map_device(from->paddr, bytes, CACHE_WC);
    if (!console.text_memory)
        return "no memory to map it";
    console.text_pitch = format->pitch;
    io_out8(VGA_INDEX, VGA_CURSOR_START);
    io_out8(VGA_DATA, VGA_CURSOR_OFF);
    text_screen_init(&screen, format->width, format->height);
    return NULL;
}

static void replay_write(unsigned int tone, const char *text, size_t bytes)
{
    text_screen_write(&screen, (enum text_tone)tone, text, bytes);
}

void console_offer(const struct console_screen *from)
{
    offered = *from;
}

void console_init(void)
{
    const struct console_screen *from = &offered;
    const char *problem = "the boot loader gave none";

    tried = true;
    if (!(console.sinks & CONSOLE_SCREEN))
        return;
    if (from->kind == SCREEN_PIXELS)
        problem = pixels_init(from);
    else if (from->kind == SCREEN_TEXT)
        problem = text_init(from);
    else if (from->kind == SCREEN_OTHER)
        problem = "neither RGB pixels nor VGA text";
    if (problem) {
        log_printf(LOG_INFO, "screen: not used: %s", problem);
        return;
    }
    console.kind = from->kind;
    log_replay(replay_write);
    log_printf(LOG_INFO, "screen: %ux%u %s of %u bits, %u columns, %u rows",
               (unsigned int)from->format.width,
               (unsigned int)from->format.height,
               from->kind == SCREEN_TEXT ? "characters" : "pixels",
               (unsigned int)from->format.bits, (unsigned int)screen.columns,
               (unsigned int)screen.rows);
    console_flush();
}

void console_last(void)
{
    if (!tried)
        console_init();
    console_flush();
}

unsigned int console_pane_rows(void)
{
    return console.pane_rows;
}

void console_pane_put(unsigned int column, unsigned int row,
                      struct text_cell cell)
{
    if (console.pane_rows > 0)
        framebuffer_cell(&framebuffer, cell, console.pane_column + column, row);
}

/* One byte of the log, until the wanted page has filled the screen. */
static void page_write(unsigned int tone, const char *text, size_t bytes)
{
    uint8_t top = page_screen.line[0];

    if (page_scrolled > page_wanted * (page_screen.rows - 1u))
        return;
    text_screen_write(&page_screen, (enum text_tone)tone, text, bytes);
    page_scrolled += page_screen.line[0] != top;
}

bool console_page(uint32_t page)
{
    bool more;

    if (console.kind == SCREEN_NONE)
        return false;
    console.paging = page != CONSOLE_PAGE_END;
    screen.changed = true;
    if (!console.paging) {
        console_flush();
        return false;
    }
    text_screen_init(&page_screen, screen.columns, screen.rows);
    page_scrolled = 0;
    page_wanted = page;
    log_replay(page_write);
    more = page_scrolled > page * (page_screen.rows - 1u);
    page_screen.cursor_shown = false;
    show(&page_screen);
    return more;
}
