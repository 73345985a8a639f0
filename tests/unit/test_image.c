/*
 * kernel/domain/image.c: what an ELF file asks for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/elfnote.h>

#include "domain/image.h"
#include "mm/errno.h"
#include "unit/elf_file.h"

static struct elf_file file;
static struct note_list notes;
static struct image image;
static struct reason why;

/* A file with a page of code at 1 MiB and what else it has from there. */
static void begin(void)
{
    elf_file_init(&file);
    file.header.e_entry = 0x100010;
    elf_file_load(&file, 0x100000, "code", 4, 0x1000);
    elf_file_load(&file, 0x102000, "data", 4, 0x2345);
    notes.size = 0;
}

static int read_file(void)
{
    static uint8_t *copy;

    elf_file_finish(&file);
    free(copy);
    copy = malloc(file.size + 1);
    memcpy(copy + 1, file.bytes, file.size);
    memset(&why, 0, sizeof(why));
    return image_read(&image, copy + 1, file.size, &why);
}

static int read_notes(void)
{
    elf_file_segment(&file, PT_NOTE, notes.bytes, notes.size);
    return read_file();
}

static void refused(const char *sentence)
{
    assert_int_equal(read_notes(), -EINVAL);
    assert_string_equal(why.text, sentence);
    begin();
}

/* GRUB's notes: an entry at 0 and a base of 0, and segments at 0. */
static void image_like_grub(void **state)
{
    static const uint8_t code[16];
    struct image_part part;

    (void)state;
    elf_file_init(&file);
    notes.size = 0;
    elf_file_load(&file, 0, code, sizeof(code), 0x41e1f0);
    elf_file_segment(&file, PT_GNU_STACK, "", 0);
    elf_file_load(&file, 0x41e1f0, code, sizeof(code), 0x1f5bd8);
    note_text(&notes, XEN_ELFNOTE_GUEST_OS, "GRUB");
    note_text(&notes, XEN_ELFNOTE_LOADER, "generic");
    note_text(&notes, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0);
    note_number(&notes, XEN_ELFNOTE_VIRT_BASE, 0);
    assert_int_equal(read_notes(), 0);
    assert_string_equal(image.guest_os, "GRUB");
    assert_string_equal(image.guest_version, "");
    assert_int_equal(image.entry, 0);
    assert_int_equal(image.virt_base, 0);
    assert_int_equal(image.start, 0);
    assert_int_equal(image.end, 0x613dc8);
    assert_false(image.has_hypercall_page);
    assert_false(image.has_init_p2m);
    assert_false(image.mod_start_pfn);
    assert_true(image_part_read(&image, 0, &part));
    assert_false(image_part_read(&image, 1, &part));
    assert_true(image_part_read(&image, 2, &part));
    assert_int_equal(part.address, 0x41e1f0);
    assert_int_equal(part.memory_bytes, 0x1f5bd8);
    assert_int_equal(part.file_bytes, sizeof(code));
    assert_false(image_part_read(&image, 3, &part));
}

/* Linux: physical addresses count, virtual ones of its segments do not. */
static void image_like_linux(void **state)
{
    const uint64_t mask[2] = {1, 1};
    const uint32_t features = 0x8801;

    (void)state;
    elf_file_init(&file);
    notes.size = 0;
    elf_file_load(&file, 0x1000000, "text", 4, 0x1e00000);
    elf_file_load(&file, 0x2e00000, "data", 4, 0xffe000)->p_vaddr = 0;
    note_text(&notes, XEN_ELFNOTE_GUEST_OS, "linux");
    note_text(&notes, XEN_ELFNOTE_GUEST_VERSION, "2.6");
    note_text(&notes, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    note_number(&notes, XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
    note_number(&notes, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0xffffffff8304e1c0);
    note_text(&notes, XEN_ELFNOTE_FEATURES,
              "!writable_page_tables|pae_pgdir_above_4gb");
    note_add(&notes, "Xen", XEN_ELFNOTE_SUPPORTED_FEATURES, &features, 4);
    note_text(&notes, XEN_ELFNOTE_PAE_MODE, "yes");
    note_text(&notes, XEN_ELFNOTE_LOADER, "generic");
    note_add(&notes, "Xen", XEN_ELFNOTE_L1_MFN_VALID, mask, sizeof(mask));
    note_add(&notes, "Xen", XEN_ELFNOTE_SUSPEND_CANCEL, "\1\0\0", 4);
    note_add(&notes, "Xen", XEN_ELFNOTE_MOD_START_PFN, "\1\0\0", 4);
    note_number(&notes, XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000);
    note_number(&notes, XEN_ELFNOTE_PADDR_OFFSET, 0);
    note_number(&notes, XEN_ELFNOTE_PHYS32_ENTRY, 0x1000000);
    note_add(&notes, "GNU", 3, "build", 5);
    assert_int_equal(read_notes(), 0);
    assert_int_equal(image.virt_base, 0xffffffff80000000);
    assert_int_equal(image.entry, 0xffffffff8304e1c0);
    assert_true(image.has_init_p2m);
    assert_int_equal(image.init_p2m, 0x8000000000);
    assert_true(image.mod_start_pfn);
    assert_int_equal(image.start, 0x1000000);
    assert_int_equal(image.end, 0x3dfe000);
    assert_string_equal(image.guest_version, "2.6");
}

static void image_defaults(void **state)
{
    (void)state;
    begin();
    note_text(&notes, XEN_ELFNOTE_GUEST_OS, "x");
    assert_int_equal(read_notes(), 0);
    assert_int_equal(image.virt_base, 0);
    assert_int_equal(image.paddr_offset, 0);
    assert_int_equal(image.entry, 0x100010);
    assert_int_equal(image.end, 0x104345);
}

static void image_paddr_offset(void **state)
{
    struct image_part part;

    (void)state;
    begin();
    note_number(&notes, XEN_ELFNOTE_PADDR_OFFSET, 0x100000);
    note_number(&notes, XEN_ELFNOTE_VIRT_BASE, 0x7000000000);
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0x7000000010);
    note_number(&notes, XEN_ELFNOTE_HYPERCALL_PAGE, 0x7000003000);
    assert_int_equal(read_notes(), 0);
    assert_int_equal(image.start, 0);
    assert_int_equal(image.end, 0x4345);
    assert_int_equal(image.hypercall_page, 0x7000003000);
    assert_true(image_part_read(&image, 1, &part));
    assert_int_equal(part.address, 0x2000);

    begin();
    note_number(&notes, XEN_ELFNOTE_PADDR_OFFSET, 0x101000);
    refused("its segment 0 is not within the first TiB behind its "
            "PADDR_OFFSET 0x101000");
}

static void image_notes_in_a_section(void **state)
{
    (void)state;
    begin();
    note_text(&notes, XEN_ELFNOTE_GUEST_OS, "section");
    elf_file_section(&file, ".note.Xen", SHT_NOTE, notes.bytes, notes.size);
    assert_int_equal(read_file(), 0);
    assert_string_equal(image.guest_os, "section");
}

static int read_old_style(const char *text, size_t size)
{
    begin();
    elf_file_section(&file, "__xen_guest", SHT_PROGBITS, text, size);
    return read_file();
}

static void image_old_style(void **state)
{
    static const char text[] =
        "GUEST_OS=Mini-OS,XEN_VER=xen-3.0,VIRT_BASE=0x0,"
        "ELF_PADDR_OFFSET=0,HYPERCALL_PAGE=0x102,UNKNOWN=?,BSD_SYMTAB,"
        "LOADER=generic,VIRT_ENTRY=1048580";

    (void)state;
    assert_int_equal(read_old_style(text, sizeof(text)), 0);
    assert_string_equal(image.guest_os, "Mini-OS");
    assert_true(image.has_hypercall_page);
    assert_int_equal(image.hypercall_page, 0x102000);
    assert_int_equal(image.entry, 0x100004);

    /* Not terminated; the offset is the base by default. */
    assert_int_equal(read_old_style("VIRT_BASE=0x100000", 18), 0);
    assert_int_equal(image.paddr_offset, 0x100000);
    assert_int_equal(image.start, 0);

    assert_int_equal(read_old_style("VIRT_BASE=0x", 12), -EINVAL);
    assert_string_equal(why.text, "a value in its section __xen_guest is not "
                                  "a number: '0x'");
    assert_int_equal(read_old_style("VIRT_BASE", 9), -EINVAL);
    assert_int_equal(read_old_style("VIRT_BASE=0xfffffffffffffffff", 29),
                     -EINVAL);
    assert_int_equal(read_old_style("LOADER=lilo", 11), -EINVAL);
    assert_string_equal(why.text, "it wants another loader than the generic "
                                  "one: 'lilo'");
}

static void image_without_xen(void **state)
{
    (void)state;
    begin();
    note_add(&notes, "GNU", XEN_ELFNOTE_ENTRY, "build", 5);
    refused("it has no Xen notes: it is not for a paravirtualized machine");
    assert_int_equal(read_file(), -EINVAL);
    assert_string_equal(why.text, "it has no Xen notes: it is not for a "
                                  "paravirtualized machine");
    begin();
    elf_file_section(&file, ".note", SHT_NOTE, "", 0)->sh_size = 1u << 30;
    assert_int_equal(read_file(), -EINVAL);
    assert_string_equal(why.text, "it has no segment with Xen notes, and its "
                                  "sections lie outside the file");
}

static void image_that_is_broken(void **state)
{
    (void)state;
    begin();
    file.header.e_machine = EM_386;
    refused("it is for another machine than x86-64");
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0x100000);
    notes.size -= 4;
    refused("an ELF note runs over the end of its segment");
    note_add(&notes, "Xen", XEN_ELFNOTE_ENTRY, "\0\0", 2);
    refused("the number in its Xen note 1 has 2 bytes, not 4 or 8");

    elf_file_init(&file);
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0x100000);
    refused("it has no segment to load");
    file.segments[1].p_paddr = UINT64_C(1) << 40;
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0x100000);
    refused("its segment 1 is not within the first TiB behind its "
            "PADDR_OFFSET 0");
}

static void image_that_asks_too_much(void **state)
{
    (void)state;
    begin();
    note_text(&notes, XEN_ELFNOTE_XEN_VERSION, "xen-4.0");
    refused("it is for another interface than xen-3.0: 'xen-4.0'");
    note_text(&notes, XEN_ELFNOTE_LOADER, "a\nb");
    refused("it wants another loader than the generic one: 'a?b'");
    note_text(&notes, XEN_ELFNOTE_FEATURES,
              "pae_pgdir_above_4gb||!auto_translated_physmap");
    refused("it requires a feature that this kernel does not have: "
            "'auto_translated_physmap'");
    note_text(&notes, XEN_ELFNOTE_FEATURES, "!what_is_this");
    refused("it requires a feature that this kernel does not have: "
            "'what_is_this'");
    note_number(&notes, XEN_ELFNOTE_HV_START_LOW, 0xffff800000000001);
    refused("it wants addresses from 0xffff800000000000 on that are the "
            "kernel's");
    note_text(&notes, XEN_ELFNOTE_FEATURES,
              "auto_translated_physmap|what_is_this|!pae_pgdir_above_4gb");
    assert_int_equal(read_notes(), 0);
}

static void image_with_bad_addresses(void **state)
{
    (void)state;
    begin();
    note_number(&notes, XEN_ELFNOTE_VIRT_BASE, 0x1001);
    refused("its VIRT_BASE 0x1001 is not the address of a page");
    note_number(&notes, XEN_ELFNOTE_PADDR_OFFSET, 0x10);
    refused("its PADDR_OFFSET 0x10 is not the address of a page");
    note_number(&notes, XEN_ELFNOTE_INIT_P2M, 0x8000000008);
    refused("its INIT_P2M 0x8000000008 is not the address of a page");
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0x101000);
    refused("its entry 0x101000 is in no segment that is loaded");
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0xfffff);
    refused("its entry 0xfffff is in no segment that is loaded");
    note_number(&notes, XEN_ELFNOTE_HYPERCALL_PAGE, 0x101000);
    refused("its hypercall page 0x101000 is no page of a segment that is "
            "loaded");
    note_number(&notes, XEN_ELFNOTE_HYPERCALL_PAGE, 0x102800);
    refused("its hypercall page 0x102800 is no page of a segment that is "
            "loaded");
}

/* A text that is not terminated, and longer than we keep. */
static void image_text_is_bounded(void **state)
{
    char text[256];

    (void)state;
    begin();
    memset(text, 'x', sizeof(text));
    note_add(&notes, "Xen", XEN_ELFNOTE_GUEST_OS, text, sizeof(text));
    assert_int_equal(read_notes(), 0);
    assert_int_equal(strlen(image.guest_os), IMAGE_TEXT_BYTES - 1);
    begin();
    note_add(&notes, "Xen", XEN_ELFNOTE_LOADER, "generic", 7);
    assert_int_equal(read_notes(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(image_like_grub),
        cmocka_unit_test(image_like_linux),
        cmocka_unit_test(image_defaults),
        cmocka_unit_test(image_paddr_offset),
        cmocka_unit_test(image_notes_in_a_section),
        cmocka_unit_test(image_old_style),
        cmocka_unit_test(image_without_xen),
        cmocka_unit_test(image_that_is_broken),
        cmocka_unit_test(image_that_asks_too_much),
        cmocka_unit_test(image_with_bad_addresses),
        cmocka_unit_test(image_text_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
