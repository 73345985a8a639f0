#include "x86/clock_scale.h"

#include <stdbool.h>

/* Kernels have no 128-bit division: one bit at a time. */
uint64_t clock_muldiv(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t middle = (a & UINT32_MAX) * (b >> 32);
    uint64_t other = (a >> 32) * (b & UINT32_MAX);
    uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
    uint64_t carry = (low >> 32) + (middle & UINT32_MAX) + (other & UINT32_MAX);
    uint64_t high =
        (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32) + (carry >> 32);

    low = (carry << 32) | (low & UINT32_MAX);
    if (high >= c)
        return UINT64_MAX;
    for (int bit = 0; bit < 64; bit++) {
        bool over = high >> 63;

        high = high << 1 | low >> 63;
        low <<= 1;
        if (over || high >= c) {
            high -= c;
            low |= 1;
        }
    }
    return low;
}

struct clock_scale clock_scale_make(uint64_t from, uint64_t to)
{
    struct clock_scale scale = {0, 0};

    while (to >= from) { /* the factor becomes < 1 */
        from <<= 1;
        scale.shift++;
    }
    while (to << 1 < from) { /* and at least 1/2 */
        to <<= 1;
        scale.shift--;
    }
    scale.mul = (uint32_t)clock_muldiv(to, 1ull << 32, from);
    return scale;
}

uint64_t clock_scale_apply(struct clock_scale scale, uint64_t ticks)
{
    if (scale.shift >= 0)
        ticks <<= scale.shift;
    else
        ticks >>= -scale.shift;
    return (ticks >> 32) * scale.mul + ((ticks & UINT32_MAX) * scale.mul >> 32);
}
