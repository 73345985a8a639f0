/*
 * A domain that means harm: it makes hypercalls at random, with arguments
 * that are half right, as many as it is told to, and counts what comes of
 * them. Nothing of it may disturb the kernel or the domains beside it.
 *
 *   seed=N    which calls (0)
 *   calls=N   how many, at least (100000)
 *   seconds=N for how long, at least (0)
 *   wild=1    spare nothing that it lives by, and crash in the end
 *
 * Every 1000 calls it cleans up, so that there is something to break again,
 * and looks whether it can write to a table.
 */
#include "lib/domain.h"

#include "hostile/attack.h"
#include "hostile/clock.h"
#include "hostile/count.h"
#include "hostile/random.h"
#include "hostile/sandbox.h"

#define ROUND 1000u

static uint64_t watches;

/* One of our own breakpoints: one hit is enough. */
static void handle_debug(struct regs *regs)
{
    (void)regs;
    watches++;
    hypercall(__HYPERVISOR_set_debugreg, 7, 0, 0, 0);
}

static _Noreturn void die(void)
{
    static const char *const ways[] = {"a trap without a gate", "its own wish",
                                       "no stack"};
    uint64_t way = random_below(3);

    say("it crashes by %s\n", ways[way]);
    if (way == 0)
        hypercall_trap_table(NULL);
    if (way == 1)
        domain_crash();
    if (way == 2)
        __asm__ volatile("movq $8, %rsp; pushq %rax; pushq %rax; ud2");
    __asm__ volatile("ud2");
    domain_crash();
}

void domain_main(const start_info_t *info)
{
    const char *words = (const char *)info->cmd_line;
    uint64_t seed = option_number(words, "seed", 0);
    uint64_t wanted = option_number(words, "calls", 100000);
    bool wild = option_number(words, "wild", 0) != 0;
    uint64_t next = ROUND, checks = 0, bad = 0, until;

    random_seed(seed);
    traps_setup(info);
    trap_set_handler(1, handle_debug);
    clock_setup(info);
    until = now_ns() + option_number(words, "seconds", 0) * SECOND;
    attack_setup();
    sandbox_setup(info, wild);
    say("hostile domain, seed %lu, %lu calls%s\n", seed, wanted,
        wild ? ", wild" : "");
    while (calls_made() < wanted || now_ns() < until) {
        attack();
        if (calls_made() < next)
            continue;
        next = calls_made() + ROUND;
        if (!wild) {
            checks++;
            bad += sandbox_check() ? 0 : 1;
            sandbox_tidy();
        }
    }
    if (wild)
        die();
    hypercall(__HYPERVISOR_set_debugreg, 7, 0, 0, 0);
    count_print();
    say("%lu traps of its own breakpoints\n", watches);
    say("%lu times it looked for a table that it can write, %lu found\n",
        checks, bad);
    if (bad > 0)
        domain_crash();
}
