#include "x86/tlb.h"

static uint64_t flushes;

void tlb_flush_local(void)
{
    flushes++;
    cr3_write(cr3_read());
}

uint64_t tlb_flushes(void)
{
    return flushes;
}
