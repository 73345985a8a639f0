/*
 * fault - what a domain's exceptions and the machine's interrupts lead to.
 * The contracts of the entry points are in x86/trap.h.
 */
#include "abi/bounce.h"
#include "abi/emulate.h"
#include "abi/guest.h"
#include "domain/domain.h"
#include "domain/schedule.h"
#include "latency.h"
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/layout.h"
#include "x86/log.h"
#include "x86/panic.h"
#include "x86/pic.h"

/* Bits of a selector error code (SDM 3A 6.13). */
#define CODE_EXTERNAL 0x1u
#define CODE_IDT 0x2u
#define CODE_LDT 0x4u

/* DR6 as the CPU leaves it when nothing has happened. */
#define DR6_CLEAR UINT64_C(0xffff0ff0)

#define LDT_BYTES (LDT_GUEST_PAGES * PAGE_BYTES)

/* May `int n` be used on this gate? The guest kernel counts as ring 1. */
static bool gate_allows_int(const struct vcpu *v, uint8_t vector)
{
    const struct trap_gate *gate = &v->traps[vector];

    return gate->va != 0 && gate->dpl >= (v->guest_kernel ? 1 : 3);
}

/* The #GP that the CPU gives for a gate whose DPL is too low. */
static void gate_refuse(struct vcpu *v, uint8_t vector)
{
    bounce_fault(v, TRAP_GP, vector * 8u | CODE_IDT);
}

/*
 * `int n`: the IDT's own gates refuse it, and the error code names the gate.
 * The number is taken from the instruction: QEMU up to 7.2 gives n * 16 + 2
 * as the code.
 */
static bool fault_int(struct vcpu *v)
{
    struct insn insn;

    if (!instruction_fetch(v, &insn) || insn.kind != INSN_INT)
        return false;
    if (gate_allows_int(v, insn.value)) {
        v->regs->rip += insn.length;
        bounce_int(v, insn.value);
    } else {
        gate_refuse(v, insn.value);
    }
    return true;
}

static void fault_gp(struct vcpu *v)
{
    uint32_t code = v->regs->error_code;

    if ((code & (CODE_IDT | CODE_EXTERNAL)) == CODE_IDT && fault_int(v))
        return;
    if (code == 0 && emulate_privileged(v))
        return;
    bounce_fault(v, TRAP_GP, code);
}

static inline void fault_ud(struct vcpu *v)
{
    if (!emulate_forced_cpuid(v))
        bounce_undefined(v);
}

/*
 * int3 and into have gates of their own, and rip is behind them. A guest
 * kernel may always use its handler; a guest user where the DPL says so.
 */
static void fault_breakpoint(struct vcpu *v)
{
    uint8_t vector = (uint8_t)v->regs->vector;
    vaddr_t rip = v->regs->rip;
    uint8_t bytes[2];

    if (gate_allows_int(v, vector) ||
        (v->guest_kernel && v->traps[vector].va != 0)) {
        bounce_int(v, vector);
        return;
    }
    /* One byte, or the two of `int n`: back to where it begins. */
    if (guest_read(bytes, rip - 2, sizeof(bytes)) == 0 && bytes[0] == 0xcd &&
        bytes[1] == vector)
        v->regs->rip = rip - 2;
    else
        v->regs->rip = rip - 1;
    gate_refuse(v, vector);
}

/* fpu_taskswitch: the guest asked for this one, once. */
static void fault_nm(struct vcpu *v)
{
    ts_clear();
    if (v->ts) {
        v->ts = false;
        bounce_fault(v, TRAP_NM, 0);
    }
}

static void fault_db(struct vcpu *v)
{
    v->dr[6] = dr_read(6);
    dr_write(6, DR6_CLEAR);
    bounce_fault(v, TRAP_DB, 0);
}

/*
 * A descriptor that the CPU could not read for a domain: a page of the LDT
 * that is not there. The guest knows the selector, not our window: #GP.
 */
static bool fault_in_ldt(vaddr_t cr2, uint32_t *selector_code)
{
    if (cr2 - WINDOW_LDT >= LDT_BYTES)
        return false;
    *selector_code = (uint32_t)(cr2 - WINDOW_LDT) / 8 * 8 | CODE_LDT;
    return true;
}

static void fault_page(struct vcpu *v, vaddr_t cr2)
{
    uint32_t code = v->regs->error_code;
    uint32_t selector_code;

    if (!(code & PF_USER) && fault_in_ldt(cr2, &selector_code)) {
        bounce_fault(v, TRAP_GP, selector_code);
        return;
    }
    if (code & PF_RESERVED)
        log_printf(LOG_ERROR,
                   "domain %u: a reserved bit is set in its page "
                   "tables, at address %#lx",
                   v->domain->owner.id, cr2);
    bounce_page_fault(v, cr2, code);
}

/* Every fault but #UD. */
__attribute__((noinline)) static void fault_other(struct vcpu *v,
                                                  struct regs *regs)
{
    vaddr_t cr2 = cr2_read();   /* before anything else faults */

    if (latency_on)
        latency_begin(LATENCY_TRAP);
    switch (regs->vector) {
    case TRAP_DB: fault_db(v); break;
    case TRAP_BP:
    case TRAP_OF: fault_breakpoint(v); break;
    case TRAP_NM: fault_nm(v); break;
    case TRAP_GP: fault_gp(v); break;
    case TRAP_PF: fault_page(v, cr2); break;
    default: bounce_fault(v, regs->vector, regs->error_code); break;
    }
}

/* What no domain brings about on a CPU that keeps to the manual. */
__attribute__((noinline, cold)) static void fault_strange(struct vcpu *v,
                                                          struct regs *regs)
{
    if (v) {
        domain_crash(v->domain, "it is in virtual-8086 mode, at rip %#lx",
                     regs->rip);
        domain_exit_work(v);
    }
    panic_regs(regs, "%s in ring 3 without a vcpu", trap_name(regs->vector));
}

void fault_entry(struct regs *regs)
{
    struct vcpu *v = current();

    if (!v || (regs->rflags & RFLAGS_VM))
        fault_strange(v, regs);
    if (regs->vector == TRAP_UD)
        fault_ud(v);
    else
        fault_other(v, regs);
    if (vcpu_waits(v))
        domain_exit_work(v);
}

/* Is there nothing left that IRETQ could find wrong? */
static bool return_is_plain(const struct regs *regs)
{
    return regs->cs == SELECTOR_GUEST_CS && regs->ss == SELECTOR_GUEST_SS &&
           sysret_ok(regs->rip);
}

void fault_iret(struct regs *regs)
{
    vaddr_t cr2 = cr2_read();
    struct vcpu *v = current();
    uint32_t vector = regs->vector;
    uint32_t code = regs->error_code;

    if (!v)
        panic_regs(regs, "no vcpu to return to");
    if (vector == TRAP_PF) {
        vector = TRAP_GP;
        if (!fault_in_ldt(cr2, &code))
            code = 0;
    }
    /* After one bounce the return is plain: this never goes round. */
    if (return_is_plain(regs))
        domain_crash(v->domain, "%s on the return to rip %#lx",
                     trap_name(vector), regs->rip);
    else
        bounce_fault(v, vector, code);
    domain_exit_work(v);
}

static void interrupt_unexpected(uint32_t vector)
{
    static uint64_t seen[4];            /* bits by vector */
    uint64_t bit = UINT64_C(1) << vector % 64;

    if (seen[vector / 64 % 4] & bit)
        return;
    seen[vector / 64 % 4] |= bit;
    log_printf(LOG_WARNING, "interrupt %u: nobody asked for it, ignored",
               vector);
}

void interrupt_entry(struct regs *regs)
{
    uint32_t vector = regs->vector;

    if (latency_on)
        latency_interrupt(regs);
    if (vector == APIC_TIMER_VECTOR) {
        apic_eoi();
        timer_interrupt();
    } else if (vector == LATENCY_VECTOR) {
        apic_eoi();
    } else if (vector - PIC_FIRST_VECTOR < PIC_VECTORS) {
        interrupt_unexpected(vector);   /* spurious: the APIC knows nothing */
    } else if (vector != APIC_SPURIOUS_VECTOR) {
        interrupt_unexpected(vector);
        apic_eoi();
    }
    if (from_ring3(regs) && current())
        domain_exit_work(current());
}
