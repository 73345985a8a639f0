/*
 * hypercall - what a domain asks for: numbers, arguments, answers.
 *
 * A guest kernel's `syscall` carries the number in rax and up to six
 * arguments in rdi, rsi, rdx, r10, r8, r9; the answer goes to rax. A guest
 * user's `syscall` is its own kernel's business.
 */
#include "abi/bounce.h"
#include "abi/calls.h"
#include "abi/guest.h"
#include "abi/iret.h"
#include "abi/tally_op.h"
#include "abi/trap_table.h"
#include "x86/copy.h"
#include "x86/trap.h"

static long run_set_trap_table(struct vcpu *v, const uint64_t *argument)
{
    return set_trap_table(v, argument[0]);
}

static long run_set_callbacks(struct vcpu *v, const uint64_t *argument)
{
    return set_callbacks(v, argument[0], argument[1], argument[2]);
}

static long run_callback_op(struct vcpu *v, const uint64_t *argument)
{
    return callback_op(v, (int)argument[0], argument[1]);
}

/* A call by which a privileged domain would rule others. Ours do not. */
static long run_control(struct vcpu *v, const uint64_t *argument)
{
    (void)argument;
    return v->domain->privileged ? -ENOSYS : -EPERM;
}

/* Performance counters: there, but switched off. */
static long run_off(struct vcpu *v, const uint64_t *argument)
{
    (void)v;
    (void)argument;
    return -EOPNOTSUPP;
}

/* A multicall in a multicall is refused, or it would need a stack of them. */
static call_fn run_multicall;

static long run_absent(struct vcpu *v, const uint64_t *argument)
{
    (void)v;
    (void)argument;
    return -ENOSYS;
}

call_fn *const hypercalls[HYPERCALLS] = {
    [__HYPERVISOR_set_trap_table] = run_set_trap_table,
    [__HYPERVISOR_mmu_update] = call_mmu_update,
    [__HYPERVISOR_set_gdt] = call_set_gdt,
    [__HYPERVISOR_stack_switch] = call_stack_switch,
    [__HYPERVISOR_set_callbacks] = run_set_callbacks,
    [__HYPERVISOR_fpu_taskswitch] = call_fpu_taskswitch,
    [__HYPERVISOR_sched_op_compat] = call_sched_op_compat,
    [__HYPERVISOR_platform_op] = run_control,
    [__HYPERVISOR_set_debugreg] = call_set_debugreg,
    [__HYPERVISOR_get_debugreg] = call_get_debugreg,
    [__HYPERVISOR_update_descriptor] = call_update_descriptor,
    [11] = run_absent,
    [__HYPERVISOR_memory_op] = call_memory_op,
    [__HYPERVISOR_multicall] = run_multicall,
    [__HYPERVISOR_update_va_mapping] = call_update_va_mapping,
    [__HYPERVISOR_set_timer_op] = call_set_timer_op,
    [__HYPERVISOR_event_channel_op_compat] = run_absent,
    [__HYPERVISOR_xen_version] = call_xen_version,
    [__HYPERVISOR_console_io] = call_console_io,
    [__HYPERVISOR_physdev_op_compat] = run_absent,
    [__HYPERVISOR_grant_table_op] = call_grant_table_op,
    [__HYPERVISOR_vm_assist] = call_vm_assist,
    [__HYPERVISOR_update_va_mapping_otherdomain] =
        call_update_va_mapping_otherdomain,
    [__HYPERVISOR_iret] = iret_entry,
    [__HYPERVISOR_vcpu_op] = call_vcpu_op,
    [__HYPERVISOR_set_segment_base] = call_set_segment_base,
    [__HYPERVISOR_mmuext_op] = call_mmuext_op,
    [__HYPERVISOR_xsm_op] = run_absent,
    [__HYPERVISOR_nmi_op] = run_absent,
    [__HYPERVISOR_sched_op] = call_sched_op,
    [__HYPERVISOR_callback_op] = run_callback_op,
    [__HYPERVISOR_xenoprof_op] = run_absent,
    [__HYPERVISOR_event_channel_op] = call_event_channel_op,
    [__HYPERVISOR_physdev_op] = call_physdev_op,
    [__HYPERVISOR_hvm_op] = run_absent,
    [__HYPERVISOR_sysctl] = run_control,
    [__HYPERVISOR_domctl] = run_control,
    [__HYPERVISOR_kexec_op] = run_control,
    [__HYPERVISOR_tmem_op] = run_absent,
    [__HYPERVISOR_argo_op] = run_absent,
    [__HYPERVISOR_xenpmu_op] = run_off,
    [__HYPERVISOR_dm_op] = run_absent,
    [__HYPERVISOR_hypfs_op] = run_absent,
    [43] = run_absent,
    [44] = run_absent,
    [45] = run_absent,
    [46] = run_absent,
    [47] = run_absent,
    [__HYPERVISOR_arch_0] = run_control, /* machine checks */
    [__HYPERVISOR_arch_1] = run_absent,
    [__HYPERVISOR_arch_2] = run_absent,
    [__HYPERVISOR_arch_3] = run_absent,
    [__HYPERVISOR_arch_4] = run_absent,
    [__HYPERVISOR_arch_5] = run_absent,
    [__HYPERVISOR_arch_6] = run_absent,
    [__HYPERVISOR_arch_7] = call_tally_op,
    [HYPERCALLS - 1] = run_absent, /* all numbers beyond */
};

/* A `syscall` of the guest user is its own kernel's business, whatever rax is.
 */
call_fn *const syscalls[HYPERCALLS] = {
    [0 ... HYPERCALLS - 1] = bounce_syscall,
};

call_fn *const *calls_of[2] = {[false] = syscalls, [true] = hypercalls};

/* One part of a multicall. */
static long part_run(struct vcpu *v, uint64_t number, const uint64_t *argument)
{
    call_fn *call = run_absent;

    if (number == __HYPERVISOR_multicall)
        return -EINVAL;
    if (number == __HYPERVISOR_iret) {
        call = hypercall_iret;
        vcpu_attend(v); /* the way back is another one */
    } else if (number < HYPERCALLS) {
        call = hypercalls[index_clamp(number, HYPERCALLS)];
    }
    v->calls++;
    return call(v, argument);
}

/*
 * What a part of a multicall has done beyond its answer. true when no other
 * part may follow: the rest would be done for somebody else (XSA-213), or for
 * nobody. *answered: its answer is not to be written.
 */
static bool part_ends(struct vcpu *v, bool *answered)
{
    if (v->attention & ATTENTION_AUDIT)
        door_call_done(v);
    *answered = !regs_in_hypercall(v->regs);
    return *answered || v->domain->end != END_NONE;
}

_Static_assert(offsetof(struct multicall_entry, args) == 16 &&
                   CALL_ARGUMENTS == 4,
               "get_guest_call_raw");

/* Steps that any part counts as; the long ones say themselves that they take
 * more (call_weigh). */
#define PART_STEPS 4

static long run_multicall(struct vcpu *v, const uint64_t *argument)
{
    uint32_t count = (uint32_t)argument[1], i;
    vaddr_t at = argument[0];
    bool over = false, answered = false;

    if (!guest_array_begin(&at, count, sizeof(struct multicall_entry)))
        return -EFAULT;
    for (i = 0; i < count && !over; i++, at += sizeof(struct multicall_entry)) {
        uint64_t part[1 + CALL_ARGUMENTS];
        long answer;

        if (get_guest_call_raw(part, at) != 0)
            return -EFAULT;
        answer = part_run(v, part[0], &part[1]);
        if (v->attention != 0)
            over = part_ends(v, &answered);
        if (answered)
            return answer;
        if (put_guest_raw(at + offsetof(struct multicall_entry, result),
                          (uint64_t)answer) != 0)
            return -EFAULT;
        call_steps(v->domain, PART_STEPS);
    }
    return 0;
}

void hypercall_exit(struct vcpu *v)
{
    struct regs *regs = v->regs;

    if (regs_in_hypercall(regs)) {      /* SYSCALL made them so */
        regs->rcx = regs->rip;
        regs->r11 = regs->rflags;
        regs->error_code = 0;
    }
    if (v->attention & ATTENTION_AUDIT)
        door_call_done(v);
    domain_exit_work(v);
}
