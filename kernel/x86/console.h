/*
 * console - where text goes: the serial line, the screen, or both.
 */
#ifndef TALLY_X86_CONSOLE_H
#define TALLY_X86_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/types.h"
#include "x86/framebuffer.h"
#include "x86/text_screen.h"

/* The sinks, as bits, and their names for console=, in the same order. */
#define CONSOLE_SERIAL 1u
#define CONSOLE_SCREEN 2u
extern const char *const console_sink_names[]; /* ends with NULL */

/*
 * console_select - choose the sinks; both are chosen at first.
 *
 * sinks  CONSOLE_SERIAL, CONSOLE_SCREEN, both or 0
 *
 * May be called at any time: what is selected and present is used.
 */
void console_select(unsigned int sinks);

/*
 * console_early_init - look for the serial port and use it. Needs port I/O
 * only: works before the kernel's own page tables.
 *
 * baud  bits per second, 0 for 115200
 */
void console_early_init(uint32_t baud);

enum screen_kind {
    SCREEN_NONE,
    SCREEN_PIXELS,
    SCREEN_TEXT,  /* VGA text mode: width and height in characters */
    SCREEN_OTHER, /* there is one, but not to be drawn to */
};

/* The screen that the boot loader left. */
struct console_screen {
    enum screen_kind kind;
    paddr_t paddr;
    struct pixel_format format; /* text: only width, height and pitch */
    unsigned int pane_columns;  /* of cells to keep free at the right, if so
                                   many are left for the text as well, */
    unsigned int pane_rows;     /* and there are so many rows */
};

/*
 * console_offer - remember what screen there is, for console_init() or
 * console_last().
 */
void console_offer(const struct console_screen *from);

/*
 * console_init - add the screen that was offered.
 *
 * Needs the kernel's page tables (paging_map_device()). The log so far is
 * shown on it. Without a usable screen the reason goes to the log.
 */
void console_init(void);

/*
 * console_last - the screen as it will stay, before a stop for good: when
 * that comes so early that console_init() was never called it is called now.
 */
void console_last(void);

/*
 * console_write - send text to every sink.
 *
 * tone   who speaks: the colour on the screen
 * text   UTF-8; "\n" ends a line, the serial line gets "\r\n"
 *
 * The screen is redrawn at most some 30 times a second, or not at all after
 * console_leave().
 */
void console_write(enum text_tone tone, const char *text, size_t bytes);

/*
 * console_write_raw - the same without turning "\n" into "\r\n" on the
 * serial line.
 */
void console_write_raw(enum text_tone tone, const char *text, size_t bytes);

/*
 * console_flush - bring the screen up to date, all of it.
 *
 * console_draw - a few cells of it. true: there is more to draw.
 *
 * console_leave - from now on somebody calls console_draw often; nothing is
 * drawn when text is written.
 */
void console_flush(void);
bool console_draw(void);
void console_leave(void);

/*
 * console_pane_rows - the rows of cells that console_init() kept free at the
 * right; 0: none.
 */
unsigned int console_pane_rows(void);

/* console_pane_put - draw a cell of them, if it is not there already. */
void console_pane_put(unsigned int column, unsigned int row,
                      struct text_cell cell);

/*
 * console_page - show a part of the log instead of its end, on the screen.
 *
 * page  0 for the oldest; CONSOLE_PAGE_END for the end, as it was before
 *
 * Returns whether there is text behind it.
 */
#define CONSOLE_PAGE_END UINT32_MAX
bool console_page(uint32_t page);

/*
 * console_read_byte - the next byte a person typed, on the serial line or
 * the keyboard.
 *
 * Returns 0..255, or -1 when there is none.
 */
int console_read_byte(void);

#endif
