#ifndef TALLY_ABI_MODE_H
#define TALLY_ABI_MODE_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/vcpu.h"

/*
 * mode - guest kernel and guest user both run in ring 3: what tells them
 * apart is the page tables, the GS base, and one bool of the kernel's.
 */

/*
 * vcpu_enter_kernel - the guest kernel's base pointer and GS base.
 *
 * v is current and in guest user mode.
 */
void vcpu_enter_kernel(struct vcpu *v);

/*
 * vcpu_enter_user - the guest user's base pointer and GS base.
 *
 * v is current and in guest kernel mode.
 *
 * true       done
 * false      no user base pointer is loaded: the domain was crashed, and the
 *            guest kernel's tables stay
 */
bool vcpu_enter_user(struct vcpu *v);

#endif
