#ifndef TALLY_ABI_DECODE_H
#define TALLY_ABI_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * decode - take apart the few instructions that the kernel carries out for a
 * domain, or has to recognise. Pure: bytes in, struct insn out.
 *
 * Only 64-bit code. Everything else is INSN_NONE, and faults as it is.
 */

/* The longest instruction there is, in bytes (SDM 2A 2.3.11). */
#define INSN_BYTES 15

enum insn_kind {
    INSN_NONE,
    INSN_INT,           /* int n: value is n */
    INSN_IN,            /* in: width, port */
    INSN_OUT,           /* out: width, port */
    INSN_CLI,
    INSN_STI,
    INSN_CLTS,
    INSN_WBINVD,        /* wbnoinvd too */
    INSN_READ_CR,       /* mov %crV, %R: value is V, gpr is R */
    INSN_WRITE_CR,      /* mov %R, %crV */
    INSN_READ_DR,       /* mov %drV, %R */
    INSN_WRITE_DR,      /* mov %R, %drV */
    INSN_RDTSC,
    INSN_RDMSR,
    INSN_WRMSR,
    INSN_CPUID          /* with Xen's prefix that forces emulation */
};

struct insn {
    uint8_t kind;       /* enum insn_kind */
    uint8_t length;     /* bytes, prefixes included: 1..INSN_BYTES */
    uint8_t width;      /* INSN_IN, INSN_OUT: 1, 2 or 4 bytes */
    uint8_t gpr;        /* general register 0..15 as the CPU counts them */
    uint8_t value;      /* vector, immediate port, or control register */
    bool    port_is_dx; /* INSN_IN, INSN_OUT: the port is in dx */
};

/*
 * decode - the instruction that these bytes begin with.
 *
 * bytes  as they lie in memory
 * count  how many could be read; more than INSN_BYTES are not looked at
 * insn   filled; kind INSN_NONE when the answer is false
 *
 * true when it is one of enum insn_kind, complete within `count`.
 * Source: SDM 2A 2.1, 2.2.1; Xen public arch-x86/xen.h, XEN_EMULATE_PREFIX.
 */
bool decode(const uint8_t *bytes, size_t count, struct insn *insn);

#endif
