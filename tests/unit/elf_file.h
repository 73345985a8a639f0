/*
 * elf_file - make an ELF file in memory, piece by piece, for tests.
 */
#ifndef TALLY_TESTS_ELF_FILE_H
#define TALLY_TESTS_ELF_FILE_H

#include <assert.h>
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    ELF_FILE_BYTES = 64 * 1024,
    ELF_FILE_SEGMENTS = 66,
    ELF_FILE_SECTIONS = 8,
};

struct elf_file {
    uint8_t bytes[ELF_FILE_BYTES];
    size_t size;
    Elf64_Ehdr header;
    Elf64_Phdr segments[ELF_FILE_SEGMENTS];
    Elf64_Shdr sections[ELF_FILE_SECTIONS];
    char names[128];
    size_t names_bytes;
};

static inline void elf_file_init(struct elf_file *f)
{
    memset(f, 0, sizeof(*f));
    memcpy(f->header.e_ident, ELFMAG, SELFMAG);
    f->header.e_ident[EI_CLASS] = ELFCLASS64;
    f->header.e_ident[EI_DATA] = ELFDATA2LSB;
    f->header.e_ident[EI_VERSION] = EV_CURRENT;
    f->header.e_type = ET_EXEC;
    f->header.e_machine = EM_X86_64;
    f->header.e_version = EV_CURRENT;
    f->header.e_ehsize = sizeof(Elf64_Ehdr);
    f->header.e_phentsize = sizeof(Elf64_Phdr);
    f->header.e_shentsize = sizeof(Elf64_Shdr);
    f->size = sizeof(f->header);
    f->names_bytes = 1;
}

/* Append bytes; where they are. */
static inline uint64_t elf_file_add(struct elf_file *f, const void *bytes,
                                    size_t size)
{
    uint64_t at = f->size;

    assert(size <= sizeof(f->bytes) - f->size);
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
    return at;
}

static inline Elf64_Phdr *elf_file_segment(struct elf_file *f, uint32_t type,
                                           const void *bytes, size_t size)
{
    Elf64_Phdr *s = &f->segments[f->header.e_phnum++];

    assert(f->header.e_phnum <= ELF_FILE_SEGMENTS);
    s->p_type = type;
    s->p_offset = elf_file_add(f, bytes, size);
    s->p_filesz = size;
    s->p_memsz = size;
    return s;
}

static inline Elf64_Phdr *elf_file_load(struct elf_file *f, uint64_t paddr,
                                        const void *bytes, size_t size,
                                        uint64_t memory_bytes)
{
    Elf64_Phdr *s = elf_file_segment(f, PT_LOAD, bytes, size);

    s->p_paddr = paddr;
    s->p_vaddr = paddr;
    s->p_memsz = memory_bytes;
    return s;
}

static inline Elf64_Shdr *elf_file_section(struct elf_file *f, const char *name,
                                           uint32_t type, const void *bytes,
                                           size_t size)
{
    Elf64_Shdr *s;

    if (f->header.e_shnum == 0)
        f->header.e_shnum = 1;
    s = &f->sections[f->header.e_shnum++];
    assert(f->header.e_shnum < ELF_FILE_SECTIONS);
    assert(f->names_bytes + strlen(name) + 1 <= sizeof(f->names));
    s->sh_name = (uint32_t)f->names_bytes;
    strcpy(f->names + f->names_bytes, name);
    f->names_bytes += strlen(name) + 1;
    s->sh_type = type;
    s->sh_offset = elf_file_add(f, bytes, size);
    s->sh_size = size;
    return s;
}

/* Write headers and names; the file is then f->bytes[0..f->size). */
static inline void elf_file_finish(struct elf_file *f)
{
    if (f->header.e_shnum > 0) {
        Elf64_Shdr *s = elf_file_section(f, ".shstrtab", SHT_STRTAB, "", 0);

        s->sh_offset = elf_file_add(f, f->names, f->names_bytes);
        s->sh_size = f->names_bytes;
        f->header.e_shstrndx = (uint16_t)(f->header.e_shnum - 1);
        f->header.e_shoff = elf_file_add(
            f, f->sections, f->header.e_shnum * sizeof(Elf64_Shdr));
    }
    f->header.e_phoff =
        elf_file_add(f, f->segments, f->header.e_phnum * sizeof(Elf64_Phdr));
    memcpy(f->bytes, &f->header, sizeof(f->header));
}

/* A list of notes being written. */
struct note_list {
    uint8_t bytes[4096];
    size_t size;
};

static inline void note_add(struct note_list *l, const char *owner,
                            uint32_t type, const void *value, size_t size)
{
    uint32_t header[3] = {(uint32_t)strlen(owner) + 1, (uint32_t)size, type};

    memcpy(l->bytes + l->size, header, sizeof(header));
    l->size += sizeof(header);
    memcpy(l->bytes + l->size, owner, header[0]);
    l->size += (header[0] + 3) & ~3u;
    if (size > 0)
        memcpy(l->bytes + l->size, value, size);
    l->size += (size + 3) & ~(size_t)3;
}

static inline void note_number(struct note_list *l, uint32_t type,
                               uint64_t value)
{
    note_add(l, "Xen", type, &value, sizeof(value));
}

static inline void note_text(struct note_list *l, uint32_t type,
                             const char *value)
{
    note_add(l, "Xen", type, value, strlen(value) + 1);
}

#endif
