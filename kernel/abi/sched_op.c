#include "abi/calls.h"

#include <xen/sched.h>

#include "abi/guest.h"
#include "abi/target.h"
#include "domain/event.h"
#include "domain/schedule.h"
#include "mm/word.h"
#include "x86/tsc.h"

/* Ports that a poll may name. */
#define POLL_PORTS 128
#define WORD_BITS  64

/* A deadline so far ahead, or before time began, is a counter that wrapped:
 * such a timer fires soon. Source: Xen xen/common/schedule.c, do_set_timer_op()
 */
#define TIMER_FARTHEST_NS (UINT64_C(1) << 50)
#define TIMER_SOON_NS     UINT64_C(100000000)

/* Steps that arming the timer counts as: every domain's is looked at. And so
 * many ports that are looked at are one. */
#define TIMER_STEPS    32
#define PORTS_PER_STEP 2

static long block(struct vcpu *v)
{
    __atomic_store_n(&v->info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
    schedule_block(v);
    return 0;
}

static long shutdown(struct domain *d, uint32_t reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff: domain_shutdown(d, END_POWEROFF); return 0;
    case SHUTDOWN_reboot: domain_shutdown(d, END_REBOOT); return 0;
    case SHUTDOWN_crash:
    case SHUTDOWN_watchdog:
        domain_crash(d, "it reported a %s of its own",
                     reason == SHUTDOWN_crash ? "crash" : "watchdog timeout");
        return 0;
    case SHUTDOWN_suspend:
    case SHUTDOWN_soft_reset: return -EOPNOTSUPP;
    default: return -EINVAL;
    }
}

static long shutdown_op(struct domain *d, vaddr_t arg)
{
    struct sched_shutdown op;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    return shutdown(d, op.reason);
}

static long remote_shutdown(struct domain *d, vaddr_t arg)
{
    struct sched_remote_shutdown op;
    int rc;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    rc = target_check_any(d, op.domain_id);
    return rc != 0 ? rc : -EPERM;
}

/* Has one of the ports an event, masked or not, or the vcpu an upcall? */
static bool poll_over(struct vcpu *v, const evtchn_port_t *ports, uint32_t n)
{
    const xen_ulong_t *pending = v->domain->shared->evtchn_pending;
    uint32_t i;

    if (event_pending(v) &&
        __atomic_load_n(&v->info->evtchn_upcall_mask, __ATOMIC_RELAXED) == 0)
        return true;
    for (i = 0; i < n; i++)
        if (word_load(&pending[ports[i] / WORD_BITS]) >>
                (ports[i] % WORD_BITS) &
            1)
            return true;
    return v->domain->end != END_NONE;
}

/* The tick looks again often enough: a timeout may be late by TICK_NS. */
static long poll(struct vcpu *v, vaddr_t arg)
{
    evtchn_port_t ports[POLL_PORTS];
    struct sched_poll op;
    uint32_t i;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    if (op.nr_ports > POLL_PORTS)
        return -EINVAL;
    if (guest_read(ports, (vaddr_t)(uintptr_t)op.ports.p,
                   op.nr_ports * sizeof ports[0]) != 0)
        return -EFAULT;
    call_weigh(v->domain, op.nr_ports / PORTS_PER_STEP);
    for (i = 0; i < op.nr_ports; i++)
        if (ports[i] >= EVENT_PORTS)
            return -EINVAL;
    while (!poll_over(v, ports, op.nr_ports)) {
        if (op.timeout != 0 && tsc_now_ns() >= op.timeout)
            break;
        schedule_poll(v);
    }
    return 0;
}

static long yield(void)
{
    schedule_yield();
    return 0;
}

long call_sched_op(struct vcpu *v, const uint64_t *argument)
{
    switch ((uint32_t)argument[0]) {
    case SCHEDOP_yield: return yield();
    case SCHEDOP_block: return block(v);
    case SCHEDOP_shutdown: return shutdown_op(v->domain, argument[1]);
    case SCHEDOP_poll: return poll(v, argument[1]);
    case SCHEDOP_remote_shutdown:
        return remote_shutdown(v->domain, argument[1]);
    case SCHEDOP_pin_override: return -EPERM;
    default: return -ENOSYS;
    }
}

long call_sched_op_compat(struct vcpu *v, const uint64_t *argument)
{
    switch ((uint32_t)argument[0]) {
    case SCHEDOP_yield: return yield();
    case SCHEDOP_block: return block(v);
    case SCHEDOP_shutdown: return shutdown(v->domain, (uint32_t)argument[1]);
    default: return -ENOSYS;
    }
}

long call_set_timer_op(struct vcpu *v, const uint64_t *argument)
{
    uint64_t deadline = argument[0], now = tsc_now_ns();

    if (deadline > now && deadline - now > TIMER_FARTHEST_NS)
        deadline = now + TIMER_SOON_NS;
    call_weigh(v->domain, TIMER_STEPS);
    timer_set(v, deadline);
    return 0;
}
