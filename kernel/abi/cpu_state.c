#include "abi/calls.h"

#include <xen/physdev.h>

#include "abi/guest.h"
#include "x86/cpu.h"

/* Debug registers that there are: 4 and 5 are other names of 6 and 7, which
 * CR4.DE takes away. */
static bool debugreg_exists(uint32_t number)
{
    return number <= 3 || number == 6 || number == 7;
}

long call_set_debugreg(struct vcpu *v, const uint64_t *argument)
{
    uint32_t number = (uint32_t)argument[0];

    if (!debugreg_exists(number))
        return -XEN_ENODEV;
    if (!dr_ok(number, argument[1]))
        return -EPERM;
    dr_write(number, argument[1]);
    v->dr[number] = dr_read(number);
    return 0;
}

long call_get_debugreg(struct vcpu *v, const uint64_t *argument)
{
    uint32_t number = (uint32_t)argument[0];

    if (!debugreg_exists(number))
        return -XEN_ENODEV;
    return (long)v->dr[index_clamp(number, 8)];
}

long call_fpu_taskswitch(struct vcpu *v, const uint64_t *argument)
{
    v->ts = (uint32_t)argument[0] != 0;
    if (v->ts)
        ts_set();
    else
        ts_clear();
    return 0;
}

long call_physdev_op(struct vcpu *v, const uint64_t *argument)
{
    struct physdev_set_iopl set;

    if ((uint32_t)argument[0] != PHYSDEVOP_set_iopl)
        return -ENOSYS;
    if (guest_read(&set, argument[1], sizeof set) != 0)
        return -EFAULT;
    if (set.iopl > 3)
        return -EINVAL;
    v->iopl = (uint8_t)set.iopl;
    return 0;
}
