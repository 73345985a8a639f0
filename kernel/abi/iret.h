#ifndef TALLY_ABI_IRET_H
#define TALLY_ABI_IRET_H

#include <stdint.h>

#include "domain/vcpu.h"

/*
 * iret - HYPERVISOR_iret: the guest kernel goes back to what it interrupted.
 */

/*
 * hypercall_iret - load the registers of the frame at the guest's rsp.
 *
 * The frame is struct iret_context: rax r11 rcx flags rip cs rflags rsp ss.
 * cs with RPL 3 is the guest user, whose tables and GS base are then loaded;
 * any other RPL is the guest kernel. With VGCF_in_syscall in flags rcx, r11,
 * cs and ss of the frame are not loaded but as SYSRET leaves them. The upcall
 * mask becomes the opposite of rflags.IF.
 *
 * RPL 3, IF set and IOPL 0 are what the CPU gets whatever the frame says. A
 * selector or an address that the CPU then refuses comes back through
 * fault_iret as an exception of the guest's.
 *
 * v is current and in guest kernel mode. Returns rax of the frame. On failure
 * (the frame cannot be read, or there is no user base pointer) the domain was
 * crashed.
 * Source: Xen public arch-x86/xen-x86_64.h; xen/arch/x86/pv/iret.c.
 */
long hypercall_iret(struct vcpu *v, const uint64_t *argument);

#endif
