/*
 * Ends that are not good: each case must end this domain, and nothing else,
 * with reason=crash and all frames back. The command line says which case;
 * tests/domains/run boots them all, one after the other.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#include <xen/memory.h>

#define GAP           0x40000000u
#define NOT_CANONICAL 0x800000000000u

SNIPPET void do_ud2(void)
{
    __asm__("ud2; ret");
}

SNIPPET void do_ud2_on_stack(void)
{
    __asm__("movq %rdi, %rsp; ud2; ret");
}

SNIPPET void do_iret_on_stack(void)
{
    __asm__("movq %rdi, %rsp; movl $23, %eax; syscall; ud2");
}

SNIPPET void do_syscall(void)
{
    __asm__("movl $39, %eax; syscall; ret");
}

SNIPPET void do_write(void)
{
    __asm__("movq %rsi, (%rdi); ret");
}

/* A 32-bit iret with VM set. No CPU obeys in long mode, but QEMU 7.2 does. */
SNIPPET void do_virtual_8086(void)
{
    __asm__("pushq $0; pushq $0; pushq $0; pushq $0; subq $12, %rsp;"
            "movl $0x1000, (%rsp); movl $0, 4(%rsp); movl $0x20202, 8(%rsp);"
            "iretl; ud2");
}

static const start_info_t *information;

static void no_handler(void)
{
    __asm__ volatile("ud2");
}

static void no_page_fault_handler(void)
{
    *(volatile uint64_t *)GAP = 1;
}

static void jump_to_nowhere(void)
{
    ((void (*)(void))GAP)();
}

static void breakpoint_without_gate(void)
{
    __asm__ volatile("int3");
}

static void says_so(void)
{
    domain_crash();
}

static void stack_is_not_there(void)
{
    probe_setup(information);
    run(do_ud2_on_stack, GAP, 0, 0);
}

static void stack_is_a_table(void)
{
    probe_setup(information);
    run(do_ud2_on_stack, address_of(base_table()) + PAGE_BYTES, 0, 0);
}

static void stack_is_the_kernels(void)
{
    probe_setup(information);
    run(do_ud2_on_stack, 0xffff808000200000u, 0, 0);
}

static void stack_is_not_canonical(void)
{
    probe_setup(information);
    run(do_ud2_on_stack, NOT_CANONICAL, 0, 0);
}

static void stack_wraps(void)
{
    probe_setup(information);
    run(do_ud2_on_stack, 16, 0, 0);
}

static void kernel_stack_is_a_table(void)
{
    probe_setup(information);
    hypercall_stack_switch(SELECTOR_SS, address_of(base_table()) + PAGE_BYTES);
    run_user(do_ud2, 0, 0, 0);
}

static void iret_without_frame(void)
{
    probe_setup(information);
    run(do_iret_on_stack, GAP, 0, 0);
}

static void iret_not_canonical_stack(void)
{
    probe_setup(information);
    run(do_iret_on_stack, NOT_CANONICAL - 8, 0, 0);
}

static void user_without_base(void)
{
    struct mmuext_op none = {.cmd = MMUEXT_NEW_USER_BASEPTR};

    probe_setup(information);
    hypercall_mmuext(&none, 1, NULL);
    run_user(do_ud2, 0, 0, 0);
}

static void user_without_syscall_callback(void)
{
    traps_setup(information);
    user_base_load(base_table());
    hypercall(__HYPERVISOR_set_callbacks, 0, 0, 0, 0);
    user_run((uint64_t)do_syscall, user_stack_top(), 0);
}

static void handler_in_a_gap(void)
{
    probe_setup(information);
    gate_register(VECTOR_PF, 0, GAP);
    run(do_write, GAP, 0, 0);
}

static void no_trap_table(void)
{
    probe_setup(information);
    hypercall_trap_table(NULL);
    run(do_ud2, 0, 0, 0);
}

static void virtual_8086_mode(void)
{
    do_virtual_8086();
}

static void code_is_unmapped(void)
{
    struct multicall_entry list[1] = {
        {.op = __HYPERVISOR_update_va_mapping,
         .args = {address_of(hypercall_page), 0, UVMF_INVLPG}},
    };

    hypercall_multicall(list, 1);
}

static void all_is_unmapped(void)
{
    const entry_t *l4 = base_table();

    entry_write(l4, 0, 0);
    forget_all();
}

static void pinned_and_half_built(void)
{
    uint64_t *table = page_alloc();
    unsigned int level;

    for (level = 1; level <= 4; level++) {
        table = page_alloc();
        page_protect(table);
        table_pin(table, level);
    }
    user_base_load(table);
    __asm__ volatile("ud2");
}

static void descriptors_are_loaded(void)
{
    uint64_t *gdt = page_alloc();
    uint64_t frame = frame_of(gdt);
    struct mmuext_op ldt = {.cmd = MMUEXT_SET_LDT};

    page_protect(gdt);
    hypercall(__HYPERVISOR_set_gdt, address_of(&frame), 512, 0, 0);
    ldt.arg1.linear_addr = address_of(gdt);
    ldt.arg2.nr_ents = 512;
    hypercall_mmuext(&ldt, 1, NULL);
    __asm__ volatile("ud2");
}

static void most_memory_is_given_back(void)
{
    uint64_t list[1];
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};
    uint64_t page;

    r.extent_start.p = list;
    for (page = 0; page < 512; page++) {
        list[0] = mfn_of(page);
        hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                  address_of(&r), 0, 0);
    }
    __asm__ volatile("ud2");
}


static void (*const cases[])(void) = {
    no_handler,
    no_page_fault_handler,
    jump_to_nowhere,
    breakpoint_without_gate,
    says_so,
    stack_is_not_there,
    stack_is_a_table,
    stack_is_the_kernels,
    stack_is_not_canonical,
    stack_wraps,
    kernel_stack_is_a_table,
    iret_without_frame,
    iret_not_canonical_stack,
    user_without_base,
    user_without_syscall_callback,
    handler_in_a_gap,
    no_trap_table,
    virtual_8086_mode,
    code_is_unmapped,
    all_is_unmapped,
    pinned_and_half_built,
    descriptors_are_loaded,
    most_memory_is_given_back,
};

void domain_main(const start_info_t *info)
{
    unsigned int i;
    char number[3] = "";

    information = info;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        number[0] = (char)('0' + i / 10);
        number[1] = (char)('0' + i % 10);
        if (domain_option("case", number))
            cases[i]();
    }
    say("case done, and still alive\n");
}
