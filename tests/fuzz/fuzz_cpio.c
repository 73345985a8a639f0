/*
 * Any bytes as an archive: every part of every file lies inside it.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "boot/cpio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cpio archive;
    struct cpio_file file;

    cpio_open(&archive, data, size);
    while (cpio_next(&archive, &file) == 1) {
        if (file.offset > size || file.size > size - file.offset ||
            strlen(file.name) >= size)
            __builtin_trap();
    }
    cpio_find(&archive, "modules", 7, &file);
    return 0;
}
