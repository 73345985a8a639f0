#include "bench/measure.h"

#include "lib/domain.h"

/* Tally's own call, kernel/abi/tally_op.h; Xen has nothing there. */
#define TALLY_OP         __HYPERVISOR_arch_7
#define TALLY_OP_FLUSHES 0

static uint64_t empty;
static bool flushes_known;

_Noreturn void bench_error(const char *name, const char *what, long number)
{
    say("bench error: %s: %s %ld%s%s\n", name, what, number,
        number < 0 ? ", " : "", number < 0 ? error_name(number) : "");
    domain_exit();
}

uint64_t flushes_now(void)
{
    long answer = hypercall(TALLY_OP, TALLY_OP_FLUSHES, 0, 0, 0);

    return answer < 0 ? 0 : (uint64_t)answer;
}

uint64_t measure_now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static uint64_t median(uint64_t *list, unsigned int count)
{
    unsigned int i, j;

    for (i = 1; i < count; i++) {
        uint64_t value = list[i];

        for (j = i; j > 0 && list[j - 1] > value; j--)
            list[j] = list[j - 1];
        list[j] = value;
    }
    return list[count / 2];
}

void measure_setup(void)
{
    uint64_t list[SAMPLES];
    unsigned int i;

    flushes_known = hypercall(TALLY_OP, TALLY_OP_FLUSHES, 0, 0, 0) >= 0;
    for (i = 0; i < SAMPLES; i++)
        measure_empty(&list[i]);
    empty = median(list, SAMPLES);
    for (i = 0; i < SAMPLES; i++)
        measure_nops(&list[i]);
    if (median(list, SAMPLES) - empty != NOPS)
        bench_error("calibration", "1000 NOPs do not measure 1000, but",
                    (long)(median(list, SAMPLES) - empty));
    say("bench calibration: empty %lu, 1000 NOPs %lu\n", empty,
        median(list, SAMPLES) - empty);
}

struct call call_make(unsigned int number, uint64_t a, uint64_t b, uint64_t c,
                      uint64_t d)
{
    return (struct call){
        .stub = hypercall_page + number * HYPERCALL_STUB_BYTES,
        .a = a,
        .b = b,
        .c = c,
        .d = d,
    };
}

void row_begin(struct row *row, const char *name)
{
    row->name = name;
    row->samples = 0;
}

void row_add(struct row *row, uint64_t ticks, uint64_t flushes)
{
    if (row->samples == SAMPLES)
        bench_error(row->name, "too many samples", SAMPLES);
    row->cost[row->samples] = ticks - empty;
    row->flushes[row->samples++] = flushes;
}

long row_call(struct row *row, const struct call *call)
{
    uint64_t before = flushes_now(), ticks;
    long answer = measure_call(call, &ticks);

    row_add(row, ticks, flushes_now() - before);
    return answer;
}

void row_want(struct row *row, const struct call *call)
{
    long answer = row_call(row, call);

    if (answer < 0)
        bench_error(row->name, "refused", answer);
}

void row_number(const char *name, uint64_t cost, uint64_t flushes)
{
    if (flushes_known)
        say("bench %s %lu %lu\n", name, cost, flushes);
    else
        say("bench %s %lu -\n", name, cost);
}

uint64_t row_cost(struct row *row)
{
    return median(row->cost, row->samples);
}

void row_end(struct row *row)
{
    row_number(row->name, row_cost(row), median(row->flushes, row->samples));
}

void row_none(const char *name)
{
    say("bench %s - -\n", name);
}
