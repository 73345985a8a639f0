#include "x86/tsc.h"

#include <stddef.h>

#include "x86/acpi_memory.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/log.h"
#include "x86/paging.h"

#define HZ_UNKNOWN         1000000000ull
#define HZ_LEAST           1000000ull
#define HZ_MOST            100000000000ull

#define MEASURE_PER_SECOND 40u          /* measure for 1/40 s */
#define MEASURE_BUDGET     (1ull << 29) /* TSC ticks; 25 ms up to 21 GHz */
#define MEASURE_READS      4000000u     /* should even the TSC stand still */
#define SAMPLES            7u

#define LEAF_HYPERVISOR    0x40000000u
#define LEAF_FREQUENCIES   0x40000010u
#define LEAF_CRYSTAL       0x15u
#define LEAF_MEGAHERTZ     0x16u

#define HPET_PERIOD        0x04u /* femtoseconds a tick */
#define HPET_PERIOD_MOST   100000000u
#define HPET_CONFIG        0x10u
#define HPET_ON            1u
#define HPET_COUNTER       0xf0u
#define HPET_BYTES         0x400u

#define PM_TIMER_HZ        3579545u

#define PIT_HZ             1193182u
#define PIT_CHANNEL_2      0x42u
#define PIT_COMMAND        0x43u
#define PIT_COUNT_DOWN     0xb0u /* channel 2, both bytes, mode 0 */
#define PIT_LATCH          0x80u /* channel 2 */
#define PIT_GATE           0x61u
#define PIT_GATE_ON        0x01u
#define PIT_SPEAKER        0x02u

/* A clock of known speed that counts up. */
struct reference {
    uint64_t hz;
    uint32_t mask; /* the bits that it has */
    uint32_t (*read)(const struct reference *reference);
    volatile uint8_t *memory; /* its registers, or NULL */
    uint16_t port;
};

/* The reference and the TSC at one moment. */
struct sample {
    uint64_t tsc;
    uint32_t count;
};

static struct {
    uint64_t hz;
    uint64_t start; /* at system time 0 */
    struct clock_scale to_ns;
    struct clock_scale from_ns;
} tsc = {
    .hz = HZ_UNKNOWN,
    .to_ns = {0x80000000u, 1},
    .from_ns = {0x80000000u, 1},
};

uint64_t tsc_read(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/* Read both clocks several times; keep the pair with the least delay. */
static struct sample sample_take(const struct reference *reference)
{
    struct sample best = {0, 0};
    uint64_t best_delay = UINT64_MAX;

    for (unsigned int i = 0; i < SAMPLES; i++) {
        uint64_t before = tsc_read();
        uint32_t count = reference->read(reference);
        uint64_t delay = tsc_read() - before;

        if (delay < best_delay) {
            best_delay = delay;
            best.tsc = before + delay / 2;
            best.count = count;
        }
    }
    return best;
}

/* The TSC's frequency by a reference clock, 0 if that does not count. */
static uint64_t measure(const struct reference *reference)
{
    uint32_t wanted = (uint32_t)(reference->hz / MEASURE_PER_SECOND);
    struct sample start = sample_take(reference);
    struct sample end;

    for (uint32_t reads = 0;; reads++) {
        uint32_t count = reference->read(reference);

        if (((count - start.count) & reference->mask) >= wanted)
            break;
        if (reads > MEASURE_READS || tsc_read() - start.tsc > MEASURE_BUDGET)
            return 0;
    }
    end = sample_take(reference);
    return clock_muldiv(end.tsc - start.tsc, reference->hz,
                        (end.count - start.count) & reference->mask);
}

static uint32_t memory_count(const struct reference *reference)
{
    return mmio_read32(reference->memory);
}

static uint32_t port_count(const struct reference *reference)
{
    return io_in32(reference->port);
}

static uint32_t pit_count(const struct reference *reference)
{
    uint32_t count;

    (void)reference;
    io_out8(PIT_COMMAND, PIT_LATCH);
    count = io_in8(PIT_CHANNEL_2);
    count |= (uint32_t)io_in8(PIT_CHANNEL_2) << 8;
    return 0u - count; /* it counts down */
}

static uint64_t hz_hypervisor(void)
{
    if (!(cpu_id(1, 0).ecx & 1u << 31) ||
        cpu_id(LEAF_HYPERVISOR, 0).eax < LEAF_FREQUENCIES ||
        cpu_id(LEAF_HYPERVISOR, 0).eax > LEAF_HYPERVISOR + 0xffff)
        return 0;
    return cpu_id(LEAF_FREQUENCIES, 0).eax * 1000ull;
}

/* SDM 2A, CPUID 15h: TSC = crystal * ebx / eax. */
static uint64_t hz_crystal(void)
{
    struct cpuid leaf;

    if (cpu_id(0, 0).eax < LEAF_CRYSTAL)
        return 0;
    leaf = cpu_id(LEAF_CRYSTAL, 0);
    if (leaf.eax == 0 || leaf.ebx == 0 || leaf.ecx == 0)
        return 0;
    return clock_muldiv(leaf.ecx, leaf.ebx, leaf.eax);
}

static uint64_t hz_hpet(void)
{
    uint64_t address = acpi_info_get()->hpet;
    struct reference reference = {
        .mask = UINT32_MAX,
        .read = memory_count,
    };
    volatile uint8_t *memory;
    uint64_t hz = 0;
    uint32_t period;

    if (address == 0)
        return 0;
    memory = paging_map_device(address, HPET_BYTES, CACHE_UC);
    if (!memory)
        return 0;
    period = mmio_read32(memory + HPET_PERIOD);
    if (period > 0 && period <= HPET_PERIOD_MOST) {
        uint32_t config = mmio_read32(memory + HPET_CONFIG);

        mmio_write32(memory + HPET_CONFIG, config | HPET_ON);
        reference.hz = 1000000000000000ull / period;
        reference.memory = memory + HPET_COUNTER;
        hz = measure(&reference);
    }
    paging_unmap_device((const void *)memory, HPET_BYTES);
    return hz;
}

static uint64_t hz_pm_timer(void)
{
    const struct acpi_info *acpi = acpi_info_get();
    struct reference reference = {
        .hz = PM_TIMER_HZ,
        .mask = acpi->pm_timer_mask,
        .read = port_count,
        .port = (uint16_t)acpi->pm_timer.address,
    };
    void *memory;
    uint64_t hz;

    if (acpi->pm_timer.space == ACPI_SPACE_PORT)
        return measure(&reference);
    if (acpi->pm_timer.space != ACPI_SPACE_MEMORY)
        return 0;
    memory = paging_map_device(acpi->pm_timer.address, 4, CACHE_UC);
    if (!memory)
        return 0;
    reference.memory = memory;
    reference.read = memory_count;
    hz = measure(&reference);
    paging_unmap_device(memory, 4);
    return hz;
}

static uint64_t hz_pit(void)
{
    const struct reference reference = {
        .hz = PIT_HZ,
        .mask = 0xffff,
        .read = pit_count,
    };
    uint8_t gate = io_in8(PIT_GATE);
    uint64_t hz;

    io_out8(PIT_GATE, (uint8_t)((gate & ~PIT_SPEAKER) | PIT_GATE_ON));
    io_out8(PIT_COMMAND, PIT_COUNT_DOWN);
    io_out8(PIT_CHANNEL_2, 0xff);
    io_out8(PIT_CHANNEL_2, 0xff);
    hz = measure(&reference);
    io_out8(PIT_GATE, gate);
    return hz;
}

static uint64_t hz_megahertz(void)
{
    if (cpu_id(0, 0).eax < LEAF_MEGAHERTZ)
        return 0;
    return (cpu_id(LEAF_MEGAHERTZ, 0).eax & 0xffff) * 1000000ull;
}

static const struct {
    const char *name;
    uint64_t (*hz)(void);
} sources[] = {
    {"by the hypervisor's word", hz_hypervisor},
    {"by CPUID leaf 15h", hz_crystal},
    {"measured with the HPET", hz_hpet},
    {"measured with the ACPI timer", hz_pm_timer},
    {"measured with the PIT", hz_pit},
    {"by CPUID leaf 16h", hz_megahertz},
};

void tsc_init(void)
{
    const char *name = NULL;
    uint64_t hz = 0;

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        hz = sources[i].hz();
        if (hz >= HZ_LEAST && hz <= HZ_MOST) {
            name = sources[i].name;
            break;
        }
    }
    tsc.hz = name ? hz : HZ_UNKNOWN;
    tsc.to_ns = clock_scale_make(tsc.hz, NANOSECONDS);
    tsc.from_ns = clock_scale_make(NANOSECONDS, tsc.hz);
    tsc.start = tsc_read();
    if (name)
        log_printf(LOG_INFO, "TSC: %llu.%03llu MHz, %s",
                   (unsigned long long)(tsc.hz / 1000000),
                   (unsigned long long)(tsc.hz / 1000 % 1000), name);
    else
        log_printf(LOG_WARNING, "TSC: no clock to measure it with; "
                                "1000 MHz assumed, so times are wrong");
}

uint64_t tsc_hz(void)
{
    return tsc.hz;
}

struct clock_scale tsc_scale(void)
{
    return tsc.to_ns;
}

uint64_t tsc_start(void)
{
    return tsc.start;
}

uint64_t tsc_to_ns(uint64_t ticks)
{
    return ticks > tsc.start ? clock_scale_apply(tsc.to_ns, ticks - tsc.start)
                             : 0;
}

uint64_t tsc_from_ns(uint64_t ns)
{
    uint64_t ticks;

    if (ns >= UINT64_MAX / 256) /* two years and more */
        return UINT64_MAX;
    ticks = tsc.start + clock_scale_apply(tsc.from_ns, ns);
    /* Both scales round down: go up to the tick where the time is reached. */
    while (tsc_to_ns(ticks) < ns)
        ticks += clock_scale_apply(tsc.from_ns, ns - tsc_to_ns(ticks)) + 1;
    return ticks;
}

uint64_t tsc_now_ns(void)
{
    return tsc_to_ns(tsc_read());
}

void tsc_wait_ns(uint64_t ns)
{
    uint64_t begin = tsc_read();
    uint64_t ticks = clock_scale_apply(tsc.from_ns, ns);

    while (tsc_read() - begin < ticks)
        __asm__ volatile("pause");
}
