#include "domain/schedule.h"

#include "domain/console_ring.h"
#include "domain/event.h"
#include "door.h"
#include "report.h"
#include "x86/apic.h"
#include "x86/console.h"
#include "x86/cpu.h"
#include "x86/gdt.h"
#include "x86/paging.h"
#include "x86/panic.h"
#include "x86/tlb.h"
#include "x86/trap.h"
#include "x86/tsc.h"

static struct vcpu *running;    /* NULL while the idle thread runs */
static struct domain *scheduled;
static uint64_t idle_rsp;
static uint64_t next_tick_ns;

struct vcpu *current(void)
{
    return running;
}

/* Run a vcpu until it comes back. On the idle thread's stack. */
static void switch_to(struct vcpu *v)
{
    running = v;
    cpu_set_stack_top(v->stack_top);
    door_load(v);
    segments_restore(&v->segments);
    ts_clear();
    fpu_restore(&v->fpu);
    if (v->ts)
        ts_set();
    context_switch(&idle_rsp, v->saved_rsp);
}

/* Go back to the idle thread. On the vcpu's stack. */
static void leave(struct vcpu *v)
{
    segments_save(&v->segments);
    ts_clear();
    fpu_save(&v->fpu);
    cr3_write(paging_kernel_l4());
    running = NULL;
    context_switch(&v->saved_rsp, idle_rsp);
}

/* Arm the timer for whatever comes first. */
static void timer_arm(void)
{
    struct vcpu *v = scheduled ? &scheduled->vcpu[0] : NULL;
    uint64_t next = next_tick_ns;

    if (v && v->timer_ns != 0 && v->timer_ns < next)
        next = v->timer_ns;
    apic_timer_arm(next);
}

/* What a person typed goes to the domain that has the console. */
static void feed_console(void)
{
    char typed[64];
    size_t n = 0;
    int byte;

    if (!scheduled || scheduled->privileged)
        return;
    while (n < sizeof(typed) && (byte = console_read_byte()) >= 0)
        typed[n++] = (char)byte;
    if (n > 0)
        console_ring_input(scheduled, typed, n);
}

/* Everything that time brings. */
static void serve_time(void)
{
    uint64_t now = tsc_now_ns();
    struct vcpu *v = scheduled ? &scheduled->vcpu[0] : NULL;

    if (v && v->timer_ns != 0 && v->timer_ns <= now) {
        v->timer_ns = 0;
        event_send_virq(v, VIRQ_TIMER);
    }
    if (now >= next_tick_ns) {
        next_tick_ns = now + TICK_NS;
        feed_console();
        report_print();
        console_flush();
    }
    timer_arm();
}

void timer_interrupt(void)
{
    serve_time();
}

void timer_set(struct vcpu *v, uint64_t deadline_ns)
{
    v->timer_ns = deadline_ns;
    timer_arm();
}

void schedule_run(struct domain *d)
{
    struct vcpu *v = &d->vcpu[0];

    scheduled = d;
    next_tick_ns = tsc_now_ns() + TICK_NS;
    timer_arm();
    while (v->state != VCPU_ENDED) {
        if (v->state == VCPU_RUNNABLE || d->end != END_NONE)
            switch_to(v);
        else
            cpu_idle();
    }
    scheduled = NULL;
    apic_timer_stop();
    console_flush();
}

void schedule_yield(void)
{
    struct vcpu *v = running;

    interrupt_window();
    feed_console();
    leave(v);
}

void schedule_block(struct vcpu *v)
{
    while (!event_pending(v) && v->domain->end == END_NONE) {
        v->state = VCPU_BLOCKED;
        leave(v);
    }
    v->state = VCPU_RUNNABLE;
}

void schedule_wake(struct vcpu *v)
{
    if (v->state == VCPU_BLOCKED)
        v->state = VCPU_RUNNABLE;
}

_Noreturn void schedule_end(struct vcpu *v)
{
    v->state = VCPU_ENDED;
    leave(v);
    panic("a vcpu that has ended ran again");
}
