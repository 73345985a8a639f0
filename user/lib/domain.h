#ifndef TALLY_USER_LIB_DOMAIN_H
#define TALLY_USER_LIB_DOMAIN_H

/*
 * Everything a domain needs, in one include. A domain is a C file with
 *
 *     void domain_main(const start_info_t *info) { ... }
 *
 * When domain_main returns, the domain ends.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hypercall.h"
#include "lib/memory.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/trap.h"
#include "lib/user.h"

/* domain_main - yours to write; info describes what you were given. */
void domain_main(const start_info_t *info);

/*
 * domain_setup - called by start.asm before domain_main: prepares print.h and
 * memory.h. Nothing here needs a hypercall.
 */
void domain_setup(const start_info_t *info);

/*
 * domain_option - the value of an option on the domain's command line.
 *
 * name    as in "name=value", without the equals sign
 * value   what is expected
 *
 * Returns true if the command line has the word name=value.
 */
bool domain_option(const char *name, const char *value);

/*
 * domain_number - the value of an option that is a decimal number.
 *
 * name    as above
 * other   what it is without such a word
 */
uint64_t domain_number(const char *name, uint64_t other);

/*
 * domain_exit - end this domain in good order: power off, or reboot if its
 * command line says exit=reboot.
 */
_Noreturn void domain_exit(void);

/* domain_crash - end this domain and say that it was not in good order. */
_Noreturn void domain_crash(void);

#endif
