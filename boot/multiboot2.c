#include "boot/multiboot2.h"

#include <stdbool.h>
#include <xen/errno.h>

#include "lib/string.h"

/* One tag: offsets below count from the start of its head. */
struct tag {
    const uint8_t *bytes;
    uint32_t type;
    uint32_t size; /* bytes, all readable */
};

enum { FRAMEBUFFER_SIDE_MAX = 16384 }; /* pixels */

/* The boot information may be unaligned: it is read byte by byte. */
static uint32_t read32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

static uint64_t read64(const uint8_t *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

/* Copy the text that starts at an offset and ends with the tag. */
static bool copy_text(const struct tag *tag, uint32_t offset, char *dst,
                      size_t bytes)
{
    if (tag->size < offset)
        offset = tag->size;
    return string_copy_bounded(dst, bytes, (const char *)tag->bytes + offset,
                               tag->size - offset);
}

static void parse_module(const struct tag *tag, struct boot_info *out)
{
    if (tag->size < 16) {
        out->warnings |= BOOT_WARNING_MODULE_BAD;
        return;
    }

    uint32_t start = read32(tag->bytes + 8);
    uint32_t end = read32(tag->bytes + 12);
    struct boot_module *module =
        boot_info_add_module(out, start, end > start ? end - start : 0);

    if (module != NULL &&
        !copy_text(tag, 16, module->command_line, sizeof(module->command_line)))
        out->warnings |= BOOT_WARNING_MODULE_LINE_CUT;
}

static int parse_memory_map(const struct tag *tag, struct boot_info *out)
{
    if (tag->size < 16)
        return boot_info_fail(out, "the memory map's head is cut off");

    uint32_t step = read32(tag->bytes + 8);

    if (step < MULTIBOOT2_MEMORY_ENTRY_BYTES)
        return boot_info_fail(out, "the memory map's entries are too small");

    for (uint32_t left = tag->size - 16; left >= step; left -= step) {
        const uint8_t *entry = tag->bytes + (tag->size - left);

        boot_info_add_range(out, read64(entry), read64(entry + 8),
                            boot_info_range_kind(read32(entry + 16)));
    }
    return 0;
}

/* Without a memory map: KiB from 0 up and KiB from 1 MiB up. */
static void use_basic_memory(const struct tag *tag, struct boot_info *out)
{
    if (tag->size < 16)
        return;
    out->warnings |= BOOT_WARNING_BASIC_MEMORY;
    boot_info_add_range(out, 0, (uint64_t)read32(tag->bytes + 8) << 10,
                        BOOT_RANGE_RAM);
    boot_info_add_range(out, 1u << 20, (uint64_t)read32(tag->bytes + 12) << 10,
                        BOOT_RANGE_RAM);
}

static bool colour_ok(const struct boot_colour *colour, uint32_t bpp)
{
    return colour->size >= 1 && colour->size <= 8 &&
           colour->position + colour->size <= bpp;
}

/* Would every pixel be inside a line, and every line in memory? */
static bool framebuffer_ok(const struct boot_framebuffer *fb)
{
    uint64_t pixel_bytes = (fb->bpp + 7) / 8;
    uint64_t bytes = (uint64_t)fb->pitch * fb->height;
    uint64_t end;

    if (fb->width == 0 || fb->width > FRAMEBUFFER_SIDE_MAX || fb->height == 0 ||
        fb->height > FRAMEBUFFER_SIDE_MAX)
        return false;
    if (fb->pitch < fb->width * pixel_bytes || fb->paddr == 0)
        return false;
    return !__builtin_add_overflow(fb->paddr, bytes, &end);
}

static bool framebuffer_rgb_ok(const struct boot_framebuffer *fb)
{
    if (fb->bpp != 15 && fb->bpp != 16 && fb->bpp != 24 && fb->bpp != 32)
        return false;
    return framebuffer_ok(fb) && colour_ok(&fb->red, fb->bpp) &&
           colour_ok(&fb->green, fb->bpp) && colour_ok(&fb->blue, fb->bpp);
}

static void parse_framebuffer(const struct tag *tag, struct boot_info *out)
{
    struct boot_framebuffer *fb = &out->framebuffer;
    const uint8_t *bytes = tag->bytes;

    out->warnings |= BOOT_WARNING_FRAMEBUFFER;
    fb->kind = BOOT_FRAMEBUFFER_UNSUPPORTED;
    if (tag->size < 32)
        return;
    fb->paddr = read64(bytes + 8);
    fb->pitch = read32(bytes + 16);
    fb->width = read32(bytes + 20);
    fb->height = read32(bytes + 24);
    fb->bpp = bytes[28];

    if (bytes[29] == MULTIBOOT2_FRAMEBUFFER_TEXT) {
        fb->bpp = 16; /* a character and its colours */
        if (!framebuffer_ok(fb))
            return;
        fb->kind = BOOT_FRAMEBUFFER_TEXT;
    } else if (bytes[29] == MULTIBOOT2_FRAMEBUFFER_RGB && tag->size >= 38) {
        fb->red = (struct boot_colour){bytes[32], bytes[33]};
        fb->green = (struct boot_colour){bytes[34], bytes[35]};
        fb->blue = (struct boot_colour){bytes[36], bytes[37]};
        if (!framebuffer_rgb_ok(fb))
            return;
        fb->kind = BOOT_FRAMEBUFFER_RGB;
    } else {
        return;
    }
    out->warnings &= ~(uint32_t)BOOT_WARNING_FRAMEBUFFER;
}

static int parse_tag(const struct tag *tag, struct boot_info *out)
{
    switch (tag->type) {
    case MULTIBOOT2_TAG_COMMAND_LINE:
        if (!copy_text(tag, 8, out->command_line, sizeof(out->command_line)))
            out->warnings |= BOOT_WARNING_LINE_CUT;
        return 0;
    case MULTIBOOT2_TAG_LOADER:
        copy_text(tag, 8, out->loader, sizeof(out->loader));
        return 0;
    case MULTIBOOT2_TAG_MODULE: parse_module(tag, out); return 0;
    case MULTIBOOT2_TAG_MEMORY_MAP: return parse_memory_map(tag, out);
    case MULTIBOOT2_TAG_FRAMEBUFFER: parse_framebuffer(tag, out); return 0;
    case MULTIBOOT2_TAG_EFI32: out->efi32 = true; return 0;
    case MULTIBOOT2_TAG_EFI64: out->efi64 = true; return 0;
    case MULTIBOOT2_TAG_RSDP_OLD:
    case MULTIBOOT2_TAG_RSDP_NEW:
        boot_info_set_rsdp(out, tag->bytes + 8, tag->size - 8);
        return 0;
    case MULTIBOOT2_TAG_EFI_RUNNING:
        out->warnings |= BOOT_WARNING_EFI_RUNNING;
        return 0;
    default: return 0;
    }
}

/*
 * The tag at an offset: 1 if there is one, 0 at the end, or an error. A list
 * without an end tag ends where the boot information does.
 */
static int tag_at(const uint8_t *mbi, uint32_t total, uint32_t offset,
                  struct tag *tag)
{
    if (total - offset < MULTIBOOT2_TAG_BYTES)
        return 0;
    tag->bytes = mbi + offset;
    tag->type = read32(tag->bytes);
    tag->size = read32(tag->bytes + 4);
    if (tag->type == MULTIBOOT2_TAG_END)
        return 0;
    if (tag->size < MULTIBOOT2_TAG_BYTES || tag->size > total - offset)
        return -XEN_EINVAL;
    return 1;
}

static uint32_t tag_after(uint32_t total, uint32_t offset, uint32_t size)
{
    uint64_t next = (uint64_t)offset + size;

    next = (next + MULTIBOOT2_TAG_ALIGN - 1) &
           ~(uint64_t)(MULTIBOOT2_TAG_ALIGN - 1);
    return next < total ? (uint32_t)next : total;
}

static int parse_tags(const uint8_t *mbi, uint32_t total, struct boot_info *out)
{
    struct tag basic = {.size = 0};
    struct tag tag;
    uint32_t offset = MULTIBOOT2_HEAD_BYTES;
    int result;

    while ((result = tag_at(mbi, total, offset, &tag)) == 1) {
        result = parse_tag(&tag, out);
        if (result != 0)
            return result;
        if (tag.type == MULTIBOOT2_TAG_BASIC_MEMORY)
            basic = tag;
        offset = tag_after(total, offset, tag.size);
    }
    if (result != 0)
        return boot_info_fail(out, "a boot information tag has an "
                                   "impossible size");
    if (out->range_count == 0)
        use_basic_memory(&basic, out);
    if (out->range_count == 0)
        return boot_info_fail(out, "the boot loader did not say where "
                                   "memory is");
    return 0;
}

uint32_t multiboot2_total_bytes(const void *mbi)
{
    return read32(mbi);
}

int multiboot2_parse(const void *mbi, size_t max_bytes, struct boot_info *out)
{
    boot_info_clear(out, BOOT_PROTOCOL_MULTIBOOT2);
    if (max_bytes < MULTIBOOT2_HEAD_BYTES)
        return boot_info_fail(out, "the boot information is cut off");

    uint32_t total = multiboot2_total_bytes(mbi);

    if (total < MULTIBOOT2_HEAD_BYTES || total > max_bytes)
        return boot_info_fail(out, "the boot information has an impossible "
                                   "size");
    return parse_tags(mbi, total, out);
}
