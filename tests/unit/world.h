#ifndef TALLY_TESTS_WORLD_H
#define TALLY_TESTS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mm/mm.h"

/*
 * world - a machine of eight extents for tests of the rule core.
 *
 * Extents 0 and 1 are no RAM. `a` owns 2 and 3, `b` owns 4, the kernel owns
 * 5, and 6 and 7 are free, and more behind them in a larger world. world_run
 * sees an operation through to its answer and audits both domains at every
 * stop.
 */
#define WORLD_EXTENTS 8
#define WORLD_FRAMES (WORLD_EXTENTS * EXTENT_FRAMES)
/* A world in which the second gigabyte is free, and a little behind it. */
#define WORLD_OF_GIGABYTES (2 * GIGABYTE_EXTENTS + 2)

struct world {
    struct memory m;
    struct owner a;
    struct owner b;
    struct loaded a_loaded[1];
    struct loaded b_loaded[1];
    struct superpage *superpages;
    struct gigabyte *gigabytes;
    struct frame *frames;
    uint32_t extents;
    uint32_t budget;        /* steps given at every call */
    uint32_t flushes;       /* STOP_FLUSH seen */
    uint32_t stops;         /* STOP_BUDGET seen */
    uint32_t loads;         /* STOP_LOAD seen */
    uint64_t (*ram)[TABLE_ENTRIES];
};

/* A fresh world; world_free gives its memory back. */
struct world *world_new(void);
struct world *world_new_of(uint32_t extents);
void world_free(struct world *w);

/* The same as a fixture of a test: *state is the world. */
int world_setup(void **state);
int world_teardown(void **state);

/* An allocated frame of an owner. */
mfn_t world_frame(struct world *w, struct owner *o);

/* A superpage of an owner, of an extent that was free; all allocated. */
mfn_t world_superpage(struct world *w, struct owner *o);

/* The same of a whole gigabyte: the second one, once. */
mfn_t world_gigabyte(struct world *w, struct owner *o);

/* The tally of a superpage. */
struct tally *world_tally(struct world *w, mfn_t mfn);

/* See an operation through. Asserts a clean audit at every stop. */
int world_run(struct world *w, struct owner *o, int rc);

/* Assert that a recount finds nothing wrong with both domains. */
void world_audit(struct world *w);

/*
 * Audit an owner in one go, and then in pieces of several sizes, which must
 * find the same and leave the records alone. *stops, if given: how often the
 * smallest pieces stopped.
 */
bool world_recount(struct world *w, struct owner *o,
                   struct audit_report *report, uint32_t *stops);

/* The record of a frame. */
struct frame *world_record(struct world *w, mfn_t mfn);

/* A present entry that names a frame. */
uint64_t entry_ro(mfn_t mfn);
uint64_t entry_rw(mfn_t mfn);

/* A present entry that maps a superpage or a gigabyte whole. */
uint64_t entry_large_ro(mfn_t mfn);
uint64_t entry_large_rw(mfn_t mfn);

/* mmu_update of one entry, seen through. */
int world_update(struct world *w, mfn_t table, uint32_t slot, uint64_t word);

/* `a` pins, unpins, loads a base pointer on its vcpu; seen through. */
int world_pin(struct world *w, mfn_t mfn, enum frame_type type);
int world_unpin(struct world *w, mfn_t mfn);
int world_load(struct world *w, bool user, mfn_t mfn);

/* `a` marks and unmarks a superpage; seen through. */
int world_mark(struct world *w, mfn_t mfn);
int world_unmark(struct world *w, mfn_t mfn);

/* An L2, or a table of another level, of zeros that `a` has pinned. */
mfn_t world_table(struct world *w, enum frame_type type);

/* A tree of tables in frames of `a`: L4 -> L3 -> L2 -> L1 -> `pages` writable
 * frames, written as plain memory, not pinned. */
struct tree {
    mfn_t l4, l3, l2, l1;
    mfn_t page[4];
};
struct tree world_tree(struct world *w);

#endif
