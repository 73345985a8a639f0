#ifndef TALLY_ABI_TRAP_TABLE_H
#define TALLY_ABI_TRAP_TABLE_H

#include <stdint.h>

#include "domain/vcpu.h"

/*
 * trap_table - the entry points that a guest registers.
 */

/* The longest list that one set_trap_table may have, in entries. */
#define TRAP_LIST_ENTRIES 512

/*
 * set_trap_table - HYPERVISOR_set_trap_table.
 *
 * list   guest address of struct trap_info, ended by one with address 0.
 *        0 clears the whole table.
 *
 * What is in the list is added to what was registered before.
 *
 * 0          registered
 * -EINVAL    an address is not canonical, or the list has no end within
 *            TRAP_LIST_ENTRIES
 * -EFAULT    the list cannot be read
 *
 * On failure the entries before the bad one are registered.
 * Source: Xen xen/arch/x86/pv/callback.c, do_set_trap_table().
 */
long set_trap_table(struct vcpu *v, vaddr_t list);

/*
 * callback_op - HYPERVISOR_callback_op.
 *
 * cmd    CALLBACKOP_register or CALLBACKOP_unregister
 * arg    guest address of its structure
 *
 * The NMI callback is trap gate 2; no NMI is ever delivered.
 *
 * 0          done
 * -EINVAL    the address is not canonical, or a callback that cannot be
 *            unregistered: all but the NMI's
 * -ENOSYS    no such command or type
 * -EFAULT    the structure cannot be read
 *
 * On failure nothing is changed.
 * Source: Xen public callback.h; xen/arch/x86/pv/callback.c.
 */
long callback_op(struct vcpu *v, int cmd, vaddr_t arg);

/*
 * set_callbacks - HYPERVISOR_set_callbacks: three addresses without flags.
 *
 * 0          registered; none of them masks upcalls but the event's
 * -EINVAL    one is not canonical; nothing is changed
 */
long set_callbacks(struct vcpu *v, vaddr_t event, vaddr_t failsafe,
                   vaddr_t syscall);

#endif
