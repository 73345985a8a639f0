#include <stdlib.h>

#include "door.h"
#include "alphabet.h"

/*
 * The worlds. Each is a few frames and the steps that make them interesting
 * together; small alphabets are explored to the end, the large one as far as
 * the bound lets it.
 */
#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define F(n)          ((mfn_t)OWN_FIRST + (n))
#define ADDRESS(mfn)  ((uint64_t)(mfn) << PAGE_SHIFT)
#define RO(mfn)       (ADDRESS(mfn) | ENTRY_P | ENTRY_US)
#define RW(mfn)       (RO(mfn) | ENTRY_RW)
#define LARGE_RO(mfn) (RO(mfn) | ENTRY_PS)
#define LARGE_RW(mfn) (RW(mfn) | ENTRY_PS)
#define NX            (UINT64_C(1) << 63)
#define HOLE_MFN      ((mfn_t)1)
#define BEYOND_MFN    ((mfn_t)WORLD_FRAMES)

#define CODE          UINT64_C(0x00af9b000000ffff) /* ring 0: made ring 3 */
#define CODE3         UINT64_C(0x00affb000000ffff)
#define GATE          UINT64_C(0x00008e0000080000) /* an interrupt gate */

/* ----------------------------------------------------------------- building */

static struct action *add(struct alphabet *a, enum verb verb, mfn_t mfn)
{
    struct action *action = &a->action[a->count];

    if (a->count == ACTIONS) {
        fprintf(stderr, "explore: an alphabet is too large\n");
        exit(2);
    }
    a->count++;
    *action = (struct action){.verb = (uint8_t)verb, .mfn = mfn};
    return action;
}

/* One operation on each frame of a set. */
static void add_each(struct alphabet *a, enum verb verb, frames_t frames)
{
    uint32_t n;

    for (n = 0; n < own_frames; n++)
        if (frames >> n & 1)
            add(a, verb, F(n));
}

static void add_pins(struct alphabet *a, uint8_t level, frames_t frames)
{
    uint32_t first = a->count;

    add_each(a, DO_PIN, frames);
    for (; first < a->count; first++)
        a->action[first].count = level;
}

/* Words that may be written to one slot. */
static void add_words(struct alphabet *a, enum verb verb, mfn_t mfn,
                      uint32_t slot, const uint64_t *words, size_t count)
{
    for (; count > 0; count--, words++) {
        struct action *action = add(a, verb, mfn);

        action->slot = slot;
        action->value = *words;
    }
}

#define ADD_WORDS(a, verb, mfn, slot, ...)                \
    do {                                                  \
        static const uint64_t list[] = {__VA_ARGS__};     \
        add_words(a, verb, mfn, slot, list, COUNT(list)); \
    } while (0)

static struct action *add_base(struct alphabet *a, enum verb verb, uint8_t vcpu,
                               mfn_t mfn)
{
    struct action *action = add(a, verb, mfn);

    action->cpu = vcpu;
    action->count = 1;
    return action;
}

static void add_segments(struct alphabet *a, enum verb verb, uint8_t vcpu,
                         uint8_t count, mfn_t first, mfn_t second)
{
    struct action *action = add(a, verb, first);

    action->cpu = vcpu;
    action->count = count;
    action->other = second;
}

static void add_walk(struct alphabet *a, uint64_t va)
{
    add(a, DO_WALK, MFN_NONE)->value = va;
}

static void add_copy(struct alphabet *a, mfn_t to, mfn_t from)
{
    add(a, DO_COPY, to)->other = from;
}

/* The door, in every world. */
static void add_door(struct alphabet *a)
{
    uint8_t cpu;

    add(a, DOOR_GO, MFN_NONE);
    for (cpu = 0; cpu < CPUS; cpu++)
        add(a, DOOR_FLUSH, MFN_NONE)->cpu = cpu;
}

/* Other domains run in between. */
static void add_switches(struct alphabet *a)
{
    uint8_t cpu;

    for (cpu = 0; cpu < CPUS; cpu++)
        add(a, CPU_FLUSH, MFN_NONE)->cpu = cpu;
}

static void add_modes(struct alphabet *a)
{
    uint8_t cpu;

    for (cpu = 0; cpu < CPUS; cpu++)
        add(a, CPU_MODE, MFN_NONE)->cpu = cpu;
}

/* Allocate just these frames. */
static void allocate(struct world *w, frames_t frames)
{
    mfn_t mfn;
    uint32_t n;

    while (frame_alloc(&w->m, &w->o, &mfn) == 0)
        ;
    for (n = 0; n < own_frames; n++)
        if (!(frames >> n & 1))
            frame_give_back(&w->m, &w->o, F(n));
}

/* See an operation of the start through. */
static void settle(struct world *w, int rc)
{
    while (rc > 0) {
        w->door.stop = (uint8_t)rc;
        w->o.budget = 1;
        if (rc == STOP_FLUSH) {
            cpu_flush(w, 0);
            cpu_flush(w, 1);
            w->door.flushing = 1;
        }
        rc = door_go(w, 1);
    }
    w->door.stop = 0;
    if (rc < 0) {
        fprintf(stderr, "explore: a world does not start\n");
        exit(2);
    }
}

/* f0 to f3 are a tree, L4 to L1, in slot 0 each; both CPUs run on it. */
static void make_tree(struct world *w, uint32_t levels)
{
    uint32_t i;

    for (i = 0; i + 1 < levels; i++)
        w->ram[F(i)][0] = RW(F(i + 1));
    for (i = 0; i < CPUS; i++)
        settle(w, base_load(&w->m, &w->o, i, false, F(0)));
}

/* ------------------------------------------------------------------- worlds */

/* XSA-401 and its kin: frames that are now tables, now memory. */
static void make_flush(struct world *w, struct alphabet *a)
{
    allocate(w, 0x3f);
    make_tree(w, 4);
    add_door(a);
    add_switches(a);
    add_walk(a, 0);
    add_walk(a, UINT64_C(1) << 14);
    add_pins(a, 1, 0x18);
    add_each(a, DO_UNPIN, 0x18);
    ADD_WORDS(a, DO_UPDATE, F(2), 0, 0, RW(F(3)), RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RW(F(4)), RO(F(4)), RW(F(3)));
    ADD_WORDS(a, DO_UPDATE, F(3), 3, 0, RW(F(5)));
    ADD_WORDS(a, DO_UPDATE, F(4), 0, 0, RW(F(5)), RW(F(3)));
    ADD_WORDS(a, GUEST_STORE, F(4), 0, 0, RW(F(5)), RW(F(3)));
}

/* Every level: tables built, refused, undone and dropped in any order. */
static void make_levels(struct world *w, struct alphabet *a)
{
    allocate(w, 0x3f);
    w->ram[F(0)][3] = RW(F(1));
    w->ram[F(1)][0] = RW(F(2)) & ~ENTRY_US;
    w->ram[F(2)][1] = RW(F(3));
    w->ram[F(3)][0] = RW(F(4));
    w->ram[F(0)][2] = RW(F(5)); /* in the kernel's slot: not looked at */
    add_door(a);
    add_pins(a, 4, 0x21);
    add_pins(a, 3, 0x02);
    add_pins(a, 2, 0x06);
    add_pins(a, 1, 0x18);
    add_each(a, DO_UNPIN, 0x1f);
    ADD_WORDS(a, DO_UPDATE, F(0), 3, 0, RW(F(1)));
    ADD_WORDS(a, DO_UPDATE, F(0), 2, 0);
    ADD_WORDS(a, DO_UPDATE, F(1), 1, 0, RO(F(2)), RW(F(3)));
    ADD_WORDS(a, DO_UPDATE, F(2), 3, 0, RW(F(3)), RW(F(2)), RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(3), 3, RW(F(3)), RO(F(0)), RW(F(4)) & ~ENTRY_P,
              RW(F(4)));
}

/* Base pointers of two vcpus, of guest kernel and guest user. */
static void make_bases(struct world *w, struct alphabet *a)
{
    uint8_t i;

    allocate(w, 0x1f);
    make_tree(w, 1);
    add_door(a);
    add_switches(a);
    add_modes(a);
    for (i = 0; i < CPUS; i++) {
        add_base(a, DO_BASE, i, F(0));
        add_base(a, DO_BASE, i, F(1));
        add_base(a, DO_BASE, i, F(0))->slot = 1;
        add_base(a, DO_BASE, i, F(1))->slot = 1;
        add_base(a, DO_USER_BASE, i, F(1));
        add_base(a, DO_USER_BASE, i, MFN_NONE);
    }
    add_base(a, DO_BASE, 0, F(2));
    add_base(a, DO_BASE, 0, F(2))->slot = 1;
    add_base(a, DO_USER_BASE, 0, F(6));
    add_pins(a, 4, 0x01);
    add_each(a, DO_UNPIN, 0x01);
    ADD_WORDS(a, DO_UPDATE, F(0), 0, 0, RW(F(2)));
    ADD_WORDS(a, DO_UPDATE, F(1), 3, 0, RW(F(2)), RW(F(3)));
    add_walk(a, 0);
    add_walk(a, UINT64_C(2) << 18);
}

/* Descriptor tables, and memory that is one now and then. */
static void make_segments(struct world *w, struct alphabet *a)
{
    uint8_t i;

    allocate(w, 0x3f);
    make_tree(w, 4);
    add_door(a);
    add_switches(a);
    for (i = 0; i < CPUS; i++) {
        add_segments(a, DO_GDT, i, 0, MFN_NONE, MFN_NONE);
        add_segments(a, DO_GDT, i, 1, F(4), MFN_NONE);
    }
    add_segments(a, DO_GDT, 0, 2, F(5), F(4));
    add_segments(a, DO_GDT, 0, 2, F(4), F(4));
    add_segments(a, DO_GDT, 0, 2, F(4), F(3));
    add_segments(a, DO_GDT, 0, 3, F(4), F(5));
    add_segments(a, DO_LDT, 1, 1, F(4), MFN_NONE);
    add_segments(a, DO_LDT, 1, 0, MFN_NONE, MFN_NONE);
    ADD_WORDS(a, DO_DESCRIPTOR, F(4), 1, 0, CODE, GATE);
    ADD_WORDS(a, DO_DESCRIPTOR, F(3), 1, CODE);
    ADD_WORDS(a, DO_UPDATE, F(4), 1, 0);
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RW(F(4)), RO(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(3), 1, 0, RW(F(5)));
    ADD_WORDS(a, GUEST_STORE, F(4), 1, GATE, CODE, CODE3);
    ADD_WORDS(a, GUEST_STORE, F(5), 0, GATE, 0);
}

/* Frames come and go, and the kernel holds some. */
static void make_frames(struct world *w, struct alphabet *a)
{
    allocate(w, 0x3f);
    make_tree(w, 4);
    w->o.limit = 6;
    add_door(a);
    add_switches(a);
    add(a, DO_ALLOC, MFN_NONE);
    add_each(a, DO_GIVE_BACK, 0x38);
    add(a, DO_GIVE_BACK, FOREIGN_MFN);
    add(a, DO_GIVE_BACK, BEYOND_MFN);
    add_each(a, DO_HOLD, 0x18);
    add_pins(a, 1, 0x10);
    add(a, DO_PIN, FOREIGN_MFN)->count = 1;
    add(a, DO_PIN, BEYOND_MFN)->count = 4;
    add_each(a, DO_UNPIN, 0x10);
    add(a, DO_UNPIN, KERNEL_MFN);
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RW(F(4)), RO(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(3), 1, 0, RW(F(5)), RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(3), 1, RO(FOREIGN_MFN), RW(KERNEL_MFN),
              RO(HOLE_MFN), RW(BEYOND_MFN), RO(ENTRY_ADDRESS >> PAGE_SHIFT));
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, RW(F(4)), RW(F(4)) & ~ENTRY_P,
              RO(FOREIGN_MFN));
    ADD_WORDS(a, DO_UPDATE, FOREIGN_MFN, 0, 0);
    ADD_WORDS(a, DO_UPDATE, F(4), 2, 0, RO(FOREIGN_MFN));
}

/* All bits of an entry, on every level, on a CPU with L1TF. */
static void make_bits(struct world *w, struct alphabet *a)
{
    uint32_t level;

    allocate(w, 0x1f);
    w->m.limits.l1tf = 1;
    w->m.limits.l1tf_safe = 0x1000;
    w->m.limits.reserved = UINT64_C(1) << 51;
    make_tree(w, 4);
    add_door(a);
    for (level = 1; level <= 4; level++) {
        mfn_t table = F(4 - level);
        uint64_t good = RW(table + 1);
        const uint64_t words[] = {
            0,
            good,
            good & ~ENTRY_RW,
            good & ~ENTRY_US,
            good | ENTRY_PWT,
            good | ENTRY_PCD,
            good | ENTRY_PS,
            good | ENTRY_G,
            good | UINT64_C(1) << 51,
            good & ~ENTRY_P,
            ENTRY_PS,
            ADDRESS(0x1000) | ENTRY_PS,
            ADDRESS(0x1000),
            good | NX,
        };
        size_t count = level == 1 ? COUNT(words) : COUNT(words) - 2;

        add_words(a, DO_UPDATE, table, 0, words, count);
        if (level == 1)
            add_words(a, DO_UPDATE_AD, table, 0, words, 3);
    }
    add(a, CPU_TOUCH, F(3));
    ADD_WORDS(a, DO_UPDATE, F(4), 0, RO(F(4)), ADDRESS(F(3)), ENTRY_PS);
    add_pins(a, 1, 0x10);
    add_pins(a, 2, 0x10);
    add_each(a, DO_UNPIN, 0x10);
}

/* Memory that is written as a whole. */
static void make_copies(struct world *w, struct alphabet *a)
{
    allocate(w, 0x3f);
    make_tree(w, 4);
    w->ram[F(5)][0] = RW(F(3));
    add_door(a);
    add_switches(a);
    add_each(a, DO_CLEAR, 0x3a);
    add(a, DO_CLEAR, KERNEL_MFN);
    add_copy(a, F(4), F(5));
    add_copy(a, F(4), F(3));
    add_copy(a, F(3), F(4));
    add_copy(a, F(4), FOREIGN_MFN);
    add_copy(a, FOREIGN_MFN, F(4));
    add_copy(a, F(4), BEYOND_MFN);
    add_pins(a, 1, 0x30);
    add_each(a, DO_UNPIN, 0x30);
    add_each(a, DO_GIVE_BACK, 0x20);
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RW(F(4)), RO(F(5)));
    ADD_WORDS(a, GUEST_STORE, F(4), 0, RW(F(3)), 0);
}

/* Counts that are full: f4 has no room for a reference, f5 none for a use. */
static void make_counts(struct world *w, struct alphabet *a)
{
    allocate(w, 0x7f);
    make_tree(w, 4);
    settle(w, frame_hold(&w->m, &w->o, F(4)));
    settle(w, frame_hold(&w->m, &w->o, F(5)));
    w->refs_bias[4] = UINT32_MAX - 1;
    w->types_bias[5] = UINT32_MAX - 1;
    w->refs_bias[5] = UINT32_MAX - 100;
    own_frame(w, 4)->refs += w->refs_bias[4];
    own_frame(w, 5)->refs += w->refs_bias[5];
    own_frame(w, 5)->types += w->types_bias[5];
    a->refs_full = 1 << 4;
    a->types_full = 1 << 5;
    add_door(a);
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RO(F(4)), RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(3), 1, 0, RO(F(5)), RW(F(5)));
    add_pins(a, 1, 0x70);
    add_each(a, DO_UNPIN, 0x70);
    add_each(a, DO_CLEAR, 0x70);
    ADD_WORDS(a, DO_UPDATE, F(6), 0, 0, RO(F(5)), RW(F(5)), RW(F(4)));
}

/* The domain dies at any point of anything. */
static void make_death(struct world *w, struct alphabet *a)
{
    allocate(w, 0x3f);
    make_tree(w, 4);
    add_door(a);
    add_switches(a);
    add(a, DESTROY, MFN_NONE);
    add_pins(a, 1, 0x10);
    add_pins(a, 3, 0x02);
    add_each(a, DO_UNPIN, 0x12);
    add_each(a, DO_HOLD, 0x20);
    add_each(a, DO_GIVE_BACK, 0x30);
    add_each(a, DO_CLEAR, 0x10);
    add_base(a, DO_BASE, 0, F(5));
    add_base(a, DO_USER_BASE, 1, F(5));
    add_segments(a, DO_GDT, 0, 2, F(4), F(5));
    add_segments(a, DO_LDT, 1, 1, F(4), MFN_NONE);
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(4), 0, RW(F(5)));
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(5), 3, RW(F(1)));
}

/* The flush clock wraps. Readings keep their values here, so the number of
 * states has no end, and the number of steps is limited. */
static void make_clock(struct world *w, struct alphabet *a)
{
    uint32_t i;

    w->true_clock = 1;
    allocate(w, 0x1f);
    make_tree(w, 4);
    w->m.clock = UINT32_MAX - 2;
    w->m.flushed = UINT32_MAX - 2;
    for (i = 0; i < CPUS; i++)
        w->cpu[i].time = UINT32_MAX - 2;
    a->depth = 18;
    add_door(a);
    add_switches(a);
    add_pins(a, 1, 0x10);
    add_each(a, DO_UNPIN, 0x10);
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RW(F(4)));
    ADD_WORDS(a, GUEST_STORE, F(4), 0, RW(F(3)));
}

/* A little of everything, as far as the bound goes. */
static void make_all(struct world *w, struct alphabet *a)
{
    uint8_t i;

    allocate(w, 0x7f);
    make_tree(w, 4);
    add_door(a);
    add_switches(a);
    add_modes(a);
    add_pins(a, 1, 0x38);
    add_pins(a, 2, 0x14);
    add_pins(a, 4, 0x60);
    add_each(a, DO_UNPIN, 0x7c);
    for (i = 0; i < CPUS; i++) {
        add_base(a, DO_BASE, i, F(0));
        add_base(a, DO_BASE, i, F(5));
        add_base(a, DO_BASE, i, F(5))->slot = 1;
        add_base(a, DO_USER_BASE, i, F(5));
        add_segments(a, DO_GDT, i, 1, F(4), MFN_NONE);
    }
    add_each(a, DO_GIVE_BACK, 0x78);
    add(a, DO_ALLOC, MFN_NONE);
    add_each(a, DO_HOLD, 0x10);
    add_each(a, DO_CLEAR, 0x38);
    add_copy(a, F(4), F(3));
    ADD_WORDS(a, DO_DESCRIPTOR, F(4), 3, CODE, GATE);
    ADD_WORDS(a, DO_UPDATE, F(0), 0, 0, RW(F(1)));
    ADD_WORDS(a, DO_UPDATE, F(1), 0, 0, RW(F(2)));
    ADD_WORDS(a, DO_UPDATE, F(2), 0, 0, RW(F(3)), RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RW(F(4)), RO(F(3)), RW(F(5)));
    ADD_WORDS(a, DO_UPDATE, F(4), 0, 0, RW(F(5)), RW(F(3)));
    ADD_WORDS(a, DO_UPDATE, F(5), 3, 0, RW(F(1)), RW(F(6)));
    ADD_WORDS(a, GUEST_STORE, F(4), 0, RW(F(3)), RW(F(5)), 0);
    ADD_WORDS(a, GUEST_STORE, F(5), 3, RW(F(1)), RW(F(3)), 0);
}

/* f0 to f3 are a tree in one superpage, f4 to f7 are another, which is mapped
 * whole by two entries, by its parts, and used as a table. */
static void make_superpage(struct world *w, struct alphabet *a,
                           enum design design)
{
    allocate(w, 0xff);
    w->m.limits.design = (uint8_t)design;
    make_tree(w, 4);
    add_door(a);
    add_switches(a);
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, LARGE_RO(F(4)), LARGE_RW(F(4)),
              RW(F(4)));
    add_pins(a, 1, 0x10);
    add_each(a, DO_UNPIN, 0x10);
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RW(F(4)));
    ADD_WORDS(a, GUEST_STORE, F(4), 0, 0, RW(F(3)));
}

/* The default design, with a second superpage: that of the tree itself. */
static void make_shared(struct world *w, struct alphabet *a)
{
    make_superpage(w, a, DESIGN_TYPECOUNT);
    ADD_WORDS(a, DO_UPDATE, F(2), 3, 0, LARGE_RW(F(4)), LARGE_RO(F(0)),
              LARGE_RW(F(0)));
    add_pins(a, 2, 0x20);
    add_each(a, DO_UNPIN, 0x20);
    ADD_WORDS(a, GUEST_STORE, F(5), 0, LARGE_RW(F(4)), LARGE_RO(F(4)));
    add(a, CPU_TOUCH, F(2))->slot = 1;
    add_walk(a, UINT64_C(1) << 14);
}

/* Descriptors in a superpage: what is trusted besides tables. */
static void make_trusted(struct world *w, struct alphabet *a)
{
    make_superpage(w, a, DESIGN_TYPECOUNT);
    add_segments(a, DO_GDT, 0, 0, MFN_NONE, MFN_NONE);
    add_segments(a, DO_GDT, 0, 1, F(4), MFN_NONE);
    add_segments(a, DO_GDT, 0, 2, F(4), F(5));
    add_segments(a, DO_LDT, 1, 1, F(4), MFN_NONE);
    add_segments(a, DO_LDT, 1, 0, MFN_NONE, MFN_NONE);
    ADD_WORDS(a, GUEST_STORE, F(4), 1, GATE, CODE3, 0);
    ADD_WORDS(a, DO_DESCRIPTOR, F(4), 1, CODE, GATE);
}

/* The same, but a read-only view counts as well. */
static void make_strict(struct world *w, struct alphabet *a)
{
    w->m.limits.strict = 1;
    make_shared(w, a);
}

static void make_walk(struct world *w, struct alphabet *a)
{
    make_superpage(w, a, DESIGN_WALK);
    ADD_WORDS(a, DO_UPDATE, F(2), 3, 0, LARGE_RW(F(4)), LARGE_RO(F(0)),
              LARGE_RW(F(0)));
}

static void make_refcount(struct world *w, struct alphabet *a)
{
    make_superpage(w, a, DESIGN_REFCOUNT);
    ADD_WORDS(a, DO_UPDATE, F(2), 3, 0, LARGE_RW(F(4)), LARGE_RO(F(4)));
}

/* Superpages that are marked, and what is not one. */
static void add_marks(struct alphabet *a)
{
    add(a, DO_MARK, F(4));
    add(a, DO_MARK, F(0));
    add(a, DO_MARK, F(5));
    add(a, DO_MARK, FOREIGN_MFN);
    add(a, DO_UNMARK, F(4));
    add(a, DO_UNMARK, BEYOND_MFN);
    add(a, DO_GIVE_BACK, F(6));
    add(a, DO_ALLOC, MFN_NONE);
    add(a, DO_CLEAR, F(4));
}

static void make_mark(struct world *w, struct alphabet *a)
{
    make_superpage(w, a, DESIGN_MARK);
    add_marks(a);
    ADD_WORDS(a, DO_UPDATE, F(2), 3, 0, LARGE_RO(F(4)));
}

/* Marks under the default design: reservations. */
static void make_reserve(struct world *w, struct alphabet *a)
{
    make_superpage(w, a, DESIGN_TYPECOUNT);
    add_marks(a);
    ADD_WORDS(a, DO_UPDATE, F(2), 3, 0, LARGE_RW(F(4)), LARGE_RO(F(0)));
}

/* An L2 table with superpages in it is built and dropped, refused and undone;
 * frames leave, and come back as a whole. */
static void make_build(struct world *w, struct alphabet *a, enum design design)
{
    allocate(w, 0xff);
    w->m.limits.design = (uint8_t)design;
    w->ram[F(3)][0] = LARGE_RW(F(4)) & ~ENTRY_US;
    w->ram[F(3)][1] = LARGE_RO(F(4));
    w->ram[F(3)][3] = LARGE_RW(F(4));
    make_tree(w, 2);
    add_door(a);
    add_switches(a);
    add_pins(a, 2, 0x08);
    add_each(a, DO_UNPIN, 0x08);
    ADD_WORDS(a, DO_UPDATE, F(1), 0, 0, RW(F(3)));
    ADD_WORDS(a, DO_UPDATE, F(3), 3, 0, LARGE_RW(F(0)), LARGE_RO(F(0)),
              LARGE_RW(FOREIGN_MFN), LARGE_RW(BEYOND_MFN & ~UINT64_C(3)));
    add_each(a, DO_GIVE_BACK, 0x20);
    add(a, DO_ALLOC, MFN_NONE);
}

static void make_build_typecount(struct world *w, struct alphabet *a)
{
    make_build(w, a, DESIGN_TYPECOUNT);
    add_pins(a, 1, 0x20);
    add_each(a, DO_UNPIN, 0x20);
    add_each(a, DO_GIVE_BACK, 0xd0);
    add(a, DO_FILL, MFN_NONE);
}

static void make_build_walk(struct world *w, struct alphabet *a)
{
    make_build(w, a, DESIGN_WALK);
}

static void make_build_mark(struct world *w, struct alphabet *a)
{
    make_build(w, a, DESIGN_MARK);
    add(a, DO_MARK, F(4));
    add(a, DO_UNMARK, F(4));
}

/* f4 to f11 are a gigabyte as soon as the domain has the last extent. */
static void make_gigabyte(struct world *w, struct alphabet *a)
{
    world_widen(w);
    allocate(w, 0xff);
    w->m.limits.design = DESIGN_TYPECOUNT;
    w->m.limits.gigabytes = 1;
    make_tree(w, 4);
    add_door(a);
    add_switches(a);
    add(a, DO_GROW, MFN_NONE);
    add(a, DO_FILL, MFN_NONE);
    add(a, DO_GIVE_BACK, F(9));
    add(a, DO_ALLOC, MFN_NONE);
    ADD_WORDS(a, DO_UPDATE, F(1), 1, 0, LARGE_RO(F(4)), LARGE_RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, LARGE_RW(F(8)), LARGE_RO(F(4)),
              RW(F(4)));
    add_walk(a, UINT64_C(1) << 16);
    add_pins(a, 1, 0x130);
    add_each(a, DO_UNPIN, 0x130);
    ADD_WORDS(a, GUEST_STORE, F(4), 0, 0, RW(F(3)));
}

/* It is used, marked, and its domain dies. */
static void make_end_gigabyte(struct world *w, struct alphabet *a)
{
    world_widen(w);
    extent_assign(&w->m, &w->o);
    allocate(w, 0xfff);
    w->m.limits.design = DESIGN_TYPECOUNT;
    w->m.limits.gigabytes = 1;
    make_tree(w, 4);
    add_door(a);
    add(a, CPU_FLUSH, MFN_NONE);
    add(a, DESTROY, MFN_NONE);
    add(a, DO_MARK, F(4));
    add(a, DO_UNMARK, F(4));
    add_pins(a, 1, 0x100);
    ADD_WORDS(a, DO_UPDATE, F(1), 1, 0, LARGE_RO(F(4)), LARGE_RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, LARGE_RW(F(8)));
}

/* All of a gigabyte is there, but no entry can map it. */
static void make_no_gigabyte(struct world *w, struct alphabet *a,
                             enum design design)
{
    world_widen(w);
    extent_assign(&w->m, &w->o);
    allocate(w, 0xfff);
    w->m.limits.design = (uint8_t)design;
    w->m.limits.gigabytes = design != DESIGN_TYPECOUNT;
    make_tree(w, 4);
    add_door(a);
    ADD_WORDS(a, DO_UPDATE, F(1), 1, 0, LARGE_RO(F(4)), LARGE_RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, LARGE_RW(F(8)));
}

static void make_no_gigabyte_cpu(struct world *w, struct alphabet *a)
{
    make_no_gigabyte(w, a, DESIGN_TYPECOUNT);
}

static void make_no_gigabyte_walk(struct world *w, struct alphabet *a)
{
    make_no_gigabyte(w, a, DESIGN_WALK);
}

static void make_gigabyte_strict(struct world *w, struct alphabet *a)
{
    w->m.limits.strict = 1;
    make_gigabyte(w, a);
}

/* All bits of an entry that maps memory whole, where it must not be executed
 * and on a CPU with L1TF. */
static void make_large(struct world *w, struct alphabet *a)
{
    uint32_t level;

    world_widen(w);
    extent_assign(&w->m, &w->o);
    allocate(w, 0xfff);
    w->m.limits.design = DESIGN_TYPECOUNT;
    w->m.limits.gigabytes = 1;
    w->m.limits.nx = 1;
    w->m.limits.l1tf = 1;
    w->m.limits.l1tf_safe = 0x1000;
    make_tree(w, 4);
    add_door(a);
    for (level = 2; level <= 4; level++) {
        uint64_t good = LARGE_RW(F(4)) | NX;
        const uint64_t words[] = {
            0,
            good,
            good & ~ENTRY_RW,
            good & ~ENTRY_US,
            LARGE_RW(FOREIGN_MFN) | NX,
            good & ~NX,
            good & ~ENTRY_P,
            good | ENTRY_PWT,
            good | ENTRY_PCD,
            good | ENTRY_G,
            good | ENTRY_A,
            good | UINT64_C(1) << 12,
            good + ADDRESS(2),
            good + ADDRESS(4),
            good + ADDRESS(8),
            ADDRESS(0x1000) | ENTRY_PS,
        };

        add_words(a, DO_UPDATE, F(4 - level), 1, words, COUNT(words));
        add_words(a, DO_UPDATE_AD, F(4 - level), 1, words, 3);
        add(a, CPU_TOUCH, F(4 - level))->slot = 1;
    }
    ADD_WORDS(a, DO_UPDATE, F(3), 1, 0, RO(F(4)) | ENTRY_PS, RW(F(5)));
    add_pins(a, 1, 0x10);
    add_each(a, DO_UNPIN, 0x10);
}

/* Counts that are full: f4 to f7 cannot be mapped writable once more, f0 to
 * f3 not at all. */
static void make_full(struct world *w, struct alphabet *a)
{
    allocate(w, 0xff);
    w->m.limits.design = DESIGN_TYPECOUNT;
    make_tree(w, 4);
    settle(w,
           update_word(&w->m, &w->o,
                       &(struct update){
                           .mfn = F(2), .slot = 3, .value = LARGE_RW(F(4))}));
    w->mappings_bias[0] = UINT32_MAX;
    w->mappings_bias[1] = UINT32_MAX - 100;
    w->tally_bias[1] = UINT32_MAX - 2;
    own_extent(w, 0)->tally.mappings += w->mappings_bias[0];
    own_extent(w, 1)->tally.mappings += w->mappings_bias[1];
    own_extent(w, 1)->tally.types += w->tally_bias[1];
    a->mappings_full = 1;
    a->tally_full = 2;
    add_door(a);
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, LARGE_RO(F(4)), LARGE_RW(F(4)),
              LARGE_RO(F(0)));
    add(a, DO_MARK, F(4));
    add_pins(a, 1, 0x10);
    add_each(a, DO_CLEAR, 0x10);
}

/* Counts of frames that are full, where frames are asked: f5 has no room for
 * a use, f0 none for a reference. */
static void make_full_walk(struct world *w, struct alphabet *a)
{
    allocate(w, 0xff);
    w->m.limits.design = DESIGN_WALK;
    make_tree(w, 4);
    settle(w, frame_hold(&w->m, &w->o, F(5)));
    w->types_bias[5] = UINT32_MAX - 1;
    w->refs_bias[5] = UINT32_MAX - 100;
    w->refs_bias[0] = UINT32_MAX - 2; /* both CPUs have it loaded */
    own_frame(w, 0)->refs += w->refs_bias[0];
    own_frame(w, 5)->refs += w->refs_bias[5];
    own_frame(w, 5)->types += w->types_bias[5];
    a->refs_full = 1;
    a->types_full = 1 << 5;
    add_door(a);
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, LARGE_RO(F(4)), LARGE_RW(F(4)),
              LARGE_RO(F(0)));
    add_pins(a, 2, 0x40);
    add_each(a, DO_UNPIN, 0x40);
    ADD_WORDS(a, DO_UPDATE, F(6), 3, 0, LARGE_RO(F(4)), LARGE_RW(F(4)));
}

/* The domain dies while superpages are mapped, marked, or about to be. */
static void make_end(struct world *w, struct alphabet *a, enum design design)
{
    allocate(w, 0xff);
    w->m.limits.design = (uint8_t)design;
    make_tree(w, 4);
    add_door(a);
    add(a, CPU_FLUSH, MFN_NONE);
    add(a, DESTROY, MFN_NONE);
    add(a, DO_MARK, F(4));
    add(a, DO_UNMARK, F(4));
    add_pins(a, 1, 0x20);
    add_pins(a, 2, 0x04);
    add_each(a, DO_UNPIN, 0x20);
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, LARGE_RW(F(4)), LARGE_RO(F(4)));
}

static void make_end_typecount(struct world *w, struct alphabet *a)
{
    make_end(w, a, DESIGN_TYPECOUNT);
}

static void make_end_walk(struct world *w, struct alphabet *a)
{
    make_end(w, a, DESIGN_WALK);
}

static void make_end_mark(struct world *w, struct alphabet *a)
{
    make_end(w, a, DESIGN_MARK);
}

/* The same with superpages, under one typecount, in f4 to f7. */
static void make_all_large(struct world *w, struct alphabet *a)
{
    allocate(w, 0xff);
    w->m.limits.design = DESIGN_TYPECOUNT;
    make_tree(w, 4);
    add_door(a);
    add_switches(a);
    add_modes(a);
    add_marks(a);
    add_pins(a, 1, 0x30);
    add_pins(a, 2, 0x40);
    add_pins(a, 4, 0x80);
    add_each(a, DO_UNPIN, 0xf0);
    add_base(a, DO_USER_BASE, 0, F(7));
    add_base(a, DO_BASE, 1, F(7));
    add_base(a, DO_BASE, 1, F(0));
    add_segments(a, DO_GDT, 0, 1, F(4), MFN_NONE);
    add_segments(a, DO_GDT, 0, 0, MFN_NONE, MFN_NONE);
    add_each(a, DO_HOLD, 0x10);
    add_copy(a, F(5), F(2));
    add(a, DESTROY, MFN_NONE);
    ADD_WORDS(a, DO_UPDATE, F(2), 1, 0, LARGE_RO(F(4)), LARGE_RW(F(4)),
              RW(F(4)));
    ADD_WORDS(a, DO_UPDATE, F(2), 3, 0, LARGE_RW(F(4)), LARGE_RO(F(0)));
    ADD_WORDS(a, DO_UPDATE, F(3), 0, 0, RW(F(4)), RO(F(6)));
    ADD_WORDS(a, GUEST_STORE, F(4), 0, RW(F(3)), GATE, 0);
    ADD_WORDS(a, GUEST_STORE, F(6), 0, LARGE_RW(F(4)), RW(F(5)), 0);
    ADD_WORDS(a, GUEST_STORE, F(7), 3, RW(F(1)), 0);
}

const struct world_kind world_kinds[] = {
    {"flush", "frames that are now tables, now memory", make_flush},
    {"levels", "tables of all levels, built and dropped", make_levels},
    {"bases", "base pointers of two vcpus, kernel and user", make_bases},
    {"segments", "descriptor tables", make_segments},
    {"frames", "frames given back, allocated and held", make_frames},
    {"bits", "all bits of an entry", make_bits},
    {"copies", "memory cleared and copied", make_copies},
    {"counts", "counts that are full", make_counts},
    {"death", "the domain dies at any point", make_death},
    {"shared", "one typecount, read-only views are free", make_shared},
    {"trusted", "one typecount, descriptors", make_trusted},
    {"strict", "one typecount, all views count", make_strict},
    {"walk", "every map references all frames", make_walk},
    {"refcount", "two counts, of readers and writers", make_refcount},
    {"mark", "two counts, and marks", make_mark},
    {"reserve", "one typecount, and marks", make_reserve},
    {"build", "tables of superpages, one typecount", make_build_typecount},
    {"build-walk", "the same, walking", make_build_walk},
    {"build-mark", "the same, with counts and marks", make_build_mark},
    {"gigabyte", "a gigabyte, read-only views are free", make_gigabyte},
    {"gigabyte-strict", "a gigabyte, all views count", make_gigabyte_strict},
    {"no-gigabyte", "a CPU without gigabytes", make_no_gigabyte_cpu},
    {"no-gigabyte-walk", "a design without", make_no_gigabyte_walk},
    {"end-gigabyte", "a gigabyte whose domain dies", make_end_gigabyte},
    {"large", "all bits of an entry that maps memory whole", make_large},
    {"full", "counts of superpages that are full", make_full},
    {"full-walk", "counts of their frames that are full", make_full_walk},
    {"end", "the domain dies, one typecount", make_end_typecount},
    {"end-walk", "the domain dies, walking", make_end_walk},
    {"end-mark", "the domain dies, marks", make_end_mark},
    {"clock", "the flush clock wraps", make_clock},
    {"all", "a little of everything", make_all},
    {"all-large", "a little of everything, with superpages", make_all_large},
};
const uint32_t world_kind_count = COUNT(world_kinds);
