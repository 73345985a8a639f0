#include "abi/mode.h"

#include "domain/domain.h"
#include "door.h"
#include "x86/segments.h"

void vcpu_enter_kernel(struct vcpu *v)
{
    vcpu_mode(v, true);
    gs_swap();
    door_switch_base(v->loaded->base);
}

bool vcpu_enter_user(struct vcpu *v)
{
    mfn_t base = v->loaded->user_base;

    if (base == MFN_NONE) {
        domain_crash(v->domain,
                     "return to guest user with no user base pointer");
        return false;
    }
    vcpu_mode(v, false);
    gs_swap();
    door_switch_base(base);
    return true;
}
