#include "door.h"

#include "domain/schedule.h"
#include "memory.h"
#include "report.h"
#include "x86/gdt.h"
#include "x86/paging.h"
#include "x86/tlb.h"

/* Steps that a flush counts as, with the way to it and back. */
#define FLUSH_STEPS 4

uint32_t door_budget = DOOR_BUDGET;

void door_flush(void)
{
    uint32_t reading = flush_begin(&machine);

    if (reading == 0) {                 /* wrapped: flush, begin again */
        tlb_flush_local();
        reading = flush_begin(&machine);
    }
    tlb_flush_local();
    flush_done(&machine, reading);
}

void door_switch_base(mfn_t base)
{
    uint32_t reading = flush_begin(&machine);

    if (reading == 0)                   /* wrapped: the load below flushes */
        reading = flush_begin(&machine);
    cr3_write(base << PAGE_SHIFT);
    flush_done(&machine, reading);
}

static mfn_t base_of(const struct vcpu *v)
{
    return v->guest_kernel ? v->loaded->base : v->loaded->user_base;
}

void door_load(struct vcpu *v)
{
    const struct loaded *loaded = v->loaded;
    uint32_t ldt = loaded->ldt_count * TABLE_ENTRIES;

    gdt_load_guest_frames(loaded->gdt, loaded->gdt_count * TABLE_ENTRIES);
    gdt_load_guest_ldt(loaded->ldt,
                       v->ldt_entries < ldt ? v->ldt_entries : ldt);
    door_switch_base(base_of(v));
}

void door_page_invalidate(struct domain *d, vaddr_t va)
{
    (void)d;                            /* one CPU: it is this one */
    tlb_flush_page(va);
}

void door_rest(struct domain *d)
{
    schedule_point();                   /* nothing else renews the budget: */
    d->owner.budget = door_budget;      /* call_step counts on it, too */
}

/* What the operation asked for is live: the CPU, which runs this vcpu, loads
 * it. */
static void loaded_now(struct vcpu *v)
{
    const struct op *op = &v->domain->owner.op;

    if (op->kind == OP_BASE) {
        door_switch_base(base_of(v));
        return;
    }
    if (op->sub)                        /* an LDT, and as long as asked */
        v->ldt_entries = v->ldt_next;
    door_load(v);
}

int door_step(struct domain *d, int rc)
{
    struct owner *o = &d->owner;

    if (rc == STOP_FLUSH) {
        door_flush();
        budget_spend(o, FLUSH_STEPS);
    } else if (rc == STOP_BUDGET) {
        door_rest(d);
    } else if (rc == STOP_LOAD && current() == &d->vcpu[o->op.vcpu]) {
        loaded_now(current());
    }
    if (rc > 0)
        rc = op_resume(&machine, o);
    if (rc <= 0)
        report_refusal(d);
    return rc;
}

int door_run(struct domain *d, int rc)
{
    do
        rc = door_step(d, rc);
    while (rc > 0);
    return rc;
}
