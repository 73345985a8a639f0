#ifndef TALLY_DOMAIN_BUILD_H
#define TALLY_DOMAIN_BUILD_H

#include "boot/module.h"
#include "domain/domain.h"

/* A file in memory, at any address. It is only read. */
struct build_file {
    const void *data;
    size_t bytes;               /* 0: there is none */
};

/*
 * domain_build - make a domain that can be run.
 *
 * Gives it memory, puts kernel, ramdisk, p2m list, start_info, rings, page
 * tables and a stack where boot_layout.h says, and lets the rules pin and
 * load its page tables as if it had asked for it. Its first vcpu has its
 * registers at context_regs(vcpu[0].stack_top), a prepared stack, and is
 * VCPU_RUNNABLE. The files are not needed afterwards. store_close() when the
 * domain ends.
 *
 * options  name, memory, privilege and command line
 * image    the ELF file
 * ramdisk  0 bytes: none
 *
 * Returns the domain, or NULL: then nothing is left of it, and one line of
 * the log says why.
 */
struct domain *domain_build(const struct module_options *options,
                            const struct build_file *image,
                            const struct build_file *ramdisk);

#endif
