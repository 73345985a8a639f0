/*
 * Which physical memory may be used, made of the firmware's memory map.
 *
 * A map is a sorted list of ranges of whole 4 KiB frames with gaps between
 * them. memory_map_init gives the machine's RAM (for the direct map); with
 * memory_map_reserve_boot and memory_map_reserve the parts in use are cut out
 * of it and what remains is free (for the frame allocator).
 */
#ifndef TALLY_BOOT_MEMORY_MAP_H
#define TALLY_BOOT_MEMORY_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/boot_info.h"

enum {
    MEMORY_MAP_RANGES = 512,
    MEMORY_MAP_FRAME_SHIFT = 12,
    MEMORY_MAP_EXTENT_SHIFT = 21,
};

/* The direct map has room for this much physical address space. */
#define MEMORY_MAP_TOP  (5ull << 40)
#define MEMORY_MAP_NONE UINT64_MAX

struct memory_range {
    uint64_t start; /* physical, a multiple of 4096 */
    uint64_t end;   /* not inside */
};

/* 8 KiB: keep it static. */
struct memory_map {
    struct memory_range ranges[MEMORY_MAP_RANGES];
    uint32_t count;
    uint32_t dropped; /* ranges given up because the list is full */
};

/* A walk over whole 2 MiB extents; start with all zero. */
struct memory_map_cursor {
    uint32_t range;  /* index */
    uint64_t extent; /* lowest number that is still to come */
};

/*
 * memory_map_init - all RAM: what some range calls RAM and no other range
 * calls anything else, without a framebuffer, below limit.
 *
 * limit  a physical address, not inside; at most MEMORY_MAP_TOP is used.
 *        Callers give what the CPU's physical width and mem= allow.
 */
void memory_map_init(struct memory_map *map, const struct boot_info *info,
                     uint64_t limit);

/*
 * memory_map_reserve - take start .. end - 1 out, in whole frames.
 */
void memory_map_reserve(struct memory_map *map, uint64_t start, uint64_t end);

/*
 * memory_map_reserve_boot - take the first MiB and all modules out.
 */
void memory_map_reserve_boot(struct memory_map *map,
                             const struct boot_info *info);

/*
 * memory_map_next_extent - the next whole 2 MiB extent, in rising order.
 *
 * Returns its number (physical address / 2 MiB) or MEMORY_MAP_NONE.
 */
uint64_t memory_map_next_extent(const struct memory_map *map,
                                struct memory_map_cursor *cursor);

/*
 * memory_map_extents - how many whole extents there are.
 */
uint64_t memory_map_extents(const struct memory_map *map);

/*
 * memory_map_bytes - how many bytes all ranges have.
 */
uint64_t memory_map_bytes(const struct memory_map *map);

/*
 * memory_map_top - the end of the last range, 0 if there is none.
 */
uint64_t memory_map_top(const struct memory_map *map);

/*
 * memory_map_contains - is all of start .. end - 1 in one range?
 */
bool memory_map_contains(const struct memory_map *map, uint64_t start,
                         uint64_t end);

#endif
