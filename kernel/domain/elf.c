#include "domain/elf.h"

#include <stdbool.h>

#include "lib/string.h"
#include "mm/errno.h"

enum {
    HEADER_BYTES = 64,
    SEGMENT_BYTES = 56,
    SECTION_BYTES = 64,
    NOTE_HEADER_BYTES = 12,
};

/* The few values of a header that we take. */
enum {
    CLASS_64 = 2,
    DATA_LITTLE_ENDIAN = 1,
    VERSION_CURRENT = 1,
    TYPE_EXEC = 2,
    TYPE_DYN = 3,
    MACHINE_X86_64 = 62,
    SEGMENTS_ELSEWHERE = 0xffff,
};

static uint16_t read16(const uint8_t *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint32_t read32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint64_t read64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

/* Are the bytes [offset, offset + bytes) in a file of this size? */
static bool inside(uint64_t size, uint64_t offset, uint64_t bytes)
{
    return offset <= size && bytes <= size - offset;
}

/* What Linux distributions ship: the ELF is compressed inside of it. */
static bool is_bzimage(const uint8_t *bytes, size_t size)
{
    return inside(size, 0x202, 4) && memcmp(bytes + 0x202, "HdrS", 4) == 0;
}

static const char *check_header(const uint8_t *header, size_t size)
{
    if (size < 4 || memcmp(header, "\177ELF", 4) != 0)
        return is_bzimage(header, size) ? "it is a Linux bzImage: give the ELF "
                                          "file that is packed in it"
                                        : "it is not an ELF file";
    if (size < HEADER_BYTES)
        return "the file ends inside the ELF header";
    if (header[4] != CLASS_64)
        return header[4] == 1 ? "it is a 32-bit ELF file, not a 64-bit one"
                              : "the ELF class is none that there is";
    if (header[5] != DATA_LITTLE_ENDIAN)
        return "it is a big-endian ELF file";
    if (header[6] != VERSION_CURRENT || read32(header + 20) != VERSION_CURRENT)
        return "the ELF version is none that there is";
    if (read16(header + 18) != MACHINE_X86_64)
        return "it is for another machine than x86-64";
    if (read16(header + 16) == TYPE_DYN)
        return "it is position-independent (ET_DYN): link it as ET_EXEC";
    if (read16(header + 16) != TYPE_EXEC)
        return "it is not an executable (ET_EXEC)";
    if (read16(header + 52) < HEADER_BYTES)
        return "the ELF header is shorter than it must be";
    return NULL;
}

static const char *check_program_headers(const uint8_t *header, size_t size)
{
    uint64_t at = read64(header + 32);
    uint16_t count = read16(header + 56);

    if (count == 0)
        return "it has no program headers";
    if (count == SEGMENTS_ELSEWHERE || count > ELF_SEGMENTS_MAX)
        return "it has more than 64 program headers";
    if (read16(header + 54) != SEGMENT_BYTES)
        return "the program headers have a size that is not theirs";
    if (!inside(size, at, (uint64_t)count * SEGMENT_BYTES))
        return "the program headers lie outside the file";
    return NULL;
}

struct elf_segment elf_segment_read(const struct elf *elf, uint32_t index)
{
    const uint8_t *at =
        elf->bytes + elf->segments_at + (uint64_t)index * SEGMENT_BYTES;

    return (struct elf_segment){
        .type = read32(at),
        .offset = read64(at + 8),
        .paddr = read64(at + 24),
        .file_bytes = read64(at + 32),
        .memory_bytes = read64(at + 40),
    };
}

static bool overlap(const struct elf_segment *a, const struct elf_segment *b)
{
    return a->type == ELF_SEGMENT_LOAD && b->type == ELF_SEGMENT_LOAD &&
           a->memory_bytes > 0 && b->memory_bytes > 0 &&
           a->paddr < b->paddr + b->memory_bytes &&
           b->paddr < a->paddr + a->memory_bytes;
}

static const char *check_segment(const struct elf *elf, uint32_t index)
{
    struct elf_segment s = elf_segment_read(elf, index);
    uint32_t i;

    if (s.type != ELF_SEGMENT_LOAD && s.type != ELF_SEGMENT_NOTE)
        return NULL;
    if (!inside(elf->size, s.offset, s.file_bytes))
        return s.type == ELF_SEGMENT_LOAD
                   ? "a segment lies outside the file: is it truncated?"
                   : "the notes lie outside the file: is it truncated?";
    if (s.type == ELF_SEGMENT_NOTE)
        return NULL;
    if (s.file_bytes > s.memory_bytes)
        return "a segment has more bytes in the file than in memory";
    if (s.paddr + s.memory_bytes < s.paddr)
        return "a segment goes over the end of the address space";
    for (i = 0; i < index; i++) {
        struct elf_segment other = elf_segment_read(elf, i);

        if (overlap(&s, &other))
            return "two segments overlap";
    }
    return NULL;
}

static const char *check_segments(const struct elf *elf)
{
    const char *why = NULL;
    uint32_t i;

    for (i = 0; i < elf->segments && !why; i++)
        why = check_segment(elf, i);
    return why;
}

int elf_open(struct elf *elf, const void *bytes, size_t size, const char **why)
{
    const uint8_t *header = bytes;
    struct elf found = {.bytes = header, .size = size};

    *why = check_header(header, size);
    if (!*why)
        *why = check_program_headers(header, size);
    if (*why)
        return -EINVAL;
    found.entry = read64(header + 24);
    found.segments_at = read64(header + 32);
    found.segments = read16(header + 56);
    found.sections_at = read64(header + 40);
    if (found.sections_at != 0 && read16(header + 58) == SECTION_BYTES)
        found.sections = read16(header + 60);
    if (found.sections > ELF_SECTIONS_MAX)
        found.sections = ELF_SECTIONS_MAX;
    found.names = read16(header + 62);
    *why = check_segments(&found);
    if (*why)
        return -EINVAL;
    *elf = found;
    return 0;
}

/* The header of a section, or NULL when it is not in the file. */
static const uint8_t *section_header(const struct elf *elf, uint32_t index)
{
    uint64_t offset = (uint64_t)index * SECTION_BYTES;

    if (index >= elf->sections || elf->sections_at > elf->size ||
        !inside(elf->size - elf->sections_at, offset, SECTION_BYTES))
        return NULL;
    return elf->bytes + elf->sections_at + offset;
}

/* The name at an offset of the names; NULL when it is not there. */
static const char *section_name(const struct elf *elf, uint32_t offset)
{
    const uint8_t *header = section_header(elf, elf->names);
    uint64_t at, bytes;
    const char *name;

    if (elf->names == 0)
        return "";
    if (!header)
        return NULL;
    at = read64(header + 24);
    bytes = read64(header + 32);
    if (!inside(elf->size, at, bytes) || offset >= bytes)
        return NULL;
    name = (const char *)elf->bytes + at + offset;
    return strnlen(name, bytes - offset) < bytes - offset ? name : NULL;
}

int elf_section_read(const struct elf *elf, uint32_t index,
                     struct elf_section *section)
{
    const uint8_t *header = section_header(elf, index);
    struct elf_section found;

    if (!header)
        return -EINVAL;
    found.name = section_name(elf, read32(header));
    found.type = read32(header + 4);
    found.offset = read64(header + 24);
    found.bytes = read64(header + 32);
    if (!found.name)
        return -EINVAL;
    if (found.type != ELF_SECTION_NOBITS &&
        !inside(elf->size, found.offset, found.bytes))
        return -EINVAL;
    *section = found;
    return 0;
}

struct elf_notes elf_notes_open(const struct elf *elf, uint64_t offset,
                                uint64_t bytes)
{
    return (struct elf_notes){.bytes = elf->bytes + offset, .size = bytes};
}

/* Go over `bytes` and as much of their padding as there is; false when they
 * are not all there. */
static bool notes_skip(struct elf_notes *notes, uint32_t bytes)
{
    uint64_t padded = ((uint64_t)bytes + 3) & ~UINT64_C(3);

    if (!inside(notes->size, notes->next, bytes))
        return false;
    if (inside(notes->size, notes->next, padded))
        notes->next += padded;
    else
        notes->next = notes->size;
    return true;
}

int elf_note_next(struct elf_notes *notes, struct elf_note *note)
{
    const uint8_t *at = notes->bytes + notes->next;

    if (notes->next == notes->size)
        return 0;
    if (!notes_skip(notes, NOTE_HEADER_BYTES))
        return -EINVAL;
    note->owner_bytes = read32(at);
    note->value_bytes = read32(at + 4);
    note->type = read32(at + 8);
    note->owner = notes->bytes + notes->next;
    if (!notes_skip(notes, note->owner_bytes))
        return -EINVAL;
    note->value = notes->bytes + notes->next;
    if (!notes_skip(notes, note->value_bytes))
        return -EINVAL;
    return 1;
}
