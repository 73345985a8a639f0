/*
 * boot/memory_map.c: usable memory, from maps as machines give them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "boot/memory_map.h"

#define KIB      1024ull
#define MIB      (1024 * KIB)
#define GIB      (1024 * MIB)
#define TIB      (1024 * GIB)
#define NO_LIMIT UINT64_MAX

static struct boot_info info;
static struct memory_map map;

static int setup(void **state)
{
    (void)state;
    boot_info_clear(&info, BOOT_PROTOCOL_MULTIBOOT2);
    return 0;
}

static void ram(uint64_t start, uint64_t end)
{
    boot_info_add_range(&info, start, end - start, BOOT_RANGE_RAM);
}

static void reserved(uint64_t start, uint64_t end)
{
    boot_info_add_range(&info, start, end - start, BOOT_RANGE_RESERVED);
}

static void assert_range(uint32_t n, uint64_t start, uint64_t end)
{
    assert_true(n < map.count);
    assert_int_equal(map.ranges[n].start, start);
    assert_int_equal(map.ranges[n].end, end);
}

/* Sorted, apart, whole frames, below the top: what callers rely on. */
static void assert_map_ok(void)
{
    uint64_t extents = 0;
    struct memory_map_cursor cursor = {0};
    uint64_t last = 0;
    uint64_t extent;

    assert_true(map.count <= MEMORY_MAP_RANGES);
    for (uint32_t i = 0; i < map.count; i++) {
        const struct memory_range *range = &map.ranges[i];

        assert_true(range->start < range->end);
        assert_int_equal((range->start | range->end) % 4096, 0);
        assert_true(range->end <= MEMORY_MAP_TOP);
        assert_true(i == 0 || map.ranges[i - 1].end < range->start);
    }
    while ((extent = memory_map_next_extent(&map, &cursor)) !=
           MEMORY_MAP_NONE) {
        assert_true(extents == 0 || extent > last);
        assert_true(memory_map_contains(&map, extent * 2 * MIB,
                                        (extent + 1) * 2 * MIB));
        last = extent;
        if (++extents > 100000)
            return; /* enough of a big machine */
    }
    assert_int_equal(extents, memory_map_extents(&map));
}

static void tiny_machine_has_its_24_mib(void **state)
{
    (void)state;
    ram(0, 0x9fc00);
    reserved(0x9fc00, 0xa0000);
    reserved(0xf0000, 0x100000);
    ram(0x100000, 0x17e0000);
    reserved(0x17e0000, 0x1800000);
    reserved(0xfffc0000, 0x100000000);
    memory_map_init(&map, &info, NO_LIMIT);
    assert_map_ok();
    assert_int_equal(map.count, 2);
    assert_range(0, 0, 0x9f000);
    assert_range(1, 0x100000, 0x17e0000);
    assert_int_equal(memory_map_extents(&map), 10); /* 2 .. 22 MiB */
    assert_int_equal(memory_map_top(&map), 0x17e0000);
    assert_int_equal(memory_map_bytes(&map), 0x9f000 + 0x16e0000);
}

static void eight_gib_machine_has_a_hole_below_4_gib(void **state)
{
    (void)state;
    ram(0, 0x9fc00);
    reserved(0x9fc00, 0xa0000);
    reserved(0xf0000, 0x100000);
    ram(0x100000, 0x7ffdd000);
    reserved(0x7ffdd000, 0x80000000);
    reserved(0xb0000000, 0xc0000000);
    reserved(0xfed1c000, 0xfed20000);
    reserved(0xfeffc000, 0xff000000);
    reserved(0xfffc0000, 0x100000000);
    ram(0x100000000, 0x280000000);
    memory_map_init(&map, &info, NO_LIMIT);
    memory_map_reserve_boot(&map, &info);
    assert_map_ok();
    assert_int_equal(map.count, 2);
    assert_range(0, 0x100000, 0x7ffdd000);
    assert_range(1, 0x100000000, 0x280000000);
    assert_int_equal(memory_map_extents(&map), 1022 + 3072);
}

static void ram_above_one_tib_costs_only_a_range(void **state)
{
    struct memory_map_cursor cursor = {0};
    uint64_t extent;

    (void)state;
    ram(0x100000, 1 * GIB);
    ram(0x10000000000, 0x10080000000);
    memory_map_init(&map, &info, NO_LIMIT);
    assert_map_ok();
    assert_int_equal(memory_map_top(&map), 0x10080000000);
    for (int i = 0; i < 511; i++)
        extent = memory_map_next_extent(&map, &cursor);
    assert_int_equal(extent, 511);
    extent = memory_map_next_extent(&map, &cursor);
    assert_int_equal(extent, 0x10000000000 >> 21);
}

static void ram_above_the_limit_is_not_used(void **state)
{
    (void)state;
    ram(1 * MIB, 8 * GIB);
    ram(16 * GIB, 17 * GIB);
    memory_map_init(&map, &info, 4 * GIB + 5000);
    assert_map_ok();
    assert_int_equal(map.count, 1);
    assert_range(0, 1 * MIB, 4 * GIB + 4096);
    boot_info_clear(&info, BOOT_PROTOCOL_PVH);
    ram(1 * MIB, 8 * TIB);
    ram(9 * TIB, 10 * TIB);
    memory_map_init(&map, &info, NO_LIMIT);
    assert_map_ok();
    assert_range(0, 1 * MIB, 5 * TIB);
    memory_map_init(&map, &info, 0);
    assert_int_equal(map.count, 0);
    assert_int_equal(memory_map_top(&map), 0);
}

static void framebuffer_inside_ram_is_no_ram(void **state)
{
    (void)state;
    ram(1 * MIB, 512 * MIB);
    info.framebuffer.kind = BOOT_FRAMEBUFFER_RGB;
    info.framebuffer.paddr = 0x1e500000;
    info.framebuffer.pitch = 0xc80;
    info.framebuffer.height = 600;
    memory_map_init(&map, &info, NO_LIMIT);
    assert_map_ok();
    assert_int_equal(map.count, 2);
    assert_range(0, 1 * MIB, 0x1e500000);
    assert_range(1, 0x1e500000 + 0x1d5000, 512 * MIB);
}

static void modules_and_first_mib_are_cut_out(void **state)
{
    (void)state;
    ram(0, 64 * MIB);
    boot_info_add_module(&info, 16 * MIB + 5, 10);
    boot_info_add_module(&info, 16 * MIB + 4000, 200);
    memory_map_init(&map, &info, NO_LIMIT);
    assert_range(0, 0, 64 * MIB);
    memory_map_reserve_boot(&map, &info);
    assert_map_ok();
    assert_int_equal(map.count, 2);
    assert_range(0, 1 * MIB, 16 * MIB);
    assert_range(1, 16 * MIB + 8192, 64 * MIB);
}

static void reserved_wins_wherever_it_overlaps(void **state)
{
    (void)state;
    reserved(10 * MIB, 11 * MIB); /* inside, said before */
    ram(8 * MIB, 16 * MIB);
    reserved(15 * MIB + 100, 17 * MIB); /* over the end */
    reserved(7 * MIB, 8 * MIB + 1);     /* over the start */
    reserved(12 * MIB, 12 * MIB + 1);   /* one byte costs a frame */
    memory_map_init(&map, &info, NO_LIMIT);
    assert_map_ok();
    assert_int_equal(map.count, 3);
    assert_range(0, 8 * MIB + 4096, 10 * MIB);
    assert_range(1, 11 * MIB, 12 * MIB);
    assert_range(2, 12 * MIB + 4096, 15 * MIB);
}

static void every_kind_that_is_not_ram_is_reserved(void **state)
{
    (void)state;
    ram(0, 10 * MIB);
    boot_info_add_range(&info, 2 * MIB, 4096, BOOT_RANGE_ACPI_RECLAIM);
    boot_info_add_range(&info, 4 * MIB, 4096, BOOT_RANGE_ACPI_NVS);
    boot_info_add_range(&info, 6 * MIB, 4096, BOOT_RANGE_BAD);
    memory_map_init(&map, &info, NO_LIMIT);
    assert_map_ok();
    assert_int_equal(map.count, 4);
    assert_int_equal(memory_map_bytes(&map), 10 * MIB - 3 * 4096);
}

static void unsorted_and_touching_ranges_become_one(void **state)
{
    (void)state;
    ram(6 * MIB + 10, 8 * MIB);
    ram(2 * MIB, 4 * MIB + 10);
    ram(20 * MIB, 21 * MIB);
    ram(4 * MIB + 10, 6 * MIB + 10); /* meets both inside a frame */
    ram(3 * MIB, 5 * MIB);
    memory_map_init(&map, &info, NO_LIMIT);
    assert_map_ok();
    assert_int_equal(map.count, 2);
    assert_range(0, 2 * MIB, 8 * MIB);
}

static void less_than_a_frame_is_nothing(void **state)
{
    (void)state;
    ram(0x1001, 0x2fff);
    ram(0x5000, 0x5fff);
    ram(0x8fff, 0xa001);
    memory_map_init(&map, &info, NO_LIMIT);
    assert_map_ok();
    assert_int_equal(map.count, 1);
    assert_range(0, 0x9000, 0xa000);
}

static void empty_maps_are_empty(void **state)
{
    struct memory_map_cursor cursor = {0};

    (void)state;
    memory_map_init(&map, &info, NO_LIMIT);
    memory_map_reserve_boot(&map, &info);
    assert_int_equal(map.count, 0);
    assert_int_equal(memory_map_bytes(&map), 0);
    assert_int_equal(memory_map_next_extent(&map, &cursor), MEMORY_MAP_NONE);
    assert_int_equal(memory_map_next_extent(&map, &cursor), MEMORY_MAP_NONE);
}

static void ranges_at_the_end_of_the_address_space(void **state)
{
    (void)state;
    ram(0, 16 * MIB);
    reserved(UINT64_MAX - 8192, UINT64_MAX);
    reserved(15 * MIB, UINT64_MAX);
    memory_map_init(&map, &info, NO_LIMIT);
    assert_range(0, 0, 15 * MIB);
    memory_map_reserve(&map, 14 * MIB, UINT64_MAX);
    assert_range(0, 0, 14 * MIB);
    memory_map_reserve(&map, 5 * MIB, 5 * MIB); /* nothing */
    memory_map_reserve(&map, 6 * MIB, 5 * MIB); /* backwards */
    assert_range(0, 0, 14 * MIB);
    memory_map_reserve(&map, 0, UINT64_MAX);
    assert_int_equal(map.count, 0);
}

static void full_list_gives_up_its_smallest_range(void **state)
{
    (void)state;
    ram(0, 64 * GIB);
    memory_map_init(&map, &info, NO_LIMIT);
    for (uint64_t i = 1; i < MEMORY_MAP_RANGES; i++)
        memory_map_reserve(&map, i * 8 * MIB - 4096, i * 8 * MIB);
    assert_int_equal(map.count, MEMORY_MAP_RANGES);
    assert_int_equal(map.dropped, 0);
    memory_map_reserve(&map, 8192, 4 * MIB); /* leaves 8 KiB below */
    assert_map_ok();
    assert_int_equal(map.count, MEMORY_MAP_RANGES);
    assert_int_equal(map.dropped, 1);
    assert_range(0, 4 * MIB, 8 * MIB - 4096);
    memory_map_reserve(&map, 60 * GIB, 61 * GIB); /* both halves are big */
    assert_map_ok();
    assert_int_equal(map.dropped, 2);
    assert_range(0, 8 * MIB, 16 * MIB - 4096);
    assert_int_equal(memory_map_top(&map), 64 * GIB);
    assert_false(memory_map_contains(&map, 60 * GIB, 61 * GIB));
}

static void extents_are_whole_and_inside_one_range(void **state)
{
    struct memory_map_cursor cursor = {0};

    (void)state;
    ram(1 * MIB, 3 * MIB); /* no whole one */
    ram(4 * MIB, 8 * MIB);
    ram(9 * MIB, 13 * MIB - 4096); /* one: 10 .. 12 */
    memory_map_init(&map, &info, NO_LIMIT);
    assert_int_equal(memory_map_extents(&map), 3);
    assert_int_equal(memory_map_next_extent(&map, &cursor), 2);
    assert_int_equal(memory_map_next_extent(&map, &cursor), 3);
    assert_int_equal(memory_map_next_extent(&map, &cursor), 5);
    assert_int_equal(memory_map_next_extent(&map, &cursor), MEMORY_MAP_NONE);
}

static void contains_wants_one_range_for_all_of_it(void **state)
{
    (void)state;
    ram(1 * MIB, 2 * MIB);
    ram(3 * MIB, 4 * MIB);
    memory_map_init(&map, &info, NO_LIMIT);
    assert_true(memory_map_contains(&map, 1 * MIB, 2 * MIB));
    assert_false(memory_map_contains(&map, 1 * MIB - 1, 2 * MIB));
    assert_false(memory_map_contains(&map, 1 * MIB, 2 * MIB + 1));
    assert_false(memory_map_contains(&map, 1 * MIB, 4 * MIB));
    assert_false(memory_map_contains(&map, 1 * MIB, 1 * MIB));
}

/*
 * A small world of quarter frames, each known to be RAM or reserved, against
 * which random maps are compared.
 */
enum { QUARTERS = 4 * 96, ROUNDS = 20000 };

static uint64_t seed = 6364136223846793005u;

static uint64_t random_below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % n;
}

static void paint(bool *world, uint64_t start, uint64_t end)
{
    for (uint64_t i = start; i < end; i++)
        world[i] = true;
}

static void random_maps_agree_with_painting_by_hand(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        bool is_ram[QUARTERS] = {false};
        bool is_reserved[QUARTERS] = {false};

        boot_info_clear(&info, BOOT_PROTOCOL_PVH);
        for (uint64_t n = random_below(24); n > 0; n--) {
            uint64_t start = random_below(QUARTERS);
            uint64_t end = start + random_below(QUARTERS / 3) + 1;
            bool good = random_below(3) != 0;

            if (end > QUARTERS)
                end = QUARTERS;
            boot_info_add_range(&info, start * KIB, (end - start) * KIB,
                                good ? BOOT_RANGE_RAM : BOOT_RANGE_BAD);
            paint(good ? is_ram : is_reserved, start, end);
        }
        memory_map_init(&map, &info, NO_LIMIT);
        assert_map_ok();
        for (uint64_t frame = 0; frame < QUARTERS / 4; frame++) {
            bool free = true;

            for (uint64_t i = frame * 4; i < frame * 4 + 4; i++)
                free = free && is_ram[i] && !is_reserved[i];
            assert_int_equal(
                memory_map_contains(&map, frame * 4096, (frame + 1) * 4096),
                free);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tiny_machine_has_its_24_mib, setup),
        cmocka_unit_test_setup(eight_gib_machine_has_a_hole_below_4_gib, setup),
        cmocka_unit_test_setup(ram_above_one_tib_costs_only_a_range, setup),
        cmocka_unit_test_setup(ram_above_the_limit_is_not_used, setup),
        cmocka_unit_test_setup(framebuffer_inside_ram_is_no_ram, setup),
        cmocka_unit_test_setup(modules_and_first_mib_are_cut_out, setup),
        cmocka_unit_test_setup(reserved_wins_wherever_it_overlaps, setup),
        cmocka_unit_test_setup(every_kind_that_is_not_ram_is_reserved, setup),
        cmocka_unit_test_setup(unsorted_and_touching_ranges_become_one, setup),
        cmocka_unit_test_setup(less_than_a_frame_is_nothing, setup),
        cmocka_unit_test_setup(empty_maps_are_empty, setup),
        cmocka_unit_test_setup(ranges_at_the_end_of_the_address_space, setup),
        cmocka_unit_test_setup(full_list_gives_up_its_smallest_range, setup),
        cmocka_unit_test_setup(extents_are_whole_and_inside_one_range, setup),
        cmocka_unit_test_setup(contains_wants_one_range_for_all_of_it, setup),
        cmocka_unit_test_setup(random_maps_agree_with_painting_by_hand, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
