/*
 * boot/pvh.c: start information read through a reader that can say no.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <xen/arch-x86/hvm/start_info.h>

#include "boot/pvh.h"

enum { FUZZ_ROUNDS = 100000 };

/* Physical memory: one piece, so that what lies beside it cannot be read. */
enum {
    BASE = 0x1000,
    BYTES = 0x2000,
    AT_START = BASE,
    AT_MEMMAP = BASE + 0x100,
    AT_MODULES = BASE + 0x400,
    AT_LINE = BASE + 0x800,
    AT_MODULE_LINE = BASE + 0x900,
    AT_RSDP = BASE + 0xa00,
    AT_LONG_LINE = BASE + 0x1000,
};

static uint8_t *ram;
static struct hvm_start_info start;
static struct boot_info info;

static const void *map(void *context, uint64_t paddr, uint64_t bytes)
{
    (void)context;
    if (paddr < BASE || paddr - BASE > BYTES || bytes > BYTES - (paddr - BASE))
        return NULL;
    return ram + (paddr - BASE);
}

static const struct pvh_reader reader = {.map = map};

static void put(uint64_t paddr, const void *src, size_t bytes)
{
    memcpy(ram + (paddr - BASE), src, bytes);
}

static void put_text(uint64_t paddr, const char *text)
{
    put(paddr, text, strlen(text) + 1);
}

static void put_range(int n, uint64_t addr, uint64_t size, uint32_t type)
{
    struct hvm_memmap_table_entry entry = {
        .addr = addr,
        .size = size,
        .type = type,
    };

    put(AT_MEMMAP + (uint64_t)n * sizeof(entry), &entry, sizeof(entry));
}

static void put_module(int n, uint64_t paddr, uint64_t size, uint64_t line)
{
    struct hvm_modlist_entry entry = {
        .paddr = paddr,
        .size = size,
        .cmdline_paddr = line,
    };

    put(AT_MODULES + (uint64_t)n * sizeof(entry), &entry, sizeof(entry));
}

/* What QEMU's -kernel and -initrd give. */
static int setup(void **state)
{
    (void)state;
    ram = calloc(1, BYTES);
    memset(&start, 0, sizeof(start));
    start.magic = XEN_HVM_START_MAGIC_VALUE;
    start.version = 1;
    start.nr_modules = 1;
    start.modlist_paddr = AT_MODULES;
    start.cmdline_paddr = AT_LINE;
    start.memmap_paddr = AT_MEMMAP;
    start.memmap_entries = 3;
    put_range(0, 0, 0x9fc00, XEN_HVM_MEMMAP_TYPE_RAM);
    put_range(1, 0xf0000, 0x10000, XEN_HVM_MEMMAP_TYPE_RESERVED);
    put_range(2, 0x100000, 0x7f00000, XEN_HVM_MEMMAP_TYPE_RAM);
    put_module(0, 0x4000000, 0x1234, 0);
    put_text(AT_LINE, "console=serial exit=qemu");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(ram);
    return 0;
}

static int parse(void)
{
    put(AT_START, &start, sizeof(start));
    memset(&info, 0x5a, sizeof(info));
    return pvh_parse(&reader, AT_START, &info);
}

static void what_qemu_gives_is_read(void **state)
{
    (void)state;
    assert_int_equal(parse(), 0);
    assert_int_equal(info.protocol, BOOT_PROTOCOL_PVH);
    assert_string_equal(info.command_line, "console=serial exit=qemu");
    assert_int_equal(info.range_count, 3);
    assert_int_equal(info.ranges[1].kind, BOOT_RANGE_RESERVED);
    assert_int_equal(info.ranges[2].kind, BOOT_RANGE_RAM);
    assert_int_equal(info.ranges[2].end, 0x8000000);
    assert_int_equal(info.module_count, 1);
    assert_int_equal(info.modules[0].start, 0x4000000);
    assert_int_equal(info.modules[0].end, 0x4001234);
    assert_string_equal(info.modules[0].command_line, "");
    assert_int_equal(info.warnings, 0);
    assert_null(info.problem);
}

static void module_command_line_is_read(void **state)
{
    (void)state;
    put_module(0, 0x4000000, 0x1234, AT_MODULE_LINE);
    put_text(AT_MODULE_LINE, "name=a mem=4M");
    assert_int_equal(parse(), 0);
    assert_string_equal(info.modules[0].command_line, "name=a mem=4M");
}

static void wrong_magic_is_refused(void **state)
{
    (void)state;
    start.magic = 0x2badb002;
    assert_int_equal(parse(), -XEN_EINVAL);
    assert_non_null(info.problem);
}

static void start_information_outside_memory_is_refused(void **state)
{
    static const uint64_t bad[] = {0, BASE - 1, BASE + BYTES - 39,
                                   UINT64_MAX - 8};

    (void)state;
    parse();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(pvh_parse(&reader, bad[i], &info), -XEN_EINVAL);
        assert_non_null(info.problem);
    }
    put(BASE + BYTES - 40, &start, 40); /* version 1 does not fit */
    assert_int_equal(pvh_parse(&reader, BASE + BYTES - 40, &info), -XEN_EINVAL);
}

static void no_memory_map_is_refused(void **state)
{
    (void)state;
    start.version = 0;
    assert_int_equal(parse(), -XEN_EINVAL);
    start.version = 1;
    start.memmap_entries = 0;
    assert_int_equal(parse(), -XEN_EINVAL);
    start.memmap_entries = 1;
    put_range(0, 0x100000, 0, XEN_HVM_MEMMAP_TYPE_RAM);
    assert_int_equal(parse(), -XEN_EINVAL);
    assert_non_null(info.problem);
}

static void tables_outside_memory_are_refused(void **state)
{
    (void)state;
    start.memmap_entries = 0xffffffff;
    assert_int_equal(parse(), -XEN_EINVAL);
    start.memmap_entries = 3;
    start.memmap_paddr = UINT64_MAX - 23;
    assert_int_equal(parse(), -XEN_EINVAL);
    start.memmap_paddr = AT_MEMMAP;
    start.modlist_paddr = BASE + BYTES - 31;
    assert_int_equal(parse(), -XEN_EINVAL);
    assert_non_null(info.problem);
}

static void text_may_run_into_the_end_of_memory(void **state)
{
    (void)state;
    memset(ram + BYTES - 3, 'x', 3);
    start.cmdline_paddr = BASE + BYTES - 3;
    assert_int_equal(parse(), 0);
    assert_string_equal(info.command_line, "xxx");
    start.cmdline_paddr = UINT64_MAX;
    assert_int_equal(parse(), 0);
    assert_string_equal(info.command_line, "");
}

static void long_text_is_cut_with_a_warning(void **state)
{
    (void)state;
    memset(ram + (AT_LONG_LINE - BASE), 'x', BOOT_COMMAND_LINE_BYTES);
    start.cmdline_paddr = AT_LONG_LINE;
    put_module(0, 0x4000000, 0x1234, AT_LONG_LINE);
    assert_int_equal(parse(), 0);
    assert_int_equal(strlen(info.command_line), BOOT_COMMAND_LINE_BYTES - 1);
    assert_int_equal(strlen(info.modules[0].command_line),
                     BOOT_MODULE_LINE_BYTES - 1);
    assert_int_equal(info.warnings,
                     BOOT_WARNING_LINE_CUT | BOOT_WARNING_MODULE_LINE_CUT);
}

static void bad_modules_are_ignored_with_a_warning(void **state)
{
    (void)state;
    start.nr_modules = 3;
    put_module(0, 0x4000000, 0, 0);
    put_module(1, UINT64_MAX - 4, 8, 0);
    put_module(2, 0x5000000, 8, 0);
    assert_int_equal(parse(), 0);
    assert_int_equal(info.module_count, 1);
    assert_int_equal(info.modules[0].start, 0x5000000);
    assert_int_equal(info.warnings, BOOT_WARNING_MODULE_BAD);
}

static void too_many_modules_lose_the_last_ones(void **state)
{
    (void)state;
    start.nr_modules = 0xffffffff;
    start.modlist_paddr = AT_LONG_LINE;
    for (uint64_t i = 0; i < BOOT_MODULES; i++) {
        struct hvm_modlist_entry entry = {.paddr = 0x5000000, .size = 1};

        put(AT_LONG_LINE + i * sizeof(entry), &entry, sizeof(entry));
    }
    assert_int_equal(parse(), 0);
    assert_int_equal(info.module_count, BOOT_MODULES);
    assert_int_equal(info.warnings, BOOT_WARNING_MODULES_DROPPED);
}

static void rsdp_is_copied_if_it_can_be_read(void **state)
{
    uint8_t rsdp[BOOT_RSDP_BYTES] = "RSD PTR ";
    uint8_t sum = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        sum = (uint8_t)(sum + rsdp[i]);
    rsdp[8] = (uint8_t)-sum;
    put(AT_RSDP, rsdp, sizeof(rsdp));
    start.rsdp_paddr = AT_RSDP;
    assert_int_equal(parse(), 0);
    assert_int_equal(info.rsdp.paddr, AT_RSDP);
    assert_int_equal(info.rsdp.copy_bytes, 20);
    start.rsdp_paddr = 0xf5a10;
    assert_int_equal(parse(), 0);
    assert_int_equal(info.rsdp.paddr, 0xf5a10);
    assert_int_equal(info.rsdp.copy_bytes, 0);
}

static void mutated_start_information_is_survived(void **state)
{
    static const uint8_t bytes[] = {0, 1, 0x10, 0x20, 0x7f, 0x80, 0xff};
    uint8_t valid[0xb00];
    uint64_t seed = 2862933555777941757u;

    (void)state;
    parse();
    memcpy(valid, ram, sizeof(valid));
    for (int round = 0; round < FUZZ_ROUNDS; round++) {
        int result;

        memcpy(ram, valid, sizeof(valid));
        for (int i = 0; i <= round % 4; i++) {
            size_t area = round % 2 == 0 ? sizeof(start) : sizeof(valid);

            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            ram[4 + (seed >> 8) % (area - 4)] =
                bytes[(seed >> 40) % sizeof(bytes)];
        }
        result = pvh_parse(&reader, AT_START, &info);
        assert_int_equal(result != 0, info.problem != NULL);
        assert_true(info.range_count <= BOOT_RANGES);
        for (uint32_t i = 0; i < info.range_count; i++)
            assert_true(info.ranges[i].start < info.ranges[i].end);
        for (uint32_t i = 0; i < info.module_count; i++)
            assert_true(info.modules[i].start < info.modules[i].end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_qemu_gives_is_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(module_command_line_is_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(wrong_magic_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            start_information_outside_memory_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(no_memory_map_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(tables_outside_memory_are_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(text_may_run_into_the_end_of_memory,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(long_text_is_cut_with_a_warning, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bad_modules_are_ignored_with_a_warning,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_modules_lose_the_last_ones,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(rsdp_is_copied_if_it_can_be_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(mutated_start_information_is_survived,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
