/*
 * log - every line the machine prints, kept in a ring and sent to the
 * consoles.
 *
 * Kernel lines start "(TALLY) ", a domain's lines "(dN) ". One writer owns
 * the current line; when another one writes, the unfinished line is ended
 * first, so that a line never mixes two writers.
 */
#ifndef TALLY_X86_LOG_H
#define TALLY_X86_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_ERROR,
    LOG_WARNING,
    LOG_REFUSAL, /* a rule said no to a domain */
    LOG_INFO,
    LOG_DEBUG,
};

/*
 * The words of loglvl=, in the order of enum log_level, then "all", which is
 * the same as the last; ends with NULL.
 */
extern const char *const log_level_names[];

/* Bytes of text the ring keeps; older text is overwritten. */
#define LOG_RING_BYTES 65536u

/* The longest text of one log_printf(), in bytes; more is cut off. */
#define LOG_LINE_BYTES 512u

/*
 * log_set_level - choose how much the kernel says.
 *
 * level  the least important level that is still printed (default LOG_INFO);
 *        anything above LOG_DEBUG is LOG_DEBUG. What is not printed is not
 *        kept either.
 */
void log_set_level(unsigned int level);

/*
 * log_printf - print one or several whole lines of the kernel's own.
 *
 * Every line of the text gets its own "(TALLY) "; a newline at the end is
 * added when there is none.
 */
void log_printf(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * log_domain_write - print what a domain wrote, line by line with "(dN) ".
 *
 * domain  its number
 * text    any bytes; control bytes other than newline, return, tab and
 *         backspace are shown as '?': with an escape sequence a line could be
 *         made to look like another's
 * bytes   their number
 *
 * An unfinished line stays open until the domain goes on or another writer
 * comes. A lone carriage return or a backspace cannot remove the prefix. For
 * the domain named by log_set_raw() this is log_domain_raw().
 */
void log_domain_write(uint16_t domain, const char *text, size_t bytes);

/*
 * log_piece - how much of a domain's text to write at once, so that interrupts
 * need not wait long: as far as the next few control bytes.
 *
 * Returns 1 to bytes; 0 if there are none.
 */
size_t log_piece(const char *text, size_t bytes);

/*
 * log_domain_raw - pass a domain's bytes to the consoles as they are.
 *
 * Used for the one domain that a person talks to: its escape sequences work.
 */
void log_domain_raw(uint16_t domain, const char *text, size_t bytes);

/*
 * log_set_raw - name the domain whose output is passed on unchanged.
 *
 * domain  its number, or LOG_NOBODY for none (the default)
 */
#define LOG_NOBODY 0xffffu
void log_set_raw(uint16_t domain);

/*
 * log_domain_end - end a domain's line, when it left one unfinished.
 */
void log_domain_end(uint16_t domain);

/*
 * log_prompt_write - text of the kernel prompt, for the consoles only.
 *
 * text   any bytes; they are not kept in the ring
 * typed  true: the unfinished line is what a person types. Whoever prints
 *        next wipes it off, and the prompt draws it again. false: output,
 *        whose unfinished line is ended like a domain's.
 */
void log_prompt_write(const char *text, size_t bytes, bool typed);

/* Whose line is unfinished: the prompt's, somebody else's, or nobody's. */
enum log_line { LOG_LINE_NONE, LOG_LINE_PROMPT, LOG_LINE_OTHER };
enum log_line log_line_open(void);

/*
 * log_copy - copy text out of the ring.
 *
 * position  in: where to go on, 0 for the oldest text; out: behind the last
 *           byte copied (positions count all bytes ever written)
 * out       room for the text, not terminated
 * bytes     size of out
 *
 * Returns the number of bytes copied, 0 at the end. Text that was already
 * overwritten is skipped.
 */
size_t log_copy(uint64_t *position, char *out, size_t bytes);

/*
 * log_replay - send everything in the ring to one sink, for a console that
 * came up late.
 *
 * write  called with a tone (enum text_tone) and pieces of the text
 */
void log_replay(void (*write)(unsigned int tone, const char *text,
                              size_t bytes));

#endif
