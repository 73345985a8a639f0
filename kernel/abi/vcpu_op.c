#include "abi/calls.h"

#include <xen/vcpu.h>

#include "abi/guest.h"
#include "lib/string.h"
#include "memory.h"
#include "x86/tsc.h"

/* What a guest is told of how its vcpu ran. No other one takes the CPU away,
 * and the time that it was blocked is not kept: it has always run. */
static void runstate_fill(struct vcpu_runstate_info *info)
{
    memset(info, 0, sizeof *info);
    info->state = RUNSTATE_running;
    info->time[RUNSTATE_running] = tsc_now_ns();
}

static long runstate_get(vaddr_t arg)
{
    struct vcpu_runstate_info info;

    runstate_fill(&info);
    return guest_write(arg, &info, sizeof info);
}

/* The state never changes, so that the area is written once, now. */
static long runstate_register(vaddr_t arg)
{
    struct vcpu_register_runstate_memory_area area;
    struct vcpu_runstate_info info;

    if (guest_read(&area, arg, sizeof area) != 0)
        return -EFAULT;
    runstate_fill(&info);
    return guest_write(area.addr.p, &info, sizeof info);
}

/*
 * The vcpu's info moves from shared_info to a frame of the guest's choice,
 * once, and stays there: the kernel holds the frame from now on. Everything
 * is pending afterwards, so that no event is lost on the way.
 */
static long info_register(struct vcpu *v, vaddr_t arg)
{
    struct domain *d = v->domain;
    struct vcpu_register_vcpu_info op;
    struct vcpu_info *info;
    int rc;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    if (op.offset > PAGE_BYTES - sizeof *info ||
        op.offset % _Alignof(struct vcpu_info) != 0)
        return -XEN_ENXIO;
    if (v->info_moved)
        return -EINVAL;
    rc = door_run(d, frame_hold(&machine, &d->owner, op.mfn));
    if (rc != 0)
        return rc;
    info = (struct vcpu_info *)((char *)frame_map(op.mfn) + op.offset);
    memcpy(info, v->info, sizeof *info);
    v->info = info;
    v->info_moved = true;
    __atomic_store_n(&info->evtchn_pending_sel, ~(xen_ulong_t)0,
                     __ATOMIC_SEQ_CST);
    __atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
    vcpu_attend(v);
    return 0;
}

long call_vcpu_op(struct vcpu *v, const uint64_t *argument)
{
    vaddr_t arg = argument[2];

    if ((uint32_t)argument[1] >= DOMAIN_VCPUS)
        return -ENOENT;
    switch ((uint32_t)argument[0]) {
    case VCPUOP_initialise: return -EEXIST;
    case VCPUOP_up: return 0;
    case VCPUOP_down: /* the last one: nothing is left */
        domain_shutdown(v->domain, END_POWEROFF);
        return 0;
    case VCPUOP_is_up: return 1;
    case VCPUOP_get_runstate_info: return runstate_get(arg);
    case VCPUOP_register_runstate_memory_area: return runstate_register(arg);
    case VCPUOP_register_vcpu_info: return info_register(v, arg);
    case VCPUOP_get_physid: /* only of a pinned vcpu */ return -EINVAL;
    default: return -ENOSYS;
    }
}
