#include "x86/trap.h"

bool sysret_ok(uint64_t rip)
{
    /* Bits 63..47 are all the same. */
    uint64_t top = rip >> 47;

    return top == 0 || top == 0x1ffff;
}
