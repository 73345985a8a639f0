#ifndef TALLY_DOMAIN_IMAGE_H
#define TALLY_DOMAIN_IMAGE_H

#include "domain/elf.h"
#include "mm/types.h"

/*
 * image - what an ELF file says about the domain that it wants to be.
 *
 * The file says it in ELF notes whose owner is "Xen", found in a segment or
 * in a section of notes, or, old style, as text in a section "__xen_guest".
 *
 * The domain's own memory is counted from its first page: "address" below is
 * a byte offset from there, and virt_base is where the first page is seen.
 *
 * Source: Xen public elfnote.h and features.h.
 */

/* No image or domain is larger, in bytes. */
#define IMAGE_BYTES_MAX (UINT64_C(1) << 40)
#define IMAGE_TEXT_BYTES 32

/* Why something was refused: a sentence without a full stop. */
struct reason {
    char text[160];
};

struct image {
    struct elf elf;
    vaddr_t  virt_base;         /* of the domain's first page */
    uint64_t paddr_offset;      /* of the first page, in the ELF file */
    vaddr_t  entry;             /* the first instruction */
    vaddr_t  hypercall_page;    /* to be filled, if has_hypercall_page */
    vaddr_t  init_p2m;          /* place of the p2m list, if has_init_p2m */
    bool     has_hypercall_page;
    bool     has_init_p2m;
    bool     mod_start_pfn;     /* the ramdisk need not be mapped */
    uint64_t start;             /* address where the first segment begins */
    uint64_t end;               /* address where the last one ends */
    char guest_os[IMAGE_TEXT_BYTES];        /* printable; "" if not said */
    char guest_version[IMAGE_TEXT_BYTES];
};

/* A part of the image that is to be in memory. */
struct image_part {
    uint64_t address;           /* see above */
    const uint8_t *bytes;       /* what it begins with */
    uint64_t file_bytes;        /* of that */
    uint64_t memory_bytes;      /* the rest is zero */
};

/*
 * image_read - check an ELF file and what it asks for.
 *
 * image  written only on success
 * bytes  the file; it must stay while *image is used
 * size   of it, in bytes
 * why    a sentence, on failure
 *
 * Afterwards the entry and the hypercall page lie in loaded segments.
 *
 * 0          *image describes it
 * -EINVAL    the file is broken, says nothing about Xen, or asks for what
 *            this kernel does not have
 */
int image_read(struct image *image, const void *bytes, size_t size,
               struct reason *why);

/* image_part_read - what segment `index` (< image->elf.segments) loads.
 * false when it loads nothing. */
bool image_part_read(const struct image *image, uint32_t index,
                     struct image_part *part);

/* reason_set - write a reason, printf style; returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int reason_set(struct reason *why,
                                                     const char *format, ...);

#endif
