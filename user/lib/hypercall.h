#ifndef TALLY_USER_LIB_HYPERCALL_H
#define TALLY_USER_LIB_HYPERCALL_H

/*
 * How a domain asks. A hypercall is a call into a page that the kernel filled
 * before the domain started: stub number n is at 32 * n. Arguments go in rdi,
 * rsi, rdx, r10; the answer comes in rax: 0 or more is a result, a negative
 * number is an errno (lib/print.h names it).
 *
 * The numbers and structures are those of Xen's public headers.
 */

#include <stdint.h>

#include <xen/xen.h>
#include <xen/callback.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/sched.h>
#include <xen/version.h>

#define HYPERCALL_STUB_BYTES 32

extern char hypercall_page[];

/*
 * hypercall - make one hypercall with up to four arguments.
 *
 * number     __HYPERVISOR_..., which is also the place of the stub
 * a .. d     arguments; those that the call does not have are ignored
 *
 * Returns what the kernel answered. Argument registers may come back changed:
 * a long call is continued by moving them along.
 */
static inline long hypercall(unsigned int number, uint64_t a, uint64_t b,
                             uint64_t c, uint64_t d)
{
    const char *stub = hypercall_page + number * HYPERCALL_STUB_BYTES;
    register uint64_t fourth __asm__("r10") = d;
    long result;

    __asm__ volatile("call *%[stub]"
                     : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(fourth)
                     : [stub] "b"(stub)
                     : "memory", "r8", "r9");
    return result;
}

static inline uint64_t address_of(const volatile void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* xen_version - version, features and the like; see <xen/version.h>. */
static inline long hypercall_version(unsigned int what, void *answer)
{
    return hypercall(__HYPERVISOR_xen_version, what, address_of(answer), 0, 0);
}

/* console_io - write bytes to the kernel's console (privileged domains). */
static inline long hypercall_console_write(const char *text, uint64_t bytes)
{
    return hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, bytes,
                     address_of(text), 0);
}

/*
 * mmu_update - change page-table entries, in order.
 *
 * done    how many were carried out, also when one was refused; or NULL
 */
static inline long hypercall_mmu_update(const struct mmu_update *list,
                                        unsigned int count, unsigned int *done)
{
    return hypercall(__HYPERVISOR_mmu_update, address_of(list), count,
                     address_of(done), DOMID_SELF);
}

/* mmuext_op - pin and unpin tables, load a base pointer, flush. */
static inline long hypercall_mmuext(const struct mmuext_op *list,
                                    unsigned int count, unsigned int *done)
{
    return hypercall(__HYPERVISOR_mmuext_op, address_of(list), count,
                     address_of(done), DOMID_SELF);
}

/* update_va_mapping - change the L1 entry that maps an address. */
static inline long hypercall_va_mapping(uint64_t address, uint64_t entry,
                                        uint64_t flush)
{
    return hypercall(__HYPERVISOR_update_va_mapping, address, entry, flush, 0);
}

/* multicall - many hypercalls behind one door. */
static inline long hypercall_multicall(struct multicall_entry *list,
                                       unsigned int count)
{
    return hypercall(__HYPERVISOR_multicall, address_of(list), count, 0, 0);
}

/* set_trap_table - one C array of gates; the last has address 0. */
static inline long hypercall_trap_table(const struct trap_info *gates)
{
    return hypercall(__HYPERVISOR_set_trap_table, address_of(gates), 0, 0, 0);
}

/* callback_op - where events, failed returns and user syscalls arrive. */
static inline long hypercall_callback(const struct callback_register *callback)
{
    return hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
                     address_of(callback), 0, 0);
}

/* stack_switch - the stack for traps that come from guest user mode. */
static inline long hypercall_stack_switch(uint64_t selector, uint64_t top)
{
    return hypercall(__HYPERVISOR_stack_switch, selector, top, 0, 0);
}

/* event_channel_op - send an event. */
static inline long hypercall_event_send(uint32_t port)
{
    struct evtchn_send send = {.port = port};

    return hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
                     address_of(&send), 0, 0);
}

/* sched_op - give up the CPU for a moment. */
static inline long hypercall_yield(void)
{
    return hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
}

/* sched_op - end the domain; reason is SHUTDOWN_... of <xen/sched.h>. */
static inline long hypercall_shutdown(unsigned int reason)
{
    struct sched_shutdown end = {.reason = reason};

    return hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address_of(&end),
                     0, 0);
}

#endif
