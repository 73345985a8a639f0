#include "mm/rule.h"

struct rule_text {
    const char *name;
    const char *sentence;
};

#define TEXT(rule, sentence) [RULE_##rule] = {#rule, sentence}

/* One line a rule: tools/check-rules compares them with docs/rules.md. */
static const struct rule_text texts[RULES] = {
    [RULE_NONE] = {"none", "nothing was refused"},
    TEXT(G1, "only an allocated frame gains a reference"),
    TEXT(G2, "a reference count never wraps"),
    TEXT(G3, "only the owner of an extent refers to its frames"),
    TEXT(G4, "a frame number beyond memory names nothing"),
    TEXT(T2, "while references are held only the same type may be taken"),
    TEXT(T3, "a type count never wraps"),
    TEXT(E1, "reserved bits and cache bits stay clear"),
    TEXT(E2, "an entry maps no more than superpage= and the CPU allow"),
    TEXT(E3, "on a CPU with L1TF a not-present entry names no memory"),
    TEXT(E4, "the kernel's slots of an L4 are the kernel's"),
    TEXT(U1, "a table is changed as a table and plain memory as plain memory"),
    TEXT(U2, "a walk to an entry meets a table at every level"),
    TEXT(P1, "a table is pinned once"),
    TEXT(P2, "only a pinned table is unpinned"),
    TEXT(S1, "a descriptor is code or data or not present"),
    TEXT(S2, "a descriptor table fits its frames"),
    TEXT(A1, "a domain stays within its allocation"),
    TEXT(A2, "a domain gives back only what it has and pins stay"),
    TEXT(H1, "what the kernel shares with a domain stays plain memory"),
    TEXT(E5, "a superpage is not executable where the CPU could halt on it"),
    TEXT(X1, "a superpage is mapped only while all of it is its owner's"),
    TEXT(X2, "a superpage is mapped writable or has tables inside, never both"),
    TEXT(X3, "a superpage's count never wraps"),
    TEXT(X4, "no frame leaves a superpage that is mapped or marked"),
    TEXT(M1, "a superpage is marked once"),
    TEXT(M2, "only a marked superpage is unmarked"),
    TEXT(M3, "a mark names the first frame of a superpage"),
};

const char *rule_name(enum rule rule)
{
    return texts[rule < RULES ? rule : RULE_NONE].name;
}

const char *rule_sentence(enum rule rule)
{
    return texts[rule < RULES ? rule : RULE_NONE].sentence;
}
