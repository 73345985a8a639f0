#include "boot/archive.h"
#include "boot/module.h"
#include "boot/multiboot2.h"
#include "boot/pvh.h"
#include "domain/event.h"
#include "domain/life.h"
#include "inspect/inspect.h"
#include "inspect/picture.h"
#include "lib/string.h"
#include "memory.h"
#include "options.h"
#include "report.h"
#include "x86/acpi_memory.h"
#include "x86/apic.h"
#include "x86/console.h"
#include "x86/contract.h"
#include "x86/cpu.h"
#include "x86/gdt.h"
#include "x86/keyboard.h"
#include "x86/log.h"
#include "x86/pic.h"
#include "x86/power.h"
#include "x86/rtc.h"
#include "x86/stack.h"
#include "x86/trap.h"
#include "x86/tsc.h"
#include "version.h"

/* How we were started, as boot/entry.asm says it. */
enum boot_kind { BOOT_MULTIBOOT2 = 1, BOOT_PVH = 2 };

#define FOUR_GIB UINT64_C(0x100000000)
#define MIB UINT64_C(0x100000)
/* Bytes into the window: nothing is ever mapped there. */
#define WINDOW_GAP UINT64_C(0x28000)
/* No boot information is longer. */
#define MBI_BYTES MIB

void kernel_main(uint32_t kind, paddr_t paddr);

static struct boot_info info;
static struct cpu cpu;
static struct contract contract;

/* There is no way to go on: say why, and stop. */
static _Noreturn void give_up(const char *why, const char *detail)
{
    log_printf(LOG_ERROR, "cannot boot: %s%s%s", why, *detail ? ": " : "",
               detail);
    power_exit(POWER_EXIT_BROKEN);
}

/* The boot tables map the first 4 GiB where they are. */
static const void *boot_map(void *context, uint64_t paddr, uint64_t bytes)
{
    (void)context;
    if (paddr == 0 || paddr >= FOUR_GIB || bytes > FOUR_GIB - paddr)
        return NULL;
    return (const void *)(uintptr_t)paddr;
}

/* Tell the console about the screen that the boot loader left. */
static void offer_screen(void)
{
    static const enum screen_kind kinds[] = {
        [BOOT_FRAMEBUFFER_NONE] = SCREEN_NONE,
        [BOOT_FRAMEBUFFER_RGB] = SCREEN_PIXELS,
        [BOOT_FRAMEBUFFER_TEXT] = SCREEN_TEXT,
        [BOOT_FRAMEBUFFER_UNSUPPORTED] = SCREEN_OTHER,
    };
    const struct boot_framebuffer *b = &info.framebuffer;
    const struct console_screen screen = {
        .kind = kinds[b->kind],
        .paddr = b->paddr,
        .format = {.width = b->width,
                   .height = b->height,
                   .pitch = b->pitch,
                   .bits = (uint8_t)b->bpp,
                   .red_position = b->red.position,
                   .red_size = b->red.size,
                   .green_position = b->green.position,
                   .green_size = b->green.size,
                   .blue_position = b->blue.position,
                   .blue_size = b->blue.size},
        .pane_columns = options.picture ? PANE_COLUMNS : 0,
        .pane_rows = PICTURE_ROWS,
    };

    console_offer(&screen);
}

static void read_boot_info(uint32_t kind, paddr_t paddr)
{
    const struct pvh_reader reader = {boot_map, NULL};
    const void *mbi = boot_map(NULL, paddr, MBI_BYTES);
    int rc;

    boot_info_clear(&info, BOOT_PROTOCOL_NONE);
    if (kind == BOOT_PVH) {
        rc = pvh_parse(&reader, paddr, &info);
        if (rc == 0)
            rc = boot_info_expand_cpio(&info, &reader);
    } else if (mbi) {
        rc = multiboot2_parse(mbi, MBI_BYTES, &info);
    } else {
        rc = boot_info_fail(&info, "the loader's information is out of reach");
    }
    options_read(info.command_line);
    if (options.baud != DEFAULT_BAUD)
        console_early_init((uint32_t)options.baud);
    console_select(options.console);
    log_set_level(options.level);
    options.exit_qemu = power_set_exit(options.exit_qemu);
    report_set(options.refusals);
    offer_screen();
    if (rc != 0)
        give_up(info.problem, info.problem_detail);
}

static void print_warnings(void)
{
    uint32_t bit;

    for (bit = 0; bit < BOOT_WARNINGS; bit++)
        if (info.warnings & (1u << bit))
            log_printf(LOG_WARNING, "boot: %s", boot_warning_text(bit));
}

/* The firmware's memory map, as it said it. */
static void print_map(void)
{
    static const char *const kinds[] = {
        [BOOT_RANGE_RAM] = "RAM",
        [BOOT_RANGE_RESERVED] = "reserved",
        [BOOT_RANGE_ACPI_RECLAIM] = "ACPI tables",
        [BOOT_RANGE_ACPI_NVS] = "ACPI NVS",
        [BOOT_RANGE_BAD] = "bad",
    };
    uint32_t i;

    for (i = 0; i < info.range_count; i++)
        log_printf(LOG_DEBUG, "map: %013llx-%013llx %s",
                   (unsigned long long)info.ranges[i].start,
                   (unsigned long long)info.ranges[i].end,
                   kinds[info.ranges[i].kind]);
}

static void print_memory(void)
{
    struct memory_sizes s = memory_sizes();

    log_printf(LOG_INFO,
               "memory: %llu MiB of RAM found, %llu MiB for domains in %llu "
               "superpages of 2 MiB",
               (unsigned long long)(s.ram / MIB),
               (unsigned long long)(s.extents / MIB),
               (unsigned long long)(s.extents / (2 * MIB)));
}

static void contract_line(void *cookie, const char *text)
{
    (void)cookie;
    log_printf(LOG_INFO, "cpu: %s", text);
}

/* Decide what this CPU needs, and say so. */
static void keep_contract(void)
{
    const struct contract_options wishes = {
        .l1tf = options.l1tf == 1, .multihit = options.nx_superpages == 1};

    contract_decide(&contract, &cpu, &wishes);
    log_printf(LOG_INFO, "cpu: %s, %u-bit physical addresses",
               cpu.brand[0] ? cpu.brand : cpu.vendor_text, cpu.physical_bits);
    contract_print(&contract, contract_line, NULL);
    cpu_set_verw(contract.verw);
    machine.limits.reserved =
        ENTRY_ADDRESS & ~((UINT64_C(1) << cpu.physical_bits) - 1);
    machine.limits.l1tf = contract.l1tf;
    machine.limits.l1tf_safe = contract.l1tf_safe / PAGE_BYTES;
    machine.limits.design = (uint8_t)options.superpage;
    machine.limits.strict = options.ro == 1;
    machine.limits.gigabytes = cpu.gigabyte_pages;
    machine.limits.nx = contract.multihit;
    log_printf(LOG_INFO, "superpages: %s%s%s", options_design(),
               options.ro == 1 ? ", read-only views count" : "",
               contract.multihit ? ", never executable" : "");
}

/* Our own tables, stacks and traps instead of the loader's. */
static void take_over(void)
{
    const struct cpu_options wishes = {
        .smep = options.smep, .smap = options.smap, .umip = options.umip};
    uint64_t now;
    const char *problem = memory_init(&info, &cpu, options.memory);

    if (problem)
        give_up(problem, "");
    if (stack_init() != 0)
        give_up("no memory for the kernel's stacks", "");
    gdt_init();
    trap_init();
    cpu_init(&cpu, &wishes);
    console_init();
    acpi_init(info.rsdp.copy, info.rsdp.copy_bytes);
    pic_init();
    tsc_init();
    now = rtc_read();
    time_set_wall_clock(now - (now ? tsc_now_ns() / NANOSECONDS : 0));
    problem = apic_init();
    if (problem)
        give_up(problem, "");
}

/* selftest=panic: a fault of the kernel's own, to see what it prints. */
static void provoke_panic(void)
{
    volatile uint64_t *nowhere = (volatile uint64_t *)(uintptr_t)WINDOW_BASE;

    nowhere[WINDOW_GAP / sizeof(*nowhere)] = 1;
}

void kernel_main(uint32_t kind, paddr_t paddr)
{
    uint8_t end;

    trap_init_early();
    console_early_init(0);
    log_printf(LOG_INFO, "Tally " TALLY_VERSION ": a tally of every frame");
    cpu_identify(&cpu);
    read_boot_info(kind, paddr);
    log_printf(LOG_INFO, "booted by %s: %s", info.loader,
               info.command_line[0] ? info.command_line : "(no options)");
    print_warnings();
    print_map();
    if (!cpu_use_nx(&cpu))
        give_up("the CPU has no no-execute pages (NX, XD), or they are "
                "switched off in the firmware setup",
                "");
    take_over();
    keep_contract();
    print_memory();
    if (options.selftest == 1)
        provoke_panic();
    keyboard_init(options.keyboard && acpi_info_get()->has_8042);
    inspect_init();
    end = life_of_modules(&info, &contract);
    if (options.exit_qemu)
        power_exit(end);
    inspect_stay();
}
