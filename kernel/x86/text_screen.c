#include "x86/text_screen.h"

#define TAB_COLUMNS  8u
#define CODE_UNKNOWN 0xfffdu /* the replacement character */

static const struct text_pen pen_plain = {
    .ink = COLOUR_DEFAULT,
    .paper = COLOUR_DEFAULT,
};

static uint8_t tone_colour(const struct text_screen *screen)
{
    return (uint8_t)(COLOUR_TONES + screen->tone);
}

/* The cell that the pen of the present writer makes of a character. */
static struct text_cell cell_make(const struct text_screen *screen,
                                  uint16_t code)
{
    struct text_cell cell = {code, tone_colour(screen), COLOUR_PAPER};
    const struct text_pen *pen = &screen->pen;

    if (screen->tone != TONE_DOMAIN)
        return cell;
    if (pen->ink != COLOUR_DEFAULT)
        cell.ink = pen->ink;
    if (pen->paper != COLOUR_DEFAULT)
        cell.paper = pen->paper;
    if (pen->bold && cell.ink < 8)
        cell.ink = (uint8_t)(cell.ink + 8);
    if (pen->reverse) {
        uint8_t ink = cell.ink;

        cell.ink = cell.paper;
        cell.paper = ink;
    }
    return cell;
}

static struct text_cell *row_cells(struct text_screen *screen, unsigned int row)
{
    return screen->cell[screen->line[row]];
}

static void erase(struct text_screen *screen, unsigned int row,
                  unsigned int from, unsigned int to)
{
    struct text_cell *cells = row_cells(screen, row);
    struct text_cell blank = cell_make(screen, ' ');

    if (to > screen->columns)
        to = screen->columns;
    for (unsigned int column = from; column < to; column++)
        cells[column] = blank;
}

static void erase_rows(struct text_screen *screen, unsigned int from,
                       unsigned int to)
{
    for (unsigned int row = from; row < to; row++)
        erase(screen, row, 0, screen->columns);
}

/* Move the rows top..bottom up by one; the last one becomes empty. */
static void scroll_up(struct text_screen *screen, unsigned int top,
                      unsigned int bottom)
{
    uint8_t line = screen->line[top];

    for (unsigned int row = top; row < bottom; row++)
        screen->line[row] = screen->line[row + 1];
    screen->line[bottom] = line;
    erase_rows(screen, bottom, bottom + 1);
}

static void scroll_down(struct text_screen *screen, unsigned int top,
                        unsigned int bottom)
{
    uint8_t line = screen->line[bottom];

    for (unsigned int row = bottom; row > top; row--)
        screen->line[row] = screen->line[row - 1];
    screen->line[top] = line;
    erase_rows(screen, top, top + 1);
}

static void cursor_move(struct text_screen *screen, unsigned int column,
                        unsigned int row)
{
    if (column >= screen->columns)
        column = screen->columns - 1u;
    if (row >= screen->rows)
        row = screen->rows - 1u;
    screen->cursor.column = (uint16_t)column;
    screen->cursor.row = (uint16_t)row;
}

static void line_feed(struct text_screen *screen)
{
    if (screen->cursor.row == screen->bottom)
        scroll_up(screen, screen->top, screen->bottom);
    else if (screen->cursor.row + 1u < screen->rows)
        screen->cursor.row++;
}

static void line_feed_back(struct text_screen *screen)
{
    if (screen->cursor.row == screen->top)
        scroll_down(screen, screen->top, screen->bottom);
    else if (screen->cursor.row > 0)
        screen->cursor.row--;
}

/* Where the word begins that ends at the end of a row; `end` when it would
 * take more than half of the row with it. */
static unsigned int word_begin(const struct text_cell *cells, unsigned int end)
{
    unsigned int from = end;

    while (from > end / 2 && cells[from - 1].code != ' ')
        from--;
    return from > end / 2 ? from : end;
}

/* Go on in the next row. The kernel's lines are broken between words; a
 * domain counts columns, and expects them to be full. */
static void wrap(struct text_screen *screen, uint32_t code)
{
    struct text_cell *old = row_cells(screen, screen->cursor.row);
    unsigned int end = screen->columns, from = end;
    struct text_cell *row;

    if (screen->tone != TONE_DOMAIN && code != ' ')
        from = word_begin(old, end);
    screen->cursor.column = 0;
    line_feed(screen);
    row = row_cells(screen, screen->cursor.row);
    for (; from < end && row != old; from++) {
        row[screen->cursor.column++] = old[from];
        old[from] = cell_make(screen, ' ');
    }
}

static void put_code(struct text_screen *screen, uint32_t code)
{
    if (code >= 0x80 && code < 0xa0) /* control codes as UTF-8 */
        return;
    if (code > 0xffff)
        code = CODE_UNKNOWN;
    if (screen->cursor.column >= screen->columns) {
        wrap(screen, code);
        if (code == ' ' && screen->tone != TONE_DOMAIN)
            return;                     /* the break stands for it */
    }
    row_cells(screen, screen->cursor.row)[screen->cursor.column] =
        cell_make(screen, (uint16_t)code);
    screen->cursor.column++;
}

/* The n-th number of a sequence; least stands for "none" and for less. */
static unsigned int parameter(const struct text_screen *screen, unsigned int n,
                              unsigned int least)
{
    unsigned int value =
        n < screen->parser.parameters ? screen->parser.parameter[n] : 0;

    return value < least ? least : value;
}

static void reset_modes(struct text_screen *screen)
{
    screen->pen = pen_plain;
    screen->top = 0;
    screen->bottom = (uint16_t)(screen->rows - 1u);
    screen->cursor_shown = true;
}

static void parser_reset(struct text_parser *parser)
{
    parser->state = TEXT_PLAIN;
    parser->utf8_left = 0;
}

/* ESC [ J: 0 from the cursor on, 1 up to it, 2 and 3 everything. */
static void erase_display(struct text_screen *screen, unsigned int which)
{
    unsigned int row = screen->cursor.row;
    unsigned int column = screen->cursor.column;

    if (which == 0) {
        erase(screen, row, column, screen->columns);
        erase_rows(screen, row + 1, screen->rows);
    } else if (which == 1) {
        erase_rows(screen, 0, row);
        erase(screen, row, 0, column + 1);
    } else {
        erase_rows(screen, 0, screen->rows);
    }
}

/* ESC [ K: the same within the line. */
static void erase_line(struct text_screen *screen, unsigned int which)
{
    unsigned int row = screen->cursor.row;
    unsigned int column = screen->cursor.column;

    if (which == 0)
        erase(screen, row, column, screen->columns);
    else if (which == 1)
        erase(screen, row, 0, column + 1);
    else
        erase(screen, row, 0, screen->columns);
}

/* ESC [ @ and ESC [ P: move the rest of the line right or left. */
static void shift_line(struct text_screen *screen, unsigned int count,
                       bool right)
{
    struct text_cell *cells = row_cells(screen, screen->cursor.row);
    unsigned int column = screen->cursor.column;
    unsigned int end = screen->columns;

    if (column >= end)
        return;
    if (count > end - column)
        count = end - column;
    if (right) {
        for (unsigned int i = end; i-- > column + count;)
            cells[i] = cells[i - count];
        erase(screen, screen->cursor.row, column, column + count);
    } else {
        for (unsigned int i = column; i + count < end; i++)
            cells[i] = cells[i + count];
        erase(screen, screen->cursor.row, end - count, end);
    }
}

/* ESC [ L, M, S, T: scroll a part of the screen by some rows. */
static void scroll_part(struct text_screen *screen, unsigned int top,
                        unsigned int count, bool up)
{
    unsigned int bottom = screen->bottom;

    if (top < screen->top || top > bottom)
        return;
    if (count > bottom - top + 1)
        count = bottom - top + 1;
    while (count-- > 0) {
        if (up)
            scroll_up(screen, top, bottom);
        else
            scroll_down(screen, top, bottom);
    }
}

static void set_region(struct text_screen *screen)
{
    unsigned int top = parameter(screen, 0, 1);
    unsigned int bottom = parameter(screen, 1, 0);

    if (bottom == 0 || bottom > screen->rows)
        bottom = screen->rows;
    if (top >= bottom)
        return;
    screen->top = (uint16_t)(top - 1);
    screen->bottom = (uint16_t)(bottom - 1);
    cursor_move(screen, 0, 0);
}

/*
 * The colour that ESC [ 38 or 48 selects by the numbers after it: 5;n with
 * one of the first sixteen, everything else is shown in the default colour.
 * Returns how many numbers belong to it.
 */
static unsigned int extended_colour(const struct text_screen *screen,
                                    unsigned int n, uint8_t *colour)
{
    unsigned int kind = parameter(screen, n, 0);
    unsigned int value = parameter(screen, n + 1, 0);

    *colour = COLOUR_DEFAULT;
    if (kind == 2)
        return 4;
    if (kind != 5)
        return 1;
    if (value < COLOUR_TONES)
        *colour = (uint8_t)value;
    return 2;
}

/* One number of ESC [ ... m; returns how many more it has used up. */
static unsigned int set_pen(struct text_screen *screen, unsigned int n)
{
    struct text_pen *pen = &screen->pen;
    unsigned int value = parameter(screen, n, 0);

    if (value == 0)
        *pen = pen_plain;
    else if (value == 1 || value == 22)
        pen->bold = value == 1;
    else if (value == 7 || value == 27)
        pen->reverse = value == 7;
    else if (value >= 30 && value <= 37)
        pen->ink = (uint8_t)(value - 30);
    else if (value >= 40 && value <= 47)
        pen->paper = (uint8_t)(value - 40);
    else if (value >= 90 && value <= 97)
        pen->ink = (uint8_t)(value - 90 + 8);
    else if (value >= 100 && value <= 107)
        pen->paper = (uint8_t)(value - 100 + 8);
    else if (value == 38)
        return extended_colour(screen, n + 1, &pen->ink);
    else if (value == 48)
        return extended_colour(screen, n + 1, &pen->paper);
    else if (value == 39)
        pen->ink = COLOUR_DEFAULT;
    else if (value == 49)
        pen->paper = COLOUR_DEFAULT;
    return 0;
}

static void set_pens(struct text_screen *screen)
{
    unsigned int count = screen->parser.parameters;

    if (count == 0)
        screen->pen = pen_plain;
    for (unsigned int n = 0; n < count; n++)
        n += set_pen(screen, n);
}

/* Sequences that move the cursor; false if it is none. */
static bool control_cursor(struct text_screen *screen, char final)
{
    unsigned int column = screen->cursor.column;
    unsigned int row = screen->cursor.row;
    unsigned int count = parameter(screen, 0, 1);

    switch (final) {
    case 'A': row = row > count ? row - count : 0; break;
    case 'B': row += count; break;
    case 'C': column += count; break;
    case 'D': column = column > count ? column - count : 0; break;
    case 'E':
        row += count;
        column = 0;
        break;
    case 'F':
        row = row > count ? row - count : 0;
        column = 0;
        break;
    case 'G': column = count - 1; break;
    case 'd': row = count - 1; break;
    case 'H':
    case 'f':
        row = count - 1;
        column = parameter(screen, 1, 1) - 1;
        break;
    default: return false;
    }
    cursor_move(screen, column, row);
    return true;
}

static void control_final(struct text_screen *screen, char final)
{
    unsigned int which = parameter(screen, 0, 0);
    unsigned int count = parameter(screen, 0, 1);
    unsigned int column = screen->cursor.column;
    unsigned int row = screen->cursor.row;

    if (screen->parser.private_mode) {
        if ((final == 'h' || final == 'l') && which == 25)
            screen->cursor_shown = final == 'h';
        return;
    }
    if (control_cursor(screen, final))
        return;
    switch (final) {
    case 'J': erase_display(screen, which); break;
    case 'K': erase_line(screen, which); break;
    case 'X': erase(screen, row, column, column + count); break;
    case '@': shift_line(screen, count, true); break;
    case 'P': shift_line(screen, count, false); break;
    case 'L': scroll_part(screen, row, count, false); break;
    case 'M': scroll_part(screen, row, count, true); break;
    case 'S': scroll_part(screen, screen->top, count, true); break;
    case 'T': scroll_part(screen, screen->top, count, false); break;
    case 'm': set_pens(screen); break;
    case 'r': set_region(screen); break;
    case 's': screen->saved = screen->cursor; break;
    case 'u': screen->cursor = screen->saved; break;
    default: break;
    }
}

/* One byte after ESC [ . */
static void control_byte(struct text_screen *screen, uint8_t byte)
{
    struct text_parser *parser = &screen->parser;

    if (byte >= '0' && byte <= '9') {
        uint16_t *value;

        if (parser->parameters == 0)
            parser->parameters = 1;
        value = &parser->parameter[parser->parameters - 1];
        if (*value < 1000)
            *value = (uint16_t)(*value * 10 + (byte - '0'));
    } else if (byte == ';') {
        if (parser->parameters == 0)
            parser->parameters = 1;
        if (parser->parameters < TEXT_PARAMETERS_MAX)
            parser->parameters++;
        parser->parameter[parser->parameters - 1] = 0;
    } else if (byte >= '<' && byte <= '?') {
        parser->private_mode = true;
    } else if (byte >= 0x40 && byte <= 0x7e) {
        parser->state = TEXT_PLAIN;
        control_final(screen, (char)byte);
    } else if (byte >= 0x80) {
        parser->state = TEXT_PLAIN;
    }
}

/* One byte after ESC. */
static void escape_byte(struct text_screen *screen, uint8_t byte)
{
    struct text_parser *parser = &screen->parser;

    parser->state = TEXT_PLAIN;
    switch (byte) {
    case '[':
        parser->state = TEXT_CONTROL;
        parser->parameters = 0;
        parser->parameter[0] = 0;
        parser->private_mode = false;
        break;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_': parser->state = TEXT_STRING; break;
    case '(':
    case ')':
    case '*':
    case '+':
    case '#':
    case '%':
    case ' ': parser->state = TEXT_SKIP_ONE; break;
    case '7': screen->saved = screen->cursor; break;
    case '8': screen->cursor = screen->saved; break;
    case 'D': line_feed(screen); break;
    case 'E':
        screen->cursor.column = 0;
        line_feed(screen);
        break;
    case 'M': line_feed_back(screen); break;
    case 'c':
        reset_modes(screen);
        erase_rows(screen, 0, screen->rows);
        cursor_move(screen, 0, 0);
        break;
    default: break;
    }
}

/* A byte below 0x20, or 0x7f. ESC and the like end what was unfinished. */
static void control_code(struct text_screen *screen, uint8_t byte)
{
    struct text_parser *parser = &screen->parser;
    unsigned int column = screen->cursor.column;

    switch (byte) {
    case '\n':
        if (parser->state == TEXT_STRING)
            parser->state = TEXT_PLAIN;
        screen->cursor.column = 0;
        line_feed(screen);
        break;
    case '\r': screen->cursor.column = 0; break;
    case '\b':
        if (column > 0)
            screen->cursor.column--;
        break;
    case '\t':
        cursor_move(screen, (column / TAB_COLUMNS + 1) * TAB_COLUMNS,
                    screen->cursor.row);
        break;
    case 0x07: /* BEL ends a string */
    case 0x18: /* CAN */
    case 0x1a: /* SUB */ parser->state = TEXT_PLAIN; break;
    case 0x1b:
        if (screen->tone == TONE_DOMAIN)
            parser->state = TEXT_ESCAPE;
        break;
    default: break;
    }
}

/* The first byte of a UTF-8 sequence, 0x80 and up. */
static void utf8_begin(struct text_screen *screen, uint8_t byte)
{
    struct text_parser *parser = &screen->parser;

    if (byte >= 0xc2 && byte < 0xe0) {
        parser->utf8_left = 1;
        parser->utf8_code = byte & 0x1fu;
        parser->utf8_least = 0x80;
    } else if (byte >= 0xe0 && byte < 0xf0) {
        parser->utf8_left = 2;
        parser->utf8_code = byte & 0x0fu;
        parser->utf8_least = 0x800;
    } else if (byte >= 0xf0 && byte < 0xf5) {
        parser->utf8_left = 3;
        parser->utf8_code = byte & 0x07u;
        parser->utf8_least = 0x10000;
    } else {
        put_code(screen, CODE_UNKNOWN);
    }
}

/* A byte of plain text. */
static void plain_byte(struct text_screen *screen, uint8_t byte)
{
    struct text_parser *parser = &screen->parser;

    if (parser->utf8_left > 0) {
        if ((byte & 0xc0u) == 0x80) {
            parser->utf8_code = parser->utf8_code << 6 | (byte & 0x3fu);
            if (--parser->utf8_left == 0)
                put_code(screen, parser->utf8_code < parser->utf8_least
                                     ? CODE_UNKNOWN
                                     : parser->utf8_code);
            return;
        }
        parser->utf8_left = 0; /* cut short: show that */
        put_code(screen, CODE_UNKNOWN);
    }
    if (byte < 0x80)
        put_code(screen, byte);
    else
        utf8_begin(screen, byte);
}

static void write_byte(struct text_screen *screen, uint8_t byte)
{
    if (byte < 0x20 || byte == 0x7f) {
        control_code(screen, byte);
        return;
    }
    switch (screen->parser.state) {
    case TEXT_ESCAPE: escape_byte(screen, byte); break;
    case TEXT_CONTROL: control_byte(screen, byte); break;
    case TEXT_STRING: break;
    case TEXT_SKIP_ONE: screen->parser.state = TEXT_PLAIN; break;
    default: plain_byte(screen, byte); break;
    }
}

void text_screen_init(struct text_screen *screen, unsigned int columns,
                      unsigned int rows)
{
    if (columns > TEXT_COLUMNS_MAX)
        columns = TEXT_COLUMNS_MAX;
    if (rows > TEXT_ROWS_MAX)
        rows = TEXT_ROWS_MAX;
    screen->columns = (uint16_t)(columns > 0 ? columns : 1);
    screen->rows = (uint16_t)(rows > 0 ? rows : 1);
    screen->tone = TONE_KERNEL;
    reset_modes(screen);
    parser_reset(&screen->parser);
    for (unsigned int row = 0; row < TEXT_ROWS_MAX; row++)
        screen->line[row] = (uint8_t)row;
    erase_rows(screen, 0, screen->rows);
    cursor_move(screen, 0, 0);
    screen->saved = screen->cursor;
    screen->changed = true;
}

void text_screen_write(struct text_screen *screen, enum text_tone tone,
                       const char *text, size_t bytes)
{
    if (tone != TONE_DOMAIN && screen->tone == TONE_DOMAIN)
        parser_reset(&screen->parser);
    if (tone != TONE_DOMAIN && tone != TONE_LABEL)
        reset_modes(screen);
    screen->tone = (uint8_t)tone;
    for (size_t i = 0; i < bytes; i++)
        write_byte(screen, (uint8_t)text[i]);
    if (bytes > 0)
        screen->changed = true;
}

struct text_cell text_screen_cell(const struct text_screen *screen,
                                  unsigned int column, unsigned int row)
{
    struct text_cell cell = screen->cell[screen->line[row]][column];

    if (screen->cursor_shown && screen->cursor.row == row &&
        screen->cursor.column == column) {
        uint8_t ink = cell.ink;

        cell.ink = cell.paper;
        cell.paper = ink;
    }
    return cell;
}
