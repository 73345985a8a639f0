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

/* A frame under construction, lowest address first. */
struct frame_words {
    uint64_t word[FRAME_WORDS];
    size_t count;
};

static void push(struct frame_words *f, uint64_t word)
{
    f->word[f->count++] = word;
}

/* Upcalls masked? The byte is the guest's: read once, and any bit counts. */
static bool upcalls_masked(const struct vcpu *v)
{
    return __atomic_load_n(&v->info->evtchn_upcall_mask, __ATOMIC_RELAXED) != 0;
}

static void upcalls_mask(struct vcpu *v)
{
    __atomic_store_n(&v->info->evtchn_upcall_mask, 1, __ATOMIC_RELAXED);
}

static void frame_fill(struct frame_words *f, const struct vcpu *v,
                       const struct bounce *b)
{
    const struct regs *regs = v->regs;
    bool masked = upcalls_masked(v);
    uint64_t cs = regs->cs & 0xffff;
    uint64_t rflags = regs->rflags & ~(RFLAGS_IF | RFLAGS_IOPL);

    if (v->guest_kernel)
        cs &= ~UINT64_C(3);
    f->count = 0;
    push(f, regs->rcx);
    push(f, regs->r11);
    if (b->segments) {
        push(f, b->segments->ds);
        push(f, b->segments->es);
        push(f, b->segments->fs);
        push(f, b->segments->gs);
    }
    if (b->has_code)
        push(f, b->code);
    push(f, regs->rip);
    push(f, cs | (uint64_t)masked << 32);
    push(f, masked ? rflags : rflags | RFLAGS_IF);
    push(f, regs->rsp);
    push(f, regs->ss & 0xffff);
}

/* The registers that the handler starts with (SDM 3A 6.12.1: which flags). */
static void regs_enter(struct regs *regs, vaddr_t handler, vaddr_t sp)
{
    regs->vector = TRAP_SYSCALL;        /* rcx and r11 are in the frame */
    regs->error_code = 0;
    regs->rip = handler;
    regs->cs = SELECTOR_GUEST_CS;
    regs->rflags &= ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM |
                      RFLAGS_AC | RFLAGS_IOPL);
    regs->rflags |= RFLAGS_IF | RFLAGS_ONE;
    regs->rsp = sp;
    regs->ss = SELECTOR_GUEST_SS;
}

static bool bounce(struct vcpu *v, const struct bounce *b)
{
    struct regs *regs = v->regs;
    struct frame_words f;
    vaddr_t sp;

    if (b->handler == 0) {
        domain_crash(v->domain, "no handler for %s at rip %#lx", b->what,
                     regs->rip);
        return false;
    }
    frame_fill(&f, v, b);
    if (!v->guest_kernel) {
        vcpu_enter_kernel(v);
        sp = v->kernel_sp;
    } else {
        sp = regs->rsp;
    }
    sp = (sp & ~UINT64_C(15)) - f.count * sizeof(f.word[0]);
    if (guest_write(sp, f.word, f.count * sizeof(f.word[0])) != 0) {
        domain_crash(v->domain,
                     "no room at %#lx for the frame of %s at rip %#lx", sp,
                     b->what, regs->rip);
        return false;
    }
    if (b->mask)
        upcalls_mask(v);
    regs_enter(regs, b->handler, sp);
    vcpu_attend(v);
    return true;
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
    if (callback == &v->syscall)
        return bounce_syscall(v);
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

bool bounce_syscall(struct vcpu *v)
{
    const struct bounce b = {
        .what = "a system call",
        .handler = v->syscall.va,
        .mask = v->syscall.mask_events,
    };

    if (v->syscall.va == 0) {
        v->regs->rip -= SYSCALL_BYTES;
        return bounce_fault(v, TRAP_UD, 0);
    }
    if (!bounce(v, &b))
        return false;
    v->regs->rflags &= ~RFLAGS_DF;
    return true;
}
