#include "abi/target.h"

int target_check(const struct domain *d, uint32_t id)
{
    if (id == DOMID_SELF)
        return 0;
    if (id == d->owner.id)
        return -ESRCH;
    if (id == DOMID_IO || id == DOMID_XEN)
        return -EPERM;
    return domain_by_id(id) ? -EPERM : -ESRCH;
}

int target_check_any(const struct domain *d, uint32_t id)
{
    return id == d->owner.id ? 0 : target_check(d, id);
}
