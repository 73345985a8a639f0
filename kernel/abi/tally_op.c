#include "abi/tally_op.h"

#include "abi/calls.h"
#include "latency.h"
#include "memory.h"

long call_tally_op(struct vcpu *v, const uint64_t *argument)
{
    switch ((uint32_t)argument[0]) {
    case TALLY_OP_FLUSHES:
        return (long)(v->flushes + (machine.clock - v->flush_clock));
    case TALLY_OP_LATENCY: return latency_on ? (long)latency_ask() : -ENOSYS;
    default: return -ENOSYS;
    }
}
