#include "abi/bounce.h"

#include "abi/guest.h"
#include "domain/domain.h"
#include "x86/layout.h"

/* Vectors for which the CPU pushes an error code (SDM 3A 6.13). */
#define ERROR_CODES UINT32_C(0x60227d00)

/* Bytes of `syscall`. */
#define SYSCALL_BYTES 2

/* Words of the longest frame: nothing has segments and an error code. */
#define FRAME_WORDS 11

/* What goes on where. */
struct bounce {
    const char *what;       /* for a person */
    vaddr_t  handler;       /* 0: none */
    bool     mask;          /* mask upcalls on the way in */
    bool     has_code;
    uint32_t code;
    const struct segments *segments;    /* NULL, or those of a failsafe */
};

/* Upcalls masked? The byte is the guest's: read once, and any bit counts. */
static bool upcalls_masked(const struct vcpu *v)
{
    return __atomic_load_n(&v->info->evtchn_upcall_mask, __ATOMIC_RELAXED) != 0;
}

static void upcalls_mask(struct vcpu *v)
{
    __atomic_store_n(&v->info->evtchn_upcall_mask, 1, __ATOMIC_RELAXED);
}

/* What the frame says of where the trap came from. */
static inline struct guest_frame frame_of_regs(const struct vcpu *v,
                                               bool from_kernel)
{
    const struct regs *regs = v->regs;
    uint64_t masked = upcalls_masked(v);
    uint64_t cs = regs->cs & 0xffff;

    if (from_kernel)
        cs &= ~UINT64_C(3);
    return (struct guest_frame){
        .cs = cs | masked << 32,
        /* IF is set, it was ring 3: the frame shows it as the guest's own. */
        .rflags = (regs->rflags & ~RFLAGS_IOPL) ^ (masked << 9),
        .ss = regs->ss & 0xffff,
    };
}
_Static_assert(RFLAGS_IF == 1 << 9, "masked << 9");

/* Write the frame below sp, whatever is in it. 0 or -EFAULT; *sp is then where
 * it begins. */
static int frame_write(vaddr_t *sp, const struct vcpu *v,
                       const struct guest_frame *frame, const struct bounce *b)
{
    const struct regs *regs = v->regs;
    uint64_t word[FRAME_WORDS] = {regs->rcx, regs->r11};
    size_t count = 2;

    if (b->segments) {
        word[count++] = b->segments->ds;
        word[count++] = b->segments->es;
        word[count++] = b->segments->fs;
        word[count++] = b->segments->gs;
    }
    if (b->has_code)
        word[count++] = b->code;
    word[count++] = regs->rip;
    word[count++] = frame->cs;
    word[count++] = frame->rflags;
    word[count++] = regs->rsp;
    word[count++] = frame->ss;
    *sp -= count * sizeof(word[0]);
    return guest_write(*sp, word, count * sizeof(word[0]));
}

/* Flags that a handler does not start with (SDM 3A 6.12.1). */
#define FLAGS_ENTER \
    (RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC | RFLAGS_IOPL)

/* The registers that the handler starts with. */
static inline void regs_enter(struct regs *regs, vaddr_t handler, vaddr_t sp)
{
    regs->vector = TRAP_SYSCALL;        /* rcx and r11 are in the frame */
    regs->error_code = 0;
    regs->rip = handler;
    regs->cs = SELECTOR_GUEST_CS;
    regs->rflags &= ~FLAGS_ENTER;       /* and IF stays set */
    regs->rsp = sp;
    regs->ss = SELECTOR_GUEST_SS;
}

/*
 * The long way: any frame, and every reason to fail.
 *
 * from_kernel  where the trap came from; the guest kernel's tables are loaded
 */
__attribute__((noinline)) static bool bounce_slowly(struct vcpu *v,
                                                    const struct bounce *b,
                                                    bool from_kernel)
{
    const struct guest_frame frame = frame_of_regs(v, from_kernel);
    vaddr_t sp = (from_kernel ? v->regs->rsp : v->kernel_sp) & ~UINT64_C(15);

    if (frame_write(&sp, v, &frame, b) != 0) {
        domain_crash(v->domain,
                     "no room at %#lx for the frame of %s at rip %#lx", sp,
                     b->what, v->regs->rip);
        return false;
    }
    if (b->mask)
        upcalls_mask(v);
    regs_enter(v->regs, b->handler, sp);
    return true;
}

/* No error code and no segments: through registers. false, and nothing is
 * changed, when the stack is not to be had at once. */
static inline __attribute__((always_inline)) bool bounce_shortly(
    struct vcpu *v, vaddr_t handler, bool mask, bool from_kernel)
{
    struct regs *regs = v->regs;
    const struct guest_frame frame = frame_of_regs(v, from_kernel);
    vaddr_t sp = from_kernel ? regs->rsp : v->kernel_sp;

    sp = address_quick((sp & ~UINT64_C(15)) - GUEST_FRAME_BYTES,
                       GUEST_FRAME_BYTES);
    if (sp == 0 || put_guest_frame_raw(sp, regs, &frame) != 0)
        return false;
    if (mask)
        upcalls_mask(v);
    regs_enter(regs, handler, sp);
    return true;
}

static bool bounce(struct vcpu *v, const struct bounce *b)
{
    bool from_kernel = v->guest_kernel;

    if (b->handler == 0) {
        domain_crash(v->domain, "no handler for %s at rip %#lx", b->what,
                     v->regs->rip);
        return false;
    }
    if (!from_kernel)
        vcpu_enter_kernel(v);
    if (!b->has_code && !b->segments &&
        bounce_shortly(v, b->handler, b->mask, from_kernel))
        return true;
    return bounce_slowly(v, b, from_kernel);
}

bool bounce_fault(struct vcpu *v, uint32_t vector, uint32_t error_code)
{
    const struct trap_gate *gate = &v->traps[vector % TRAP_EXCEPTIONS];
    const struct bounce b = {
        .what = trap_name(vector),
        .handler = gate->va,
        .mask = gate->mask_events,
        .has_code = (ERROR_CODES >> vector % TRAP_EXCEPTIONS & 1) != 0,
        .code = error_code,
    };

    return bounce(v, &b);
}

bool bounce_undefined(struct vcpu *v)
{
    const struct trap_gate *gate = &v->traps[TRAP_UD];

    if (v->guest_kernel && gate->va != 0 &&
        bounce_shortly(v, gate->va, gate->mask_events, true))
        return true;
    return bounce_fault(v, TRAP_UD, 0);
}

bool bounce_page_fault(struct vcpu *v, vaddr_t address, uint32_t error_code)
{
    error_code &= ~(uint32_t)PF_USER;
    if (!v->guest_kernel)
        error_code |= PF_USER;
    v->cr2 = address;
    v->info->arch.cr2 = address;
    if (v->traps[TRAP_PF].va == 0) {
        domain_crash(v->domain,
                     "no handler for #PF at address %#lx, error code %#x, "
                     "rip %#lx",
                     address, error_code, v->regs->rip);
        return false;
    }
    return bounce_fault(v, TRAP_PF, error_code);
}

bool bounce_int(struct vcpu *v, uint8_t vector)
{
    const struct trap_gate *gate = &v->traps[vector];
    const struct bounce b = {
        .what = "a software interrupt",
        .handler = gate->va,
        .mask = gate->mask_events,
    };

    return bounce(v, &b);
}

bool bounce_callback(struct vcpu *v, const struct callback *callback)
{
    const struct bounce b = {
        .what = "a callback",
        .handler = callback->va,
        .mask = callback->mask_events,
    };

    if (callback == &v->failsafe)
        return bounce_failsafe(v);
    return bounce(v, &b);
}

bool bounce_failsafe(struct vcpu *v)
{
    const struct bounce b = {
        .what = "the failsafe callback",
        .handler = v->failsafe.va,
        .mask = v->failsafe.mask_events,
        .segments = &v->segments,
    };

    return bounce(v, &b);
}

void bounce_stack(struct vcpu *v, uint64_t ss, vaddr_t sp)
{
    v->kernel_ss = ss;
    v->kernel_sp = sp;
    v->frame_sp = address_quick((sp & ~UINT64_C(15)) - GUEST_FRAME_BYTES,
                                GUEST_FRAME_BYTES);
}

/* A system call that is no ordinary one; rcx and r11 are as SYSCALL leaves
 * them, and the guest kernel's tables may be loaded already. */
__attribute__((noinline)) static long syscall_slowly(struct vcpu *v)
{
    const struct bounce b = {
        .what = "a system call",
        .handler = v->syscall.va,
        .mask = v->syscall.mask_events,
    };

    if (b.handler == 0) {               /* the CPU's: no such instruction */
        v->regs->rip -= SYSCALL_BYTES;
        bounce_fault(v, TRAP_UD, 0);
        return (long)v->regs->rax;
    }
    if (!v->guest_kernel)
        vcpu_enter_kernel(v);
    if (bounce_slowly(v, &b, false))
        v->regs->rflags &= ~RFLAGS_DF;
    return (long)v->regs->rax;
}

/* As bounce_shortly, for what SYSCALL of a guest user left: cs and ss are
 * known, rcx is rip and r11 is rflags. */
long bounce_syscall(struct vcpu *v, const uint64_t *argument)
{
    struct regs *regs = v->regs;
    uint64_t rflags = regs->rflags;     /* IF is set: ring 3 */
    vaddr_t sp = v->frame_sp;
    const struct guest_frame frame = {
        .cs = SELECTOR_GUEST_CS, .rflags = rflags, .ss = SELECTOR_GUEST_SS};

    (void)argument;
    v->calls--;                         /* it is no hypercall */
    regs->rcx = regs->rip;
    regs->r11 = rflags;
    if (v->syscall.va == 0 || sp == 0 || upcalls_masked(v))
        return syscall_slowly(v);
    vcpu_enter_kernel(v);
    if (put_guest_frame_raw(sp, regs, &frame) != 0)
        return syscall_slowly(v);
    if (v->syscall.mask_events)
        upcalls_mask(v);
    regs->rip = v->syscall.va;
    regs->rflags = rflags & ~FLAGS_ENTER & ~RFLAGS_DF;
    regs->rsp = sp;
    regs->error_code = 0;
    return (long)regs->rax;
}
