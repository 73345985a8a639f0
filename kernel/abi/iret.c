#include "abi/iret.h"

#include <xen/xen.h>

#include "abi/guest.h"
#include "abi/mode.h"
#include "domain/domain.h"
#include "x86/layout.h"

/* SYSRET discards cs, ss, rcx and r11. They are made what SYSRET leaves, so
 * that IRETQ in its place, for a rip or flags that SYSRET cannot take, is
 * not a different return. */
static void load_after_syscall(struct regs *regs)
{
    regs->vector = TRAP_SYSCALL;
    regs->cs = regs->cs == SELECTOR_GUEST_CS32 ? SELECTOR_GUEST_CS32
                                               : SELECTOR_GUEST_CS;
    regs->ss = SELECTOR_GUEST_SS;
    regs->rcx = regs->rip;
    regs->r11 = regs->rflags;
}

void hypercall_iret(struct vcpu *v)
{
    struct regs *regs = v->regs;
    struct iret_context frame;
    vaddr_t sp = regs->rsp;
    bool unmasked;

    if (guest_read(&frame, sp, sizeof(frame)) != 0) {
        domain_crash(v->domain, "iret: cannot read the frame at %#lx", sp);
        return;
    }
    if ((frame.cs & 3) == 3 && !vcpu_enter_user(v))
        return;
    regs->rip = frame.rip;
    regs->cs = (frame.cs & 0xffff) | 3;
    regs->rflags = frame.rflags & ~(RFLAGS_IOPL | RFLAGS_VM | RFLAGS_NT);
    regs->rflags |= RFLAGS_IF | RFLAGS_ONE;
    regs->rsp = frame.rsp;
    regs->ss = (frame.ss & 0xffff) | 3;
    regs->rax = frame.rax;
    if (frame.flags & VGCF_in_syscall) {
        load_after_syscall(regs);
    } else {
        regs->vector = 0;               /* IRETQ: rcx and r11 count */
        regs->rcx = frame.rcx;
        regs->r11 = frame.r11;
    }
    unmasked = (frame.rflags & RFLAGS_IF) != 0;
    __atomic_store_n(&v->info->evtchn_upcall_mask, !unmasked, __ATOMIC_RELAXED);
    v->iret_done = true;
    vcpu_attend(v);
}
