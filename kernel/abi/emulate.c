#include "abi/emulate.h"

#include "abi/bounce.h"
#include "abi/cpuid_policy.h"
#include "abi/guest.h"
#include "domain/domain.h"
#include "door.h"
#include "memory.h"
#include "mm/pin.h"
#include "x86/cpu.h"
#include "x86/msr.h"
#include "x86/tsc.h"

/* What every guest reads in CR4, and the bits that it may choose. */
#define CR4_GUEST (CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT)
#define CR4_CHOICE (CR4_DE | CR4_TSD)

/* APIC_BASE: where it is after reset, enabled, of the first CPU. */
#define APIC_BASE_ADDRESS UINT64_C(0xfee00000)
#define APIC_BASE_ENABLED UINT64_C(0x800)
#define APIC_BASE_FIRST UINT64_C(0x100)

/* MISC_ENABLE: monitoring is not there, nor is anything that records. */
#define MISC_ENABLE_ABSENT UINT64_C(0x801800)   /* BTS, PEBS, xTPR */
#define MISC_ENABLE_HIDDEN UINT64_C(0x40080)    /* counters, MONITOR */

#define EFER_VISIBLE (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

/* Bits that read as 1 in DR6 and DR7 (SDM 3B 18.2), and single step. */
#define DR6_ONES UINT64_C(0xffff0ff0)
#define DR6_STEP UINT64_C(0x4000)
#define DR7_ONES UINT64_C(0x400)

#define PORT_TIMER_2 0x42       /* channel 2 of the 8254 */

/* A general register by the CPU's number for it. */
static uint64_t *gpr(struct regs *regs, uint8_t number)
{
    switch (number) {
    case 0: return &regs->rax;
    case 1: return &regs->rcx;
    case 2: return &regs->rdx;
    case 3: return &regs->rbx;
    case 4: return &regs->rsp;
    case 5: return &regs->rbp;
    case 6: return &regs->rsi;
    case 7: return &regs->rdi;
    case 8: return &regs->r8;
    case 9: return &regs->r9;
    case 10: return &regs->r10;
    case 11: return &regs->r11;
    case 12: return &regs->r12;
    case 13: return &regs->r13;
    case 14: return &regs->r14;
    default: return &regs->r15;
    }
}

bool instruction_fetch(const struct vcpu *v, struct insn *insn)
{
    uint8_t bytes[INSN_BYTES];
    vaddr_t rip = v->regs->rip;
    size_t count = sizeof(bytes);

    if (guest_read(bytes, rip, count) != 0) {
        /* Perhaps only the next page is missing. */
        count = PAGE_BYTES - rip % PAGE_BYTES;
        if (count >= sizeof(bytes) || guest_read(bytes, rip, count) != 0)
            return false;
    }
    return decode(bytes, count, insn);
}

void instruction_skip(struct vcpu *v, uint32_t length)
{
    struct regs *regs = v->regs;

    regs->rip += length;
    regs->rflags &= ~RFLAGS_RF;
    if (regs->rflags & RFLAGS_TF) {
        v->dr[6] |= DR6_STEP;
        bounce_fault(v, TRAP_DB, 0);
    }
}

static void set_task_switched(struct vcpu *v, bool on)
{
    v->ts = on;
    if (on)
        ts_set();
    else
        ts_clear();
}

static uint64_t guest_cr0(const struct vcpu *v)
{
    return (cr0_read() & ~CR0_TS) | (v->ts ? CR0_TS : 0);
}

static bool read_cr(struct vcpu *v, const struct insn *insn)
{
    uint64_t *to = gpr(v->regs, insn->gpr);

    switch (insn->value) {
    case 0: *to = guest_cr0(v); return true;
    case 2: *to = v->cr2; return true;
    case 3: *to = v->domain->loaded[v->id].base << PAGE_SHIFT; return true;
    case 4: *to = CR4_GUEST | v->cr4; return true;
    default: return false;
    }
}

/* mov to cr3: the same as MMUEXT_NEW_BASEPTR. */
static bool write_cr3(struct vcpu *v, uint64_t value)
{
    struct domain *d = v->domain;
    mfn_t mfn = value >> PAGE_SHIFT;
    int rc = base_load(&machine, &d->owner, v->id, false, mfn);

    rc = door_run(d, rc);
    v->calls++;
    if (v->attention & ATTENTION_AUDIT)
        door_call_done(v);
    return rc == 0;
}

static bool write_cr(struct vcpu *v, const struct insn *insn)
{
    uint64_t value = *gpr(v->regs, insn->gpr);

    switch (insn->value) {
    case 0:
        if (((value ^ guest_cr0(v)) & ~CR0_TS) != 0)
            return false;
        set_task_switched(v, (value & CR0_TS) != 0);
        return true;
    case 2:
        v->cr2 = value;
        v->info->arch.cr2 = value;
        return true;
    case 3: return write_cr3(v, value);
    case 4:
        v->cr4 = value & CR4_CHOICE;
        cpu_set_tsd((v->cr4 & CR4_TSD) != 0);
        return true;
    default: return false;
    }
}

/* dr4 and dr5 are no registers of their own. */
static bool dr_exists(uint8_t number)
{
    return number <= 3 || number == 6 || number == 7;
}

static bool read_dr(struct vcpu *v, const struct insn *insn)
{
    uint64_t *to = gpr(v->regs, insn->gpr);

    if (!dr_exists(insn->value))
        return false;
    *to = v->dr[insn->value];
    if (insn->value == 6)
        *to |= DR6_ONES;
    else if (insn->value == 7)
        *to |= DR7_ONES;
    return true;
}

static bool write_dr(struct vcpu *v, const struct insn *insn)
{
    uint64_t value = *gpr(v->regs, insn->gpr);

    if (!dr_exists(insn->value) || !dr_ok(insn->value, value))
        return false;
    dr_write(insn->value, value);
    v->dr[insn->value] = dr_read(insn->value);
    return true;
}

/* What a guest reads in a register that exists for it. */
static bool guest_msr(const struct vcpu *v, uint32_t msr, uint64_t *value)
{
    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_GS_BASE_INACTIVE: *value = msr_read(msr); return true;
    case MSR_EFER: *value = msr_read(msr) & EFER_VISIBLE; return true;
    case MSR_APIC_BASE:
        *value = APIC_BASE_ADDRESS | APIC_BASE_ENABLED |
                 (v->id == 0 ? APIC_BASE_FIRST : 0);
        return true;
    case MSR_MISC_ENABLE:
        if (msr_read_safe(msr, value) != 0)
            return false;
        *value = (*value & ~MISC_ENABLE_HIDDEN) | MISC_ENABLE_ABSENT;
        return true;
    default: return false;
    }
}

static bool read_msr(struct vcpu *v)
{
    struct regs *regs = v->regs;
    uint32_t msr = (uint32_t)regs->rcx;
    uint64_t value, real;

    if (!guest_msr(v, msr, &value)) {
        /* A kernel that has no #GP handler yet reads a register of this CPU:
         * rather 0 than its end. Source: Xen public arch-x86/xen.h. */
        if (v->traps[TRAP_GP].va != 0 || msr_read_safe(msr, &real) != 0)
            return false;
        value = 0;
    }
    regs->rax = (uint32_t)value;
    regs->rdx = value >> 32;
    return true;
}

/* rdtsc, when the guest kernel has taken it from its user by CR4.TSD. */
static bool read_tsc(struct vcpu *v)
{
    uint64_t tsc = tsc_read();

    v->regs->rax = (uint32_t)tsc;
    v->regs->rdx = tsc >> 32;
    return true;
}

static bool write_msr(struct vcpu *v)
{
    struct regs *regs = v->regs;
    uint32_t msr = (uint32_t)regs->rcx;
    uint64_t value = regs->rdx << 32 | (uint32_t)regs->rax;

    /* A base that is not canonical is a #GP for the CPU too. */
    if (!entry_point_ok(value))
        return false;
    switch (msr) {
    case MSR_FS_BASE: v->fs_base = value; break;
    case MSR_GS_BASE: v->gs_base_kernel = value; break;
    case MSR_GS_BASE_INACTIVE: v->gs_base_user = value; break;
    default: return false;
    }
    msr_write(msr, value);
    return true;
}

/* in: there is no device at any port. A 32-bit result clears the rest. */
static void port_in(struct regs *regs, const struct insn *insn)
{
    uint16_t port = insn->port_is_dx ? (uint16_t)regs->rdx : insn->value;
    uint32_t value = port == PORT_TIMER_2 ? 0 : UINT32_MAX;

    if (insn->width == 1)
        regs->rax = (regs->rax & ~UINT64_C(0xff)) | (value & 0xff);
    else if (insn->width == 2)
        regs->rax = (regs->rax & ~UINT64_C(0xffff)) | (value & 0xffff);
    else
        regs->rax = value;
}

/* The guest kernel counts as ring 1. */
static bool iopl_ok(const struct vcpu *v)
{
    return v->iopl >= (v->guest_kernel ? 1 : 3);
}

/* Instructions that IOPL decides about. */
static bool execute_io(struct vcpu *v, const struct insn *insn)
{
    if (!iopl_ok(v))
        return false;
    if (insn->kind == INSN_IN)
        port_in(v->regs, insn);
    return true;
}

static bool execute(struct vcpu *v, const struct insn *insn)
{
    switch (insn->kind) {
    case INSN_IN:
    case INSN_OUT:
    case INSN_CLI:
    case INSN_STI: return execute_io(v, insn);
    default: break;
    }
    if (!v->guest_kernel)
        return false;
    switch (insn->kind) {
    case INSN_CLTS: set_task_switched(v, false); return true;
    case INSN_WBINVD: return true;
    case INSN_READ_CR: return read_cr(v, insn);
    case INSN_WRITE_CR: return write_cr(v, insn);
    case INSN_READ_DR: return read_dr(v, insn);
    case INSN_WRITE_DR: return write_dr(v, insn);
    case INSN_RDTSC: return read_tsc(v);
    case INSN_RDMSR: return read_msr(v);
    case INSN_WRMSR: return write_msr(v);
    default: return false;
    }
}

bool emulate_privileged(struct vcpu *v)
{
    struct insn insn;

    if (!instruction_fetch(v, &insn) || !execute(v, &insn))
        return false;
    instruction_skip(v, insn.length);
    return true;
}

/* What the policy needs to know of this machine. */
static struct cpuid_facts facts_gather(const struct vcpu *v)
{
    struct clock_scale scale = tsc_scale();
    struct cpuid_facts facts = {
        .max_basic = cpu_id(0, 0).eax,
        .max_extended = cpu_id(0x80000000, 0).eax,
        .vcpu = v->id,
        .tsc_khz = (uint32_t)(tsc_hz() / 1000),
        .tsc_mul = scale.mul,
        .tsc_shift = scale.shift,
    };

    while (facts.address_bits < 64 &&
           (machine.frames * PAGE_BYTES) >> facts.address_bits != 0)
        facts.address_bits++;
    if (facts.max_extended >= 0x80000007)
        facts.tsc_invariant = (cpu_id(0x80000007, 0).edx & 0x100) != 0;
    return facts;
}

bool emulate_forced_cpuid(struct vcpu *v)
{
    struct regs *regs = v->regs;
    struct cpuid_facts facts;
    struct cpuid answer;
    struct insn insn;

    if (!instruction_fetch(v, &insn) || insn.kind != INSN_CPUID)
        return false;
    facts = facts_gather(v);
    answer = cpu_id((uint32_t)regs->rax, (uint32_t)regs->rcx);
    cpuid_filter((uint32_t)regs->rax, (uint32_t)regs->rcx, &facts, &answer);
    regs->rax = answer.eax;
    regs->rbx = answer.ebx;
    regs->rcx = answer.ecx;
    regs->rdx = answer.edx;
    instruction_skip(v, insn.length);
    return true;
}
