/*
 * Any bytes as physical memory from 4 KiB on, start information first.
 */
#include <stddef.h>
#include <stdint.h>

#include "boot/archive.h"
#include "boot/pvh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE 0x1000u

struct memory {
    const uint8_t *bytes;
    uint64_t size;
};

static const void *map(void *context, uint64_t paddr, uint64_t bytes)
{
    const struct memory *memory = context;

    if (paddr < BASE || paddr - BASE > memory->size ||
        bytes > memory->size - (paddr - BASE))
        return NULL;
    return memory->bytes + (paddr - BASE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info info;
    struct memory memory = {data, size};
    struct pvh_reader reader = {map, &memory};
    int result = pvh_parse(&reader, BASE, &info);

    if (result == 0)
        result = boot_info_expand_cpio(&info, &reader);
    if ((result != 0) != (info.problem != NULL))
        __builtin_trap();
    return 0;
}
