/*
 * Any bytes as boot information, and the memory map made of them.
 */
#include <stddef.h>
#include <stdint.h>

#include "boot/memory_map.h"
#include "boot/multiboot2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info info;
    static struct memory_map map;
    struct memory_map_cursor cursor = {0};

    if (multiboot2_parse(data, size, &info) != 0) {
        if (info.problem == NULL)
            __builtin_trap();
        return 0;
    }
    memory_map_init(&map, &info, UINT64_MAX);
    memory_map_reserve_boot(&map, &info);
    for (uint32_t i = 0; i + 1 < map.count; i++) {
        if (map.ranges[i].end >= map.ranges[i + 1].start)
            __builtin_trap();
    }
    if (memory_map_top(&map) > MEMORY_MAP_TOP)
        __builtin_trap();
    memory_map_next_extent(&map, &cursor);
    return 0;
}
