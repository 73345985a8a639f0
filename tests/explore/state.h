#ifndef TALLY_EXPLORE_STATE_H
#define TALLY_EXPLORE_STATE_H

#include "mm/mm.h"

/*
 * state - the tiny machine, and a state of it as a few bytes.
 *
 * Extent 0 is no RAM. The domain owns extents 1 and 2: eight frames, named
 * f0 to f7. Extents 3 and 5 are another domain's, extent 4 the kernel's. Two
 * CPUs run the domain's two vcpus. In wide worlds extent 3, with f8 to f11, is
 * the domain's, or may become so: then extents 2 and 3 are its gigabyte.
 */
#define CPUS         2
#define EXTENTS      6
#define GIGABYTES    (EXTENTS / GIGABYTE_EXTENTS)
#define OWN_FIRST    4  /* mfn of f0 */
#define OWN_FRAMES   12 /* at most */
#define OWN_EXTENTS  3  /* at most: extents 1 to 3 */
#define OWN_GIGABYTE 1
#define FOREIGN_MFN  20
#define KERNEL_MFN   16
#define WORLD_FRAMES (EXTENTS * EXTENT_FRAMES)
#define KERNEL_WORD  UINT64_C(0x10003) /* of the kernel's slot in an L4 */

/* A set of the domain's frames: bit n is fn. */
typedef uint16_t frames_t;

/* A set of what an entry can map whole: bit e is extent 1 + e, and bit
 * OWN_EXTENTS is the gigabyte. */
typedef uint8_t larges_t;

/* The domain has f0 up to here: 8, or OWN_FRAMES in a wide world. The same in
 * all states. */
extern uint32_t own_frames;

/*
 * What one CPU has loaded, and what it may remember. The sets hold all that
 * it can have cached since its last flush: see tlb.h.
 */
struct cpu {
    mfn_t base;           /* L4 in CR3; MFN_NONE: the kernel's own */
    uint8_t user;         /* 1: runs the guest user */
    frames_t descriptors; /* GDT and LDT are loaded from these */
    frames_t writable;    /* TLB: may write these */
    frames_t mapped;      /* TLB: may read these */
    larges_t large;       /* TLB: may write these, by one entry */
    frames_t table[5];    /* walks these as tables, by level */
    frames_t segment;     /* may read descriptors from these */
    uint32_t time;        /* flush clock of the last full flush */
};

/* Where the door stands with the operation under way. */
struct door {
    uint8_t stop;             /* enum stop; 0: no operation under way */
    uint8_t flushing;         /* 1: STOP_FLUSH, and `reading` was taken */
    uint8_t todo;             /* CPUs that are still to be flushed */
    uint8_t tainted;          /* 1: a guest wrote meanwhile */
    uint8_t dying;            /* enum dying */
    uint32_t reading;         /* of the flush under way */
    uint64_t errno_expected;  /* by the model, positive */
    uint64_t effect_expected; /* by the model: model_hash */
};

enum dying {
    LIVING,
    ABANDONED, /* the operation under way comes to its end */
    REMOVING,  /* owner_destroy is under way */
    GONE
};

struct world {
    struct memory m;
    struct owner o;
    struct loaded loaded[CPUS];
    struct superpage superpages[EXTENTS];
    struct gigabyte gigabytes[GIGABYTES];
    struct frame frames[WORLD_FRAMES];
    uint64_t ram[WORLD_FRAMES][TABLE_ENTRIES];
    struct cpu cpu[CPUS];
    struct door door;
    /* The same in all states of one exploration: */
    uint32_t types_bias[OWN_FRAMES]; /* references held by an outsider */
    uint32_t refs_bias[OWN_FRAMES];
    uint32_t tally_bias[OWN_EXTENTS];
    uint32_t mappings_bias[OWN_EXTENTS];
    uint8_t true_clock; /* 1: the clock's value counts */
};

/* A state takes no more bytes than this. */
#define STATE_BYTES 512

/* world_init - the machine before the domain has done anything. */
void world_init(struct world *w);

/* world_widen - the extent behind the domain's is free: it may be given to it,
 * and complete a gigabyte. */
void world_widen(struct world *w);

/* own_index - n of fn. */
static inline uint32_t own_index(mfn_t mfn)
{
    return (uint32_t)(mfn - OWN_FIRST);
}

/* is_own - is it a frame of the domain's extents? */
static inline bool is_own(mfn_t mfn)
{
    return mfn >= OWN_FIRST && mfn < OWN_FIRST + own_frames;
}

/* own_extent - the record of the domain's e-th extent. */
static inline struct superpage *own_extent(struct world *w, uint32_t e)
{
    return &w->superpages[OWN_FIRST / EXTENT_FRAMES + e];
}

/* own_frame - the record of fn. */
static inline struct frame *own_frame(struct world *w, uint32_t n)
{
    return &w->frames[OWN_FIRST + n];
}

/*
 * state_normal - give equal futures equal bytes.
 *
 * Only the order of clock readings matters, never their distance: they become
 * 1, 2, 3... A stamp that no question can reach becomes 0. What no operation
 * uses in the record is filled with a pattern, so that a rule that reads what
 * an earlier operation left behind reads nonsense and is found out.
 */
void state_normal(struct world *w);

/* state_pack, state_unpack - a state as bytes; pack returns how many. */
uint32_t state_pack(struct world *w, uint8_t *bytes);
void state_unpack(struct world *w, const uint8_t *bytes);

#endif
