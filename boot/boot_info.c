#include "boot/boot_info.h"

#include <stddef.h>
#include <xen/errno.h>

#include "lib/string.h"

enum { RSDP_OLD_BYTES = 20 }; /* ACPI 6.4, 5.2.5.3: revision 0 */

void boot_info_clear(struct boot_info *info, enum boot_protocol protocol)
{
    memset(info, 0, sizeof(*info));
    info->protocol = protocol;
}

enum boot_range_kind boot_info_range_kind(uint32_t e820_type)
{
    switch (e820_type) {
    case 1: return BOOT_RANGE_RAM;
    case 3: return BOOT_RANGE_ACPI_RECLAIM;
    case 4: return BOOT_RANGE_ACPI_NVS;
    case 5: return BOOT_RANGE_BAD;
    default: return BOOT_RANGE_RESERVED;
    }
}

/* The smallest RAM range of the table; NULL if there is none. */
static struct boot_range *smallest_ram(struct boot_info *info)
{
    struct boot_range *smallest = NULL;

    for (uint32_t i = 0; i < info->range_count; i++) {
        struct boot_range *range = &info->ranges[i];

        if (range->kind == BOOT_RANGE_RAM &&
            (smallest == NULL ||
             range->end - range->start < smallest->end - smallest->start))
            smallest = range;
    }
    return smallest;
}

/* A place for a range in a full table, or NULL if it is the one to go. */
static struct boot_range *make_room(struct boot_info *info,
                                    const struct boot_range *range)
{
    struct boot_range *smallest = smallest_ram(info);

    info->warnings |= BOOT_WARNING_RANGES_DROPPED;
    if (smallest == NULL)
        return NULL;
    if (range->kind == BOOT_RANGE_RAM &&
        range->end - range->start <= smallest->end - smallest->start)
        return NULL;
    return smallest;
}

void boot_info_add_range(struct boot_info *info, uint64_t start, uint64_t bytes,
                         enum boot_range_kind kind)
{
    struct boot_range range = {.start = start, .kind = kind};
    struct boot_range *place;

    if (bytes == 0)
        return;
    if (__builtin_add_overflow(start, bytes, &range.end)) {
        if (start + bytes != 0)
            info->warnings |= BOOT_WARNING_RANGE_WRAPS;
        if (kind == BOOT_RANGE_RAM || start == UINT64_MAX)
            return;
        range.end = UINT64_MAX;
    }

    if (info->range_count > 0) {
        place = &info->ranges[info->range_count - 1];
        if (place->kind == kind && place->end == start) {
            place->end = range.end;
            return;
        }
    }
    if (info->range_count < BOOT_RANGES)
        place = &info->ranges[info->range_count++];
    else
        place = make_room(info, &range);
    if (place != NULL)
        *place = range;
}

struct boot_module *boot_info_add_module(struct boot_info *info, uint64_t start,
                                         uint64_t bytes)
{
    uint64_t end;

    if (bytes == 0 || __builtin_add_overflow(start, bytes, &end)) {
        info->warnings |= BOOT_WARNING_MODULE_BAD;
        return NULL;
    }
    if (info->module_count == BOOT_MODULES) {
        info->warnings |= BOOT_WARNING_MODULES_DROPPED;
        return NULL;
    }

    struct boot_module *module = &info->modules[info->module_count++];

    module->start = start;
    module->end = end;
    module->command_line[0] = '\0';
    return module;
}

static bool sums_to_zero(const uint8_t *bytes, uint32_t count)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

void boot_info_set_rsdp(struct boot_info *info, const void *rsdp,
                        uint32_t bytes)
{
    const uint8_t *from = rsdp;
    uint32_t wanted = RSDP_OLD_BYTES;

    if (bytes >= BOOT_RSDP_BYTES && from[15] >= 2) /* byte 15: revision */
        wanted = BOOT_RSDP_BYTES;
    if (bytes < wanted || memcmp(from, "RSD PTR ", 8) != 0 ||
        !sums_to_zero(from, RSDP_OLD_BYTES) || !sums_to_zero(from, wanted)) {
        info->warnings |= BOOT_WARNING_RSDP;
        return;
    }
    if (wanted > info->rsdp.copy_bytes) {
        memcpy(info->rsdp.copy, from, wanted);
        info->rsdp.copy_bytes = wanted;
    }
}

int boot_info_fail(struct boot_info *info, const char *problem)
{
    if (info->problem == NULL)
        info->problem = problem;
    return -XEN_EINVAL;
}

const char *boot_warning_text(uint32_t bit)
{
    static const char *const texts[BOOT_WARNINGS] = {
        "the command line is too long; its end is lost",
        "a module's command line is too long; its end is lost",
        "the memory map has too many ranges; some RAM is not used",
        "the memory map has a range that runs over 2^64",
        "there are too many modules; the last ones are ignored",
        "a module is empty or not in the address space; it is ignored",
        "the boot loader gave no memory map; RAM above a hole is not used",
        "the framebuffer has a form that cannot be drawn to",
        "the ACPI root pointer is damaged; it is ignored",
        "UEFI boot services are still running",
    };

    return bit < BOOT_WARNINGS ? texts[bit] : "unknown warning";
}
