/* Any bytes at all, as an instruction. */
#include <stdlib.h>
#include <string.h>

#include "abi/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool promise)
{
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct insn insn, again;
    bool found = decode(data, bytes, &insn);
    size_t count;

    check(found == (insn.kind != INSN_NONE));
    if (!found) {
        check(insn.length == 0);
        return 0;
    }
    check(insn.kind <= INSN_CPUID);
    check(insn.length >= 1 && insn.length <= INSN_BYTES);
    check(insn.length <= bytes);
    check(insn.gpr < 16);
    if (insn.kind == INSN_IN || insn.kind == INSN_OUT)
        check(insn.width == 1 || insn.width == 2 || insn.width == 4);
    else
        check(insn.width == 0 && !insn.port_is_dx);
    /* What follows does not count, and nothing less is enough. */
    check(decode(data, insn.length, &again));
    check(memcmp(&insn, &again, sizeof(insn)) == 0);
    for (count = 0; count < insn.length; count++)
        check(!decode(data, count, &again));
    return 0;
}
