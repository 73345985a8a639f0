#ifndef TALLY_X86_CONTRACT_H
#define TALLY_X86_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x86/cpu.h"

/*
 * contract - what the CPU does not keep by itself, and what Tally does
 * about it. A pure decision from what cpu_identify has read.
 */

enum contract_issue {
    ISSUE_MELTDOWN,      /* ring 3 reads what ring 0 maps */
    ISSUE_L1TF,          /* not-present entries read the L1 cache */
    ISSUE_MDS,           /* buffers read across rings */
    ISSUE_TAA,           /* the same by TSX abort */
    ISSUE_SPECTRE_V1,    /* bounds check bypass */
    ISSUE_SPECTRE_V2,    /* branch targets across domains */
    ISSUE_SSB,           /* store bypass */
    ISSUE_ITLB_MULTIHIT, /* page size change of executable mappings */
    ISSUE_SWAPGS,        /* speculation past swapgs in ring 0 */
    ISSUE_SMT,           /* siblings share what is above */
    ISSUE_DMA,           /* devices go round every count */
    ISSUE_COUNT
};

struct contract_row {
    const char *issue; /* "Meltdown (CVE-2017-5754)" */
    bool affected;     /* as far as the CPU tells */
    bool done;         /* what can be done about it is done */
    const char *what;  /* what is done, or why nothing is */
};

struct contract_options {
    bool l1tf;     /* l1tf=on: keep the rule on any CPU */
    bool multihit; /* nx-superpages=on: the same for that rule */
};

struct contract {
    struct contract_row rows[ISSUE_COUNT];
    bool meltdown;      /* domains can read all RAM: cpu=strict */
    bool l1tf;          /* rule E3: check not-present entries */
    uint64_t l1tf_safe; /* bytes: payload addresses from here on are
                             * harmless (half of the physical space) */
    bool verw;          /* clear buffers on return to ring 3 */
    bool ibpb;          /* IBPB when another domain runs */
    bool multihit;      /* executable 2 MiB entries must be refused */
};

/* contract_decide - fill all of *contract. Pure. */
void contract_decide(struct contract *contract, const struct cpu *cpu,
                     const struct contract_options *options);

/* contract_print - one line a row through the callback, without newline. */
void contract_print(const struct contract *contract,
                    void (*line)(void *cookie, const char *text), void *cookie);

#endif
