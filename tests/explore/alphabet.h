#ifndef TALLY_EXPLORE_ALPHABET_H
#define TALLY_EXPLORE_ALPHABET_H

#include <stdio.h>

#include "state.h"

/*
 * alphabet - every step that a world may take, and how it is printed.
 *
 * An *operation* is a call of the rule core. The other steps belong to the
 * machine: guest code that runs, a CPU that switches to another domain and
 * back, the door that does what a stop asks for.
 */
enum verb {
    /* operations of the domain */
    DO_PIN,
    DO_UNPIN,
    DO_UPDATE,
    DO_UPDATE_AD,
    DO_BASE,
    DO_USER_BASE,
    DO_GDT,
    DO_LDT,
    DO_DESCRIPTOR,
    DO_GIVE_BACK,
    DO_ALLOC,
    DO_HOLD,
    DO_CLEAR,
    DO_COPY,
    DO_WALK,
    DO_MARK,
    DO_UNMARK,
    DO_FILL, /* allocate an extent as a whole */
    DO_GROW, /* the domain is given an extent */
    OPERATIONS,
    /* the machine */
    GUEST_STORE = OPERATIONS, /* through any writable mapping, even stale */
    CPU_TOUCH, /* a walk sets accessed and dirty in an entry that maps */
    CPU_FLUSH, /* a CPU runs another domain and comes back */
    CPU_MODE,  /* guest kernel to guest user, or back */
    DESTROY,
    DOOR_GO,    /* the door does what the stop asks for */
    DOOR_FLUSH, /* one CPU carries out the flush asked for */
    VERBS
};

struct action {
    uint8_t verb;
    uint8_t count; /* DO_PIN: level; DO_GDT, DO_LDT: frames */
    uint8_t cpu;   /* or vcpu: they are the same */
    uint32_t slot; /* DO_BASE: 1: in the short way, if that is one */
    mfn_t mfn;
    mfn_t other;    /* DO_COPY: source; DO_GDT, DO_LDT: second frame */
    uint64_t value; /* a word; DO_WALK: the virtual address */
};

#define ACTIONS 1024

/* A world: where it starts, and what can happen in it. */
struct alphabet {
    struct action action[ACTIONS];
    uint32_t count;
    uint32_t depth;           /* steps at most; 0: no limit */
    frames_t outsider_writes; /* held writable by nobody in the world */
    frames_t refs_full;       /* no reference can be taken any more */
    frames_t types_full;      /* no type reference can be taken */
    larges_t mappings_full;   /* cannot be mapped once more */
    larges_t tally_full;      /* not so that it counts under the type */
};

/* action_print - one step as a line of a script, without newline. */
void action_print(FILE *out, const struct action *a);

/* word_print - an entry or a descriptor in few characters. */
void word_print(FILE *out, uint64_t word);

/* action_call - call the rule core: its answer or its stop. *mfn: the frame
 * that DO_ALLOC, DO_FILL or DO_WALK found. */
int action_call(struct world *w, const struct action *a, mfn_t *mfn);

/* What the worlds are made of: worlds.c. */
struct world_kind {
    const char *name;
    const char *about;
    void (*make)(struct world *w, struct alphabet *a);
};
extern const struct world_kind world_kinds[];
extern const uint32_t world_kind_count;

#endif
