#ifndef TALLY_DOMAIN_VCPU_H
#define TALLY_DOMAIN_VCPU_H

#include "mm/types.h"

#include <xen/xen.h>

#include "x86/context.h"
#include "x86/image.h"
#include "x86/regs.h"
#include "x86/trap.h"

struct domain;
struct loaded;

/* An entry point that a guest registered. */
struct callback {
    vaddr_t  va;            /* 0: none */
    bool     mask_events;   /* set evtchn_upcall_mask on the way in */
};

/* One entry of set_trap_table. */
struct trap_gate {
    vaddr_t  va;            /* 0: none */
    uint16_t cs;
    uint8_t  dpl;           /* lowest privilege that may `int n` here */
    bool     mask_events;
};

/* May a vcpu run? */
enum vcpu_state {
    VCPU_RUNNABLE,
    VCPU_BLOCKED,           /* waits for an event or its timer */
    VCPU_ENDED              /* never runs again */
};

/* Why the way back to ring 3 is the long one; vcpu_waits knows one more. */
#define ATTENTION_ONCE   1u /* something has happened: look at everything */
#define ATTENTION_AUDIT  2u /* every hypercall is followed by an audit */
#define ATTENTION_VERW   4u /* buffers are cleared on every return */

struct vcpu {
    uint32_t attention;     /* ATTENTION_*; 0: an answer is all there is */
    bool     guest_kernel;  /* true: the guest kernel runs, on its tables */
    bool     polling;       /* blocked until the next tick or event */
    uint8_t  state;         /* enum vcpu_state */
    uint8_t  latency_kind;  /* latency=yes: what it is in */
    uint64_t calls;         /* hypercalls so far, parts of multicalls too */
    struct vcpu_info *info; /* in shared_info, or where the guest moved it;
                               the kernel's own mapping */
    uint64_t flushes;       /* full TLB flushes until it last ran, and what */
    uint32_t flush_clock;   /* the flush clock showed when it went on */
    struct domain *domain;
    struct loaded *loaded;  /* domain->loaded[id] */
    uint32_t id;            /* index in the domain, 0 for the first */

    vaddr_t  stack_top;     /* of its kernel stack */
    uint64_t saved_rsp;     /* while it does not run */
    struct regs *regs;      /* == context_regs(stack_top) */

    struct segments segments;   /* while it does not run */
    struct fpu fpu;             /* while it does not run */
    bool     segments_lost;     /* a selector could not be loaded again: the
                                   failsafe callback is due */

    uint64_t kernel_ss;     /* stack_switch */
    uint64_t kernel_sp;
    vaddr_t  frame_sp;      /* where a frame of seven words below kernel_sp
                               begins; 0: not at an address of the guest's */
    uint64_t gs_base_kernel;    /* as the guest set them, for reading back */
    uint64_t gs_base_user;
    uint64_t fs_base;

    struct callback event;
    struct callback failsafe;
    struct callback syscall;
    struct callback syscall32;
    struct callback sysenter;
    struct trap_gate traps[256];

    bool     ts;            /* fpu_taskswitch: CR0.TS as the guest sees it */
    uint8_t  iopl;          /* physdev set_iopl; 0 at first */
    uint64_t cr4;           /* as the guest last wrote it */
    uint64_t dr[8];         /* debug registers as the guest set them */
    uint64_t cr2;           /* of the last page fault given to the guest */
    uint32_t vm_assist;     /* bits of VMASST_TYPE_* that are on */

    uint32_t ldt_entries;   /* descriptors of the LDT loaded, */
    uint32_t ldt_next;      /* and of the one that is asked for */

    bool     info_moved;    /* register_vcpu_info: once */
    uint64_t timer_ns;      /* system time of set_timer_op; 0: none */
    uint64_t run_since;     /* system time when it was switched to */
    uint64_t run_ns;        /* how long it has run, up to the last switch */
};

_Static_assert(offsetof(struct vcpu, attention) == 0, "VCPU_ATTENTION");
_Static_assert(offsetof(struct vcpu, calls) == 8, "VCPU_CALLS");
_Static_assert(offsetof(struct vcpu, info) == 16, "VCPU_INFO");
_Static_assert(offsetof(struct vcpu_info, evtchn_upcall_pending) == 0,
               "entry.asm reads it there");

/* vcpu_attend - have everything looked at before ring 3 runs again. */
static inline void vcpu_attend(struct vcpu *v)
{
    v->attention |= ATTENTION_ONCE;
}

/* vcpu_waits - is anything to be done before ring 3 runs again? A pending
 * upcall is looked for each time: the guest itself may make it so. entry.asm
 * asks the same. */
static inline bool vcpu_waits(const struct vcpu *v)
{
    return (v->attention | __atomic_load_n(&v->info->evtchn_upcall_pending,
                                           __ATOMIC_RELAXED)) != 0;
}

/* vcpu_mode - guest kernel or guest user; it runs, or is about to. */
static inline void vcpu_mode(struct vcpu *v, bool guest_kernel)
{
    v->guest_kernel = guest_kernel;
    cpu_calls = calls_of[guest_kernel];
}

/* current - the vcpu whose kernel stack we run on; NULL while idle. */
static inline struct vcpu *current(void)
{
    return (struct vcpu *)cpu_vcpu;
}

#endif
