#include "inspect/show.h"

#include "inspect/verbs.h"
#include "lib/format.h"
#include "memory.h"
#include "mm/entry.h"

#include <xen/xen.h>

#define MIB UINT64_C(0x100000)
#define EXTENT_BYTES (EXTENT_FRAMES * PAGE_BYTES)
/* A step looks at so many extents' 512 frames, ... */
#define EXTENTS_A_STEP 32u
/* ... or at so many superpage records. */
#define RECORDS_A_STEP 4096u

/* Behind the types in job->sum. */
#define SUM_PINNED FRAME_TYPES
#define SUM_FREE (FRAME_TYPES + 1)

typedef unsigned long long ull;

static uint32_t extent_count(void)
{
    return (uint32_t)(machine.frames / EXTENT_FRAMES);
}

/* Is it RAM that has a superpage record? */
static bool is_frame(mfn_t mfn)
{
    return mfn < machine.frames &&
           memory_is_ram(mfn * PAGE_BYTES, (mfn + 1) * PAGE_BYTES);
}

/* "the kernel", "nobody", or the domain's number and name. */
static const char *owner_name(uint16_t owner, char *text, size_t bytes)
{
    struct domain *d = domain_by_id(owner);

    if (owner == OWNER_KERNEL)
        return "kernel";
    if (owner == OWNER_NONE)
        return "free";
    format_buffer(text, bytes, "d%u %s", owner, d ? d->name : "");
    return text;
}

/* Count the frames of an extent by what they are in use as. */
static void count_extent(const struct superpage *s, uint64_t *sum)
{
    uint32_t i;

    for (i = 0; i < EXTENT_FRAMES; i++) {
        const struct frame *f = &s->frames[i];

        sum[SUM_PINNED] += f->pinned;
        if (f->types > 0)
            sum[f->type < FRAME_TYPES ? f->type : FRAME_NONE]++;
        else if (f->allocated)
            sum[FRAME_NONE]++;
        else
            sum[SUM_FREE]++;
    }
}

/* -------------------------------------------------------------- frames */

static void frames_line(struct job *job, const struct domain *d)
{
    const uint64_t *n = job->sum;

    out_line("%3u %-15.15s %8llu %5llu %4llu %4llu %4llu %5llu %8llu %6llu "
             "%6llu",
             d->owner.id, d->name, (ull)n[FRAME_WRITABLE], (ull)n[FRAME_L1],
             (ull)n[FRAME_L2], (ull)n[FRAME_L3], (ull)n[FRAME_L4],
             (ull)n[FRAME_SEG], (ull)n[FRAME_NONE], (ull)n[SUM_FREE],
             (ull)n[SUM_PINNED]);
}

/* Take up the next domain: its first extent. false: there is none. */
static bool frames_begin(struct job *job)
{
    struct domain *d = job_next(job);
    uint32_t i;

    if (!d)
        return false;
    for (i = 0; i < JOB_SUMS; i++)
        job->sum[i] = 0;
    job->at = d->owner.extents;
    job->from = d->owner.id;
    return true;
}

/* The domain that the extent at hand is of; NULL: it has gone meanwhile. */
static struct domain *frames_domain(const struct job *job)
{
    struct domain *d = domain_by_id(job->from);

    if (!d || (job->at != EXTENT_NONE &&
               machine.superpages[job->at].owner != d->owner.id))
        return NULL;
    return d;
}

static bool step_frames(struct job *job)
{
    struct domain *d = job->domain ? frames_domain(job) : NULL;
    uint32_t i;

    for (i = 0; d && i < EXTENTS_A_STEP && job->at != EXTENT_NONE; i++) {
        count_extent(&machine.superpages[job->at], job->sum);
        job->at = machine.superpages[job->at].next;
    }
    if (d && job->at != EXTENT_NONE)
        return false;
    if (d)
        frames_line(job, d);
    return !frames_begin(job);
}

static void one_frame_line(const struct frame *f, mfn_t mfn, uint16_t owner)
{
    out_line("frame %#8llx  d%u  %-11s types %u, references %u%s%s%s", (ull)mfn,
             owner, verb_type_name((enum frame_type)f->type), f->types, f->refs,
             f->types == 0               ? ""
             : f->state == FRAME_SETTLED ? ", validated"
                                         : ", unsettled",
             f->pinned ? ", pinned" : "",
             f->allocated ? "" : ", not allocated");
}

/* Frames of one type: one extent a step, its frames in parts. */
static bool step_frames_of(struct job *job)
{
    struct domain *d = job->domain ? frames_domain(job) : NULL;
    const struct superpage *s;
    uint32_t lines = 0;

    if (!d || job->at == EXTENT_NONE)
        return !frames_begin(job);
    s = &machine.superpages[job->at];
    for (; job->sum[0] < EXTENT_FRAMES && lines < 32; job->sum[0]++) {
        const struct frame *f = &s->frames[job->sum[0]];

        if (f->type != job->number ||
            (f->types == 0 && f->type != FRAME_NONE) ||
            (f->type == FRAME_NONE && f->refs == 0))
            continue;
        one_frame_line(f, (mfn_t)job->at * EXTENT_FRAMES + job->sum[0],
                       d->owner.id);
        lines++;
    }
    if (job->sum[0] == EXTENT_FRAMES) {
        job->sum[0] = 0;
        job->at = s->next;
    }
    return false;
}

bool show_frames(struct job *job)
{
    if (job->words > 1 && verb_type(job->word[1]) < FRAME_TYPES) {
        job->number = verb_type(job->word[1]);
        job->step = step_frames_of;
        return true;
    }
    if (!verb_optional_domain(job))
        return false;
    if (!domain_next(NULL))
        return job_fail(job, "there is no domain");
    out_line("%3s %-15s %8s %5s %4s %4s %4s %5s %8s %6s %6s", "ID", "Name",
             "writable", "L1", "L2", "L3", "L4", "descr", "unused", "free",
             "pinned");
    job->step = step_frames;
    return true;
}

/* --------------------------------------------------------------- frame */

static void pfn_line(mfn_t mfn)
{
    uint64_t pfn = m2p_get(mfn);

    if (pfn == ~UINT64_C(0))
        out_line("  pfn         none: the domain has no number for it");
    else
        out_line("  pfn         %#llx", (ull)pfn);
}

static bool step_frame(struct job *job)
{
    mfn_t mfn = job->number;
    const struct superpage *s = superpage_of(&machine, mfn);
    const struct frame *f = &s->frames[mfn % EXTENT_FRAMES];
    char text[48];

    out_line("frame %#llx, address %#llx, superpage %#llx", (ull)mfn,
             (ull)(mfn * PAGE_BYTES), (ull)(mfn / EXTENT_FRAMES));
    out_line("  owner       %s", owner_name(s->owner, text, sizeof(text)));
    if (s->owner == OWNER_KERNEL || s->owner == OWNER_NONE)
        return true;
    out_line("  allocated   %s", f->allocated ? "yes" : "no");
    out_line("  type        %s%s", verb_type_name((enum frame_type)f->type),
             f->types == 0 && f->type != FRAME_NONE
                 ? ", with no reference: it may change"
                 : "");
    out_line("  types       %u", f->types);
    out_line("  references  %u", f->refs);
    out_line("  state       %s", f->types == 0 ? "free to be anything"
                                 : f->state == FRAME_SETTLED ? "validated"
                                                             : "unsettled");
    out_line("  pinned      %s", f->pinned ? "yes" : "no");
    out_line("  stamp       %u, the flush clock shows %u", f->stamp,
             machine.clock);
    pfn_line(mfn);
    return true;
}

bool show_frame(struct job *job)
{
    if (!verb_number(job, job->word[1], &job->number))
        return false;
    if (!is_frame(job->number))
        return job_fail(job,
                        "frame %#llx is no RAM that the kernel keeps "
                        "records of",
                        (ull)job->number);
    job->step = step_frame;
    return true;
}

/* ---------------------------------------------------------------- walk */

/* The bits of an entry in words. */
static void entry_words(uint64_t word, char *text, size_t bytes)
{
    format_buffer(
        text, bytes, "%s%s%s%s%s%s%s",
        word & ENTRY_RW ? " writable" : " read-only",
        word & ENTRY_US ? "" : " supervisor", word >> 63 ? " no-execute" : "",
        word & ENTRY_A ? " accessed" : "", word & ENTRY_D ? " dirty" : "",
        word & ENTRY_G ? " global" : "",
        word & (ENTRY_PWT | ENTRY_PCD) ? " uncached" : "");
}

/* One level. The next table's mfn, or MFN_NONE when the walk ends here. */
static mfn_t walk_level(const struct domain *d, mfn_t table, uint32_t level,
                        vaddr_t va)
{
    uint32_t slot = entry_slot(va, level);
    uint64_t word = ((const uint64_t *)frame_map(table))[slot];
    char text[80];

    if (entry_is_kernels(level, slot)) {
        out_line("L%u %#llx slot %u: the kernel's own", level, (ull)table,
                 slot);
        return MFN_NONE;
    }
    entry_words(word, text, sizeof(text));
    out_line("L%u %#llx slot %u: %016llx%s", level, (ull)table, slot, (ull)word,
             entry_present(word) ? text : " not present");
    if (!entry_present(word))
        return MFN_NONE;
    if (level == 1 || (level < 4 && (word & ENTRY_PS))) {
        uint64_t bytes = PAGE_BYTES << (TABLE_BITS * (level - 1));
        paddr_t page = (word & ENTRY_ADDRESS) & ~(bytes - 1);

        out_line("address %#llx is at %#llx, in frame %#llx%s", (ull)va,
                 (ull)(page + va % bytes),
                 (ull)((page + va % bytes) / PAGE_BYTES),
                 level == 1   ? ""
                 : level == 2 ? ", by a superpage of 2 MiB"
                              : ", by one of 1 GiB");
        return MFN_NONE;
    }
    if (!is_frame(entry_mfn(word)) ||
        superpage_of(&machine, entry_mfn(word))->owner != d->owner.id) {
        out_line("that frame is not the domain's");
        return MFN_NONE;
    }
    return entry_mfn(word);
}

static bool step_walk(struct job *job)
{
    struct domain *d = domain_by_id(job->only);
    mfn_t table = d ? d->loaded[0].base : MFN_NONE;
    uint32_t level;

    if (d && !d->vcpu[0].guest_kernel && d->loaded[0].user_base != MFN_NONE)
        table = d->loaded[0].user_base;
    if (table == MFN_NONE) {
        out_line("it has no page tables loaded");
        return true;
    }
    for (level = 4; level > 0 && table != MFN_NONE; level--)
        table = walk_level(d, table, level, job->number);
    return true;
}

bool show_walk(struct job *job)
{
    struct domain *d = verb_domain(job, job->word[1]);

    if (!d || !verb_number(job, job->word[2], &job->number))
        return false;
    if ((int64_t)(job->number << 16) >> 16 != (int64_t)job->number)
        return job_fail(job, "address %#llx is not canonical",
                        (ull)job->number);
    job->only = d->owner.id;
    job->step = step_walk;
    return true;
}

/* ---------------------------------------------------------- superpages */

/* The tally of a superpage or gigabyte in words. */
static const char *tally_words(const struct tally *t, char *text, size_t bytes)
{
    static const char *const kinds[TALLY_TYPES] = {
        [TALLY_NONE] = "unused",
        [TALLY_SUPERPAGE] = "superpage",
        [TALLY_CONFLICT] = "conflicts",
    };

    format_buffer(text, bytes, "%s %u, mapped %u%s", kinds[t->type], t->types,
                  t->mappings, t->marked ? ", marked" : "");
    return text;
}

static void domain_extent_line(uint32_t extent)
{
    const struct superpage *s = &machine.superpages[extent];
    uint64_t n[JOB_SUMS] = {0};
    char text[48], tally[64];

    count_extent(s, n);
    out_line("%#8x  %-20.20s %3u of %u: writable %llu, L1 %llu, L2 %llu, "
             "L3 %llu, L4 %llu, descr %llu, pinned %llu; %s",
             extent, owner_name(s->owner, text, sizeof(text)), s->allocated,
             EXTENT_FRAMES, (ull)n[FRAME_WRITABLE], (ull)n[FRAME_L1],
             (ull)n[FRAME_L2], (ull)n[FRAME_L3], (ull)n[FRAME_L4],
             (ull)n[FRAME_SEG], (ull)n[SUM_PINNED],
             tally_words(&s->tally, tally, sizeof(tally)));
}

/* Superpages [job->from, job->at) have one owner, who is no domain. */
static void run_line(struct job *job)
{
    uint32_t first = job->from, count = job->at - job->from;
    char text[48];

    if (count == 0 || job->only != 0)
        return;
    out_line("%#8x  %s: %u superpages, %llu MiB", first,
             owner_name(machine.superpages[first].owner, text, sizeof(text)),
             count, (ull)(count * EXTENT_BYTES / MIB));
}

/* A record's owner; a hole has none and is not free. */
static uint32_t run_kind(uint32_t extent)
{
    uint16_t owner = machine.superpages[extent].owner;
    paddr_t start = extent * EXTENT_BYTES;

    if (owner == OWNER_NONE && !memory_is_ram(start, start + EXTENT_BYTES))
        return UINT32_MAX;
    return owner;
}

static bool step_superpages(struct job *job)
{
    uint32_t i, lines = 0;

    for (i = 0; i < RECORDS_A_STEP && lines < 16; i++) {
        uint32_t kind = UINT32_MAX;

        if (job->at < extent_count())
            kind = run_kind(job->at);
        if (job->at > job->from &&
            (job->at == extent_count() || kind != job->number)) {
            if (job->number != UINT32_MAX)
                run_line(job);
            job->from = job->at;
            lines++;
        }
        if (job->at == extent_count())
            return true;
        job->number = kind;
        if (kind != UINT32_MAX && kind != OWNER_NONE && kind != OWNER_KERNEL) {
            if (job->only == 0 || kind == job->only) {
                domain_extent_line(job->at);
                lines++;
            }
            job->from = job->at + 1;
        }
        job->at++;
    }
    return false;
}

bool show_superpages(struct job *job)
{
    job->step = step_superpages;
    return verb_optional_domain(job);
}

/* --------------------------------------------------------------- audit */

static bool step_audit(struct job *job)
{
    struct domain *d = job_next(job);
    struct audit_report report;

    if (!d)
        return true;
    if (d->vcpu[0].state == VCPU_ENDED) {   /* its own audit, then no more */
        out_line("domain %u (%s): its memory is %s", d->owner.id, d->name,
                 d->removed ? "kept, since a count is broken"
                            : "being given back");
        return false;
    }
    if (audit(&machine, &d->owner, &report))
        out_line("domain %u (%s): %llu frames, all counts are what the "
                 "tables say",
                 d->owner.id, d->name, (ull)report.frames);
    else
        out_line("domain %u (%s): %llu FAULTS, the first: %s (frame %#llx)",
                 d->owner.id, d->name, (ull)report.faults, report.what,
                 (ull)report.mfn);
    return false;
}

bool show_audit(struct job *job)
{
    job->step = step_audit;
    return verb_optional_domain(job);
}

/* -------------------------------------------------------------- memory */

static bool step_memory(struct job *job)
{
    struct memory_sizes s = memory_sizes();
    struct domain *d;

    if (job->at++ == 0) {
        out_line("RAM                %llu MiB", (ull)(s.ram / MIB));
        out_line("for domains        %llu MiB", (ull)(s.extents / MIB));
        out_line("free               %llu MiB in %u superpages",
                 (ull)(machine.free_count * EXTENT_BYTES / MIB),
                 machine.free_count);
        out_line("records            %llu KiB", (ull)(s.records / 1024));
        out_line("machine-to-phys    %llu KiB", (ull)(s.m2p / 1024));
    }
    d = job_next(job);
    if (d)
        out_line("domain %-3u         %llu MiB, %s", d->owner.id,
                 (ull)(d->owner.extent_count * EXTENT_BYTES / MIB), d->name);
    return !d;
}

bool show_memory(struct job *job)
{
    job->step = step_memory;
    return true;
}
