#include "abi/calls.h"

/*
 * The assists that a 64-bit guest may ask for. Those of segments only matter
 * to 32-bit guests, and are taken as Xen takes them; the runstate of a vcpu
 * is never changed after it was told, so that its update flag need not show.
 */
#define ASSISTS                                                               \
    (1u << VMASST_TYPE_4gb_segments | 1u << VMASST_TYPE_4gb_segments_notify | \
     1u << VMASST_TYPE_pae_extended_cr3 |                                     \
     1u << VMASST_TYPE_runstate_update_flag)

long call_vm_assist(struct vcpu *v, const uint64_t *argument)
{
    uint32_t command = (uint32_t)argument[0], type = (uint32_t)argument[1];

    if (type >= 32 || !(ASSISTS & 1u << type))
        return -EINVAL;
    switch (command) {
    case VMASST_CMD_enable: v->vm_assist |= 1u << type; return 0;
    case VMASST_CMD_disable: v->vm_assist &= ~(1u << type); return 0;
    default: return -ENOSYS;
    }
}
