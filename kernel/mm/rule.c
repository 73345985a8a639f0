#include "mm/rule.h"

struct rule_text {
    const char *name;
    const char *sentence;
};

/* One line a rule: tools/check-rules compares them with docs/rules.md. */
static const struct rule_text texts[RULES] = {
    [RULE_NONE] = {"none", "nothing was refused"},
    [RULE_G1] = {"G1", "only an allocated frame gains a reference"},
    [RULE_G2] = {"G2", "a reference count never wraps"},
    [RULE_G3] = {"G3", "only the owner of an extent refers to its frames"},
    [RULE_G4] = {"G4", "a frame number beyond memory names nothing"},
    [RULE_T2] = {"T2",
                 "while references are held only the same type may be taken"},
    [RULE_T3] = {"T3", "a type count never wraps"},
    [RULE_E1] = {"E1", "reserved bits and cache bits stay clear"},
    [RULE_E2] = {"E2",
                 "an entry maps no more than superpage= and the CPU allow"},
    [RULE_E3] = {"E3",
                 "on a CPU with L1TF a not-present entry names no memory"},
    [RULE_E4] = {"E4", "the kernel's slots of an L4 are the kernel's"},
    [RULE_U1] =
        {"U1",
         "a table is changed as a table and plain memory as plain memory"},
    [RULE_U2] = {"U2", "a walk to an entry meets a table at every level"},
    [RULE_P1] = {"P1", "a table is pinned once"},
    [RULE_P2] = {"P2", "only a pinned table is unpinned"},
    [RULE_S1] = {"S1", "a descriptor is code or data or not present"},
    [RULE_S2] = {"S2", "a descriptor table fits its frames"},
    [RULE_A1] = {"A1", "a domain stays within its allocation"},
    [RULE_A2] = {"A2", "a domain gives back only what it has and pins stay"},
    [RULE_H1] = {"H1", "what the kernel shares with a domain stays plain "
                       "memory for its life"},
    [RULE_E5] = {"E5", "a superpage is not executable where the CPU could "
                       "halt on it"},
    [RULE_X1] = {"X1", "a superpage is mapped only while all of it is its "
                       "owner's"},
    [RULE_X2] = {"X2", "a superpage is mapped writable or has tables inside "
                       "and never both"},
    [RULE_X3] = {"X3", "a superpage's count never wraps"},
    [RULE_X4] = {"X4", "no frame leaves a superpage that is mapped or marked"},
    [RULE_M1] = {"M1", "a superpage is marked once"},
    [RULE_M2] = {"M2", "only a marked superpage is unmarked"},
    [RULE_M3] = {"M3", "a mark names the first frame of a superpage"},
};

const char *rule_name(enum rule rule)
{
    return texts[rule < RULES ? rule : RULE_NONE].name;
}

const char *rule_sentence(enum rule rule)
{
    return texts[rule < RULES ? rule : RULE_NONE].sentence;
}
