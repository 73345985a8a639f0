#ifndef TALLY_MM_OP_H
#define TALLY_MM_OP_H

#include "mm/frame.h"
#include "geometry.h"
#include "mm/rule.h"

/*
 * op - one operation of a domain, and where it stands.
 *
 * An operation that may be long keeps its place here and nowhere else. It
 * answers 0 or a negative errno when it is complete, its undo included; or
 * it stops, and the caller does what the stop asks for and calls op_resume.
 * The domain's memory lock is held from the first call to the answer.
 */
enum stop {
    STOP_BUDGET = 1,    /* the budget is spent: serve interrupts, call again */
    STOP_FLUSH = 2,     /* flush every CPU not flushed since op.stamp, then
                           tell flush_done(), call again */
    STOP_LOAD = 3       /* load what loaded[op.vcpu] says into its CPU (CR3,
                           GDT, LDT), call again: only then is the old put */
};

enum op_kind {
    OP_NONE,
    OP_UPDATE,          /* write one entry of a table */
    OP_STORE,           /* write to a frame used as plain memory */
    OP_PIN,
    OP_UNPIN,
    OP_BASE,            /* load a base pointer */
    OP_DESCRIPTORS,     /* load a GDT or an LDT */
    OP_HOLD,            /* the kernel takes a writable reference for life */
    OP_MARK,
    OP_UNMARK,
    OP_DESTROY
};

enum op_phase {
    PHASE_GET,          /* take references on what is new, build tables */
    PHASE_DO,           /* make it live */
    PHASE_PUT,          /* release what was there before, drop tables */
    PHASE_MARKS,        /* OP_DESTROY: marks go */
    PHASE_SCRUB         /* OP_DESTROY: extents back to the pool */
};

/* How to write plain memory: OP_STORE. */
enum store_kind {
    STORE_WORD,         /* 8 bytes at a slot */
    STORE_CLEAR,        /* the whole frame becomes zero */
    STORE_COPY          /* the whole frame becomes a copy of another */
};

/* What a sweep over the frames of a superpage takes or gives back of each. */
enum sweep {
    SWEEP_NONE,         /* no sweep: the level is a table or descriptors */
    SWEEP_REFS = 1,     /* a general reference */
    SWEEP_TYPES = 2,    /* a writable type reference */
    SWEEP_BOTH = 3
};

/* One table or superpage on the stack, being built or dropped. */
struct op_level {
    mfn_t    mfn;       /* of the table; the superpage's first */
    uint32_t next;      /* build: entries (frames) below it are held.
                           drop: entries (frames) from it on are released */
    uint8_t  sweep;     /* enum sweep */
    uint8_t  writable;  /* of the large entry that the sweep is for */
};

struct op {
    uint8_t  kind;      /* enum op_kind */
    uint8_t  phase;     /* enum op_phase */
    uint8_t  dropping;  /* 0: the stack is being built, 1: dropped */
    uint8_t  depth;     /* tables on the stack, 0..4 */
    uint8_t  waiting;   /* 1: `wait` is published, not flushed */
    uint8_t  abandon;   /* 1: the domain died; undo what is not yet live */
    uint8_t  keep_ad;   /* OP_UPDATE: accessed and dirty carry over */
    uint8_t  sub;       /* OP_STORE: enum store_kind; OP_BASE: 1 = user's;
                           OP_DESCRIPTORS: 1 = LDT; OP_MARK, OP_UNMARK: enum
                           sweep that comes after */
    uint8_t  type;      /* enum frame_type that is taken or released */
    int32_t  result;    /* 0 or -errno, answered when all is undone */
    uint32_t stamp;     /* STOP_FLUSH: flush CPUs not flushed since this */
    uint32_t slot;      /* OP_UPDATE, OP_STORE: entry of the table */
    uint32_t vcpu;      /* OP_BASE, OP_DESCRIPTORS: index into loaded[] */
    uint32_t count;     /* OP_DESCRIPTORS: new[] entries */
    uint32_t next;      /* OP_DESCRIPTORS, OP_DESTROY: where we are */
    uint32_t old_count; /* OP_DESCRIPTORS: old[] entries */
    uint32_t extent;    /* OP_DESTROY: the extent at hand */
    mfn_t    wait;      /* the frame that waits for its flush, or the first
                           of the superpage or gigabyte that does */
    mfn_t    table;     /* OP_UPDATE, OP_STORE: the frame written */
    mfn_t    source;    /* STORE_COPY: the frame read */
    uint64_t value;     /* OP_UPDATE, OP_STORE: the word to write */
    uint64_t old;       /* OP_UPDATE: the word that was there */
    mfn_t    mfn[LDT_FRAMES];       /* what is taken, then what is released */
    mfn_t    before[LDT_FRAMES];    /* what was loaded before */
    struct op_level stack[4];
};

struct memory;
struct owner;

/* op_begin - an operation is on record, from its first phase on; the fields
 * that it needs besides are the caller's to fill. None is under way. */
static inline void op_begin(struct op *op, enum op_kind kind)
{
    op->kind = (uint8_t)kind;
    op->phase = PHASE_GET;
    op->abandon = 0;
    op->result = 0;
}

/*
 * op_resume - go on with the operation that stopped.
 *
 * o->budget  steps it may take: an ordinary entry is one, or a few zero ones
 *            in a row; what takes longer is several, or what is left of them
 *
 * 0 or -errno    the answer; the record is free again
 * STOP_*         see enum stop
 */
int op_resume(struct memory *m, struct owner *o);

/*
 * op_abandon - the domain dies: what is not live yet will be undone.
 *
 * The operation under way, if any, is then resumed until it answers.
 */
void op_abandon(struct owner *o);

/*
 * op_work - build or drop the tables on the stack (rules V1 to V4).
 *
 * 0          nothing is left on the stack. o->op.result is the errno of the
 *            entry that was refused, all undone, or 0.
 * STOP_*     see enum stop
 */
int op_work(struct memory *m, struct owner *o);

#endif
