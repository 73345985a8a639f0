/*
 * Privileged instructions, segments and descriptor tables: what a guest
 * kernel may do in ring 3, what is done for it, and what is refused.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#include <xen/physdev.h>

#define NOT_CANONICAL 0x800000000000u
#define MSR_EFER      0xc0000080u
#define MSR_FS_BASE   0xc0000100u
#define MSR_GS_BASE   0xc0000101u
#define MSR_GS_SWAP   0xc0000102u
#define MSR_LSTAR     0xc0000082u
#define MSR_STAR      0xc0000081u
#define MSR_NOBODYS   0x12345678u

/* Descriptors: flat, accessed. */
#define CODE64 0x00affb000000ffffu
#define CODE32 0x00cffb000000ffffu
#define DATA   0x00cff3000000ffffu

/* --------------------------------------------------------------- snippets */

SNIPPET void do_cli(void)
{
    __asm__("cli; ret");
}

SNIPPET void do_sti(void)
{
    __asm__("sti; ret");
}

SNIPPET void do_hlt(void)
{
    __asm__("hlt; ret");
}

SNIPPET void do_in(void)
{
    __asm__("movq $-1, %rax; movw $0x1234, %dx; inb %dx, %al; ret");
}

SNIPPET void do_in_imm(void)
{
    __asm__("movq $0, %rax; inl $0x70, %eax; ret");
}

SNIPPET void do_out(void)
{
    __asm__("movw $0x1234, %dx; outb %al, %dx; ret");
}

SNIPPET void do_out_16(void)
{
    __asm__("movw $0x1234, %dx; outw %ax, %dx; ret");
}

SNIPPET void do_rdmsr(void)
{
    __asm__("movq %rdi, %rcx; movq $-1, %rax; movq $-1, %rdx; rdmsr;"
            "ret");
}

SNIPPET void do_wrmsr(void)
{
    __asm__("movq %rdi, %rcx; movq %rsi, %rax; movq %rsi, %rdx;"
            "shrq $32, %rdx; wrmsr; ret");
}

SNIPPET void do_read_fs(void)
{
    __asm__("movq %fs:0, %rax; ret");
}

SNIPPET void do_read_gs(void)
{
    __asm__("movq %gs:0, %rax; ret");
}

SNIPPET void do_read_cr0(void)
{
    __asm__("movq %cr0, %rax; ret");
}

SNIPPET void do_read_cr2(void)
{
    __asm__("movq %cr2, %rax; ret");
}

SNIPPET void do_read_cr3(void)
{
    __asm__("movq %cr3, %rax; ret");
}

SNIPPET void do_read_cr4(void)
{
    __asm__("movq %cr4, %rax; ret");
}

SNIPPET void do_read_cr8(void)
{
    __asm__("movq %cr8, %rax; ret");
}

SNIPPET void do_write_cr0(void)
{
    __asm__("movq %rdi, %cr0; ret");
}

SNIPPET void do_write_cr2(void)
{
    __asm__("movq %rdi, %cr2; ret");
}

SNIPPET void do_write_cr3(void)
{
    __asm__("movq %rdi, %cr3; ret");
}

SNIPPET void do_write_cr4(void)
{
    __asm__("movq %rdi, %cr4; ret");
}

SNIPPET void do_write_cr8(void)
{
    __asm__("movq %rdi, %cr8; ret");
}

SNIPPET void do_clts(void)
{
    __asm__("clts; ret");
}

SNIPPET void do_fpu(void)
{
    __asm__("fninit; ret");
}

SNIPPET void do_read_dr7(void)
{
    __asm__("movq %dr7, %rax; ret");
}

SNIPPET void do_write_dr0(void)
{
    __asm__("movq %rdi, %dr0; ret");
}

SNIPPET void do_lgdt(void)
{
    __asm__("lgdt (%rdi); ret");
}

SNIPPET void do_lidt(void)
{
    __asm__("lidt (%rdi); ret");
}

SNIPPET void do_lldt(void)
{
    __asm__("lldt %di; ret");
}

SNIPPET void do_ltr(void)
{
    __asm__("ltr %di; ret");
}

SNIPPET void do_lmsw(void)
{
    __asm__("lmsw %di; ret");
}

SNIPPET void do_sgdt(void)
{
    __asm__("sgdt (%rdi); ret");
}

SNIPPET void do_smsw(void)
{
    __asm__("smsw %eax; ret");
}

SNIPPET void do_str(void)
{
    __asm__("str %eax; ret");
}

SNIPPET void do_wbinvd(void)
{
    __asm__("wbinvd; ret");
}

SNIPPET void do_invd(void)
{
    __asm__("invd; ret");
}

SNIPPET void do_invlpg(void)
{
    __asm__("invlpg (%rdi); ret");
}

SNIPPET void do_swapgs(void)
{
    __asm__("swapgs; ret");
}

SNIPPET void do_sysret(void)
{
    __asm__("leaq 1f(%rip), %rcx; pushfq; popq %r11; sysretq; 1: ret");
}

SNIPPET void do_sysenter(void)
{
    __asm__("sysenter; ret");
}

SNIPPET void do_sysexit(void)
{
    __asm__("sysexitl; ret");
}

SNIPPET void do_rdtsc(void)
{
    __asm__("rdtsc; ret");
}

SNIPPET void do_rdpmc(void)
{
    __asm__("xorl %ecx, %ecx; rdpmc; ret");
}

SNIPPET void do_xgetbv(void)
{
    __asm__("xorl %ecx, %ecx; xgetbv; ret");
}

SNIPPET void do_xsetbv(void)
{
    __asm__("xorl %ecx, %ecx; movl $1, %eax; xorl %edx, %edx; xsetbv; ret");
}

SNIPPET void do_rdfsbase(void)
{
    __asm__("rdfsbase %rax; ret");
}

SNIPPET void do_monitor(void)
{
    __asm__("movq %rdi, %rax; xorl %ecx, %ecx; xorl %edx, %edx; monitor; ret");
}

SNIPPET void do_vmcall(void)
{
    __asm__("vmcall; ret");
}

SNIPPET void do_stac(void)
{
    __asm__(".byte 0x0f, 0x01, 0xcb; ret");
}

SNIPPET void do_load_ds(void)
{
    __asm__("movw %di, %ds; movl %ds, %eax; ret");
}

SNIPPET void do_load_fs(void)
{
    __asm__("movw %di, %fs; movl %fs, %eax; ret");
}

SNIPPET void do_load_ss(void)
{
    __asm__("movw %di, %ss; movl %ss, %eax; ret");
}

SNIPPET void do_far_return(void)
{
    __asm__("pushq %rdi; leaq 1f(%rip), %rcx; pushq %rcx; lretq; 1:"
            "movl %cs, %eax; pushq $0xe033; leaq 2f(%rip), %rcx; pushq %rcx;"
            "lretq; 2: ret");
}

/* A far call through a 16:32 pointer at rdi. */
SNIPPET void do_far_call(void)
{
    __asm__("lcall *(%rdi); ret");
}

/* Into 32-bit code, which adds with a 32-bit push and pop, and back. */
SNIPPET void do_compatibility(void)
{
    __asm__("movq %rsp, %rsi; leaq 1f(%rip), %rcx; movl %edi, 4(%rdx);"
            "movl %ecx, (%rdx); leaq 2f(%rip), %rcx; movl %ecx, 8(%rdx);"
            "movl $0xe033, 12(%rdx); movq $-1, %rax; ljmp *(%rdx);"
            "1: .code32; movl %cs, %eax; pushl %eax; popl %ecx;"
            "ljmp *8(%edx);"
            ".code64; 2: movq %rsi, %rsp; ret");
}

SNIPPET void do_compatibility_trap(void)
{
    __asm__("leaq 1f(%rip), %rcx; pushq %rdi; pushq %rcx; lretq;"
            "1: ud2");
}

SNIPPET void do_compatibility_syscall(void)
{
    __asm__("leaq 1f(%rip), %rcx; pushq %rdi; pushq %rcx; lretq;"
            ".code32; 1: movl $17, %eax; syscall; ud2; .code64");
}

SNIPPET void do_lar(void)
{
    __asm__("xorl %eax, %eax; larl %edi, %eax; setz %cl; movzbl %cl, %ecx;"
            "ret");
}

/* ------------------------------------------------------------------ checks */

static void refused(const char *name, snippet_t *code, uint64_t argument)
{
    trap_is(name, run(code, argument, 0, 0), VECTOR_GP, 0, (uint64_t)code);
}

static void refused_to_user(const char *name, snippet_t *code,
                            uint64_t argument)
{
    trap_is(name, run_user(code, argument, 0, 0), VECTOR_GP, 0, (uint64_t)code);
}

static long set_iopl(uint32_t level)
{
    struct physdev_set_iopl request = {.iopl = level};

    return hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl,
                     address_of(&request), 0, 0);
}

static void input_and_output(void)
{
    refused("cli with IOPL 0", do_cli, 0);
    refused("sti with IOPL 0", do_sti, 0);
    refused_to_user("user: cli", do_cli, 0);
    refused("hlt", do_hlt, 0);
    refused_to_user("user: hlt", do_hlt, 0);
    same("in with IOPL 0", run(do_in, 0, 0, 0)->vector, VECTOR_GP);
    same("out with IOPL 0", run(do_out, 0, 0, 0)->vector, VECTOR_GP);
    answers("IOPL 4", set_iopl(4), -XEN_EINVAL);
    answers("IOPL 1", set_iopl(1), 0);
    runs("cli is no more than nothing", run(do_cli, 0, 0, 0));
    runs("sti", run(do_sti, 0, 0, 0));
    same("IF stays", run(do_cli, 0, 0, 0)->rflags & RFLAGS_IF, RFLAGS_IF);
    runs("in", run(do_in, 0, 0, 0));
    same("a port of nobody", run(do_in, 0, 0, 0)->rax, ~0ul);
    runs("out", run(do_out, 0, 0, 0));
    runs("out, two bytes", run(do_out_16, 0, 0, 0));
    runs("in, port in the instruction", run(do_in_imm, 0, 0, 0));
    refused_to_user("user: cli with IOPL 1", do_cli, 0);
    same("user: in with IOPL 1", run_user(do_in, 0, 0, 0)->vector, VECTOR_GP);
    answers("IOPL 3", set_iopl(3), 0);
    runs("user: cli with IOPL 3", run_user(do_cli, 0, 0, 0));
    runs("user: in with IOPL 3", run_user(do_in, 0, 0, 0));
    answers("IOPL 0", set_iopl(0), 0);
}

static uint64_t msr_value(const struct outcome *o)
{
    return (o->rdx << 32) | (uint32_t)o->rax;
}

static void model_registers(void)
{
    uint64_t *words = page_alloc();
    const struct outcome *o;

    words[0] = 0xf5;
    words[1] = 0x65;
    runs("wrmsr FS base", run(do_wrmsr, MSR_FS_BASE, address_of(words), 0));
    same("it is there", run(do_read_fs, 0, 0, 0)->rax, 0xf5);
    runs("wrmsr GS base", run(do_wrmsr, MSR_GS_BASE, address_of(words + 1), 0));
    same("it is there", run(do_read_gs, 0, 0, 0)->rax, 0x65);
    o = run(do_rdmsr, MSR_GS_BASE, 0, 0);
    runs("rdmsr GS base", o);
    same("its value", msr_value(o), address_of(words + 1));
    same("upper half of rax is clear", o->rax >> 32, 0);
    runs("wrmsr user GS base",
         run(do_wrmsr, MSR_GS_SWAP, address_of(words), 0));
    same("the user sees it", run_user(do_read_gs, 0, 0, 0)->rax, 0xf5);
    same("the kernel still its own", run(do_read_gs, 0, 0, 0)->rax, 0x65);
    same("user: rdmsr", run_user(do_rdmsr, MSR_GS_BASE, 0, 0)->vector,
         VECTOR_GP);
    same("FS base, not canonical",
         run(do_wrmsr, MSR_FS_BASE, NOT_CANONICAL, 0)->vector, VECTOR_GP);
    same("EFER: SCE, LME, LMA, NX",
         msr_value(run(do_rdmsr, MSR_EFER, 0, 0)) & 0xd01, 0xd01);
    same("rdmsr of nobody's", run(do_rdmsr, MSR_NOBODYS, 0, 0)->vector,
         VECTOR_GP);
    same("wrmsr of nobody's", run(do_wrmsr, MSR_NOBODYS, 0, 0)->vector,
         VECTOR_GP);
    same("rdmsr LSTAR", run(do_rdmsr, MSR_LSTAR, 0, 0)->vector, VECTOR_GP);
    same("wrmsr LSTAR", run(do_wrmsr, MSR_LSTAR, 0, 0)->vector, VECTOR_GP);
    same("rdmsr STAR", run(do_rdmsr, MSR_STAR, 0, 0)->vector, VECTOR_GP);
    same("wrmsr EFER without NX", run(do_wrmsr, MSR_EFER, 0x501, 0)->vector,
         VECTOR_GP);
    same("wrmsr the TSC", run(do_wrmsr, 0x10, 0, 0)->vector, VECTOR_GP);
    runs("rdmsr the APIC base", run(do_rdmsr, 0x1b, 0, 0));
    same("wrmsr the APIC base", run(do_wrmsr, 0x1b, 0, 0)->vector, VECTOR_GP);
    same("rdmsr SYSENTER_CS", run(do_rdmsr, 0x174, 0, 0)->vector, VECTOR_GP);
}

static void control_registers(void)
{
    uint64_t cr0 = run(do_read_cr0, 0, 0, 0)->rax;
    uint64_t cr4 = run(do_read_cr4, 0, 0, 0)->rax;
    uint64_t cr3 = frame_of(base_table()) << PAGE_SHIFT;

    same("cr0: PE, WP, PG", cr0 & 0x80010001, 0x80010001);
    same("cr0: no TS", cr0 & 8, 0);
    same("cr4: PAE", cr4 & 0x20, 0x20);
    same("cr4: no DE", cr4 & 8, 0);
    same("cr4: no PSE, PGE, PCID, SMEP, SMAP", cr4 & 0x320090, 0);
    say("# cr0 0x%lx cr4 0x%lx\n", cr0, cr4);
    same("cr3", run(do_read_cr3, 0, 0, 0)->rax, cr3);
    run(do_fpu, 0, 0, 0);
    runs("write the same cr0", run(do_write_cr0, cr0, 0, 0));
    runs("cr0 with TS", run(do_write_cr0, cr0 | 8, 0, 0));
    same("cr0 says so", run(do_read_cr0, 0, 0, 0)->rax, cr0 | 8);
    same("the FPU is not there", run(do_fpu, 0, 0, 0)->vector, VECTOR_NM);
    runs("cr0 with TS again", run(do_write_cr0, cr0 | 8, 0, 0));
    runs("clts", run(do_clts, 0, 0, 0));
    runs("the FPU is there", run(do_fpu, 0, 0, 0));
    refused("cr0 without PG", do_write_cr0, cr0 & 0x7fffffff);
    refused("cr0 without WP", do_write_cr0, cr0 & ~0x10000ul);
    runs("write cr2", run(do_write_cr2, 0x1234567, 0, 0));
    same("read cr2", run(do_read_cr2, 0, 0, 0)->rax, 0x1234567);
    same("and in vcpu_info", vcpu_info_get()->arch.cr2, 0x1234567);
    runs("write the same cr3", run(do_write_cr3, cr3, 0, 0));
    refused("cr3 of a frame that is no L4", do_write_cr3,
            frame_of(page_alloc()) << PAGE_SHIFT);
    refused("cr3 of no frame", do_write_cr3, ~0ul);
    runs("write the same cr4", run(do_write_cr4, cr4, 0, 0));
    same("read it back", run(do_read_cr4, 0, 0, 0)->rax, cr4);
    runs("cr4 with DE", run(do_write_cr4, cr4 | 8, 0, 0));
    same("read it back", run(do_read_cr4, 0, 0, 0)->rax, cr4 | 8);
    runs("cr4 with TSD", run(do_write_cr4, cr4 | 4, 0, 0));
    same("read it back", run(do_read_cr4, 0, 0, 0)->rax, cr4 | 4);
    runs("the kernel may rdtsc", run(do_rdtsc, 0, 0, 0));
    same("its user may not", run_user(do_rdtsc, 0, 0, 0)->vector, VECTOR_GP);
    runs("cr4 with all bits", run(do_write_cr4, ~0ul, 0, 0));
    runs("cr4 as it was", run(do_write_cr4, cr4, 0, 0));
    refused("read cr8", do_read_cr8, 0);
    refused("write cr8", do_write_cr8, 0);
    refused_to_user("user: read cr0", do_read_cr0, 0);
    refused_to_user("user: write cr3", do_write_cr3, cr3);
    refused_to_user("user: clts", do_clts, 0);
    runs("read dr7", run(do_read_dr7, 0, 0, 0));
    same("its value", run(do_read_dr7, 0, 0, 0)->rax, 0x400);
    runs("write dr0", run(do_write_dr0, 0x5000, 0, 0));
    same("get_debugreg",
         (uint64_t)hypercall(__HYPERVISOR_get_debugreg, 0, 0, 0, 0), 0x5000);
    refused("dr0 in the kernel's slots", do_write_dr0, HYPERVISOR_VIRT_START);
    refused_to_user("user: read dr7", do_read_dr7, 0);
}

static void other_instructions(void)
{
    uint64_t *word = page_alloc();
    const struct outcome *o;

    refused("lgdt", do_lgdt, address_of(word));
    refused("lidt", do_lidt, address_of(word));
    refused("lldt", do_lldt, 0);
    refused("ltr", do_ltr, 0);
    refused("lmsw", do_lmsw, 0);
    refused("swapgs", do_swapgs, 0);
    runs("wbinvd", run(do_wbinvd, 0, 0, 0));
    refused("invd", do_invd, 0);
    refused("invlpg", do_invlpg, address_of(word));
    refused_to_user("user: invlpg", do_invlpg, address_of(word));
    refused_to_user("user: wbinvd", do_wbinvd, 0);
    same("sysret", run(do_sysret, 0, 0, 0)->vector, VECTOR_GP);
    o = run(do_sysenter, 0, 0, 0);
    check("sysenter", o->vector == VECTOR_GP || o->vector == VECTOR_UD);
    o = run_user(do_sysenter, 0, 0, 0);
    check("user: sysenter", o->vector == VECTOR_GP || o->vector == VECTOR_UD);
    say("# sysenter of a user: vector %lu error 0x%lx\n", o->vector,
        frame_get(o).error);
    o = run(do_sysexit, 0, 0, 0);
    check("sysexit", o->vector == VECTOR_GP || o->vector == VECTOR_UD);
    runs("rdtsc", run(do_rdtsc, 0, 0, 0));
    runs("user: rdtsc", run_user(do_rdtsc, 0, 0, 0));
    same("rdpmc", run(do_rdpmc, 0, 0, 0)->vector, VECTOR_GP);
    same("rdfsbase, which is not offered", run(do_rdfsbase, 0, 0, 0)->vector,
         VECTOR_UD);
    same("monitor", run(do_monitor, address_of(word), 0, 0)->vector, VECTOR_UD);
    same("vmcall", run(do_vmcall, 0, 0, 0)->vector, VECTOR_UD);
    same("stac", run(do_stac, 0, 0, 0)->vector, VECTOR_UD);
    o = run(do_xsetbv, 0, 0, 0);
    check("xsetbv", o->vector != NO_TRAP);
    say("# xsetbv: vector %lu\n", o->vector);
    o = run(do_xgetbv, 0, 0, 0);
    say("# xgetbv: vector %lu\n", o->vector);
    o = run(do_sgdt, address_of(word), 0, 0);
    check("sgdt: told, or #GP", o->vector == NO_TRAP || o->vector == VECTOR_GP);
    o = run(do_smsw, 0, 0, 0);
    check("smsw: told, or #GP", o->vector == NO_TRAP || o->vector == VECTOR_GP);
    o = run(do_str, 0, 0, 0);
    check("str: told, or #GP", o->vector == NO_TRAP || o->vector == VECTOR_GP);
}

static void segments(void)
{
    uint64_t *words = page_alloc();
    static const uint64_t bad[] = {0xe008, 0xe010, 0x13,  0xe040,
                                   0xffff, 7,      0xe07b};
    unsigned int i;
    const struct outcome *o;

    same("ds: the user's data", run(do_load_ds, SELECTOR_SS, 0, 0)->rax,
         SELECTOR_SS);
    same("ds: null", run(do_load_ds, 3, 0, 0)->rax, 3);
    same("ds: null", run(do_load_ds, 0, 0, 0)->rax, 0);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        o = run(do_load_ds, bad[i], 0, 0);
        trap_is("ds: #GP(selector)", o, VECTOR_GP, bad[i] & ~3ul,
                (uint64_t)do_load_ds);
    }
    same("ss: the same", run(do_load_ss, SELECTOR_SS, 0, 0)->rax, SELECTOR_SS);
    trap_is("ss: null", run(do_load_ss, 0, 0, 0), VECTOR_GP, 0,
            (uint64_t)do_load_ss);
    same("fs: the user's data", run(do_load_fs, SELECTOR_SS, 0, 0)->rax,
         SELECTOR_SS);
    same("fs: null", run(do_load_fs, 0, 0, 0)->rax, 0);
    words[0] = 0x77;
    answers("set_segment_base FS",
            hypercall(__HYPERVISOR_set_segment_base, SEGBASE_FS,
                      address_of(words), 0, 0),
            0);
    same("it is there", run(do_read_fs, 0, 0, 0)->rax, 0x77);
    answers("GS of the kernel",
            hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_KERNEL,
                      address_of(words), 0, 0),
            0);
    same("it is there", run(do_read_gs, 0, 0, 0)->rax, 0x77);
    words[1] = 0x88;
    answers("GS of the user",
            hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER,
                      address_of(words + 1), 0, 0),
            0);
    same("the user sees it", run_user(do_read_gs, 0, 0, 0)->rax, 0x88);
    answers("a selector for the user's GS",
            hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL,
                      SELECTOR_SS, 0, 0),
            0);
    same("its base is gone, and 0 can be read",
         run_user(do_read_gs, 0, 0, 0)->vector, NO_TRAP);
    answers("a selector that is not there",
            hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL,
                      0xe010, 0, 0),
            0);
    answers("a base that is not canonical",
            hypercall(__HYPERVISOR_set_segment_base, SEGBASE_FS, NOT_CANONICAL,
                      0, 0),
            -XEN_EINVAL);
    answers("a base in the kernel's slots",
            hypercall(__HYPERVISOR_set_segment_base, SEGBASE_FS,
                      HYPERVISOR_VIRT_START, 0, 0),
            0);
    /* It is the machine-to-phys table: a guest may read that. */
    check("reading there does no harm",
          run(do_read_fs, 0, 0, 0)->vector == NO_TRAP || on_tally());
    answers("segment base 4",
            hypercall(__HYPERVISOR_set_segment_base, 4, 0, 0, 0), -XEN_EINVAL);
    answers("FS back to 0",
            hypercall(__HYPERVISOR_set_segment_base, SEGBASE_FS, 0, 0, 0), 0);
}

static long gdt_set(const uint64_t *table, unsigned int entries)
{
    uint64_t frame = frame_of(table);

    return hypercall(__HYPERVISOR_set_gdt, address_of(&frame), entries, 0, 0);
}

static long descriptor_set(const uint64_t *slot, uint64_t value)
{
    uint64_t place =
        (frame_of(slot) << PAGE_SHIFT) + address_of(slot) % PAGE_BYTES;

    return hypercall(__HYPERVISOR_update_descriptor, place, value, 0, 0);
}

static uint64_t *gdt;

static void global_table(void)
{
    uint64_t *pointer = page_alloc();
    const struct outcome *o;

    gdt = page_alloc();
    gdt[1] = CODE64;
    gdt[2] = DATA;
    gdt[3] = CODE32;
    gdt[4] = CODE64 & ~(3ul << 45); /* DPL 0 */
    gdt[5] = CODE64 & ~(1ul << 47); /* not present */
    answers("set_gdt of a writable page", gdt_set(gdt, 512), -XEN_EINVAL);
    page_protect(gdt);
    answers("set_gdt", gdt_set(gdt, 512), 0);
    answers("its page cannot be writable", page_release(gdt), -XEN_EBUSY);
    same("ds from it", run(do_load_ds, 0x13, 0, 0)->rax, 0x13);
    same("RPL 0 is fine for data", run(do_load_ds, 0x10, 0, 0)->rax, 0x10);
    run(do_load_ds, 0, 0, 0);
    same("cs from it", run(do_far_return, 0x0b, 0, 0)->rax, 0x0b);
    same("a code segment is made DPL 3", gdt[4] >> 45 & 3, 3);
    same("cs that had DPL 0", run(do_far_return, 0x23, 0, 0)->rax, 0x23);
    same("cs not present: #NP", run(do_far_return, 0x2b, 0, 0)->vector,
         VECTOR_NP);
    same("data as cs: #GP", run(do_far_return, 0x13, 0, 0)->vector, VECTOR_GP);
    o = run(do_compatibility, 0x1b, 0, address_of(pointer));
    runs("into 32-bit code and back", o);
    same("its cs", o->rcx, 0x1b);
    same("the flat 32-bit cs",
         run(do_compatibility, SELECTOR_CS32, 0, address_of(pointer))->rcx,
         SELECTOR_CS32);
    o = run(do_compatibility_trap, 0x1b, 0, 0);
    same("a trap of 32-bit code", o->vector, VECTOR_UD);
    same("its cs in the frame", frame_get(o).cs, 0x18);
    o = run_user(do_compatibility_trap, SELECTOR_CS32, 0, 0);
    same("a trap of a 32-bit user", o->vector, VECTOR_UD);
    same("its cs in the frame", frame_get(o).cs, SELECTOR_CS32);
    same("lar of the kernel's code is no news", run(do_lar, 0xe008, 0, 0)->rcx,
         0);
}

static void bad_tables(void)
{
    uint64_t *bad = page_alloc();
    uint64_t frames[2] = {frame_of(gdt), 0};

    page_protect(bad);
    answers("513 entries, the second frame is 0",
            hypercall(__HYPERVISOR_set_gdt, address_of(frames), 513, 0, 0),
            -XEN_EINVAL);
    answers("7169 entries",
            hypercall(__HYPERVISOR_set_gdt, address_of(frames), 7169, 0, 0),
            -XEN_EINVAL);
    answers(
        "2^32 - 1 entries",
        hypercall(__HYPERVISOR_set_gdt, address_of(frames), 0xffffffff, 0, 0),
        -XEN_EINVAL);
    answers("a bad pointer",
            hypercall(__HYPERVISOR_set_gdt, NOT_CANONICAL, 1, 0, 0),
            -XEN_EFAULT);
    frames[0] = ~0ul;
    answers("frame -1",
            hypercall(__HYPERVISOR_set_gdt, address_of(frames), 1, 0, 0),
            -XEN_EINVAL);
    frames[0] = frame_of(base_table());
    answers("the L4 table",
            hypercall(__HYPERVISOR_set_gdt, address_of(frames), 1, 0, 0),
            -XEN_EINVAL);
    answers("after all that the table is the old one",
            (long)run(do_load_ds, 0x13, 0, 0)->rax, 0x13);
    run(do_load_ds, 0, 0, 0);
    answers("no table", hypercall(__HYPERVISOR_set_gdt, 0, 0, 0, 0), 0);
    same("nothing is left of it", run(do_load_ds, 0x13, 0, 0)->vector,
         VECTOR_GP);
    answers("its page is plain again", page_release(gdt), 0);
    page_protect(gdt);
    answers("and a table once more", gdt_set(gdt, 512), 0);
}

/* What a descriptor table may hold: gates lead nowhere. */
static void descriptors(void)
{
    uint64_t *slot = gdt + 16;
    uint64_t target = (uint64_t)do_cli;
    uint64_t *pointer = page_alloc();
    uint64_t call_gate = 0x0000ec0000000000u | 0xe008u << 16 |
                         (target & 0xffff) | (target >> 16 & 0xffff) << 48;
    static const struct {
        const char *name;
        uint64_t value;
        long answer;
    } cases[] = {
        {"a data segment", DATA, 0},
        {"a data segment, expand down", 0x00cff7000000ffffu, 0},
        {"a 16-bit code segment", 0x008ffb000000ffffu, 0},
        {"a segment that is not present", 0x0000f30000000000u, 0},
        {"nothing", 0, 0},
        {"anything not present", 0xffff7fffffffffffu, 0},
        {"an LDT", 0x0000e20000000067u, -XEN_EINVAL},
        {"a TSS", 0x0000e90000000067u, -XEN_EINVAL},
        {"a busy TSS", 0x0000eb0000000067u, -XEN_EINVAL},
        {"an interrupt gate", 0x0000ee0000080000u, -XEN_EINVAL},
        {"a trap gate", 0x0000ef0000080000u, -XEN_EINVAL},
        {"a task gate", 0x0000e50000080000u, -XEN_EINVAL},
        {"system type 0", 0x0000e00000000000u, 0},
    };
    unsigned int i;
    const struct outcome *o;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        answers(cases[i].name, descriptor_set(slot, cases[i].value),
                cases[i].answer);
    answers("DPL 0 data", descriptor_set(slot, DATA & ~(3ul << 45)), 0);
    same("is made DPL 3", *(volatile uint64_t *)slot >> 45 & 3, 3);
    answers("a call gate to the kernel's code", descriptor_set(slot, call_gate),
            -XEN_EINVAL);
    /* Xen stores it with DPL 0, so that ring 3 can do nothing with it. */
    answers("a call gate to my code",
            descriptor_set(slot, (call_gate & ~0xffff0000ul) |
                                     (uint64_t)SELECTOR_CS64 << 16),
            on_tally() ? -XEN_EINVAL : 0);
    pointer[0] = 0x83ul << 32;
    o = run(do_far_call, address_of(pointer), 0, 0);
    check("calling it leads to no ring 0", o->vector == VECTOR_GP ||
                                               o->vector == NO_TRAP ||
                                               o->vector == VECTOR_NP);
    say("# far call by a gate: vector %lu error 0x%lx\n", o->vector,
        frame_get(o).error);
    answers("a misaligned address",
            hypercall(__HYPERVISOR_update_descriptor,
                      (frame_of(gdt) << PAGE_SHIFT) + 4, DATA, 0, 0),
            -XEN_EINVAL);
    answers("a frame that is not mine",
            hypercall(__HYPERVISOR_update_descriptor, 0, DATA, 0, 0),
            -XEN_EINVAL);
    answers("a machine address of 2^63",
            hypercall(__HYPERVISOR_update_descriptor, 1ul << 63, DATA, 0, 0),
            -XEN_EINVAL);
    answers("plain memory", descriptor_set(pointer, DATA), 0);
    same("is written", *(volatile uint64_t *)pointer, DATA);
    answers("a page table",
            descriptor_set((const uint64_t *)base_table() + 8, DATA),
            -XEN_EINVAL);
}

static long ldt_set(const void *table, uint64_t entries)
{
    struct mmuext_op operation = {.cmd = MMUEXT_SET_LDT};

    operation.arg1.linear_addr = address_of(table);
    operation.arg2.nr_ents = (unsigned int)entries;
    return hypercall_mmuext(&operation, 1, NULL);
}

static void local_table(void)
{
    uint64_t *ldt = page_alloc();
    const struct outcome *o;

    ldt[0] = DATA;
    ldt[1] = CODE64;
    ldt[2] = 0x0000ec00e0080000u; /* a call gate to ring 0 */
    ldt[511] = DATA;
    trap_is("no LDT: #GP(selector)", run(do_load_ds, 7, 0, 0), VECTOR_GP, 4,
            (uint64_t)do_load_ds);
    /* Xen looks at the page when it is used, Tally when it is named. */
    answers("set_ldt of a writable page", ldt_set(ldt, 8),
            on_tally() ? -XEN_EINVAL : 0);
    o = run(do_load_ds, 7, 0, 0);
    check("a writable page does not become a table",
          o->vector == VECTOR_GP || o->vector == VECTOR_PF);
    page_protect(ldt);
    answers("a call gate in it", ldt_set(ldt, 8), on_tally() ? -XEN_EINVAL : 0);
    o = run(do_load_ds, 7, 0, 0);
    check("a bad page does not become a table",
          o->vector == VECTOR_GP || o->vector == VECTOR_PF);
    ldt_set(NULL, 0);
    page_release(ldt);
    ldt[2] = 0;
    page_protect(ldt);
    answers("set_ldt", ldt_set(ldt, 8), 0);
    same("ds from the LDT", run(do_load_ds, 7, 0, 0)->rax, 7);
    answers("its page cannot be writable", page_release(ldt), -XEN_EBUSY);
    same("cs from the LDT", run(do_far_return, 0x0f, 0, 0)->rax, 0x0f);
    trap_is("beyond its limit: #GP", run(do_load_ds, 0xfff, 0, 0), VECTOR_GP,
            0xffc, (uint64_t)do_load_ds);
    run(do_load_ds, 0, 0, 0);
    answers("8193 entries", ldt_set(ldt, 8193), -XEN_EINVAL);
    answers("not aligned", ldt_set((char *)ldt + 8, 8), -XEN_EINVAL);
    answers("no LDT", ldt_set(NULL, 0), 0);
    same("nothing is left of it", run(do_load_ds, 7, 0, 0)->vector, VECTOR_GP);
    answers("its page is plain again", page_release(ldt), 0);
    answers("an LDT in the kernel's slots",
            ldt_set((void *)HYPERVISOR_VIRT_START, 8), -XEN_EINVAL);
    answers("an LDT in a gap", ldt_set((void *)0x40000000, 8),
            on_tally() ? -XEN_EINVAL : 0);
    o = run(do_load_ds, 7, 0, 0);
    check("a selector in the gap",
          o->vector == VECTOR_GP || (o->vector == VECTOR_PF && !on_tally()));
    answers("no LDT", ldt_set(NULL, 0), 0);
}

void domain_main(const start_info_t *info)
{
    probe_setup(info);
    input_and_output();
    model_registers();
    control_registers();
    other_instructions();
    segments();
    global_table();
    bad_tables();
    descriptors();
    local_table();
    tests_end();
}
