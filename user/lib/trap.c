#include "lib/trap.h"

#include <stddef.h>

#include "lib/domain.h"

#define TRAP_STUB_BYTES 32u
#define STACK_BYTES     16384u
#define GUEST_CODE      0xe033u
#define GUEST_STACK     0xe02bu
#define PRIVILEGE_MASK  3u
#define PRIVILEGE_USER  3u
#define BREAKPOINT      3u /* users may `int3` ... */
#define OVERFLOW        4u /* ... and `into` */

#define ALIGNED(bytes)  __attribute__((aligned(bytes)))

/* lib/trap.asm */
extern char trap_stubs[];
extern char syscall_stub[];
extern char access_read_at[];
extern char access_write_at[];
extern char access_failed[];
bool access_read(vaddr_t address, uint64_t *value);
bool access_write(vaddr_t address, uint64_t value);

static trap_handler_t handlers[TRAP_VECTORS];
static trap_handler_t syscall_handler;
static struct fault last_fault; /* of try_read and try_write */
static char user_trap_stack[STACK_BYTES] ALIGNED(16);
static char shared_window[PAGE_BYTES] ALIGNED(PAGE_BYTES);

static long gates_setup(void)
{
    struct trap_info gates[TRAP_VECTORS + 1] = {{.vector = 0}};
    unsigned int vector;

    for (vector = 0; vector < TRAP_VECTORS; vector++) {
        gates[vector].vector = (uint8_t)vector;
        if (vector == BREAKPOINT || vector == OVERFLOW)
            TI_SET_DPL(&gates[vector], PRIVILEGE_USER);
        TI_SET_IF(&gates[vector], 1); /* no events inside a handler */
        gates[vector].cs = GUEST_CODE;
        gates[vector].address =
            address_of(trap_stubs) + vector * TRAP_STUB_BYTES;
    }
    return hypercall_trap_table(gates);
}

static long syscall_setup(void)
{
    struct callback_register callback = {
        .type = CALLBACKTYPE_syscall,
        .flags = CALLBACKF_mask_events,
        .address = address_of(syscall_stub),
    };

    return hypercall_callback(&callback);
}

long traps_setup(const start_info_t *info)
{
    mfn_t frame = info->shared_info >> PAGE_SHIFT;
    long result = page_map(address_of(shared_window), frame, MAP_WRITE);

    if (result == 0)
        result = gates_setup();
    if (result == 0)
        result = syscall_setup();
    if (result == 0)
        result = hypercall_stack_switch(
            GUEST_STACK, address_of(user_trap_stack + STACK_BYTES));
    return result;
}

void trap_set_handler(unsigned int vector, trap_handler_t handler)
{
    if (vector == TRAP_SYSCALL)
        syscall_handler = handler;
    else if (vector < TRAP_VECTORS)
        handlers[vector] = handler;
}

bool from_user(const struct regs *regs)
{
    return (regs->cs & PRIVILEGE_MASK) == PRIVILEGE_USER;
}

vaddr_t fault_address(void)
{
    const volatile struct shared_info *shared = (void *)shared_window;

    return shared->vcpu_info[0].arch.cr2;
}

/* A fault inside access_read or access_write goes on at access_failed. */
static bool access_fault(struct regs *regs)
{
    if (regs->vector != TRAP_PAGE_FAULT)
        return false;
    if (regs->rip != address_of(access_read_at) &&
        regs->rip != address_of(access_write_at))
        return false;
    last_fault.address = fault_address();
    last_fault.error_code = regs->error_code;
    regs->rip = address_of(access_failed);
    return true;
}

static _Noreturn void trap_unexpected(const struct regs *regs)
{
    say("A trap that nobody expected: vector %lu, error code 0x%lx\n",
        regs->vector, regs->error_code);
    say("  rip 0x%lx, rsp 0x%lx, %s mode\n", regs->rip, regs->rsp,
        from_user(regs) ? "user" : "kernel");
    if (regs->vector == TRAP_PAGE_FAULT)
        say("  address 0x%lx\n", fault_address());
    domain_crash();
}

void trap_handle(struct regs *regs)
{
    trap_handler_t handler = syscall_handler;

    if (access_fault(regs))
        return;
    if (regs->vector < TRAP_VECTORS)
        handler = handlers[regs->vector];
    if (handler == NULL)
        trap_unexpected(regs);
    handler(regs);
}

bool try_read(vaddr_t address, uint64_t *value, struct fault *fault)
{
    bool done;

    last_fault = (struct fault){.error_code = 0};
    done = access_read(address, value);
    *fault = last_fault;
    return done;
}

bool try_write(vaddr_t address, uint64_t value, struct fault *fault)
{
    bool done;

    last_fault = (struct fault){.error_code = 0};
    done = access_write(address, value);
    *fault = last_fault;
    return done;
}
