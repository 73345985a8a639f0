/*
 * Attacks on the ways into the kernel and out of it: flags that must not get
 * in, addresses that must not get out, instructions whose meaning changes in
 * ring 0. The kernel must live; what the domain gets is a trap.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#include <xen/vcpu.h>

#define EDGE          0x7ffffffff000u /* the last page of the lower half */
#define NOT_CANONICAL 0x800000000000u
#define ALL_TABLES    3
#define REFUSED_LDTS  20000

static char *edge_page; /* what is at EDGE, as we may write it */
static uint64_t *tables[ALL_TABLES];

SNIPPET void do_nothing(void)
{
    __asm__("ret");
}

/* xen_version with flags that rdi adds; then the flags are as before. */
SNIPPET void do_syscall_with_flags(void)
{
    __asm__("pushfq; popq %rbx; movq %rbx, %rcx; orq %rdi, %rcx;"
            "pushq %rcx; movl $17, %eax; movl $1, %edi;"
            "popfq; syscall; pushfq; popq %r8; pushq %rbx; popfq; cld; ret");
}

SNIPPET void do_mov_ss_syscall(void)
{
    __asm__("movl $17, %eax; xorl %edi, %edi; movw (%rsi), %ss; syscall; ret");
}

SNIPPET void do_mov_ss_int3(void)
{
    __asm__("movw (%rsi), %ss; int3; ret");
}

SNIPPET void do_jump_edge(void)
{
    __asm__("movl $17, %eax; xorl %esi, %esi; movq %rdi, %rcx; xorl %edi,"
            "%edi; jmp *%rcx");
}

SNIPPET void do_sysenter(void)
{
    __asm__("movq %rsp, %rcx; leaq 1f(%rip), %rdx; sysenter; 1: ret");
}

SNIPPET void do_syscall_odd_stack(void)
{
    __asm__("movq %rsp, %rbx; movq %rdi, %rsp; movl $17, %eax; xorl %edi, %edi;"
            "xorl %esi, %esi; syscall; movq %rbx, %rsp; ret");
}

SNIPPET void do_rex_sysret(void)
{
    __asm__("movl $0xffffffff, %ecx; .byte 0x0f, 0x07; ret");
}

SNIPPET void do_gs_tricks(void)
{
    __asm__("movw $0xe02b, %ax; movw %ax, %gs; movw %ax, %fs; movl $17, %eax;"
            "xorl %edi, %edi; syscall; xorl %ecx, %ecx; movw %cx, %gs;"
            "movw %cx, %fs; ret");
}

SNIPPET void do_far_jump_kernel(void)
{
    __asm__("ljmp *(%rdi); ret");
}

SNIPPET void do_prefixed_cpuid_at_end(void)
{
    __asm__("jmp *%rdi");
}

static void edge_build(void)
{
    unsigned int i;

    for (i = 0; i < ALL_TABLES; i++)
        tables[i] = page_alloc();
    edge_page = page_alloc();
    tables[0][511] = entry_make(frame_of(tables[1]), MAP_TABLE);
    tables[1][511] = entry_make(frame_of(tables[2]), MAP_TABLE);
    tables[2][511] = entry_make(frame_of(edge_page), MAP_WRITE);
    for (i = 0; i < ALL_TABLES; i++)
        page_protect(tables[i]);
    answers("a page at the edge of the lower half",
            entry_write(base_table(), 255,
                        entry_make(frame_of(tables[0]), MAP_TABLE)),
            0);
}

/* The last two bytes of the lower half are `syscall`. */
static void syscall_at_the_edge(void)
{
    const struct outcome *o;

    edge_page[4094] = 0x0f;
    edge_page[4095] = 0x05;
    o = run(do_jump_edge, EDGE + 4094, 0, 0);
    trap_is("XSA-7: a hypercall that returns to nowhere", o, VECTOR_GP, 0,
            NOT_CANONICAL);
    check("its answer has arrived", o->rax >= 4ul << 16);
    o = run_user(do_jump_edge, EDGE + 4094, 0, 0);
    same("XSA-7: a user's syscall there", o->vector, VECTOR_SYSCALL);
    same("its rip", o->stack[2], NOT_CANONICAL);
}

/* Instructions that are cut off by the edge, or by a page that is not there. */
static void cut_off(void)
{
    static const char prefix[] = {0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f};
    const struct outcome *o;

    memcpy(edge_page + 4096 - sizeof(prefix), prefix, sizeof(prefix));
    o = run(do_prefixed_cpuid_at_end, EDGE + 4096 - sizeof(prefix), 0, 0);
    check("a forced cpuid without its end: #UD, or #PF for the end",
          o->vector == VECTOR_UD || o->vector == VECTOR_PF);
    edge_page[4095] = (char)0xfa;
    o = run(do_jump_edge, EDGE + 4095, 0, 0);
    trap_is("cli in the last byte", o, VECTOR_GP, 0, EDGE + 4095);
    edge_page[4095] = 0x0f;
    o = run(do_jump_edge, EDGE + 4095, 0, 0);
    check("half an instruction",
          o->vector == VECTOR_GP || o->vector == VECTOR_PF);
    edge_page[4095] = (char)0xcd;
    o = run(do_jump_edge, EDGE + 4095, 0, 0);
    check("half an int", o->vector == VECTOR_GP || o->vector == VECTOR_PF);
}

/* The last return: sysret to an address that is no address. */
static void bad_targets(void)
{
    static const uint64_t far[] = {
        NOT_CANONICAL,       0x8000000000000000u,
        0xffff7fffffffffffu, ~0ul,
        0xffff800000000000u, 0xffff808000200000u,
        0xffff82d040200000u, 0xffff880000000000u,
    };
    unsigned int i, flag;
    const struct outcome *o;
    bool all = true;

    for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        for (flag = 0; flag < 4; flag++) {
            struct iret_context c = {
                .rip = far[i],
                .cs = SELECTOR_CS64 & (flag < 2 ? ~0u : ~3u),
                .flags = (flag & 1) != 0 ? VGCF_in_syscall : 0,
                .rflags = RFLAGS_IF | RFLAGS_ONE,
                .rsp = user_stack_top() - 64,
                .ss = SELECTOR_SS,
            };

            o = enter(&c);
            if (o->vector != VECTOR_GP && o->vector != VECTOR_PF) {
                say("# rip 0x%lx way %u: vector %lu\n", far[i], flag,
                    o->vector);
                all = false;
            }
        }
    }
    check("XSA-7: no rip hurts the kernel", all);
}

static void flags_on_the_way_in(void)
{
    static const struct {
        uint64_t flags;
        const char *name;
    } cases[] = {
        {0, "a hypercall with no other flags"},
        {RFLAGS_DF, "with DF: copies go forward"},
        {RFLAGS_NT, "with NT"},
        {RFLAGS_AC, "with AC"},
        {RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | 0x8d5, "with all of them"},
        {0x200000, "with ID"},
    };
    static char text[64];
    unsigned int i;
    const struct outcome *o;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(text, 0, sizeof(text));
        o = run(do_syscall_with_flags, cases[i].flags, address_of(text + 16),
                0);
        runs(cases[i].name, o);
        answers("its answer", (long)o->rax, 0);
        check("the text is there", text[16] != 0 && text[15] == 0);
        same("the flags come back", o->r8 & cases[i].flags & ~0x8d5ul,
             cases[i].flags & ~0x8d5ul);
    }
    o = run(do_syscall_with_flags, RFLAGS_TF, address_of(text + 16), 0);
    same("with TF: a step, in ring 3", o->vector, VECTOR_DB);
    same("of the kernel's", frame_get(o).cs, SELECTOR_CS64 & ~3u);
    check("within the snippet",
          frame_get(o).rip - (uint64_t)do_syscall_with_flags < 64);
    hypercall(__HYPERVISOR_set_debugreg, 6, 0, 0, 0);
    o = run_user(do_syscall_with_flags, RFLAGS_TF | RFLAGS_NT | RFLAGS_DF, 0,
                 0);
    check("the same of a user",
          o->vector == VECTOR_SYSCALL || o->vector == VECTOR_DB);
    hypercall(__HYPERVISOR_set_debugreg, 6, 0, 0, 0);
}

/* CVE-2018-8897: a #DB that waits behind mov ss, until ring 0 is entered. */
static void late_debug(void)
{
    uint16_t *selector = page_alloc();
    const struct outcome *o;

    *selector = SELECTOR_SS;
    hypercall(__HYPERVISOR_set_debugreg, 0, address_of(selector), 0, 0);
    hypercall(__HYPERVISOR_set_debugreg, 7, 0x70003, 0, 0);
    o = run(do_mov_ss_syscall, 0, address_of(selector), 0);
    check("XSA-260: a breakpoint on mov ss, then a hypercall",
          o->vector == VECTOR_DB || o->vector == NO_TRAP);
    o = run(do_mov_ss_int3, 0, address_of(selector), 0);
    check("XSA-260: then int3",
          o->vector == VECTOR_DB || o->vector == VECTOR_BP);
    o = run_user(do_mov_ss_syscall, 0, address_of(selector), 0);
    check("XSA-260: of a user",
          o->vector == VECTOR_DB || o->vector == VECTOR_SYSCALL);
    hypercall(__HYPERVISOR_set_debugreg, 7, 0, 0, 0);
    hypercall(__HYPERVISOR_set_debugreg, 6, 0, 0, 0);
}

static void breakpoints_in_the_kernel(void)
{
    static const uint64_t places[] = {0xffff800000000000u, 0xffff808000200000u,
                                      0xffff87ffffffffffu, 0xffff82d040200000u};
    unsigned int i, number;
    bool none = true;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        for (number = 0; number < 4; number++)
            none = none && hypercall(__HYPERVISOR_set_debugreg, number,
                                     places[i], 0, 0) != 0;
    }
    check("no breakpoint in the kernel", none);
    check("none for ever: DR7 with GD, LE, reserved bits",
          hypercall(__HYPERVISOR_set_debugreg, 7, ~0ul, 0, 0) != 0);
}

static void ways_in(void)
{
    static struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) pointer;
    static const uint16_t selectors[] = {0xe008, 0xe00b, 0xe040, 0xe043,
                                         0xe010, 0xe048, 0xe07f};
    const struct outcome *o;
    unsigned int i;

    o = run(do_sysenter, 0, 0, 0);
    check("sysenter", o->vector == VECTOR_GP || o->vector == VECTOR_UD);
    o = run_user(do_sysenter, 0, 0, 0);
    check("sysenter of a user", o->vector == VECTOR_GP ||
                                    o->vector == VECTOR_UD ||
                                    o->vector == VECTOR_SYSENTER);
    same("a 32-bit sysret", run(do_rex_sysret, 0, 0, 0)->vector, VECTOR_GP);
    runs("a hypercall without a stack",
         run(do_syscall_odd_stack, NOT_CANONICAL, 0, 0));
    runs("with a stack in the kernel's slots",
         run(do_syscall_odd_stack, HYPERVISOR_VIRT_START, 0, 0));
    runs("with fs and gs loaded", run(do_gs_tricks, 0, 0, 0));
    for (i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
        pointer.offset = (uint32_t)(uint64_t)do_nothing;
        pointer.selector = selectors[i];
        o = run(do_far_jump_kernel, address_of(&pointer), 0, 0);
        check("a far jump to the kernel's descriptors",
              o->vector == VECTOR_GP || o->vector == VECTOR_NP);
    }
}

/* Stacks for traps that the domain may not write: they are refused, or the
 * domain dies of them later; here they are only named. */
/* rdi: SET_LDT that is refused; rsi: how often. es is loaded from the LDT. */
SNIPPET void do_refused_ldt(void)
{
    __asm__("movq %rdi, %r13; movq %rsi, %r12; movl $0x327, %ebx; movl %ebx,"
            "%es; 1: movl $26, %eax; movq %r13, %rdi; movl $1, %esi; xorl "
            "%edx, %edx; movl $0x7ff0, %r10d; syscall; cmpq $-22, %rax; jne 2f;"
            "movl %es, %ecx; cmpl %ebx, %ecx; jne 2f; decq %r12; jnz 1b; 2:"
            "movl %es, %ecx; xorl %edx, %edx; movl %edx, %es; ret");
}

/* A refused LDT is not in force for a moment, whatever comes in between. */
static void refused_ldt(void)
{
    uint64_t *good = page_alloc(), *bad = page_alloc();
    struct mmuext_op op = {.cmd = MMUEXT_SET_LDT};
    const struct outcome *o;
    unsigned int i;

    for (i = 0; i < PAGE_BYTES / sizeof(*good); i++)
        good[i] = 0x00cff3000000ffffu;  /* data of ring 3 */
    bad[i - 1] = 0x00008c000000ffffu;   /* a call gate, looked at last */
    page_protect(good);
    page_protect(bad);
    op.arg1.linear_addr = address_of(good);
    op.arg2.nr_ents = 200;
    answers("an LDT of 200", hypercall_mmuext(&op, 1, NULL), 0);
    op.arg1.linear_addr = address_of(bad);
    op.arg2.nr_ents = 10;
    o = run(do_refused_ldt, address_of(&op), REFUSED_LDTS, 0);
    runs("refused, again and again", o);
    same("es is what it was", o->rcx, 0x327);
    /* Xen looks at it when a descriptor is used. */
    same("to the last", o->r12, on_tally() ? 0 : REFUSED_LDTS);
    op.arg2.nr_ents = 0;
    answers("none", hypercall_mmuext(&op, 1, NULL), 0);
}

/* A structure is there as a whole, or nothing is done. */
static void cut_structures(void)
{
    char *page = page_alloc(), *gap = page_alloc();
    struct mmuext_op *op = (struct mmuext_op *)(void *)(gap - 16);
    struct multicall_entry *call = (struct multicall_entry *)(void *)(gap - 48);

    check("two pages in a row", gap == page + PAGE_BYTES);
    answers("the second one goes", page_unmap(address_of(gap)), 0);
    op->cmd = MMUEXT_NEW_BASEPTR;
    op->arg1.mfn = frame_of(base_table());
    answers("a base pointer, cut off behind its frame",
            hypercall_mmuext(op, 1, NULL), -XEN_EFAULT);
    call->op = __HYPERVISOR_xen_version;
    call->args[0] = 0;
    call->result = 12345;
    answers("a part of a multicall, cut off behind four arguments",
            hypercall(__HYPERVISOR_multicall, address_of(call), 1, 0, 0),
            -XEN_EFAULT);
    same("is not run", call->result, 12345);
}

/* The place of vcpu_info is chosen once, even if it is the same. */
static void info_once(const start_info_t *info)
{
    struct vcpu_register_vcpu_info move = {.mfn =
                                               info->shared_info >> PAGE_SHIFT};
    unsigned int i;

    for (i = 0; i < 2; i++)
        answers(i == 0 ? "vcpu_info stays in shared_info" : "and cannot again",
                hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
                          address_of(&move), 0),
                i == 0 ? 0 : -XEN_EINVAL);
}

static void stacks(void)
{
    either("a kernel stack in the kernel's slots",
           hypercall_stack_switch(SELECTOR_SS, HYPERVISOR_VIRT_START + 0x1000),
           0, -XEN_EINVAL);
    either("a kernel stack with a selector of ring 0",
           hypercall_stack_switch(0xe010, kernel_stack_top()), 0, -XEN_EINVAL);
    answers("as before",
            hypercall_stack_switch(SELECTOR_SS, kernel_stack_top()), 0);
    same("and it works", run_user(do_nothing, 0, 0, 0)->vector, NO_TRAP);
}

static void callbacks(void)
{
    struct callback_register c = {.type = CALLBACKTYPE_syscall};

    c.address = HYPERVISOR_VIRT_START;
    say("# syscall callback in the kernel's slots: %ld\n",
        hypercall_callback(&c));
    same("it leads to a page fault, or was refused",
         run_user(do_nothing, 0, 0, 0)->vector == NO_TRAP ||
             run_user(do_nothing, 0, 0, 0)->vector == VECTOR_PF,
         1);
    c.address = stub_of(VECTOR_SYSCALL);
    answers("as before", hypercall_callback(&c), 0);
}

void domain_main(const start_info_t *info)
{
    probe_setup(info);
    edge_build();
    syscall_at_the_edge();
    cut_off();
    bad_targets();
    flags_on_the_way_in();
    late_debug();
    breakpoints_in_the_kernel();
    ways_in();
    refused_ldt();
    cut_structures();
    stacks();
    callbacks();
    info_once(info);
    tests_end();
}
