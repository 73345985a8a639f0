#include "abi/calls.h"

#include "abi/bounce.h"
#include "abi/guest.h"
#include "abi/ldt.h"
#include "memory.h"
#include "mm/word.h"
#include "x86/copy.h"
#include "x86/msr.h"
#include "x86/segments.h"

#define DESCRIPTOR_BYTES 8

/* Steps that each frame of a table counts as: found, taken, loaded, put. */
#define LOAD_STEPS 6

/* Frames that so many descriptors fill. */
static uint32_t frames_of(uint32_t entries)
{
    return entries / TABLE_ENTRIES + (entries % TABLE_ENTRIES != 0);
}

static int table_load(struct vcpu *v, const struct descriptors *table)
{
    call_weigh(v->domain, table->count * LOAD_STEPS);
    return door_run(v->domain,
                    descriptors_load(&machine, &v->domain->owner, table));
}

long call_set_gdt(struct vcpu *v, const uint64_t *argument)
{
    uint32_t entries = (uint32_t)argument[1];
    mfn_t frames[GDT_FRAMES];
    struct descriptors table = {.frames = frames, .vcpu = v->id};

    if (entries > GDT_FRAMES * TABLE_ENTRIES)
        return -EINVAL;
    table.count = frames_of(entries);
    if (guest_read(frames, argument[0], table.count * sizeof frames[0]) != 0)
        return -EFAULT;
    return table_load(v, &table);
}

/* The frame that the domain has mapped at an address, or MFN_NONE. */
static mfn_t frame_at(struct vcpu *v, vaddr_t va)
{
    struct domain *d = v->domain;
    mfn_t table = update_walk(&machine, &d->owner, d->loaded[v->id].base, va);
    uint64_t word;

    if (table == MFN_NONE)
        return MFN_NONE;
    word = word_load(&machine.ram[table][entry_slot(va, 1)]);
    return entry_present(word) ? entry_mfn(word) : MFN_NONE;
}

int ldt_set(struct vcpu *v, vaddr_t va, uint32_t entries)
{
    mfn_t frames[LDT_FRAMES];
    struct descriptors table = {.frames = frames, .vcpu = v->id, .ldt = true};
    uint32_t i;

    if (entries > LDT_FRAMES * TABLE_ENTRIES)
        return -EINVAL;
    if (entries > 0 &&
        (va % PAGE_BYTES != 0 || !access_ok(va, entries * DESCRIPTOR_BYTES)))
        return -EINVAL;
    table.count = frames_of(entries);
    for (i = 0; i < table.count; i++) {
        frames[i] = frame_at(v, va + i * PAGE_BYTES);
        if (frames[i] == MFN_NONE)
            return door_run(v->domain, -EINVAL);
    }
    v->ldt_next = entries;              /* counts with the frames: the door */
    return table_load(v, &table);
}

long call_update_descriptor(struct vcpu *v, const uint64_t *argument)
{
    struct domain *d = v->domain;
    uint64_t at = argument[0];

    if (at % DESCRIPTOR_BYTES != 0)
        return -EINVAL;
    return door_run(
        d, descriptor_update(&machine, &d->owner, at >> PAGE_SHIFT,
                             (uint32_t)(at % PAGE_BYTES / DESCRIPTOR_BYTES),
                             argument[1]));
}

long call_stack_switch(struct vcpu *v, const uint64_t *argument)
{
    /* ring 3 is all there is */
    bounce_stack(v, argument[0] | 3, argument[1]);
    return 0;
}

/* The selector of the guest user's GS; a bad one becomes null, as on Xen. */
static void gs_user_select(struct vcpu *v, uint16_t selector)
{
    if (selector > 3)
        selector |= 3;
    segment_load_gs_inactive(selector);
    v->gs_base_user = msr_read(MSR_GS_BASE_INACTIVE);
}

/* Does the address fit the 48 bits that a base has? The CPU would fault on
 * another one; emulators do not, so it is asked here. */
static bool base_ok(uint64_t base)
{
    return (uint64_t)((int64_t)(base << 16) >> 16) == base;
}

long call_set_segment_base(struct vcpu *v, const uint64_t *argument)
{
    uint32_t which = (uint32_t)argument[0];
    uint64_t base = argument[1];

    if (which == SEGBASE_GS_USER_SEL) {
        gs_user_select(v, (uint16_t)base);
        return 0;
    }
    if (!base_ok(base))
        return -EINVAL;
    switch (which) {
    case SEGBASE_FS:
        v->fs_base = base;
        msr_write(MSR_FS_BASE, base);
        return 0;
    case SEGBASE_GS_USER:
        v->gs_base_user = base;
        msr_write(MSR_GS_BASE_INACTIVE, base);
        return 0;
    case SEGBASE_GS_KERNEL:
        v->gs_base_kernel = base;
        msr_write(MSR_GS_BASE, base);
        return 0;
    default: return -EINVAL;
    }
}
