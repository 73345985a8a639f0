#include "lib/format.h"

#include <stdbool.h>
#include <stdint.h>

enum length {
    LENGTH_CHAR,
    LENGTH_SHORT,
    LENGTH_INT,
    LENGTH_LONG,
    LENGTH_LONG_LONG,
    LENGTH_SIZE,
    LENGTH_MAX,
};

/* One conversion, taken apart. */
struct conversion {
    bool left;      /* flag - */
    bool zero;      /* flag 0 */
    bool alternate; /* flag # */
    bool plus;      /* flag + */
    bool space;     /* flag space */
    size_t width;   /* columns, 0 if not given */
    bool has_precision;
    size_t precision;
    enum length length;
    char kind; /* the letter at its end */
};

/* A number as text, before it is padded. */
struct number {
    char digits[24]; /* the last ones of it are used */
    size_t first;    /* index of the first digit */
    char prefix[2];
    size_t prefix_bytes;
};

struct output {
    char *buf;
    size_t bytes;  /* size of buf */
    size_t length; /* of the whole text so far */
};

/* A va_list that functions can share: inside a struct it is never decayed. */
struct arguments {
    va_list list;
};

static void put_byte(struct output *out, char c)
{
    if (out->length + 1 < out->bytes)
        out->buf[out->length] = c;
    out->length++;
}

static void put_bytes(struct output *out, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        put_byte(out, text[i]);
}

/* Padding may be billions long: only what fits is written. */
static void put_padding(struct output *out, char c, size_t count)
{
    size_t end = out->length + count;

    while (out->length < end && out->length + 1 < out->bytes)
        put_byte(out, c);
    out->length = end;
}

static size_t parse_digits(const char **fmt)
{
    size_t value = 0;

    for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++) {
        value = value * 10 + (size_t)(**fmt - '0');
        if (value > INT32_MAX)
            value = INT32_MAX;
    }
    return value;
}

static void parse_flags(const char **fmt, struct conversion *c)
{
    for (;; (*fmt)++) {
        switch (**fmt) {
        case '-': c->left = true; break;
        case '0': c->zero = true; break;
        case '#': c->alternate = true; break;
        case '+': c->plus = true; break;
        case ' ': c->space = true; break;
        default: return;
        }
    }
}

static void parse_width(const char **fmt, struct conversion *c,
                        struct arguments *args)
{
    if (**fmt != '*') {
        c->width = parse_digits(fmt);
        return;
    }

    int64_t width = va_arg(args->list, int);

    (*fmt)++;
    if (width < 0) {
        c->left = true;
        width = -width;
    }
    c->width = (size_t)width;
}

static void parse_precision(const char **fmt, struct conversion *c,
                            struct arguments *args)
{
    if (**fmt != '.')
        return;
    (*fmt)++;
    if (**fmt != '*') {
        c->has_precision = true;
        c->precision = parse_digits(fmt);
        return;
    }

    int precision = va_arg(args->list, int);

    (*fmt)++;
    if (precision >= 0) {
        c->has_precision = true;
        c->precision = (size_t)precision;
    }
}

static enum length parse_length(const char **fmt)
{
    char first = **fmt;

    if (first != 'h' && first != 'l' && first != 'z' && first != 'j')
        return LENGTH_INT;
    (*fmt)++;
    if (first == 'z')
        return LENGTH_SIZE;
    if (first == 'j')
        return LENGTH_MAX;
    if (**fmt != first)
        return first == 'h' ? LENGTH_SHORT : LENGTH_LONG;
    (*fmt)++;
    return first == 'h' ? LENGTH_CHAR : LENGTH_LONG_LONG;
}

static int64_t signed_argument(enum length length, struct arguments *args)
{
    switch (length) {
    case LENGTH_CHAR: return (signed char)va_arg(args->list, int);
    case LENGTH_SHORT: return (short)va_arg(args->list, int);
    case LENGTH_LONG: return va_arg(args->list, long);
    case LENGTH_LONG_LONG: return va_arg(args->list, long long);
    case LENGTH_SIZE: return (int64_t)va_arg(args->list, size_t);
    case LENGTH_MAX: return va_arg(args->list, intmax_t);
    default: return va_arg(args->list, int);
    }
}

static uint64_t unsigned_argument(enum length length, struct arguments *args)
{
    switch (length) {
    case LENGTH_CHAR: return (unsigned char)va_arg(args->list, int);
    case LENGTH_SHORT: return (unsigned short)va_arg(args->list, int);
    case LENGTH_LONG: return va_arg(args->list, unsigned long);
    case LENGTH_LONG_LONG: return va_arg(args->list, unsigned long long);
    case LENGTH_SIZE: return va_arg(args->list, size_t);
    case LENGTH_MAX: return va_arg(args->list, uintmax_t);
    default: return va_arg(args->list, unsigned int);
    }
}

static void number_digits(struct number *n, uint64_t value, unsigned int base,
                          bool upper)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    n->first = sizeof(n->digits);
    for (; value > 0; value /= base)
        n->digits[--n->first] = set[value % base];
}

/* Digits, zeros and spaces in the order that the flags ask for. */
static void put_number(struct output *out, const struct conversion *c,
                       const struct number *n)
{
    size_t digits = sizeof(n->digits) - n->first;
    size_t zeros = 0;
    size_t least = c->has_precision ? c->precision : 1;

    if (digits < least)
        zeros = least - digits;
    if (c->kind == 'o' && c->alternate && zeros == 0 &&
        (digits == 0 || n->digits[n->first] != '0'))
        zeros = 1;

    size_t used = n->prefix_bytes + zeros + digits;
    size_t padding = c->width > used ? c->width - used : 0;

    if (c->zero && !c->left && !c->has_precision) {
        zeros += padding;
        padding = 0;
    }
    if (!c->left)
        put_padding(out, ' ', padding);
    put_bytes(out, n->prefix, n->prefix_bytes);
    put_padding(out, '0', zeros);
    put_bytes(out, n->digits + n->first, digits);
    if (c->left)
        put_padding(out, ' ', padding);
}

static void put_signed(struct output *out, const struct conversion *c,
                       struct arguments *args)
{
    struct number n = {.prefix_bytes = 0};
    int64_t value = signed_argument(c->length, args);
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

    number_digits(&n, magnitude, 10, false);
    if (value < 0)
        n.prefix[n.prefix_bytes++] = '-';
    else if (c->plus)
        n.prefix[n.prefix_bytes++] = '+';
    else if (c->space)
        n.prefix[n.prefix_bytes++] = ' ';
    put_number(out, c, &n);
}

static void put_unsigned(struct output *out, const struct conversion *c,
                         struct arguments *args)
{
    struct number n = {.prefix_bytes = 0};
    bool pointer = c->kind == 'p';
    bool hex = pointer || c->kind == 'x' || c->kind == 'X';
    unsigned int base = hex ? 16 : c->kind == 'o' ? 8 : 10;
    uint64_t value = pointer ? (uintptr_t)va_arg(args->list, void *)
                             : unsigned_argument(c->length, args);

    number_digits(&n, value, base, c->kind == 'X');
    if (hex && (pointer || (c->alternate && value != 0))) {
        n.prefix[0] = '0';
        n.prefix[1] = c->kind == 'X' ? 'X' : 'x';
        n.prefix_bytes = 2;
    }
    put_number(out, c, &n);
}

static void put_text(struct output *out, const struct conversion *c,
                     const char *text, size_t bytes)
{
    size_t padding = c->width > bytes ? c->width - bytes : 0;

    if (!c->left)
        put_padding(out, ' ', padding);
    put_bytes(out, text, bytes);
    if (c->left)
        put_padding(out, ' ', padding);
}

static void put_string(struct output *out, const struct conversion *c,
                       struct arguments *args)
{
    const char *text = va_arg(args->list, const char *);
    size_t bytes = 0;

    if (text == NULL)
        text = "(null)";
    while ((!c->has_precision || bytes < c->precision) && text[bytes] != '\0')
        bytes++;
    put_text(out, c, text, bytes);
}

/* What stands behind a '%'; returns where the format goes on. */
static const char *put_conversion(struct output *out, const char *fmt,
                                  struct arguments *args)
{
    const char *percent = fmt - 1;
    struct conversion c = {.length = LENGTH_INT};
    char byte;

    parse_flags(&fmt, &c);
    parse_width(&fmt, &c, args);
    parse_precision(&fmt, &c, args);
    c.length = parse_length(&fmt);
    c.kind = *fmt;

    switch (c.kind) {
    case 'd':
    case 'i': put_signed(out, &c, args); break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'p': put_unsigned(out, &c, args); break;
    case 'c':
        byte = (char)va_arg(args->list, int);
        put_text(out, &c, &byte, 1);
        break;
    case 's': put_string(out, &c, args); break;
    case '%': put_byte(out, '%'); break;
    case '\0': put_bytes(out, percent, (size_t)(fmt - percent)); return fmt;
    default: put_bytes(out, percent, (size_t)(fmt + 1 - percent)); break;
    }
    return fmt + 1;
}

int format_vbuffer(char *buf, size_t bytes, const char *fmt, va_list args)
{
    struct output out = {.buf = buf, .bytes = bytes, .length = 0};
    struct arguments copy;

    va_copy(copy.list, args);
    while (*fmt != '\0') {
        if (*fmt == '%')
            fmt = put_conversion(&out, fmt + 1, &copy);
        else
            put_byte(&out, *fmt++);
    }
    va_end(copy.list);

    if (bytes > 0)
        buf[out.length < bytes ? out.length : bytes - 1] = '\0';
    return out.length > INT32_MAX ? INT32_MAX : (int)out.length;
}

int format_buffer(char *buf, size_t bytes, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int length = format_vbuffer(buf, bytes, fmt, args);
    va_end(args);
    return length;
}
