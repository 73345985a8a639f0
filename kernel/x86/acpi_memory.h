/*
 * acpi_memory - the machine's own ACPI tables, read once at boot.
 */
#ifndef TALLY_X86_ACPI_MEMORY_H
#define TALLY_X86_ACPI_MEMORY_H

#include "x86/acpi.h"

/*
 * acpi_init - parse the tables of this machine; needs paging_map_device().
 *
 * rsdp, bytes  a copy of the root pointer; NULL or bad: it is looked for
 *              where a BIOS leaves it
 *
 * Says in the log what was found.
 */
void acpi_init(const void *rsdp, size_t bytes);

/* acpi_info_get - what acpi_init() found; empty before. Never NULL. */
const struct acpi_info *acpi_info_get(void);

#endif
