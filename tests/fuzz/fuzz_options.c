/*
 * Any text as a command line, with an option of each kind.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool parse_custom(void *value, const char *text)
{
    *(uint64_t *)value = strlen(text);
    return text[0] != 'x';
}

static void say(void *context, const char *message)
{
    (void)context;
    if (strlen(message) >= OPTION_MESSAGE_BYTES)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const choices[] = {"one", "two", "three", NULL};
    bool flag = false;
    uint64_t number = 0;
    uint64_t bytes = 0;
    uint64_t custom = 0;
    unsigned int choice = 0;
    unsigned int set = 0;
    char text[6] = "";
    const struct option options[] = {
        {.name = "flag", .kind = OPTION_BOOL, .value = &flag},
        {.name = "number",
         .kind = OPTION_NUMBER,
         .value = &number,
         .limit = 100},
        {.name = "bytes", .kind = OPTION_SIZE, .value = &bytes},
        {.name = "text",
         .kind = OPTION_TEXT,
         .value = text,
         .limit = sizeof(text)},
        {.name = "choice",
         .kind = OPTION_CHOICE,
         .value = &choice,
         .choices = choices},
        {.name = "set", .kind = OPTION_SET, .value = &set, .choices = choices},
        {.name = "custom",
         .kind = OPTION_CUSTOM,
         .value = &custom,
         .parse = parse_custom,
         .takes = "a text without an x"},
    };
    const struct option_table table = {
        options,
        sizeof(options) / sizeof(options[0]),
    };
    const struct option_report report = {.say = say};
    char *line = malloc(size + 1);
    const char *rest;

    if (line == NULL)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    options_parse(line, &table, &report, &rest);
    if (number > 100 || choice > 2 || set > 7 || strlen(text) > 5 ||
        (rest != NULL && (rest < line || rest > line + size)))
        __builtin_trap();
    free(line);
    return 0;
}
