/*
 * font - the glyphs of the framebuffer console. The arrays are made from
 * PSF files by tools/font/psf2c.py at build time.
 */
#ifndef TALLY_X86_FONT_H
#define TALLY_X86_FONT_H

#include <stdint.h>

struct font_code {
    uint16_t code;  /* Unicode */
    uint16_t glyph; /* index into the bitmaps */
};

struct font {
    uint16_t width; /* pixels, at most 32 */
    uint16_t height;
    uint16_t glyphs;
    uint16_t codes;
    uint16_t fallback;            /* the glyph for codes the font has not */
    const uint8_t *bitmap;        /* height rows of (width + 7) / 8 bytes each,
                                   leftmost pixel in the highest bit */
    const struct font_code *code; /* sorted by code */
};

extern const struct font font_8x16;
extern const struct font font_16x32;

/*
 * font_glyph - the bitmap of a character.
 *
 * Returns that of '?' for a character the font does not have.
 */
const uint8_t *font_glyph(const struct font *font, uint16_t code);

#endif
