/* Frames to the guest kernel and back: bounce, iret, trap table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xen/xen.h>
#include <xen/callback.h>

#include "abi/bounce.h"
#include "abi/guest.h"
#include "abi/iret.h"
#include "abi/trap_table.h"
#include "domain/domain.h"
#include "domain/schedule.h"
#include "door.h"
#include "x86/layout.h"

/* The guest's memory: one piece from MEMORY_BASE on. */
#define MEMORY_BASE UINT64_C(0x10000)
static uint8_t memory[16384];

static struct domain domain;
static struct regs regs;
static struct vcpu_info info;
static struct vcpu *v;
static unsigned int crashes;
static unsigned int kernel_entries;
static bool user_base;

/* What the code under test calls, for a host. */

static uint8_t *memory_at(vaddr_t va, size_t bytes)
{
    if (va < MEMORY_BASE || bytes > sizeof(memory) ||
        va - MEMORY_BASE > sizeof(memory) - bytes)
        return NULL;
    return memory + (va - MEMORY_BASE);
}

size_t copy_from_guest_raw(void *dst, vaddr_t src, size_t bytes)
{
    if (!memory_at(src, bytes))
        return bytes;
    memcpy(dst, memory_at(src, bytes), bytes);
    return 0;
}

size_t copy_to_guest_raw(vaddr_t dst, const void *src, size_t bytes)
{
    if (!memory_at(dst, bytes))
        return bytes;
    memcpy(memory_at(dst, bytes), src, bytes);
    return 0;
}

void domain_crash(struct domain *d, const char *why, ...)
{
    (void)d;
    (void)why;
    crashes++;
}

/* Between two gates of a long list. */
#define BUDGET 8
void *cpu_vcpu;
static unsigned int turns;

void door_rest(struct domain *d)
{
    d->owner.budget = BUDGET;
    turns++;
}

void schedule_end(struct vcpu *vcpu)
{
    (void)vcpu;
    abort();
}

const char *trap_name(uint32_t vector)
{
    (void)vector;
    return "a trap";
}

void vcpu_enter_kernel(struct vcpu *vcpu)
{
    vcpu->guest_kernel = true;
    kernel_entries++;
}

bool vcpu_enter_user(struct vcpu *vcpu)
{
    if (!user_base) {
        domain_crash(vcpu->domain, "no user base");
        return false;
    }
    vcpu->guest_kernel = false;
    return true;
}

static int setup(void **state)
{
    (void)state;
    memset(&domain, 0, sizeof(domain));
    memset(&info, 0, sizeof(info));
    memset(memory, 0, sizeof(memory));
    v = &domain.vcpu[0];
    v->loaded = &domain.loaded[0];
    v->domain = &domain;
    v->regs = &regs;
    v->info = &info;
    v->guest_kernel = true;
    bounce_stack(v, SELECTOR_GUEST_SS, MEMORY_BASE + 0x2008);
    regs = (struct regs){.rax = 1,
                         .rcx = 0xcc,
                         .r11 = 0x11,
                         .rip = 0x401000,
                         .cs = SELECTOR_GUEST_CS,
                         .rflags = 0x10746 | RFLAGS_AC,
                         .rsp = MEMORY_BASE + 0x1009,
                         .ss = SELECTOR_GUEST_SS};
    crashes = 0;
    kernel_entries = 0;
    user_base = true;
    return 0;
}

static const uint64_t *frame(void)
{
    const void *words = memory_at(regs.rsp, 11 * 8);

    assert_non_null(words);
    return words;
}

static void assert_in_handler(vaddr_t handler)
{
    assert_int_equal(regs.rip, handler);
    assert_int_equal(regs.cs, SELECTOR_GUEST_CS);
    assert_int_equal(regs.ss, SELECTOR_GUEST_SS);
    assert_true(v->guest_kernel);
    assert_int_equal(regs.rflags & (RFLAGS_TF | RFLAGS_NT | RFLAGS_RF |
                                    RFLAGS_AC | RFLAGS_IOPL),
                     0);
    assert_true(regs.rflags & RFLAGS_IF);
    assert_int_equal(crashes, 0);
}

/* rip cs rflags rsp ss, from word `i` of the frame on. */
static void assert_return(const uint64_t *f, uint64_t cs, uint64_t rsp,
                          bool masked)
{
    assert_int_equal(f[0], 0x401000);
    assert_int_equal(f[1], cs | (uint64_t)masked << 32);
    assert_int_equal(f[2], (0x10746 | RFLAGS_AC) & ~(masked ? RFLAGS_IF : 0));
    assert_int_equal(f[3], rsp);
    assert_int_equal(f[4], SELECTOR_GUEST_SS);
}

static void fault_from_kernel(void **state)
{
    (void)state;
    v->traps[TRAP_GP].va = 0x5000;
    assert_true(bounce_fault(v, TRAP_GP, 0x1a));
    assert_in_handler(0x5000);
    assert_int_equal(regs.rsp, MEMORY_BASE + 0x1000 - 8 * 8);
    assert_int_equal(frame()[0], 0xcc);
    assert_int_equal(frame()[1], 0x11);
    assert_int_equal(frame()[2], 0x1a);
    assert_return(frame() + 3, 0xe030, MEMORY_BASE + 0x1009, false);
    assert_int_equal(info.evtchn_upcall_mask, 0);
    assert_int_equal(kernel_entries, 0);
}

static void fault_from_user(void **state)
{
    (void)state;
    v->guest_kernel = false;
    v->traps[TRAP_UD].va = 0x6000;
    v->traps[TRAP_UD].mask_events = true;
    assert_true(bounce_fault(v, TRAP_UD, 7));
    assert_in_handler(0x6000);
    assert_int_equal(kernel_entries, 1);
    assert_int_equal(regs.rsp, MEMORY_BASE + 0x2000 - 7 * 8);
    assert_int_equal(frame()[1], 0x11);
    assert_return(frame() + 2, 0xe033, MEMORY_BASE + 0x1009, false);
    assert_int_equal(info.evtchn_upcall_mask, 1);
}

static void fault_while_masked(void **state)
{
    (void)state;
    info.evtchn_upcall_mask = 0xff;
    v->traps[TRAP_DE].va = 0x7000;
    assert_true(bounce_fault(v, TRAP_DE, 0));
    assert_return(frame() + 2, 0xe030, MEMORY_BASE + 0x1009, true);
    assert_int_equal(info.evtchn_upcall_mask, 0xff);
}

/* The user bit of the error code is the guest's mode, not the CPU's. */
static void page_fault_user_bit(void **state)
{
    (void)state;
    v->traps[TRAP_PF].va = 0x8000;
    assert_true(bounce_page_fault(v, 0xdead000, PF_USER | PF_WRITE));
    assert_int_equal(frame()[2], PF_WRITE);
    assert_int_equal(v->cr2, 0xdead000);
    assert_int_equal(info.arch.cr2, 0xdead000);
    v->guest_kernel = false;
    assert_true(bounce_page_fault(v, 0xbeef000, PF_PRESENT));
    assert_int_equal(frame()[2], PF_PRESENT | PF_USER);
}

static void int_has_no_code(void **state)
{
    (void)state;
    v->traps[TRAP_GP].va = 0x9000;
    assert_true(bounce_int(v, TRAP_GP));
    assert_in_handler(0x9000);
    assert_return(frame() + 2, 0xe030, MEMORY_BASE + 0x1009, false);
}

static void no_handler_crashes(void **state)
{
    (void)state;
    assert_false(bounce_fault(v, TRAP_GP, 0));
    assert_false(bounce_page_fault(v, 0, 0));
    assert_false(bounce_int(v, 0x80));
    assert_false(bounce_callback(v, &v->event));
    assert_false(bounce_failsafe(v));
    bounce_syscall(v, NULL);
    assert_int_equal(crashes, 6);
}

static void no_stack_crashes(void **state)
{
    static const vaddr_t bad[] = {0,          8,          MEMORY_BASE,
                                  UINT64_MAX, GUEST_HOLE, M2P_BASE + 4096};
    size_t i;

    (void)state;
    v->traps[TRAP_GP].va = 0x5000;
    v->traps[TRAP_GP].mask_events = true;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        regs.rsp = bad[i];
        assert_false(bounce_fault(v, TRAP_GP, 0));
        assert_int_equal(crashes, i + 1);
        assert_int_equal(regs.rip, 0x401000);
        assert_int_equal(info.evtchn_upcall_mask, 0);
    }
}

static void event_upcall(void **state)
{
    struct callback upcall = {0xa000, true};

    (void)state;
    assert_true(bounce_callback(v, &upcall));
    assert_in_handler(0xa000);
    assert_int_equal(info.evtchn_upcall_mask, 1);
    assert_return(frame() + 2, 0xe030, MEMORY_BASE + 0x1009, false);
}

static void failsafe_has_segments(void **state)
{
    (void)state;
    v->failsafe.va = 0xb000;
    v->segments = (struct segments){.ds = 1, .es = 2, .fs = 3, .gs = 4};
    assert_true(bounce_callback(v, &v->failsafe));
    assert_in_handler(0xb000);
    assert_int_equal(regs.rsp, MEMORY_BASE + 0x1000 - 11 * 8);
    assert_int_equal(frame()[0], 0xcc);
    assert_int_equal(frame()[2], 1);
    assert_int_equal(frame()[3], 2);
    assert_int_equal(frame()[4], 3);
    assert_int_equal(frame()[5], 4);
    assert_return(frame() + 6, 0xe030, MEMORY_BASE + 0x1009, false);
}

static void syscall_of_user(void **state)
{
    (void)state;
    v->guest_kernel = false;
    v->syscall.va = 0xc000;
    regs.rax = 77;
    assert_int_equal(bounce_syscall(v, NULL), 77);
    assert_in_handler(0xc000);
    assert_int_equal(regs.rflags & RFLAGS_DF, 0);
    assert_return(frame() + 2, 0xe033, MEMORY_BASE + 0x1009, false);
    assert_int_equal(info.evtchn_upcall_mask, 0);
}

static void syscall_without_handler(void **state)
{
    (void)state;
    v->guest_kernel = false;
    v->traps[TRAP_UD].va = 0xd000;
    bounce_syscall(v, NULL);
    assert_in_handler(0xd000);
    assert_int_equal(frame()[2], 0x401000 - 2);
}

/* Put an iret frame where rsp points. */
static void iret_frame(struct iret_context context)
{
    regs.rsp = MEMORY_BASE + 0x800;
    memcpy(memory_at(regs.rsp, sizeof(context)), &context, sizeof(context));
}

static void iret_to_user(void **state)
{
    (void)state;
    info.evtchn_upcall_mask = 1;
    iret_frame((struct iret_context){.rax = 0xaa,
                                     .r11 = 0xbb,
                                     .rcx = 0xdd,
                                     .rip = 0x1234,
                                     .cs = 0x33,
                                     .rflags = 0x27202 | RFLAGS_NT,
                                     .rsp = 0x7000,
                                     .ss = 0x28});
    regs.vector = TRAP_SYSCALL;
    hypercall_iret(v, NULL);
    assert_false(v->guest_kernel);
    assert_int_equal(regs.rax, 0xaa);
    assert_int_equal(regs.r11, 0xbb);
    assert_int_equal(regs.rcx, 0xdd);
    assert_int_equal(regs.rip, 0x1234);
    assert_int_equal(regs.cs, 0x33);
    assert_int_equal(regs.ss, 0x2b);
    assert_int_equal(regs.rsp, 0x7000);
    assert_int_equal(regs.rflags, 0x202);
    assert_int_equal(regs.vector, 0);
    assert_int_equal(info.evtchn_upcall_mask, 0);
}

static void iret_to_kernel(void **state)
{
    (void)state;
    iret_frame((struct iret_context){.rip = UINT64_C(0x800000000000),
                                     .cs = 0xe030 | UINT64_C(1) << 32,
                                     .rflags = 0,
                                     .ss = 0xe02b});
    hypercall_iret(v, NULL);
    assert_true(v->guest_kernel);
    assert_int_equal(regs.cs, 0xe033);
    assert_true(regs.rflags & RFLAGS_IF);
    assert_int_equal(info.evtchn_upcall_mask, 1);
    assert_int_equal(crashes, 0);
}

static void iret_in_syscall(void **state)
{
    (void)state;
    iret_frame((struct iret_context){.rax = 5,
                                     .r11 = 6,
                                     .rcx = 7,
                                     .flags = VGCF_in_syscall,
                                     .rip = 0x4444,
                                     .cs = 0x33,
                                     .rflags = 0x246,
                                     .rsp = 0x7000,
                                     .ss = 0x2b});
    hypercall_iret(v, NULL);
    assert_int_equal(regs.vector, TRAP_SYSCALL);
    assert_int_equal(regs.cs, SELECTOR_GUEST_CS);
    assert_int_equal(regs.ss, SELECTOR_GUEST_SS);
    assert_int_equal(regs.rcx, 0x4444);
    assert_int_equal(regs.r11, 0x246);
    assert_int_equal(regs.rax, 5);
}

static void iret_refused(void **state)
{
    (void)state;
    regs.rsp = MEMORY_BASE + sizeof(memory) - 8;
    hypercall_iret(v, NULL);
    assert_int_equal(crashes, 1);
    user_base = false;
    iret_frame((struct iret_context){.cs = 0xe033, .rip = 1});
    hypercall_iret(v, NULL);
    assert_int_equal(crashes, 2);
    assert_int_equal(regs.rip, 0x401000);
    assert_true(v->guest_kernel);
}

static void traps_put(size_t index, struct trap_info entry)
{
    memcpy(memory + index * sizeof(entry), &entry, sizeof(entry));
}

static void trap_table_merges(void **state)
{
    (void)state;
    traps_put(0, (struct trap_info){3, 3, 0xe033, 0x111});
    traps_put(1, (struct trap_info){14, 4, 0xe033, 0x222});
    assert_int_equal(set_trap_table(v, MEMORY_BASE), 0);
    assert_int_equal(v->traps[3].va, 0x111);
    assert_int_equal(v->traps[3].dpl, 3);
    assert_false(v->traps[3].mask_events);
    assert_int_equal(v->traps[14].dpl, 0);
    assert_true(v->traps[14].mask_events);
    traps_put(0, (struct trap_info){0x80, 7, 0xe033, 0x333});
    traps_put(1, (struct trap_info){0, 0, 0, 0});
    assert_int_equal(set_trap_table(v, MEMORY_BASE), 0);
    assert_int_equal(v->traps[3].va, 0x111);
    assert_int_equal(v->traps[0x80].va, 0x333);
    assert_int_equal(set_trap_table(v, 0), 0);
    assert_int_equal(v->traps[3].va, 0);
}

/* However long the list is, interrupts are served between its gates. */
static void trap_table_stops(void **state)
{
    struct trap_info *list = (struct trap_info *)memory;
    unsigned int i;

    (void)state;
    for (i = 0; i < 100; i++)
        list[i] = (struct trap_info){.vector = 3, .address = 0x1000};
    domain.owner.budget = BUDGET;
    turns = 0;
    assert_int_equal(set_trap_table(v, MEMORY_BASE), 0);
    assert_int_equal(turns, 20);        /* 2 steps a gate: 4 gates, a turn */
}

static void trap_table_refuses(void **state)
{
    size_t i;

    (void)state;
    assert_int_equal(set_trap_table(v, 0x1000), -EFAULT);
    traps_put(0, (struct trap_info){1, 0, 0, UINT64_C(0x800000000000)});
    assert_int_equal(set_trap_table(v, MEMORY_BASE), -EINVAL);
    assert_int_equal(v->traps[1].va, 0);
    for (i = 0; i < sizeof(memory) / 16; i++)
        traps_put(i, (struct trap_info){1, 0, 0, 0x111});
    assert_int_equal(set_trap_table(v, MEMORY_BASE), -EINVAL);
}

static long callback_do(int cmd, uint16_t type, uint16_t flags, uint64_t va)
{
    struct callback_register arg = {type, flags, va};

    memcpy(memory, &arg, sizeof(arg));
    return callback_op(v, cmd, MEMORY_BASE);
}

static void callbacks_register(void **state)
{
    static const uint16_t types[] = {
        CALLBACKTYPE_event, CALLBACKTYPE_failsafe, CALLBACKTYPE_syscall,
        CALLBACKTYPE_syscall32, CALLBACKTYPE_sysenter, CALLBACKTYPE_nmi};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        assert_int_equal(callback_do(CALLBACKOP_register, types[i],
                                     CALLBACKF_mask_events, 0x100 + i),
                         0);
        assert_int_equal(callback_do(CALLBACKOP_register, types[i], 0,
                                     UINT64_C(0x8000000000000000)),
                         -EINVAL);
        assert_int_equal(callback_do(CALLBACKOP_unregister, types[i], 0, 0),
                         types[i] == CALLBACKTYPE_nmi ? 0 : -EINVAL);
    }
    assert_int_equal(v->event.va, 0x100);
    assert_int_equal(v->failsafe.va, 0x101);
    assert_true(v->failsafe.mask_events);
    assert_int_equal(v->syscall.va, 0x102);
    assert_int_equal(v->sysenter.va, 0x104);
    assert_int_equal(v->traps[TRAP_NMI].va, 0);
    assert_int_equal(callback_do(CALLBACKOP_register, 3, 0, 1), -ENOSYS);
    assert_int_equal(callback_do(CALLBACKOP_register, 99, 0, 1), -ENOSYS);
    assert_int_equal(callback_do(CALLBACKOP_unregister, 99, 0, 1), -ENOSYS);
    assert_int_equal(callback_do(2, 0, 0, 1), -ENOSYS);
    assert_int_equal(callback_op(v, CALLBACKOP_register, 1), -EFAULT);
}

static void callbacks_set(void **state)
{
    (void)state;
    assert_int_equal(set_callbacks(v, 1, 2, UINT64_C(0xffff7fffffffffff)),
                     -EINVAL);
    assert_int_equal(v->event.va, 0);
    assert_int_equal(set_callbacks(v, 1, 2, 3), 0);
    assert_int_equal(v->event.va, 1);
    assert_int_equal(v->failsafe.va, 2);
    assert_int_equal(v->syscall.va, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fault_from_kernel, setup),
        cmocka_unit_test_setup(fault_from_user, setup),
        cmocka_unit_test_setup(fault_while_masked, setup),
        cmocka_unit_test_setup(page_fault_user_bit, setup),
        cmocka_unit_test_setup(int_has_no_code, setup),
        cmocka_unit_test_setup(no_handler_crashes, setup),
        cmocka_unit_test_setup(no_stack_crashes, setup),
        cmocka_unit_test_setup(event_upcall, setup),
        cmocka_unit_test_setup(failsafe_has_segments, setup),
        cmocka_unit_test_setup(syscall_of_user, setup),
        cmocka_unit_test_setup(syscall_without_handler, setup),
        cmocka_unit_test_setup(iret_to_user, setup),
        cmocka_unit_test_setup(iret_to_kernel, setup),
        cmocka_unit_test_setup(iret_in_syscall, setup),
        cmocka_unit_test_setup(iret_refused, setup),
        cmocka_unit_test_setup(trap_table_merges, setup),
        cmocka_unit_test_setup(trap_table_refuses, setup),
        cmocka_unit_test_setup(trap_table_stops, setup),
        cmocka_unit_test_setup(callbacks_register, setup),
        cmocka_unit_test_setup(callbacks_set, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
