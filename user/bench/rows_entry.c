/*
 * The way in and out: a hypercall that does nothing, a trap that comes back to
 * the guest kernel, a syscall of the guest user.
 */
#include "bench/rows.h"

#include "lib/domain.h"
#include "bench/measure.h"
#include "bench/pages.h"

#define GUEST_CODE   0xe033u
#define GUEST_STACK  0xe02bu
#define STACK_BYTES  4096u
#define MAJOR_XEN    4 /* of XENVER_version, as both kernels say it */
#define MAJOR_SHIFT  16

/* lib/trap.asm */
extern char trap_stubs[];
#define TRAP_STUB_BYTES 32u

static struct row row;
static struct user_job job;
static char user_stack[STACK_BYTES] __attribute__((aligned(16)));
static char trap_stacks[2][STACK_BYTES] __attribute__((aligned(16)));
static vaddr_t trap_regs; /* where the last trap of the user was told */

static void null_hypercall(void)
{
    struct call call =
        call_make(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0);
    unsigned int i;

    row_begin(&row, "null_hypercall");
    for (i = 0; i < SAMPLES; i++) {
        long version = row_call(&row, &call);

        if (version >> MAJOR_SHIFT != MAJOR_XEN)
            bench_error(row.name, "this is no version", version);
    }
    row_end(&row);
}

/* An ud2 of the guest user ends its program. */
static void handle_ud(struct regs *regs)
{
    if (!from_user(regs))
        bench_error("user_syscall", "ud2 outside of user mode at",
                    (long)regs->rip);
    trap_regs = address_of(regs);
    user_stop((long)regs->r15);
}

/* A base pointer for user mode: the same address space by another L4. */
static void user_setup(void)
{
    struct callback_register callback = {
        .type = CALLBACKTYPE_syscall,
        .flags = CALLBACKF_mask_events,
        .address = address_of(bench_syscall_stub),
    };
    entry_t *table = table_copy_base();

    table_ready(table);
    want("user tables", user_base_load(table));
    want("syscall callback", hypercall_callback(&callback));
    trap_set_handler(TRAP_INVALID_OPCODE, handle_ud);
}

/* Let the user make so many syscalls; returns how many flushes came of it. */
static uint64_t user_make(uint64_t count)
{
    uint64_t before = flushes_now();
    long answer;

    job.count = count;
    answer = user_run(address_of(measure_user),
                      address_of(user_stack + STACK_BYTES), address_of(&job));
    if (answer != SYSCALL_ANSWER)
        bench_error("user_syscall", "the guest kernel's answer is", answer);
    return flushes_now() - before;
}

static void user_syscalls(void)
{
    uint64_t one = user_make(1), all = user_make(SAMPLES);
    unsigned int i;

    row_begin(&row, "user_syscall");
    for (i = 0; i < SAMPLES; i++)
        row_add(&row, job.ticks[i], (all - one) / (SAMPLES - 1));
    row_end(&row);
}

static void stack_switch(void)
{
    unsigned int i;

    row_begin(&row, "stack_switch");
    for (i = 0; i < SAMPLES; i++) {
        vaddr_t stack = address_of(trap_stacks[i % 2]);
        struct call call = call_make(__HYPERVISOR_stack_switch, GUEST_STACK,
                                     stack + STACK_BYTES, 0, 0);

        row_want(&row, &call);
        user_make(1);
        if (trap_regs - stack >= STACK_BYTES)
            bench_error(row.name, "the trap came on another stack",
                        (long)trap_regs);
    }
    row_end(&row);
}

static void ud_gate(const char *address)
{
    struct trap_info gates[2] = {{
        .vector = TRAP_INVALID_OPCODE,
        .cs = GUEST_CODE,
        .address = address_of(address),
    }};

    want("trap table", hypercall_trap_table(gates));
}

static void ud_bounce(void)
{
    unsigned int i;

    ud_gate(bench_ud_stub);
    row_begin(&row, "ud_bounce_iret");
    for (i = 0; i < SAMPLES; i++) {
        uint64_t before = flushes_now(), ticks;

        measure_ud(&ticks); /* who comes back was bounced */
        row_add(&row, ticks, flushes_now() - before);
    }
    row_end(&row);
    ud_gate(trap_stubs + TRAP_INVALID_OPCODE * TRAP_STUB_BYTES);
}

void rows_entry(void)
{
    null_hypercall();
    user_setup();
    user_syscalls();
    stack_switch();
    ud_bounce();
}
