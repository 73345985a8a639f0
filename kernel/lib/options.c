#include "lib/options.h"

#include <xen/errno.h>

#include "lib/format.h"
#include "lib/string.h"

/* How many bytes of a word a message repeats. */
#define SHOWN "%.64s"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int option_bool(const char *text)
{
    static const char *const words[] = {
        "no",  "off", "false", "disable", "0",
        "yes", "on",  "true",  "enable",  "1",
    };
    const int count = sizeof(words) / sizeof(words[0]);

    for (int i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return i >= count / 2;
    }
    return -1;
}

/* The value of a digit, or 16 if it is none. */
static unsigned int digit_value(char c)
{
    c = lower(c);
    if (c >= '0' && c <= '9')
        return (unsigned int)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned int)(c - 'a') + 10;
    return 16;
}

/* Read a number; returns where it ends, or NULL if there is none. */
static const char *number_end(const char *text, uint64_t *value)
{
    unsigned int base = 10;
    uint64_t sum = 0;

    if (text[0] == '0' && lower(text[1]) == 'x') {
        base = 16;
        text += 2;
    } else if (text[0] == '0') {
        base = 8;
    }
    if (digit_value(*text) >= base)
        return NULL;
    for (; digit_value(*text) < base; text++) {
        if (__builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, digit_value(*text), &sum))
            return NULL;
    }
    *value = sum;
    return text;
}

bool option_number(const char *text, uint64_t *value)
{
    uint64_t number;
    const char *end = number_end(text, &number);

    if (end == NULL || *end != '\0')
        return false;
    *value = number;
    return true;
}

bool option_size(const char *text, uint64_t *bytes)
{
    static const char letters[] = "bkmgt";
    uint64_t number;
    const char *end = number_end(text, &number);
    unsigned int shift = 10;

    if (end == NULL)
        return false;
    if (*end != '\0') {
        unsigned int i = 0;

        while (letters[i] != '\0' && letters[i] != lower(*end))
            i++;
        if (letters[i] == '\0' || end[1] != '\0')
            return false;
        shift = 10 * i;
    }
    if (number > UINT64_MAX >> shift)
        return false;
    *bytes = number << shift;
    return true;
}

int option_next_word(const char **cursor, char *word, size_t bytes)
{
    const char *from = *cursor;
    size_t length = 0;
    bool quoted = false;
    int result = 1;

    while (is_space(*from))
        from++;
    if (*from == '\0')
        result = 0;
    for (; *from != '\0' && (quoted || !is_space(*from)); from++) {
        if (*from == '"') {
            quoted = !quoted;
            continue;
        }
        if (*from == '\\' &&
            (from[1] == '"' || from[1] == '\'' || from[1] == '\\'))
            from++;
        if (length + 1 < bytes)
            word[length++] = *from;
        else
            result = -XEN_E2BIG;
    }
    word[length] = '\0';
    *cursor = from;
    return result;
}

static void say(const struct option_report *report, char *message)
{
    if (report == NULL || report->say == NULL)
        return;
    for (char *c = message; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    report->say(report->context, message);
}

static size_t name_bytes(const char *word)
{
    size_t bytes = 0;

    while (word[bytes] != '\0' && word[bytes] != '=')
        bytes++;
    return bytes;
}

static bool is_negated(const char *word)
{
    return word[0] == 'n' && word[1] == 'o' && word[2] == '-';
}

static const struct option *find_exact(const struct option_table *table,
                                       const char *word)
{
    size_t bytes = name_bytes(word);

    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->options[i].name;

        if (strncmp(name, word, bytes) == 0 && name[bytes] == '\0')
            return &table->options[i];
    }
    return NULL;
}

const struct option *options_find(const struct option_table *table,
                                  const char *word)
{
    const struct option *option = find_exact(table, word);

    if (option != NULL || !is_negated(word))
        return option;
    option = find_exact(table, word + 3);
    if (option != NULL && option->kind == OPTION_BOOL)
        return option;
    return NULL;
}

/* The option whose name is most like a word's, if any is like it at all. */
static const char *nearest_name(const struct option_table *table,
                                const char *word)
{
    char name[STRING_DISTANCE_BYTES + 1];
    const char *nearest = NULL;
    size_t least = SIZE_MAX;

    if (is_negated(word))
        word += 3;
    string_copy_bounded(name, sizeof(name), word, name_bytes(word));
    for (size_t i = 0; i < table->count; i++) {
        const char *known = table->options[i].name;
        size_t distance = string_distance(name, known);

        if (distance < least && distance * 2 <= strlen(known) + 1) {
            least = distance;
            nearest = known;
        }
    }
    return nearest;
}

static void say_unknown(const struct option_table *table, const char *word,
                        const struct option_report *report)
{
    char message[OPTION_MESSAGE_BYTES];
    const char *nearest = nearest_name(table, word);
    int shown = name_bytes(word) < 64 ? (int)name_bytes(word) : 64;

    if (nearest == NULL)
        format_buffer(message, sizeof(message), "unknown option \"%.*s\"",
                      shown, word);
    else
        format_buffer(message, sizeof(message),
                      "unknown option \"%.*s\"; the nearest one is \"%s\"",
                      shown, word, nearest);
    say(report, message);
}

/* What a value should have been, in words. */
static void describe(const struct option *option, char *text, size_t bytes)
{
    size_t used = 0;

    switch (option->kind) {
    case OPTION_BOOL: string_copy(text, bytes, "yes or no"); return;
    case OPTION_NUMBER:
    case OPTION_SIZE:
        string_copy(text, bytes,
                    option->kind == OPTION_NUMBER
                        ? "a number"
                        : "a size such as 64M (without a letter: KiB)");
        if (option->limit != 0) {
            used = strlen(text);
            format_buffer(text + used, bytes - used, " up to %llu",
                          (unsigned long long)option->limit);
        }
        return;
    case OPTION_TEXT:
        format_buffer(text, bytes, "a text of at most %llu bytes",
                      (unsigned long long)option->limit - 1);
        return;
    case OPTION_CHOICE:
    case OPTION_SET:
        string_copy(text, bytes,
                    option->kind == OPTION_SET ? "some of" : "one of");
        for (size_t i = 0; option->choices[i] != NULL; i++) {
            used = strlen(text);
            format_buffer(text + used, bytes - used, "%s %s", i > 0 ? "," : "",
                          option->choices[i]);
        }
        return;
    default: string_copy(text, bytes, option->takes); return;
    }
}

static void say_refused(const struct option *option, const char *value,
                        const struct option_report *report)
{
    char message[OPTION_MESSAGE_BYTES];
    char expected[OPTION_MESSAGE_BYTES / 2];

    describe(option, expected, sizeof(expected));
    if (value == NULL)
        format_buffer(message, sizeof(message),
                      "option \"%s\" needs a value: %s", option->name,
                      expected);
    else
        format_buffer(message, sizeof(message),
                      "option \"%s\" cannot be \"" SHOWN "\": it takes %s",
                      option->name, value, expected);
    say(report, message);
}

/* The index of the choice that text is up to a length; an error if none. */
static int find_choice(const struct option *option, const char *text,
                       size_t bytes)
{
    for (int i = 0; option->choices[i] != NULL; i++) {
        const char *choice = option->choices[i];

        if (strncmp(choice, text, bytes) == 0 && choice[bytes] == '\0')
            return i;
    }
    return -XEN_EINVAL;
}

static bool set_choice(const struct option *option, const char *text)
{
    int choice = find_choice(option, text, strlen(text));

    if (choice < 0)
        return false;
    *(unsigned int *)option->value = (unsigned int)choice;
    return true;
}

/* A list by comma; empty or "none" is the empty set. */
static bool set_set(const struct option *option, const char *text)
{
    unsigned int set = 0;

    if (strcmp(text, "none") == 0)
        text = "";
    while (*text != '\0') {
        size_t bytes = 0;

        while (text[bytes] != '\0' && text[bytes] != ',')
            bytes++;

        int choice = find_choice(option, text, bytes);

        if (choice < 0)
            return false;
        set |= 1u << choice;
        text += bytes;
        if (*text == ',')
            text++;
    }
    *(unsigned int *)option->value = set;
    return true;
}

static bool set_number(const struct option *option, const char *text)
{
    uint64_t number;
    bool good = option->kind == OPTION_SIZE ? option_size(text, &number)
                                            : option_number(text, &number);

    if (!good || (option->limit != 0 && number > option->limit))
        return false;
    *(uint64_t *)option->value = number;
    return true;
}

static bool set_text(const struct option *option, const char *text)
{
    if (strlen(text) >= option->limit)
        return false;
    return string_copy(option->value, (size_t)option->limit, text);
}

/* text is NULL for a bare name. */
static bool set_bool(const struct option *option, const char *text,
                     bool negated)
{
    int value = text == NULL ? 1 : option_bool(text);

    if (value < 0 || (negated && text != NULL))
        return false;
    *(bool *)option->value = negated ? false : value != 0;
    return true;
}

static bool set_value(const struct option *option, const char *text)
{
    switch (option->kind) {
    case OPTION_NUMBER:
    case OPTION_SIZE: return set_number(option, text);
    case OPTION_TEXT: return set_text(option, text);
    case OPTION_CHOICE: return set_choice(option, text);
    case OPTION_SET: return set_set(option, text);
    case OPTION_CUSTOM: return option->parse(option->value, text);
    default: return false;
    }
}

static bool word_apply(const struct option_table *table, const char *word,
                       const struct option_report *report)
{
    const struct option *option = options_find(table, word);
    size_t bytes = name_bytes(word);
    const char *value = word[bytes] == '=' ? word + bytes + 1 : NULL;

    if (option == NULL) {
        say_unknown(table, word, report);
        return false;
    }

    bool negated = is_negated(word) && !is_negated(option->name);
    bool good = option->kind == OPTION_BOOL
                    ? set_bool(option, value, negated)
                    : value != NULL && set_value(option, value);

    if (!good)
        say_refused(option, value, report);
    return good;
}

int options_parse(const char *line, const struct option_table *table,
                  const struct option_report *report, const char **rest)
{
    char word[OPTION_WORD_BYTES];
    int refused = 0;
    int result;

    if (rest != NULL)
        *rest = NULL;
    while ((result = option_next_word(&line, word, sizeof(word))) != 0) {
        if (result < 0) {
            char message[OPTION_MESSAGE_BYTES];

            format_buffer(message, sizeof(message),
                          "the word starting with \"" SHOWN "\" is too long",
                          word);
            say(report, message);
            refused++;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            while (is_space(*line))
                line++;
            if (rest != NULL)
                *rest = line;
            break;
        }
        if (!word_apply(table, word, report))
            refused++;
    }
    return refused;
}
