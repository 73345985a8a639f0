#ifndef TALLY_ABI_TARGET_H
#define TALLY_ABI_TARGET_H

#include "mm/types.h"

#include "domain/domain.h"

/*
 * target - the domain that an argument names, which must be the caller.
 *
 * No domain has rights over another one. What remains are two ways to name
 * oneself, and the errno.
 */

/*
 * target_check - calls that change memory: only DOMID_SELF names the caller.
 *
 * 0          the caller
 * -EPERM     another domain
 * -ESRCH     nobody, or the caller by its number
 *
 * Source: Xen xen/arch/x86/mm.c, get_pg_owner().
 */
int target_check(const struct domain *d, uint32_t id);

/*
 * target_check_any - calls that take the caller's own number too.
 *
 * 0, -EPERM, -ESRCH as target_check.
 */
int target_check_any(const struct domain *d, uint32_t id);

#endif
