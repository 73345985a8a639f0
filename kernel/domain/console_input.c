#include "domain/console_input.h"

#include "domain/console_ring.h"
#include "x86/console.h"
#include "x86/log.h"

/* Bytes that wait for a domain to ask by console_io. */
#define WAITING_BYTES 256u
/* Bytes taken from the devices at once. */
#define TAKEN_AT_ONCE 256u
/* Ticks that a lone INPUT_SWITCH is kept back. */
#define KEPT_TICKS 40u

/* Who has the input: a domain's id, or one of these. */
#define READER_FIRST 0          /* the first that listens, else the prompt */
#define READER_PROMPT 0xffff

static const struct input_prompt *prompt;
static uint16_t reader = READER_FIRST;
static unsigned int switches;   /* INPUT_SWITCH in a row so far */
static unsigned int kept_ticks;
static bool typed;

static char waiting[WAITING_BYTES];
static uint32_t waiting_head;   /* bytes ever put in */
static uint32_t waiting_tail;   /* bytes ever taken out */
static uint16_t waiting_for;    /* the domain that they were typed to */

void console_input_set_prompt(const struct input_prompt *p)
{
    prompt = p;
}

bool console_input_typed(void)
{
    return typed;
}

static bool listens(const struct domain *d)
{
    return d->end == END_NONE && (d->console || d->reads_console);
}

/* The first domain behind `d` that listens; NULL when there is none. */
static struct domain *listener_behind(struct domain *d)
{
    do
        d = domain_next(d);
    while (d && !listens(d));
    return d;
}

/* The domain that has the input. NULL: the prompt, or nobody. */
static struct domain *reading_domain(void)
{
    struct domain *d;

    if (reader == READER_PROMPT)
        return NULL;
    d = reader == READER_FIRST ? NULL : domain_by_id(reader);
    if (d && listens(d))
        return d;
    reader = READER_FIRST;              /* it has ended: back to the start */
    return listener_behind(NULL);
}

static bool prompt_reads(void)
{
    return prompt &&
           (reader == READER_PROMPT || (prompt->unasked && !reading_domain()));
}

/* Move the input on: domains that listen in their order, then the prompt. */
static void move(void)
{
    bool from_prompt = prompt_reads();
    struct domain *d = listener_behind(from_prompt ? NULL : reading_domain());

    if (prompt && from_prompt && d)
        prompt->shown(false);
    if (d) {
        reader = d->owner.id;
        log_printf(LOG_INFO, "input goes to domain %u (%s)", d->owner.id,
                   d->name);
    } else if (prompt) {
        reader = READER_PROMPT;
        log_printf(LOG_INFO, "input goes to the kernel prompt");
        prompt->shown(true);
    }
}

/* Keep a byte for a domain until it asks. */
static void wait_for(const struct domain *d, char byte)
{
    if (waiting_for != d->owner.id)
        waiting_tail = waiting_head;
    waiting_for = d->owner.id;
    if (waiting_head - waiting_tail < WAITING_BYTES)
        waiting[waiting_head++ % WAITING_BYTES] = byte;
}

/* A byte for whoever has the input. */
static void deliver(char byte)
{
    struct domain *d = reading_domain();

    if (d && d->console)
        console_ring_input(d, &byte, 1);
    else if (d)
        wait_for(d, byte);
    else if (prompt_reads()) {
        reader = READER_PROMPT;         /* a person has begun to use it */
        prompt->take(byte);
    }
}

static void give_kept(void)
{
    for (; switches > 0; switches--)
        deliver(INPUT_SWITCH);
}

/* Ctrl-a is kept back until it is known whether two more follow. */
static void take(char byte)
{
    if (byte == INPUT_SWITCH) {
        kept_ticks = 0;
        if (++switches == INPUT_SWITCH_TIMES) {
            switches = 0;
            move();
        }
        return;
    }
    give_kept();
    deliver(byte);
}

void console_input_serve(void)
{
    uint32_t i;
    int byte;

    for (i = 0; i < TAKEN_AT_ONCE && (byte = console_read_byte()) >= 0; i++) {
        typed = true;
        take((char)byte);
    }
}

void console_input_tick(void)
{
    console_input_serve();
    if (++kept_ticks > KEPT_TICKS)
        give_kept();
    if (prompt)
        prompt->serve();
}

size_t console_input_read(struct domain *d, char *bytes, size_t size)
{
    size_t n = 0;

    d->reads_console = true;
    console_input_serve();
    while (n < size && waiting_for == d->owner.id &&
           waiting_tail != waiting_head)
        bytes[n++] = waiting[waiting_tail++ % WAITING_BYTES];
    return n;
}
