#include "abi/trap_table.h"

#include <xen/xen.h>
#include <xen/callback.h>

#include "abi/bounce.h"
#include "abi/calls.h"
#include "abi/guest.h"
#include "lib/string.h"
#include "mm/errno.h"
#include "x86/layout.h"

/* Steps that clearing all gates counts as. */
#define CLEAR_STEPS 32

static void gate_set(struct vcpu *v, const struct trap_info *info)
{
    struct trap_gate *gate = &v->traps[info->vector];

    gate->va = info->address;
    gate->cs = info->cs;
    gate->dpl = TI_GET_DPL(info);
    gate->mask_events = TI_GET_IF(info) != 0;
}

long set_trap_table(struct vcpu *v, vaddr_t list)
{
    struct trap_info info;
    uint32_t i;

    if (list == 0) {
        call_weigh(v->domain, CLEAR_STEPS);
        memset(v->traps, 0, sizeof(v->traps));
        return 0;
    }
    for (i = 0; i < TRAP_LIST_ENTRIES; i++) {
        if (guest_read(&info, list + i * sizeof(info), sizeof(info)) != 0)
            return -EFAULT;
        if (info.address == 0)
            return 0;
        if (!entry_point_ok(info.address))
            return -EINVAL;
        gate_set(v, &info);
        call_step(v->domain);
    }
    return -EINVAL;
}

/* The NMI callback is a gate, which always masks. */
static void nmi_set(struct vcpu *v, vaddr_t va)
{
    struct trap_gate *gate = &v->traps[TRAP_NMI];

    memset(gate, 0, sizeof(*gate));
    gate->va = va;
    gate->cs = SELECTOR_GUEST_CS;
    gate->mask_events = va != 0;
}

/* Where a type of callback is kept; NULL: the NMI's, or no such type. */
static struct callback *callback_of(struct vcpu *v, uint16_t type)
{
    switch (type) {
    case CALLBACKTYPE_event: return &v->event;
    case CALLBACKTYPE_failsafe: return &v->failsafe;
    case CALLBACKTYPE_syscall: return &v->syscall;
    case CALLBACKTYPE_syscall32: return &v->syscall32;
    case CALLBACKTYPE_sysenter: return &v->sysenter;
    default: return NULL;
    }
}

static long callback_register(struct vcpu *v,
                              const struct callback_register *arg)
{
    struct callback *callback = callback_of(v, arg->type);

    if (!entry_point_ok(arg->address))
        return -EINVAL;
    if (arg->type == CALLBACKTYPE_nmi) {
        nmi_set(v, arg->address);
        return 0;
    }
    if (!callback)
        return -ENOSYS;
    callback->va = arg->address;
    /* An event upcall always masks, and the flag is ignored. */
    callback->mask_events = arg->type == CALLBACKTYPE_event ||
                            (arg->flags & CALLBACKF_mask_events) != 0;
    vcpu_attend(v);
    return 0;
}

static long callback_unregister(struct vcpu *v,
                                const struct callback_unregister *arg)
{
    if (arg->type == CALLBACKTYPE_nmi) {
        nmi_set(v, 0);
        return 0;
    }
    return callback_of(v, arg->type) ? -EINVAL : -ENOSYS;
}

long callback_op(struct vcpu *v, int cmd, vaddr_t arg)
{
    struct callback_register add;
    struct callback_unregister take;

    switch (cmd) {
    case CALLBACKOP_register:
        if (guest_read(&add, arg, sizeof(add)) != 0)
            return -EFAULT;
        return callback_register(v, &add);
    case CALLBACKOP_unregister:
        if (guest_read(&take, arg, sizeof(take)) != 0)
            return -EFAULT;
        return callback_unregister(v, &take);
    default: return -ENOSYS;
    }
}

long set_callbacks(struct vcpu *v, vaddr_t event, vaddr_t failsafe,
                   vaddr_t syscall)
{
    if (!entry_point_ok(event) || !entry_point_ok(failsafe) ||
        !entry_point_ok(syscall))
        return -EINVAL;
    v->event = (struct callback){event, true};
    v->failsafe = (struct callback){failsafe, false};
    v->syscall = (struct callback){syscall, false};
    vcpu_attend(v);
    return 0;
}
