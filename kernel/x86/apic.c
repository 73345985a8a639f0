#include "x86/apic.h"

#include <stddef.h>

#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/log.h"
#include "x86/msr.h"
#include "x86/paging.h"
#include "x86/tsc.h"

/* Registers by their offset in memory; x2APIC: MSR 0x800 + offset / 16
 * (SDM 3A 11.4, 11.12). */
#define APIC_ID         0x020u
#define APIC_VERSION    0x030u
#define APIC_PRIORITY   0x080u
#define APIC_EOI        0x0b0u
#define APIC_SPURIOUS   0x0f0u
#define APIC_IN_SERVICE 0x100u /* 8 registers, 16 apart */
#define APIC_ERROR      0x280u
#define LVT_CMCI        0x2f0u
#define APIC_COMMAND    0x300u
#define LVT_TIMER       0x320u
#define LVT_THERMAL     0x330u
#define LVT_PERFORMANCE 0x340u
#define LVT_LINT0       0x350u
#define LVT_LINT1       0x360u
#define LVT_ERROR       0x370u
#define TIMER_INITIAL   0x380u
#define TIMER_CURRENT   0x390u
#define TIMER_DIVIDE    0x3e0u
#define APIC_BYTES      0x400u

#define COMMAND_ASSERT  0x4000u
#define COMMAND_SELF    0x40000u
#define SPURIOUS_ENABLE 0x100u
#define LVT_MASKED      0x10000u
#define LVT_DEADLINE    0x40000u /* timer mode 2 */
#define DIVIDE_BY_1     0x0bu

#define BASE_X2APIC     0x400u
#define BASE_ENABLE     0x800u
#define BASE_ADDRESS    0x000ffffffffff000ull

#define CALIBRATE_NS    10000000u
#define CALIBRATE_READS 100000000u
#define HZ_MOST         100000000000ull

enum timer_kind { TIMER_NONE, TIMER_COUNT, TIMER_DEADLINE };

static struct {
    bool x2apic;
    volatile uint8_t *memory;
    enum timer_kind timer;
    struct clock_scale from_tsc; /* TSC ticks to timer ticks */
} apic;

static uint32_t reg_read(uint32_t reg)
{
    if (apic.x2apic)
        return (uint32_t)msr_read(MSR_X2APIC + reg / 16);
    return mmio_read32(apic.memory + reg);
}

static void reg_write(uint32_t reg, uint32_t value)
{
    if (apic.x2apic)
        msr_write(MSR_X2APIC + reg / 16, value);
    else
        mmio_write32(apic.memory + reg, value);
}

/* Find the registers, in the mode that the firmware left. */
static const char *registers_find(void)
{
    uint64_t base;

    if (!(cpu_id(1, 0).edx & 1u << 9) || !(cpu_id(1, 0).edx & 1u << 5))
        return "the CPU has no local APIC";
    base = msr_read(MSR_APIC_BASE);
    if (!(base & BASE_ENABLE)) {
        msr_write(MSR_APIC_BASE, base | BASE_ENABLE);
        base = msr_read(MSR_APIC_BASE);
    }
    if (!(base & BASE_ENABLE))
        return "the local APIC cannot be switched on";
    apic.x2apic = (base & BASE_X2APIC) != 0;
    if (apic.x2apic)
        return NULL;
    apic.memory = paging_map_device(base & BASE_ADDRESS, APIC_BYTES, CACHE_UC);
    return apic.memory ? NULL : "no memory to map the local APIC";
}

/* Every local interrupt masked, nothing in service. */
static void registers_init(void)
{
    uint32_t lvt_last = reg_read(APIC_VERSION) >> 16 & 0xff;

    reg_write(APIC_SPURIOUS, SPURIOUS_ENABLE | APIC_SPURIOUS_VECTOR);
    reg_write(APIC_PRIORITY, 0);
    reg_write(LVT_TIMER, LVT_MASKED | APIC_TIMER_VECTOR);
    reg_write(LVT_LINT0, LVT_MASKED);
    reg_write(LVT_LINT1, LVT_MASKED);
    reg_write(LVT_ERROR, LVT_MASKED | APIC_ERROR_VECTOR);
    if (lvt_last >= 4)
        reg_write(LVT_PERFORMANCE, LVT_MASKED);
    if (lvt_last >= 5)
        reg_write(LVT_THERMAL, LVT_MASKED);
    if (lvt_last >= 6)
        reg_write(LVT_CMCI, LVT_MASKED);
    reg_write(TIMER_INITIAL, 0);
    reg_write(APIC_ERROR, 0);
    for (uint32_t i = 0; i < 8; i++) {
        for (uint32_t n = 0; n < 32; n++) {
            if (reg_read(APIC_IN_SERVICE + 16 * i) == 0)
                break;
            reg_write(APIC_EOI, 0);
        }
    }
}

/* Let the timer count down for a while; its frequency, or 0. */
static uint64_t timer_measure(void)
{
    uint64_t wanted = tsc_hz() / (NANOSECONDS / CALIBRATE_NS);
    uint64_t begin, ticks;
    uint32_t left;

    reg_write(TIMER_DIVIDE, DIVIDE_BY_1);
    reg_write(TIMER_INITIAL, UINT32_MAX);
    begin = tsc_read();
    for (uint32_t reads = 0; reads < CALIBRATE_READS; reads++) {
        if (tsc_read() - begin >= wanted)
            break;
    }
    left = reg_read(TIMER_CURRENT);
    ticks = tsc_read() - begin;
    reg_write(TIMER_INITIAL, 0);
    return clock_muldiv(UINT32_MAX - left, tsc_hz(), ticks);
}

static const char *mode_name(void)
{
    return apic.x2apic ? "x2APIC" : "xAPIC";
}

const char *apic_init(void)
{
    const char *problem = registers_find();
    uint64_t hz;

    apic.timer = TIMER_NONE;
    if (problem)
        return problem;
    registers_init();
    if (cpu_id(1, 0).ecx & 1u << 24) {
        reg_write(LVT_TIMER, LVT_DEADLINE | APIC_TIMER_VECTOR);
        /* SDM 3A 11.5.4.1: the mode is set before a deadline is. */
        __asm__ volatile("mfence" ::: "memory");
        apic.timer = TIMER_DEADLINE;
        log_printf(LOG_INFO, "APIC: %s, timer by TSC deadline", mode_name());
        return NULL;
    }
    hz = timer_measure();
    if (hz < 1000 || hz > HZ_MOST)
        return "the local APIC's timer does not count";
    apic.from_tsc = clock_scale_make(tsc_hz(), hz);
    reg_write(LVT_TIMER, APIC_TIMER_VECTOR);
    apic.timer = TIMER_COUNT;
    log_printf(LOG_INFO, "APIC: %s, timer of %llu.%03llu MHz", mode_name(),
               (unsigned long long)(hz / 1000000),
               (unsigned long long)(hz / 1000 % 1000));
    return NULL;
}

void apic_timer_arm(uint64_t deadline_ns)
{
    uint64_t deadline = tsc_from_ns(deadline_ns);
    uint64_t now, count;

    if (apic.timer == TIMER_DEADLINE) {
        msr_write(MSR_TSC_DEADLINE, deadline);
    } else if (apic.timer == TIMER_COUNT) {
        now = tsc_read();
        count = deadline > now
                    ? clock_scale_apply(apic.from_tsc, deadline - now)
                    : 0;
        if (count >= UINT32_MAX)
            count = UINT32_MAX - 1;
        reg_write(TIMER_INITIAL, (uint32_t)count + 1);
    }
}

void apic_timer_stop(void)
{
    if (apic.timer == TIMER_DEADLINE)
        msr_write(MSR_TSC_DEADLINE, 0);
    else if (apic.timer == TIMER_COUNT)
        reg_write(TIMER_INITIAL, 0);
}

void apic_eoi(void)
{
    if (apic.timer != TIMER_NONE)
        reg_write(APIC_EOI, 0);
}

void apic_self(uint8_t vector)
{
    if (apic.timer != TIMER_NONE)
        reg_write(APIC_COMMAND, COMMAND_SELF | COMMAND_ASSERT | vector);
}

uint32_t apic_id(void)
{
    if (apic.timer == TIMER_NONE)
        return 0;
    return apic.x2apic ? reg_read(APIC_ID) : reg_read(APIC_ID) >> 24;
}
