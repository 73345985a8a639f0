#include "probe.h"

#include "lib/domain.h"
#include "tap.h"

#define STUB_BYTES     16u
#define VECTORS        256u
#define STACK_BYTES    16384u
#define USER_DONE      0x7a11d0eu
#define DONE_BYTES     10u /* of probe_user_done, up to behind its syscall */
#define ERROR_VECTORS  0x60227d00u

#define ALIGNED(bytes) __attribute__((aligned(bytes)))

/* probe.asm */
extern char probe_stubs[];
extern struct outcome outcome;
extern volatile uint8_t *probe_unmask; /* to be cleared; NULL: none */
void probe_call(snippet_t *code, uint64_t a, uint64_t b, uint64_t c);
void probe_iret(const struct iret_context *context, const uint64_t *arguments);

static char kernel_stack[STACK_BYTES] ALIGNED(16);
static char user_stack[STACK_BYTES] ALIGNED(16);
static char shared_page[PAGE_BYTES] ALIGNED(PAGE_BYTES);
static struct trap_info gates[VECTORS + 1];

uint64_t stub_of(unsigned int vector)
{
    return address_of(probe_stubs) + vector * STUB_BYTES;
}

uint64_t kernel_stack_top(void)
{
    return address_of(kernel_stack) + STACK_BYTES;
}

uint64_t user_stack_top(void)
{
    return address_of(user_stack) + STACK_BYTES;
}

volatile struct shared_info *shared(void)
{
    return (volatile struct shared_info *)(void *)shared_page;
}

volatile struct vcpu_info *vcpu_info_get(void)
{
    return &shared()->vcpu_info[0];
}

long gate_register(unsigned int vector, unsigned int flags, uint64_t address)
{
    struct trap_info pair[2] = {
        {.vector = (uint8_t)vector,
         .flags = (uint8_t)flags,
         .cs = SELECTOR_CS64,
         .address = address},
        {.address = 0},
    };

    return hypercall_trap_table(pair);
}

static void gates_register(void)
{
    unsigned int vector;

    for (vector = 0; vector < VECTORS; vector++) {
        gates[vector].vector = (uint8_t)vector;
        gates[vector].flags = vector == 8 || vector == 0x21 ? 0 : 3;
        if (vector == 0x22)
            gates[vector].flags |= 4;
        gates[vector].cs = SELECTOR_CS64;
        gates[vector].address = stub_of(vector);
    }
    answers("set_trap_table of 256 gates", hypercall_trap_table(gates), 0);
}

static long callback_register(unsigned int type, unsigned int vector)
{
    struct callback_register callback = {
        .type = (uint16_t)type,
        .address = stub_of(vector),
    };

    return hypercall_callback(&callback);
}

void probe_setup(const start_info_t *info)
{
    answers("map shared_info",
            page_map(address_of(shared_page), info->shared_info >> PAGE_SHIFT,
                     MAP_WRITE),
            0);
    /* No event but those that a test asks for: not even the console's. */
    memset(shared_page + offsetof(struct shared_info, evtchn_mask), 0xff,
           sizeof(shared()->evtchn_mask));
    vcpu_info_get()->evtchn_pending_sel = 0;
    vcpu_info_get()->evtchn_upcall_pending = 0;
    gates_register();
    answers("register the event callback",
            callback_register(CALLBACKTYPE_event, VECTOR_EVENT), 0);
    answers("register the failsafe callback",
            callback_register(CALLBACKTYPE_failsafe, VECTOR_FAILSAFE), 0);
    answers("register the syscall callback",
            callback_register(CALLBACKTYPE_syscall, VECTOR_SYSCALL), 0);
    answers("stack_switch",
            hypercall_stack_switch(SELECTOR_SS, kernel_stack_top()), 0);
    answers("the kernel's base table for the user, too",
            user_base_load(base_table()), 0);
}

const struct outcome *run(snippet_t *code, uint64_t a, uint64_t b, uint64_t c)
{
    probe_call(code, a, b, c);
    return &outcome;
}

const struct outcome *run_unmasked(volatile struct vcpu_info *info,
                                   snippet_t *code, uint64_t a, uint64_t b,
                                   uint64_t c)
{
    probe_unmask = &info->evtchn_upcall_mask;
    probe_call(code, a, b, c);
    info->evtchn_upcall_mask = 1;
    return &outcome;
}

static const struct outcome *enter_with(const struct iret_context *context,
                                        const uint64_t *arguments)
{
    probe_iret(context, arguments);
    if (outcome.vector == VECTOR_SYSCALL && outcome.rax == USER_DONE &&
        outcome.stack[2] == address_of(probe_user_done) + DONE_BYTES) {
        outcome.vector = NO_TRAP;
        outcome.rax = outcome.rdi;
    }
    return &outcome;
}

const struct outcome *enter(const struct iret_context *context)
{
    static const uint64_t arguments[3];

    return enter_with(context, arguments);
}

const struct outcome *run_user(snippet_t *code, uint64_t a, uint64_t b,
                               uint64_t c)
{
    uint64_t *top = (uint64_t *)user_stack_top();
    const uint64_t arguments[3] = {a, b, c};
    struct iret_context context = {
        .rip = (uint64_t)code,
        .cs = SELECTOR_CS64,
        .rflags = RFLAGS_IF | RFLAGS_ONE,
        .rsp = address_of(top - 1),
        .ss = SELECTOR_SS,
    };

    top[-1] = address_of(probe_user_done);
    return enter_with(&context, arguments);
}

struct frame frame_get(const struct outcome *o)
{
    const uint64_t *word = o->stack;
    struct frame f = {.rcx = word[0], .r11 = word[1]};

    word += 2;
    if (o->vector < 32 && (ERROR_VECTORS >> o->vector & 1) != 0)
        f.error = *word++;
    f.rip = word[0];
    f.cs = (uint32_t)word[1];
    f.mask = (uint32_t)(word[1] >> 32);
    f.rflags = word[2];
    f.rsp = word[3];
    f.ss = word[4];
    return f;
}

void trap_is(const char *name, const struct outcome *o, unsigned int vector,
             uint64_t error, uint64_t rip)
{
    struct frame f = frame_get(o);
    bool good = o->vector == vector && f.error == error && f.rip == rip;

    check(name, good);
    if (!good)
        say("# got vector %lu error 0x%lx rip 0x%lx, expected vector %u "
            "error 0x%lx rip 0x%lx\n",
            o->vector, f.error, f.rip, vector, error, rip);
}

void runs(const char *name, const struct outcome *o)
{
    struct frame f = frame_get(o);

    check(name, o->vector == NO_TRAP);
    if (o->vector != NO_TRAP)
        say("# trapped: vector %lu error 0x%lx rip 0x%lx\n", o->vector, f.error,
            f.rip);
}
