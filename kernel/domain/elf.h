#ifndef TALLY_DOMAIN_ELF_H
#define TALLY_DOMAIN_ELF_H

#include <stddef.h>
#include <stdint.h>

/*
 * elf - read an ELF64 executable that somebody else made.
 *
 * Nothing in the file is trusted: each offset and length is checked against
 * the file before it is used, and the bytes may lie at any address. What is
 * wrong is told as a sentence without a full stop.
 *
 * Source: System V gABI chapters 4 and 5; the x86-64 psABI.
 */

/* Program headers that are read at most. */
#define ELF_SEGMENTS_MAX 64
/* Section headers that are read at most. */
#define ELF_SECTIONS_MAX 4096

/* Kinds of segment and of section. */
#define ELF_SEGMENT_LOAD 1
#define ELF_SEGMENT_NOTE 4
#define ELF_SECTION_NOTE 7
#define ELF_SECTION_NOBITS 8

struct elf {
    const uint8_t *bytes;
    size_t size;            /* of the file, in bytes */
    uint64_t entry;         /* e_entry */
    uint64_t segments_at;   /* offset of the program headers */
    uint32_t segments;      /* number of program headers, all in the file */
    uint64_t sections_at;   /* offset of the section headers */
    uint32_t sections;      /* as the file says; not checked */
    uint32_t names;         /* section that holds the sections' names */
};

/* A program header. Segments to be loaded or read lie inside the file. */
struct elf_segment {
    uint32_t type;
    uint64_t offset;        /* in the file */
    uint64_t paddr;
    uint64_t file_bytes;
    uint64_t memory_bytes;  /* of a loaded one: at least file_bytes */
};

/* A section header. The contents lie inside the file, unless NOBITS. */
struct elf_section {
    uint32_t type;
    const char *name;       /* terminated; "" when it has none */
    uint64_t offset;
    uint64_t bytes;
};

/* A note: who defines it, its kind, its value. Not aligned. */
struct elf_note {
    const uint8_t *owner;
    uint32_t owner_bytes;   /* with the terminator */
    uint32_t type;
    const uint8_t *value;
    uint32_t value_bytes;
};

/* A place in a list of notes. */
struct elf_notes {
    const uint8_t *bytes;
    uint64_t size;
    uint64_t next;          /* offset of the next note */
};

/*
 * elf_open - check an executable for x86-64, its headers and segments.
 *
 * elf    written only on success
 * bytes  the file; it must stay while *elf is used
 * size   of it, in bytes
 * why    set to a sentence on failure
 *
 * Afterwards every loaded segment lies inside the file, none overlaps
 * another in physical addresses, and none wraps.
 *
 * 0          *elf describes it
 * -EINVAL    not such a file
 */
int elf_open(struct elf *elf, const void *bytes, size_t size, const char **why);

/* elf_segment_read - program header `index`, which is < elf->segments. */
struct elf_segment elf_segment_read(const struct elf *elf, uint32_t index);

/*
 * elf_section_read - section header `index`.
 *
 * 0          *section describes it
 * -EINVAL    the header, its name or its contents are not in the file
 */
int elf_section_read(const struct elf *elf, uint32_t index,
                     struct elf_section *section);

/* elf_notes_open - a list of notes in the file: bytes that were checked. */
struct elf_notes elf_notes_open(const struct elf *elf, uint64_t offset,
                                uint64_t bytes);

/*
 * elf_note_next - the next note of a list.
 *
 * The padding behind the last note may be missing.
 *
 * 1          *note is one
 * 0          there are no more
 * -EINVAL    a note runs over the end of the list
 */
int elf_note_next(struct elf_notes *notes, struct elf_note *note);

#endif
