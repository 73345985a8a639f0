#include "x86/text_mode.h"

#include <stddef.h>

/*
 * VGA attribute of a colour number: its bits are blue, green, red, bright,
 * where VT100 counts red, green, blue, bright.
 */
static const uint8_t attribute[COLOUR_COUNT] = {
    0,
    4,
    2,
    6,
    1,
    5,
    3,
    7,
    8,
    12,
    10,
    14,
    9,
    13,
    11,
    15,
    [COLOUR_TONES + TONE_KERNEL] = 11,
    [COLOUR_TONES + TONE_ERROR] = 12,
    [COLOUR_TONES + TONE_WARNING] = 14,
    [COLOUR_TONES + TONE_REFUSAL] = 13,
    [COLOUR_TONES + TONE_DEBUG] = 8,
    [COLOUR_TONES + TONE_LABEL] = 10,
    [COLOUR_TONES + TONE_DOMAIN] = 7,
    [COLOUR_PAPER] = 0,
};

/* Box drawing and blocks, Unicode to code page 437, sorted. */
static const struct {
    uint16_t code;
    uint8_t byte;
} page_437[] = {
    {0x00b0, 0xf8}, {0x00b1, 0xf1}, {0x00b5, 0xe6}, {0x00b7, 0xfa},
    {0x2022, 0x07}, {0x2190, 0x1b}, {0x2191, 0x18}, {0x2192, 0x1a},
    {0x2193, 0x19}, {0x2500, 0xc4}, {0x2502, 0xb3}, {0x250c, 0xda},
    {0x2510, 0xbf}, {0x2514, 0xc0}, {0x2518, 0xd9}, {0x251c, 0xc3},
    {0x2524, 0xb4}, {0x252c, 0xc2}, {0x2534, 0xc1}, {0x253c, 0xc5},
    {0x2550, 0xcd}, {0x2551, 0xba}, {0x2554, 0xc9}, {0x2557, 0xbb},
    {0x255a, 0xc8}, {0x255d, 0xbc}, {0x2560, 0xcc}, {0x2563, 0xb9},
    {0x2566, 0xcb}, {0x2569, 0xca}, {0x256c, 0xce}, {0x2580, 0xdf},
    {0x2584, 0xdc}, {0x2588, 0xdb}, {0x258c, 0xdd}, {0x2590, 0xde},
    {0x2591, 0xb0}, {0x2592, 0xb1}, {0x2593, 0xb2}, {0x25a0, 0xfe},
};

static uint8_t code_byte(uint16_t code)
{
    if (code >= 0x20 && code < 0x7f)
        return (uint8_t)code;
    for (size_t i = 0; i < sizeof(page_437) / sizeof(page_437[0]); i++) {
        if (page_437[i].code == code)
            return page_437[i].byte;
    }
    return '?';
}

uint16_t text_mode_cell(struct text_cell cell)
{
    /* Bit 7 of the attribute may mean blinking: only dark papers. */
    uint8_t paper = attribute[cell.paper] & 7;

    return (uint16_t)(code_byte(cell.code) | (attribute[cell.ink] | paper << 4)
                                                 << 8);
}

void text_mode_put(volatile uint8_t *row, uint32_t column,
                   struct text_cell shown)
{
    uint16_t cell = text_mode_cell(shown);

    row[2 * column] = (uint8_t)cell;
    row[2 * column + 1] = (uint8_t)(cell >> 8);
}

void text_mode_refresh(volatile uint8_t *memory, uint32_t pitch,
                       const struct text_screen *screen)
{
    for (uint32_t row = 0; row < screen->rows; row++) {
        volatile uint8_t *at = memory + (size_t)row * pitch;

        for (uint32_t column = 0; column < screen->columns; column++)
            text_mode_put(at, column, text_screen_cell(screen, column, row));
    }
}
