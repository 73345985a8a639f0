#include "x86/framebuffer.h"

#include <stddef.h>

#define LARGE_FONT_WIDTH 1920u /* pixels from which it is used */
#define FORMAT_BYTES_MAX (1ull << 30)

/* 0xrrggbb by colour number: VT100's sixteen, the tones, the paper. */
static const uint32_t palette[COLOUR_COUNT] = {
    0x1b2028,
    0xd9576a,
    0x6fbf73,
    0xd9a94f,
    0x5c94e0,
    0xb583d6,
    0x56b6c2,
    0xc5ccd6,
    0x6b7685,
    0xff7b8a,
    0x98e09c,
    0xffd479,
    0x8bb8ff,
    0xd9aef5,
    0x86dfe8,
    0xffffff,
    [COLOUR_TONES + TONE_KERNEL] = 0x7cc7ff,
    [COLOUR_TONES + TONE_ERROR] = 0xff6464,
    [COLOUR_TONES + TONE_WARNING] = 0xffcc55,
    [COLOUR_TONES + TONE_REFUSAL] = 0xff9e3d,
    [COLOUR_TONES + TONE_DEBUG] = 0x74808f,
    [COLOUR_TONES + TONE_LABEL] = 0x6fbf73,
    [COLOUR_TONES + TONE_DOMAIN] = 0xd6dce5,
    [COLOUR_PAPER] = 0x0e1218,
};

static bool field_ok(const struct pixel_format *format, uint8_t position,
                     uint8_t size)
{
    return size >= 1 && size <= 8 && position + size <= format->bits;
}

/* Bytes of a pixel. */
static uint32_t pixel_bytes(const struct pixel_format *format)
{
    return (format->bits + 7u) / 8u;
}

const char *pixel_format_problem(const struct pixel_format *format)
{
    uint8_t bits = format->bits;

    if (bits != 15 && bits != 16 && bits != 24 && bits != 32)
        return "not 15, 16, 24 or 32 bits per pixel";
    if (!field_ok(format, format->red_position, format->red_size) ||
        !field_ok(format, format->green_position, format->green_size) ||
        !field_ok(format, format->blue_position, format->blue_size))
        return "colour fields outside the pixel";
    if (format->width < font_8x16.width || format->height < font_8x16.height)
        return "smaller than one character";
    if ((uint64_t)format->width * pixel_bytes(format) > format->pitch)
        return "rows longer than the pitch";
    if ((uint64_t)format->pitch * format->height > FORMAT_BYTES_MAX)
        return "larger than 1 GiB";
    return NULL;
}

static uint32_t field_pack(uint32_t value, uint8_t position, uint8_t size)
{
    return (value & 0xff) >> (8 - size) << position;
}

uint32_t pixel_pack(const struct pixel_format *format, uint32_t rgb)
{
    return field_pack(rgb >> 16, format->red_position, format->red_size) |
           field_pack(rgb >> 8, format->green_position, format->green_size) |
           field_pack(rgb, format->blue_position, format->blue_size);
}

/* Store one pixel of 2 or 3 bytes, lowest byte first. */
static void pixel_store(volatile uint8_t *at, uint32_t pixel, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(pixel >> (8 * i));
}

/* Draw count pixels: ink where a bit of the mask (highest first) is set. */
static void run_draw(volatile uint8_t *at, uint32_t mask, uint32_t count,
                     const uint32_t pixel[3])
{
    uint32_t bytes = pixel[2];

    if (bytes == 4 && ((uintptr_t)at & 3) == 0) {
        volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)at;

        for (uint32_t i = 0; i < count; i++, mask <<= 1)
            word[i] = pixel[mask >> 31];
        return;
    }
    for (uint32_t i = 0; i < count; i++, mask <<= 1)
        pixel_store(at + i * bytes, pixel[mask >> 31], bytes);
}

static void cell_draw(struct framebuffer *fb, struct text_cell cell,
                      uint32_t column, uint32_t row)
{
    const struct font *font = fb->font;
    const uint8_t *glyph = font_glyph(font, cell.code);
    uint32_t glyph_pitch = (font->width + 7u) / 8u;
    uint32_t bytes = pixel_bytes(&fb->format);
    uint32_t pixel[3] = {
        fb->colour[cell.paper],
        fb->colour[cell.ink],
        bytes,
    };
    volatile uint8_t *at = fb->memory +
                           (size_t)row * font->height * fb->format.pitch +
                           (size_t)column * font->width * bytes;

    for (uint32_t y = 0; y < font->height; y++, at += fb->format.pitch) {
        uint32_t mask = 0;

        for (uint32_t i = 0; i < glyph_pitch; i++)
            mask |= (uint32_t)*glyph++ << (24 - 8 * i);
        run_draw(at, mask, font->width, pixel);
    }
    fb->cells_drawn++;
}

/* Do two cells look the same? A blank shows no ink. */
static bool cell_equal(struct text_cell a, struct text_cell b)
{
    return a.code == b.code && a.paper == b.paper &&
           (a.ink == b.ink || a.code == ' ');
}

void framebuffer_init(struct framebuffer *fb, const struct pixel_format *format,
                      volatile void *memory)
{
    struct text_cell blank = {' ', COLOUR_PAPER, COLOUR_PAPER};
    uint32_t pixel[3] = {0, 0, pixel_bytes(format)};
    volatile uint8_t *at = memory;

    fb->format = *format;
    fb->memory = memory;
    fb->font = format->width >= LARGE_FONT_WIDTH ? &font_16x32 : &font_8x16;
    fb->columns = format->width / fb->font->width;
    fb->rows = format->height / fb->font->height;
    if (fb->columns > TEXT_COLUMNS_MAX)
        fb->columns = TEXT_COLUMNS_MAX;
    if (fb->rows > TEXT_ROWS_MAX)
        fb->rows = TEXT_ROWS_MAX;
    fb->cells_drawn = 0;
    for (uint32_t i = 0; i < COLOUR_COUNT; i++)
        fb->colour[i] = pixel_pack(format, palette[i]);
    for (uint32_t row = 0; row < fb->rows; row++) {
        for (uint32_t column = 0; column < fb->columns; column++)
            fb->drawn[row][column] = blank;
    }
    pixel[0] = fb->colour[COLOUR_PAPER];
    for (uint32_t y = 0; y < format->height; y++, at += format->pitch)
        run_draw(at, 0, format->width, pixel);
}

void framebuffer_cell(struct framebuffer *fb, struct text_cell cell,
                      uint32_t column, uint32_t row)
{
    if (column >= fb->columns || row >= fb->rows ||
        cell_equal(cell, fb->drawn[row][column]))
        return;
    fb->drawn[row][column] = cell;
    cell_draw(fb, cell, column, row);
}

void framebuffer_refresh(struct framebuffer *fb,
                         const struct text_screen *screen)
{
    uint32_t rows = screen->rows < fb->rows ? screen->rows : fb->rows;
    uint32_t columns =
        screen->columns < fb->columns ? screen->columns : fb->columns;

    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t column = 0; column < columns; column++)
            framebuffer_cell(fb, text_screen_cell(screen, column, row), column,
                             row);
    }
}
