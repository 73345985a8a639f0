#ifndef TALLY_DOMAIN_LIFE_H
#define TALLY_DOMAIN_LIFE_H

#include "boot/boot_info.h"
#include "domain/domain.h"
#include "x86/contract.h"

/*
 * life - from a boot module to a domain's last line.
 */

/*
 * life_of_modules - build, run and remove every module's domain in turn.
 *
 * Returns POWER_EXIT_*: how it all ended.
 */
uint8_t life_of_modules(const struct boot_info *info,
                        const struct contract *contract);

#endif
