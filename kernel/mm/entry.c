#include "mm/entry.h"

/* E1: bits that an entry may not carry, by level. */
static const uint64_t refused_bits[5] = {
    [1] = ENTRY_L1_REFUSED,
    [2] = ENTRY_PWT | ENTRY_PCD | ENTRY_G,
    [3] = ENTRY_PWT | ENTRY_PCD | ENTRY_G,
    [4] = ENTRY_PWT | ENTRY_PCD | ENTRY_G | ENTRY_PS,
};

/* What else the bits of a large entry may break. */
static enum rule large_refused(const struct memory *m, uint32_t level,
                               uint64_t word)
{
    const struct limits *l = &m->limits;

    if (l->design == DESIGN_OFF)                /* E2: no larger pages, */
        return RULE_E2;
    if (level == 3 && (l->design != DESIGN_TYPECOUNT || !l->gigabytes))
        return RULE_E2;                         /* or none that large */
    if (entry_mfn(word) % entry_frames(level))  /* E1: PAT, then zeros */
        return RULE_E1;
    if (l->nx && !(word & ENTRY_NX))            /* E5: CVE-2018-12207 */
        return RULE_E5;
    return RULE_NONE;
}

enum rule entry_refused(const struct memory *m, uint32_t level, uint64_t word)
{
    if (!entry_present(word)) {
        if (!m->limits.l1tf)
            return RULE_NONE;
        if (level > 1 && (word & ENTRY_PS))     /* E3: no huge payload */
            return RULE_E3;
        if (entry_mfn(word) && entry_mfn(word) < m->limits.l1tf_safe)
            return RULE_E3;                     /* E3: names a real frame */
        return RULE_NONE;
    }
    if (word & (refused_bits[level] | m->limits.reserved))  /* E1 */
        return RULE_E1;
    return entry_is_large(level, word) ? large_refused(m, level, word)
                                       : RULE_NONE;
}
