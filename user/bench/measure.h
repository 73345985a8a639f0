#ifndef TALLY_USER_BENCH_MEASURE_H
#define TALLY_USER_BENCH_MEASURE_H

/*
 * What an operation costs, in instructions.
 *
 * The TSC is read before and after, and the difference less that of an empty
 * measurement is the cost: of the kernel, and of the domain's own stub in the
 * hypercall page with its call and ret. It is a count of instructions only
 * where the TSC counts them, under QEMU's -icount shift=0; measure_setup()
 * finds out.
 *
 * A row is an operation that was repeated. Its line is
 *
 *     bench NAME MEDIAN FLUSHES
 *
 * with `-` for what is not known: a kernel that refuses superpages has no cost
 * of mapping one, and only Tally tells how often it flushed the TLB.
 */

#include <stdbool.h>
#include <stdint.h>

#define NOPS           1000u   /* in measure_nops */
#define SYSCALL_ANSWER 0x600du /* of bench_syscall_stub */
#define SAMPLES        101u    /* of a row, at most */

/* measure.asm knows this layout. */
struct call {
    const char *stub;
    uint64_t a, b, c, d;
};

/* Likewise: what measure_user is to do. */
struct user_job {
    uint64_t count;          /* of syscalls, not 0 */
    uint64_t ticks[SAMPLES]; /* what each of them took */
};

struct row {
    const char *name;
    unsigned int samples;
    uint64_t cost[SAMPLES];
    uint64_t flushes[SAMPLES];
};

/*
 * measure_setup - calibrate: what an empty measurement costs, and that 1000
 * NOPs cost 1000. Ends the domain with an error when they do not.
 */
void measure_setup(void);

/* bench_error - print "bench error: ...", and end the domain. */
_Noreturn void bench_error(const char *name, const char *what, long number);

/* call_make - a hypercall with up to four arguments. */
struct call call_make(unsigned int number, uint64_t a, uint64_t b, uint64_t c,
                      uint64_t d);

/* row_begin - an empty row. */
void row_begin(struct row *row, const char *name);

/* row_call - make a hypercall and add its cost to a row. Its answer. */
long row_call(struct row *row, const struct call *call);

/* row_want - the same; an answer below 0 ends the domain with an error. */
void row_want(struct row *row, const struct call *call);

/* row_add - add a cost that includes an empty measurement. */
void row_add(struct row *row, uint64_t ticks, uint64_t flushes);

/* row_end - print the median. */
void row_end(struct row *row);

/* row_cost - the median, without printing it. The samples are sorted by it. */
uint64_t row_cost(struct row *row);

/* row_none - print that there is no such operation here. */
void row_none(const char *name);

/* row_number - print a number that is no median. */
void row_number(const char *name, uint64_t cost, uint64_t flushes);

/* flushes_now - full TLB flushes made for us so far; 0 if nobody tells. */
uint64_t flushes_now(void);

/* measure_now - the TSC. */
uint64_t measure_now(void);

/* measure.asm; what it says there is in force. */
void measure_empty(uint64_t *ticks);
void measure_nops(uint64_t *ticks);
void measure_ud(uint64_t *ticks);
long measure_call(const struct call *call, uint64_t *ticks);
void measure_user(struct user_job *job);
extern char bench_ud_stub[];
extern char bench_syscall_stub[];

#endif
