#include "inspect/show.h"

#include "domain/event.h"
#include "inspect/verbs.h"
#include "lib/format.h"
#include "memory.h"
#include "report.h"
#include "x86/tsc.h"

#define MIB UINT64_C(0x100000)
#define MILLISECOND UINT64_C(1000000)

/* Of the last refusals, how many are shown. */
#define RECENT 12u

typedef unsigned long long ull;

static const char *state_name(const struct domain *d)
{
    const struct vcpu *v = &d->vcpu[0];

    if (d->removed)
        return "zombie";
    if (v->state == VCPU_ENDED || d->owner.dying)
        return "leaving";
    if (d->end != END_NONE)
        return "ending";
    if (v == current())
        return "running";
    return v->state == VCPU_BLOCKED ? "blocked" : "ready";
}

/* How long its vcpu has run, in ms. */
static uint64_t run_ms(const struct domain *d)
{
    const struct vcpu *v = &d->vcpu[0];
    uint64_t ns = v->run_ns;

    if (v == current())
        ns += tsc_now_ns() - v->run_since;
    return ns / MILLISECOND;
}

static uint64_t refused(const struct domain *d)
{
    uint64_t all = 0;
    uint32_t rule;

    for (rule = 0; rule < RULES; rule++)
        all += d->owner.refused[rule];
    return all;
}

static bool step_list(struct job *job)
{
    struct domain *d = job_next(job);

    if (!d && job->at == 0)
        out_line("there is no domain");
    if (!d)
        return true;
    if (job->at++ == 0)
        out_line("%-28s %3s %6s  %-8s %9s %10s %8s", "Name", "ID", "Mem",
                 "State", "Time(s)", "Calls", "Refused");
    out_line("%-28s %3u %6llu  %-8s %5llu.%03llu %10llu %8llu", d->name,
             d->owner.id,
             (ull)(d->owner.extent_count * (EXTENT_FRAMES * PAGE_BYTES) / MIB),
             state_name(d), (ull)(run_ms(d) / 1000), (ull)(run_ms(d) % 1000),
             (ull)d->vcpu[0].calls, (ull)refused(d));
    return false;
}

bool show_list(struct job *job)
{
    job->step = step_list;
    return true;
}

static void registers_line(const char *names, uint64_t a, uint64_t b,
                           uint64_t c)
{
    out_line("  %.3s %016llx  %.3s %016llx  %.3s %016llx", names, (ull)a,
             names + 3, (ull)b, names + 6, (ull)c);
}

static bool step_registers(struct job *job)
{
    struct domain *d = job_next(job);
    const struct regs *r;

    if (!d)
        return true;
    r = d->vcpu[0].regs;
    out_line("domain %u (%s), %s, in its %s%s:", d->owner.id, d->name,
             state_name(d), d->vcpu[0].guest_kernel ? "kernel" : "user",
             r && regs_in_hypercall(r) ? ", in a hypercall" : "");
    if (d->vcpu[0].state == VCPU_ENDED || !r)
        return false;
    registers_line("ripcs fl ", r->rip, r->cs, r->rflags);
    registers_line("rdxrsirdi", r->rdx, r->rsi, r->rdi);
    registers_line("r8 r9 r10", r->r8, r->r9, r->r10);
    if (regs_in_hypercall(r)) {
        registers_line("rspss rax", r->rsp, r->ss, r->rax);
        return false;               /* the others are in use by the call */
    }
    registers_line("rspss rbp", r->rsp, r->ss, r->rbp);
    registers_line("raxrbxrcx", r->rax, r->rbx, r->rcx);
    registers_line("r11r12r13", r->r11, r->r12, r->r13);
    registers_line("r14r15cr2", r->r14, r->r15, d->vcpu[0].cr2);
    return false;
}

bool show_registers(struct job *job)
{
    job->step = step_registers;
    return verb_optional_domain(job);
}

static void mfn_line(const char *name, mfn_t mfn)
{
    if (mfn == MFN_NONE)
        out_line("  %-18s none", name);
    else
        out_line("  %-18s frame %#llx", name, (ull)mfn);
}

static bool step_domains(struct job *job)
{
    struct domain *d = job_next(job);
    const struct loaded *loaded;

    if (!d)
        return true;
    loaded = &d->loaded[0];
    out_line("domain %u (%s): %s, %s", d->owner.id, d->name,
             d->privileged ? "privileged" : "unprivileged", state_name(d));
    if (d->end == END_CRASH)
        out_line("  crashed: %s", d->why);
    out_line("  memory             %llu frames in %u superpages, limit %llu",
             (ull)d->owner.allocated, d->owner.extent_count,
             (ull)d->owner.limit);
    mfn_line("kernel's L4", loaded->base);
    mfn_line("user's L4", loaded->user_base);
    out_line("  descriptors        %u frames of GDT, %u of LDT",
             loaded->gdt_count, loaded->ldt_count);
    mfn_line("shared_info", d->shared_mfn);
    mfn_line("console ring", d->console_mfn);
    mfn_line("store ring", d->store_mfn);
    out_line("  operation          %s",
             d->owner.op.kind == OP_NONE ? "none" : "one is under way");
    return false;
}

bool show_domains(struct job *job)
{
    job->step = step_domains;
    return verb_optional_domain(job);
}

static bool step_queue(struct job *job)
{
    struct domain *d = job_next(job);
    uint64_t now = tsc_now_ns(), timer;

    if (!d)
        return true;
    timer = d->vcpu[0].timer_ns;
    if (timer == 0)
        out_line("d%u.0  %-8s no timer", d->owner.id, state_name(d));
    else
        out_line("d%u.0  %-8s timer in %llu ms", d->owner.id, state_name(d),
                 (ull)(timer > now ? (timer - now) / MILLISECOND : 0));
    return false;
}

bool show_queue(struct job *job)
{
    out_line("%s runs",
             current() ? current()->domain->name : "nobody: the idle thread");
    job->step = step_queue;
    return true;
}

static const char *port_text(const struct port *p, char *text, size_t bytes)
{
    switch (p->state) {
    case PORT_CONSOLE: return "console ring";
    case PORT_STORE: return "store ring";
    case PORT_VIRQ: format_buffer(text, bytes, "VIRQ %u", p->data); break;
    case PORT_IPI: format_buffer(text, bytes, "IPI to vcpu %u", p->data); break;
    default:
        format_buffer(text, bytes, "unbound, waits for domain %u", p->remote);
    }
    return text;
}

static bool step_ports(struct job *job)
{
    struct domain *d = job_next(job);
    char text[40];
    uint32_t i;

    if (!d)
        return true;
    out_line("domain %u (%s)%s:", d->owner.id, d->name,
             d->removed || !event_pending(&d->vcpu[0]) ? ""
                                                       : ", an upcall waits");
    for (i = 0; i < EVENT_PORTS; i++)
        if (d->ports[i].state != PORT_FREE)
            out_line("  port %-2u  %s", i,
                     port_text(&d->ports[i], text, sizeof(text)));
    return false;
}

bool show_ports(struct job *job)
{
    job->step = step_ports;
    return verb_optional_domain(job);
}

static bool step_grants(struct job *job)
{
    struct domain *d = job_next(job);
    uint32_t i;

    if (!d)
        return true;
    out_line("domain %u (%s): version 1, %u frames", d->owner.id, d->name,
             GRANT_FRAMES);
    for (i = 0; i < GRANT_FRAMES; i++)
        mfn_line("", d->grant_mfn[i]);
    return false;
}

bool show_grants(struct job *job)
{
    job->step = step_grants;
    return verb_optional_domain(job);
}

static void recent_line(const struct job *job, uint32_t back)
{
    char line[REPORT_LINE_BYTES];
    struct refusal refusal;
    uint16_t id;

    if (!report_recent(back, &id, &refusal) ||
        (job->only != 0 && id != job->only))
        return;
    refusal_format(&refusal, line, sizeof(line));
    out_line("domain %u %s", id, line);
}

static bool step_refusals(struct job *job)
{
    struct domain *d = job_next(job);
    uint32_t rule, back;

    if (!d) {
        for (back = RECENT; back > 0; back--)
            recent_line(job, back - 1);
        return true;
    }
    out_line("domain %u (%s): %llu refusals", d->owner.id, d->name,
             (ull)refused(d));
    for (rule = 0; rule < RULES; rule++)
        if (d->owner.refused[rule] > 0)
            out_line("  %-3s %8llu  %s", rule_name((enum rule)rule),
                     (ull)d->owner.refused[rule],
                     rule_sentence((enum rule)rule));
    return false;
}

bool show_refusals(struct job *job)
{
    job->step = step_refusals;
    return verb_optional_domain(job);
}

static bool step_kill(struct job *job)
{
    struct domain *d = domain_by_id(job->only);

    if (d)
        domain_crash(d, "killed at the kernel prompt");
    return true;
}

bool show_kill(struct job *job)
{
    struct domain *d = verb_domain(job, job->word[1]);

    if (!d)
        return false;
    if (d->end != END_NONE)
        return job_fail(job, "domain %u is ending already", d->owner.id);
    job->only = d->owner.id;
    job->step = step_kill;
    return true;
}
