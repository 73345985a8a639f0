#include "inspect/line_editor.h"

#include "lib/format.h"
#include "lib/string.h"

#define CONTROL(c) ((c) - '@')
#define ESCAPE     '\033'
#define DELETE     '\177'

/* Steps of an escape sequence. */
enum { SEQUENCE_NONE, SEQUENCE_BEGUN, SEQUENCE_NUMBER };

void line_editor_init(struct line_editor *e)
{
    *e = (struct line_editor){.length = 0};
}

/* Make this text the line, the cursor at its end. */
static void set(struct line_editor *e, const char *text)
{
    string_copy(e->text, sizeof(e->text), text);
    e->length = (uint32_t)strlen(e->text);
    e->cursor = e->length;
}

/* Take the bytes [from, to) out of the line; keep: for Ctrl-Y. */
static enum line_event remove(struct line_editor *e, uint32_t from, uint32_t to,
                              bool keep)
{
    if (from >= to)
        return LINE_NOTHING;
    if (keep) {
        memcpy(e->cut, e->text + from, to - from);
        e->cut[to - from] = '\0';
    }
    memmove(e->text + from, e->text + to, e->length - to + 1);
    e->length -= to - from;
    e->cursor = from;
    return LINE_CHANGED;
}

void line_editor_insert(struct line_editor *e, const char *text)
{
    size_t bytes = strlen(text), room = LINE_BYTES - 1 - e->length;

    if (bytes > room)
        bytes = room;
    memmove(e->text + e->cursor + bytes, e->text + e->cursor,
            e->length - e->cursor + 1);
    memcpy(e->text + e->cursor, text, bytes);
    e->cursor += (uint32_t)bytes;
    e->length += (uint32_t)bytes;
}

/* Where the word before the cursor begins. */
static uint32_t word_start(const struct line_editor *e)
{
    uint32_t at = e->cursor;

    while (at > 0 && e->text[at - 1] == ' ')
        at--;
    while (at > 0 && e->text[at - 1] != ' ')
        at--;
    return at;
}

static enum line_event move(struct line_editor *e, uint32_t to)
{
    if (to > e->length)
        return LINE_NOTHING;
    e->cursor = to;
    return LINE_CHANGED;
}

/* Show the line `back` lines ago. */
static enum line_event recall(struct line_editor *e, uint32_t back)
{
    if (back > e->entered || back > LINE_HISTORY)
        return LINE_NOTHING;
    if (e->back == 0)
        memcpy(e->kept, e->text, sizeof(e->kept));
    e->back = back;
    set(e,
        back == 0 ? e->kept : e->history[(e->entered - back) % LINE_HISTORY]);
    return LINE_CHANGED;
}

static enum line_event recall_newer(struct line_editor *e)
{
    return e->back > 0 ? recall(e, e->back - 1) : LINE_NOTHING;
}

void line_editor_next(struct line_editor *e)
{
    const char *last = e->history[(e->entered - 1) % LINE_HISTORY];

    if (e->length > 0 && (e->entered == 0 || strcmp(last, e->text) != 0)) {
        memcpy(e->history[e->entered % LINE_HISTORY], e->text, LINE_BYTES);
        e->entered++;
    }
    e->back = 0;
    set(e, "");
}

static enum line_event control(struct line_editor *e, char byte)
{
    switch (byte) {
    case CONTROL('A'): return move(e, 0);
    case CONTROL('B'): return move(e, e->cursor - 1);
    case CONTROL('C'): return LINE_CANCELLED;
    case CONTROL('D'):
        if (e->length == 0)
            return LINE_CANCELLED;
        return remove(e, e->cursor, e->cursor + (e->cursor < e->length), false);
    case CONTROL('E'): return move(e, e->length);
    case CONTROL('F'): return move(e, e->cursor + 1);
    case DELETE:
    case CONTROL('H'):
        return remove(e, e->cursor - (e->cursor > 0), e->cursor, false);
    case CONTROL('K'): return remove(e, e->cursor, e->length, true);
    case CONTROL('L'): return LINE_CLEAR;
    case CONTROL('N'): return recall_newer(e);
    case CONTROL('P'): return recall(e, e->back + 1);
    case CONTROL('U'): return remove(e, 0, e->cursor, true);
    case CONTROL('W'): return remove(e, word_start(e), e->cursor, true);
    case CONTROL('Y'): line_editor_insert(e, e->cut); return LINE_CHANGED;
    case '\t': return LINE_TAB;
    default: return LINE_NOTHING;
    }
}

/* The last byte of ESC [ ... or ESC O ... */
static enum line_event sequence(struct line_editor *e, char byte)
{
    switch (byte) {
    case 'A': return recall(e, e->back + 1);
    case 'B': return recall_newer(e);
    case 'C': return move(e, e->cursor + 1);
    case 'D': return move(e, e->cursor - 1);
    case 'F': return move(e, e->length);
    case 'H': return move(e, 0);
    case '~':
        if (e->parameter == 1 || e->parameter == 7)
            return move(e, 0);
        if (e->parameter == 4 || e->parameter == 8)
            return move(e, e->length);
        if (e->parameter == 3)
            return control(e, e->length > 0 ? CONTROL('D') : '\0');
        return LINE_NOTHING;
    default: return LINE_NOTHING;
    }
}

static enum line_event escape(struct line_editor *e, char byte)
{
    if (e->escape == SEQUENCE_BEGUN && (byte == '[' || byte == 'O')) {
        e->escape = SEQUENCE_NUMBER;
        e->parameter = 0;
        return LINE_NOTHING;
    }
    if (e->escape == SEQUENCE_NUMBER && byte >= '0' && byte <= ';') {
        e->parameter = (uint8_t)(e->parameter * 10 + (byte - '0'));
        return LINE_NOTHING;
    }
    if (e->escape == SEQUENCE_BEGUN) {
        e->escape = SEQUENCE_NONE;
        return LINE_NOTHING;
    }
    e->escape = SEQUENCE_NONE;
    return sequence(e, byte);
}

enum line_event line_editor_take(struct line_editor *e, char byte)
{
    bool returned = e->returned;
    char text[2] = {byte, '\0'};

    e->returned = byte == '\r';
    if (byte == ESCAPE) {
        e->escape = SEQUENCE_BEGUN;
        return LINE_NOTHING;
    }
    if (e->escape != SEQUENCE_NONE)
        return escape(e, byte);
    if (byte == '\n' && returned)       /* the second half of one Enter */
        return LINE_NOTHING;
    if (byte == '\r' || byte == '\n')
        return LINE_ENTERED;
    if (byte >= ' ' && byte < DELETE) {
        line_editor_insert(e, text);
        return LINE_CHANGED;
    }
    return control(e, byte);
}

size_t line_editor_draw(const struct line_editor *e, const char *prompt,
                        uint32_t columns, char *out)
{
    uint32_t before = (uint32_t)strlen(prompt);
    uint32_t room = columns > before + 2 ? columns - before - 1 : 1;
    uint32_t from = 0, shown = e->length;
    int n;

    if (e->cursor > room)
        from = e->cursor - room;
    if (shown - from > room)
        shown = from + room;
    n = format_buffer(
        out, LINE_DRAW_BYTES, "\r\033[0;1;36m%s\033[0m%.*s\033[K\r\033[%uC",
        prompt, (int)(shown - from), e->text + from, before + e->cursor - from);
    return (size_t)n < LINE_DRAW_BYTES ? (size_t)n : LINE_DRAW_BYTES - 1;
}
