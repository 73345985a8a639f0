/*
 * framebuffer - cells drawn as pixels.
 *
 * Works on any memory that the CPU can write: on the machine it is the
 * mapped video memory, in tests an array. Video memory is never read: the
 * cells already drawn are remembered in ordinary memory.
 */
#ifndef TALLY_X86_FRAMEBUFFER_H
#define TALLY_X86_FRAMEBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x86/font.h"
#include "x86/text_screen.h"

/* How a pixel is stored, as the boot loader tells it. */
struct pixel_format {
    uint32_t width; /* pixels */
    uint32_t height;
    uint32_t pitch;       /* bytes from one row to the next */
    uint8_t bits;         /* of a pixel: 15, 16, 24 or 32 */
    uint8_t red_position; /* lowest bit of the field */
    uint8_t red_size;     /* bits in the field, 1 to 8 */
    uint8_t green_position;
    uint8_t green_size;
    uint8_t blue_position;
    uint8_t blue_size;
};

struct framebuffer {
    struct pixel_format format;
    volatile uint8_t *memory;
    const struct font *font;
    uint32_t columns; /* of cells */
    uint32_t rows;
    uint64_t cells_drawn;          /* in all: for tests and curiosity */
    uint32_t colour[COLOUR_COUNT]; /* packed pixels */
    struct text_cell drawn[TEXT_ROWS_MAX][TEXT_COLUMNS_MAX];
};

/*
 * pixel_format_problem - why a format cannot be used.
 *
 * Returns NULL when it can, else a few words.
 */
const char *pixel_format_problem(const struct pixel_format *format);

/*
 * pixel_pack - one pixel of a format.
 *
 * rgb  0xrrggbb
 */
uint32_t pixel_pack(const struct pixel_format *format, uint32_t rgb);

/*
 * framebuffer_init - start drawing: clears the memory to the background.
 *
 * format  one without a problem
 * memory  pitch * height bytes
 *
 * The large font is used from 1920 pixels of width on.
 */
void framebuffer_init(struct framebuffer *fb, const struct pixel_format *format,
                      volatile void *memory);

/*
 * framebuffer_cell - draw one cell, if it is not what is shown there.
 *
 * column, row  beyond the last one nothing is drawn
 */
void framebuffer_cell(struct framebuffer *fb, struct text_cell cell,
                      uint32_t column, uint32_t row);

/*
 * framebuffer_refresh - draw the cells that differ from what is shown.
 */
void framebuffer_refresh(struct framebuffer *fb,
                         const struct text_screen *screen);

#endif
