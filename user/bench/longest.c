#include "bench/longest.h"

#include <xen/vcpu.h>

#include "bench/measure.h"
#include "bench/pages.h"
#include "lib/domain.h"

/* Tally's own call, kernel/abi/tally_op.h. */
#define TALLY_OP         __HYPERVISOR_arch_7
#define TALLY_OP_LATENCY 1

#define PARTS        256u
#define FARTHEST_NS  50000u /* the timer comes so soon, at most */
#define STRIDE_NS    7919u

static struct multicall_entry parts[PARTS];

static long ask_longest(void)
{
    return hypercall(TALLY_OP, TALLY_OP_LATENCY, 0, 0, 0);
}

void longest_setup(void)
{
    want("latency=yes", ask_longest());
}

/* System time, by a call that tells it. */
static uint64_t now_ns(void)
{
    struct vcpu_runstate_info info;

    want("runstate", hypercall(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info,
                               0, address_of(&info), 0));
    return info.time[RUNSTATE_running];
}

void longest_begin(void)
{
    static uint64_t delay;

    delay = (delay + STRIDE_NS) % FARTHEST_NS;
    want("timer",
         hypercall(__HYPERVISOR_set_timer_op, now_ns() + delay, 0, 0, 0));
    ask_longest();
}

void longest_end(const char *path)
{
    long ticks = ask_longest();

    say("latency %s %lu\n", path, (uint64_t)ticks);
}

/* Some calls in one. */
static void parts_end(const char *path)
{
    long ticks = ask_longest();

    say("latency multicall/%s %lu\n", path, (uint64_t)ticks);
}

long longest_call(const char *path, unsigned int number, uint64_t a, uint64_t b,
                  uint64_t c)
{
    long answer;

    longest_begin();
    answer = hypercall(number, a, b, c, DOMID_SELF);
    longest_end(path);
    return answer;
}

void longest_want(const char *path, unsigned int number, uint64_t a, uint64_t b,
                  uint64_t c)
{
    want(path, longest_call(path, number, a, b, c));
}

void longest_refused(const char *path, unsigned int number, uint64_t a,
                     uint64_t b, uint64_t c)
{
    if (longest_call(path, number, a, b, c) >= 0)
        bench_error(path, "it was not refused", 0);
}

void longest_many(const char *path, unsigned int number, uint64_t a, uint64_t b,
                  uint64_t c)
{
    unsigned int i;

    longest_call(path, number, a, b, c);
    for (i = 0; i < PARTS; i++)
        parts[i] = (struct multicall_entry){
            .op = number,
            .args = {a, b, c, DOMID_SELF},
        };
    longest_begin();
    want(path, hypercall_multicall(parts, PARTS));
    parts_end(path);
}
