/*
 * boot/memory_map.c over the memory maps of tests/maps, as firmware gave
 * them: compared with a second, slow way to count the same.
 */
#include <glob.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "boot/memory_map.h"

#define FOLDER        "tests/maps/"
#define MAPS_AT_LEAST 12
#define PAGE          4096ull
#define EXTENT        (2ull << 20)
#define TIB           (1ull << 40)
#define EDGES_MAX     (2 * BOOT_RANGES + 8)

static struct boot_info info;
static struct memory_map map;
static uint64_t edges[EDGES_MAX];
static size_t edge_count;

/* The words that the kernel prints for the kinds of ranges. */
static enum boot_range_kind kind_of(const char *word)
{
    if (strcmp(word, "RAM") == 0)
        return BOOT_RANGE_RAM;
    if (strcmp(word, "ACPI tables") == 0)
        return BOOT_RANGE_ACPI_RECLAIM;
    if (strcmp(word, "ACPI NVS") == 0)
        return BOOT_RANGE_ACPI_NVS;
    if (strcmp(word, "bad") == 0)
        return BOOT_RANGE_BAD;
    assert_string_equal(word, "reserved");
    return BOOT_RANGE_RESERVED;
}

static void map_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[256];

    assert_non_null(file);
    boot_info_clear(&info, BOOT_PROTOCOL_MULTIBOOT2);
    while (fgets(line, sizeof(line), file)) {
        unsigned long long start, end;
        char word[32];

        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%llx-%llx %31[^\n]", &start, &end, word),
                         3);
        boot_info_add_range(&info, start, end - start, kind_of(word));
    }
    fclose(file);
    assert_true(info.range_count > 0);
    assert_int_equal(info.warnings, 0);
}

/* Is a page RAM: does a range say so, and no range anything else? */
static bool page_is_ram(uint64_t page)
{
    bool inside = false;

    for (uint32_t i = 0; i < info.range_count; i++) {
        const struct boot_range *range = &info.ranges[i];

        if (range->kind != BOOT_RANGE_RAM && range->start < page + PAGE &&
            page < range->end)
            return false;
        inside |= range->kind == BOOT_RANGE_RAM && range->start <= page &&
                  page + PAGE <= range->end;
    }
    return inside;
}

static void edge_add(uint64_t paddr)
{
    size_t at = edge_count;

    assert_true(edge_count < EDGES_MAX);
    while (at > 0 && edges[at - 1] > paddr) {
        edges[at] = edges[at - 1];
        at--;
    }
    edges[at] = paddr;
    edge_count++;
}

/* Pages from one edge to the next are all alike. */
static void edges_find(void)
{
    edge_count = 0;
    for (uint32_t i = 0; i < info.range_count; i++) {
        const struct boot_range *range = &info.ranges[i];
        bool ram = range->kind == BOOT_RANGE_RAM;
        uint64_t inwards = (range->start + PAGE - 1) / PAGE * PAGE;
        uint64_t outwards = (range->end + PAGE - 1) / PAGE * PAGE;

        edge_add(ram ? inwards : range->start / PAGE * PAGE);
        edge_add(ram ? range->end / PAGE * PAGE : outwards);
    }
}

static uint64_t ram_counted(uint64_t limit)
{
    uint64_t sum = 0;

    for (size_t i = 0; i + 1 < edge_count; i++) {
        uint64_t end = edges[i + 1] < limit ? edges[i + 1] : limit;

        if (edges[i] < end && page_is_ram(edges[i]))
            sum += end - edges[i];
    }
    return sum;
}

/* Sorted, apart, whole pages, nothing but RAM; extents lie inside. */
static void assert_map_ok(void)
{
    struct memory_map_cursor cursor = {0};
    uint64_t extents = 0;
    uint64_t extent;

    for (uint32_t i = 0; i < map.count; i++) {
        const struct memory_range *range = &map.ranges[i];

        assert_true(range->start < range->end);
        assert_int_equal((range->start | range->end) % PAGE, 0);
        assert_true(i == 0 || map.ranges[i - 1].end < range->start);
        assert_true(page_is_ram(range->start));
        assert_true(page_is_ram(range->end - PAGE));
    }
    while ((extent = memory_map_next_extent(&map, &cursor)) !=
           MEMORY_MAP_NONE) {
        assert_true(
            memory_map_contains(&map, extent * EXTENT, (extent + 1) * EXTENT));
        extents++;
    }
    assert_int_equal(extents, memory_map_extents(&map));
}

/* The same map with its ranges in another order. */
static void turn_round(void)
{
    for (uint32_t i = 0, j = info.range_count - 1; i < j; i++, j--) {
        struct boot_range range = info.ranges[i];

        info.ranges[i] = info.ranges[j];
        info.ranges[j] = range;
    }
}

static void check_limits(void)
{
    static const uint64_t limits[] = {
        UINT64_MAX, MEMORY_MAP_TOP, 1ull << 36, 1ull << 32, 24ull << 20,
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        uint64_t limit =
            limits[i] < MEMORY_MAP_TOP ? limits[i] : MEMORY_MAP_TOP;

        memory_map_init(&map, &info, limits[i]);
        assert_map_ok();
        assert_int_equal(memory_map_bytes(&map), ram_counted(limit));
    }
}

/* A framebuffer in the middle of the largest range takes its pages out. */
static void check_framebuffer(void)
{
    struct boot_framebuffer *fb = &info.framebuffer;
    uint32_t largest = 0;
    uint64_t before;

    memory_map_init(&map, &info, UINT64_MAX);
    before = memory_map_bytes(&map);
    for (uint32_t i = 0; i < map.count; i++)
        if (map.ranges[i].end - map.ranges[i].start >
            map.ranges[largest].end - map.ranges[largest].start)
            largest = i;
    fb->kind = BOOT_FRAMEBUFFER_RGB;
    fb->paddr = map.ranges[largest].start + 3 * PAGE;
    fb->pitch = 800 * 4;
    fb->height = 600;
    memory_map_init(&map, &info, UINT64_MAX);
    assert_map_ok();
    assert_int_equal(memory_map_bytes(&map),
                     before - (800 * 4 * 600 + PAGE - 1) / PAGE * PAGE);
    assert_false(memory_map_contains(&map, fb->paddr, fb->paddr + 1));
    fb->kind = BOOT_FRAMEBUFFER_NONE;
}

static void each_map(void (*check)(void))
{
    glob_t found;

    assert_int_equal(glob(FOLDER "*.map", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= MAPS_AT_LEAST);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        map_read(found.gl_pathv[i]);
        edges_find();
        check();
    }
    globfree(&found);
}

static void every_captured_map_counts_the_same_ram(void **state)
{
    (void)state;
    each_map(check_limits);
}

static void check_other_order(void)
{
    turn_round();
    check_limits();
}

static void the_order_of_ranges_does_not_matter(void **state)
{
    (void)state;
    each_map(check_other_order);
}

static void a_framebuffer_inside_ram_is_left_out(void **state)
{
    (void)state;
    each_map(check_framebuffer);
}

static unsigned int above_1_tib;

static void check_high(void)
{
    memory_map_init(&map, &info, UINT64_MAX);
    above_1_tib += memory_map_top(&map) > TIB;
}

static void some_machine_has_ram_above_1_tib(void **state)
{
    (void)state;
    above_1_tib = 0;
    each_map(check_high);
    assert_true(above_1_tib > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_captured_map_counts_the_same_ram),
        cmocka_unit_test(the_order_of_ranges_does_not_matter),
        cmocka_unit_test(a_framebuffer_inside_ram_is_left_out),
        cmocka_unit_test(some_machine_has_ram_above_1_tib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
