#include "inspect/prompt.h"

#include <stdarg.h>

#include "inspect/line_editor.h"
#include "inspect/verbs.h"
#include "lib/format.h"
#include "lib/string.h"
#include "x86/log.h"
#include "x86/tsc.h"

#define PROMPT "tally> "
#define COLUMNS 80u
#define QUEUE_BYTES (2 * OUT_STEP_BYTES)
#define AHEAD_BYTES 128u
/* How long a tick may be spent on a verb, and what a line is written in:
 * a serial line takes 16 bytes at once. */
#define SERVE_NS UINT64_C(1500000)
#define PIECE_BYTES 32u
/* A domain that has begun a line may go on for so many ticks. */
#define PATIENCE_TICKS 30u
#define CONTROL_C 0x03

static struct {
    struct line_editor editor;
    bool shown;
    bool changed;       /* the line is to be drawn */
    bool busy;          /* a verb is at work */
    uint32_t patience;  /* ticks that a domain's line was waited for */
    struct job job;
    char line[LINE_BYTES];      /* what the job's words point into */
    char queue[QUEUE_BYTES];    /* output that is not printed yet */
    uint32_t head;      /* bytes in it */
    uint32_t tail;      /* of them, printed */
    char ahead[AHEAD_BYTES];    /* typed while a verb is at work */
    uint32_t ahead_bytes;
} prompt;

void prompt_init(void)
{
    line_editor_init(&prompt.editor);
}

void out_text(const char *text, size_t bytes)
{
    size_t room = QUEUE_BYTES - prompt.head;

    if (bytes > room)
        bytes = room;
    memcpy(prompt.queue + prompt.head, text, bytes);
    prompt.head += (uint32_t)bytes;
}

void out_line(const char *format, ...)
{
    char line[256];
    va_list arguments;
    int wanted;

    va_start(arguments, format);
    wanted = format_vbuffer(line, sizeof(line) - 1, format, arguments);
    va_end(arguments);
    out_text(line, (size_t)wanted < sizeof(line) - 1 ? (size_t)wanted
                                                     : sizeof(line) - 2);
    out_text("\n", 1);
}

/* Draw the line where it is; behind: with the cursor at its end. */
static void draw(bool behind)
{
    char text[LINE_DRAW_BYTES];
    size_t bytes;

    if (behind)
        prompt.editor.cursor = prompt.editor.length;
    bytes = line_editor_draw(&prompt.editor, PROMPT, COLUMNS, text);
    log_prompt_write(text, bytes, true);
    prompt.changed = false;
    prompt.patience = 0;
}

/* Leave the line as it is, and go on below it. */
static void leave_line(const char *mark)
{
    char text[8];
    int n = format_buffer(text, sizeof(text), "%s\n", mark);

    draw(true);
    log_prompt_write(text, (size_t)n, false);
}

static void enter(void)
{
    leave_line("");
    memcpy(prompt.line, prompt.editor.text, LINE_BYTES);
    line_editor_next(&prompt.editor);
    prompt.changed = true;
    if (!verb_begin(&prompt.job, prompt.line))
        out_line("%s", prompt.job.error);
    else
        prompt.busy = prompt.job.step != NULL;
}

static void list_word(const char *word)
{
    char text[32];
    int n = format_buffer(text, sizeof(text), "%-15.24s ", word);

    out_text(text, (size_t)n);
}

static void complete(void)
{
    struct line_editor *e = &prompt.editor;
    char line[LINE_BYTES], add[VERB_ADD_BYTES];
    uint32_t before = prompt.head;

    string_copy_bounded(line, sizeof(line), e->text, e->cursor);
    verb_complete(line, add, list_word);
    line_editor_insert(e, add);
    if (prompt.head != before) {
        uint32_t cursor = e->cursor;

        leave_line("");
        e->cursor = cursor;
        out_text("\n", 1);
    }
    prompt.changed = true;
}

static void cancel(void)
{
    leave_line("^C");
    prompt.editor.length = 0;
    prompt.editor.cursor = 0;
    prompt.editor.text[0] = '\0';
    prompt.changed = true;
}

static void take_now(char byte)
{
    switch (line_editor_take(&prompt.editor, byte)) {
    case LINE_CHANGED: prompt.changed = true; break;
    case LINE_ENTERED: enter(); break;
    case LINE_TAB: complete(); break;
    case LINE_CANCELLED: cancel(); break;
    case LINE_CLEAR:
        log_prompt_write("\033[H\033[2J", 7, true);
        prompt.changed = true;
        break;
    default: break;
    }
}

static bool at_work(void)
{
    return prompt.busy || prompt.head > 0;
}

/* End the verb at work. */
static void stop(void)
{
    prompt.busy = false;
    prompt.head = 0;
    prompt.tail = 0;
    prompt.ahead_bytes = 0;
    log_prompt_write("^C\n", 3, false);
    prompt.changed = true;
}

void prompt_take(char byte)
{
    if (!prompt.shown)
        prompt_show(true);
    if (!at_work())
        take_now(byte);
    else if (byte == CONTROL_C)
        stop();
    else if (prompt.ahead_bytes < AHEAD_BYTES)
        prompt.ahead[prompt.ahead_bytes++] = byte;
}

void prompt_show(bool shown)
{
    prompt.shown = shown;
    prompt.changed = shown;
}

/* Print a piece of what waits. */
static void print_piece(void)
{
    uint32_t bytes = prompt.head - prompt.tail;

    if (bytes > PIECE_BYTES)
        bytes = PIECE_BYTES;
    log_prompt_write(prompt.queue + prompt.tail, bytes, false);
    prompt.tail += bytes;
    if (prompt.tail == prompt.head) {
        prompt.head = 0;
        prompt.tail = 0;
    }
}

/* Go on with the verb for a while: print, and make more to print. */
static void work(void)
{
    uint64_t begin = tsc_now_ns();

    while (at_work() && tsc_now_ns() - begin < SERVE_NS) {
        if (prompt.head > 0)
            print_piece();
        else if (prompt.job.step(&prompt.job))
            prompt.busy = false;
    }
}

/* Take what was typed meanwhile, up to the next Enter. */
static void take_ahead(void)
{
    uint32_t i;

    for (i = 0; i < prompt.ahead_bytes && !at_work(); i++)
        take_now(prompt.ahead[i]);
    prompt.ahead_bytes -= i;
    memmove(prompt.ahead, prompt.ahead + i, prompt.ahead_bytes);
}

void prompt_serve(void)
{
    enum log_line line;

    if (at_work())
        work();
    if (at_work() || !prompt.shown)
        return;
    take_ahead();
    line = log_line_open();
    if (at_work() || (line == LOG_LINE_PROMPT && !prompt.changed))
        return;
    if (line == LOG_LINE_OTHER && !prompt.changed &&
        prompt.patience++ < PATIENCE_TICKS)
        return;
    draw(false);
}
