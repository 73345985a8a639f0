/*
 * Several modules in the one that PVH can carry.
 *
 * The module is a newc cpio archive. Its file `modules` has one line for
 * each module: FILENAME options... [-- command line of the domain]. Empty
 * lines and lines that start with # are skipped.
 */
#ifndef TALLY_BOOT_ARCHIVE_H
#define TALLY_BOOT_ARCHIVE_H

#include "boot/boot_info.h"
#include "boot/pvh.h"

/*
 * boot_info_expand_cpio - replace the only module by what is inside it.
 *
 * The new modules lie inside the archive's physical range; each line of
 * `modules` becomes a command line, file name first. A module that is not an
 * archive stays as it is: it is the one domain.
 *
 * 0        done
 * -EINVAL  the archive is no good; info->problem and problem_detail say why
 */
int boot_info_expand_cpio(struct boot_info *info,
                          const struct pvh_reader *reader);

#endif
