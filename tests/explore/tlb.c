#include "tlb.h"

#include <string.h>

/* The bits of an entry, once more: nothing is shared with the rules. */
#define PRESENT UINT64_C(0x1)
#define WRITE   UINT64_C(0x2)
#define USER    UINT64_C(0x4)
#define CACHE   UINT64_C(0x18)
#define LARGE   UINT64_C(0x80)
#define GLOBAL  UINT64_C(0x100)
#define NX      (UINT64_C(1) << 63)

static frames_t bit(mfn_t mfn)
{
    return (frames_t)(1u << own_index(mfn));
}

/* An entry that maps a superpage or a gigabyte: all of it is cached. */
static const char *walk_large(const struct world *w, struct cpu *cpu,
                              uint32_t level, uint64_t word)
{
    mfn_t mfn = (word & UINT64_C(0x000ffffffffff000)) >> 12, i;
    uint32_t extents = level == 3 ? GIGABYTE_EXTENTS : 1;
    uint32_t frames = extents * EXTENT_FRAMES;

    if (level == 1 || level == 4 || mfn % frames ||
        (w->m.limits.nx && !(word & NX)))
        return "a CPU meets an entry with bits that nobody checked";
    if (!is_own(mfn) || !is_own(mfn + frames - 1))
        return "a CPU meets an entry that names another's memory";
    for (i = 0; i < frames; i++)
        cpu->mapped |= bit(mfn + i);
    if (!(word & WRITE))
        return NULL;
    for (i = 0; i < frames; i++)
        cpu->writable |= bit(mfn + i);
    cpu->large |=
        (larges_t)(1u << (level == 3 ? (uint32_t)OWN_EXTENTS
                                     : own_index(mfn) / EXTENT_FRAMES));
    return NULL;
}

/* Follow one entry of a table that the CPU walks at `level`. */
static const char *walk_entry(const struct world *w, struct cpu *cpu,
                              uint32_t level, uint64_t word)
{
    mfn_t mfn = (word & UINT64_C(0x000ffffffffff000)) >> 12;

    if (!(word & PRESENT))
        return NULL;
    if ((word & CACHE) || (level > 1 && (word & GLOBAL)))
        return "a CPU meets an entry with bits that nobody checked";
    if (word & LARGE)
        return walk_large(w, cpu, level, word);
    if (!is_own(mfn))
        return "a CPU meets an entry that names another's memory";
    if (level > 1) {
        cpu->table[level - 1] |= bit(mfn);
        return NULL;
    }
    cpu->mapped |= bit(mfn);
    if (word & WRITE)
        cpu->writable |= bit(mfn);
    return NULL;
}

const char *tlb_walk(struct world *w, struct cpu *cpu)
{
    const char *wrong = NULL;
    uint32_t level, n, slot;

    cpu->segment |= cpu->descriptors;
    if (cpu->base != MFN_NONE)
        cpu->table[4] |= bit(cpu->base);
    for (level = 4; level > 0; level--)
        for (n = 0; n < own_frames; n++) {
            if (!(cpu->table[level] >> n & 1))
                continue;
            for (slot = 0; slot < TABLE_ENTRIES && !wrong; slot++) {
                uint64_t word = w->ram[OWN_FIRST + n][slot];

                if (level != 4 || slot != KERNEL_SLOT_FIRST)
                    wrong = walk_entry(w, cpu, level, word);
                else if (word != KERNEL_WORD)
                    wrong = "an L4 without the kernel's entries";
            }
        }
    return wrong;
}

void tlb_flush(struct cpu *cpu, uint32_t reading)
{
    cpu->writable = 0;
    cpu->mapped = 0;
    cpu->large = 0;
    memset(cpu->table, 0, sizeof(cpu->table));
    cpu->segment = 0;
    cpu->time = reading;
}

uint32_t tlb_oldest(const struct world *w)
{
    uint32_t oldest = w->cpu[0].time, i;

    for (i = 1; i < CPUS; i++)
        if (w->cpu[i].time < oldest)
            oldest = w->cpu[i].time;
    return oldest;
}

frames_t tlb_writable(const struct world *w)
{
    frames_t all = 0;
    uint32_t i;

    for (i = 0; i < CPUS; i++)
        all |= w->cpu[i].writable;
    return all;
}

larges_t tlb_large(const struct world *w)
{
    larges_t all = 0;
    uint32_t i;

    for (i = 0; i < CPUS; i++)
        all |= w->cpu[i].large;
    return all;
}

/* The frames that are settled as one type. */
static frames_t settled_as(struct world *w, uint32_t type)
{
    frames_t all = 0;
    uint32_t n;

    for (n = 0; n < own_frames; n++) {
        const struct frame *f = own_frame(w, n);

        if (f->types > 0 && f->state == FRAME_SETTLED && f->type == type)
            all |= (frames_t)(1u << n);
    }
    return all;
}

/* What one CPU may do to frames that are settled as something. */
static const char *cpu_safe(const struct cpu *cpu, const frames_t *settled)
{
    frames_t trusted = settled[FRAME_SEG], other;
    frames_t any = settled[FRAME_SEG] | settled[FRAME_WRITABLE];
    uint32_t level;

    for (level = 1; level <= 4; level++) {
        trusted |= settled[level];
        any |= settled[level];
    }
    if (cpu->writable & trusted)
        return "a CPU may write a validated table";
    for (level = 1; level <= 4; level++) {
        other = any & (frames_t)~settled[level];
        if (cpu->table[level] & other)
            return "a CPU walks a frame as a table that it is not";
    }
    if (cpu->segment & any & (frames_t)~settled[FRAME_SEG])
        return "a CPU reads descriptors out of something else";
    if (cpu->base != MFN_NONE && !(bit(cpu->base) & settled[FRAME_L4]))
        return "CR3 names a frame that is no validated L4";
    if (cpu->descriptors & (frames_t)~settled[FRAME_SEG])
        return "GDTR or LDTR names frames that are not validated";
    return NULL;
}

/* Is all other memory as it was? Zero, but for one word of the kernel. */
static const char *others_safe(const struct world *w)
{
    mfn_t mfn;
    uint32_t i;

    for (mfn = 0; mfn < WORLD_FRAMES; mfn++)
        for (i = 0; i < TABLE_ENTRIES && !is_own(mfn); i++)
            if (w->ram[mfn][i] !=
                (mfn == KERNEL_MFN && i == 0 ? KERNEL_WORD : 0))
                return "memory of somebody else was written";
    return NULL;
}

const char *tlb_safe(struct world *w)
{
    frames_t settled[FRAME_TYPES], walked = 0;
    const char *wrong = NULL;
    uint32_t i, level;

    for (i = 0; i < FRAME_TYPES; i++)
        settled[i] = settled_as(w, i);
    for (i = 0; i < CPUS && !wrong; i++)
        wrong = cpu_safe(&w->cpu[i], settled);
    for (i = 0; i < CPUS; i++)
        for (level = 1; level <= 4; level++)
            walked |= w->cpu[i].table[level];
    if (!wrong && (walked & tlb_writable(w)))
        wrong = "a CPU may write what a CPU walks";
    return wrong ? wrong : others_safe(w);
}

const char *tlb_unwalked(const struct world *before, const struct world *now)
{
    uint32_t i, n, level;

    for (n = 0; n < own_frames; n++) {
        mfn_t mfn = OWN_FIRST + n;

        if (memcmp(before->ram[mfn], now->ram[mfn], sizeof(now->ram[mfn])) == 0)
            continue;
        for (i = 0; i < CPUS; i++)
            for (level = 1; level <= 4; level++)
                if ((before->cpu[i].table[level] >> n & 1) &&
                    (now->cpu[i].table[level] >> n & 1) &&
                    now->frames[mfn].type != level)
                    return "plain memory was written that a CPU walks";
    }
    return NULL;
}

const char *tlb_forgotten(const struct world *w)
{
    uint32_t i, level;

    for (i = 0; i < CPUS; i++) {
        frames_t known = w->cpu[i].mapped | w->cpu[i].segment;

        for (level = 1; level <= 4; level++)
            known |= w->cpu[i].table[level];
        if (known)
            return "memory was freed that a CPU remembers";
    }
    return NULL;
}
