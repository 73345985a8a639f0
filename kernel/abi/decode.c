#include "abi/decode.h"

#define REX_B 0x1
#define REX_R 0x4

/* Where we are in the bytes, and the prefixes so far. */
struct cursor {
    const uint8_t *bytes;
    size_t count;
    size_t next;
    uint8_t rex;        /* 0, or 0x40..0x4f */
    bool operand;       /* 66: 16 bits */
    bool repeat;        /* f2 or f3 */
    bool lock;          /* f0 */
};

/* The next byte; false at the end. */
static bool take(struct cursor *c, uint8_t *byte)
{
    if (c->next >= c->count)
        return false;
    *byte = c->bytes[c->next++];
    return true;
}

/* Is it a prefix? Then it is noted. REX counts only right before the opcode:
 * any other prefix after it takes it back. */
static bool prefix_note(struct cursor *c, uint8_t byte)
{
    if ((byte & 0xf0) == 0x40) {
        c->rex = byte;
        return true;
    }
    switch (byte) {
    case 0x66: c->operand = true; break;
    case 0xf0: c->lock = true; break;
    case 0xf2:
    case 0xf3: c->repeat = true; break;
    case 0x26: /* segments, and the address size: they change nothing here */
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x67: break;
    default: return false;
    }
    c->rex = 0;
    return true;
}

/* mov to and from control and debug registers: the mod bits are ignored. */
static bool decode_mov(struct cursor *c, struct insn *insn)
{
    uint8_t modrm;

    if (!take(c, &modrm))
        return false;
    insn->gpr = (uint8_t)((modrm & 7) | (c->rex & REX_B ? 8 : 0));
    insn->value = (uint8_t)((modrm >> 3 & 7) | (c->rex & REX_R ? 8 : 0));
    return true;
}

/* Opcodes behind 0f. */
static bool decode_0f(struct cursor *c, struct insn *insn)
{
    uint8_t opcode;

    if (!take(c, &opcode))
        return false;
    /* Only wbinvd has a form with such a prefix. */
    if (c->repeat && opcode != 0x09)
        return false;
    switch (opcode) {
    case 0x06: insn->kind = INSN_CLTS; return true;
    case 0x09: insn->kind = INSN_WBINVD; return true;
    case 0x20: insn->kind = INSN_READ_CR; return decode_mov(c, insn);
    case 0x21: insn->kind = INSN_READ_DR; return decode_mov(c, insn);
    case 0x22: insn->kind = INSN_WRITE_CR; return decode_mov(c, insn);
    case 0x23: insn->kind = INSN_WRITE_DR; return decode_mov(c, insn);
    case 0x30: insn->kind = INSN_WRMSR; return true;
    case 0x31: insn->kind = INSN_RDTSC; return true;
    case 0x32: insn->kind = INSN_RDMSR; return true;
    default: return false;
    }
}

/* in and out: bit 0 byte or more, bit 1 direction, bit 3 port in dx. */
static bool decode_port(struct cursor *c, uint8_t opcode, struct insn *insn)
{
    insn->kind = opcode & 2 ? INSN_OUT : INSN_IN;
    insn->width = !(opcode & 1) ? 1 : c->operand ? 2 : 4;
    insn->port_is_dx = (opcode & 8) != 0;
    return insn->port_is_dx || take(c, &insn->value);
}

static bool decode_opcode(struct cursor *c, uint8_t opcode, struct insn *insn)
{
    if (c->lock)                        /* none of them can be locked */
        return false;
    switch (opcode) {
    case 0x0f: return decode_0f(c, insn);
    case 0xcd: insn->kind = INSN_INT; return take(c, &insn->value);
    case 0xe4:
    case 0xe5:
    case 0xe6:
    case 0xe7:
    case 0xec:
    case 0xed:
    case 0xee:
    case 0xef: return decode_port(c, opcode, insn);
    case 0xfa: insn->kind = INSN_CLI; return true;
    case 0xfb: insn->kind = INSN_STI; return true;
    default: return false;
    }
}

/* ud2, "xen", cpuid: these seven bytes and no others. */
static bool forced_cpuid(const struct cursor *c)
{
    static const uint8_t expected[] = {
        0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2,
    };
    size_t i;

    if (c->count < sizeof(expected))
        return false;
    for (i = 0; i < sizeof(expected); i++)
        if (c->bytes[i] != expected[i])
            return false;
    return true;
}

bool decode(const uint8_t *bytes, size_t count, struct insn *insn)
{
    struct cursor c = {.bytes = bytes, .count = count};
    uint8_t byte = 0;
    bool found;

    if (c.count > INSN_BYTES)
        c.count = INSN_BYTES;
    *insn = (struct insn){.kind = INSN_NONE};
    if (forced_cpuid(&c)) {
        insn->kind = INSN_CPUID;
        insn->length = 7;
        return true;
    }
    do {
        found = take(&c, &byte);
    } while (found && prefix_note(&c, byte));
    if (!found || !decode_opcode(&c, byte, insn)) {
        *insn = (struct insn){.kind = INSN_NONE};
        return false;
    }
    insn->length = (uint8_t)c.next;
    return true;
}
