/*
 * The multiboot2 boot information (Multiboot2 Specification, section 3.6).
 */
#ifndef TALLY_BOOT_MULTIBOOT2_H
#define TALLY_BOOT_MULTIBOOT2_H

#include <stddef.h>
#include <stdint.h>

#include "boot/boot_info.h"

#define MULTIBOOT2_HEADER_MAGIC 0xe85250d6u /* in our image */
#define MULTIBOOT2_BOOT_MAGIC   0x36d76289u /* in EAX at entry */

enum {
    MULTIBOOT2_TAG_ALIGN = 8,  /* bytes */
    MULTIBOOT2_HEAD_BYTES = 8, /* total size, reserved */
    MULTIBOOT2_TAG_BYTES = 8,  /* type, size */
    MULTIBOOT2_MEMORY_ENTRY_BYTES = 24,
};

enum multiboot2_tag {
    MULTIBOOT2_TAG_END = 0,
    MULTIBOOT2_TAG_COMMAND_LINE = 1,
    MULTIBOOT2_TAG_LOADER = 2,
    MULTIBOOT2_TAG_MODULE = 3,
    MULTIBOOT2_TAG_BASIC_MEMORY = 4,
    MULTIBOOT2_TAG_MEMORY_MAP = 6,
    MULTIBOOT2_TAG_FRAMEBUFFER = 8,
    MULTIBOOT2_TAG_EFI32 = 11,
    MULTIBOOT2_TAG_EFI64 = 12,
    MULTIBOOT2_TAG_RSDP_OLD = 14,
    MULTIBOOT2_TAG_RSDP_NEW = 15,
    MULTIBOOT2_TAG_EFI_RUNNING = 18,
};

enum multiboot2_framebuffer {
    MULTIBOOT2_FRAMEBUFFER_INDEXED = 0,
    MULTIBOOT2_FRAMEBUFFER_RGB = 1,
    MULTIBOOT2_FRAMEBUFFER_TEXT = 2,
};

/*
 * multiboot2_total_bytes - how long the boot information says it is.
 *
 * mbi    at least 8 readable bytes
 */
uint32_t multiboot2_total_bytes(const void *mbi);

/*
 * multiboot2_parse - copy what multiboot2 tells into out.
 *
 * mbi        the boot information; need not be aligned
 * max_bytes  how many bytes from there on may be read
 * out        written completely
 *
 * 0          done; out->warnings says what was odd
 * -EINVAL    cannot boot with this; out->problem says why
 */
int multiboot2_parse(const void *mbi, size_t max_bytes, struct boot_info *out);

#endif
