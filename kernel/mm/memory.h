#ifndef TALLY_MM_MEMORY_H
#define TALLY_MM_MEMORY_H

#include "mm/errno.h"
#include "mm/frame.h"
#include "geometry.h"
#include "mm/op.h"
#include "mm/rule.h"
#include "mm/tally.h"
#include "mm/types.h"

/*
 * memory - all state that the rules read and write. It is passed in.
 */

#define EXTENT_NONE UINT32_MAX

/* Owners that are not domains. A domain's id is between them. */
#define OWNER_NONE 0            /* no RAM, or not handed out */
#define OWNER_KERNEL 0xffff

/* One 2 MiB extent: who owns it, its 512 frame records, and its tally. */
struct superpage {
    struct frame *frames;   /* EXTENT_FRAMES records; NULL: never given out */
    struct tally tally;     /* of the entries that map it whole */
    uint32_t next;          /* owner's list or free list; EXTENT_NONE ends */
    uint16_t owner;         /* domain id, OWNER_NONE or OWNER_KERNEL */
    uint16_t allocated;     /* frames allocated to the owner, 0..512 */
};
_Static_assert(sizeof(void *) != 8 || sizeof(struct superpage) == 32,
               "32 bytes a superpage");

/* 512 extents in a row, aligned: the same one level up. */
struct gigabyte {
    struct tally tally;     /* of the entries that map it whole */
    uint16_t owner;         /* domain id while all of it is one domain's,
                               else OWNER_NONE: the tally means nothing */
    uint16_t free;          /* extents on the free list */
    uint16_t given;         /* extents that domains own */
    uint16_t incomplete;    /* while owned: extents with a frame missing */
    uint32_t spare[2];
};
_Static_assert(sizeof(struct gigabyte) == 32, "32 bytes a gigabyte");

/* How superpages are kept apart from tables: option superpage=. */
enum design {
    DESIGN_TYPECOUNT,       /* one typecount, two types; nothing is walked */
    DESIGN_WALK,            /* every map references 512 frames */
    DESIGN_REFCOUNT,        /* two counts; 512 frames when one leaves zero */
    DESIGN_MARK,            /* the same, and 512 frames at a mark instead */
    DESIGN_OFF,             /* no superpages */
    DESIGNS
};

/* What this CPU and this boot make of the rules. */
struct limits {
    uint64_t reserved;      /* address bits that this CPU has not (E1) */
    uint8_t  l1tf;          /* 1: not-present entries are checked (E3) */
    uint8_t  design;        /* enum design (E2) */
    uint8_t  strict;        /* 1: a read-only superpage counts as well */
    uint8_t  gigabytes;     /* 1: the CPU has pages of 1 GiB (E2) */
    uint8_t  nx;            /* 1: superpages must not be executable (E5) */
    mfn_t    l1tf_safe;     /* not-present payload at or above is harmless */
};

struct memory {
    struct superpage *superpages;       /* by mfn / EXTENT_FRAMES */
    struct gigabyte *gigabytes;         /* by extent / GIGABYTE_EXTENTS */
    uint64_t (*ram)[TABLE_ENTRIES];     /* frame contents, by mfn */
    mfn_t    frames;        /* mfns below it have a superpage record */
    uint32_t free_extents;  /* list of extents without owner */
    uint32_t free_count;
    uint32_t clock;         /* flush clock; 0: it wrapped, flush always */
    uint32_t flushed;       /* clock of the oldest last full flush of a CPU */
    struct limits limits;
    uint64_t kernel_slots[KERNEL_SLOTS];    /* words of every L4 table */
};

/* What one vcpu has loaded. */
struct loaded {
    mfn_t    base;              /* L4 of the guest kernel; MFN_NONE */
    mfn_t    user_base;         /* L4 of the guest user; MFN_NONE */
    mfn_t    gdt[GDT_FRAMES];   /* frames of the GDT */
    mfn_t    ldt[LDT_FRAMES];   /* frames of the LDT */
    uint32_t gdt_count;         /* frames, 0..GDT_FRAMES */
    uint32_t ldt_count;         /* frames, 0..LDT_FRAMES */
};

/* Frames that the kernel shares with a domain for its life. */
#define HELD_FRAMES 64

/* A domain as the rules see it. Its lock covers all of this, its extents'
 * records, their frames' records, and the contents of its tables. */
struct owner {
    uint16_t id;                /* between OWNER_NONE and OWNER_KERNEL */
    uint8_t  dying;             /* 1: being destroyed */
    uint32_t extents;           /* list of its extents */
    uint32_t extent_count;
    uint32_t hint;              /* extent where a search begins or goes on: it
                                   last had a free frame */
    uint32_t sought;            /* extents looked at by a search that stopped */
    uint64_t allocated;         /* frames */
    uint64_t limit;             /* frames it may have allocated */
    struct loaded *loaded;      /* one per vcpu */
    uint32_t vcpus;             /* entries of loaded[] */
    uint32_t held_count;
    mfn_t    held[HELD_FRAMES];
    uint32_t budget;            /* steps left before STOP_BUDGET */
    struct op op;               /* the one operation under way */
    struct refusal refusal;     /* of the last call that was refused */
    uint64_t refused[RULES];    /* how often each rule refused */
};

/* Steps that writing all of a frame counts as. */
#define FRAME_STEPS ((5 * TABLE_ENTRIES + 31) / 32)

/* budget_spend - take steps off the budget; the last ones may be less. false,
 * and nothing is changed: it is spent, and the operation stops. */
static inline bool budget_spend(struct owner *o, uint32_t steps)
{
    if (o->budget == 0)
        return false;
    o->budget -= o->budget < steps ? o->budget : steps;
    return true;
}

/* superpage_of - the extent's record of a frame. m->frames > mfn. */
static inline struct superpage *superpage_of(const struct memory *m, mfn_t mfn)
{
    return &m->superpages[mfn / EXTENT_FRAMES];
}

/* memory_tallies - does a use as a table count in the superpage around it? */
static inline bool memory_tallies(const struct memory *m)
{
    return m->limits.design == DESIGN_TYPECOUNT;
}

/* gigabyte_of - the record of a frame's gigabyte. m->frames > mfn. */
static inline struct gigabyte *gigabyte_of(const struct memory *m, mfn_t mfn)
{
    return &m->gigabytes[mfn / EXTENT_FRAMES / GIGABYTE_EXTENTS];
}

/* ram_word - word number `index` of memory: mfn * TABLE_ENTRIES + slot. */
static inline uint64_t *ram_word(const struct memory *m, uint64_t index)
{
    uint64_t *words = m->ram[0];

    return &words[index];
}

/*
 * frame_of - the record of a frame of an owner (rules G3 and G4).
 *
 * NULL when the mfn is beyond memory or in an extent of somebody else.
 */
static inline struct frame *frame_of(const struct memory *m,
                                     const struct owner *o, mfn_t mfn)
{
    struct superpage *s;

    if (mfn >= m->frames)
        return NULL;
    s = superpage_of(m, mfn);
    return s->owner == o->id ? &s->frames[mfn % EXTENT_FRAMES] : NULL;
}

/*
 * flush_needed - may a CPU still hold what was forgotten at `stamp`?
 *
 * true when the CPU that was flushed longest ago was flushed no later than
 * the stamp. A stamp beyond the clock is from before a wrap, when every CPU
 * was flushed.
 * Source: Xen xen/include/asm-x86/flushtlb.h, NEED_FLUSH().
 */
static inline bool flush_needed(const struct memory *m, uint32_t stamp)
{
    return m->clock == 0 || (m->flushed <= stamp && stamp <= m->clock);
}

/*
 * flush_begin - the clock reading that a full flush, begun now, will have.
 *
 * Advances m->clock. The caller then flushes and, when every CPU is through,
 * calls flush_done with the oldest reading of any CPU. When 0 comes back the
 * clock has wrapped: flush every CPU, then begin again.
 */
uint32_t flush_begin(struct memory *m);

/* flush_done - `oldest` is the oldest last flush reading of all CPUs. */
static inline void flush_done(struct memory *m, uint32_t oldest)
{
    m->flushed = oldest;
}

/*
 * refuse - leave the witness and give the errno back.
 *
 * o      whose call it is; o->refusal is overwritten
 * rule   the rule that refuses
 * error  errno, positive
 * mfn    the frame that is the reason; MFN_NONE if there is none
 *
 * Returns -error. Counts in o->refused[rule]. Fields table, slot, level and
 * word of the witness are the caller's to fill.
 */
int refuse(const struct memory *m, struct owner *o, enum rule rule, int error,
           mfn_t mfn);

#endif
