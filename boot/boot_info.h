/*
 * What the boot loader said, copied out of its memory by value.
 *
 * The parsers (multiboot2.c, pvh.c) fill one struct boot_info; nothing later
 * looks at the loader's own structures. The only references that remain are
 * the physical ranges of the modules and of the framebuffer.
 */
#ifndef TALLY_BOOT_BOOT_INFO_H
#define TALLY_BOOT_BOOT_INFO_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BOOT_COMMAND_LINE_BYTES = 2048,
    BOOT_LOADER_BYTES = 64,
    BOOT_RANGES = 256,
    BOOT_MODULES = 64,
    BOOT_MODULE_LINE_BYTES = 1024,
    BOOT_RSDP_BYTES = 36, /* ACPI 2.0 RSDP; the 1.0 one has 20 */
    BOOT_DETAIL_BYTES = 64,
};

enum boot_range_kind {
    BOOT_RANGE_RAM,
    BOOT_RANGE_RESERVED, /* also every kind that is not known */
    BOOT_RANGE_ACPI_RECLAIM,
    BOOT_RANGE_ACPI_NVS,
    BOOT_RANGE_BAD,
};

/* The time-stamp counter when boot/entry.asm began. */
extern const uint64_t boot_tsc;

/* Physical addresses: start is inside, end is not. start < end. */
struct boot_range {
    uint64_t start;
    uint64_t end;
    enum boot_range_kind kind;
};

struct boot_module {
    uint64_t start; /* physical, not aligned to anything */
    uint64_t end;
    char command_line[BOOT_MODULE_LINE_BYTES];
};

enum boot_framebuffer_kind {
    BOOT_FRAMEBUFFER_NONE,
    BOOT_FRAMEBUFFER_RGB,         /* all fields below are checked */
    BOOT_FRAMEBUFFER_TEXT,        /* VGA text; width and height in characters */
    BOOT_FRAMEBUFFER_UNSUPPORTED, /* there is one, not to be drawn to */
};

/* Where one colour sits in a pixel, in bits. size is 1 to 8. */
struct boot_colour {
    uint8_t position;
    uint8_t size;
};

struct boot_framebuffer {
    enum boot_framebuffer_kind kind;
    uint64_t paddr;
    uint32_t pitch; /* bytes from one line to the next */
    uint32_t width; /* pixels, or characters */
    uint32_t height;
    uint32_t bpp; /* bits per pixel: 15, 16, 24 or 32 */
    struct boot_colour red;
    struct boot_colour green;
    struct boot_colour blue;
};

/* The root of the ACPI tables: either may be absent (0). */
struct boot_rsdp {
    uint64_t paddr;                /* where it is, if the loader gave that */
    uint32_t copy_bytes;           /* 20 or 36: how much of copy is there */
    uint8_t copy[BOOT_RSDP_BYTES]; /* signature and checksum are good */
};

enum boot_protocol {
    BOOT_PROTOCOL_NONE,
    BOOT_PROTOCOL_MULTIBOOT2,
    BOOT_PROTOCOL_PVH,
};

/* What was not as it should be and did not stop the boot: bits. */
enum boot_warning {
    BOOT_WARNING_LINE_CUT = 1u << 0,
    BOOT_WARNING_MODULE_LINE_CUT = 1u << 1,
    BOOT_WARNING_RANGES_DROPPED = 1u << 2,
    BOOT_WARNING_RANGE_WRAPS = 1u << 3,
    BOOT_WARNING_MODULES_DROPPED = 1u << 4,
    BOOT_WARNING_MODULE_BAD = 1u << 5,
    BOOT_WARNING_BASIC_MEMORY = 1u << 6,
    BOOT_WARNING_FRAMEBUFFER = 1u << 7,
    BOOT_WARNING_RSDP = 1u << 8,
    BOOT_WARNING_EFI_RUNNING = 1u << 9,
    BOOT_WARNINGS = 10, /* how many there are */
};

/* About 80 KiB: keep it static. */
struct boot_info {
    enum boot_protocol protocol;
    char command_line[BOOT_COMMAND_LINE_BYTES];
    char loader[BOOT_LOADER_BYTES];
    struct boot_range ranges[BOOT_RANGES]; /* in the firmware's order */
    uint32_t range_count;
    struct boot_module modules[BOOT_MODULES];
    uint32_t module_count;
    struct boot_framebuffer framebuffer;
    struct boot_rsdp rsdp;
    bool efi32;          /* booted by 32-bit UEFI firmware */
    bool efi64;          /* booted by 64-bit UEFI firmware */
    uint32_t warnings;   /* enum boot_warning, or-ed */
    const char *problem; /* why the boot cannot go on, or NULL */
    char problem_detail[BOOT_DETAIL_BYTES]; /* what it is about, or "" */
};

/*
 * boot_info_clear - an empty record for the given protocol.
 */
void boot_info_clear(struct boot_info *info, enum boot_protocol protocol);

/*
 * boot_info_add_range - one line of the firmware's memory map.
 *
 * start, bytes  as the firmware gave them; zero bytes are ignored. RAM that
 *               runs over 2^64 is ignored; anything else that does ends there.
 *
 * When the table is full the smallest RAM range makes room: RAM can get
 * lost, a hole in it never.
 */
void boot_info_add_range(struct boot_info *info, uint64_t start, uint64_t bytes,
                         enum boot_range_kind kind);

/*
 * boot_info_range_kind - the kind for a number as E820, multiboot2 and PVH
 * use it: 1 RAM, 3 ACPI reclaim, 4 ACPI NVS, 5 bad, all others reserved.
 */
enum boot_range_kind boot_info_range_kind(uint32_t e820_type);

/*
 * boot_info_add_module - one more module, with an empty command line.
 *
 * NULL   empty, running over 2^64, or one too many; a warning is noted
 */
struct boot_module *boot_info_add_module(struct boot_info *info, uint64_t start,
                                         uint64_t bytes);

/*
 * boot_info_set_rsdp - keep a copy of an RSDP, if it is a good one.
 *
 * bytes  how many bytes of it can be read
 *
 * The ACPI 2.0 form wins over the 1.0 form.
 */
void boot_info_set_rsdp(struct boot_info *info, const void *rsdp,
                        uint32_t bytes);

/*
 * boot_info_fail - note why the boot cannot go on; the first reason stays.
 *
 * Returns -EINVAL, for the caller to pass on.
 */
int boot_info_fail(struct boot_info *info, const char *problem);

/*
 * boot_warning_text - one sentence for warning bit 0 .. BOOT_WARNINGS - 1.
 */
const char *boot_warning_text(uint32_t bit);

#endif
