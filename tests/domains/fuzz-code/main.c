/*
 * Random instructions: of a user who sees two pages, and of the guest kernel,
 * there mostly those that ring 3 may not execute. Each ends in a trap or an
 * event; the kernel below must say so every time, and go on.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#define ROUNDS        300u
#define CODE_BYTES    24u
#define USER_CODE_AT  0x10000000u
#define USER_STACK_AT 0x10001000u
#define MILLISECOND   1000000u

/*
 * QEMU 7.2 lets a 32-bit iret of ring 3 enter virtual 8086 mode, in long mode,
 * where no kernel expects it and no CPU does it.
 */
#define IRET 0xcfu

static uint64_t state = 0x2545f4914f6cdd1du;
static uint8_t *user_code;
static uint8_t *kernel_code;
static uint32_t timer_port;

static uint64_t random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t limit)
{
    return random() % limit;
}

/* Tables that show the user its code and its stack, and nothing else. */
static void user_build(void)
{
    uint64_t *table[5], *stack = page_alloc();
    unsigned int level;

    user_code = page_alloc();
    for (level = 1; level <= 4; level++)
        table[level] = page_alloc();
    table[1][slot_of(USER_CODE_AT, 1)] =
        entry_make(frame_of(user_code), MAP_WRITE | ENTRY_USER);
    table[1][slot_of(USER_STACK_AT, 1)] =
        entry_make(frame_of(stack), MAP_WRITE | ENTRY_USER);
    for (level = 2; level <= 4; level++)
        table[level][slot_of(USER_CODE_AT, level)] =
            entry_make(frame_of(table[level - 1]), MAP_TABLE | ENTRY_USER);
    for (level = 1; level <= 4; level++)
        page_protect(table[level]);
    answers("pin the user's tables", table_pin(table[4], 4), 0);
    answers("load them", user_base_load(table[4]), 0);
}

/* An event ends what would run for ever. */
static void timer_build(void)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_TIMER};

    answers("bind VIRQ_TIMER",
            hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq,
                      address_of(&bind), 0, 0),
            0);
    timer_port = bind.port;
    shared()->evtchn_mask[timer_port / 64] &= ~(1ul << timer_port % 64);
}

static void timer_clear(void)
{
    shared()->evtchn_pending[timer_port / 64] = 0;
    vcpu_info_get()->evtchn_pending_sel = 0;
    vcpu_info_get()->evtchn_upcall_pending = 0;
    vcpu_info_get()->evtchn_upcall_mask = 1;
}

static uint64_t now(void)
{
    volatile struct vcpu_time_info *t = &vcpu_info_get()->time;
    uint32_t low, high;
    uint64_t delta;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    delta = ((uint64_t)high << 32 | low) - t->tsc_timestamp;
    delta = t->tsc_shift < 0 ? delta >> -t->tsc_shift : delta << t->tsc_shift;
    return t->system_time +
           (uint64_t)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
}

/* Half of the opcodes are of the two-byte map, where the interesting are. */
static void user_code_make(void)
{
    unsigned int i;

    for (i = 0; i < CODE_BYTES; i++) {
        user_code[i] = (uint8_t)(below(5) == 0 ? 0x0f : random());
        if (user_code[i] == IRET)
            user_code[i] = 0x0f;
    }
    user_code[i] = 0x0f; /* ud2 */
    user_code[i + 1] = 0x0b;
}

static void user_round(void)
{
    struct iret_context c = {
        .rip = USER_CODE_AT,
        .cs = below(8) == 0 ? SELECTOR_CS32 : SELECTOR_CS64,
        .rflags =
            RFLAGS_IF | RFLAGS_ONE | (below(4) == 0 ? random() & 0x254dd5 : 0),
        .flags = below(2) == 0 ? VGCF_in_syscall : 0,
        .rsp = USER_STACK_AT + below(512) * 8,
        .ss = SELECTOR_SS,
        .rax = random(),
        .rcx = random(),
    };

    user_code_make();
    hypercall(__HYPERVISOR_set_timer_op, now() + 2 * MILLISECOND, 0, 0, 0);
    enter(&c);
    hypercall(__HYPERVISOR_set_timer_op, 0, 0, 0, 0);
    timer_clear();
}

/*
 * A ModRM byte that names registers only, and not rsp: a kernel that writes
 * to its own memory at random, or has no stack, does not live long.
 */
static uint8_t operand_of_registers(void)
{
    uint8_t byte = (uint8_t)(random() | 0xc0);

    if ((byte & 7) == 4)
        byte ^= 1;
    if ((byte >> 3 & 7) == 4)
        byte ^= 8;
    return byte;
}

static void kernel_code_make(void)
{
    static const uint8_t prefixes[] = {0x66, 0xf2, 0xf3, 0x48,
                                       0x41, 0x2e, 0x64, 0xf0};
    static const uint8_t one[] = {0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee,
                                  0xef, 0xf4, 0xfa, 0xfb, 0x6c, 0x6d, 0x6e,
                                  0x6f, 0xcd, 0xce, 0xcc, 0x8e};
    static const uint8_t alone[] = {0x06, 0x07, 0x08, 0x09, 0x0b, 0x30, 0x31,
                                    0x32, 0x33, 0x34, 0x35, 0x37, 0xa2, 0x77};
    /* Not 0x23: a breakpoint on our own stack would trap for ever. */
    static const uint8_t two[] = {0x00, 0x01, 0x20, 0x21, 0x22, 0x1f, 0xae,
                                  0xc7, 0x02, 0x03, 0x78, 0xb4, 0xb5};
    unsigned int at = 0, count = (unsigned int)below(4);

    while (count-- > 0)
        kernel_code[at++] = prefixes[below(sizeof(prefixes))];
    switch (below(3)) {
    case 0:
        kernel_code[at++] = one[below(sizeof(one))];
        kernel_code[at++] = operand_of_registers();
        break;
    case 1:
        kernel_code[at++] = 0x0f;
        kernel_code[at++] = alone[below(sizeof(alone))];
        break;
    default:
        kernel_code[at++] = 0x0f;
        kernel_code[at++] = two[below(sizeof(two))];
        kernel_code[at++] = operand_of_registers();
    }
    while (at < CODE_BYTES) {
        kernel_code[at++] = 0x0f;
        kernel_code[at++] = 0x0b;
    }
}

SNIPPET void do_reset(void)
{
    __asm__("xorl %eax, %eax; movw %ax, %ds; movw %ax, %es; movw %ax, %fs;"
            "movw %ax, %gs; ret");
}

static void kernel_round(void)
{
    uint64_t a = below(2) == 0 ? random() : below(0x200);
    uint64_t b =
        below(2) == 0 ? random() : 0xffff800000000000u + below(1 << 30);

    kernel_code_make();
    hypercall(__HYPERVISOR_set_timer_op, now() + 2 * MILLISECOND, 0, 0, 0);
    run_unmasked(vcpu_info_get(), (snippet_t *)address_of(kernel_code), a, b,
                 random());
    hypercall(__HYPERVISOR_set_timer_op, 0, 0, 0, 0);
    run(do_reset, 0, 0, 0);
    hypercall(__HYPERVISOR_set_debugreg, 7, 0, 0, 0);
    hypercall(__HYPERVISOR_set_debugreg, 6, 0, 0, 0);
    timer_clear();
}

void domain_main(const start_info_t *info)
{
    unsigned int i;

    probe_setup(info);
    user_build();
    timer_build();
    kernel_code = page_alloc();
    for (i = 0; i < ROUNDS; i++)
        user_round();
    same("rounds of a user's random code", i, ROUNDS);
    for (i = 0; i < ROUNDS; i++)
        kernel_round();
    same("rounds of a kernel's random instructions", i, ROUNDS);
    tests_end();
}
