#include "door.h"

/*
 * Begin a flush: the clock's new reading. When the clock wraps every CPU is
 * flushed at once, and with it whatever flush was under way.
 */
static uint32_t clock_advance(struct world *w)
{
    uint32_t reading = flush_begin(&w->m);
    uint32_t i;

    if (reading != 0)
        return reading;
    reading = flush_begin(&w->m);
    for (i = 0; i < CPUS; i++)
        tlb_flush(&w->cpu[i], reading);
    flush_done(&w->m, reading);
    w->door.reading = reading;
    w->door.todo = 0;
    return reading;
}

/* A CR3 load. */
static void cpu_load(struct world *w, uint32_t i)
{
    const struct loaded *loaded = &w->loaded[i];
    struct cpu *cpu = &w->cpu[i];
    uint32_t reading = clock_advance(w), n;

    cpu->base = cpu->user ? loaded->user_base : loaded->base;
    cpu->descriptors = 0;
    for (n = 0; n < loaded->gdt_count; n++)
        cpu->descriptors |= (frames_t)(1u << own_index(loaded->gdt[n]));
    for (n = 0; n < loaded->ldt_count; n++)
        cpu->descriptors |= (frames_t)(1u << own_index(loaded->ldt[n]));
    tlb_flush(cpu, reading);
    flush_done(&w->m, tlb_oldest(w));
}

bool door_switch(struct world *w, uint32_t cpu, mfn_t mfn)
{
    mfn_t old = base_swap(&w->m, &w->o, &w->loaded[cpu], mfn);

    if (old == MFN_NONE)
        return false;
    cpu_load(w, cpu);
    base_put(&w->m, old);
    return true;
}

/* Which CPUs were not flushed since the stamp? */
static void flush_filter(struct world *w)
{
    uint32_t i;

    w->door.flushing = 1;
    w->door.todo = 0;
    w->door.reading = clock_advance(w);
    for (i = 0; i < CPUS; i++)
        if (w->cpu[i].time <= w->o.op.stamp)
            w->door.todo |= (uint8_t)(1u << i);
}

int door_go(struct world *w, uint32_t budget)
{
    if (w->door.stop == STOP_FLUSH) {
        if (!w->door.flushing) {
            flush_filter(w);
            return STOP_FLUSH;
        }
        w->door.flushing = 0;
        flush_done(&w->m, tlb_oldest(w));
    }
    if (w->door.stop == STOP_LOAD)
        cpu_load(w, w->o.op.vcpu);
    w->o.budget = budget;
    return op_resume(&w->m, &w->o);
}

bool door_ready(const struct world *w)
{
    return w->door.todo == 0;
}

void door_flush_cpu(struct world *w, uint32_t cpu)
{
    w->door.todo &= (uint8_t) ~(1u << cpu);
    tlb_flush(&w->cpu[cpu], w->door.reading);
}

void cpu_flush(struct world *w, uint32_t cpu)
{
    tlb_flush(&w->cpu[cpu], clock_advance(w));
    flush_done(&w->m, tlb_oldest(w));
}

void cpu_mode(struct world *w, uint32_t cpu)
{
    w->cpu[cpu].user = !w->cpu[cpu].user;
    cpu_load(w, cpu);
}

int door_destroy(struct world *w)
{
    uint32_t i;

    for (i = 0; i < CPUS; i++) {
        w->cpu[i].base = MFN_NONE;
        w->cpu[i].descriptors = 0;
        w->cpu[i].user = 0;
    }
    w->door.dying = REMOVING;
    w->o.budget = 0;
    return owner_destroy(&w->m, &w->o);
}
