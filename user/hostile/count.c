#include "hostile/count.h"

#include "lib/domain.h"

#define NUMBERS 64u
#define OTHERS  (NUMBERS - 1) /* what is no number at all goes there */

static const char *const names[NUMBERS] = {
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
    [__HYPERVISOR_update_va_mapping_otherdomain] = "..._otherdomain",
    [__HYPERVISOR_iret] = "iret",
    [__HYPERVISOR_vcpu_op] = "vcpu_op",
    [__HYPERVISOR_set_segment_base] = "set_segment_base",
    [__HYPERVISOR_mmuext_op] = "mmuext_op",
    [__HYPERVISOR_sched_op] = "sched_op",
    [__HYPERVISOR_callback_op] = "callback_op",
    [__HYPERVISOR_event_channel_op] = "event_channel_op",
    [__HYPERVISOR_physdev_op] = "physdev_op",
    [__HYPERVISOR_sysctl] = "sysctl",
    [__HYPERVISOR_domctl] = "domctl",
};

struct count {
    uint64_t granted, refused;
};

static struct count counts[NUMBERS];
static uint64_t calls, parts;

static void count(uint64_t number, long result)
{
    struct count *c = &counts[number];

    if (number >= NUMBERS || names[number] == NULL)
        c = &counts[OTHERS];
    if (result < 0)
        c->refused++;
    else
        c->granted++;
}

void count_call(uint64_t number, long result)
{
    count(number, result);
    calls++;
}

void count_part(uint64_t number, long result)
{
    count(number, result);
    parts++;
}

uint64_t calls_made(void)
{
    return calls;
}

static void line_print(const char *name, const struct count *c)
{
    say("%-20s %9lu %9lu %9lu\n", name, c->granted + c->refused, c->granted,
        c->refused);
}

void count_print(void)
{
    struct count all = {0, 0};
    unsigned int i;

    say("%-20s %9s %9s %9s\n", "hypercall", "made", "granted", "refused");
    for (i = 0; i < NUMBERS; i++) {
        const char *name = i == OTHERS ? "what is none" : names[i];

        if (counts[i].granted + counts[i].refused == 0)
            continue;
        line_print(name, &counts[i]);
        all.granted += counts[i].granted;
        all.refused += counts[i].refused;
    }
    line_print("all", &all);
    say("%lu calls, %lu more in multicalls\n", calls, parts);
}
