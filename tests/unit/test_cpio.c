/*
 * boot/cpio.c and boot/archive.c: several modules in one archive.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>

#include "boot/archive.h"
#include "boot/cpio.h"

enum {
    ARCHIVE_BYTES = 1 << 15,
    FUZZ_ROUNDS = 50000,
    REGULAR = 0100644,
    DIRECTORY = 040755,
};

#define ARCHIVE_PADDR 0x40000000u

/* An archive under construction. */
static uint8_t archive[ARCHIVE_BYTES];
static size_t used;
static struct boot_info info;

static void align(void)
{
    while (used % 4 != 0)
        archive[used++] = '\0';
}

static void put_header(unsigned int mode, size_t file_size, size_t name_size)
{
    used += (size_t)sprintf((char *)archive + used,
                            "070701%08X%08x%08X%08X%08X%08X%08X%08X%08X"
                            "%08X%08X%08X%08X",
                            1u, mode, 0u, 0u, 1u, 0u, (unsigned int)file_size,
                            0u, 0u, 0u, 0u, (unsigned int)name_size, 0u);
}

static void member(const char *name, unsigned int mode, const char *contents)
{
    put_header(mode, strlen(contents), strlen(name) + 1);
    strcpy((char *)archive + used, name);
    used += strlen(name) + 1;
    align();
    memcpy(archive + used, contents, strlen(contents));
    used += strlen(contents);
    align();
}

static void trailer(void)
{
    member("TRAILER!!!", 0, "");
}

static void begin(void)
{
    memset(archive, 0, sizeof(archive));
    used = 0;
}

/* The one piece of physical memory there is. */
struct memory {
    const uint8_t *bytes;
    uint64_t size;
};

static const void *map(void *context, uint64_t paddr, uint64_t bytes)
{
    const struct memory *memory = context;

    if (paddr < ARCHIVE_PADDR || paddr - ARCHIVE_PADDR > memory->size ||
        bytes > memory->size - (paddr - ARCHIVE_PADDR))
        return NULL;
    return memory->bytes + (paddr - ARCHIVE_PADDR);
}

/* Expand from a block of exactly the archive's bytes. */
static int expand(void)
{
    struct memory memory = {malloc(used), used};
    struct pvh_reader reader = {map, &memory};
    int result;

    memcpy((uint8_t *)(uintptr_t)memory.bytes, archive, used);
    boot_info_clear(&info, BOOT_PROTOCOL_PVH);
    boot_info_add_module(&info, ARCHIVE_PADDR, used);
    result = boot_info_expand_cpio(&info, &reader);
    free((uint8_t *)(uintptr_t)memory.bytes);
    return result;
}

static const void *contents(uint32_t module)
{
    return archive + (info.modules[module].start - ARCHIVE_PADDR);
}

static uint64_t module_bytes(uint32_t module)
{
    return info.modules[module].end - info.modules[module].start;
}

static void files_are_found_in_order(void **state)
{
    struct cpio walk;
    struct cpio_file file;

    (void)state;
    begin();
    member(".", DIRECTORY, "");
    member("./a", REGULAR, "12345");
    member("link", 0120777, "a");
    member("dir/b", REGULAR, "");
    trailer();
    assert_true(cpio_is_archive(archive, used));
    cpio_open(&walk, archive, used);
    assert_int_equal(cpio_next(&walk, &file), 1);
    assert_string_equal(file.name, "a");
    assert_int_equal(file.size, 5);
    assert_memory_equal(archive + file.offset, "12345", 5);
    assert_int_equal(cpio_next(&walk, &file), 1);
    assert_string_equal(file.name, "dir/b");
    assert_int_equal(file.size, 0);
    assert_int_equal(cpio_next(&walk, &file), 0);
}

static void find_wants_the_whole_name(void **state)
{
    struct cpio walk;
    struct cpio_file file;

    (void)state;
    begin();
    member("abc", REGULAR, "1");
    member("ab", REGULAR, "2");
    trailer();
    cpio_open(&walk, archive, used);
    assert_int_equal(cpio_find(&walk, "abXX", 2, &file), 1);
    assert_memory_equal(archive + file.offset, "2", 1);
    assert_int_equal(cpio_find(&walk, "a", 1, &file), 0);
    assert_int_equal(cpio_find(&walk, "", 0, &file), 0);
    assert_int_equal(cpio_find(&walk, "abcd", 4, &file), 0);
}

static void crc_form_is_read_and_others_are_not(void **state)
{
    (void)state;
    assert_true(cpio_is_archive("070701", 6));
    assert_true(cpio_is_archive("070702", 6));
    assert_false(cpio_is_archive("070707", 6));
    assert_false(cpio_is_archive("07070", 5));
    assert_false(cpio_is_archive("\177ELF\2\1\1", 7));
}

/* Walk to the end or to the first error. */
static int walk_all(size_t size)
{
    uint8_t *copy = malloc(size + 1);
    struct cpio walk;
    struct cpio_file file;
    int result;

    memcpy(copy, archive, size);
    cpio_open(&walk, copy, size);
    while ((result = cpio_next(&walk, &file)) == 1) {
        assert_true(file.offset <= size && file.size <= size - file.offset);
        assert_true(strlen(file.name) < size);
    }
    free(copy);
    return result;
}

static void archive_cut_off_anywhere_is_damaged(void **state)
{
    size_t whole;

    (void)state;
    begin();
    member("a", REGULAR, "12345");
    member("b", REGULAR, "1");
    trailer();
    whole = used;
    while (archive[whole - 1] == '\0')
        whole--; /* padding may be missing ... */
    whole++;     /* ... the name's terminator may not */
    assert_int_equal(walk_all(used), 0);
    assert_int_equal(walk_all(whole), 0);
    for (size_t size = 0; size < whole; size++)
        assert_int_equal(walk_all(size), -XEN_EINVAL);
}

static void fields_must_be_hexadecimal(void **state)
{
    (void)state;
    for (size_t field = 0; field < 13; field++) {
        bool looked_at = field == 1 || field == 6 || field == 11;

        begin();
        member("a", REGULAR, "12345");
        trailer();
        archive[6 + 8 * field + 7] = 'g';
        assert_int_equal(walk_all(used), looked_at ? -XEN_EINVAL : 0);
    }
}

static void sizes_beyond_the_archive_are_refused(void **state)
{
    static const size_t bad[] = {200, 0x7fffffff, 0x80000000, 0xffffffff};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin();
        put_header(REGULAR, bad[i], 2);
        used += 2;
        align();
        assert_int_equal(walk_all(used), -XEN_EINVAL);
        begin();
        put_header(REGULAR, 0, bad[i]);
        used += 2;
        align();
        assert_int_equal(walk_all(used), -XEN_EINVAL);
    }
}

static void names_must_end_inside_their_size(void **state)
{
    (void)state;
    begin();
    put_header(REGULAR, 0, 0);
    archive[used - 1] = '\0'; /* would do as a terminator */
    align();
    trailer();
    assert_int_equal(walk_all(used), -XEN_EINVAL);
    begin();
    put_header(REGULAR, 0, 2);
    memcpy(archive + used, "ab", 2);
    used += 2;
    align();
    trailer();
    assert_int_equal(walk_all(used), -XEN_EINVAL);
}

static void list_becomes_modules(void **state)
{
    (void)state;
    begin();
    member("modules", REGULAR,
           "# comment\n"
           "\n"
           "lesson mem=8M privileged -- console=hvc0\r\n"
           "  \t  \n"
           "  disk data name=root\n"
           "lesson name=second");
    member("lesson", REGULAR, "image of the lesson");
    member("disk", REGULAR, "blocks");
    trailer();
    assert_int_equal(expand(), 0);
    assert_int_equal(info.module_count, 3);
    assert_int_equal(info.warnings, 0);
    assert_string_equal(info.modules[0].command_line,
                        "lesson mem=8M privileged -- console=hvc0");
    assert_int_equal(module_bytes(0), 19);
    assert_memory_equal(contents(0), "image of the lesson", 19);
    assert_string_equal(info.modules[1].command_line, "disk data name=root");
    assert_int_equal(module_bytes(1), 6);
    assert_memory_equal(contents(1), "blocks", 6);
    assert_string_equal(info.modules[2].command_line, "lesson name=second");
    assert_int_equal(info.modules[2].start, info.modules[0].start);
}

static void module_that_is_no_archive_stays(void **state)
{
    (void)state;
    begin();
    memcpy(archive, "\177ELF\2\1\1", 8);
    used = 8;
    assert_int_equal(expand(), 0);
    assert_int_equal(info.module_count, 1);
    assert_int_equal(info.modules[0].start, ARCHIVE_PADDR);
}

static void archive_without_a_list_is_refused(void **state)
{
    (void)state;
    begin();
    member("init", REGULAR, "x");
    trailer();
    assert_int_equal(expand(), -XEN_EINVAL);
    assert_non_null(strstr(info.problem, "modules"));
}

static void missing_file_is_named(void **state)
{
    (void)state;
    begin();
    member("modules", REGULAR, "there\nnot-there mem=1M\n");
    member("there", REGULAR, "x");
    trailer();
    assert_int_equal(expand(), -XEN_EINVAL);
    assert_non_null(info.problem);
    assert_string_equal(info.problem_detail, "not-there");
}

static void empty_file_is_skipped_with_a_warning(void **state)
{
    (void)state;
    begin();
    member("modules", REGULAR, "empty\nfull\n");
    member("empty", REGULAR, "");
    member("full", REGULAR, "x");
    trailer();
    assert_int_equal(expand(), 0);
    assert_int_equal(info.module_count, 1);
    assert_int_equal(info.warnings, BOOT_WARNING_MODULE_BAD);
}

static void long_line_is_cut_with_a_warning(void **state)
{
    static char list[BOOT_MODULE_LINE_BYTES + 100];

    (void)state;
    memset(list, 'x', sizeof(list) - 1);
    memcpy(list, "full ", 5);
    begin();
    member("modules", REGULAR, list);
    member("full", REGULAR, "x");
    trailer();
    assert_int_equal(expand(), 0);
    assert_int_equal(strlen(info.modules[0].command_line),
                     BOOT_MODULE_LINE_BYTES - 1);
    assert_int_equal(info.warnings, BOOT_WARNING_MODULE_LINE_CUT);
}

static void too_many_lines_lose_the_last_ones(void **state)
{
    char list[(BOOT_MODULES + 2) * 2 + 1];

    (void)state;
    for (size_t i = 0; i < BOOT_MODULES + 2; i++)
        memcpy(list + 2 * i, "f\n", 3);
    begin();
    member("modules", REGULAR, list);
    member("f", REGULAR, "x");
    trailer();
    assert_int_equal(expand(), 0);
    assert_int_equal(info.module_count, BOOT_MODULES);
    assert_int_equal(info.warnings, BOOT_WARNING_MODULES_DROPPED);
}

static void mutated_archives_are_survived(void **state)
{
    static uint8_t valid[4096];
    static const uint8_t bytes[] = {0, '0', '7', 'F', '\n', ' ', 0xff, '/'};
    uint64_t seed = 3935559000370003845u;
    size_t size;

    (void)state;
    begin();
    member("modules", REGULAR, "a mem=1M\nb data\n");
    member("a", REGULAR, "contents of a");
    member("b", REGULAR, "contents of b");
    trailer();
    size = used;
    memcpy(valid, archive, size);
    for (int round = 0; round < FUZZ_ROUNDS; round++) {
        memcpy(archive, valid, size);
        for (int i = 0; i <= round % 4; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            archive[(seed >> 8) % size] = bytes[(seed >> 40) % sizeof(bytes)];
        }
        used = size - (seed >> 50) % 8;

        int result = expand();

        assert_int_equal(result != 0, info.problem != NULL);
        for (uint32_t i = 0; i < info.module_count; i++) {
            assert_true(info.modules[i].start >= ARCHIVE_PADDR);
            assert_true(info.modules[i].end <= ARCHIVE_PADDR + used);
            assert_true(info.modules[i].start < info.modules[i].end);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_found_in_order),
        cmocka_unit_test(find_wants_the_whole_name),
        cmocka_unit_test(crc_form_is_read_and_others_are_not),
        cmocka_unit_test(archive_cut_off_anywhere_is_damaged),
        cmocka_unit_test(fields_must_be_hexadecimal),
        cmocka_unit_test(sizes_beyond_the_archive_are_refused),
        cmocka_unit_test(names_must_end_inside_their_size),
        cmocka_unit_test(list_becomes_modules),
        cmocka_unit_test(module_that_is_no_archive_stays),
        cmocka_unit_test(archive_without_a_list_is_refused),
        cmocka_unit_test(missing_file_is_named),
        cmocka_unit_test(empty_file_is_skipped_with_a_warning),
        cmocka_unit_test(long_line_is_cut_with_a_warning),
        cmocka_unit_test(too_many_lines_lose_the_last_ones),
        cmocka_unit_test(mutated_archives_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
