/*
 * boot/multiboot2.c: nothing in the boot information is trusted.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>

#include "boot/multiboot2.h"

enum { MBI_BYTES = 1 << 16, FUZZ_ROUNDS = 100000 };

/* A boot information under construction. */
static uint8_t mbi[MBI_BYTES];
static uint32_t used;
static struct boot_info info;

static void put32(uint32_t value)
{
    memcpy(mbi + used, &value, 4);
    used += 4;
}

static void put64(uint64_t value)
{
    memcpy(mbi + used, &value, 8);
    used += 8;
}

static void put_bytes(const void *bytes, uint32_t count)
{
    memcpy(mbi + used, bytes, count);
    used += count;
}

static void begin(void)
{
    memset(mbi, 0xee, sizeof(mbi));
    used = 0;
    put32(0);
    put32(0);
}

static void tag(uint32_t type, uint32_t size)
{
    used = (used + 7) & ~7u;
    put32(type);
    put32(size);
}

static void tag_text(uint32_t type, const char *text)
{
    tag(type, 8 + (uint32_t)strlen(text) + 1);
    put_bytes(text, (uint32_t)strlen(text) + 1);
}

static void tag_module(uint32_t start, uint32_t end, const char *text)
{
    tag(MULTIBOOT2_TAG_MODULE, 16 + (uint32_t)strlen(text) + 1);
    put32(start);
    put32(end);
    put_bytes(text, (uint32_t)strlen(text) + 1);
}

static void tag_memory_map(uint32_t entry_bytes, uint32_t entries)
{
    tag(MULTIBOOT2_TAG_MEMORY_MAP, 16 + entry_bytes * entries);
    put32(entry_bytes);
    put32(0);
}

static void entry(uint64_t start, uint64_t bytes, uint32_t type)
{
    put64(start);
    put64(bytes);
    put32(type);
    put32(0);
}

static void tag_small_memory(void)
{
    tag_memory_map(24, 2);
    entry(0, 0x9f000, 1);
    entry(0x100000, 0x1700000, 1);
}

static void tag_framebuffer(uint64_t paddr, uint32_t pitch, uint32_t width,
                            uint32_t height, uint8_t bpp)
{
    const uint8_t tail[] = {bpp, 1, 0, 0, 16, 8, 8, 8, 0, 8};

    tag(MULTIBOOT2_TAG_FRAMEBUFFER, 38);
    put64(paddr);
    put32(pitch);
    put32(width);
    put32(height);
    put_bytes(tail, sizeof(tail));
}

/* Parse from a block of exactly the bytes that may be read. */
static int parse_bytes(uint32_t total, size_t max_bytes)
{
    uint8_t *copy = malloc(max_bytes + 1);
    int result;

    memcpy(mbi, &total, 4);
    memcpy(copy + 1, mbi, max_bytes); /* + 1: not aligned, on purpose */
    memset(&info, 0x5a, sizeof(info));
    result = multiboot2_parse(copy + 1, max_bytes, &info);
    free(copy);
    return result;
}

static int finish(void)
{
    tag(MULTIBOOT2_TAG_END, 8);
    return parse_bytes(used, used);
}

static void texts_are_copied(void **state)
{
    (void)state;
    begin();
    tag_text(MULTIBOOT2_TAG_COMMAND_LINE, "console=serial exit=qemu");
    tag_text(MULTIBOOT2_TAG_LOADER, "GRUB 2.06");
    tag_small_memory();
    assert_int_equal(finish(), 0);
    assert_int_equal(info.protocol, BOOT_PROTOCOL_MULTIBOOT2);
    assert_string_equal(info.command_line, "console=serial exit=qemu");
    assert_string_equal(info.loader, "GRUB 2.06");
    assert_int_equal(info.warnings, 0);
    assert_null(info.problem);
}

static void unterminated_text_ends_with_its_tag(void **state)
{
    (void)state;
    begin();
    tag_small_memory();
    tag(MULTIBOOT2_TAG_COMMAND_LINE, 8 + 3);
    put_bytes("abc", 3);
    put_bytes("defghijk", 5); /* padding that is no padding */
    assert_int_equal(finish(), 0);
    assert_string_equal(info.command_line, "abc");
}

static void long_command_line_is_cut_with_a_warning(void **state)
{
    char line[BOOT_COMMAND_LINE_BYTES + 8];

    (void)state;
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    begin();
    tag_small_memory();
    tag_text(MULTIBOOT2_TAG_COMMAND_LINE, line);
    assert_int_equal(finish(), 0);
    assert_int_equal(strlen(info.command_line), BOOT_COMMAND_LINE_BYTES - 1);
    assert_int_equal(info.warnings, BOOT_WARNING_LINE_CUT);
}

static void memory_kinds_are_translated(void **state)
{
    (void)state;
    begin();
    tag_memory_map(24, 6);
    for (uint32_t type = 1; type <= 6; type++)
        entry(type * 0x100000, 0x1000, type);
    assert_int_equal(finish(), 0);
    assert_int_equal(info.range_count, 6);
    assert_int_equal(info.ranges[0].kind, BOOT_RANGE_RAM);
    assert_int_equal(info.ranges[1].kind, BOOT_RANGE_RESERVED);
    assert_int_equal(info.ranges[2].kind, BOOT_RANGE_ACPI_RECLAIM);
    assert_int_equal(info.ranges[3].kind, BOOT_RANGE_ACPI_NVS);
    assert_int_equal(info.ranges[4].kind, BOOT_RANGE_BAD);
    assert_int_equal(info.ranges[5].kind, BOOT_RANGE_RESERVED);
    assert_int_equal(info.ranges[5].start, 0x600000);
    assert_int_equal(info.ranges[5].end, 0x601000);
}

static void touching_ranges_join_only_with_their_kind(void **state)
{
    (void)state;
    begin();
    tag_memory_map(24, 3);
    entry(0x100000, 0x1000, 1);
    entry(0x101000, 0x1000, 1);
    entry(0x102000, 0x1000, 2);
    assert_int_equal(finish(), 0);
    assert_int_equal(info.range_count, 2);
    assert_int_equal(info.ranges[0].end, 0x102000);
    assert_int_equal(info.ranges[1].kind, BOOT_RANGE_RESERVED);
}

static void larger_memory_entries_are_stepped_over(void **state)
{
    (void)state;
    begin();
    tag_memory_map(29, 2);
    entry(0x100000, 0x1000, 1);
    put_bytes("?????", 5);
    entry(0x200000, 0x1000, 2);
    put_bytes("?????", 5);
    assert_int_equal(finish(), 0);
    assert_int_equal(info.range_count, 2);
    assert_int_equal(info.ranges[1].start, 0x200000);
}

static void too_small_memory_entries_are_refused(void **state)
{
    static const uint32_t sizes[] = {0, 1, 16, 20, 23};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        begin();
        tag(MULTIBOOT2_TAG_MEMORY_MAP, 16 + 24);
        put32(sizes[i]);
        put32(0);
        entry(0x100000, 0x1000, 1);
        assert_int_equal(finish(), -XEN_EINVAL);
        assert_non_null(info.problem);
    }
    begin();
    tag(MULTIBOOT2_TAG_MEMORY_MAP, 12);
    put32(24);
    assert_int_equal(finish(), -XEN_EINVAL);
}

static void huge_memory_entries_hold_nothing(void **state)
{
    (void)state;
    begin();
    tag(MULTIBOOT2_TAG_MEMORY_MAP, 16 + 24);
    put32(0xfffffff8);
    put32(0);
    entry(0x100000, 0x1000, 1);
    assert_int_equal(finish(), -XEN_EINVAL);
    assert_int_equal(info.range_count, 0);
}

static void wrapping_ram_is_ignored_other_ranges_end_at_the_top(void **state)
{
    (void)state;
    begin();
    tag_memory_map(24, 4);
    entry(0x100000, 0x1000, 1);
    entry(UINT64_MAX - 0xfff, 0x3000, 1);
    entry(UINT64_MAX - 0xfff, 0x3000, 2);
    entry(0x300000, 0, 1);
    assert_int_equal(finish(), 0);
    assert_int_equal(info.range_count, 2);
    assert_int_equal(info.ranges[1].kind, BOOT_RANGE_RESERVED);
    assert_int_equal(info.ranges[1].end, UINT64_MAX);
    assert_int_equal(info.warnings, BOOT_WARNING_RANGE_WRAPS);
}

static void too_many_ranges_lose_ram_and_never_a_hole(void **state)
{
    uint32_t holes = 0;

    (void)state;
    begin();
    tag_memory_map(24, 600);
    for (uint32_t i = 0; i < 400; i++)
        entry(i * 0x10000ull, 0x1000 * (1 + i % 7), 1);
    for (uint32_t i = 0; i < 200; i++)
        entry(i * 0x10000ull, 0x1000, 2);
    assert_int_equal(finish(), 0);
    assert_int_equal(info.range_count, BOOT_RANGES);
    assert_int_equal(info.warnings, BOOT_WARNING_RANGES_DROPPED);
    for (uint32_t i = 0; i < info.range_count; i++) {
        if (info.ranges[i].kind == BOOT_RANGE_RESERVED)
            holes++;
        else /* the large ones stay */
            assert_true(info.ranges[i].end - info.ranges[i].start >= 0x5000);
    }
    assert_int_equal(holes, 200);
}

static void modules_are_listed_in_order(void **state)
{
    (void)state;
    begin();
    tag_small_memory();
    tag_module(0x300000, 0x300010, "one mem=4M");
    tag_module(0x400001, 0x400002, "");
    assert_int_equal(finish(), 0);
    assert_int_equal(info.module_count, 2);
    assert_int_equal(info.modules[0].start, 0x300000);
    assert_int_equal(info.modules[0].end, 0x300010);
    assert_string_equal(info.modules[0].command_line, "one mem=4M");
    assert_int_equal(info.modules[1].start, 0x400001);
    assert_string_equal(info.modules[1].command_line, "");
}

static void bad_modules_are_ignored_with_a_warning(void **state)
{
    (void)state;
    begin();
    tag_small_memory();
    tag_module(0x300000, 0x2fffff, "backwards");
    tag_module(0x300000, 0x300000, "empty");
    tag(MULTIBOOT2_TAG_MODULE, 12);
    put32(0x300000);
    tag(MULTIBOOT2_TAG_MODULE, 16); /* no text at all is fine */
    put32(0x300000);
    put32(0x300001);
    assert_int_equal(finish(), 0);
    assert_int_equal(info.module_count, 1);
    assert_string_equal(info.modules[0].command_line, "");
    assert_int_equal(info.warnings, BOOT_WARNING_MODULE_BAD);
}

static void too_many_modules_lose_the_last_ones(void **state)
{
    (void)state;
    begin();
    tag_small_memory();
    for (uint32_t i = 0; i < BOOT_MODULES + 3; i++)
        tag_module(0x300000 + i, 0x300001 + i, "");
    assert_int_equal(finish(), 0);
    assert_int_equal(info.module_count, BOOT_MODULES);
    assert_int_equal(info.modules[BOOT_MODULES - 1].start,
                     0x300000 + BOOT_MODULES - 1);
    assert_int_equal(info.warnings, BOOT_WARNING_MODULES_DROPPED);
}

static void framebuffer_rgb_is_taken(void **state)
{
    (void)state;
    begin();
    tag_small_memory();
    tag_framebuffer(0xfd000000, 0x1000, 1024, 768, 32);
    assert_int_equal(finish(), 0);
    assert_int_equal(info.framebuffer.kind, BOOT_FRAMEBUFFER_RGB);
    assert_int_equal(info.framebuffer.paddr, 0xfd000000);
    assert_int_equal(info.framebuffer.pitch, 0x1000);
    assert_int_equal(info.framebuffer.width, 1024);
    assert_int_equal(info.framebuffer.height, 768);
    assert_int_equal(info.framebuffer.bpp, 32);
    assert_int_equal(info.framebuffer.red.position, 16);
    assert_int_equal(info.framebuffer.green.position, 8);
    assert_int_equal(info.framebuffer.blue.position, 0);
    assert_int_equal(info.framebuffer.blue.size, 8);
}

/* One call of tag_framebuffer, as data. */
struct framebuffer_case {
    uint64_t paddr;
    uint32_t pitch;
    uint32_t width;
    uint32_t height;
    uint8_t bpp;
};

static void framebuffer_that_cannot_be_drawn_to_is_refused(void **state)
{
    static const struct framebuffer_case bad[] = {
        {0xfd000000, 2399, 800, 600, 24}, /* lines overlap */
        {0xfd000000, 4096, 0, 768, 32},
        {0xfd000000, 4096, 1024, 0, 32},
        {0xfd000000, 4096, 1024, 768, 8},
        {0xfd000000, 4096, 1024, 768, 0},
        {0xfd000000, 0xffffffff, 0x40000001, 768, 32},
        {0xfd000000, 0xffffffff, 1024, 0xffffffff, 32},
        {UINT64_MAX - 4096, 4096, 1024, 768, 32},
        {0, 4096, 1024, 768, 32},
        {0xfd000000, 2048, 1024, 768, 16}, /* red is outside */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin();
        tag_small_memory();
        tag_framebuffer(bad[i].paddr, bad[i].pitch, bad[i].width, bad[i].height,
                        bad[i].bpp);
        assert_int_equal(finish(), 0);
        assert_int_equal(info.framebuffer.kind, BOOT_FRAMEBUFFER_UNSUPPORTED);
        assert_int_equal(info.warnings, BOOT_WARNING_FRAMEBUFFER);
    }
}

static void framebuffer_text_needs_no_colours(void **state)
{
    static const uint8_t tail[] = {16, 2, 0, 0};

    (void)state;
    begin();
    tag_small_memory();
    tag(MULTIBOOT2_TAG_FRAMEBUFFER, 32);
    put64(0xb8000);
    put32(160);
    put32(80);
    put32(25);
    put_bytes(tail, sizeof(tail));
    assert_int_equal(finish(), 0);
    assert_int_equal(info.framebuffer.kind, BOOT_FRAMEBUFFER_TEXT);
    assert_int_equal(info.framebuffer.width, 80);
}

static void framebuffer_indexed_or_cut_off_is_refused(void **state)
{
    static const uint8_t tail[] = {1, 0, 0, 0, 0, 0};

    (void)state;
    begin(); /* what a BIOS without a display gives */
    tag_small_memory();
    tag(MULTIBOOT2_TAG_FRAMEBUFFER, 34);
    put64(0xa0000);
    put32(80);
    put32(640);
    put32(480);
    put_bytes(tail, sizeof(tail));
    assert_int_equal(finish(), 0);
    assert_int_equal(info.framebuffer.kind, BOOT_FRAMEBUFFER_UNSUPPORTED);
    begin(); /* the colours are not all there */
    tag_small_memory();
    tag_framebuffer(0xfd000000, 0x1000, 1024, 768, 32);
    used -= 38;
    tag(MULTIBOOT2_TAG_FRAMEBUFFER, 37);
    used += 30;
    assert_int_equal(finish(), 0);
    assert_int_equal(info.framebuffer.kind, BOOT_FRAMEBUFFER_UNSUPPORTED);
    begin();
    tag_small_memory();
    tag(MULTIBOOT2_TAG_FRAMEBUFFER, 16);
    put64(0xa0000);
    assert_int_equal(finish(), 0);
    assert_int_equal(info.framebuffer.kind, BOOT_FRAMEBUFFER_UNSUPPORTED);
    begin();
    tag_small_memory();
    assert_int_equal(finish(), 0);
    assert_int_equal(info.framebuffer.kind, BOOT_FRAMEBUFFER_NONE);
}

static void make_rsdp(uint8_t *rsdp, uint8_t revision)
{
    uint8_t sum = 0;

    memset(rsdp, revision, BOOT_RSDP_BYTES);
    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[8] = 0;
    for (int i = 0; i < 20; i++)
        sum = (uint8_t)(sum + rsdp[i]);
    rsdp[8] = (uint8_t)-sum;
    rsdp[32] = 0;
    sum = 0;
    for (int i = 0; i < BOOT_RSDP_BYTES; i++)
        sum = (uint8_t)(sum + rsdp[i]);
    rsdp[32] = (uint8_t)-sum;
}

static void newer_rsdp_wins_in_either_order(void **state)
{
    uint8_t rsdp[BOOT_RSDP_BYTES];

    (void)state;
    for (int order = 0; order < 2; order++) {
        begin();
        tag_small_memory();
        for (int i = 0; i < 2; i++) {
            uint32_t bytes = i == order ? 20 : BOOT_RSDP_BYTES;

            make_rsdp(rsdp, bytes == 20 ? 0 : 2);
            tag(bytes == 20 ? MULTIBOOT2_TAG_RSDP_OLD : MULTIBOOT2_TAG_RSDP_NEW,
                8 + bytes);
            put_bytes(rsdp, bytes);
        }
        assert_int_equal(finish(), 0);
        assert_int_equal(info.rsdp.copy_bytes, BOOT_RSDP_BYTES);
        assert_int_equal(info.rsdp.copy[15], 2);
        assert_int_equal(info.warnings, 0);
    }
}

static void damaged_rsdp_is_ignored(void **state)
{
    uint8_t rsdp[BOOT_RSDP_BYTES];

    (void)state;
    for (uint32_t bytes = 0; bytes <= 20; bytes += 5) {
        make_rsdp(rsdp, 0);
        rsdp[10] ^= bytes == 20; /* too short, or a bad sum */
        begin();
        tag_small_memory();
        tag(MULTIBOOT2_TAG_RSDP_OLD, 8 + bytes);
        put_bytes(rsdp, bytes);
        assert_int_equal(finish(), 0);
        assert_int_equal(info.rsdp.copy_bytes, 0);
        assert_int_equal(info.warnings, BOOT_WARNING_RSDP);
    }
}

static void efi_tags_are_noted(void **state)
{
    (void)state;
    begin();
    tag_small_memory();
    tag(MULTIBOOT2_TAG_EFI64, 16);
    put64(0x1000);
    tag(MULTIBOOT2_TAG_EFI_RUNNING, 8);
    assert_int_equal(finish(), 0);
    assert_true(info.efi64);
    assert_false(info.efi32);
    assert_int_equal(info.warnings, BOOT_WARNING_EFI_RUNNING);
}

static void basic_memory_is_used_only_without_a_map(void **state)
{
    (void)state;
    begin();
    tag(MULTIBOOT2_TAG_BASIC_MEMORY, 16);
    put32(639);
    put32(23 * 1024);
    assert_int_equal(finish(), 0);
    assert_int_equal(info.range_count, 2);
    assert_int_equal(info.ranges[0].end, 639 << 10);
    assert_int_equal(info.ranges[1].end, 24 << 20);
    assert_int_equal(info.warnings, BOOT_WARNING_BASIC_MEMORY);
    begin();
    tag(MULTIBOOT2_TAG_BASIC_MEMORY, 16);
    put32(639);
    put32(100 * 1024);
    tag_small_memory();
    assert_int_equal(finish(), 0);
    assert_int_equal(info.ranges[1].end, 24 << 20);
    assert_int_equal(info.warnings, 0);
}

static void no_memory_at_all_is_refused(void **state)
{
    (void)state;
    begin();
    assert_int_equal(finish(), -XEN_EINVAL);
    assert_non_null(info.problem);
}

static void impossible_tag_sizes_are_refused(void **state)
{
    static const uint32_t sizes[] = {0, 1, 7, 4096, 0xffffffff, 0xfffffff9};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        begin();
        tag_small_memory();
        tag(99, sizes[i]);
        put64(0);
        assert_int_equal(finish(), -XEN_EINVAL);
        assert_non_null(info.problem);
    }
}

static void total_size_is_checked(void **state)
{
    (void)state;
    begin();
    tag_small_memory();
    tag(MULTIBOOT2_TAG_END, 8);
    assert_int_equal(parse_bytes(used + 1, used), -XEN_EINVAL);
    assert_int_equal(parse_bytes(0xffffffff, used), -XEN_EINVAL);
    assert_int_equal(parse_bytes(7, used), -XEN_EINVAL);
    assert_int_equal(parse_bytes(0, used), -XEN_EINVAL);
    assert_int_equal(parse_bytes(8, used), -XEN_EINVAL);
    assert_int_equal(parse_bytes(used, 7), -XEN_EINVAL);
    assert_int_equal(parse_bytes(used, used), 0);
}

static void missing_end_tag_ends_with_the_total_size(void **state)
{
    (void)state;
    begin();
    tag_small_memory();
    assert_int_equal(parse_bytes(used, used), 0);
    assert_int_equal(parse_bytes(used + 3, used + 3), 0);
}

static void check_result(int result)
{
    assert_int_equal(result != 0, info.problem != NULL);
    assert_true(info.range_count <= BOOT_RANGES);
    assert_true(info.module_count <= BOOT_MODULES);
    assert_true(strnlen(info.command_line, BOOT_COMMAND_LINE_BYTES) <
                BOOT_COMMAND_LINE_BYTES);
    assert_true(strnlen(info.loader, BOOT_LOADER_BYTES) < BOOT_LOADER_BYTES);
    for (uint32_t i = 0; i < info.range_count; i++)
        assert_true(info.ranges[i].start < info.ranges[i].end);
    for (uint32_t i = 0; i < info.module_count; i++) {
        assert_true(info.modules[i].start < info.modules[i].end);
        assert_true(strnlen(info.modules[i].command_line,
                            BOOT_MODULE_LINE_BYTES) < BOOT_MODULE_LINE_BYTES);
    }
}

static void mutated_boot_information_is_survived(void **state)
{
    static const uint8_t bytes[] = {0, 1, 7, 8, 0x7f, 0x80, 0xff};
    static uint8_t valid[1024];
    uint64_t seed = 1181783497276652981u;
    uint8_t rsdp[BOOT_RSDP_BYTES];

    (void)state;
    begin();
    tag_text(MULTIBOOT2_TAG_COMMAND_LINE, "console=serial");
    tag_small_memory();
    tag_module(0x300000, 0x300010, "one mem=4M");
    tag_framebuffer(0xfd000000, 0x1000, 1024, 768, 32);
    make_rsdp(rsdp, 2);
    tag(MULTIBOOT2_TAG_RSDP_NEW, 8 + BOOT_RSDP_BYTES);
    put_bytes(rsdp, BOOT_RSDP_BYTES);
    assert_int_equal(finish(), 0);
    memcpy(valid, mbi, used);

    for (int round = 0; round < FUZZ_ROUNDS; round++) {
        uint32_t total;

        memcpy(mbi, valid, used);
        for (int i = 0; i <= round % 4; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            mbi[(seed >> 8) % used] = bytes[(seed >> 40) % sizeof(bytes)];
        }
        memcpy(&total, mbi, 4);
        check_result(parse_bytes(total, used - (seed >> 50) % 4));
    }
}

static void every_warning_has_a_sentence(void **state)
{
    (void)state;
    for (uint32_t bit = 0; bit < BOOT_WARNINGS; bit++)
        assert_true(strlen(boot_warning_text(bit)) > 10);
    assert_non_null(boot_warning_text(BOOT_WARNINGS));
    assert_int_equal(BOOT_WARNING_EFI_RUNNING, 1u << (BOOT_WARNINGS - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(unterminated_text_ends_with_its_tag),
        cmocka_unit_test(long_command_line_is_cut_with_a_warning),
        cmocka_unit_test(memory_kinds_are_translated),
        cmocka_unit_test(touching_ranges_join_only_with_their_kind),
        cmocka_unit_test(larger_memory_entries_are_stepped_over),
        cmocka_unit_test(too_small_memory_entries_are_refused),
        cmocka_unit_test(huge_memory_entries_hold_nothing),
        cmocka_unit_test(wrapping_ram_is_ignored_other_ranges_end_at_the_top),
        cmocka_unit_test(too_many_ranges_lose_ram_and_never_a_hole),
        cmocka_unit_test(modules_are_listed_in_order),
        cmocka_unit_test(bad_modules_are_ignored_with_a_warning),
        cmocka_unit_test(too_many_modules_lose_the_last_ones),
        cmocka_unit_test(framebuffer_rgb_is_taken),
        cmocka_unit_test(framebuffer_that_cannot_be_drawn_to_is_refused),
        cmocka_unit_test(framebuffer_text_needs_no_colours),
        cmocka_unit_test(framebuffer_indexed_or_cut_off_is_refused),
        cmocka_unit_test(newer_rsdp_wins_in_either_order),
        cmocka_unit_test(damaged_rsdp_is_ignored),
        cmocka_unit_test(efi_tags_are_noted),
        cmocka_unit_test(basic_memory_is_used_only_without_a_map),
        cmocka_unit_test(no_memory_at_all_is_refused),
        cmocka_unit_test(impossible_tag_sizes_are_refused),
        cmocka_unit_test(total_size_is_checked),
        cmocka_unit_test(missing_end_tag_ends_with_the_total_size),
        cmocka_unit_test(mutated_boot_information_is_survived),
        cmocka_unit_test(every_warning_has_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
