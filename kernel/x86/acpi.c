#include "x86/acpi.h"

#include "lib/string.h"

/* Offsets and bits below: ACPI specification 6.5, chapter 5.2. */
#define RSDP_V1_BYTES     20u
#define RSDP_V2_BYTES     36u
#define RSDP_REVISION     15u
#define RSDP_RSDT         16u
#define RSDP_XSDT         24u

#define HEADER_BYTES      36u
#define HEADER_LENGTH     4u
#define HEADER_REVISION   8u
#define TABLE_BYTES_MAX   (4u << 20) /* a longer one is garbage */
#define ROOT_ENTRIES_MAX  256u

#define MADT_ENTRIES      44u
#define MADT_PCAT_COMPAT  1u
#define MADT_LOCAL_APIC   0u /* entry types */
#define MADT_APIC_ADDRESS 5u
#define MADT_LOCAL_X2APIC 9u
#define MADT_ENTRY_BYTES  16u /* the most we look at */

#define FADT_BYTES        256u /* the most we look at */
#define FADT_DSDT         40u
#define FADT_SMI_COMMAND  48u
#define FADT_ACPI_ENABLE  52u
#define FADT_PM1A         64u
#define FADT_PM1B         68u
#define FADT_PM_TIMER     76u
#define FADT_BOOT_FLAGS   109u
#define FADT_FLAGS        112u
#define FADT_RESET        116u
#define FADT_RESET_VALUE  128u
#define FADT_X_DSDT       140u
#define FADT_X_PM1A       172u
#define FADT_X_PM1B       184u
#define FADT_X_PM_TIMER   208u
#define FADT_SLEEP        244u
#define BOOT_FLAG_8042    (1u << 1)
#define FLAG_TIMER_32     (1u << 8)
#define FLAG_RESET        (1u << 10)

#define HPET_REGISTER     40u

#define EBDA_SEGMENT      0x40eu
#define EBDA_LOWEST       0x400u
#define EBDA_HIGHEST      0x9fc00u
#define BIOS_START        0xe0000u
#define BIOS_END          0x100000u

#define AML_NAME          0x08u
#define AML_ROOT          0x5cu /* '\' */
#define AML_PACKAGE       0x12u
#define AML_ONE           0x01u
#define AML_BYTE          0x0au
#define AML_WORD          0x0bu
#define AML_DWORD         0x0cu
#define SLEEP_TYPE_MAX    7u /* three bits */

#define CHUNK_BYTES       512u
#define CHUNK_OVERLAP     32u /* longer than a package \_S5 */

/* A table whose length and checksum are good. */
struct table {
    uint64_t address;
    uint32_t bytes;
    uint8_t revision;
    char signature[4];
};

static uint64_t get(const uint8_t *at, unsigned int bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | at[bytes];
    return value;
}

static uint8_t sum(const uint8_t *at, size_t bytes)
{
    uint8_t total = 0;

    while (bytes-- > 0)
        total = (uint8_t)(total + *at++);
    return total;
}

static bool read(const struct acpi_reader *reader, uint64_t address, void *out,
                 size_t bytes)
{
    if (address == 0 || address > UINT64_MAX - bytes)
        return false;
    return reader->read(reader->context, address, out, bytes);
}

void acpi_info_clear(struct acpi_info *info)
{
    memset(info, 0, sizeof(*info));
    info->problem = "not looked for";
    info->has_8259 = true;
    info->has_8042 = true;
    info->pm_timer.space = ACPI_SPACE_NONE;
    info->pm1a_control.space = ACPI_SPACE_NONE;
    info->pm1b_control.space = ACPI_SPACE_NONE;
    info->reset.space = ACPI_SPACE_NONE;
    info->sleep_control.space = ACPI_SPACE_NONE;
}

bool acpi_rsdp_ok(const uint8_t *rsdp, size_t bytes)
{
    return bytes >= RSDP_V1_BYTES && memcmp(rsdp, "RSD PTR ", 8) == 0 &&
           sum(rsdp, RSDP_V1_BYTES) == 0;
}

/* Whether the second part, with the address of the XSDT, is there too. */
static bool rsdp_v2_ok(const uint8_t *rsdp, size_t bytes)
{
    return bytes >= RSDP_V2_BYTES && rsdp[RSDP_REVISION] >= 2 &&
           sum(rsdp, RSDP_V2_BYTES) == 0;
}

static bool search(const struct acpi_reader *reader, uint32_t from, uint32_t to,
                   uint8_t *rsdp)
{
    for (; from < to; from += 16) {
        if (!read(reader, from, rsdp, RSDP_V1_BYTES) ||
            !acpi_rsdp_ok(rsdp, RSDP_V1_BYTES))
            continue;
        if (rsdp[RSDP_REVISION] < 2 || !read(reader, from, rsdp, RSDP_V2_BYTES))
            memset(rsdp + RSDP_V1_BYTES, 0, RSDP_V2_BYTES - RSDP_V1_BYTES);
        return true;
    }
    return false;
}

bool acpi_rsdp_search(const struct acpi_reader *reader, uint8_t *rsdp)
{
    uint8_t segment[2];

    if (read(reader, EBDA_SEGMENT, segment, 2)) {
        uint32_t start = (uint32_t)get(segment, 2) << 4;

        if (start >= EBDA_LOWEST && start <= EBDA_HIGHEST &&
            search(reader, start, start + 1024, rsdp))
            return true;
    }
    return search(reader, BIOS_START, BIOS_END, rsdp);
}

/* Read a table's header and check all of it. */
static bool table_open(const struct acpi_reader *reader, uint64_t address,
                       struct table *table)
{
    uint8_t chunk[CHUNK_BYTES];
    uint8_t total = 0;

    if (!read(reader, address, chunk, HEADER_BYTES))
        return false;
    table->address = address;
    table->bytes = (uint32_t)get(chunk + HEADER_LENGTH, 4);
    table->revision = chunk[HEADER_REVISION];
    memcpy(table->signature, chunk, 4);
    if (table->bytes < HEADER_BYTES || table->bytes > TABLE_BYTES_MAX)
        return false;
    for (uint32_t at = 0; at < table->bytes; at += CHUNK_BYTES) {
        uint32_t bytes = table->bytes - at;

        if (bytes > CHUNK_BYTES)
            bytes = CHUNK_BYTES;
        if (!read(reader, address + at, chunk, bytes))
            return false;
        total = (uint8_t)(total + sum(chunk, bytes));
    }
    return total == 0;
}

static bool signature_is(const struct table *table, const char *signature)
{
    return memcmp(table->signature, signature, 4) == 0;
}

/* One integer of AML; returns its bytes, 0 if it is none or too large. */
static size_t aml_integer(const uint8_t *aml, size_t bytes, uint8_t *value)
{
    size_t more;

    if (bytes == 0)
        return 0;
    switch (aml[0]) {
    case 0: /* ZeroOp */
    case AML_ONE: *value = aml[0]; return 1;
    case AML_BYTE: more = 1; break;
    case AML_WORD: more = 2; break;
    case AML_DWORD: more = 4; break;
    default: return 0;
    }
    if (bytes < 1 + more || get(aml + 1, (unsigned int)more) > SLEEP_TYPE_MAX)
        return 0;
    *value = aml[1];
    return 1 + more;
}

/* The package that follows the name: 12, length, elements, a, b, ... */
static bool s5_package(const uint8_t *aml, size_t bytes, uint8_t *type_a,
                       uint8_t *type_b)
{
    uint8_t a = 0;
    uint8_t b = 0;
    uint8_t elements;
    size_t at, used;

    if (bytes < 4 || aml[0] != AML_PACKAGE)
        return false;
    at = 2u + (aml[1] >> 6); /* the length has 1..4 bytes */
    if (at >= bytes)
        return false;
    elements = aml[at++];
    if (elements == 0)
        return false;
    used = aml_integer(aml + at, bytes - at, &a);
    if (used == 0)
        return false;
    at += used;
    if (elements > 1 && aml_integer(aml + at, bytes - at, &b) == 0)
        return false;
    *type_a = a;
    *type_b = b;
    return true;
}

bool acpi_s5_parse(const uint8_t *aml, size_t bytes, uint8_t *type_a,
                   uint8_t *type_b)
{
    for (size_t at = 1; at + 4 < bytes; at++) {
        if (memcmp(aml + at, "_S5_", 4) != 0)
            continue;
        if (aml[at - 1] != AML_NAME &&
            !(at >= 2 && aml[at - 1] == AML_ROOT && aml[at - 2] == AML_NAME))
            continue;
        if (s5_package(aml + at + 4, bytes - at - 4, type_a, type_b))
            return true;
    }
    return false;
}

/* Look for \_S5 in a DSDT or SSDT, piece by piece. */
static void aml_scan(const struct acpi_reader *reader,
                     const struct table *table, struct acpi_info *info)
{
    uint8_t chunk[CHUNK_BYTES];

    for (uint32_t at = HEADER_BYTES; at < table->bytes && !info->s5_found;
         at += CHUNK_BYTES - CHUNK_OVERLAP) {
        uint32_t bytes = table->bytes - at;

        if (bytes > CHUNK_BYTES)
            bytes = CHUNK_BYTES;
        if (!read(reader, table->address + at, chunk, bytes))
            return;
        info->s5_found =
            acpi_s5_parse(chunk, bytes, &info->s5_type_a, &info->s5_type_b);
    }
}

/* One entry of the MADT. */
static void madt_entry(const uint8_t *entry, uint32_t bytes,
                       struct acpi_info *info)
{
    if (entry[0] == MADT_LOCAL_APIC && bytes >= 8)
        info->cpus += entry[4] & 1u;
    else if (entry[0] == MADT_LOCAL_X2APIC && bytes >= 16)
        info->cpus += entry[8] & 1u;
    else if (entry[0] == MADT_APIC_ADDRESS && bytes >= 12)
        info->local_apic = get(entry + 4, 8);
}

static void madt_read(const struct acpi_reader *reader,
                      const struct table *table, struct acpi_info *info)
{
    uint8_t fixed[MADT_ENTRIES];
    uint32_t at = MADT_ENTRIES;

    if (info->madt_found || table->bytes < MADT_ENTRIES ||
        !read(reader, table->address, fixed, MADT_ENTRIES))
        return;
    info->madt_found = true;
    info->local_apic = get(fixed + HEADER_BYTES, 4);
    info->has_8259 = (fixed[HEADER_BYTES + 4] & MADT_PCAT_COMPAT) != 0;
    while (table->bytes - at >= 2) {
        uint8_t entry[MADT_ENTRY_BYTES] = {0};
        uint32_t bytes = table->bytes - at;

        if (!read(reader, table->address + at, entry, 2) || entry[1] < 2 ||
            entry[1] > bytes)
            return;
        bytes = entry[1];
        if (!read(reader, table->address + at, entry,
                  bytes < MADT_ENTRY_BYTES ? bytes : MADT_ENTRY_BYTES))
            return;
        madt_entry(entry, bytes, info);
        at += bytes;
    }
}

/* A generic address structure, if it names memory or a port. */
static struct acpi_register address_get(const uint8_t *at)
{
    struct acpi_register reg = {ACPI_SPACE_NONE, 0};
    uint64_t address = get(at + 4, 8);

    if (address == 0 || (at[0] == ACPI_SPACE_PORT && address > 0xffff))
        return reg;
    if (at[0] <= ACPI_SPACE_PCI) {
        reg.space = at[0];
        reg.address = address;
    }
    return reg;
}

/* A register that old tables give as a port, new ones as either. */
static struct acpi_register fadt_register(const uint8_t *fadt, unsigned int old,
                                          unsigned int new)
{
    struct acpi_register reg = address_get(fadt + new);
    uint64_t port = get(fadt + old, 4);

    if (reg.space == ACPI_SPACE_PCI)
        reg.space = ACPI_SPACE_NONE;
    if (reg.space == ACPI_SPACE_NONE && port != 0 && port <= 0xffff) {
        reg.space = ACPI_SPACE_PORT;
        reg.address = port;
    }
    return reg;
}

static void dsdt_read(const struct acpi_reader *reader, const uint8_t *fadt,
                      struct acpi_info *info)
{
    uint64_t address = get(fadt + FADT_X_DSDT, 8);
    struct table dsdt;

    if (address == 0)
        address = get(fadt + FADT_DSDT, 4);
    if (address == 0)
        return;
    if (!table_open(reader, address, &dsdt) || !signature_is(&dsdt, "DSDT")) {
        info->bad_tables++;
        return;
    }
    info->tables++;
    aml_scan(reader, &dsdt, info);
}

static void fadt_read(const struct acpi_reader *reader,
                      const struct table *table, struct acpi_info *info)
{
    uint8_t fadt[FADT_BYTES] = {0}; /* what is missing reads as 0 */
    uint32_t flags;

    if (info->fadt_found ||
        !read(reader, table->address, fadt,
              table->bytes < FADT_BYTES ? table->bytes : FADT_BYTES))
        return;
    info->fadt_found = true;
    flags = (uint32_t)get(fadt + FADT_FLAGS, 4);
    /* Before revision 3 the bit had no meaning yet. */
    info->has_8042 = table->revision < 3 ||
                     (get(fadt + FADT_BOOT_FLAGS, 2) & BOOT_FLAG_8042);
    info->smi_command = (uint32_t)get(fadt + FADT_SMI_COMMAND, 4);
    if (info->smi_command > 0xffff)
        info->smi_command = 0;
    info->acpi_enable = fadt[FADT_ACPI_ENABLE];
    info->pm_timer = fadt_register(fadt, FADT_PM_TIMER, FADT_X_PM_TIMER);
    info->pm_timer_mask = flags & FLAG_TIMER_32 ? UINT32_MAX : 0xffffff;
    info->pm1a_control = fadt_register(fadt, FADT_PM1A, FADT_X_PM1A);
    info->pm1b_control = fadt_register(fadt, FADT_PM1B, FADT_X_PM1B);
    if (flags & FLAG_RESET) {
        info->reset = address_get(fadt + FADT_RESET);
        info->reset_value = fadt[FADT_RESET_VALUE];
    }
    info->sleep_control = address_get(fadt + FADT_SLEEP);
    dsdt_read(reader, fadt, info);
}

static void hpet_read(const struct acpi_reader *reader,
                      const struct table *table, struct acpi_info *info)
{
    uint8_t hpet[12];
    struct acpi_register reg;

    if (table->bytes < HPET_REGISTER + sizeof(hpet) ||
        !read(reader, table->address + HPET_REGISTER, hpet, sizeof(hpet)))
        return;
    reg = address_get(hpet);
    if (info->hpet == 0 && reg.space == ACPI_SPACE_MEMORY)
        info->hpet = reg.address;
}

static void table_read(const struct acpi_reader *reader, uint64_t address,
                       struct acpi_info *info)
{
    struct table table;

    if (!table_open(reader, address, &table)) {
        info->bad_tables++;
        return;
    }
    info->tables++;
    if (signature_is(&table, "APIC"))
        madt_read(reader, &table, info);
    else if (signature_is(&table, "FACP"))
        fadt_read(reader, &table, info);
    else if (signature_is(&table, "HPET"))
        hpet_read(reader, &table, info);
    else if (signature_is(&table, "SSDT"))
        aml_scan(reader, &table, info);
}

/* Open the table that lists the others; returns the bytes of an entry. */
static uint32_t root_open(const struct acpi_reader *reader, const uint8_t *rsdp,
                          size_t bytes, struct table *root)
{
    if (rsdp_v2_ok(rsdp, bytes) &&
        table_open(reader, get(rsdp + RSDP_XSDT, 8), root) &&
        signature_is(root, "XSDT"))
        return 8;
    if (table_open(reader, get(rsdp + RSDP_RSDT, 4), root) &&
        signature_is(root, "RSDT"))
        return 4;
    return 0;
}

void acpi_parse(const struct acpi_reader *reader, const uint8_t *rsdp,
                size_t bytes, struct acpi_info *info)
{
    uint8_t found[RSDP_V2_BYTES];
    uint32_t entry_bytes, entries;
    struct table root;

    acpi_info_clear(info);
    if (!rsdp || !acpi_rsdp_ok(rsdp, bytes)) {
        info->problem = "no root pointer";
        if (!acpi_rsdp_search(reader, found))
            return;
        rsdp = found;
        bytes = sizeof(found);
    }
    info->problem = "no good root table";
    entry_bytes = root_open(reader, rsdp, bytes, &root);
    if (entry_bytes == 0)
        return;
    info->problem = NULL;
    entries = (root.bytes - HEADER_BYTES) / entry_bytes;
    if (entries > ROOT_ENTRIES_MAX)
        entries = ROOT_ENTRIES_MAX;
    for (uint32_t i = 0; i < entries; i++) {
        uint8_t entry[8];

        if (read(reader, root.address + HEADER_BYTES + i * entry_bytes, entry,
                 entry_bytes))
            table_read(reader, get(entry, entry_bytes), info);
    }
}
