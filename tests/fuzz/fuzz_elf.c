/*
 * Any bytes as the ELF file of a domain: what is accepted must be inside of
 * the file and of the domain's memory.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/boot_layout.h"
#include "domain/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

/* Touch all bytes that the builder would copy. */
static void check_parts(const struct image *image, const uint8_t *file,
                        size_t size)
{
    struct image_part part;
    uint32_t i;

    for (i = 0; i < image->elf.segments; i++) {
        if (!image_part_read(image, i, &part))
            continue;
        check(part.file_bytes <= part.memory_bytes);
        check(part.address >= image->start);
        check(part.address + part.memory_bytes <= image->end);
        check(part.file_bytes <= size);
        check((size_t)(part.bytes - file) <= size - part.file_bytes);
    }
    check(image->entry - image->virt_base < image->end);
    if (image->has_hypercall_page)
        check(image->hypercall_page - image->virt_base < image->end);
}

static void check_layout(const struct image *image, uint64_t pages)
{
    const struct boot_sizes sizes = {pages, pages % 7 * 4096, pages % 2};
    struct boot_layout l;
    struct reason why;
    uint64_t tables = 0, last;
    uint32_t level;

    if (boot_layout_compute(&l, image, &sizes, &why) != 0) {
        check(strlen(why.text) > 0 && strlen(why.text) < sizeof(why.text) - 1);
        return;
    }
    check(l.stack < l.mapped && l.mapped <= pages);
    check(l.p2m.pfn + l.p2m_frames <= pages);
    check(l.ramdisk.pfn + l.ramdisk.count <= pages);
    check(image->end <= l.start_info * 4096);
    for (level = 1; level <= 4; level++) {
        last = boot_layout_table(&l, level, boot_layout_va(&l, l.mapped - 1));
        tables += l.tables[level].count;
        check(last - l.table_pages.pfn < l.table_pages.count);
        last = boot_layout_table(&l, level, l.p2m_va + pages * 8 - 1);
        check(last < pages);
        check(last - l.table_pages.pfn < l.table_pages.count ||
              last - l.p2m.pfn < l.p2m_frames);
    }
    check(tables == l.table_pages.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image image;
    struct elf_section section;
    struct reason why = {""};
    uint32_t i;

    if (image_read(&image, data, size, &why) != 0) {
        check(strlen(why.text) > 0 && strlen(why.text) < sizeof(why.text) - 1);
        return 0;
    }
    check_parts(&image, data, size);
    for (i = 0; i < image.elf.sections; i++)
        if (elf_section_read(&image.elf, i, &section) == 0)
            check(strlen(section.name) < size);
    check_layout(&image, image.end / 4096 + 1024);
    check_layout(&image, 16384);
    check_layout(&image, 16383);
    return 0;
}
