/*
 * text_screen - a terminal in memory: cells, a cursor, and the part of VT100
 * that boot loaders and shells use.
 *
 * It only keeps cells; framebuffer.c and text_mode.c show them. No hardware
 * here: tests run it on the host. Any bytes are survived.
 */
#ifndef TALLY_X86_TEXT_SCREEN_H
#define TALLY_X86_TEXT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_COLUMNS_MAX 240u
#define TEXT_ROWS_MAX    135u

/* Who speaks; chooses the colour of plain text. */
enum text_tone {
    TONE_KERNEL,
    TONE_ERROR,
    TONE_WARNING,
    TONE_REFUSAL,
    TONE_DEBUG,
    TONE_LABEL, /* "(dN) " before a domain's line */
    TONE_DOMAIN,
    TONE_COUNT,
};

/* Colour numbers: 0..15 as VT100 has them, then one for each tone. */
#define COLOUR_TONES   16u
#define COLOUR_PAPER   (COLOUR_TONES + TONE_COUNT) /* the background */
#define COLOUR_COUNT   (COLOUR_PAPER + 1u)
#define COLOUR_DEFAULT 0xffu /* in a pen: the tone's, the paper */

struct text_cell {
    uint16_t code; /* Unicode, 0..0xffff */
    uint8_t ink;   /* colour number */
    uint8_t paper; /* colour number */
};

enum text_state {
    TEXT_PLAIN,
    TEXT_ESCAPE,   /* after ESC */
    TEXT_CONTROL,  /* after ESC [ */
    TEXT_STRING,   /* in ESC ] ... BEL and the like */
    TEXT_SKIP_ONE, /* after ESC ( and the like */
};

#define TEXT_PARAMETERS_MAX 8u

struct text_parser {
    uint8_t state;      /* enum text_state */
    uint8_t utf8_left;  /* continuation bytes still missing */
    uint8_t parameters; /* numbers begun */
    bool private_mode;  /* ESC [ ? */
    uint32_t utf8_code;
    uint32_t utf8_least; /* smaller codes were too long a form */
    uint16_t parameter[TEXT_PARAMETERS_MAX];
};

struct text_pen {
    uint8_t ink;   /* colour number or COLOUR_DEFAULT */
    uint8_t paper; /* the same */
    bool bold;
    bool reverse;
};

struct text_place {
    uint16_t column; /* may be columns: wrap before the next */
    uint16_t row;
};

struct text_screen {
    uint16_t columns;
    uint16_t rows;
    uint16_t top;    /* scroll region, first row */
    uint16_t bottom; /* last row */
    struct text_place cursor;
    struct text_place saved;
    bool cursor_shown;
    bool changed; /* set by writes, cleared by who shows it */
    uint8_t tone; /* enum text_tone of the last writer */
    struct text_pen pen;
    struct text_parser parser;
    uint8_t line[TEXT_ROWS_MAX]; /* which line of cells a row shows */
    struct text_cell cell[TEXT_ROWS_MAX][TEXT_COLUMNS_MAX];
};

/*
 * text_screen_init - an empty screen.
 *
 * columns, rows  the wanted size, cut to the maximum, at least 1
 */
void text_screen_init(struct text_screen *screen, unsigned int columns,
                      unsigned int rows);

/*
 * text_screen_write - take bytes as a terminal would.
 *
 * tone  TONE_DOMAIN honours colours and escape sequences; other tones write
 *       plain text in their own colour, broken between words, cut off an
 *       unfinished sequence, and (all but TONE_LABEL) end the domain's colours
 *       and scroll region
 */
void text_screen_write(struct text_screen *screen, enum text_tone tone,
                       const char *text, size_t bytes);

/*
 * text_screen_cell - what to show at a place, the cursor included.
 */
struct text_cell text_screen_cell(const struct text_screen *screen,
                                  unsigned int column, unsigned int row);

#endif
