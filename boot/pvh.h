/*
 * Boot by PVH: struct hvm_start_info of Xen's public headers, as QEMU's
 * -kernel hands it over.
 */
#ifndef TALLY_BOOT_PVH_H
#define TALLY_BOOT_PVH_H

#include <stdint.h>

#include "boot/boot_info.h"

/* How a parser reads physical memory. */
struct pvh_reader {
    /*
     * The bytes at paddr, or NULL if they cannot all be read. What it returns
     * stays readable until the boot is over.
     */
    const void *(*map)(void *context, uint64_t paddr, uint64_t bytes);
    void *context;
};

/*
 * pvh_parse - copy what PVH tells into out.
 *
 * reader      reads physical memory
 * start_info  physical address of struct hvm_start_info (EBX at entry)
 * out         written completely
 *
 * 0           done; out->warnings says what was odd
 * -EINVAL     cannot boot with this; out->problem says why
 */
int pvh_parse(const struct pvh_reader *reader, uint64_t start_info,
              struct boot_info *out);

#endif
