/*
 * Traps: every exception that a ring-3 guest can raise by itself, what its
 * kernel finds on the stack, and every way back.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#define NOT_CANONICAL 0x800000000000u
#define GAP           0x40000000u /* nothing is mapped there */

/* --------------------------------------------------------------- snippets */

SNIPPET void do_nothing(void)
{
    __asm__("ret");
}

SNIPPET void do_ud2(void)
{
    __asm__("ud2; ret");
}

SNIPPET void do_int3(void)
{
    __asm__("int3; ret");
}

SNIPPET void do_int_3(void)
{
    __asm__(".byte 0xcd, 0x03; ret");
}

SNIPPET void do_into(void)
{
    __asm__(".byte 0xce; ret");
}

SNIPPET void do_int_0(void)
{
    __asm__("int $0; ret");
}

SNIPPET void do_int_8(void)
{
    __asm__("int $8; ret");
}

SNIPPET void do_int_20(void)
{
    __asm__("int $0x20; ret");
}

SNIPPET void do_int_21(void)
{
    __asm__("int $0x21; ret");
}

SNIPPET void do_int_22(void)
{
    __asm__("int $0x22; ret");
}

SNIPPET void do_int_80(void)
{
    __asm__("int $0x80; ret");
}

SNIPPET void do_int_82(void)
{
    __asm__("int $0x82; ret");
}

SNIPPET void do_int_ff(void)
{
    __asm__("int $0xff; ret");
}

SNIPPET void do_divide(void)
{
    __asm__("divl %esi; ret"); /* rsi is 0 */
}

SNIPPET void do_read(void)
{
    __asm__("movq (%rdi), %rax; ret");
}

SNIPPET void do_write(void)
{
    __asm__("movq %rsi, (%rdi); ret");
}

SNIPPET void do_read_by_stack(void)
{
    __asm__("movq %rdi, %rbp; movq 0(%rbp), %rax; ret");
}

SNIPPET void do_jump(void)
{
    __asm__("jmp *%rdi");
}

SNIPPET void do_fpu(void)
{
    __asm__("fninit; ret");
}

SNIPPET void do_sse(void)
{
    __asm__("xorps %xmm0, %xmm0; ret");
}

SNIPPET void do_step(void)
{
    __asm__("pushfq; orl $0x100, (%rsp); popfq; nop; nop; ret");
}

SNIPPET void do_flags(void)
{
    __asm__("pushfq; orq %rdi, (%rsp); popfq; ud2; ret");
}

SNIPPET void do_clear_flags(void)
{
    __asm__("pushfq; andq $~0x200, (%rsp); popfq; pushfq; popq %rax; ret");
}

SNIPPET void do_unaligned(void)
{
    __asm__("pushfq; orl $0x40000, (%rsp); popfq; movq (%rdi), %rax; ret");
}

/* Every register has a value that says which one it is. */
SNIPPET void do_registers(void)
{
    __asm__("movl $0xa, %eax; movl $0xb, %ebx; movl $0xc, %ecx;"
            "movl $0xd, %edx; movl $0x51, %esi; movl $0xd1, %edi;"
            "movl $0xb9, %ebp; movl $8, %r8d; movl $9, %r9d; movl $10, %r10d;"
            "movl $11, %r11d; movl $12, %r12d; movl $13, %r13d;"
            "movl $14, %r14d; movl $15, %r15d; ud2");
}

SNIPPET void do_syscall(void)
{
    __asm__("movl $0x1234, %eax; movl $0xc, %ecx; movl $11, %r11d; syscall;"
            "ret");
}

SNIPPET void do_stack_shifted(void)
{
    __asm__("subq $5, %rsp; ud2");
}

SNIPPET void do_stack_far_away(void)
{
    __asm__("movq %rdi, %rsp; ud2");
}

/* An instruction of 16 bytes. */
SNIPPET void do_too_long(void)
{
    __asm__(".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,"
            "0x66,0x66,0x66,0x66,0x90; ret");
}

SNIPPET void do_lock_nop(void)
{
    __asm__(".byte 0xf0, 0x90; ret");
}

/* The way back that needs no help: iretq and lretq in ring 3. */
SNIPPET void do_native_iret(void)
{
    __asm__("movq %rsp, %rax; pushq $0xe02b; pushq %rax; pushq $0x203;"
            "pushq $0xe033; leaq 1f(%rip), %rcx; pushq %rcx; iretq;"
            "ud2; 1: pushfq; popq %rax; ret");
}

SNIPPET void do_native_lret(void)
{
    __asm__("pushq $0xe033; leaq 1f(%rip), %rcx; pushq %rcx; lretq; ud2;"
            "1: movl %cs, %eax; ret");
}

SNIPPET void do_native_iret_to(void)
{
    __asm__("movq %rsp, %rax; pushq $0xe02b; pushq %rax; pushq $0x202;"
            "pushq %rsi; pushq %rdi; iretq");
}

/* --------------------------------------------------------- what came of it */

static uint64_t at(snippet_t *code, unsigned int offset)
{
    return (uint64_t)code + offset;
}

/* An address by rbp is in the stack segment. The emulated CPU says #GP. */
static void stack_fault(const char *name, const struct outcome *o)
{
    check(name, (o->vector == VECTOR_SS || o->vector == VECTOR_GP) &&
                    frame_get(o).error == 0 &&
                    frame_get(o).rip == at(do_read_by_stack, 3));
}

static void exceptions(void)
{
    static const char *const names[][2] = {
        {"ud2", "user: ud2"},
        {"int3: rip behind it", "user: int3"},
        {"divide by zero", "user: divide by zero"},
        {"read, not canonical: #GP(0)", "user: read, not canonical"},
        {"into is #UD in 64-bit mode", "user: into"},
        {"an instruction of 16 bytes: #GP(0)", "user: 16 bytes"},
        {"lock nop: #UD", "user: lock nop"},
    };
    const struct outcome *(*const way[2])(snippet_t *, uint64_t, uint64_t,
                                          uint64_t) = {run, run_user};
    unsigned int i;

    for (i = 0; i < 2; i++) {
        trap_is(names[0][i], way[i](do_ud2, 0, 0, 0), VECTOR_UD, 0,
                at(do_ud2, 0));
        trap_is(names[1][i], way[i](do_int3, 0, 0, 0), VECTOR_BP, 0,
                at(do_int3, 1));
        trap_is(names[2][i], way[i](do_divide, 0, 0, 0), VECTOR_DE, 0,
                at(do_divide, 0));
        trap_is(names[3][i], way[i](do_read, NOT_CANONICAL, 0, 0), VECTOR_GP, 0,
                at(do_read, 0));
        trap_is(names[4][i], way[i](do_into, 0, 0, 0), VECTOR_UD, 0,
                at(do_into, 0));
        trap_is(names[5][i], way[i](do_too_long, 0, 0, 0), VECTOR_GP, 0,
                at(do_too_long, 0));
        trap_is(names[6][i], way[i](do_lock_nop, 0, 0, 0), VECTOR_UD, 0,
                at(do_lock_nop, 0));
    }
    stack_fault("by rbp, not canonical",
                run(do_read_by_stack, NOT_CANONICAL, 0, 0));
    stack_fault("user: by rbp, not canonical",
                run_user(do_read_by_stack, NOT_CANONICAL, 0, 0));
}

/*
 * What the emulated CPU gets wrong: QEMU 7.2 doubles the vector in the error
 * code of an `int n` that is refused, and Xen believes it.
 */
static void software_interrupt(const char *name, const struct outcome *o,
                               unsigned int vector, uint64_t error,
                               uint64_t rip)
{
    if (on_tally())
        trap_is(name, o, vector, error, rip);
    else
        skip(name, "the emulator's error code is wrong");
}

static void interrupts(void)
{
    trap_is("int 3 in two bytes", run(do_int_3, 0, 0, 0), VECTOR_BP, 0,
            at(do_int_3, 2));
    software_interrupt("int 0x20, DPL 3", run(do_int_20, 0, 0, 0), 0x20, 0,
                       at(do_int_20, 2));
    software_interrupt("int 0x20, DPL 3, user", run_user(do_int_20, 0, 0, 0),
                       0x20, 0, at(do_int_20, 2));
    software_interrupt("int 0 pushes no error code", run(do_int_0, 0, 0, 0), 0,
                       0, at(do_int_0, 2));
    software_interrupt("int 8, DPL 0, from the kernel: #GP(0x42)",
                       run(do_int_8, 0, 0, 0), VECTOR_GP, 0x42,
                       at(do_int_8, 0));
    software_interrupt("int 0x21, DPL 0, from the kernel: #GP(0x10a)",
                       run(do_int_21, 0, 0, 0), VECTOR_GP, 0x10a,
                       at(do_int_21, 0));
    software_interrupt("int 0x21, DPL 0, from the user: #GP(0x10a)",
                       run_user(do_int_21, 0, 0, 0), VECTOR_GP, 0x10a,
                       at(do_int_21, 0));
    answers("gate 0x21 with DPL 1", gate_register(0x21, 1, stub_of(0x21)), 0);
    software_interrupt("int 0x21, DPL 1, from the kernel",
                       run(do_int_21, 0, 0, 0), 0x21, 0, at(do_int_21, 2));
    software_interrupt("int 0x21, DPL 1, from the user: #GP(0x10a)",
                       run_user(do_int_21, 0, 0, 0), VECTOR_GP, 0x10a,
                       at(do_int_21, 0));
    answers("no gate 0x22", gate_register(0x22, 3, 0), 0);
    software_interrupt("int 0x80", run(do_int_80, 0, 0, 0), 0x80, 0,
                       at(do_int_80, 2));
    software_interrupt("int 0x80, user", run_user(do_int_80, 0, 0, 0), 0x80, 0,
                       at(do_int_80, 2));
    software_interrupt("int 0x82", run(do_int_82, 0, 0, 0), 0x82, 0,
                       at(do_int_82, 2));
    software_interrupt("int 0xff", run(do_int_ff, 0, 0, 0), 0xff, 0,
                       at(do_int_ff, 2));
}

static void page_faults_from(const char *who, bool user)
{
    const struct outcome *(*const way)(snippet_t *, uint64_t, uint64_t,
                                       uint64_t) = user ? run_user : run;
    uint64_t us = user ? FAULT_USER : 0;
    const uint64_t *table = base_table();
    uint64_t page = address_of(page_alloc());

    say("# page faults, %s\n", who);
    trap_is("read a gap", way(do_read, GAP + 8, 0, 0), VECTOR_PF, us,
            at(do_read, 0));
    same("cr2", vcpu_info_get()->arch.cr2, GAP + 8);
    trap_is("write to a gap", way(do_write, GAP + 16, 1, 0), VECTOR_PF,
            us | FAULT_WRITE, at(do_write, 0));
    same("cr2", vcpu_info_get()->arch.cr2, GAP + 16);
    trap_is("jump into a gap", way(do_jump, GAP, 0, 0), VECTOR_PF, us | 0x10,
            GAP);
    trap_is("write to a table", way(do_write, address_of(table), table[0], 0),
            VECTOR_PF, us | FAULT_WRITE | FAULT_PRESENT, at(do_write, 0));
    same("cr2", vcpu_info_get()->arch.cr2, address_of(table));
    answers("NX on a page",
            hypercall_va_mapping(
                page, entry_make(frame_of((void *)page), MAP_WRITE) | 1ul << 63,
                UVMF_INVLPG | UVMF_LOCAL),
            0);
    trap_is("jump into it", way(do_jump, page, 0, 0), VECTOR_PF,
            us | 0x10 | FAULT_PRESENT, page);
    trap_is("write to the machine-to-phys table",
            way(do_write, HYPERVISOR_VIRT_START, 0, 0), VECTOR_PF,
            us | FAULT_WRITE | FAULT_PRESENT, at(do_write, 0));
    /* Xen's own memory begins behind the machine-to-phys table. */
    trap_is("jump to the machine-to-phys table",
            way(do_jump, HYPERVISOR_VIRT_START, 0, 0), VECTOR_PF,
            us | 0x10 | FAULT_PRESENT, HYPERVISOR_VIRT_START);
}

static void frames(void)
{
    const struct outcome *o;
    struct frame f;

    vcpu_info_get()->evtchn_upcall_mask = 1;
    o = run(do_registers, 0, 0, 0);
    f = frame_get(o);
    same("rax", o->rax, 0xa);
    same("rbx", o->rbx, 0xb);
    same("rdx", o->rdx, 0xd);
    same("rsi", o->rsi, 0x51);
    same("rdi", o->rdi, 0xd1);
    same("rbp", o->rbp, 0xb9);
    same("r8", o->r8, 8);
    same("r15", o->r15, 15);
    same("rcx in the frame", f.rcx, 0xc);
    same("r11 in the frame", f.r11, 11);
    same("cs of the kernel has RPL 0", f.cs, SELECTOR_CS64 & ~3u);
    same("ss", f.ss, SELECTOR_SS);
    same("rflags in the frame", f.rflags & ~0x8d5ul, RFLAGS_ONE);
    same("the mask saved", f.mask, 1);
    same("the frame ends at a multiple of 16", (o->rsp + 56) % 16, 0);
    check("same stack", f.rsp - o->rsp >= 56 && f.rsp - o->rsp < 56 + 16);
    same("the handler's cs", o->cs, SELECTOR_CS64);
    same("the handler's ss", o->ss, SELECTOR_SS);
    same("the handler's IF", o->rflags & RFLAGS_IF, RFLAGS_IF);

    o = run_user(do_registers, 0, 0, 0);
    f = frame_get(o);
    same("user: rax", o->rax, 0xa);
    same("user: r15", o->r15, 15);
    same("user: rcx in the frame", f.rcx, 0xc);
    same("user: r11 in the frame", f.r11, 11);
    same("user: cs has RPL 3", f.cs, SELECTOR_CS64);
    same("user: ss", f.ss, SELECTOR_SS);
    same("user: rsp", f.rsp, user_stack_top() - 8);
    same("user: mask", f.mask, 0);
    same("user: rflags", f.rflags & ~0x8d5ul, RFLAGS_IF | RFLAGS_ONE);
    same("user: on the stack of stack_switch", o->rsp, kernel_stack_top() - 56);

    o = run(do_stack_shifted, 0, 0, 0);
    same("an odd rsp is aligned", (o->rsp + 56) % 16, 0);
    same("but saved as it was", frame_get(o).rsp % 8, 3);
}

static void flags(void)
{
    const struct outcome *o = run(do_flags, RFLAGS_AC | RFLAGS_DF, 0, 0);
    struct frame f = frame_get(o);

    same("AC and DF are saved", f.rflags & (RFLAGS_AC | RFLAGS_DF),
         RFLAGS_AC | RFLAGS_DF);
    same("the handler has no AC", o->rflags & RFLAGS_AC, 0);
    same("but DF stays", o->rflags & RFLAGS_DF, RFLAGS_DF);
    o = run(do_flags, RFLAGS_NT, 0, 0);
    f = frame_get(o);
    same("NT is saved", f.rflags & RFLAGS_NT, RFLAGS_NT);
    same("the handler has no NT", o->rflags & RFLAGS_NT, 0);
    o = run(do_clear_flags, 0, 0, 0);
    same("popf cannot clear IF", o->rax & RFLAGS_IF, RFLAGS_IF);
    o = run(do_step, 0, 0, 0);
    trap_is("single step", o, VECTOR_DB, 0, at(do_step, 10));
    f = frame_get(o);
    same("TF is saved", f.rflags & RFLAGS_TF, RFLAGS_TF);
    same("the handler has no TF", o->rflags & RFLAGS_TF, 0);
    same("DR6 says single step",
         (uint64_t)hypercall(__HYPERVISOR_get_debugreg, 6, 0, 0, 0) & 0x400f,
         0x4000);
    answers("clear DR6", hypercall(__HYPERVISOR_set_debugreg, 6, 0, 0, 0), 0);
}

static void masks(void)
{
    const struct outcome *o;

    vcpu_info_get()->evtchn_upcall_mask = 0;
    o = run(do_ud2, 0, 0, 0);
    same("the mask saved is 0", frame_get(o).mask, 0);
    same("IF in the frame is 1", frame_get(o).rflags & RFLAGS_IF, RFLAGS_IF);
    same("a plain gate leaves the mask", vcpu_info_get()->evtchn_upcall_mask,
         0);
    answers("gate 6 that masks", gate_register(6, 4, stub_of(6)), 0);
    o = run(do_ud2, 0, 0, 0);
    same("the mask saved is 0 again", frame_get(o).mask, 0);
    same("a masking gate sets it", vcpu_info_get()->evtchn_upcall_mask, 1);
    o = run(do_ud2, 0, 0, 0);
    same("now the mask saved is 1", frame_get(o).mask, 1);
    same("and IF in the frame 0", frame_get(o).rflags & RFLAGS_IF, 0);
    answers("gate 6 as before", gate_register(6, 3, stub_of(6)), 0);
}

static void task_switched(void)
{
    answers("fpu_taskswitch(1)",
            hypercall(__HYPERVISOR_fpu_taskswitch, 1, 0, 0, 0), 0);
    trap_is("the FPU is not there", run(do_fpu, 0, 0, 0), VECTOR_NM, 0,
            at(do_fpu, 0));
    /* Xen hands the FPU back with the #NM: the next use goes through. */
    runs("after #NM, it is", run(do_fpu, 0, 0, 0));
    answers("fpu_taskswitch(1) again",
            hypercall(__HYPERVISOR_fpu_taskswitch, 1, 0, 0, 0), 0);
    trap_is("nor SSE", run(do_sse, 0, 0, 0), VECTOR_NM, 0, at(do_sse, 0));
    answers("fpu_taskswitch(0)",
            hypercall(__HYPERVISOR_fpu_taskswitch, 0, 0, 0, 0), 0);
    runs("SSE is back", run(do_sse, 0, 0, 0));
}

static void breakpoints(void)
{
    uint64_t *word = page_alloc();

    answers("DR0 on the heap",
            hypercall(__HYPERVISOR_set_debugreg, 0, address_of(word), 0, 0), 0);
    answers("DR7: 8 bytes, writes",
            hypercall(__HYPERVISOR_set_debugreg, 7, 0x90003, 0, 0), 0);
    same("get_debugreg(0)",
         (uint64_t)hypercall(__HYPERVISOR_get_debugreg, 0, 0, 0, 0),
         address_of(word));
    trap_is("a data breakpoint", run(do_write, address_of(word), 5, 0),
            VECTOR_DB, 0, at(do_write, 3));
    same("DR6 says DR0",
         (uint64_t)hypercall(__HYPERVISOR_get_debugreg, 6, 0, 0, 0) & 0x400f,
         1);
    runs("a read is no write", run(do_read, address_of(word), 0, 0));
    answers("DR7 off", hypercall(__HYPERVISOR_set_debugreg, 7, 0, 0, 0), 0);
    runs("no breakpoint any more", run(do_write, address_of(word), 5, 0));
    answers(
        "DR0 in the kernel's slots",
        hypercall(__HYPERVISOR_set_debugreg, 0, HYPERVISOR_VIRT_START, 0, 0),
        -XEN_EPERM);
    answers("DR7 with GD",
            hypercall(__HYPERVISOR_set_debugreg, 7, 0x2000, 0, 0), -XEN_EPERM);
    answers("DR7 with I/O breakpoints",
            hypercall(__HYPERVISOR_set_debugreg, 7, 0x20003, 0, 0), -XEN_EPERM);
    answers("DR4 is DR6, without CR4.DE",
            hypercall(__HYPERVISOR_set_debugreg, 4, 0, 0, 0), 0);
    answers("DR8", hypercall(__HYPERVISOR_set_debugreg, 8, 0, 0, 0),
            -XEN_ENODEV);
}

static void user_syscalls(void)
{
    const struct outcome *o = run_user(do_syscall, 1, 2, 3);
    const uint64_t *word = o->stack;

    same("a user's syscall", o->vector, VECTOR_SYSCALL);
    same("its rax", o->rax, 0x1234);
    same("its rdi", o->rdi, 1);
    same("its rcx is rip", word[0], at(do_syscall, 18));
    same("its r11 is rflags", word[1] & RFLAGS_IF, RFLAGS_IF);
    same("rip in the frame", word[2], at(do_syscall, 18));
    same("cs in the frame", (uint32_t)word[3], SELECTOR_CS64);
    same("rflags in the frame", word[4], word[1]);
    same("rsp in the frame", word[5], user_stack_top() - 8);
    same("ss in the frame", word[6], SELECTOR_SS);
    same("its stack", o->rsp, kernel_stack_top() - 56);
}

static struct iret_context context_to(snippet_t *code, uint64_t cs)
{
    uint64_t *top = (uint64_t *)user_stack_top();

    top[-1] = address_of(probe_user_done);
    return (struct iret_context){
        .rip = (uint64_t)code,
        .cs = cs,
        .rflags = RFLAGS_IF | RFLAGS_ONE,
        .rsp = address_of(top - 1),
        .ss = SELECTOR_SS,
    };
}

static void ways_back(void)
{
    struct iret_context c = context_to(do_ud2, SELECTOR_CS64 & ~3u);
    const struct outcome *o;
    unsigned int rpl;

    c.rax = 0xa;
    c.rcx = 0xc;
    c.r11 = 11;
    c.rflags = RFLAGS_ONE | RFLAGS_CF;
    for (rpl = 0; rpl < 3; rpl++) {
        c.cs = (SELECTOR_CS64 & ~3u) | rpl;
        vcpu_info_get()->evtchn_upcall_mask = 0;
        o = enter(&c);
        trap_is("iret to the kernel", o, VECTOR_UD, 0, at(do_ud2, 0));
        same("rax", o->rax, 0xa);
        same("rcx", frame_get(o).rcx, 0xc);
        same("r11", frame_get(o).r11, 11);
        same("cs", frame_get(o).cs, SELECTOR_CS64 & ~3u);
        same("no IF: the mask is set", frame_get(o).mask, 1);
        same("CF", frame_get(o).rflags & (RFLAGS_CF | RFLAGS_IF), RFLAGS_CF);
        same("rsp", frame_get(o).rsp, c.rsp);
    }
    c.rflags = RFLAGS_IF | RFLAGS_IOPL;
    c.cs = SELECTOR_CS64;
    c.flags = VGCF_in_syscall;
    o = enter(&c);
    trap_is("iret to the user, by sysret", o, VECTOR_UD, 0, at(do_ud2, 0));
    same("cs", frame_get(o).cs, SELECTOR_CS64);
    same("ss", frame_get(o).ss, SELECTOR_SS);
    same("rcx is rip", frame_get(o).rcx, at(do_ud2, 0));
    same("the user has no mask", frame_get(o).mask, 0);
    same("IOPL does not get through", frame_get(o).rflags & RFLAGS_IOPL, 0);
    c.flags = 0;
    c.ss = 0;
    trap_is("ring 3 needs an ss", enter(&c), VECTOR_GP, 0, c.rip);
}

static void native_returns(void)
{
    const struct outcome *o = run(do_native_iret, 0, 0, 0);

    runs("iretq in ring 3", o);
    same("with its flags", o->rax & (RFLAGS_CF | RFLAGS_IF),
         RFLAGS_CF | RFLAGS_IF);
    runs("iretq of the user", run_user(do_native_iret, 0, 0, 0));
    o = run(do_native_lret, 0, 0, 0);
    runs("lretq in ring 3", o);
    same("its cs", o->rax, SELECTOR_CS64);
    o = run(do_native_iret_to, (uint64_t)do_ud2, 0xe008, 0);
    same("iretq to ring 0: #GP(selector)", frame_get(o).error, 0xe008);
    o = run(do_native_iret_to, NOT_CANONICAL, SELECTOR_CS64, 0);
    same("iretq, not canonical: #GP", o->vector, VECTOR_GP);
}

/* A hypercall cannot be made to break the kernel with what it returns to. */
static void bad_returns(void)
{
    struct iret_context c = context_to(do_nothing, SELECTOR_CS64);
    const struct outcome *o;

    runs("an iret that is good", enter(&c));
    c.rip = NOT_CANONICAL;
    trap_is("not canonical", enter(&c), VECTOR_GP, 0, NOT_CANONICAL);
    c.flags = VGCF_in_syscall;
    trap_is("not canonical, by sysret", enter(&c), VECTOR_GP, 0, NOT_CANONICAL);
    c.rip = NOT_CANONICAL - 1;
    trap_is("the last canonical byte", enter(&c), VECTOR_PF, FAULT_USER | 0x10,
            NOT_CANONICAL - 1);
    c = context_to(do_nothing, 0xe00b);
    o = enter(&c);
    trap_is("cs of ring 0", o, VECTOR_GP, 0xe008, c.rip);
    same("cs in the frame", frame_get(o).cs, 0xe00b);
    same("rsp in the frame", frame_get(o).rsp, c.rsp);
    c = context_to(do_nothing, 0x13);
    trap_is("a cs that is not there", enter(&c), VECTOR_GP, 0x10, c.rip);
    c = context_to(do_nothing, 3);
    trap_is("no cs", enter(&c), VECTOR_GP, 0, c.rip);
    c = context_to(do_nothing, 0xe043);
    trap_is("the TSS as cs", enter(&c), VECTOR_GP, 0xe040, c.rip);
    c = context_to(do_nothing, SELECTOR_CS64);
    c.ss = 0xe010;
    trap_is("ss of ring 0", enter(&c), VECTOR_GP, 0xe010, c.rip);
    c.ss = SELECTOR_CS64;
    trap_is("cs as ss", enter(&c), VECTOR_GP, 0xe030, c.rip);
    c = context_to(do_nothing, SELECTOR_CS64);
    c.rflags = ~0ul;
    same("all flags at once: a single step", enter(&c)->vector, VECTOR_DB);
    c = context_to(do_ud2, SELECTOR_CS64);
    c.rsp = NOT_CANONICAL;
    trap_is("a stack pointer is not looked at", enter(&c), VECTOR_UD, 0,
            at(do_ud2, 0));
}

static void unaligned(void)
{
    uint64_t word = address_of(page_alloc()) + 1;
    const struct outcome *o = run(do_unaligned, word, 0, 0);

    /* CR0.AM is the kernel's business: #AC or nothing, but no harm. */
    check("an unaligned read with AC",
          o->vector == NO_TRAP || o->vector == VECTOR_AC);
    say("# vector %lu\n", o->vector);
}

void domain_main(const start_info_t *info)
{
    probe_setup(info);
    exceptions();
    interrupts();
    page_faults_from("kernel", false);
    page_faults_from("user", true);
    frames();
    flags();
    masks();
    task_switched();
    breakpoints();
    user_syscalls();
    ways_back();
    native_returns();
    bad_returns();
    unaligned();
    tests_end();
}
