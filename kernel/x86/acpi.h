/*
 * acpi - what Tally needs from the firmware's static tables.
 *
 * No AML is run. Tables are read through a callback, so the parser works on
 * the host too; any garbage is survived, and a bad table is as good as none.
 */
#ifndef TALLY_X86_ACPI_H
#define TALLY_X86_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How the parser reads memory: copy bytes from a physical address.
 * Returns false when that memory cannot be read.
 */
struct acpi_reader {
    bool (*read)(void *context, uint64_t address, void *out, size_t bytes);
    void *context;
};

enum acpi_space {
    ACPI_SPACE_MEMORY = 0,
    ACPI_SPACE_PORT = 1,
    ACPI_SPACE_PCI = 2,
    ACPI_SPACE_NONE = 0xff, /* Tally's: there is no such register */
};

struct acpi_register {
    uint8_t space;    /* enum acpi_space */
    uint64_t address; /* physical address or port */
};

struct acpi_info {
    const char *problem; /* NULL, or why there are no tables */
    uint32_t tables;     /* good ones found */
    uint32_t bad_tables; /* with a wrong checksum or length */

    bool madt_found;
    bool has_8259;       /* MADT flag PCAT_COMPAT; true without a MADT */
    uint64_t local_apic; /* physical address, 0 if not told */
    uint32_t cpus;       /* enabled processors */

    bool fadt_found;
    bool has_8042; /* true unless the FADT says there is none */
    struct acpi_register pm_timer;
    uint32_t pm_timer_mask; /* 0xffffff or 0xffffffff */
    struct acpi_register pm1a_control;
    struct acpi_register pm1b_control;
    uint32_t smi_command; /* port, 0 if none */
    uint8_t acpi_enable;  /* value for smi_command, 0 if none */
    struct acpi_register reset;
    uint8_t reset_value;
    struct acpi_register sleep_control; /* hardware without PM1 registers */

    bool s5_found;
    uint8_t s5_type_a; /* SLP_TYP for pm1a_control or sleep_control */
    uint8_t s5_type_b;

    uint64_t hpet; /* physical address, 0 if none */
};

/* acpi_info_clear - what is known without any table. */
void acpi_info_clear(struct acpi_info *info);

/*
 * acpi_rsdp_ok - whether bytes are a root pointer with good checksums.
 *
 * bytes  how many there are: 20 (version 1) or 36 and more
 */
bool acpi_rsdp_ok(const uint8_t *rsdp, size_t bytes);

/*
 * acpi_rsdp_search - look for the root pointer where a BIOS leaves it: in
 * the first kilobyte of the extended BIOS data area and in 0xe0000..0xfffff.
 *
 * rsdp  36 bytes; filled when found
 */
bool acpi_rsdp_search(const struct acpi_reader *reader, uint8_t *rsdp);

/*
 * acpi_parse - read all tables below a root pointer.
 *
 * rsdp, bytes  a copy of it; NULL or bad: acpi_rsdp_search() is tried
 * info         filled; info->problem tells when there was nothing to read
 */
void acpi_parse(const struct acpi_reader *reader, const uint8_t *rsdp,
                size_t bytes, struct acpi_info *info);

/*
 * acpi_s5_parse - find the package that \_S5 names in bytes of AML.
 *
 * type_a, type_b  set when found
 */
bool acpi_s5_parse(const uint8_t *aml, size_t bytes, uint8_t *type_a,
                   uint8_t *type_b);

#endif
