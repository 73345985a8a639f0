#include "boot/memory_map.h"

#include <stddef.h>

#include "lib/string.h"

#define FRAME_MASK  ((1ull << MEMORY_MAP_FRAME_SHIFT) - 1)
#define EXTENT_MASK ((1ull << MEMORY_MAP_EXTENT_SHIFT) - 1)
#define FIRST_MIB   (1ull << 20)

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t range_bytes(const struct memory_range *range)
{
    return range->end - range->start;
}

/* Take count ranges from an index on out of the list. */
static void list_remove(struct memory_map *map, uint32_t index, uint32_t count)
{
    memmove(&map->ranges[index], &map->ranges[index + count],
            (map->count - index - count) * sizeof(map->ranges[0]));
    map->count -= count;
}

static uint32_t list_smallest(const struct memory_map *map)
{
    uint32_t smallest = 0;

    for (uint32_t i = 1; i < map->count; i++) {
        if (range_bytes(&map->ranges[i]) < range_bytes(&map->ranges[smallest]))
            smallest = i;
    }
    return smallest;
}

/* Put a range before an index. In a full list the smallest of all goes. */
static void list_insert(struct memory_map *map, uint32_t index,
                        struct memory_range range)
{
    if (map->count == MEMORY_MAP_RANGES) {
        uint32_t smallest = list_smallest(map);

        map->dropped++;
        if (range_bytes(&range) <= range_bytes(&map->ranges[smallest]))
            return;
        list_remove(map, smallest, 1);
        if (smallest < index)
            index--;
    }
    memmove(&map->ranges[index + 1], &map->ranges[index],
            (map->count - index) * sizeof(map->ranges[0]));
    map->ranges[index] = range;
    map->count++;
}

/* Add a range to the list; what it touches becomes one with it. */
static void list_add(struct memory_map *map, struct memory_range range)
{
    uint32_t first = 0;
    uint32_t behind;

    while (first < map->count && map->ranges[first].end < range.start)
        first++;
    for (behind = first; behind < map->count; behind++) {
        const struct memory_range *other = &map->ranges[behind];

        if (other->start > range.end)
            break;
        range.start = smaller(range.start, other->start);
        range.end = larger(range.end, other->end);
    }
    list_remove(map, first, behind - first);
    list_insert(map, first, range);
}

/* Take a range out of the list; what it cuts in the middle becomes two. */
static void list_cut(struct memory_map *map, struct memory_range range)
{
    uint32_t i = 0;

    while (i < map->count && map->ranges[i].start < range.end) {
        struct memory_range *here = &map->ranges[i];
        struct memory_range before = {here->start, range.start};

        if (here->end <= range.start) {
            i++;
        } else if (here->start < range.start && range.end < here->end) {
            here->start = range.end;
            list_insert(map, i, before);
            return;
        } else if (here->start < range.start) {
            here->end = range.start;
            i++;
        } else if (range.end < here->end) {
            here->start = range.end;
            return;
        } else {
            list_remove(map, i, 1);
        }
    }
}

/* Only whole frames below limit remain. */
static void list_trim(struct memory_map *map, uint64_t limit)
{
    uint32_t kept = 0;

    limit = smaller(limit, MEMORY_MAP_TOP) & ~FRAME_MASK;
    for (uint32_t i = 0; i < map->count; i++) {
        struct memory_range range = map->ranges[i];

        if (range.start > limit)
            break;
        range.start = (range.start + FRAME_MASK) & ~FRAME_MASK;
        range.end = smaller(range.end & ~FRAME_MASK, limit);
        if (range.start < range.end)
            map->ranges[kept++] = range;
    }
    map->count = kept;
}

static void reserve_framebuffer(struct memory_map *map,
                                const struct boot_framebuffer *fb)
{
    uint64_t end;

    if (fb->kind == BOOT_FRAMEBUFFER_NONE)
        return;
    if (__builtin_add_overflow(fb->paddr, (uint64_t)fb->pitch * fb->height,
                               &end))
        end = UINT64_MAX;
    memory_map_reserve(map, fb->paddr, end);
}

void memory_map_init(struct memory_map *map, const struct boot_info *info,
                     uint64_t limit)
{
    memset(map, 0, sizeof(*map));
    for (uint32_t i = 0; i < info->range_count; i++) {
        const struct boot_range *range = &info->ranges[i];

        if (range->kind == BOOT_RANGE_RAM && range->start < range->end)
            list_add(map, (struct memory_range){range->start, range->end});
    }
    list_trim(map, limit);
    for (uint32_t i = 0; i < info->range_count; i++) {
        const struct boot_range *range = &info->ranges[i];

        if (range->kind != BOOT_RANGE_RAM)
            memory_map_reserve(map, range->start, range->end);
    }
    reserve_framebuffer(map, &info->framebuffer);
}

void memory_map_reserve(struct memory_map *map, uint64_t start, uint64_t end)
{
    struct memory_range range = {start & ~FRAME_MASK, end};

    if (start >= end)
        return;
    if (end <= UINT64_MAX - FRAME_MASK)
        range.end = (end + FRAME_MASK) & ~FRAME_MASK;
    list_cut(map, range);
}

void memory_map_reserve_boot(struct memory_map *map,
                             const struct boot_info *info)
{
    memory_map_reserve(map, 0, FIRST_MIB);
    for (uint32_t i = 0; i < info->module_count; i++)
        memory_map_reserve(map, info->modules[i].start, info->modules[i].end);
}

uint64_t memory_map_next_extent(const struct memory_map *map,
                                struct memory_map_cursor *cursor)
{
    for (; cursor->range < map->count; cursor->range++) {
        const struct memory_range *range = &map->ranges[cursor->range];
        uint64_t first =
            (range->start + EXTENT_MASK) >> MEMORY_MAP_EXTENT_SHIFT;
        uint64_t behind = range->end >> MEMORY_MAP_EXTENT_SHIFT;
        uint64_t extent = larger(first, cursor->extent);

        if (extent < behind) {
            cursor->extent = extent + 1;
            return extent;
        }
    }
    return MEMORY_MAP_NONE;
}

uint64_t memory_map_extents(const struct memory_map *map)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < map->count; i++) {
        uint64_t first =
            (map->ranges[i].start + EXTENT_MASK) >> MEMORY_MAP_EXTENT_SHIFT;
        uint64_t behind = map->ranges[i].end >> MEMORY_MAP_EXTENT_SHIFT;

        if (first < behind)
            sum += behind - first;
    }
    return sum;
}

uint64_t memory_map_bytes(const struct memory_map *map)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < map->count; i++)
        sum += range_bytes(&map->ranges[i]);
    return sum;
}

uint64_t memory_map_top(const struct memory_map *map)
{
    return map->count == 0 ? 0 : map->ranges[map->count - 1].end;
}

bool memory_map_contains(const struct memory_map *map, uint64_t start,
                         uint64_t end)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct memory_range *range = &map->ranges[i];

        if (range->start <= start && start < end && end <= range->end)
            return true;
    }
    return false;
}
