#include "boot/module.h"

#include <xen/errno.h>

#include "lib/string.h"

/* The part of a file name behind its last slash. */
static const char *last_part(const char *path)
{
    const char *part = path;

    for (; *path != '\0'; path++) {
        if (*path == '/')
            part = path + 1;
    }
    return part;
}

/* A first word that can only be a file name: cursor goes behind it. */
static void take_file_name(const char **cursor, struct module_options *out,
                           const struct option_table *table)
{
    char word[OPTION_WORD_BYTES];
    const char *behind = *cursor;

    if (option_next_word(&behind, word, sizeof(word)) != 1)
        return;
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '=')
            return;
    }
    if (strcmp(word, "--") == 0 || options_find(table, word) != NULL)
        return;
    string_copy(out->name, sizeof(out->name), last_part(word));
    *cursor = behind;
}

static void say(const struct option_report *report, const char *message)
{
    if (report != NULL && report->say != NULL)
        report->say(report->context, message);
}

/* What is wrong with values that are good one by one; NULL if nothing. */
static const char *contradiction(const struct module_options *out)
{
    if (out->mem_bytes == 0)
        return "option \"mem\" cannot be 0: a domain needs memory";
    if (out->data && out->privileged)
        return "option \"privileged\" is for domains, and \"data\" says "
               "that this module is none";
    if (out->data && out->ramdisk[0] != '\0')
        return "option \"ramdisk\" is for domains, and \"data\" says that "
               "this module is none";
    return NULL;
}

/* What can only be looked at when all words are read; how many are wrong. */
static int finish(struct module_options *out, const char *rest,
                  const struct option_report *report)
{
    const char *wrong = contradiction(out);
    int refused = 0;

    if (rest != NULL &&
        !string_copy(out->command_line, sizeof(out->command_line), rest)) {
        say(report, "the domain's command line is too long");
        refused++;
    }
    if (wrong != NULL) {
        say(report, wrong);
        refused++;
    }
    return refused;
}

int module_options_parse(const char *line, struct module_options *out,
                         const struct option_report *report)
{
    const struct option options[] = {
        {.name = "name",
         .kind = OPTION_TEXT,
         .value = out->name,
         .limit = sizeof(out->name)},
        {.name = "mem",
         .kind = OPTION_SIZE,
         .value = &out->mem_bytes,
         .limit = MODULE_MAX_BYTES},
        {.name = "ramdisk",
         .kind = OPTION_TEXT,
         .value = out->ramdisk,
         .limit = sizeof(out->ramdisk)},
        {.name = "privileged", .kind = OPTION_BOOL, .value = &out->privileged},
        {.name = "raw", .kind = OPTION_BOOL, .value = &out->raw},
        {.name = "data", .kind = OPTION_BOOL, .value = &out->data},
    };
    const struct option_table table = {
        options,
        sizeof(options) / sizeof(options[0]),
    };
    const char *rest;
    int refused;

    memset(out, 0, sizeof(*out));
    out->mem_bytes = MODULE_DEFAULT_BYTES;
    take_file_name(&line, out, &table);
    refused = options_parse(line, &table, report, &rest);
    refused += finish(out, rest, report);
    return refused == 0 ? 0 : -XEN_EINVAL;
}
