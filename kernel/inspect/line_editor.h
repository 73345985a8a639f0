#ifndef TALLY_INSPECT_LINE_EDITOR_H
#define TALLY_INSPECT_LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * line_editor - a line that a person types, with a history.
 *
 * Knows the keys of a VT100 and of every shell: arrows, Home, End, Delete,
 * Ctrl-A B C D E F H K L N P U W Y. Pure: what is to be drawn is text, and
 * any bytes are survived.
 */
#define LINE_BYTES 160          /* with the terminator */
#define LINE_HISTORY 16

enum line_event {
    LINE_NOTHING,
    LINE_CHANGED,       /* draw it again */
    LINE_ENTERED,       /* line_editor_text() is complete: use it, then
                           line_editor_next() */
    LINE_TAB,           /* complete it */
    LINE_CLEAR,         /* the screen is to be cleared */
    LINE_CANCELLED,     /* Ctrl-C, or Ctrl-D on an empty line */
};

struct line_editor {
    char text[LINE_BYTES];
    uint32_t length;
    uint32_t cursor;    /* 0..length */
    char cut[LINE_BYTES];       /* what Ctrl-K, -U or -W took; Ctrl-Y */
    char history[LINE_HISTORY][LINE_BYTES];
    uint32_t entered;   /* lines ever put into the history */
    uint32_t back;      /* lines back in the history; 0: the new one */
    char kept[LINE_BYTES];      /* the new one, while back is not 0 */
    uint8_t escape;     /* bytes of a sequence seen */
    uint8_t parameter;  /* its number */
    bool returned;      /* the last byte was a carriage return */
};

/* line_editor_init - an empty line, an empty history. */
void line_editor_init(struct line_editor *e);

/* line_editor_take - one byte that was typed. */
enum line_event line_editor_take(struct line_editor *e, char byte);

/* line_editor_insert - put text in at the cursor, as far as it fits. */
void line_editor_insert(struct line_editor *e, const char *text);

/* line_editor_next - keep the line in the history, begin an empty one. */
void line_editor_next(struct line_editor *e);

/*
 * line_editor_draw - the text that draws the line where the cursor is.
 *
 * prompt   what stands before it
 * columns  of the terminal: the line never wraps, it is moved sideways
 * out      room for LINE_DRAW_BYTES
 *
 * Returns the number of bytes.
 */
#define LINE_DRAW_BYTES (LINE_BYTES + 128)
size_t line_editor_draw(const struct line_editor *e, const char *prompt,
                        uint32_t columns, char *out);

#endif
