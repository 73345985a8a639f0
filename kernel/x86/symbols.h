#ifndef TALLY_X86_SYMBOLS_H
#define TALLY_X86_SYMBOLS_H

#include <stdint.h>

#include "mm/types.h"

/*
 * symbols - the names of the kernel's functions, in the kernel.
 *
 * tools/symbols makes the table from the first link; the second link puts
 * it behind all code, so that no function moves.
 */

/*
 * symbol_find - the function around an address.
 *
 * offset  set to the distance from its first byte
 *
 * NULL when the address is not in the kernel's text or there is no table.
 */
const char *symbol_find(vaddr_t address, uint64_t *offset);

#endif
