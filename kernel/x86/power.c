#include "x86/power.h"

#include <stddef.h>

#include "x86/acpi_memory.h"
#include "x86/console.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/log.h"
#include "x86/paging.h"
#include "x86/tsc.h"

#define EXIT_PORT        0xf4u
#define RESET_PORT       0xcf9u
#define RESET_BITS       0x06u
#define RESET_PREPARE    0x02u /* the whole system, not yet */
#define RESET_NOW        0x06u
#define KEYBOARD_STATUS  0x64u
#define KEYBOARD_COMMAND 0x64u
#define KEYBOARD_BUSY    0x02u
#define KEYBOARD_RESET   0xfeu
#define STATUS_ABSENT    0xffu
#define PCI_ADDRESS      0xcf8u
#define PCI_DATA         0xcfcu
#define PCI_ENABLE       0x80000000u

#define PM1_SCI_ENABLE   0x0001u /* ACPI mode is on */
#define PM1_SLEEP_TYPE   0x1c00u
#define PM1_TYPE_SHIFT   10u
#define PM1_SLEEP        0x2000u

#define SLEEP_TYPE_SHIFT 2u /* in the sleep control register */
#define SLEEP_ENABLE     0x20u

#define KEYBOARD_WAIT_NS 100000000u
#define ENABLE_WAIT_NS   1000000000u
#define EFFECT_WAIT_NS   200000000u

static bool exit_by_port;

bool power_set_exit(bool on)
{
    exit_by_port = on && (cpu_id(1, 0).ecx & 1u << 31);
    return exit_by_port;
}

void power_halt(void)
{
    __asm__ volatile("cli");
    console_last();
    cpu_halt();
}

void power_exit(uint8_t code)
{
    if (exit_by_port)
        io_out8(EXIT_PORT, code);
    power_halt();
}

/* The 16-bit registers of power management, wherever they are. */
static uint16_t pm1_read(const struct acpi_register *reg)
{
    const volatile uint16_t *memory;

    if (reg->space == ACPI_SPACE_PORT)
        return io_in16((uint16_t)reg->address);
    memory = paging_map_device(reg->address, 2, CACHE_UC);
    return memory ? *memory : 0;
}

static void pm1_write(const struct acpi_register *reg, unsigned int value)
{
    volatile uint16_t *memory;

    if (reg->space == ACPI_SPACE_PORT) {
        io_out16((uint16_t)reg->address, (uint16_t)value);
        return;
    }
    memory = paging_map_device(reg->address, 2, CACHE_UC);
    if (memory)
        *memory = (uint16_t)value;
}

static void pm1_sleep(const struct acpi_register *reg, unsigned int type)
{
    unsigned int value;

    if (reg->space == ACPI_SPACE_NONE)
        return;
    value = pm1_read(reg) & ~(PM1_SLEEP_TYPE | PM1_SLEEP);
    value |= type << PM1_TYPE_SHIFT;
    pm1_write(reg, value);
    pm1_write(reg, value | PM1_SLEEP);
}

static void byte_write(const struct acpi_register *reg, uint8_t value)
{
    volatile uint8_t *memory;

    if (reg->space == ACPI_SPACE_PORT) {
        io_out8((uint16_t)reg->address, value);
        return;
    }
    memory = paging_map_device(reg->address, 1, CACHE_UC);
    if (memory)
        *memory = value;
}

/* Take power management over from the firmware, which may take a while. */
static void acpi_mode_enter(const struct acpi_info *acpi)
{
    uint64_t begin = tsc_now_ns();

    if (acpi->smi_command == 0 || acpi->acpi_enable == 0)
        return;
    if (pm1_read(&acpi->pm1a_control) & PM1_SCI_ENABLE)
        return;
    io_out8((uint16_t)acpi->smi_command, acpi->acpi_enable);
    while (!(pm1_read(&acpi->pm1a_control) & PM1_SCI_ENABLE)) {
        if (tsc_now_ns() - begin > ENABLE_WAIT_NS)
            return;
    }
}

void power_off(void)
{
    const struct acpi_info *acpi = acpi_info_get();

    __asm__ volatile("cli");
    console_flush();
    if (acpi->s5_found && acpi->pm1a_control.space != ACPI_SPACE_NONE) {
        acpi_mode_enter(acpi);
        pm1_sleep(&acpi->pm1a_control, acpi->s5_type_a);
        pm1_sleep(&acpi->pm1b_control, acpi->s5_type_b);
        tsc_wait_ns(EFFECT_WAIT_NS);
    } else if (acpi->s5_found && acpi->sleep_control.space <= ACPI_SPACE_PORT) {
        byte_write(
            &acpi->sleep_control,
            (uint8_t)(acpi->s5_type_a << SLEEP_TYPE_SHIFT | SLEEP_ENABLE));
        tsc_wait_ns(EFFECT_WAIT_NS);
    }
    log_printf(LOG_INFO, "halted; the machine can be switched off");
    power_halt();
}

/* The register address of PCI space: device, function, offset on bus 0. */
static void pci_write8(uint64_t address, uint8_t value)
{
    uint32_t device = (uint32_t)(address >> 32) & 0x1f;
    uint32_t function = (uint32_t)(address >> 16) & 0x7;
    uint32_t offset = (uint32_t)address & 0xff;

    io_out32(PCI_ADDRESS,
             PCI_ENABLE | device << 11 | function << 8 | (offset & ~3u));
    io_out8((uint16_t)(PCI_DATA + (offset & 3)), value);
}

static void reset_by_acpi(const struct acpi_info *acpi)
{
    const struct acpi_register *reg = &acpi->reset;

    if (reg->space == ACPI_SPACE_NONE)
        return;
    if (reg->space == ACPI_SPACE_PCI)
        pci_write8(reg->address, acpi->reset_value);
    else
        byte_write(reg, acpi->reset_value);
    tsc_wait_ns(EFFECT_WAIT_NS);
}

static void reset_by_port(void)
{
    uint8_t value = io_in8(RESET_PORT) & (uint8_t)~RESET_BITS;

    io_out8(RESET_PORT, value | RESET_PREPARE);
    tsc_wait_ns(EFFECT_WAIT_NS / 1000);
    io_out8(RESET_PORT, value | RESET_NOW);
    tsc_wait_ns(EFFECT_WAIT_NS);
}

static void reset_by_keyboard(void)
{
    uint64_t begin = tsc_now_ns();
    uint8_t status = io_in8(KEYBOARD_STATUS);

    while (status != STATUS_ABSENT && (status & KEYBOARD_BUSY)) {
        if (tsc_now_ns() - begin > KEYBOARD_WAIT_NS)
            break;
        status = io_in8(KEYBOARD_STATUS);
    }
    if (status == STATUS_ABSENT)
        return;
    io_out8(KEYBOARD_COMMAND, KEYBOARD_RESET);
    tsc_wait_ns(EFFECT_WAIT_NS);
}

void power_reboot(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_idt = {0, 0};
    const struct acpi_info *acpi = acpi_info_get();

    __asm__ volatile("cli");
    console_flush();
    reset_by_acpi(acpi);
    reset_by_port();
    if (acpi->has_8042)
        reset_by_keyboard();
    __asm__ volatile("lidt %0; int3" ::"m"(no_idt));
    power_halt();
}
