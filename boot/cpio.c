#include "boot/cpio.h"

#include <xen/errno.h>

#include "lib/string.h"

/*
 * A member's header: 6 bytes magic, then 13 numbers of 8 hexadecimal digits.
 * Header, name and contents each start at a multiple of 4 in the archive.
 */
enum {
    HEADER_BYTES = 110,
    MAGIC_BYTES = 6,
    FIELD_BYTES = 8,
    FIELD_MODE = 1,
    FIELD_FILE_SIZE = 6,
    FIELD_NAME_SIZE = 11,
    MODE_KIND = 0170000,
    MODE_REGULAR = 0100000,
};

/* A member with all its parts inside the archive. */
struct member {
    uint32_t mode;
    const char *name;
    size_t offset; /* of the contents */
    size_t size;   /* of the contents */
};

bool cpio_is_archive(const void *bytes, size_t size)
{
    if (size < MAGIC_BYTES)
        return false;
    return memcmp(bytes, "070701", MAGIC_BYTES) == 0 ||
           memcmp(bytes, "070702", MAGIC_BYTES) == 0;
}

void cpio_open(struct cpio *archive, const void *bytes, size_t size)
{
    archive->bytes = bytes;
    archive->size = size;
    archive->next = 0;
}

static bool read_field(const uint8_t *header, size_t field, uint32_t *value)
{
    const uint8_t *digits = header + MAGIC_BYTES + field * FIELD_BYTES;

    *value = 0;
    for (size_t i = 0; i < FIELD_BYTES; i++) {
        uint8_t c = digits[i];
        uint8_t letter = c & 0xdf; /* upper case */

        *value <<= 4;
        if (c >= '0' && c <= '9')
            *value |= c - '0';
        else if (letter >= 'A' && letter <= 'F')
            *value |= letter - 'A' + 10u;
        else
            return false;
    }
    return true;
}

/* Round up to 4, but not over the end: the last padding may be missing. */
static size_t align_within(const struct cpio *archive, uint64_t offset)
{
    offset = (offset + 3) & ~(uint64_t)3;
    return offset < archive->size ? (size_t)offset : archive->size;
}

/* Read the member at archive->next and go behind it. */
static bool read_member(struct cpio *archive, struct member *member)
{
    size_t left = archive->size - archive->next;
    const uint8_t *header = archive->bytes + archive->next;
    uint32_t name_size;
    uint32_t file_size;

    if (left < HEADER_BYTES || !cpio_is_archive(header, left))
        return false;
    if (!read_field(header, FIELD_MODE, &member->mode) ||
        !read_field(header, FIELD_FILE_SIZE, &file_size) ||
        !read_field(header, FIELD_NAME_SIZE, &name_size))
        return false;

    left -= HEADER_BYTES;
    if (name_size == 0 || name_size > left ||
        header[HEADER_BYTES + name_size - 1] != '\0')
        return false;
    member->name = (const char *)header + HEADER_BYTES;
    member->offset = align_within(archive, (uint64_t)archive->next +
                                               HEADER_BYTES + name_size);
    member->size = file_size;
    if (member->size > archive->size - member->offset)
        return false;
    archive->next =
        align_within(archive, (uint64_t)member->offset + member->size);
    return true;
}

int cpio_next(struct cpio *archive, struct cpio_file *file)
{
    struct member member;

    for (;;) {
        if (!read_member(archive, &member))
            return -XEN_EINVAL;
        if (strcmp(member.name, "TRAILER!!!") == 0) {
            archive->next = archive->size;
            return 0;
        }
        if ((member.mode & MODE_KIND) == MODE_REGULAR)
            break;
    }
    file->name = member.name;
    if (file->name[0] == '.' && file->name[1] == '/')
        file->name += 2;
    file->offset = member.offset;
    file->size = member.size;
    return 1;
}

int cpio_find(const struct cpio *archive, const char *name, size_t name_bytes,
              struct cpio_file *file)
{
    struct cpio walk;
    int result;

    cpio_open(&walk, archive->bytes, archive->size);
    while ((result = cpio_next(&walk, file)) == 1) {
        if (strncmp(file->name, name, name_bytes) == 0 &&
            file->name[name_bytes] == '\0')
            return 1;
    }
    return result;
}
