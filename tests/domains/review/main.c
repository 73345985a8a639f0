/*
 * What a review found: one hypercall that keeps the CPU for itself.
 *
 * A page of calls is mapped so often that a multicall of them lasts for long.
 * Interrupts must be served meanwhile: the last call copies shared_info, and
 * there the event of a timer that ran out on the way must be.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#define SLOT_BYTES   (1ul << 39)
#define AT           (3 * SLOT_BYTES) /* an address that nothing uses */
#define CALLS_A_PAGE (PAGE_BYTES / sizeof(struct multicall_entry))
/* Second tables that name the page of calls; behind them is the last one. */
#define SPANS   16u
#define PAGES   (SPANS * TABLE_ENTRIES)
#define WAIT_NS 5000000u
/* The kernel looks at interrupts after 256 calls: more than that, even where
 * it recounts everything after each and a few calls are long enough. */
#define PAGES_LEAST 8u

static mfn_t shared_frame;

static uint64_t now_ns(void)
{
    const volatile struct vcpu_time_info *t = &vcpu_info_get()->time;
    uint64_t high, low, ticks;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    ticks = (high << 32 | low) - t->tsc_timestamp;
    ticks = t->tsc_shift < 0 ? ticks >> -t->tsc_shift : ticks << t->tsc_shift;
    return t->system_time +
           (uint64_t)((unsigned __int128)ticks * t->tsc_to_system_mul >> 32);
}

static uint32_t timer_port(void)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_TIMER, .vcpu = 0};

    answers("bind VIRQ_TIMER",
            hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq,
                      address_of(&bind), 0, 0),
            0);
    return bind.port;
}

/* Map the page of calls again and again, then the page of the last call. */
static long map_calls(const void *calls, const void *last)
{
    entry_t *many = page_alloc(), *one = page_alloc();
    entry_t *second = page_alloc(), *third = page_alloc();
    unsigned int i;

    for (i = 0; i < TABLE_ENTRIES; i++)
        many[i] = entry_make(frame_of(calls), MAP_WRITE);
    for (i = 0; i < SPANS; i++)
        second[i] = entry_make(frame_of(many), MAP_TABLE);
    one[0] = entry_make(frame_of(last), MAP_WRITE);
    second[SPANS] = entry_make(frame_of(one), MAP_TABLE);
    third[0] = entry_make(frame_of(second), MAP_TABLE);
    page_protect(many);
    page_protect(one);
    page_protect(second);
    page_protect(third);
    return entry_write(base_table(), AT / SLOT_BYTES,
                       entry_make(frame_of(third), MAP_TABLE));
}

/* How many pages of calls take long. The first time is no measure: an
 * emulator translates then. */
static uint64_t pages_for_long(struct multicall_entry *calls)
{
    uint64_t begin, pages;

    hypercall_multicall(calls, CALLS_A_PAGE);
    begin = now_ns();
    answers("one page of calls", hypercall_multicall(calls, CALLS_A_PAGE), 0);
    pages = 80ul * WAIT_NS / (now_ns() - begin + 1);
    return pages < PAGES_LEAST ? PAGES_LEAST : pages < PAGES ? pages : PAGES;
}

static void interrupts_in_a_long_multicall(void)
{
    struct multicall_entry *calls = page_alloc(), *last = page_alloc();
    struct shared_info *copy = page_alloc();
    const uint64_t *spare = page_alloc();
    struct mmuext_op snapshot = {.cmd = MMUEXT_COPY_PAGE,
                                 .arg1.mfn = frame_of(copy),
                                 .arg2.src_mfn = shared_frame};
    uint32_t port = timer_port();
    uint64_t begin, pages;
    unsigned int i;

    for (i = 0; i < CALLS_A_PAGE; i++)
        calls[i] = (struct multicall_entry){
            .op = __HYPERVISOR_update_descriptor,
            .args = {frame_of(spare) << PAGE_SHIFT, 0}};
    last[0] = (struct multicall_entry){
        .op = __HYPERVISOR_mmuext_op,
        .args = {address_of(&snapshot), 1, 0, DOMID_SELF}};
    answers("the list is mapped", map_calls(calls, last), 0);
    answers("the copy is the kernel's to write", page_unmap(address_of(copy)),
            0);
    pages = pages_for_long(calls);
    begin = now_ns();
    hypercall(__HYPERVISOR_set_timer_op, begin + WAIT_NS, 0, 0, 0);
    answers("a long multicall",
            hypercall_multicall(
                (struct multicall_entry *)(AT + (PAGES - pages) * PAGE_BYTES),
                (unsigned int)(pages * CALLS_A_PAGE + 1)),
            0);
    check("it was long", now_ns() - begin > 2 * WAIT_NS);
    answers("its last call", (long)last[0].result, 0);
    answers("the copy is ours again", page_release(copy), 0);
    check("the timer's event came on the way",
          (copy->evtchn_pending[port / 64] >> port % 64 & 1) != 0);
}

void domain_main(const start_info_t *info)
{
    shared_frame = info->shared_info >> PAGE_SHIFT;
    probe_setup(info);
    interrupts_in_a_long_multicall();
    tests_end();
}
