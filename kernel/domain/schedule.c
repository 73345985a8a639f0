#include "domain/schedule.h"

#include "domain/console_input.h"
#include "domain/event.h"
#include "door.h"
#include "latency.h"
#include "memory.h"
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

static struct domain *last;     /* whose vcpu ran last: only a place */
static uint16_t last_id;        /* which domain that was; 0: none yet */
static uint64_t idle_rsp;
static uint64_t next_tick_ns;
static uint64_t slice_end_ns;   /* of the running vcpu */
static bool due;                /* it has had its share */
static bool chores;             /* a tick has come */
static bool barrier_on_switch;
static struct schedule_counts counts;

struct schedule_counts schedule_counts(void)
{
    return counts;
}

/* Load the guest's debug registers; leave() has switched the last one's off.
 * All of them: what it switches on later must not be another's. */
static void load_breakpoints(const struct vcpu *v)
{
    unsigned int i;

    for (i = 0; i < 4; i++)
        dr_write(i, v->dr[i]);
    dr_write(6, 0);
    dr_write(7, v->dr[7]);
}

/* Arm the timer for whatever comes first. */
static void timer_arm(void)
{
    uint64_t next = next_tick_ns;
    struct domain *d = NULL;

    if (current() && !due && slice_end_ns < next)
        next = slice_end_ns;
    while ((d = domain_next(d)) != NULL)
        if (d->vcpu[0].timer_ns != 0 && d->vcpu[0].timer_ns < next)
            next = d->vcpu[0].timer_ns;
    if (latency_on)
        latency_timer_armed(next);
    apic_timer_arm(next);
}

/* Run a vcpu until it comes back. On the idle thread's stack. */
static void switch_to(struct vcpu *v)
{
    if (barrier_on_switch && last_id != 0 && last_id != v->domain->owner.id)
        cpu_ibpb();
    last = v->domain;
    last_id = v->domain->owner.id;
    cpu_vcpu = v;
    vcpu_mode(v, v->guest_kernel);
    vcpu_attend(v);
    due = false;
    counts.switches++;
    v->run_since = tsc_now_ns();
    slice_end_ns = v->run_since + TICK_NS;
    timer_arm();
    cpu_set_stack_top(v->stack_top);
    door_load(v);
    v->flush_clock = machine.clock;
    v->segments_lost |= !segments_restore(&v->segments);
    ts_clear();
    fpu_restore(&v->fpu);
    if (v->ts)
        ts_set();
    load_breakpoints(v);
    cpu_set_tsd((v->cr4 & CR4_TSD) != 0);
    context_switch(&idle_rsp, v->saved_rsp);
}

/* Go back to the idle thread. On the vcpu's stack. */
static void leave(struct vcpu *v)
{
    segments_save(&v->segments);
    if ((v->dr[7] & 0xff) != 0)         /* the next one's are not these */
        dr_write(7, 0);
    ts_clear();
    fpu_save(&v->fpu);
    cr3_write(paging_kernel_l4());
    v->run_ns += tsc_now_ns() - v->run_since;
    v->flushes += machine.clock - v->flush_clock;
    cpu_vcpu = NULL;
    context_switch(&v->saved_rsp, idle_rsp);
}

/* Who polls looks again at every tick. */
static void wake_pollers(void)
{
    struct domain *d = NULL;

    while ((d = domain_next(d)) != NULL)
        if (d->vcpu[0].polling)
            schedule_wake(&d->vcpu[0]);
}

/* Everything that time brings. */
static void serve_time(void)
{
    uint64_t now = tsc_now_ns();
    struct domain *d = NULL;

    while ((d = domain_next(d)) != NULL) {
        struct vcpu *v = &d->vcpu[0];

        if (v->timer_ns != 0 && v->timer_ns <= now) {
            v->timer_ns = 0;
            event_send_virq(v, VIRQ_TIMER);
        }
    }
    if (current() && now >= slice_end_ns) {
        due = true;
        vcpu_attend(current());
    }
    if (now >= next_tick_ns) {
        next_tick_ns = now + TICK_NS;
        wake_pollers();
        counts.ticks++;
        chores = true;
        if (current())
            vcpu_attend(current());
    }
    timer_arm();
}

void timer_interrupt(void)
{
    counts.interrupts++;
    if (latency_on)
        latency_timer_came();
    serve_time();
}

void timer_set(struct vcpu *v, uint64_t deadline_ns)
{
    v->timer_ns = deadline_ns;
    timer_arm();
}

void schedule_chores(void)
{
    static bool busy;

    if (!chores || busy)
        return;
    busy = true;
    chores = false;
    schedule_window();                  /* what was before was long enough */
    console_input_tick();
    schedule_window();
    report_print();
    while (console_draw())
        schedule_window();
    busy = false;
}

void schedule_init(bool barrier)
{
    console_leave();
    barrier_on_switch = barrier;
    next_tick_ns = tsc_now_ns() + TICK_NS;
    timer_arm();
}

/* May this domain's vcpu run? One whose domain has ended runs to its end. */
static bool can_run(const struct domain *d)
{
    const struct vcpu *v = &d->vcpu[0];

    return v->state == VCPU_RUNNABLE ||
           (v->state == VCPU_BLOCKED && d->end != END_NONE);
}

/* Run the first that can among the domains behind `d`. */
static bool run_behind(struct domain *d)
{
    while ((d = domain_next(d)) != NULL)
        if (can_run(d)) {
            switch_to(&d->vcpu[0]);
            return true;
        }
    return false;
}

bool schedule_next(void)
{
    return run_behind(last) || (last && run_behind(NULL));
}

void schedule_yield(void)
{
    interrupt_window();
    console_input_serve();
    leave(current());
}

void schedule_window(void)
{
    interrupt_window();
}

void schedule_point(void)
{
    interrupt_window();
    if (current() && due)
        leave(current());
}

bool schedule_is_due(void)
{
    return due;
}

void schedule_block(struct vcpu *v)
{
    while (!event_pending(v) && v->domain->end == END_NONE) {
        v->state = VCPU_BLOCKED;
        leave(v);
    }
    v->state = VCPU_RUNNABLE;
}

void schedule_poll(struct vcpu *v)
{
    v->polling = true;
    v->state = VCPU_BLOCKED;
    leave(v);
    v->polling = false;
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
