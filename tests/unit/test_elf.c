/*
 * kernel/domain/elf.c: nothing in an ELF file is trusted.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "domain/elf.h"
#include "mm/errno.h"
#include "unit/elf_file.h"

static struct elf_file file;
static struct elf elf;
static const char *why;

/* A file with two segments to load and one of notes. */
static void make_file(void)
{
    elf_file_init(&file);
    file.header.e_entry = 0x100010;
    elf_file_load(&file, 0x100000, "code", 4, 0x1000);
    elf_file_load(&file, 0x102000, "data", 4, 0x2345);
    elf_file_segment(&file, PT_NOTE, "", 0);
    elf_file_finish(&file);
}

/* Open a copy that ends where the file ends, at an odd address. */
static int open_copy(size_t size)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(size + 1);
    memcpy(copy + 1, file.bytes, size);
    why = NULL;
    return elf_open(&elf, copy + 1, size, &why);
}

static void refused(const char *sentence)
{
    assert_int_equal(open_copy(file.size), -EINVAL);
    assert_string_equal(why, sentence);
}

/* Write the changed headers back, expect a refusal, start again. */
static void change_refused(const char *sentence)
{
    memcpy(file.bytes, &file.header, sizeof(file.header));
    memcpy(file.bytes + file.header.e_phoff, file.segments,
           file.header.e_phnum * sizeof(Elf64_Phdr) < 4096
               ? file.header.e_phnum * sizeof(Elf64_Phdr)
               : 0);
    refused(sentence);
    make_file();
}

static void elf_of_a_good_file(void **state)
{
    struct elf_segment s;

    (void)state;
    make_file();
    assert_int_equal(open_copy(file.size), 0);
    assert_int_equal(elf.entry, 0x100010);
    assert_int_equal(elf.segments, 3);
    s = elf_segment_read(&elf, 1);
    assert_int_equal(s.type, ELF_SEGMENT_LOAD);
    assert_int_equal(s.paddr, 0x102000);
    assert_int_equal(s.file_bytes, 4);
    assert_int_equal(s.memory_bytes, 0x2345);
    assert_memory_equal(elf.bytes + s.offset, "data", 4);
}

static void elf_of_another_kind(void **state)
{
    (void)state;
    make_file();
    file.header.e_ident[0] = 0;
    change_refused("it is not an ELF file");
    file.header.e_ident[EI_CLASS] = ELFCLASS32;
    change_refused("it is a 32-bit ELF file, not a 64-bit one");
    file.header.e_ident[EI_CLASS] = 7;
    change_refused("the ELF class is none that there is");
    file.header.e_ident[EI_DATA] = ELFDATA2MSB;
    change_refused("it is a big-endian ELF file");
    file.header.e_version = 2;
    change_refused("the ELF version is none that there is");
    file.header.e_machine = EM_AARCH64;
    change_refused("it is for another machine than x86-64");
    file.header.e_type = ET_DYN;
    change_refused("it is position-independent (ET_DYN): link it as ET_EXEC");
    file.header.e_type = ET_REL;
    change_refused("it is not an executable (ET_EXEC)");
    file.header.e_ehsize = 52;
    change_refused("the ELF header is shorter than it must be");
}

static void elf_of_a_bzimage(void **state)
{
    (void)state;
    elf_file_init(&file);
    file.size = 0x300;
    memcpy(file.bytes + 0x202, "HdrS", 4);
    refused("it is a Linux bzImage: give the ELF file that is packed in it");
}

static void elf_with_bad_program_headers(void **state)
{
    (void)state;
    make_file();
    file.header.e_phnum = 0;
    change_refused("it has no program headers");
    file.header.e_phnum = 65;
    change_refused("it has more than 64 program headers");
    file.header.e_phnum = 0xffff;
    change_refused("it has more than 64 program headers");
    file.header.e_phentsize = 32;
    change_refused("the program headers have a size that is not theirs");
    file.header.e_phnum = 4;
    change_refused("the program headers lie outside the file");
    file.bytes[32 + 7] = 0xff;          /* e_phoff */
    refused("the program headers lie outside the file");
}

static void elf_with_bad_segments(void **state)
{
    (void)state;
    make_file();
    file.segments[0].p_offset = UINT64_MAX;
    change_refused("a segment lies outside the file: is it truncated?");
    file.segments[1].p_filesz = UINT64_MAX;
    change_refused("a segment lies outside the file: is it truncated?");
    file.segments[2].p_filesz = 0x10000;
    change_refused("the notes lie outside the file: is it truncated?");
    file.segments[1].p_memsz = 3;
    change_refused("a segment has more bytes in the file than in memory");
    file.segments[1].p_paddr = UINT64_MAX - 5;
    change_refused("a segment goes over the end of the address space");
    file.segments[0].p_memsz = 0x2001;
    change_refused("two segments overlap");
    file.segments[1].p_paddr = 0xfffff;
    change_refused("two segments overlap");
}

static void elf_with_touching_segments(void **state)
{
    (void)state;
    make_file();
    file.segments[0].p_memsz = 0x2000;
    memcpy(file.bytes + file.header.e_phoff, file.segments, sizeof(Elf64_Phdr));
    assert_int_equal(open_copy(file.size), 0);
}

static void elf_cut_short_anywhere(void **state)
{
    size_t size;

    (void)state;
    make_file();
    for (size = 0; size < file.size; size++)
        assert_int_equal(open_copy(size), -EINVAL);
    assert_int_equal(open_copy(3), -EINVAL);
    assert_string_equal(why, "it is not an ELF file");
    assert_int_equal(open_copy(63), -EINVAL);
    assert_string_equal(why, "the file ends inside the ELF header");
}

static void elf_sections(void **state)
{
    struct elf_section s;
    uint32_t i;

    (void)state;
    elf_file_init(&file);
    elf_file_load(&file, 0x100000, "code", 4, 0x1000);
    elf_file_section(&file, ".notes", SHT_NOTE, "12345678", 8);
    elf_file_section(&file, "__xen_guest", SHT_PROGBITS, "A=b", 4);
    elf_file_finish(&file);
    assert_int_equal(open_copy(file.size), 0);
    assert_int_equal(elf.sections, 4);
    assert_int_equal(elf_section_read(&elf, 2, &s), 0);
    assert_string_equal(s.name, "__xen_guest");
    assert_int_equal(s.bytes, 4);
    assert_memory_equal(elf.bytes + s.offset, "A=b", 4);
    assert_int_equal(elf_section_read(&elf, 4, &s), -EINVAL);

    elf.names = 0;                      /* none has a name */
    assert_int_equal(elf_section_read(&elf, 2, &s), 0);
    assert_string_equal(s.name, "");
    elf.names = 17;
    assert_int_equal(elf_section_read(&elf, 2, &s), -EINVAL);
    elf.names = 3;
    for (i = 0; i < 4; i++) {           /* the table goes over the end */
        elf.sections_at = file.size - 64 * i - 63;
        assert_int_equal(elf_section_read(&elf, i, &s), -EINVAL);
    }
    elf.sections_at = UINT64_MAX;
    assert_int_equal(elf_section_read(&elf, 1, &s), -EINVAL);
}

static void elf_section_names_end(void **state)
{
    struct elf_section s;

    (void)state;
    elf_file_init(&file);
    elf_file_load(&file, 0x100000, "code", 4, 0x1000);
    elf_file_section(&file, "notes", SHT_NOTE, "12345678", 8);
    elf_file_finish(&file);
    file.sections[2].sh_size = 3;       /* the names are cut in "notes" */
    memcpy(file.bytes + file.header.e_shoff, file.sections,
           3 * sizeof(Elf64_Shdr));
    assert_int_equal(open_copy(file.size), 0);
    assert_int_equal(elf_section_read(&elf, 1, &s), -EINVAL);
}

/* All notes of a list of exactly these bytes; how many there are. */
static int count_notes(const struct note_list *list, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    struct elf_notes notes;
    struct elf_note note;
    int count = 0, rc;

    memcpy(copy + 1, list->bytes, size);
    elf.bytes = copy + 1;
    elf.size = size;
    notes = elf_notes_open(&elf, 0, size);
    while ((rc = elf_note_next(&notes, &note)) == 1)
        count++;
    free(copy);
    return rc != 0 ? rc : count;
}

static void elf_notes(void **state)
{
    static struct note_list list;
    struct elf_notes notes;
    struct elf_note note;

    (void)state;
    list.size = 0;
    note_add(&list, "Xen", 6, "GRUB", 5);
    note_add(&list, "GNU", 1, "", 0);
    note_add(&list, "a longer name", 77, "x", 1);
    assert_int_equal(count_notes(&list, list.size), 3);
    elf.bytes = list.bytes;
    notes = elf_notes_open(&elf, 0, list.size);
    assert_int_equal(elf_note_next(&notes, &note), 1);
    assert_int_equal(note.type, 6);
    assert_int_equal(note.owner_bytes, 4);
    assert_memory_equal(note.owner, "Xen", 4);
    assert_int_equal(note.value_bytes, 5);
    assert_memory_equal(note.value, "GRUB", 5);

    /* The last value is one byte: its padding may be there or not. */
    assert_int_equal(count_notes(&list, list.size - 1), 3);
    assert_int_equal(count_notes(&list, list.size - 2), 3);
    assert_int_equal(count_notes(&list, list.size - 3), 3);
    assert_int_equal(count_notes(&list, list.size - 4), -EINVAL);
    assert_int_equal(count_notes(&list, 1), -EINVAL);
    assert_int_equal(count_notes(&list, 0), 0);

    memset(list.bytes + 4, 0xff, 4);    /* the first value's length */
    assert_int_equal(count_notes(&list, list.size), -EINVAL);
    memset(list.bytes, 0xff, 4);        /* the first owner's length */
    assert_int_equal(count_notes(&list, list.size), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elf_of_a_good_file),
        cmocka_unit_test(elf_of_another_kind),
        cmocka_unit_test(elf_of_a_bzimage),
        cmocka_unit_test(elf_with_bad_program_headers),
        cmocka_unit_test(elf_with_bad_segments),
        cmocka_unit_test(elf_with_touching_segments),
        cmocka_unit_test(elf_cut_short_anywhere),
        cmocka_unit_test(elf_sections),
        cmocka_unit_test(elf_section_names_end),
        cmocka_unit_test(elf_notes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
