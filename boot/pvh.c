#include "boot/pvh.h"

#include <stddef.h>
#include <stdbool.h>
#include <xen/arch-x86/hvm/start_info.h>

#include "lib/string.h"

enum {
    PVH_MEMMAP_MAX = 65536, /* entries looked at */
    PVH_V0_BYTES = 40,      /* of struct hvm_start_info, version 0 */
};

/* Copy a structure out of physical memory. */
static bool read_bytes(const struct pvh_reader *reader, uint64_t paddr,
                       void *dst, uint64_t bytes)
{
    const void *src = reader->map(reader->context, paddr, bytes);

    if (src == NULL)
        return false;
    memcpy(dst, src, bytes);
    return true;
}

/* The n-th element of a table; false if that is not in memory. */
static bool read_element(const struct pvh_reader *reader, uint64_t table,
                         uint64_t n, void *dst, uint64_t bytes)
{
    uint64_t paddr;

    if (__builtin_add_overflow(table, n * bytes, &paddr))
        return false;
    return read_bytes(reader, paddr, dst, bytes);
}

/* A text whose length nobody said: it may end at the last byte of memory. */
static bool read_text(const struct pvh_reader *reader, uint64_t paddr,
                      char *dst, uint64_t bytes)
{
    dst[0] = '\0';
    if (paddr == 0)
        return true;
    for (uint64_t i = 0; i < bytes; i++) {
        if (!read_element(reader, paddr, i, &dst[i], 1))
            dst[i] = '\0';
        if (dst[i] == '\0')
            return true;
    }
    dst[bytes - 1] = '\0';
    return false;
}

static int parse_memory(const struct pvh_reader *reader,
                        const struct hvm_start_info *start,
                        struct boot_info *out)
{
    struct hvm_memmap_table_entry entry;

    if (start->version < 1 || start->memmap_entries == 0)
        return boot_info_fail(out, "PVH start information has no memory map");
    for (uint32_t i = 0; i < start->memmap_entries; i++) {
        if (i == PVH_MEMMAP_MAX || !read_element(reader, start->memmap_paddr, i,
                                                 &entry, sizeof(entry)))
            return boot_info_fail(out, "PVH's memory map cannot be read");
        boot_info_add_range(out, entry.addr, entry.size,
                            boot_info_range_kind(entry.type));
    }
    return 0;
}

static int parse_modules(const struct pvh_reader *reader,
                         const struct hvm_start_info *start,
                         struct boot_info *out)
{
    struct hvm_modlist_entry entry;
    uint32_t count = start->nr_modules;

    if (count > BOOT_MODULES) {
        count = BOOT_MODULES;
        out->warnings |= BOOT_WARNING_MODULES_DROPPED;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct boot_module *module;

        if (!read_element(reader, start->modlist_paddr, i, &entry,
                          sizeof(entry)))
            return boot_info_fail(out, "PVH's list of modules cannot be "
                                       "read");
        module = boot_info_add_module(out, entry.paddr, entry.size);
        if (module != NULL &&
            !read_text(reader, entry.cmdline_paddr, module->command_line,
                       sizeof(module->command_line)))
            out->warnings |= BOOT_WARNING_MODULE_LINE_CUT;
    }
    return 0;
}

static void parse_rsdp(const struct pvh_reader *reader, uint64_t paddr,
                       struct boot_info *out)
{
    uint8_t rsdp[BOOT_RSDP_BYTES];

    if (paddr == 0)
        return;
    out->rsdp.paddr = paddr;
    if (read_bytes(reader, paddr, rsdp, sizeof(rsdp)))
        boot_info_set_rsdp(out, rsdp, sizeof(rsdp));
}

int pvh_parse(const struct pvh_reader *reader, uint64_t start_info,
              struct boot_info *out)
{
    struct hvm_start_info start = {.magic = 0};
    int result;

    boot_info_clear(out, BOOT_PROTOCOL_PVH);
    string_copy(out->loader, sizeof(out->loader), "PVH");
    if (!read_bytes(reader, start_info, &start, PVH_V0_BYTES) ||
        start.magic != XEN_HVM_START_MAGIC_VALUE)
        return boot_info_fail(out, "PVH start information is not where EBX "
                                   "points");
    if (start.version >= 1 &&
        !read_bytes(reader, start_info, &start, sizeof(start)))
        return boot_info_fail(out, "PVH start information is cut off");

    if (!read_text(reader, start.cmdline_paddr, out->command_line,
                   sizeof(out->command_line)))
        out->warnings |= BOOT_WARNING_LINE_CUT;
    parse_rsdp(reader, start.rsdp_paddr, out);
    result = parse_memory(reader, &start, out);
    if (result == 0)
        result = parse_modules(reader, &start, out);
    if (result == 0 && out->range_count == 0)
        result = boot_info_fail(out, "PVH's memory map is empty");
    return result;
}
