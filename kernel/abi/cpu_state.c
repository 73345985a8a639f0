#include "abi/calls.h"

#include <xen/physdev.h>

#include "abi/guest.h"
#include "x86/cpu.h"

/* The register that a number names: 4 and 5 are other names of 6 and 7,
 * which CR4.DE takes away. -ENODEV: none. */
static int debugreg(const struct vcpu *v, uint32_t number)
{
    if (number > 7)
        return -XEN_ENODEV;
    if (number != 4 && number != 5)
        return (int)number;
    return (v->cr4 & CR4_DE) ? -XEN_ENODEV : (int)number + 2;
}

long call_set_debugreg(struct vcpu *v, const uint64_t *argument)
{
    int number = debugreg(v, (uint32_t)argument[0]);

    if (number < 0)
        return number;
    if (!dr_ok((unsigned int)number, argument[1]))
        return -EPERM;
    dr_write((unsigned int)number, argument[1]);
    v->dr[number] = dr_read((unsigned int)number);
    return 0;
}

long call_get_debugreg(struct vcpu *v, const uint64_t *argument)
{
    int number = debugreg(v, (uint32_t)argument[0]);

    if (number < 0)
        return number;
    return (long)v->dr[index_clamp((uint64_t)number, 8)];
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
