#include "latency.h"

#include "abi/bounce.h"
#include "abi/calls.h"
#include "abi/guest.h"
#include "abi/iret.h"
#include "domain/domain.h"
#include "x86/apic.h"
#include "x86/log.h"
#include "x86/trap.h"
#include "x86/tsc.h"

/* Instructions of entry.asm before C: more than there are on any way in. */
#define ENTRY_TICKS 50

bool latency_on;

static struct {
    bool running;           /* a stretch is being measured */
    bool again;             /* and the next one, when a window has ended it */
    uint8_t kind;           /* what it counts for */
    uint8_t idle_kind;      /* what the idle thread does */
    uint8_t ended;          /* the kind of the stretch before */
    uint64_t since;         /* TSC */
    uint64_t due;           /* TSC when the timer is to come; 0: it is not */
    uint64_t longest[LATENCY_KINDS];
    uint64_t asked;         /* the longest since latency_ask() */
} latency;

static const char *const names[LATENCY_KINDS] = {
    [__HYPERVISOR_set_trap_table] = "set_trap_table",
    [__HYPERVISOR_mmu_update] = "mmu_update",
    [__HYPERVISOR_set_gdt] = "set_gdt",
    [__HYPERVISOR_stack_switch] = "stack_switch",
    [__HYPERVISOR_set_callbacks] = "set_callbacks",
    [__HYPERVISOR_fpu_taskswitch] = "fpu_taskswitch",
    [__HYPERVISOR_sched_op_compat] = "sched_op_compat",
    [__HYPERVISOR_platform_op] = "platform_op",
    [__HYPERVISOR_set_debugreg] = "set_debugreg",
    [__HYPERVISOR_get_debugreg] = "get_debugreg",
    [__HYPERVISOR_update_descriptor] = "update_descriptor",
    [__HYPERVISOR_memory_op] = "memory_op",
    [__HYPERVISOR_multicall] = "multicall",
    [__HYPERVISOR_update_va_mapping] = "update_va_mapping",
    [__HYPERVISOR_set_timer_op] = "set_timer_op",
    [__HYPERVISOR_xen_version] = "xen_version",
    [__HYPERVISOR_console_io] = "console_io",
    [__HYPERVISOR_grant_table_op] = "grant_table_op",
    [__HYPERVISOR_vm_assist] = "vm_assist",
    [__HYPERVISOR_update_va_mapping_otherdomain] =
        "update_va_mapping_otherdomain",
    [__HYPERVISOR_iret] = "iret",
    [__HYPERVISOR_vcpu_op] = "vcpu_op",
    [__HYPERVISOR_set_segment_base] = "set_segment_base",
    [__HYPERVISOR_mmuext_op] = "mmuext_op",
    [__HYPERVISOR_sched_op] = "sched_op",
    [__HYPERVISOR_callback_op] = "callback_op",
    [__HYPERVISOR_xenpmu_op] = "xenpmu_op",
    [__HYPERVISOR_event_channel_op] = "event_channel_op",
    [__HYPERVISOR_physdev_op] = "physdev_op",
    [__HYPERVISOR_arch_7] = "tally_op",
    [LATENCY_SYSCALL] = "user_syscall",
    [LATENCY_TRAP] = "trap",
    [LATENCY_INTERRUPT] = "interrupt",
    [LATENCY_END] = "domain_end",
    [LATENCY_BUILD] = "domain_build",
    [LATENCY_TIMER] = "timer_late",
};

_Static_assert(LATENCY_CALLS == HYPERCALLS, "a kind for each hypercall");

static void keep(unsigned int kind, uint64_t ticks)
{
    if (ticks > latency.longest[kind])
        latency.longest[kind] = ticks;
}

/* The stretch is over. */
static void stretch_end(uint64_t now)
{
    uint64_t ticks = now - latency.since;

    if (!latency.running)
        return;
    keep(latency.kind, ticks);
    if (ticks > latency.asked)
        latency.asked = ticks;
}

void latency_begin(unsigned int kind)
{
    if (current())
        current()->latency_kind = (uint8_t)kind;
    else
        latency.idle_kind = (uint8_t)kind;
    latency.again = true;
    if (latency.running && kind != LATENCY_BUILD)
        return;                         /* it goes on: nobody was served */
    stretch_end(tsc_read());
    latency.kind = (uint8_t)kind;
    latency.running = true;
    latency.since = tsc_read() - ENTRY_TICKS;
    apic_self(LATENCY_VECTOR);
}

void latency_idle(void)
{
    latency.again = false;
}

/* What a window is in the middle of. */
static uint8_t kind_behind(void)
{
    return current() ? current()->latency_kind : latency.idle_kind;
}

void latency_interrupt(struct regs *regs)
{
    bool ours = regs->vector == LATENCY_VECTOR;
    uint64_t now = tsc_read();

    stretch_end(now);
    latency.ended = latency.kind;
    latency.since = now;
    latency.kind = ours ? kind_behind() : LATENCY_INTERRUPT;
    if (from_ring3(regs)) {
        latency.running = false;
        if (!ours)
            latency_begin(LATENCY_INTERRUPT);
    } else if (ours && latency.running && latency.again) {
        regs->rflags &= ~(uint64_t)RFLAGS_IF; /* this window is over */
        apic_self(LATENCY_VECTOR);
    } else if (ours) {
        latency.running = false;
    }
}

void latency_timer_armed(uint64_t deadline_ns)
{
    uint64_t due = tsc_from_ns(deadline_ns), now = tsc_read();

    latency.due = due > now ? due : now;
}

void latency_timer_came(void)
{
    uint64_t now = tsc_read();

    if (latency.due != 0 && now > latency.due && latency.ended != LATENCY_BUILD)
        keep(LATENCY_TIMER, now - latency.due);
    latency.due = 0;
}

uint64_t latency_ask(void)
{
    uint64_t asked = latency.asked;

    latency.asked = 0;
    return asked;
}

/* The tables of calls, each with a beginning. */
static long timed_call(struct vcpu *v, const uint64_t *argument)
{
    uint64_t number = HYPERCALLS - 1;

    if (v->regs->rax < HYPERCALLS)
        number = index_clamp(v->regs->rax, HYPERCALLS);
    latency_begin((unsigned int)number);
    return hypercalls[number](v, argument);
}

/* As in a multicall: the way back is the long one. */
static long timed_iret(struct vcpu *v, const uint64_t *argument)
{
    latency_begin(__HYPERVISOR_iret);
    vcpu_attend(v);
    return hypercall_iret(v, argument);
}

static long timed_syscall(struct vcpu *v, const uint64_t *argument)
{
    latency_begin(LATENCY_SYSCALL);
    return bounce_syscall(v, argument);
}

static call_fn *const timed_hypercalls[HYPERCALLS] = {
    [0 ... __HYPERVISOR_iret - 1] = timed_call,
    [__HYPERVISOR_iret] = timed_iret,
    [__HYPERVISOR_iret + 1 ... HYPERCALLS - 1] = timed_call,
};

static call_fn *const timed_syscalls[HYPERCALLS] = {
    [0 ... HYPERCALLS - 1] = timed_syscall,
};

void latency_init(void)
{
    calls_of[true] = timed_hypercalls;
    calls_of[false] = timed_syscalls;
    latency_on = true;
}

void latency_print(void)
{
    unsigned int kind;

    latency_on = false;
    for (kind = 0; kind < LATENCY_KINDS; kind++)
        if (latency.longest[kind] != 0)
            log_printf(LOG_INFO, "latency: %s %llu",
                       names[kind] ? names[kind] : "absent",
                       (unsigned long long)latency.longest[kind]);
}
