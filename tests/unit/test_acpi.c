/*
 * kernel/x86/acpi.c on tables that the test builds, whole and damaged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "x86/acpi.h"

enum {
    MEMORY_BYTES = 0x110000,
    RSDP_AT = 0xf1230,
    RSDT_AT = 0x100000,
    XSDT_AT = 0x100100,
    FADT_AT = 0x100200,
    MADT_AT = 0x100400,
    HPET_AT = 0x100500,
    DSDT_AT = 0x101000,
    DSDT_BYTES = 3000,
    TABLES_END = 0x102000,
    FUZZ_ROUNDS = 20000,
};

static uint8_t memory[MEMORY_BYTES];
static struct acpi_info info;
static unsigned long reads;

static bool memory_read(void *context, uint64_t address, void *out,
                        size_t bytes)
{
    (void)context;
    reads++;
    if (address >= MEMORY_BYTES || bytes > MEMORY_BYTES - address)
        return false;
    memcpy(out, memory + address, bytes);
    return true;
}

static const struct acpi_reader reader = {memory_read, NULL};

static void put(size_t at, uint64_t value, unsigned int bytes)
{
    for (unsigned int i = 0; i < bytes; i++)
        memory[at + i] = (uint8_t)(value >> (8 * i));
}

/* Make the bytes sum to zero by the one at an offset. */
static void seal(size_t at, size_t bytes, size_t offset)
{
    uint8_t total = 0;

    memory[at + offset] = 0;
    for (size_t i = 0; i < bytes; i++)
        total = (uint8_t)(total + memory[at + i]);
    memory[at + offset] = (uint8_t)-total;
}

static void table(size_t at, const char *signature, uint32_t bytes,
                  uint8_t revision)
{
    memcpy(memory + at, signature, 4);
    put(at + 4, bytes, 4);
    memory[at + 8] = revision;
    seal(at, bytes, 9);
}

static void register_put(size_t at, uint8_t space, uint64_t address)
{
    memory[at] = space;
    put(at + 4, address, 8);
}

static void rsdp_build(uint8_t revision)
{
    memcpy(memory + RSDP_AT, "RSD PTR ", 8);
    memory[RSDP_AT + 15] = revision;
    put(RSDP_AT + 16, RSDT_AT, 4);
    put(RSDP_AT + 20, 36, 4);
    put(RSDP_AT + 24, XSDT_AT, 8);
    seal(RSDP_AT, 20, 8);
    seal(RSDP_AT, 36, 32);
}

static void roots_build(void)
{
    put(RSDT_AT + 36, FADT_AT, 4);
    put(RSDT_AT + 40, MADT_AT, 4);
    table(RSDT_AT, "RSDT", 44, 1);
    put(XSDT_AT + 36, FADT_AT, 8);
    put(XSDT_AT + 44, MADT_AT, 8);
    put(XSDT_AT + 52, HPET_AT, 8);
    table(XSDT_AT, "XSDT", 60, 1);
}

static void fadt_build(void)
{
    put(FADT_AT + 40, DSDT_AT, 4);
    put(FADT_AT + 48, 0xb2, 4);
    memory[FADT_AT + 52] = 0xf1;
    put(FADT_AT + 64, 0x604, 4);
    put(FADT_AT + 76, 0x608, 4);
    put(FADT_AT + 109, 1 << 1, 2);
    put(FADT_AT + 112, 1 << 8 | 1 << 10, 4);
    register_put(FADT_AT + 116, ACPI_SPACE_PORT, 0xcf9);
    memory[FADT_AT + 128] = 0x0f;
    register_put(FADT_AT + 172, ACPI_SPACE_PORT, 0x1604);
    register_put(FADT_AT + 244, ACPI_SPACE_MEMORY, 0xfea00200);
    table(FADT_AT, "FACP", 268, 6);
}

static void madt_build(void)
{
    static const uint8_t entries[] = {
        0, 8,  0, 0,  1, 0, 0, 0,                   /* enabled */
        0, 8,  1, 1,  0, 0, 0, 0,                   /* not */
        1, 12, 0, 0,  0, 0, 0, 0, 0,    0,    0, 0, /* something else */
        9, 16, 0, 0,  0, 1, 0, 0, 1,    0,    0, 0, 0, 0,
        0, 0,  5, 12, 0, 0, 0, 0, 0xe0, 0xfe, 1, 0, 0, 0,
    };

    put(MADT_AT + 36, 0xfee00000, 4);
    put(MADT_AT + 40, 1, 4);
    memcpy(memory + MADT_AT + 44, entries, sizeof(entries));
    table(MADT_AT, "APIC", 44 + sizeof(entries), 3);
}

static void s5_put(size_t at)
{
    static const uint8_t aml[] = {0x08, '_',  'S',  '5',  '_',  0x12, 0x08,
                                  0x04, 0x0a, 0x05, 0x0a, 0x06, 0,    0};

    memcpy(memory + at, aml, sizeof(aml));
}

static int memory_build(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    rsdp_build(2);
    roots_build();
    fadt_build();
    madt_build();
    register_put(HPET_AT + 40, ACPI_SPACE_MEMORY, 0xfed00000);
    table(HPET_AT, "HPET", 56, 1);
    s5_put(DSDT_AT + 36 + 478); /* over the end of the first piece */
    table(DSDT_AT, "DSDT", DSDT_BYTES, 2);
    return 0;
}

static void parse(void)
{
    acpi_parse(&reader, memory + RSDP_AT, 36, &info);
}

static void all_is_found(void **state)
{
    (void)state;
    parse();
    assert_null(info.problem);
    assert_int_equal(info.tables, 4);
    assert_int_equal(info.bad_tables, 0);
    assert_true(info.madt_found && info.has_8259);
    assert_int_equal(info.cpus, 2);
    assert_true(info.local_apic == 0x1fee00000);
    assert_true(info.fadt_found && info.has_8042);
    assert_int_equal(info.smi_command, 0xb2);
    assert_int_equal(info.acpi_enable, 0xf1);
    assert_int_equal(info.pm_timer.space, ACPI_SPACE_PORT);
    assert_int_equal(info.pm_timer.address, 0x608);
    assert_int_equal(info.pm_timer_mask, UINT32_MAX);
    assert_int_equal(info.pm1a_control.address, 0x1604);
    assert_int_equal(info.pm1b_control.space, ACPI_SPACE_NONE);
    assert_int_equal(info.reset.address, 0xcf9);
    assert_int_equal(info.reset_value, 0x0f);
    assert_true(info.s5_found);
    assert_int_equal(info.s5_type_a, 5);
    assert_int_equal(info.s5_type_b, 6);
    assert_true(info.hpet == 0xfed00000);
    assert_int_equal(info.sleep_control.space, ACPI_SPACE_MEMORY);
    assert_true(info.sleep_control.address == 0xfea00200);
}

static void old_tables_are_enough(void **state)
{
    uint8_t copy[20];

    (void)state;
    rsdp_build(0);
    memcpy(copy, memory + RSDP_AT, 20);
    memset(memory + FADT_AT + 109, 0, 244 - 109);
    table(FADT_AT, "FACP", 116, 1);
    acpi_parse(&reader, copy, 20, &info);
    assert_null(info.problem);
    assert_int_equal(info.tables, 3);
    assert_true(info.hpet == 0); /* only the XSDT names it */
    assert_true(info.has_8042);
    assert_int_equal(info.pm1a_control.address, 0x604);
    assert_int_equal(info.pm_timer_mask, 0xffffff);
    assert_int_equal(info.reset.space, ACPI_SPACE_NONE);
    assert_true(info.s5_found);
}

static void root_pointer_is_searched(void **state)
{
    (void)state;
    acpi_parse(&reader, NULL, 0, &info);
    assert_null(info.problem);
    assert_int_equal(info.tables, 4);
    /* In the extended BIOS data area. */
    put(0x40e, 0x9fc0, 2);
    memcpy(memory + 0x9fc20, memory + RSDP_AT, 36);
    memset(memory + RSDP_AT, 0, 36);
    acpi_parse(&reader, memory + RSDP_AT, 36, &info);
    assert_null(info.problem);
    assert_int_equal(info.tables, 4);
    memset(memory + 0x9fc20, 0, 36);
    acpi_parse(&reader, NULL, 0, &info);
    assert_non_null(info.problem);
}

static void bad_checksums_are_left_out(void **state)
{
    (void)state;
    memory[MADT_AT + 50]++;
    parse();
    assert_int_equal(info.tables, 3);
    assert_int_equal(info.bad_tables, 1);
    assert_false(info.madt_found);
    assert_true(info.has_8259);
    memory[XSDT_AT + 9]++; /* then the RSDT is taken */
    parse();
    assert_null(info.problem);
    assert_true(info.hpet == 0);
    assert_true(info.fadt_found);
    memory[RSDT_AT + 9]++;
    parse();
    assert_non_null(info.problem);
    memory[RSDP_AT + 10]++;
    assert_false(acpi_rsdp_ok(memory + RSDP_AT, 36));
    assert_false(acpi_rsdp_ok(memory + RSDP_AT, 19));
}

static void absent_keyboard_controller_is_believed(void **state)
{
    (void)state;
    put(FADT_AT + 109, 0, 2);
    table(FADT_AT, "FACP", 244, 6);
    parse();
    assert_false(info.has_8042);
}

static void entries_without_length_end_the_list(void **state)
{
    (void)state;
    memory[MADT_AT + 44 + 9] = 0;
    table(MADT_AT, "APIC", 44 + 56, 3);
    parse();
    assert_true(info.madt_found);
    assert_int_equal(info.cpus, 1);
}

static void s5_is_found_in_all_its_forms(void **state)
{
    static const uint8_t root[] = "\x08\\_S5_\x12\x06\x04\x01\x00";
    static const uint8_t word[] = "\x08_S5_\x12\x40\x08\x02\x0b\x03\x00\x0c"
                                  "\x04\0\0\0";
    static const uint8_t single[] = "\x08_S5_\x12\x03\x01\x0a\x07";
    static const uint8_t use[] = "\x70_S5_\x12\x03\x02\x0a\x07\x00";
    static const uint8_t large[] = "\x08_S5_\x12\x03\x02\x0a\x08\x00";
    uint8_t a = 9, b = 9;

    (void)state;
    assert_true(acpi_s5_parse(root, sizeof(root) - 1, &a, &b));
    assert_true(a == 1 && b == 0);
    assert_true(acpi_s5_parse(word, sizeof(word) - 1, &a, &b));
    assert_true(a == 3 && b == 4);
    assert_true(acpi_s5_parse(single, sizeof(single) - 1, &a, &b));
    assert_true(a == 7 && b == 0);
    assert_false(acpi_s5_parse(use, sizeof(use) - 1, &a, &b));
    assert_false(acpi_s5_parse(large, sizeof(large) - 1, &a, &b));
    assert_true(a == 7 && b == 0);
    for (size_t cut = 0; cut < sizeof(root) - 1; cut++) {
        uint8_t copy[sizeof(root)]; /* exact end, for the sanitizer */

        memcpy(copy + sizeof(copy) - cut, root, cut);
        assert_false(acpi_s5_parse(copy + sizeof(copy) - cut, cut, &a, &b));
    }
}

static void any_garbage_is_survived(void **state)
{
    uint32_t random = 4711;

    for (unsigned int round = 0; round < FUZZ_ROUNDS; round++) {
        unsigned int changes = round % 7 + 1;

        memory_build(state);
        while (changes-- > 0) {
            random = random * 1664525u + 1013904223u;
            memory[RSDT_AT + (random >> 8) % 0x600] = (uint8_t)random;
        }
        /* Good sums again, or nothing behind them would be tried. */
        table(XSDT_AT, "XSDT", memory[XSDT_AT + 4] | 36, 1);
        table(FADT_AT, "FACP", memory[FADT_AT + 4] | 64, 6);
        table(MADT_AT, "APIC", memory[MADT_AT + 4] | 64, 3);
        table(HPET_AT, "HPET", memory[HPET_AT + 4] | 36, 1);
        reads = 0;
        parse();
        assert_true(reads < 100000);
        assert_true(info.s5_type_a < 8 && info.s5_type_b < 8);
    }
}

static void a_root_of_itself_ends(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 1000; i++)
        put(XSDT_AT + 36 + 8 * i, XSDT_AT, 8);
    put(XSDT_AT + 4, 8036, 4);
    seal(XSDT_AT, 8036, 9);
    parse();
    assert_null(info.problem);
    assert_int_equal(info.tables, 256);
}

#define WITH_MEMORY(test) cmocka_unit_test_setup(test, memory_build)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MEMORY(all_is_found),
        WITH_MEMORY(old_tables_are_enough),
        WITH_MEMORY(root_pointer_is_searched),
        WITH_MEMORY(bad_checksums_are_left_out),
        WITH_MEMORY(absent_keyboard_controller_is_believed),
        WITH_MEMORY(entries_without_length_end_the_list),
        WITH_MEMORY(s5_is_found_in_all_its_forms),
        WITH_MEMORY(any_garbage_is_survived),
        WITH_MEMORY(a_root_of_itself_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
