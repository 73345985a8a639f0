/*
 * The command line of a boot module:
 *
 *     [FILENAME] [name=TEXT] [mem=SIZE] [ramdisk=NAME] [privileged=BOOL]
 *         [raw=BOOL] [data=BOOL] [-- command line of the domain]
 */
#ifndef TALLY_BOOT_MODULE_H
#define TALLY_BOOT_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/options.h"

enum {
    MODULE_NAME_BYTES = 32,
    MODULE_COMMAND_LINE_BYTES = 1024,
};

#define MODULE_DEFAULT_BYTES (64ull << 20)
#define MODULE_MAX_BYTES     (5ull << 40)

struct module_options {
    char name[MODULE_NAME_BYTES];    /* "" if nothing names it */
    char ramdisk[MODULE_NAME_BYTES]; /* name of a data module, or "" */
    uint64_t mem_bytes;              /* memory of the domain */
    bool privileged;                 /* gets the console and its keyboard */
    bool raw;  /* its output goes to the consoles unchanged */
    bool data;                       /* a file for others, not a domain */
    char command_line[MODULE_COMMAND_LINE_BYTES]; /* of the domain */
};

/*
 * module_options_parse - read a module's command line.
 *
 * line    a terminated text. A first word without '=' that is no option is
 *         the module's file name; its last part is the name if no name= is
 *         given.
 * out     written completely; what was refused keeps its default
 * report  gets one sentence for each word that was refused; may be NULL
 *
 * 0        done
 * -EINVAL  something was refused
 */
int module_options_parse(const char *line, struct module_options *out,
                         const struct option_report *report);

#endif
