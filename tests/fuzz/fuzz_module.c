/*
 * Any text as the command line of a module.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "boot/module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct module_options options;
    char *line = malloc(size + 1);

    if (line == NULL)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    module_options_parse(line, &options, NULL);
    if (strlen(options.name) >= MODULE_NAME_BYTES ||
        strlen(options.ramdisk) >= MODULE_NAME_BYTES ||
        strlen(options.command_line) >= MODULE_COMMAND_LINE_BYTES ||
        options.mem_bytes > MODULE_MAX_BYTES)
        __builtin_trap();
    free(line);
    return 0;
}
