#include "domain/image.h"

#include <stdarg.h>

#include <xen/elfnote.h>

#include "lib/format.h"
#include "lib/string.h"
#include "mm/errno.h"
#include "x86/layout.h"

/* What was said so far; values that have a default are told apart by a bit. */
enum said {
    SAID_ENTRY = 1,
    SAID_PADDR_OFFSET = 2,
    SAID_ANYTHING = 4,
};

struct reader {
    struct image *image;
    struct reason *why;
    unsigned int said;          /* enum said */
    bool hypercall_page_is_pfn; /* old style: a page number */
};

/* A text in the file; it need not be terminated. */
struct span {
    const char *text;
    size_t bytes;
};

int reason_set(struct reason *why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    format_vbuffer(why->text, sizeof(why->text), format, args);
    va_end(args);
    return -EINVAL;
}

static bool span_is(struct span s, const char *text)
{
    return s.bytes == strlen(text) && memcmp(s.text, text, s.bytes) == 0;
}

/* Cut `s` at the first `separator`; what is behind it stays in *s. */
static struct span span_cut(struct span *s, char separator)
{
    struct span head = {s->text, 0};

    while (head.bytes < s->bytes && s->text[head.bytes] != separator)
        head.bytes++;
    s->text += head.bytes;
    s->bytes -= head.bytes;
    if (s->bytes > 0) {
        s->text++;
        s->bytes--;
    }
    return head;
}

/* Copy a text so that it can be printed whatever the file holds. */
static void span_copy(char out[IMAGE_TEXT_BYTES], struct span s)
{
    size_t i;

    for (i = 0; i < s.bytes && i + 1 < IMAGE_TEXT_BYTES; i++)
        out[i] = s.text[i] >= ' ' && s.text[i] <= '~' ? s.text[i] : '?';
    out[i] = '\0';
}

/* Refuse for the sake of a text in the file: "sentence: 'text'". */
static int refuse_text(struct reader *r, const char *sentence, struct span s)
{
    char text[IMAGE_TEXT_BYTES];

    span_copy(text, s);
    return reason_set(r->why, "%s: '%s'", sentence, text);
}

/* ------------------------------------------------------------- values */

/* Features that a domain may require. Writes to page tables are carried out
 * for those who write them plainly, which is what the first one asks. */
static bool feature_is_here(struct span name)
{
    return span_is(name, "writable_page_tables") ||
           span_is(name, "pae_pgdir_above_4gb") ||
           span_is(name, "mmu_pt_update_preserve_ad") ||
           span_is(name, "gnttab_map_avail_bits") || span_is(name, "dom0");
}

/* Names separated by '|'; one that begins with '!' is required. */
static int take_features(struct reader *r, struct span list)
{
    while (list.bytes > 0) {
        struct span name = span_cut(&list, '|');

        if (name.bytes == 0 || name.text[0] != '!')
            continue;
        name.text++;
        name.bytes--;
        if (!feature_is_here(name))
            return refuse_text(r,
                               "it requires a feature that this kernel "
                               "does not have",
                               name);
    }
    return 0;
}

/* A value that is text, for a note and for the old style alike. */
static int take_text(struct reader *r, uint32_t type, struct span value)
{
    switch (type) {
    case XEN_ELFNOTE_XEN_VERSION:
        if (!span_is(value, "xen-3.0"))
            return refuse_text(r, "it is for another interface than xen-3.0",
                               value);
        return 0;
    case XEN_ELFNOTE_LOADER:
        if (!span_is(value, "generic"))
            return refuse_text(r,
                               "it wants another loader than the generic "
                               "one",
                               value);
        return 0;
    case XEN_ELFNOTE_FEATURES: return take_features(r, value);
    case XEN_ELFNOTE_GUEST_OS: span_copy(r->image->guest_os, value); return 0;
    case XEN_ELFNOTE_GUEST_VERSION:
        span_copy(r->image->guest_version, value);
        return 0;
    default: return 0;
    }
}

static int take_number(struct reader *r, uint32_t type, uint64_t value)
{
    struct image *image = r->image;

    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        image->entry = value;
        r->said |= SAID_ENTRY;
        return 0;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        image->hypercall_page = value;
        image->has_hypercall_page = true;
        return 0;
    case XEN_ELFNOTE_VIRT_BASE: image->virt_base = value; return 0;
    case XEN_ELFNOTE_PADDR_OFFSET:
        image->paddr_offset = value;
        r->said |= SAID_PADDR_OFFSET;
        return 0;
    case XEN_ELFNOTE_INIT_P2M:
        image->init_p2m = value;
        image->has_init_p2m = true;
        return 0;
    case XEN_ELFNOTE_MOD_START_PFN: image->mod_start_pfn = value != 0; return 0;
    case XEN_ELFNOTE_HV_START_LOW:
        if (value > M2P_BASE)
            return reason_set(r->why,
                              "it wants addresses from %#llx on that "
                              "are the kernel's",
                              (unsigned long long)M2P_BASE);
        return 0;
    default: return 0;
    }
}

static bool type_is_number(uint32_t type)
{
    switch (type) {
    case XEN_ELFNOTE_ENTRY:
    case XEN_ELFNOTE_HYPERCALL_PAGE:
    case XEN_ELFNOTE_VIRT_BASE:
    case XEN_ELFNOTE_PADDR_OFFSET:
    case XEN_ELFNOTE_INIT_P2M:
    case XEN_ELFNOTE_MOD_START_PFN:
    case XEN_ELFNOTE_HV_START_LOW: return true;
    default: return false;
    }
}

/* -------------------------------------------------------------- notes */

static int take_note(struct reader *r, const struct elf_note *note)
{
    uint32_t low;
    uint64_t value;
    struct span text = {(const char *)note->value, 0};

    if (note->owner_bytes != 4 || memcmp(note->owner, "Xen", 4) != 0)
        return 0;
    r->said |= SAID_ANYTHING;
    if (!type_is_number(note->type)) {
        text.bytes = strnlen(text.text, note->value_bytes);
        return take_text(r, note->type, text);
    }
    if (note->value_bytes == sizeof(value)) {
        memcpy(&value, note->value, sizeof(value));
    } else if (note->value_bytes == sizeof(low)) {
        memcpy(&low, note->value, sizeof(low));
        value = low;
    } else {
        return reason_set(r->why,
                          "the number in its Xen note %u has %u "
                          "bytes, not 4 or 8",
                          note->type, note->value_bytes);
    }
    return take_number(r, note->type, value);
}

static int take_notes(struct reader *r, uint64_t offset, uint64_t bytes)
{
    struct elf_notes notes = elf_notes_open(&r->image->elf, offset, bytes);
    struct elf_note note;
    int more, rc;

    while ((more = elf_note_next(&notes, &note)) == 1) {
        rc = take_note(r, &note);
        if (rc != 0)
            return rc;
    }
    if (more != 0)
        return reason_set(r->why, "an ELF note runs over the end of its "
                                  "segment");
    return 0;
}

static int take_segments(struct reader *r)
{
    const struct elf *elf = &r->image->elf;
    uint32_t i;
    int rc = 0;

    for (i = 0; i < elf->segments && rc == 0; i++) {
        struct elf_segment s = elf_segment_read(elf, i);

        if (s.type == ELF_SEGMENT_NOTE)
            rc = take_notes(r, s.offset, s.file_bytes);
    }
    return rc;
}

/* ---------------------------------------------------------- old style */

/* Old keys, the notes that took their place, and what the value is. */
static const struct {
    const char *key;
    uint32_t type;
} old_keys[] = {
    {"GUEST_OS", XEN_ELFNOTE_GUEST_OS},
    {"GUEST_VER", XEN_ELFNOTE_GUEST_VERSION},
    {"LOADER", XEN_ELFNOTE_LOADER},
    {"XEN_VER", XEN_ELFNOTE_XEN_VERSION},
    {"FEATURES", XEN_ELFNOTE_FEATURES},
    {"VIRT_BASE", XEN_ELFNOTE_VIRT_BASE},
    {"VIRT_ENTRY", XEN_ELFNOTE_ENTRY},
    {"ELF_PADDR_OFFSET", XEN_ELFNOTE_PADDR_OFFSET},
    {"HYPERCALL_PAGE", XEN_ELFNOTE_HYPERCALL_PAGE},
};

/* A number in C's notation, all of the text. */
static bool span_number(struct span s, uint64_t *value)
{
    unsigned int base = 10;
    size_t i = 0;

    *value = 0;
    if (s.bytes > 2 && s.text[0] == '0' && (s.text[1] | 32) == 'x') {
        base = 16;
        i = 2;
    }
    if (i == s.bytes)
        return false;
    for (; i < s.bytes; i++) {
        char c = (char)(s.text[i] | 32);
        unsigned int digit = 16;

        if (s.text[i] >= '0' && s.text[i] <= '9')
            digit = (unsigned int)(s.text[i] - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned int)(c - 'a') + 10;
        if (digit >= base || *value > (UINT64_MAX - digit) / base)
            return false;
        *value = *value * base + digit;
    }
    return true;
}

static int take_pair(struct reader *r, struct span value)
{
    struct span key = span_cut(&value, '=');
    uint64_t number;
    size_t i;

    for (i = 0; i < sizeof(old_keys) / sizeof(old_keys[0]); i++) {
        if (!span_is(key, old_keys[i].key))
            continue;
        if (!type_is_number(old_keys[i].type))
            return take_text(r, old_keys[i].type, value);
        if (!span_number(value, &number))
            return refuse_text(r,
                               "a value in its section __xen_guest is not "
                               "a number",
                               value);
        if (old_keys[i].type == XEN_ELFNOTE_HYPERCALL_PAGE)
            r->hypercall_page_is_pfn = true;
        return take_number(r, old_keys[i].type, number);
    }
    return 0;
}

/* "KEY=value,KEY=value", terminated or not. */
static int take_old_style(struct reader *r, const struct elf_section *section)
{
    struct span text = {(const char *)r->image->elf.bytes + section->offset, 0};
    int rc = 0;

    text.bytes = strnlen(text.text, section->bytes);
    r->said |= SAID_ANYTHING;
    while (text.bytes > 0 && rc == 0)
        rc = take_pair(r, span_cut(&text, ','));
    if (rc != 0)
        return rc;
    if (!(r->said & SAID_PADDR_OFFSET))
        r->image->paddr_offset = r->image->virt_base;
    if (r->hypercall_page_is_pfn)
        r->image->hypercall_page =
            r->image->virt_base + r->image->hypercall_page * PAGE_BYTES;
    return 0;
}

/* Look for notes, or for the old text, in the file's sections. */
static int take_sections(struct reader *r, bool old_style)
{
    const struct elf *elf = &r->image->elf;
    struct elf_section section;
    uint32_t i;
    int rc = 0;

    for (i = 1; i < elf->sections && rc == 0; i++) {
        if (elf_section_read(elf, i, &section) != 0)
            return reason_set(r->why, "it has no segment with Xen notes, and "
                                      "its sections lie outside the file");
        if (!old_style && section.type == ELF_SECTION_NOTE)
            rc = take_notes(r, section.offset, section.bytes);
        if (old_style && section.type != ELF_SECTION_NOBITS &&
            strcmp(section.name, "__xen_guest") == 0)
            return take_old_style(r, &section);
    }
    return rc;
}

/* ------------------------------------------------------------- places */

bool image_part_read(const struct image *image, uint32_t index,
                     struct image_part *part)
{
    struct elf_segment s = elf_segment_read(&image->elf, index);

    if (s.type != ELF_SEGMENT_LOAD || s.memory_bytes == 0)
        return false;
    part->address = s.paddr - image->paddr_offset;
    part->bytes = image->elf.bytes + s.offset;
    part->file_bytes = s.file_bytes;
    part->memory_bytes = s.memory_bytes;
    return true;
}

/* Where the segments lie in the domain's memory. */
static int check_parts(struct reader *r)
{
    struct image *image = r->image;
    struct image_part part;
    uint32_t i;

    image->start = UINT64_MAX;
    for (i = 0; i < image->elf.segments; i++) {
        if (!image_part_read(image, i, &part))
            continue;
        /* A segment below the offset has a huge address. */
        if (part.address >= IMAGE_BYTES_MAX ||
            part.memory_bytes > IMAGE_BYTES_MAX - part.address)
            return reason_set(r->why,
                              "its segment %u is not within the first "
                              "TiB behind its PADDR_OFFSET %#llx",
                              i, (unsigned long long)image->paddr_offset);
        if (part.address < image->start)
            image->start = part.address;
        if (part.address + part.memory_bytes > image->end)
            image->end = part.address + part.memory_bytes;
    }
    if (image->end == 0)
        return reason_set(r->why, "it has no segment to load");
    return 0;
}

/* Is a virtual address in a segment that is loaded? */
static bool is_loaded(const struct image *image, vaddr_t va)
{
    struct image_part part;
    uint32_t i;

    for (i = 0; i < image->elf.segments; i++)
        if (image_part_read(image, i, &part) &&
            va - image->virt_base - part.address < part.memory_bytes)
            return true;
    return false;
}

static int check_places(struct reader *r)
{
    const struct image *image = r->image;

    if (image->virt_base % PAGE_BYTES != 0)
        return reason_set(r->why,
                          "its VIRT_BASE %#llx is not the address of "
                          "a page",
                          (unsigned long long)image->virt_base);
    if (image->paddr_offset % PAGE_BYTES != 0)
        return reason_set(r->why,
                          "its PADDR_OFFSET %#llx is not the address "
                          "of a page",
                          (unsigned long long)image->paddr_offset);
    if (image->has_init_p2m && image->init_p2m % PAGE_BYTES != 0)
        return reason_set(r->why,
                          "its INIT_P2M %#llx is not the address of "
                          "a page",
                          (unsigned long long)image->init_p2m);
    if (!is_loaded(image, image->entry))
        return reason_set(r->why,
                          "its entry %#llx is in no segment that is "
                          "loaded",
                          (unsigned long long)image->entry);
    if (image->has_hypercall_page && (image->hypercall_page % PAGE_BYTES != 0 ||
                                      !is_loaded(image, image->hypercall_page)))
        return reason_set(r->why,
                          "its hypercall page %#llx is no page of a "
                          "segment that is loaded",
                          (unsigned long long)image->hypercall_page);
    return 0;
}

int image_read(struct image *image, const void *bytes, size_t size,
               struct reason *why)
{
    struct image found = {0};
    struct reader r = {.image = &found, .why = why};
    const char *broken;
    int rc;

    if (elf_open(&found.elf, bytes, size, &broken) != 0)
        return reason_set(why, "%s", broken);
    rc = take_segments(&r);
    if (rc == 0 && !(r.said & SAID_ANYTHING))
        rc = take_sections(&r, false);
    if (rc == 0 && !(r.said & SAID_ANYTHING))
        rc = take_sections(&r, true);
    if (rc != 0)
        return rc;
    if (!(r.said & SAID_ANYTHING))
        return reason_set(why, "it has no Xen notes: it is not for a "
                               "paravirtualized machine");
    if (!(r.said & SAID_ENTRY))
        found.entry = found.elf.entry;
    rc = check_parts(&r);
    if (rc == 0)
        rc = check_places(&r);
    if (rc == 0)
        *image = found;
    return rc;
}
