#include "abi/iret.h"

#include <xen/xen.h>

#include "abi/guest.h"
#include "abi/mode.h"
#include "domain/domain.h"
#include "mm/mm.h"
#include "x86/layout.h"

/* SYSRET discards cs, ss, rcx and r11. They are made what SYSRET leaves, so
 * that IRETQ in its place, for a rip or flags that SYSRET cannot take, is
 * not a different return. */
static void load_after_syscall(struct regs *regs)
{
    regs->vector = TRAP_SYSCALL;
    if (regs->cs != SELECTOR_GUEST_CS32)
        regs->cs = SELECTOR_GUEST_CS;
    regs->ss = SELECTOR_GUEST_SS;
    regs->rcx = regs->rip;
    regs->r11 = regs->rflags;
}

/* Load what of the frame needs a look; the rest is in regs. */
static inline void iret_load(struct vcpu *v, struct guest_iret f)
{
    struct regs *regs = v->regs;

    regs->cs = (f.cs & 0xffff) | 3;
    regs->ss = (f.ss & 0xffff) | 3;
    regs->rflags =
        (f.rflags & RFLAGS_GUEST & ~RFLAGS_NT) | RFLAGS_IF | RFLAGS_ONE;
    regs->error_code = 0;               /* the registers are complete */
    regs->vector = 0;                   /* IRETQ: rcx and r11 count */
    if (f.flags & VGCF_in_syscall)
        load_after_syscall(regs);
    __atomic_store_n(&v->info->evtchn_upcall_mask, (f.rflags & RFLAGS_IF) == 0,
                     __ATOMIC_RELAXED);
}

/* The frame is not to be had at once, or leads to tables that are not there:
 * then the domain is crashed. Its registers may be those of the part of the
 * frame that was read. */
__attribute__((noinline)) static long iret_slowly(struct vcpu *v, vaddr_t sp)
{
    struct regs *regs = v->regs;
    struct iret_context frame;

    if (guest_read(&frame, sp, sizeof(frame)) != 0) {
        domain_crash(v->domain, "iret: cannot read the frame at %#lx", sp);
        return 0;
    }
    if ((frame.cs & 3) == 3 && !vcpu_enter_user(v))
        return 0;
    regs->rax = frame.rax;
    regs->r11 = frame.r11;
    regs->rcx = frame.rcx;
    regs->rip = frame.rip;
    regs->rsp = frame.rsp;
    iret_load(v, (struct guest_iret){.flags = frame.flags,
                                     .cs = frame.cs,
                                     .rflags = frame.rflags,
                                     .ss = frame.ss});
    return (long)regs->rax;
}

/* What get_guest_iret_raw takes for granted of the frame. */
_Static_assert(offsetof(struct iret_context, r11) == 8 &&
                   offsetof(struct iret_context, rcx) == 16 &&
                   offsetof(struct iret_context, flags) == 24 &&
                   offsetof(struct iret_context, rip) == 32 &&
                   offsetof(struct iret_context, cs) == 40 &&
                   offsetof(struct iret_context, rflags) == 48 &&
                   offsetof(struct iret_context, rsp) == 56 &&
                   offsetof(struct iret_context, ss) == 64,
               "struct iret_context");

long hypercall_iret(struct vcpu *v, const uint64_t *argument)
{
    vaddr_t sp = v->regs->rsp;
    vaddr_t from = address_quick(sp, sizeof(struct iret_context));
    struct guest_iret f;

    (void)argument;
    if (from == 0 || v->loaded->user_base == MFN_NONE ||
        get_guest_iret_raw(&f, v->regs, from) != 0)
        return iret_slowly(v, sp);
    iret_load(v, f);
    if ((~f.cs & 3) == 0)
        vcpu_enter_user(v);             /* it has a base: true */
    return (long)v->regs->rax;
}
