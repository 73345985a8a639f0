/*
 * kernel/latency.c: which stretch is measured, what it counts for, and when an
 * interrupt is made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/latency.c"

static uint64_t clock;
static unsigned int pending; /* interrupts made */
static char said[4096];
static struct vcpu vcpu;
static struct regs regs;

void *cpu_vcpu;

static long answer(struct vcpu *v, const uint64_t *argument)
{
    assert_ptr_equal(v, &vcpu);
    return (long)argument[0];
}

call_fn *const hypercalls[HYPERCALLS] = {[0 ... HYPERCALLS - 1] = answer};
call_fn *const syscalls[HYPERCALLS] = {[0 ... HYPERCALLS - 1] = answer};
call_fn *const *calls_of[2] = {syscalls, hypercalls};

long hypercall_iret(struct vcpu *v, const uint64_t *argument)
{
    assert_true(v->attention & ATTENTION_ONCE);
    return answer(v, argument);
}

long bounce_syscall(struct vcpu *v, const uint64_t *argument)
{
    return answer(v, argument);
}

void apic_self(uint8_t vector)
{
    assert_int_equal(vector, LATENCY_VECTOR);
    pending++;
}

uint64_t tsc_read(void)
{
    return clock;
}

uint64_t tsc_from_ns(uint64_t ns)
{
    return ns;
}

void log_printf(enum log_level level, const char *format, ...)
{
    size_t bytes = strlen(said);
    va_list args;

    assert_int_equal(level, LOG_INFO);
    va_start(args, format);
    vsnprintf(said + bytes, sizeof(said) - bytes, format, args);
    va_end(args);
    strcat(said, "\n");
}

static int set_up(void **state)
{
    (void)state;
    memset(&latency, 0, sizeof(latency));
    memset(&vcpu, 0, sizeof(vcpu));
    memset(&regs, 0, sizeof(regs));
    vcpu.regs = &regs;
    cpu_vcpu = &vcpu;
    clock = 1000;
    pending = 0;
    said[0] = '\0';
    calls_of[false] = syscalls;
    calls_of[true] = hypercalls;
    latency_init();
    return 0;
}

/* A hypercall, through the table that is in force. */
static long call(uint64_t number)
{
    static const uint64_t argument[CALL_ARGUMENTS] = {77};

    regs.rax = number;
    return calls_of[true][number < HYPERCALLS ? number : HYPERCALLS - 1](
        &vcpu, argument);
}

/* An interrupt comes; where it interrupts, interrupts were on. */
static bool interrupt(uint32_t vector, bool ring3)
{
    struct regs at = {.vector = vector,
                      .cs = ring3 ? SELECTOR_GUEST_CS : SELECTOR_KERNEL_CS,
                      .rflags = RFLAGS_IF};

    latency_interrupt(&at);
    return at.rflags & RFLAGS_IF;
}

/* From the entry to the return to ring 3. */
static void a_call_is_a_stretch(void **state)
{
    (void)state;
    assert_int_equal(call(__HYPERVISOR_mmuext_op), 77);
    assert_int_equal(pending, 1);
    clock += 5000;
    assert_true(interrupt(LATENCY_VECTOR, true));
    assert_int_equal(pending, 1);       /* ring 3 is not measured */
    assert_int_equal(latency.longest[__HYPERVISOR_mmuext_op],
                     5000 + ENTRY_TICKS);
    assert_int_equal(latency_ask(), 5000 + ENTRY_TICKS);
    assert_int_equal(latency_ask(), 0);
}

/* A window ends a stretch, and the interrupt for the next one waits. */
static void a_window_ends_it(void **state)
{
    (void)state;
    call(__HYPERVISOR_mmuext_op);
    clock += 300;
    assert_false(interrupt(LATENCY_VECTOR, false));
    assert_int_equal(pending, 2);
    clock += 700;
    assert_true(interrupt(LATENCY_VECTOR, true));
    assert_int_equal(latency.longest[__HYPERVISOR_mmuext_op], 700);
}

/* Another interrupt in a window is a stretch of its own. */
static void a_handler_counts_for_itself(void **state)
{
    (void)state;
    call(__HYPERVISOR_mmuext_op);
    clock += 300;
    assert_true(interrupt(APIC_TIMER_VECTOR, false));
    clock += 2000;
    assert_false(interrupt(LATENCY_VECTOR, false));
    clock += 400;
    interrupt(LATENCY_VECTOR, true);
    assert_int_equal(latency.longest[LATENCY_INTERRUPT], 2000);
    assert_int_equal(latency.longest[__HYPERVISOR_mmuext_op], 400);
}

/* One that comes in ring 3 begins a stretch. */
static void an_interrupt_begins_one(void **state)
{
    (void)state;
    interrupt(APIC_TIMER_VECTOR, true);
    assert_int_equal(pending, 1);
    clock += 900;
    interrupt(LATENCY_VECTOR, true);
    assert_int_equal(latency.longest[LATENCY_INTERRUPT], 900 + ENTRY_TICKS);
}

/* While there is nothing to do no more are made, or none would ever end. */
static void idle_is_left_alone(void **state)
{
    (void)state;
    call(__HYPERVISOR_sched_op);
    cpu_vcpu = NULL;
    latency_idle();
    clock += 600;
    assert_true(interrupt(LATENCY_VECTOR, false));
    assert_int_equal(pending, 1);
    clock += 1000000;
    assert_true(interrupt(APIC_TIMER_VECTOR, false));
    assert_true(interrupt(LATENCY_VECTOR, false));
    assert_int_equal(latency.longest[__HYPERVISOR_sched_op], 600 + ENTRY_TICKS);
    assert_int_equal(latency.longest[LATENCY_INTERRUPT], 0);
}

/* What a stretch counts for is what began it, whoever runs at its end. */
static void turns_are_told_apart(void **state)
{
    struct vcpu other = {.latency_kind = __HYPERVISOR_multicall};

    (void)state;
    call(__HYPERVISOR_mmuext_op);
    cpu_vcpu = &other;
    clock += 10;
    interrupt(LATENCY_VECTOR, false);
    clock += 20;
    interrupt(LATENCY_VECTOR, true);
    assert_int_equal(latency.longest[__HYPERVISOR_mmuext_op], 10 + ENTRY_TICKS);
    assert_int_equal(latency.longest[__HYPERVISOR_multicall], 20);
}

static void other_ways_in(void **state)
{
    static const uint64_t argument[CALL_ARGUMENTS] = {5};

    (void)state;
    assert_int_equal(call(__HYPERVISOR_iret), 77);
    interrupt(LATENCY_VECTOR, true);
    assert_int_equal(calls_of[false][0](&vcpu, argument), 5);
    interrupt(LATENCY_VECTOR, true);
    call(1000);
    interrupt(LATENCY_VECTOR, true);
    latency_print();
    assert_string_equal(said, "latency: iret 50\nlatency: absent 50\n"
                              "latency: user_syscall 50\n");
    assert_false(latency_on);
}

static void the_timer_may_be_late(void **state)
{
    (void)state;
    latency_timer_armed(1500);
    clock = 1700;
    latency_timer_came();
    latency_timer_came();               /* not armed */
    latency_timer_armed(3);             /* that is past: from now on */
    clock = 1750;
    latency_timer_came();
    assert_int_equal(latency.longest[LATENCY_TIMER], 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_call_is_a_stretch, set_up),
        cmocka_unit_test_setup(a_window_ends_it, set_up),
        cmocka_unit_test_setup(a_handler_counts_for_itself, set_up),
        cmocka_unit_test_setup(an_interrupt_begins_one, set_up),
        cmocka_unit_test_setup(idle_is_left_alone, set_up),
        cmocka_unit_test_setup(turns_are_told_apart, set_up),
        cmocka_unit_test_setup(other_ways_in, set_up),
        cmocka_unit_test_setup(the_timer_may_be_late, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
