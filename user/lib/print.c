#include "lib/print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <xen/io/console.h>

#include "lib/hypercall.h"
#include "lib/memory.h"

#define LINE_BYTES 256
#define DIGITS     20 /* of the largest 64-bit number */

/* How one conversion of a format is to be printed. */
struct field {
    bool left;          /* flag '-' */
    bool zeros;         /* flag '0' */
    bool is_long;       /* length 'l' */
    unsigned int width; /* characters, at least */
};

static char line[LINE_BYTES];
static size_t line_bytes;
static struct xencons_interface *ring; /* NULL: the hypercall is our way */
static uint32_t ring_port;

void print_setup(const start_info_t *info)
{
    if ((info->flags & SIF_PRIVILEGED) != 0)
        return;
    ring = page_of(pfn_of(info->console.domU.mfn));
    ring_port = info->console.domU.evtchn;
}

static void ring_write(const char *text, size_t bytes)
{
    volatile uint32_t *taken = &ring->out_cons;
    volatile uint32_t *given = &ring->out_prod;
    size_t i;

    for (i = 0; i < bytes; i++) {
        while (*given - *taken == sizeof(ring->out)) {
            hypercall_event_send(ring_port);
            hypercall_yield();
        }
        ring->out[*given % sizeof(ring->out)] = text[i];
        __asm__ volatile("" : : : "memory"); /* the byte, then the count */
        *given = *given + 1;
    }
    hypercall_event_send(ring_port);
}

static void line_send(void)
{
    if (ring != NULL)
        ring_write(line, line_bytes);
    else
        hypercall_console_write(line, line_bytes);
    line_bytes = 0;
}

static void print_char(char c)
{
    line[line_bytes++] = c;
    if (c == '\n' || line_bytes == LINE_BYTES)
        line_send();
}

static void print_chars(char c, size_t count)
{
    while (count-- > 0)
        print_char(c);
}

static void print_field(const char *text, size_t bytes,
                        const struct field *field)
{
    size_t gap = field->width > bytes ? field->width - bytes : 0;
    size_t i;

    if (!field->left)
        print_chars(field->zeros ? '0' : ' ', gap);
    for (i = 0; i < bytes; i++)
        print_char(text[i]);
    if (field->left)
        print_chars(' ', gap);
}

static void print_text(const char *text, const struct field *field)
{
    size_t bytes = 0;

    while (text[bytes] != '\0')
        bytes++;
    print_field(text, bytes, field);
}

static void print_number(uint64_t value, unsigned int base, bool minus,
                         const struct field *field)
{
    char digits[DIGITS + 1];
    size_t first = sizeof(digits);

    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (minus)
        digits[--first] = '-';
    print_field(digits + first, sizeof(digits) - first, field);
}

/* The flags, width and length of a conversion; returns what follows them. */
static const char *field_parse(const char *format, struct field *field)
{
    *field = (struct field){.width = 0};
    for (; *format == '-' || *format == '0'; format++) {
        if (*format == '-')
            field->left = true;
        else
            field->zeros = true;
    }
    for (; *format >= '0' && *format <= '9'; format++)
        field->width = field->width * 10 + (unsigned int)(*format - '0');
    for (; *format == 'l'; format++)
        field->is_long = true;
    return format;
}

static void print_list(const char *format, va_list list)
{
    struct field field;
    uint64_t number;
    int64_t value;
    char c;

    for (; *format != '\0'; format++) {
        if (*format != '%') {
            print_char(*format);
            continue;
        }
        format = field_parse(format + 1, &field);
        switch (*format) {
        case 's': print_text(va_arg(list, const char *), &field); break;
        case 'c':
            c = (char)va_arg(list, int);
            print_field(&c, 1, &field);
            break;
        case 'd':
            value = field.is_long ? va_arg(list, long) : va_arg(list, int);
            number = (uint64_t)value;
            print_number(value < 0 ? -number : number, 10, value < 0, &field);
            break;
        case 'u':
        case 'x':
            number = field.is_long ? va_arg(list, unsigned long)
                                   : va_arg(list, unsigned int);
            print_number(number, *format == 'x' ? 16 : 10, false, &field);
            break;
        case '\0': return;
        default: /* %% and what we do not know */ print_char(*format);
        }
    }
}

void say(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print_list(format, list);
    va_end(list);
}

void ask(const char *format, ...)
{
    va_list list;

    say("  ask: ");
    va_start(list, format);
    print_list(format, list);
    va_end(list);
    say("\n");
}

long answer(long result)
{
    if (result < 0)
        say("    -> refused: %s\n", error_name(result));
    else
        say("    -> granted\n");
    return result;
}

struct error {
    long number;
    const char *name;
};

#define XEN_ERRNO(name, value) {value, #name},
static const struct error errors[] = {
#include <xen/errno.h>
};

const char *error_name(long result)
{
    size_t i;

    if (result >= 0)
        return "success";
    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].number == -result)
            return errors[i].name; /* of two names, the first */
    }
    return "an unknown error";
}

const char *yes_no(int truth)
{
    return truth ? "yes" : "no";
}
