#ifndef TALLY_INSPECT_PICTURE_H
#define TALLY_INSPECT_PICTURE_H

#include "mm/mm.h"
#include "x86/text_screen.h"

/*
 * picture - memory drawn as characters: a map with one cell for each
 * superpage, and one superpage opened into its frames.
 *
 * Pure: it draws what it is given onto a canvas of text cells, which become
 * pixels beside the log, or a terminal's escape sequences.
 */

/* ------------------------------------------------------------ the canvas */

#define CANVAS_COLUMNS 80u
#define CANVAS_ROWS TEXT_ROWS_MAX

struct canvas {
    uint32_t columns;
    uint32_t rows;
    struct text_cell cell[CANVAS_ROWS][CANVAS_COLUMNS];
};

/* canvas_clear - blank, of this size (cut to the maximum). */
void canvas_clear(struct canvas *canvas, uint32_t columns, uint32_t rows);

/*
 * canvas_row_text - a row as UTF-8 with a terminal's colours.
 *
 * out    room for CANVAS_TEXT_BYTES; ends with plain colours and a newline
 *
 * Returns the number of bytes.
 */
#define CANVAS_TEXT_BYTES 2048u
size_t canvas_row_text(const struct canvas *canvas, uint32_t row, char *out);

/* --------------------------------------------------------- what is drawn */

/* A cell of the map: whose it is in the low half, what is in it above. */
#define CELL_HOLE     0x00u
#define CELL_FREE     0x01u
#define CELL_KERNEL   0x02u
#define CELL_DOMAIN   0x03u     /* and the five behind it: six colours */
#define CELL_OWNER    0x0fu
#define CELL_USED     0x10u     /* a frame of it is mapped, or a table */
#define CELL_TABLES   0x20u     /* a frame of it is a page table */
#define CELL_SEGMENTS 0x40u     /* ... or a descriptor table */
#define CELL_PINNED   0x80u     /* a table of it is pinned */

#define PICTURE_HUES 6u

/* cell_owner - the low half for a domain's id. */
uint8_t cell_owner(uint16_t id);

/* cell_of_frames - what is in `count` frames of an extent, from `first` on. */
uint8_t cell_of_frames(const struct superpage *s, uint32_t first,
                       uint32_t count);

/* cell_merge - one cell for two: the domain's before the kernel's before the
 * free one. */
uint8_t cell_merge(uint8_t a, uint8_t b);

/* RAM is in so many runs of extents at most; what is behind is not drawn. */
#define PICTURE_SPANS 32u

struct picture_span {
    uint32_t first;         /* extent */
    uint32_t count;
};

struct picture_domain {
    uint16_t id;
    const char *name;
};
#define PICTURE_DOMAINS 6u

struct picture {
    const uint8_t *cells;   /* of the RAM there is, holes left out */
    uint32_t count;
    uint32_t extents_a_cell;
    const struct picture_span *spans;
    uint32_t span_count;
    uint64_t free_mib;
    uint64_t all_mib;
    struct picture_domain domains[PICTURE_DOMAINS];
    uint32_t domain_count;
    uint32_t more_domains;  /* than are in the legend */

    uint32_t open;          /* the extent that is open; EXTENT_NONE */
    uint16_t open_owner;
    const char *open_name;
    const struct frame *frames;     /* its records; NULL: it has none */

    void (*rest)(void);     /* between pieces of drawing; NULL: none */
};

/* Both parts are so many columns wide. */
#define PICTURE_COLUMNS 40u
/* With the border to the log. */
#define PANE_COLUMNS (PICTURE_COLUMNS + 2u)
/* The least rows for both parts, one above the other. */
#define PICTURE_ROWS 33u

/*
 * picture_draw_map - the map and its legend.
 *
 * column, row  the upper left corner
 * rows         how many it may take
 *
 * Rows that are all free or all the kernel's are drawn as one line. If there
 * are still too many, a cell stands for several superpages, and says so.
 * Returns the rows used.
 */
uint32_t picture_draw_map(const struct picture *p, struct canvas *canvas,
                          uint32_t column, uint32_t row, uint32_t rows);

/* picture_draw_open - the open superpage, frame by frame, and its counts.
 * Returns the rows used. */
uint32_t picture_draw_open(const struct picture *p, struct canvas *canvas,
                           uint32_t column, uint32_t row, uint32_t rows);

/* picture_extent - the extent of the n-th of all extents of RAM. */
uint32_t picture_extent(const struct picture *p, uint32_t n);

#endif
