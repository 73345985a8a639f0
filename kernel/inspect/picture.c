#include "inspect/picture.h"

#include <stdarg.h>

#include "lib/format.h"

#define MIB UINT64_C(0x100000)
#define EXTENT_MIB (EXTENT_FRAMES * PAGE_BYTES / MIB)
/* Cells in a row of the map; frames in a row of the open superpage. */
#define ROW_CELLS 32u
/* Columns for the label before them. */
#define LABEL_COLUMNS 7u
#define LEGEND_ROWS 6u
#define OPEN_ROWS (EXTENT_FRAMES / ROW_CELLS)

/* Colours by number: VT100's, see text_screen.h. */
#define DARK 0u
#define GREY 8u
#define WHITE 15u
#define LIGHT 8u                /* added to a colour 0..7 */
#define TITLE 14u
#define PAPER COLOUR_PAPER

static const uint8_t hues[PICTURE_HUES] = {2, 4, 3, 5, 6, 1};

/* ------------------------------------------------------------ the canvas */

void canvas_clear(struct canvas *canvas, uint32_t columns, uint32_t rows)
{
    const struct text_cell blank = {' ', WHITE, PAPER};
    uint32_t x, y;

    canvas->columns = columns < CANVAS_COLUMNS ? columns : CANVAS_COLUMNS;
    canvas->rows = rows < CANVAS_ROWS ? rows : CANVAS_ROWS;
    for (y = 0; y < canvas->rows; y++)
        for (x = 0; x < canvas->columns; x++)
            canvas->cell[y][x] = blank;
}

static void put(struct canvas *canvas, uint32_t x, uint32_t y,
                struct text_cell cell)
{
    if (x < canvas->columns && y < canvas->rows)
        canvas->cell[y][x] = cell;
}

/* Text in one colour; returns the column behind it. */
__attribute__((format(printf, 5, 6))) static uint32_t write(
    struct canvas *canvas, uint32_t x, uint32_t y, uint8_t ink,
    const char *format, ...)
{
    char text[CANVAS_COLUMNS + 1];
    va_list arguments;
    uint32_t i;

    va_start(arguments, format);
    format_vbuffer(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (i = 0; text[i] != '\0'; i++)
        put(canvas, x + i, y, (struct text_cell){(uint8_t)text[i], ink, PAPER});
    return x + i;
}

static size_t put_utf8(char *out, uint16_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

/* The sequence for a cell's colours; what has no VT100 number is plain. */
static size_t put_colours(char *out, size_t bytes, struct text_cell cell)
{
    char ink[8] = "", paper[8] = "";
    int n;

    if (cell.ink < 16)
        format_buffer(ink, sizeof(ink), ";%u",
                      (cell.ink < 8 ? 30u : 82u) + cell.ink);
    if (cell.paper < 16)
        format_buffer(paper, sizeof(paper), ";%u",
                      (cell.paper < 8 ? 40u : 92u) + cell.paper);
    n = format_buffer(out, bytes, "\033[0%s%sm", ink, paper);
    return (size_t)n;
}

size_t canvas_row_text(const struct canvas *canvas, uint32_t row, char *out)
{
    struct text_cell before = {0, COLOUR_COUNT, COLOUR_COUNT};
    uint32_t x, end = canvas->columns;
    size_t n = 0;

    while (end > 0 && canvas->cell[row][end - 1].code == ' ' &&
           canvas->cell[row][end - 1].paper == PAPER)
        end--;
    for (x = 0; x < end; x++) {
        struct text_cell cell = canvas->cell[row][x];

        if (cell.ink != before.ink || cell.paper != before.paper)
            n += put_colours(out + n, 16, cell);
        before = cell;
        n += put_utf8(out + n, cell.code);
    }
    return n + (size_t)format_buffer(out + n, 8, "\033[0m\n");
}

/* ----------------------------------------------------------------- cells */

uint8_t cell_owner(uint16_t id)
{
    return (uint8_t)(CELL_DOMAIN + (id + PICTURE_HUES - 1u) % PICTURE_HUES);
}

uint8_t cell_of_frames(const struct superpage *s, uint32_t first,
                       uint32_t count)
{
    uint8_t cell = cell_owner(s->owner);
    uint32_t i;

    if (s->owner == OWNER_NONE)
        return CELL_FREE;
    if (s->owner == OWNER_KERNEL)
        return CELL_KERNEL;
    for (i = first; i < first + count; i++) {
        const struct frame *f = &s->frames[i];

        if (f->refs == 0)
            continue;
        cell |= CELL_USED;
        if (f->types > 0 && frame_is_table((enum frame_type)f->type))
            cell |= CELL_TABLES;
        if (f->types > 0 && f->type == FRAME_SEG)
            cell |= CELL_SEGMENTS;
        if (f->pinned)
            cell |= CELL_PINNED;
    }
    return cell;
}

uint8_t cell_merge(uint8_t a, uint8_t b)
{
    if ((a & CELL_OWNER) == (b & CELL_OWNER))
        return a | b;
    return (a & CELL_OWNER) > (b & CELL_OWNER) ? a : b;
}

/* How a cell of the map looks. */
static struct text_cell map_cell(uint8_t cell)
{
    uint8_t owner = cell & CELL_OWNER;
    uint8_t hue;

    if (owner == CELL_HOLE)
        return (struct text_cell){' ', GREY, PAPER};
    if (owner == CELL_FREE)
        return (struct text_cell){0xb7, GREY, PAPER};
    if (owner == CELL_KERNEL)
        return (struct text_cell){'k', WHITE, GREY};
    hue = hues[(owner - CELL_DOMAIN) % PICTURE_HUES];
    if (cell & CELL_PINNED)
        return (struct text_cell){'P', DARK, hue + LIGHT};
    if (cell & CELL_TABLES)
        return (struct text_cell){'t', DARK, hue + LIGHT};
    if (cell & CELL_SEGMENTS)
        return (struct text_cell){'d', DARK, hue + LIGHT};
    if (cell & CELL_USED)
        return (struct text_cell){' ', DARK, hue};
    return (struct text_cell){0xb7, DARK, hue};
}

/* --------------------------------------------------------------- the map */

uint32_t picture_extent(const struct picture *p, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < p->span_count; i++) {
        if (n < p->spans[i].count)
            return p->spans[i].first + n;
        n -= p->spans[i].count;
    }
    return EXTENT_NONE;
}

/* Cells, or frames, that are looked at between two rests. */
#define AT_ONCE 256u

static void rest(const struct picture *p)
{
    if (p->rest)
        p->rest();
}

/* The n-th cell when each stands for `merged` of the picture's. */
static uint8_t merged_cell(const struct picture *p, uint32_t merged, uint32_t n)
{
    uint32_t i = n * merged, end = i + merged;
    uint8_t cell = CELL_HOLE;

    for (; i < end && i < p->count; i++)
        cell = cell_merge(cell, p->cells[i]);
    return cell;
}

static uint32_t row_count(const struct picture *p, uint32_t merged)
{
    uint32_t cells = ROW_CELLS * merged;

    return (p->count + cells - 1) / cells;
}

/* Is all of this row free, or all of it the kernel's? Then which. */
static uint8_t row_uniform(const struct picture *p, uint32_t merged,
                           uint32_t row)
{
    uint32_t i = row * ROW_CELLS * merged, end = i + ROW_CELLS * merged;
    uint8_t first = p->cells[i];

    rest(p);
    for (; i < end && i < p->count; i++) {
        if (p->cells[i] != first)
            return CELL_HOLE;
        if (i % AT_ONCE == 0)
            rest(p);
    }
    return first <= CELL_KERNEL ? first : CELL_HOLE;
}

/* How many rows from this one on are drawn as one line; 1: just this one. */
static uint32_t row_run(const struct picture *p, uint32_t merged, uint32_t row)
{
    uint32_t rows = row_count(p, merged), end = row + 1;
    uint8_t kind = row_uniform(p, merged, row);

    while (kind != CELL_HOLE && end < rows &&
           row_uniform(p, merged, end) == kind)
        end++;
    return end - row;
}

static uint32_t lines_needed(const struct picture *p, uint32_t merged)
{
    uint32_t row, lines = 0;

    for (row = 0; row < row_count(p, merged); lines++)
        row += row_run(p, merged, row);
    return lines;
}

/* A label of five columns: an address in MiB or GiB. */
static void write_label(struct canvas *canvas, uint32_t x, uint32_t y,
                        uint32_t extent)
{
    uint64_t mib = extent * EXTENT_MIB;

    if (mib < 16384)
        write(canvas, x, y, GREY, "%5lluM", (unsigned long long)mib);
    else
        write(canvas, x, y, GREY, "%5lluG", (unsigned long long)(mib / 1024));
}

static void draw_row(const struct picture *p, struct canvas *canvas, uint32_t x,
                     uint32_t y, uint32_t merged, uint32_t row)
{
    uint32_t i, n;

    for (i = 0; i < ROW_CELLS; i++) {
        n = row * ROW_CELLS + i;
        if (n * merged < p->count)
            put(canvas, x + i, y, map_cell(merged_cell(p, merged, n)));
        if (i % (ROW_CELLS / 4) == 0)
            rest(p);
    }
}

static void draw_run(const struct picture *p, struct canvas *canvas, uint32_t x,
                     uint32_t y, uint32_t merged, uint32_t row, uint32_t rows)
{
    uint32_t cells = ROW_CELLS * merged, first = row * cells;
    uint32_t last = (row + rows) * cells;
    uint64_t mib;

    if (last > p->count)
        last = p->count;
    mib = (uint64_t)(last - first) * p->extents_a_cell * EXTENT_MIB;
    write(canvas, x, y, GREY, "... %llu MiB %s ...", (unsigned long long)mib,
          p->cells[first] == CELL_FREE ? "free" : "the kernel's");
}

static void draw_legend(const struct picture *p, struct canvas *canvas,
                        uint32_t x, uint32_t y)
{
    uint32_t i, at;

    for (i = 0; i < p->domain_count; i++) {
        rest(p);
        at = x + i % 2 * (PICTURE_COLUMNS / 2);
        put(canvas, at, y + i / 2,
            map_cell(cell_owner(p->domains[i].id) | CELL_USED));
        put(canvas, at + 1, y + i / 2,
            map_cell(cell_owner(p->domains[i].id) | CELL_TABLES));
        write(canvas, at + 3, y + i / 2, WHITE, "d%u %.11s", p->domains[i].id,
              p->domains[i].name);
    }
    y += PICTURE_DOMAINS / 2;
    if (p->more_domains > 0)
        write(canvas, x + 26, y - 1, GREY, "and %u more", p->more_domains);
    put(canvas, x, y, map_cell(CELL_FREE));
    put(canvas, x + 7, y, map_cell(CELL_KERNEL));
    put(canvas, x + 16, y, map_cell(CELL_DOMAIN));
    put(canvas, x + 29, y, map_cell(CELL_DOMAIN | CELL_USED));
    write(canvas, x + 2, y, GREY, "free");
    write(canvas, x + 9, y, GREY, "kernel");
    write(canvas, x + 18, y, GREY, "not mapped");
    write(canvas, x + 31, y, GREY, "mapped");
    y++;
    put(canvas, x, y, map_cell(CELL_DOMAIN | CELL_TABLES));
    put(canvas, x + 16, y, map_cell(CELL_DOMAIN | CELL_PINNED));
    put(canvas, x + 26, y, map_cell(CELL_DOMAIN | CELL_SEGMENTS));
    write(canvas, x + 2, y, GREY, "page tables");
    write(canvas, x + 18, y, GREY, "pinned");
    write(canvas, x + 28, y, GREY, "descriptors");
}

static void draw_title(const struct picture *p, struct canvas *canvas,
                       uint32_t x, uint32_t y, uint32_t merged)
{
    uint32_t extents = merged * p->extents_a_cell;
    uint32_t at = write(canvas, x, y, TITLE, "memory");

    write(canvas, at + 1, y, WHITE, "%llu of %llu MiB free",
          (unsigned long long)p->free_mib, (unsigned long long)p->all_mib);
    if (extents > 1)
        write(canvas, x + 29, y, GREY, "%u MiB a cell",
              (unsigned int)(extents * EXTENT_MIB));
}

uint32_t picture_draw_map(const struct picture *p, struct canvas *canvas,
                          uint32_t column, uint32_t row, uint32_t rows)
{
    uint32_t merged = 1, lines, y = row + 1, at, run;

    if (rows < LEGEND_ROWS + 2)
        return 0;
    lines = rows - LEGEND_ROWS - 1;
    while (p->count > 0 && lines_needed(p, merged) > lines)
        merged *= 2;
    draw_title(p, canvas, column, row, merged);
    for (at = 0; at < row_count(p, merged); at += run, y++) {
        uint32_t x = column + LABEL_COLUMNS;
        uint32_t first = at * ROW_CELLS * merged * p->extents_a_cell;

        run = row_run(p, merged, at);
        write_label(canvas, column, y, picture_extent(p, first));
        if (run > 1)
            draw_run(p, canvas, x, y, merged, at, run);
        else
            draw_row(p, canvas, x, y, merged, at);
    }
    rest(p);
    draw_legend(p, canvas, column, y + 1);
    return y + LEGEND_ROWS - row;
}

/* ---------------------------------------------------- the open superpage */

/* How a frame looks. */
static struct text_cell frame_cell(const struct frame *f)
{
    static const struct text_cell types[FRAME_TYPES] = {
        [FRAME_L1] = {'1', DARK, 6},  [FRAME_L2] = {'2', DARK, 4},
        [FRAME_L3] = {'3', DARK, 5},  [FRAME_L4] = {'4', DARK, 1},
        [FRAME_SEG] = {'d', DARK, 3}, [FRAME_WRITABLE] = {'w', 2, PAPER},
    };
    struct text_cell cell;

    if (f->types > 0 && f->type > FRAME_NONE && f->type < FRAME_TYPES) {
        cell = types[f->type];
        if (f->type == FRAME_WRITABLE && f->types > 1)
            cell = (struct text_cell){'W', 10, PAPER};
        if (f->pinned)
            cell.paper += LIGHT;
        return cell;
    }
    if (f->refs > 0)
        return (struct text_cell){'r', 6, PAPER};
    return (struct text_cell){f->allocated ? 0xb7 : ' ', GREY, PAPER};
}

/* Frames by type; behind the types: views, pinned. */
#define SUM_VIEWS FRAME_TYPES
#define SUM_PINNED (FRAME_TYPES + 1)
#define SUMS (FRAME_TYPES + 2)

static void count_frames(const struct frame *frames, uint32_t *sum)
{
    uint32_t i;

    for (i = 0; i < EXTENT_FRAMES; i++) {
        const struct frame *f = &frames[i];

        if (f->types > 0 && f->type < FRAME_TYPES)
            sum[f->type]++;
        else if (f->refs > 0)
            sum[SUM_VIEWS]++;
        sum[SUM_PINNED] += f->pinned;
    }
}

static uint32_t draw_sum(struct canvas *canvas, uint32_t x, uint32_t y,
                         const struct frame *like, uint32_t count)
{
    put(canvas, x, y, frame_cell(like));
    return write(canvas, x + 2, y, count > 0 ? WHITE : GREY, "%u", count) + 2;
}

/* Two rows: each type with how many frames there are. */
static void draw_sums(const struct frame *frames, struct canvas *canvas,
                      uint32_t x, uint32_t y)
{
    uint32_t sum[SUMS] = {0}, type, at = x;
    struct frame like = {.types = 1, .allocated = 1};

    count_frames(frames, sum);
    for (type = FRAME_L1; type <= FRAME_SEG; type++) {
        like.type = (uint8_t)type;
        at = draw_sum(canvas, at, y, &like, sum[type]);
    }
    write(canvas, at, y, GREY, "pinned %u", sum[SUM_PINNED]);
    like.type = FRAME_WRITABLE;
    at = draw_sum(canvas, x, y + 1, &like, sum[FRAME_WRITABLE]);
    like.types = 0;
    like.refs = 1;
    at = draw_sum(canvas, at, y + 1, &like, sum[SUM_VIEWS]);
    write(canvas, at, y + 1, GREY, "W mapped more than once");
}

/* The tables in it with their counts, as many as there are rows for. */
static uint32_t draw_tables(const struct picture *p, struct canvas *canvas,
                            uint32_t x, uint32_t y, uint32_t rows)
{
    uint32_t type, i, used = 0;

    for (type = FRAME_L4; type >= FRAME_L1; type--)
        for (i = 0; i < EXTENT_FRAMES && used < rows; i++) {
            const struct frame *f = &p->frames[i];

            if (i % AT_ONCE == 0)
                rest(p);
            if (f->types == 0 || f->type != type)
                continue;
            put(canvas, x, y + used, frame_cell(f));
            write(canvas, x + 2, y + used, WHITE,
                  "%#llx  L%u  types %u  "
                  "refs %u%s",
                  (unsigned long long)p->open * EXTENT_FRAMES + i, type,
                  f->types, f->refs, f->pinned ? "  pinned" : "");
            used++;
            rest(p);
        }
    return used;
}

uint32_t picture_draw_open(const struct picture *p, struct canvas *canvas,
                           uint32_t column, uint32_t row, uint32_t rows)
{
    uint32_t i, used = OPEN_ROWS + 3;

    if (p->open == EXTENT_NONE || rows < used)
        return 0;
    i = write(canvas, column, row, TITLE, "superpage %#x", p->open);
    if (!p->frames) {
        write(canvas, i + 1, row, GREY, "of no domain");
        return 1;
    }
    write(canvas, i + 1, row, WHITE, "of d%u %.12s", p->open_owner,
          p->open_name);
    for (i = 0; i < EXTENT_FRAMES; i++) {
        if (i % ROW_CELLS == 0) {
            rest(p);
            write(canvas, column, row + 1 + i / ROW_CELLS, GREY, "%6llx",
                  (unsigned long long)p->open * EXTENT_FRAMES + i);
        }
        put(canvas, column + LABEL_COLUMNS + i % ROW_CELLS,
            row + 1 + i / ROW_CELLS, frame_cell(&p->frames[i]));
    }
    rest(p);
    draw_sums(p->frames, canvas, column, row + OPEN_ROWS + 1);
    return used + draw_tables(p, canvas, column, row + used, rows - used);
}
