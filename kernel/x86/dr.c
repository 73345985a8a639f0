#include "x86/cpu.h"
#include "x86/layout.h"

#define DR7_GD      UINT64_C(0x2000)
#define DR7_ENABLES UINT64_C(0xff)

/* SDM 3B 18.2.4: two bits of condition for each breakpoint; 2 is I/O. */
static bool dr7_ok(uint64_t value)
{
    if (value >> 32 != 0 || (value & DR7_GD) != 0)
        return false;
    if ((value & DR7_ENABLES) == 0)
        return true;
    for (unsigned int i = 0; i < 4; i++)
        if ((value >> (16 + 4 * i) & 3) == 2)
            return false;
    return true;
}

bool dr_ok(unsigned int number, uint64_t value)
{
    if (number <= 3)
        /* 8 bytes may be watched from there on. */
        return value + 7 < GUEST_HOLE ||
               (value >= GUEST_HIGH && value + 7 > value);
    if (number == 6)
        return value >> 32 == 0;
    return number == 7 && dr7_ok(value);
}
