/*
 * Archives in the "new ASCII" cpio format (cpio -H newc), read in place.
 */
#ifndef TALLY_BOOT_CPIO_H
#define TALLY_BOOT_CPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A walk through an archive. */
struct cpio {
    const uint8_t *bytes; /* the archive */
    size_t size;          /* bytes */
    size_t next;          /* offset of the next member's header */
};

/* One regular file. */
struct cpio_file {
    const char *name; /* terminated, inside the archive */
    size_t offset;    /* of the contents, from the archive's start */
    size_t size;      /* bytes */
};

/*
 * cpio_is_archive - does it start like an archive?
 */
bool cpio_is_archive(const void *bytes, size_t size);

/*
 * cpio_open - start a walk at the first member.
 */
void cpio_open(struct cpio *archive, const void *bytes, size_t size);

/*
 * cpio_next - the next regular file; its name is without leading "./".
 *
 * 1        *file is set
 * 0        the archive has ended
 * -EINVAL  the archive is damaged here
 */
int cpio_next(struct cpio *archive, struct cpio_file *file);

/*
 * cpio_find - the file of that name, searching from the first member on.
 *
 * name, name_bytes  need not be terminated
 *
 * 1, 0, -EINVAL     as cpio_next
 */
int cpio_find(const struct cpio *archive, const char *name, size_t name_bytes,
              struct cpio_file *file);

#endif
