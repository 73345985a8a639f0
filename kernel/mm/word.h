#ifndef TALLY_MM_WORD_H
#define TALLY_MM_WORD_H

#include "mm/types.h"

/*
 * word - access to words that the CPU or another vcpu may change meanwhile.
 *
 * A table's entry gains accessed and dirty bits from the CPU while it is
 * live, so it is read once and written by one locked exchange.
 */

/* word_load - read a word once. */
static inline uint64_t word_load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* word_store - write a word that no CPU walks. */
static inline void word_store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* word_exchange - write a live word; returns what was there. A barrier. */
static inline uint64_t word_exchange(uint64_t *word, uint64_t value)
{
    return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}

/* word_replace - write `value` if the word is still *old, else *old is what
 * it is now. true when written. A barrier. */
static inline bool word_replace(uint64_t *word, uint64_t *old, uint64_t value)
{
    return __atomic_compare_exchange_n(word, old, value, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

#endif
