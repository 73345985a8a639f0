#ifndef TALLY_MM_RULE_H
#define TALLY_MM_RULE_H

#include "mm/types.h"

/*
 * rule - the numbers of the rules that can refuse, and the witness.
 *
 * Every refusal of the rule core goes through refuse(), which leaves a
 * witness of fixed size; words are made of it later, by others. docs/rules.md
 * has one sentence for each number, tools/check-rules holds the two together.
 */
enum rule {
    RULE_NONE,
    RULE_G1,    /* only an allocated frame gains a reference */
    RULE_G2,    /* a general count never wraps */
    RULE_G3,    /* only the owner of an extent may refer to its frames */
    RULE_G4,    /* a frame number beyond memory names nothing */
    RULE_T2,    /* one use at a time */
    RULE_T3,    /* a type count never wraps */
    RULE_E1,    /* reserved and cache bits are refused */
    RULE_E2,    /* an entry is as large as boot and CPU allow */
    RULE_E3,    /* not-present entries carry nothing L1TF could load */
    RULE_E4,    /* the kernel's slots are the kernel's */
    RULE_U1,    /* only a table's owner changes it, and only as a table */
    RULE_U2,    /* a walk to an entry meets tables at every level */
    RULE_P1,    /* a table is pinned once */
    RULE_P2,    /* only a pinned table is unpinned */
    RULE_S1,    /* a descriptor of a domain gives no way into the kernel */
    RULE_S2,    /* a table of descriptors has a sane length */
    RULE_A1,    /* a domain has no more frames than its limit */
    RULE_A2,    /* a frame given back must be one's own */
    RULE_H1,    /* the kernel holds what it shares */
    RULE_E5,    /* where the CPU needs it, no superpage is executable */
    RULE_X1,    /* a superpage is mapped only when all of it is there */
    RULE_X2,    /* a superpage is mapped writable, or has tables inside */
    RULE_X3,    /* a count of superpages never wraps */
    RULE_X4,    /* what is mapped whole stays whole */
    RULE_M1,    /* a superpage is marked once */
    RULE_M2,    /* only a marked superpage is unmarked */
    RULE_M3,    /* a mark names a whole superpage */
    RULES
};

/* What was refused, why, and the frame that is the reason. */
struct refusal {
    uint8_t  rule;      /* enum rule; RULE_NONE: nothing was refused */
    uint8_t  level;     /* of the table asked from, 1..4; 0: a hypercall */
    uint8_t  asked;     /* enum frame_type asked for; FRAME_NONE: a view */
    uint8_t  type;      /* enum frame_type of the frame */
    uint8_t  pinned;    /* of the frame */
    uint32_t types;     /* type references on the frame */
    uint32_t refs;      /* general references on the frame */
    uint32_t whole;     /* references of its superpage's tally; X4: mappings */
    uint8_t  tally;     /* enum tally_type of it */
    uint8_t  gigabyte;  /* 1: the tally is its gigabyte's */
    uint32_t slot;      /* entry of that table, 0..TABLE_ENTRIES-1 */
    mfn_t    mfn;       /* the frame; MFN_NONE: the word is the reason */
    mfn_t    table;     /* mfn of the table asked from; MFN_NONE: none */
    uint64_t word;      /* the entry or descriptor asked for, if any */
};

/* rule_name - "T2" for RULE_T2; "none" for RULE_NONE and beyond the list. */
const char *rule_name(enum rule rule);

/* rule_sentence - the rule in one sentence, as docs/rules.md has it. */
const char *rule_sentence(enum rule rule);

#endif
