/*
 * clock_scale - ticks of one clock to ticks of another, by one multiply and
 * one shift, in the form that a domain's time record has:
 *
 *     out = ((in << shift, or >> -shift) * mul) >> 32
 */
#ifndef TALLY_X86_CLOCK_SCALE_H
#define TALLY_X86_CLOCK_SCALE_H

#include <stdint.h>

#define NANOSECONDS 1000000000ull /* in a second */

struct clock_scale {
    uint32_t mul; /* 32-bit fraction; 0x80000000..0xffffffff */
    int8_t shift;
};

/*
 * clock_scale_make - the scale from a clock to another.
 *
 * from, to  their frequencies in Hz, both 1000 .. 2^40
 *
 * mul and shift make a factor that is never above the true one and less than
 * 2^-31 of it below. A negative shift also drops the lowest bits of "in".
 */
struct clock_scale clock_scale_make(uint64_t from, uint64_t to);

/*
 * clock_scale_apply - convert a number of ticks. Exact to the scale for all
 * results below 2^64.
 */
uint64_t clock_scale_apply(struct clock_scale scale, uint64_t ticks);

/*
 * clock_muldiv - a * b / c, rounded down, with 128 bits in between.
 *
 * UINT64_MAX when the result is larger, or c is 0.
 */
uint64_t clock_muldiv(uint64_t a, uint64_t b, uint64_t c);

#endif
