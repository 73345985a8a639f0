/* The decoder of the instructions that the kernel carries out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/decode.h"

/* One instruction, and what it is to be. */
struct expected {
    uint8_t bytes[INSN_BYTES + 1];
    uint8_t count;
    struct insn insn;
};

/* Decode from memory of exactly that size, so that the sanitizer sees any
 * byte too many. */
static bool decode_exactly(const uint8_t *bytes, size_t count,
                           struct insn *insn)
{
    uint8_t *copy = malloc(count ? count : 1);
    bool answer;

    assert_non_null(copy);
    memcpy(copy, bytes, count);
    answer = decode(copy, count, insn);
    free(copy);
    return answer;
}

static void assert_insn(const struct insn *a, const struct insn *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->gpr, b->gpr);
    assert_int_equal(a->value, b->value);
    assert_int_equal(a->port_is_dx, b->port_is_dx);
}

/* clang-format off */
static const struct expected known[] = {
    /* int $0x80; the same with prefixes */
    { { 0xcd, 0x80 }, 2, { INSN_INT, 2, 0, 0, 0x80, false } },
    { { 0x66, 0xcd, 0x21 }, 3, { INSN_INT, 3, 0, 0, 0x21, false } },
    { { 0x48, 0xcd, 0xff }, 3, { INSN_INT, 3, 0, 0, 0xff, false } },
    /* in, out: immediate and dx, 1, 2 and 4 bytes */
    { { 0xe4, 0x42 }, 2, { INSN_IN, 2, 1, 0, 0x42, false } },
    { { 0xe5, 0x42 }, 2, { INSN_IN, 2, 4, 0, 0x42, false } },
    { { 0x66, 0xe5, 0x42 }, 3, { INSN_IN, 3, 2, 0, 0x42, false } },
    { { 0x66, 0xe4, 0x42 }, 3, { INSN_IN, 3, 1, 0, 0x42, false } },
    { { 0xe6, 0x61 }, 2, { INSN_OUT, 2, 1, 0, 0x61, false } },
    { { 0xe7, 0x61 }, 2, { INSN_OUT, 2, 4, 0, 0x61, false } },
    { { 0xec }, 1, { INSN_IN, 1, 1, 0, 0, true } },
    { { 0xed }, 1, { INSN_IN, 1, 4, 0, 0, true } },
    { { 0x66, 0xed }, 2, { INSN_IN, 2, 2, 0, 0, true } },
    { { 0x48, 0xed }, 2, { INSN_IN, 2, 4, 0, 0, true } },
    { { 0xf3, 0xee }, 2, { INSN_OUT, 2, 1, 0, 0, true } },
    { { 0xef }, 1, { INSN_OUT, 1, 4, 0, 0, true } },
    { { 0xfa }, 1, { INSN_CLI, 1, 0, 0, 0, false } },
    { { 0xfb }, 1, { INSN_STI, 1, 0, 0, 0, false } },
    { { 0x0f, 0x06 }, 2, { INSN_CLTS, 2, 0, 0, 0, false } },
    { { 0x0f, 0x09 }, 2, { INSN_WBINVD, 2, 0, 0, 0, false } },
    { { 0xf3, 0x0f, 0x09 }, 3, { INSN_WBINVD, 3, 0, 0, 0, false } },
    { { 0x0f, 0x30 }, 2, { INSN_WRMSR, 2, 0, 0, 0, false } },
    { { 0x0f, 0x31 }, 2, { INSN_RDTSC, 2, 0, 0, 0, false } },
    { { 0x0f, 0x32 }, 2, { INSN_RDMSR, 2, 0, 0, 0, false } },
    /* mov %cr0, %rax; %cr2, %rdi; %cr4, %r15; the mod bits do not matter */
    { { 0x0f, 0x20, 0xc0 }, 3, { INSN_READ_CR, 3, 0, 0, 0, false } },
    { { 0x0f, 0x20, 0x00 }, 3, { INSN_READ_CR, 3, 0, 0, 0, false } },
    { { 0x0f, 0x20, 0xd7 }, 3, { INSN_READ_CR, 3, 0, 7, 2, false } },
    { { 0x41, 0x0f, 0x20, 0xe7 }, 4, { INSN_READ_CR, 4, 0, 15, 4, false } },
    { { 0x44, 0x0f, 0x20, 0xc0 }, 4, { INSN_READ_CR, 4, 0, 0, 8, false } },
    /* mov %rax, %cr3; %rsp, %cr0 */
    { { 0x0f, 0x22, 0xd8 }, 3, { INSN_WRITE_CR, 3, 0, 0, 3, false } },
    { { 0x0f, 0x22, 0xc4 }, 3, { INSN_WRITE_CR, 3, 0, 4, 0, false } },
    /* mov %dr7, %rax; %r8, %dr6 */
    { { 0x0f, 0x21, 0xf8 }, 3, { INSN_READ_DR, 3, 0, 0, 7, false } },
    { { 0x41, 0x0f, 0x23, 0xf0 }, 4, { INSN_WRITE_DR, 4, 0, 8, 6, false } },
    /* a REX prefix that another prefix takes back */
    { { 0x41, 0x66, 0x0f, 0x20, 0xc0 }, 5,
      { INSN_READ_CR, 5, 0, 0, 0, false } },
    /* the forced cpuid */
    { { 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2 }, 7,
      { INSN_CPUID, 7, 0, 0, 0, false } },
    /* as long as an instruction may be */
    { { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
        0x66, 0x66, 0x66, 0xec }, 15, { INSN_IN, 15, 1, 0, 0, true } },
};

static const struct expected refused[] = {
    { { 0x90 }, 1, { 0 } },
    { { 0xcc }, 1, { 0 } },                         /* int3 */
    { { 0xf4 }, 1, { 0 } },                         /* hlt */
    { { 0x6c }, 1, { 0 } },                         /* insb */
    { { 0x0f, 0x08 }, 2, { 0 } },                   /* invd */
    { { 0x0f, 0x0b }, 2, { 0 } },                   /* ud2 */
    { { 0x0f, 0xa2 }, 2, { 0 } },                   /* cpuid */
    { { 0x0f, 0x01, 0x38 }, 3, { 0 } },             /* invlpg (%rax) */
    { { 0x0f, 0x01, 0xf0 }, 3, { 0 } },             /* lmsw %ax */
    { { 0x0f, 0x01, 0x10 }, 3, { 0 } },             /* lgdt (%rax) */
    { { 0x0f, 0x33 }, 2, { 0 } },                   /* rdpmc */
    { { 0xf0, 0x0f, 0x20, 0xc0 }, 4, { 0 } },       /* lock mov %cr0 */
    { { 0xf0, 0xfa }, 2, { 0 } },                   /* lock cli */
    { { 0xf3, 0x0f, 0x20, 0xc0 }, 4, { 0 } },
    { { 0xf2, 0x0f, 0x32 }, 3, { 0 } },
    /* the prefix before something else, and with a prefix of its own */
    { { 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0x31 }, 7, { 0 } },
    { { 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0xcd, 0x80 }, 7, { 0 } },
    { { 0x66, 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2 }, 8, { 0 } },
    /* one byte more than an instruction may have */
    { { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
        0x66, 0x66, 0x66, 0x66, 0xec }, 16, { 0 } },
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void decode_knows(void **state)
{
    struct insn insn;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(known); i++) {
        assert_true(decode_exactly(known[i].bytes, known[i].count, &insn));
        assert_insn(&insn, &known[i].insn);
    }
}

/* What comes behind an instruction does not matter. */
static void decode_ignores_the_rest(void **state)
{
    uint8_t bytes[INSN_BYTES];
    struct insn insn;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(known); i++) {
        memset(bytes, 0xf0, sizeof(bytes));
        memcpy(bytes, known[i].bytes, known[i].count);
        assert_true(decode(bytes, sizeof(bytes), &insn));
        assert_insn(&insn, &known[i].insn);
    }
}

static void decode_wants_all_bytes(void **state)
{
    struct insn insn;
    size_t i, count;

    (void)state;
    for (i = 0; i < COUNT(known); i++)
        for (count = 0; count < known[i].count; count++) {
            assert_false(decode_exactly(known[i].bytes, count, &insn));
            assert_int_equal(insn.kind, INSN_NONE);
        }
}

static void decode_refuses(void **state)
{
    struct insn insn;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(refused); i++) {
        assert_false(decode_exactly(refused[i].bytes, refused[i].count, &insn));
        assert_int_equal(insn.kind, INSN_NONE);
        assert_int_equal(insn.length, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_knows),
        cmocka_unit_test(decode_ignores_the_rest),
        cmocka_unit_test(decode_wants_all_bytes),
        cmocka_unit_test(decode_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
