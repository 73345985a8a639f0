#include "x86/log.h"

#include <stdarg.h>

#include "lib/format.h"
#include "lib/string.h"
#include "x86/console.h"

const char *const log_level_names[] = {
    "error", "warning", "refusal", "info", "debug", "all", NULL,
};

/* The writer of the prompt's line, among the domains. */
#define LOG_PROMPT 0xfffeu

/* Control bytes in one piece of a domain's text: each may end a line. */
#define PIECE_CONTROLS 8

/* In the ring a byte below 9 says whose text follows: its tone plus 1. */
#define MARK_END 9u

struct log {
    unsigned int level;
    uint16_t open;   /* domain whose line is unfinished */
    uint16_t last;   /* domain that wrote last */
    uint16_t raw;    /* domain passed on unchanged */
    bool returned;   /* a carriage return waits for what follows */
    bool typed;      /* the prompt's unfinished line can be wiped off */
    uint32_t column; /* characters after the label */
    uint8_t tone;    /* of the text at the end of the ring */
    uint64_t end;    /* bytes ever put into the ring */
    uint8_t ring[LOG_RING_BYTES];
};

static struct log machine_log = {
    .level = LOG_INFO,
    .open = LOG_NOBODY,
    .last = LOG_NOBODY,
    .raw = LOG_NOBODY,
    .tone = UINT8_MAX,
};

static void ring_put(struct log *log, uint8_t byte)
{
    log->ring[log->end % LOG_RING_BYTES] = byte;
    log->end++;
}

static void ring_write(struct log *log, enum text_tone tone, const char *text,
                       size_t bytes)
{
    if (bytes > 0 && log->tone != tone) {
        log->tone = (uint8_t)tone;
        ring_put(log, (uint8_t)(tone + 1u));
    }
    for (size_t i = 0; i < bytes; i++) {
        if ((uint8_t)text[i] >= MARK_END)
            ring_put(log, (uint8_t)text[i]);
    }
}

static void emit(struct log *log, enum text_tone tone, const char *text,
                 size_t bytes)
{
    ring_write(log, tone, text, bytes);
    console_write(tone, text, bytes);
}

/* End another writer's line, so that the next byte starts a line. */
static void line_take(struct log *log)
{
    if (log->open == LOG_PROMPT && log->typed)
        console_write(TONE_DOMAIN, "\r\033[K", 4);
    else if (log->open == LOG_PROMPT)
        console_write(TONE_DOMAIN, "\n", 1);
    else if (log->open != LOG_NOBODY)
        emit(log, TONE_KERNEL, "\n", 1);
    log->open = LOG_NOBODY;
    log->returned = false;
}

void log_prompt_write(const char *text, size_t bytes, bool typed)
{
    struct log *log = &machine_log;

    if (bytes == 0)
        return;
    if (log->open != LOG_PROMPT) {
        line_take(log);
        console_write(TONE_KERNEL, "", 0); /* colours of the one before */
    }
    console_write(TONE_DOMAIN, text, bytes);
    log->typed = typed;
    log->last = LOG_NOBODY;
    log->open = text[bytes - 1] == '\n' ? LOG_NOBODY : LOG_PROMPT;
}

enum log_line log_line_open(void)
{
    if (machine_log.open == LOG_NOBODY)
        return LOG_LINE_NONE;
    return machine_log.open == LOG_PROMPT ? LOG_LINE_PROMPT : LOG_LINE_OTHER;
}

void log_set_level(unsigned int level)
{
    machine_log.level = level > LOG_DEBUG ? LOG_DEBUG : level;
}

void log_set_raw(uint16_t domain)
{
    machine_log.raw = domain;
}

static enum text_tone level_tone(enum log_level level)
{
    switch (level) {
    case LOG_ERROR: return TONE_ERROR;
    case LOG_WARNING: return TONE_WARNING;
    case LOG_REFUSAL: return TONE_REFUSAL;
    case LOG_DEBUG: return TONE_DEBUG;
    default: return TONE_KERNEL;
    }
}

void log_printf(enum log_level level, const char *format, ...)
{
    struct log *log = &machine_log;
    char text[LOG_LINE_BYTES];
    enum text_tone tone = level_tone(level);
    const char *line = text;
    va_list args;

    if (level > log->level)
        return;
    va_start(args, format);
    format_vbuffer(text, sizeof(text), format, args);
    va_end(args);
    line_take(log);
    log->last = LOG_NOBODY;
    do {
        size_t bytes = 0;

        while (line[bytes] != '\0' && line[bytes] != '\n')
            bytes++;
        emit(log, tone, "(TALLY) ", 8);
        emit(log, tone, line, bytes);
        emit(log, tone, "\n", 1);
        line += bytes;
        if (*line == '\n')
            line++;
    } while (*line != '\0');
}

/* Make the line this domain's: end another's, then write the label. */
static void label_put(struct log *log, uint16_t domain)
{
    char label[12];
    int bytes =
        format_buffer(label, sizeof(label), "(d%u) ", (unsigned int)domain);

    if (log->last != domain) /* colours of the one before */
        emit(log, TONE_KERNEL, "", 0);
    emit(log, TONE_LABEL, label, (size_t)bytes);
    log->open = domain;
    log->last = domain;
    log->column = 0;
}

static bool byte_plain(uint8_t byte)
{
    return byte >= 0x20 && byte != 0x7f;
}

/* A control byte of a domain. */
static void domain_control(struct log *log, char byte)
{
    switch (byte) {
    case '\n':
        emit(log, TONE_DOMAIN, "\n", 1);
        log->open = LOG_NOBODY;
        break;
    case '\r': log->returned = true; break;
    case '\b':
        if (log->column == 0)
            break;
        log->column--;
        emit(log, TONE_DOMAIN, "\b", 1);
        break;
    case '\t':
        log->column++;
        emit(log, TONE_DOMAIN, "\t", 1);
        break;
    default:
        log->column++;
        emit(log, TONE_DOMAIN, "?", 1);
        break;
    }
}

size_t log_piece(const char *text, size_t bytes)
{
    size_t controls = 0, i;

    for (i = 0; i < bytes; i++) {
        controls += !byte_plain((uint8_t)text[i]);
        if (controls > PIECE_CONTROLS)
            break;                      /* not behind an ESC, but before it */
    }
    return i;
}

void log_domain_write(uint16_t domain, const char *text, size_t bytes)
{
    struct log *log = &machine_log;
    size_t i = 0;

    if (domain == log->raw) {
        log_domain_raw(domain, text, bytes);
        return;
    }
    if (bytes > 0 && log->open != domain)
        line_take(log);
    while (i < bytes) {
        size_t run = 0;

        if (log->returned && text[i] != '\n' && text[i] != '\r') {
            emit(log, TONE_DOMAIN, "\r", 1);
            label_put(log, domain);
        }
        if (text[i] != '\r')
            log->returned = false;
        if (log->open != domain)
            label_put(log, domain);
        while (i + run < bytes && byte_plain((uint8_t)text[i + run]))
            run++;
        if (run > 0) {
            emit(log, TONE_DOMAIN, text + i, run);
            log->column += (uint32_t)run;
            i += run;
        } else {
            domain_control(log, text[i++]);
        }
    }
}

void log_domain_raw(uint16_t domain, const char *text, size_t bytes)
{
    struct log *log = &machine_log;

    if (bytes == 0)
        return;
    if (log->open != domain)
        line_take(log);
    if (log->last != domain)
        emit(log, TONE_KERNEL, "", 0);
    log->last = domain;
    log->returned = false;
    log->column = 0;
    ring_write(log, TONE_DOMAIN, text, bytes);
    console_write_raw(TONE_DOMAIN, text, bytes);
    log->open = text[bytes - 1] == '\n' ? LOG_NOBODY : domain;
}

void log_domain_end(uint16_t domain)
{
    if (machine_log.open == domain)
        line_take(&machine_log);
    if (machine_log.raw == domain)
        machine_log.raw = LOG_NOBODY;
}

size_t log_copy(uint64_t *position, char *out, size_t bytes)
{
    const struct log *log = &machine_log;
    uint64_t at = *position;
    size_t copied = 0;

    if (log->end > LOG_RING_BYTES && at < log->end - LOG_RING_BYTES)
        at = log->end - LOG_RING_BYTES;
    for (; at < log->end && copied < bytes; at++) {
        uint8_t byte = log->ring[at % LOG_RING_BYTES];

        if (byte >= MARK_END)
            out[copied++] = (char)byte;
    }
    *position = at;
    return copied;
}

void log_replay(void (*write)(unsigned int tone, const char *text,
                              size_t bytes))
{
    const struct log *log = &machine_log;
    unsigned int tone = TONE_KERNEL;
    uint64_t at = log->end > LOG_RING_BYTES ? log->end - LOG_RING_BYTES : 0;

    for (; at < log->end; at++) {
        uint8_t byte = log->ring[at % LOG_RING_BYTES];
        char text = (char)byte;

        if (byte < MARK_END)
            tone = byte - 1u;
        else
            write(tone, &text, 1);
    }
}
