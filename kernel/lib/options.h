/*
 * Command lines, in Xen's grammar: words separated by spaces, each
 * name=value, or for booleans also a bare name or no-name. Later words win.
 */
#ifndef TALLY_LIB_OPTIONS_H
#define TALLY_LIB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OPTION_WORD_BYTES = 256,    /* longest word, with its terminator */
    OPTION_MESSAGE_BYTES = 256, /* longest message, with its terminator */
};

/* Where messages go: each is one sentence without prefix or newline. */
struct option_report {
    void (*say)(void *context, const char *message);
    void *context;
};

enum option_kind {
    OPTION_BOOL,   /* value: bool * */
    OPTION_NUMBER, /* value: uint64_t *, any number up to limit */
    OPTION_SIZE,   /* value: uint64_t *, in bytes, up to limit */
    OPTION_TEXT,   /* value: char *, a buffer of limit bytes (not 0) */
    OPTION_CHOICE, /* value: unsigned int *, index into choices */
    OPTION_SET,    /* value: unsigned int *, one bit for each choice */
    OPTION_CUSTOM, /* value: passed to parse, with the text */
};

struct option {
    const char *name;
    enum option_kind kind;
    void *value;                /* unchanged by a refused word */
    uint64_t limit;             /* NUMBER, SIZE: 0 means no limit */
    const char *const *choices; /* ends with NULL; SET: at most 32 */
    bool (*parse)(void *value, const char *text); /* false: refused */
    const char *takes; /* CUSTOM: what it takes, in words */
};

struct option_table {
    const struct option *options;
    size_t count; /* options */
};

/*
 * option_bool - what a boolean's text says:
 * yes, on, true, enable, 1 or no, off, false, disable, 0.
 *
 * 1, 0   what the text says
 * -1     it is neither
 */
int option_bool(const char *text);

/*
 * option_number - a whole number: decimal, 0x hexadecimal or 0 octal.
 *
 * false  empty, not a number up to its last byte, or above 2^64 - 1;
 *        *value is unchanged
 */
bool option_number(const char *text, uint64_t *value);

/*
 * option_size - a number with b, k, m, g or t behind it (either case); a
 * number without a letter counts KiB.
 *
 * false  as option_number, also when the size in bytes is above 2^64 - 1
 */
bool option_size(const char *text, uint64_t *bytes);

/*
 * option_next_word - take the next word off a command line.
 *
 * cursor  moves behind the word (and stays at the terminator at the end)
 * word    the word without its quotes: a part in "..." may hold spaces, and
 *         a backslash before a quote or a backslash stands for that byte
 * bytes   size of word in bytes, at least 1
 *
 * 1       a word
 * 0       the line has ended
 * -E2BIG  the word was cut short; the cursor is behind all of it
 */
int option_next_word(const char **cursor, char *word, size_t bytes);

/*
 * options_parse - set every option that a command line names.
 *
 * line    a terminated text
 * table   what may be named
 * report  gets one message for each word that is refused: an unknown name
 *         with the nearest known one, or a value with what was expected;
 *         may be NULL
 * rest    set to the text behind a word "--", which ends the options, without
 *         leading spaces, or to NULL if there is none; may be NULL
 *
 * Returns how many words were refused.
 */
int options_parse(const char *line, const struct option_table *table,
                  const struct option_report *report, const char **rest);

/*
 * options_find - the option that a word names, by its name up to the '=',
 * also with no- before a boolean's; NULL if there is none.
 */
const struct option *options_find(const struct option_table *table,
                                  const char *word);

#endif
