/*
 * A domain that minds its own business: it fills its memory and its SSE
 * registers with numbers that follow from its seed, reads them back, and says
 * how much of the time it had the CPU. All that a bad neighbour could do to it
 * would show here.
 *
 *   seed=N      which numbers (0)
 *   seconds=N   for how long (10)
 */
#include "hostile/clock.h"
#include "hostile/random.h"
#include "lib/domain.h"

#define PAGES   128u
#define WORDS   (PAGES * TABLE_ENTRIES)
#define STEP    256u    /* words between two looks at the clock */
#define AWAY_NS 500000u /* a longer step than this had others in it */

/* When it began, and what of the time since then was not its own. */
static uint64_t began, last, away, times_away;

/* Between two steps; a long one means that somebody else had the CPU. */
static void clock_look(void)
{
    uint64_t now = now_ns();

    if (now - last > AWAY_NS) {
        away += now - last;
        times_away++;
    }
    last = now;
}

/* Fill all, or compare all: how many words are not what they should be? */
static uint64_t pass(uint64_t *memory, uint64_t seed, bool fill)
{
    uint64_t bad = 0;
    unsigned int i;

    random_seed(seed);
    for (i = 0; i < WORDS; i++) {
        uint64_t word = random_word();

        if (fill)
            memory[i] = word;
        else
            bad += memory[i] != word;
        if (i % STEP == 0)
            clock_look();
    }
    return bad;
}

/* Nothing that the compiler makes uses these registers. */
static void registers_fill(uint64_t word)
{
    __asm__ volatile("movq %0, %%xmm0\n\t"
                     "movq %0, %%xmm7\n\t"
                     "movq %0, %%xmm15"
                     :
                     : "r"(word));
}

/* How many of them are not what they should be? */
static uint64_t registers_wrong(uint64_t word)
{
    uint64_t first, middle, last_one;

    __asm__ volatile("movq %%xmm0, %0\n\t"
                     "movq %%xmm7, %1\n\t"
                     "movq %%xmm15, %2"
                     : "=r"(first), "=r"(middle), "=r"(last_one));
    return (first != word) + (middle != word) + (last_one != word);
}

void domain_main(const start_info_t *info)
{
    const char *words = (const char *)info->cmd_line;
    uint64_t seed = option_number(words, "seed", 0);
    uint64_t seconds = option_number(words, "seconds", 10);
    uint64_t passes = 0, bad = 0, all;
    uint64_t *memory = page_alloc();
    unsigned int i;

    for (i = 1; i < PAGES; i++)
        page_alloc();
    clock_setup(info);
    began = last = now_ns();
    while (last - began < seconds * SECOND) {
        registers_fill(~seed - passes);
        pass(memory, seed + passes, true);
        bad += pass(memory, seed + passes, false);
        bad += registers_wrong(~seed - passes);
        passes++;
    }
    all = last - began;
    say("worker, seed %lu: %lu passes over %u words, %lu words wrong\n", seed,
        passes, WORDS, bad);
    say("it had the CPU for %lu of %lu ms, and lost it %lu times\n",
        (all - away) / MILLISECOND, all / MILLISECOND, times_away);
    if (bad > 0)
        domain_crash();
}
