#include "abi/tally_op.h"

#include "abi/calls.h"
#include "memory.h"

long call_tally_op(struct vcpu *v, const uint64_t *argument)
{
    switch ((uint32_t)argument[0]) {
    case TALLY_OP_FLUSHES:
        return (long)(v->flushes + (machine.clock - v->flush_clock));
    default: return -ENOSYS;
    }
}
