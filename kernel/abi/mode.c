#include "abi/mode.h"

#include "domain/domain.h"
#include "door.h"
#include "x86/segments.h"

void vcpu_enter_kernel(struct vcpu *v)
{
    vcpu_mode(v, true);
    gs_swap();
    door_switch_base(v);
}

bool vcpu_enter_user(struct vcpu *v)
{
    struct domain *d = v->domain;

    if (d->loaded[v->id].user_base == MFN_NONE) {
        domain_crash(d, "return to guest user with no user base pointer");
        return false;
    }
    vcpu_mode(v, false);
    gs_swap();
    door_switch_base(v);
    return true;
}
