#include "x86/font.h"

#include <stddef.h>

/* What stands in for a character that console fonts often lack. */
static const struct {
    uint16_t code;
    uint16_t instead;
} stand_ins[] = {
    {0x2010, '-'},  {0x2011, '-'}, {0x2013, '-'}, {0x2014, '-'}, {0x2018, '\''},
    {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'}, {0x2022, '*'}, {0x2026, '.'},
    {0x2190, '<'},  {0x2191, '^'}, {0x2192, '>'}, {0x2193, 'v'}, {0x25b2, '^'},
    {0x25b6, '>'},  {0x25bc, 'v'}, {0x25c0, '<'},
};

static const struct font_code *code_find(const struct font *font, uint16_t code)
{
    unsigned int low = 0;
    unsigned int high = font->codes;

    while (low < high) {
        unsigned int middle = (low + high) / 2;

        if (font->code[middle].code == code)
            return &font->code[middle];
        if (font->code[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const uint8_t *font_glyph(const struct font *font, uint16_t code)
{
    const struct font_code *found = code_find(font, code);
    unsigned int glyph = font->fallback;
    unsigned int glyph_bytes = font->height * ((font->width + 7u) / 8u);

    for (size_t i = 0; !found && i < sizeof(stand_ins) / sizeof(stand_ins[0]);
         i++) {
        if (stand_ins[i].code == code)
            found = code_find(font, stand_ins[i].instead);
    }
    if (found)
        glyph = found->glyph;
    return font->bitmap + glyph * glyph_bytes;
}
