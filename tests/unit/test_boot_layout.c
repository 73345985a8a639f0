/*
 * kernel/domain/boot_layout.c: where everything of a new domain lies.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "domain/boot_layout.h"
#include "mm/errno.h"

#define MIB (UINT64_C(1) << 20)

static struct boot_layout layout;
static struct reason why;

static int compute(const struct image *image, uint64_t bytes,
                   uint64_t ramdisk_bytes, bool privileged)
{
    const struct boot_sizes sizes = {bytes / 4096, ramdisk_bytes, privileged};

    memset(&layout, 0x5a, sizeof(layout));
    return boot_layout_compute(&layout, image, &sizes, &why);
}

/* What Xen's builder gives GRUB with 64 MiB. */
static void layout_of_grub(void **state)
{
    const struct image image = {.end = 0x613dc8};

    (void)state;
    assert_int_equal(compute(&image, 64 * MIB, 0, false), 0);
    assert_int_equal(layout.pages, 0x4000);
    assert_int_equal(layout.p2m.pfn, 0x614);
    assert_int_equal(layout.p2m.count, 0x20);
    assert_int_equal(layout.p2m_va, 0x614000);
    assert_false(layout.p2m_apart);
    assert_int_equal(layout.start_info, 0x634);
    assert_int_equal(layout.store, 0x635);
    assert_int_equal(layout.console, 0x636);
    assert_int_equal(layout.table_pages.pfn, 0x637);
    assert_int_equal(layout.table_pages.count, 7);
    assert_int_equal(layout.tables[4].pfn, 0x637);
    assert_int_equal(layout.tables[3].pfn, 0x638);
    assert_int_equal(layout.tables[2].pfn, 0x639);
    assert_int_equal(layout.tables[1].pfn, 0x63a);
    assert_int_equal(layout.tables[1].count, 4);
    assert_int_equal(layout.stack, 0x63e);
    assert_int_equal(layout.mapped, 0x800);
    assert_int_equal(boot_layout_table(&layout, 1, 0x7ff000), 0x63d);
    assert_int_equal(boot_layout_table(&layout, 4, 0x7ff000), 0x637);
}

/* What Xen's builder gives Debian's cloud kernel with 256 MiB. */
static void layout_of_linux(void **state)
{
    const struct image image = {.virt_base = 0xffffffff80000000,
                                .init_p2m = 0x8000000000,
                                .has_init_p2m = true,
                                .mod_start_pfn = true,
                                .start = 0x1000000,
                                .end = 0x3e00000};

    (void)state;
    assert_int_equal(compute(&image, 256 * MIB, 0x1e5000, false), 0);
    assert_int_equal(layout.start_info, 0x3e00);
    assert_int_equal(layout.store, 0x3e01);
    assert_int_equal(layout.console, 0x3e02);
    assert_int_equal(layout.table_pages.pfn, 0x3e03);
    assert_int_equal(layout.table_pages.count, 0x23);
    assert_int_equal(layout.stack, 0x3e26);
    assert_int_equal(layout.mapped, 0x4000);
    assert_false(layout.ramdisk_mapped);
    assert_int_equal(layout.ramdisk.pfn, 0x4000);
    assert_int_equal(layout.ramdisk.count, 0x1e5);
    assert_true(layout.p2m_apart);
    assert_int_equal(layout.p2m.pfn, 0x41e5);
    assert_int_equal(layout.p2m.count, 0x80);
    assert_int_equal(layout.p2m_frames, 0x83);
    assert_int_equal(layout.p2m_va, 0x8000000000);
    assert_int_equal(layout.p2m_tables[4].count, 0);
    assert_int_equal(layout.p2m_tables[3].pfn, 0x4265);
    assert_int_equal(layout.p2m_tables[2].pfn, 0x4266);
    assert_int_equal(layout.p2m_tables[1].pfn, 0x4267);
    assert_int_equal(boot_layout_table(&layout, 4, 0x8000000000), 0x3e03);
    assert_int_equal(boot_layout_table(&layout, 3, 0x8000000000), 0x4265);
    assert_int_equal(boot_layout_table(&layout, 1, 0x800007f000), 0x4267);
    assert_int_equal(boot_layout_table(&layout, 1, 0xffffffff83fff000), 0x3e25);
}

static void layout_of_a_privileged_domain(void **state)
{
    const struct image image = {.start = MIB, .end = 3 * MIB};

    (void)state;
    assert_int_equal(compute(&image, 64 * MIB, 5000, true), 0);
    assert_true(layout.ramdisk_mapped);
    assert_int_equal(layout.ramdisk.pfn, 0x300);
    assert_int_equal(layout.ramdisk.count, 2);
    assert_int_equal(layout.p2m.pfn, 0x302);
    assert_int_equal(layout.start_info, 0x322);
    assert_int_equal(layout.store, PFN_NONE);
    assert_int_equal(layout.console, PFN_NONE);
    assert_int_equal(layout.table_pages.pfn, 0x323);
    assert_int_equal(layout.mapped, 0x400);
}

/* At least 512 KiB behind the stack; one page more needs 4 MiB more. */
static void layout_has_room_to_spare(void **state)
{
    struct image image = {0};
    uint64_t last = 0, page;

    (void)state;
    for (page = 0x300; page < 0x400; page++) {
        image.end = page * 4096;
        assert_int_equal(compute(&image, 64 * MIB, 0, false), 0);
        assert_int_equal(layout.mapped % 0x400, 0);
        assert_true(layout.mapped - layout.stack - 1 >= 0x80);
        assert_true(layout.mapped - layout.stack - 1 < 0x80 + 0x400 + 2);
        assert_true(layout.mapped >= last);
        last = layout.mapped;
    }
    assert_int_equal(last, 0x800);
}

/* The list may share tables with the mapped pages, or be right beside. */
static void layout_of_a_p2m_nearby(void **state)
{
    struct image image = {
        .virt_base = 0x40000000, .end = MIB, .has_init_p2m = true};

    (void)state;
    image.init_p2m = 0x40400000;        /* same L2, another L1 */
    assert_int_equal(compute(&image, 64 * MIB, 0, false), 0);
    assert_int_equal(layout.mapped, 0x400);
    assert_int_equal(layout.p2m_tables[3].count, 0);
    assert_int_equal(layout.p2m_tables[2].count, 0);
    assert_int_equal(layout.p2m_tables[1].count, 1);
    assert_int_equal(layout.p2m_frames, 0x21);
    assert_int_equal(boot_layout_table(&layout, 2, 0x40400000),
                     layout.tables[2].pfn);

    image.init_p2m = 0x40000000 - 0x10000;      /* ends where they begin */
    assert_int_equal(compute(&image, 32 * MIB, 0, false), 0);
    assert_int_equal(layout.p2m_tables[2].count, 1);
    assert_int_equal(layout.p2m_tables[1].count, 1);
    assert_int_equal(layout.p2m_tables[1].first, 0x1ff);

    image.init_p2m = 0x403ff000;        /* overlaps their end */
    assert_int_equal(compute(&image, 64 * MIB, 0, false), -EINVAL);
    assert_string_equal(why.text,
                        "its INIT_P2M 0x403ff000 is among the "
                        "kernel's addresses or those of its own image");
    image.init_p2m = 0x3ffff000;        /* runs into their beginning */
    assert_int_equal(compute(&image, 64 * MIB, 0, false), -EINVAL);
    image.init_p2m = 0xffff800000000000;
    assert_int_equal(compute(&image, 64 * MIB, 0, false), -EINVAL);
    image.init_p2m = 0xfffffffffffff000;
    assert_int_equal(compute(&image, 64 * MIB, 0, false), -EINVAL);

    image.virt_base = 0x40001000;       /* pages not aligned to a table */
    image.init_p2m = 0x40400000;        /* page 0x3ff is the last of theirs */
    assert_int_equal(compute(&image, 64 * MIB, 0, false), 0);
    assert_int_equal(layout.mapped, 0x3ff);
    assert_int_equal(layout.tables[1].count, 2);
}

static void layout_in_kernel_addresses(void **state)
{
    struct image image = {.virt_base = 0xffff800000000000, .end = MIB};

    (void)state;
    assert_int_equal(compute(&image, 64 * MIB, 0, false), -EINVAL);
    assert_string_equal(why.text,
                        "with its VIRT_BASE 0xffff800000000000 it "
                        "would run into the kernel's addresses or over their "
                        "end");
    image.virt_base = 0x00007fffffc00000;
    assert_int_equal(compute(&image, 64 * MIB, 0, false), 0);
    image.virt_base = 0x00007ffffff00000;
    assert_int_equal(compute(&image, 64 * MIB, 0, false), -EINVAL);
    image.virt_base = 0xffffffffffc00000;       /* up to the very end */
    assert_int_equal(compute(&image, 64 * MIB, 0, false), 0);
    assert_int_equal(layout.mapped, 0x400);
    image.virt_base = 0xfffffffffff00000;
    assert_int_equal(compute(&image, 64 * MIB, 0, false), -EINVAL);
    image.virt_base = 0xffff880000000000;
    assert_int_equal(compute(&image, 64 * MIB, 0, false), 0);
    image.virt_base = 0xffff87ffffe00000;
    assert_int_equal(compute(&image, 64 * MIB, 0, false), -EINVAL);
}

static void layout_without_enough_memory(void **state)
{
    struct image image = {.end = 0x613dc8};

    (void)state;
    assert_int_equal(compute(&image, 8 * MIB, 0, false), 0);
    assert_int_equal(compute(&image, 8 * MIB - 4096, 0, false), -EINVAL);
    assert_string_equal(why.text, "it needs mem=8M or more, and has 8188K");
    assert_int_equal(compute(&image, 0, 0, false), -EINVAL);
    image.mod_start_pfn = true;
    assert_int_equal(compute(&image, 8 * MIB, 1, false), -EINVAL);
    assert_string_equal(why.text, "it needs mem=9M or more, and has 8192K");
    image.end = IMAGE_BYTES_MAX;
    assert_int_equal(compute(&image, 8 * MIB, 0, false), -EINVAL);
    assert_int_equal(compute(&image, IMAGE_BYTES_MAX + 4096, 0, false),
                     -EINVAL);
    assert_int_equal(compute(&image, 8 * MIB, UINT64_MAX, false), -EINVAL);
}

/* A gigabyte: the tables' own number is counted right. */
static void layout_of_a_large_domain(void **state)
{
    const struct image image = {.end = 1024 * MIB};
    uint32_t level;
    uint64_t sum = 0;

    (void)state;
    assert_int_equal(compute(&image, 4096 * MIB, 0, false), 0);
    for (level = 1; level <= 4; level++)
        sum += layout.tables[level].count;
    assert_int_equal(sum, layout.table_pages.count);
    assert_int_equal(layout.tables[1].count, layout.mapped / 512);
    assert_int_equal(layout.tables[2].count, 2);
    assert_int_equal(layout.stack,
                     layout.table_pages.pfn + layout.table_pages.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_of_grub),
        cmocka_unit_test(layout_of_linux),
        cmocka_unit_test(layout_of_a_privileged_domain),
        cmocka_unit_test(layout_has_room_to_spare),
        cmocka_unit_test(layout_of_a_p2m_nearby),
        cmocka_unit_test(layout_in_kernel_addresses),
        cmocka_unit_test(layout_without_enough_memory),
        cmocka_unit_test(layout_of_a_large_domain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
