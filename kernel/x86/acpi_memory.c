#include "x86/acpi_memory.h"

#include "lib/string.h"
#include "x86/cpu.h"
#include "x86/log.h"
#include "x86/paging.h"

#define LEAF_ADDRESS_BITS 0x80000008u
#define ADDRESS_BITS_OLD  36u /* of a CPU that does not say */

/* One page of physical memory, mapped until another one is wanted. */
struct page_window {
    paddr_t limit; /* the CPU has no addresses from here on */
    paddr_t page;
    const uint8_t *memory; /* NULL: nothing mapped */
};

static struct acpi_info machine_acpi;
static bool parsed;

static void window_close(struct page_window *window)
{
    if (window->memory)
        paging_unmap_device(window->memory, PAGE_BYTES);
    window->memory = NULL;
}

static bool window_open(struct page_window *window, paddr_t page)
{
    if (window->memory && window->page == page)
        return true;
    window_close(window);
    window->memory = paging_map_device(page, PAGE_BYTES, CACHE_UC);
    window->page = page;
    return window->memory != NULL;
}

static bool memory_read(void *context, uint64_t address, void *out,
                        size_t bytes)
{
    struct page_window *window = context;
    uint8_t *to = out;

    if (address >= window->limit || bytes > window->limit - address)
        return false;
    while (bytes > 0) {
        size_t offset = address % PAGE_BYTES;
        size_t part = PAGE_BYTES - offset;

        if (part > bytes)
            part = bytes;
        if (!window_open(window, address - offset))
            return false;
        memcpy(to, window->memory + offset, part);
        to += part;
        address += part;
        bytes -= part;
    }
    return true;
}

static paddr_t address_limit(void)
{
    unsigned int bits = ADDRESS_BITS_OLD;

    if (cpu_id(0x80000000u, 0).eax >= LEAF_ADDRESS_BITS)
        bits = cpu_id(LEAF_ADDRESS_BITS, 0).eax & 0xff;
    if (bits < 32 || bits > 52)
        bits = ADDRESS_BITS_OLD;
    return (paddr_t)1 << bits;
}

void acpi_init(const void *rsdp, size_t bytes)
{
    struct page_window window = {.limit = address_limit()};
    const struct acpi_reader reader = {memory_read, &window};

    parsed = true;
    acpi_parse(&reader, rsdp, bytes, &machine_acpi);
    window_close(&window);
    if (machine_acpi.problem) {
        log_printf(LOG_WARNING, "ACPI: %s", machine_acpi.problem);
        return;
    }
    log_printf(
        LOG_INFO, "ACPI: %u tables, %u CPUs%s%s%s%s",
        (unsigned int)machine_acpi.tables, (unsigned int)machine_acpi.cpus,
        machine_acpi.hpet ? ", HPET" : "",
        machine_acpi.pm_timer.space != ACPI_SPACE_NONE ? ", PM timer" : "",
        machine_acpi.reset.space != ACPI_SPACE_NONE ? ", reset" : "",
        machine_acpi.s5_found ? ", power-off" : "");
    if (machine_acpi.bad_tables > 0)
        log_printf(LOG_WARNING, "ACPI: %u bad tables left out",
                   (unsigned int)machine_acpi.bad_tables);
}

const struct acpi_info *acpi_info_get(void)
{
    if (!parsed) {
        acpi_info_clear(&machine_acpi);
        parsed = true;
    }
    return &machine_acpi;
}
