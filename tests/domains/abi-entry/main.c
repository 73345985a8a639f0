/*
 * Entry: what a domain finds when it begins, before it has asked anything,
 * and the two ways to ask: the hypercall page and a bare syscall.
 */
#include "lib/domain.h"
#include "lib/probe.h"
#include "lib/tap.h"

#include <xen/arch-x86/cpuid.h>

#define MIB          0x100000u
#define LIST_ENTRIES (PAGE_BYTES / 8)

/* start.asm keeps the registers in this order. */
enum {
    RAX,
    RBX,
    RCX,
    RDX,
    RSI,
    RDI,
    RBP,
    RSP,
    R8,
    R15 = R8 + 7,
    FLAGS,
    CS,
    SS,
    DS,
    ES,
    FS,
    GS
};
extern uint64_t entry_state[];

SNIPPET void do_bare_syscall(void)
{
    __asm__("movl $0xb, %ebx; movl $8, %r8d; movl $9, %r9d; movl $10, %r10d;"
            "movl $12, %r12d; movl $15, %r15d; movq %rdi, %rax; movq %rsi,"
            "%rdi; movq %rdx, %rsi; movl $13, %edx; syscall; 1:"
            "leaq 1b(%rip), %r13; ret");
}

/* The stub of xen_version, with a value in every register. */
SNIPPET void do_stub(void)
{
    __asm__("movq %rdi, %rax; xorl %edi, %edi; xorl %esi, %esi;"
            "movl $0xb, %ebx; movl $0xc, %ecx; movl $0xd, %edx;"
            "movl $8, %r8d; movl $9, %r9d; movl $10, %r10d; movl $11, %r11d;"
            "movl $12, %r12d; movl $13, %r13d; movl $14, %r14d;"
            "movl $15, %r15d; movl $0xb9, %ebp; call *%rax; ret");
}

SNIPPET void do_read(void)
{
    __asm__("movq (%rdi), %rax; ret");
}

/* The prefix, then cpuid. */
SNIPPET void do_forced_cpuid(void)
{
    __asm__("movl %edi, %eax; movl %esi, %ecx;"
            ".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2; ret");
}

SNIPPET void do_forced_nop(void)
{
    __asm__(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x90; ret");
}

SNIPPET void do_forced_rdtsc(void)
{
    __asm__(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0x31; ret");
}

SNIPPET void do_native_cpuid(void)
{
    __asm__("movl %edi, %eax; xorl %ecx, %ecx; cpuid; ret");
}

static void registers(const start_info_t *info)
{
    uint64_t state = entry_state[FLAGS];
    uint64_t first_stack =
        info->pt_base + (info->nr_pt_frames + 1) * PAGE_BYTES;
    unsigned int i;
    uint64_t sum = 0;

    same("rsi is start_info", entry_state[RSI], address_of(info));
    same("rsp is the top of the first stack", entry_state[RSP], first_stack);
    for (i = RAX; i <= R15; i++) {
        if (i != RSI && i != RSP)
            sum |= entry_state[i];
    }
    same("all other registers are 0", sum, 0);
    same("rflags", state, RFLAGS_IF | RFLAGS_ONE);
    same("cs", entry_state[CS], SELECTOR_CS64);
    same("ss", entry_state[SS], SELECTOR_SS);
    same("ds", entry_state[DS], 0);
    same("es", entry_state[ES], 0);
    same("fs", entry_state[FS], 0);
    same("gs", entry_state[GS], 0);
}

static void information(const start_info_t *info)
{
    static const char magic[] = "xen-3.0-x86_64";

    /* A "p" may follow: the guest asked for PAE. */
    check("magic", memcmp(info->magic, magic, sizeof(magic) - 1) == 0);
    check("some pages", info->nr_pages >= 4096);
    same("shared_info is a page", info->shared_info % PAGE_BYTES, 0);
    same("no module", info->mod_start | info->mod_len, 0);
    if ((info->flags & SIF_INITDOMAIN) != 0) {
        same("flags of the first domain",
             info->flags & (SIF_PRIVILEGED | SIF_INITDOMAIN),
             SIF_PRIVILEGED | SIF_INITDOMAIN);
        same("no store", info->store_mfn, 0);
    } else {
        check("a console", info->console.domU.mfn != 0);
        check("a console's port", info->console.domU.evtchn != 0);
        check("a store", info->store_mfn != 0);
        check("a store's port", info->store_evtchn != 0);
    }
}

static void layout(const start_info_t *info)
{
    uint64_t list_pages = (info->nr_pages + LIST_ENTRIES - 1) / LIST_ENTRIES;
    uint64_t end = pages_mapped() * PAGE_BYTES;
    uint64_t stack_end = info->pt_base + (info->nr_pt_frames + 1) * PAGE_BYTES;
    extern char page_pool_end[];

    same("the frame list is behind the image", info->mfn_list,
         address_of(page_pool_end));
    same("start_info is behind the frame list", address_of(info),
         info->mfn_list + list_pages * PAGE_BYTES);
    check("page tables are behind start_info",
          info->pt_base > address_of(info) &&
              info->pt_base <= address_of(info) + 3 * PAGE_BYTES);
    same("the mapping ends at 4 MiB", end % (4 * MIB), 0);
    check("with 512 KiB to spare", end - stack_end >= MIB / 2);
    check("and no more than that", end - stack_end < 4 * MIB + MIB / 2);
}

static void numbers(const start_info_t *info)
{
    const uint64_t *m2p = machine_to_phys_mapping;
    uint64_t page, wrong = 0, twice = 0;
    uint64_t shared_frame = info->shared_info >> PAGE_SHIFT;

    for (page = 0; page < info->nr_pages; page++) {
        if (m2p[mfn_of(page)] != page)
            wrong++;
        if (page > 0 && mfn_of(page) == mfn_of(page - 1))
            twice++;
    }
    same("p2m and m2p agree for every page", wrong, 0);
    same("no frame twice", twice, 0);
    check("shared_info is no page of ours",
          m2p[shared_frame] >= info->nr_pages);
}

/* Walk to every page: tables read-only, all else writable. */
static void tables(const start_info_t *info)
{
    uint64_t first = page_number((const void *)info->pt_base);
    uint64_t last = first + info->nr_pt_frames;
    uint64_t page, wrong = 0, shy = 0, writable = 0;
    entry_t entry;

    for (page = 0; page < pages_mapped(); page++) {
        entry = entry_find(page << PAGE_SHIFT, 1);
        if (entry_frame(entry) != mfn_of(page))
            wrong++;
        if ((entry & ENTRY_USER) == 0)
            shy++;
        if (((entry & ENTRY_WRITABLE) == 0) != (page >= first && page < last))
            writable++;
    }
    same("page n is at n * 4096", wrong, 0);
    same("all with the user's bit", shy, 0);
    same("tables read-only, nothing else", writable, 0);
    same("the L4 table comes first",
         pfn_of(entry_frame(entry_find(info->pt_base, 1))), first);
    check("slots 256 of the L4 is the kernel's",
          (base_table()[KERNEL_SLOT_FIRST] & ENTRY_PRESENT) != 0);
    same("the last slot is empty", base_table()[511], 0);
    same("the slot of the half is empty", base_table()[255], 0);
}

static void shared_page(void)
{
    volatile struct shared_info *s = shared();
    unsigned int i;
    uint64_t masks = 0;

    for (i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        masks += s->vcpu_info[i].evtchn_upcall_mask == 1;
    same("all upcalls are masked", masks, XEN_LEGACY_MAX_VCPUS);
    check("a clock", s->vcpu_info[0].time.tsc_to_system_mul != 0);
    same("its version is even", s->vcpu_info[0].time.version & 1, 0);
    check("the time of day", s->wc_sec > 1000000000u || on_tally());
}

/* Frames of nobody have an entry, too. */
static void first_number(void)
{
    runs("m2p of frame 0 can be read",
         run(do_read, HYPERVISOR_VIRT_START, 0, 0));
}

static void stubs(void)
{
    const uint8_t *page = (const uint8_t *)hypercall_page;
    const struct outcome *o;
    unsigned int n, good = 0, bare = 0;

    for (n = 0; n < 64; n++) {
        if (page[32 * n] == 0x51 && page[32 * n + 1] == 0x41 &&
            page[32 * n + 2] == 0x53)
            good++;
        if (page[32 * n] == 0xcc)
            bare++;
    }
    same("64 stubs begin with push rcx; push r11", good, 64);
    same("none is left", bare, 0);
    o = run(do_stub, address_of(hypercall_page) + 32 * 17, 0, 0);
    runs("a stub returns", o);
    check("rax is the version", o->rax >= 4ul << 16);
    same("rbx", o->rbx, 0xb);
    same("rcx", o->rcx, 0xc);
    same("rdx", o->rdx, 0xd);
    same("rdi", o->rdi, 0);
    same("rsi", o->rsi, 0);
    same("rbp", o->rbp, 0xb9);
    same("r8", o->r8, 8);
    same("r9", o->r9, 9);
    same("r10", o->r10, 10);
    same("r11", o->r11, 11);
    same("r12", o->r12, 12);
    same("r13", o->r13, 13);
    same("r14", o->r14, 14);
    same("r15", o->r15, 15);
}

static void bare_syscall(void)
{
    const struct outcome *o = run(do_bare_syscall, 17, 0, 0);

    runs("a syscall without the page", o);
    check("it answers", o->rax >= 4ul << 16);
    same("rdx stays", o->rdx, 13);
    same("rbx stays", o->rbx, 0xb);
    same("r8 stays", o->r8, 8);
    same("r9 stays", o->r9, 9);
    same("r10 stays", o->r10, 10);
    same("r12 stays", o->r12, 12);
    same("r15 stays", o->r15, 15);
    same("rcx is rip", o->rcx, o->r13);
    same("r11 is rflags", o->r11 & ~0x8d5ul, RFLAGS_IF | RFLAGS_ONE);
}

static void unknown_calls(void)
{
    static const struct {
        uint64_t number;
        const char *name;
    } calls[] = {
        {11, "11"},
        {43, "43"},
        {44, "44"},
        {47, "47"},
        {56, "56"},
        {63, "63"},
        {64, "64"},
        {255, "255"},
        {1u << 31, "2^31"},
        {~0ul, "-1"},
        {1ul << 63 | 17, "2^63 + 17"},
        {1ul << 32 | 63, "2^32 + 63"},
    };
    unsigned int i;

    for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        answers(calls[i].name,
                (long)run(do_bare_syscall, calls[i].number, 0, 0)->rax,
                -XEN_ENOSYS);
    }
    /* Xen looks at 32 bits of the number only where the stub loads eax. */
    answers("2^32 + 17 is no 17",
            (long)run(do_bare_syscall, (1ul << 32) + 17, 0, 0)->rax,
            -XEN_ENOSYS);
}

static void forced_cpuid(void)
{
    const struct outcome *o = run(do_forced_cpuid, 0x40000000, 0, 0);
    uint32_t most = (uint32_t)o->rax;

    runs("forced cpuid", o);
    same("Xen's signature, ebx", o->rbx, XEN_CPUID_SIGNATURE_EBX);
    same("ecx", o->rcx, XEN_CPUID_SIGNATURE_ECX);
    same("edx", o->rdx, XEN_CPUID_SIGNATURE_EDX);
    check("some leaves", most >= 0x40000002 && most <= 0x400000ff);
    o = run(do_forced_cpuid, 0x40000001, 0, 0);
    same("the version", o->rax,
         (uint64_t)hypercall_version(XENVER_version, NULL));
    same("and nothing else", o->rbx | o->rcx | o->rdx, 0);
    o = run(do_forced_cpuid, 0x40000002, 0, 0);
    same("one page of hypercalls", o->rax, 1);
    same("its MSR's number", o->rbx, 0x40000000);
    same("PRESERVE_AD is there", o->rcx & 1, 1);
    o = run(do_forced_cpuid, 1, 0, 0);
    check("leaf 1: a hypervisor is below", (o->rcx >> 31 & 1) == 1);
    same("no VMX, no MONITOR, no x2APIC", o->rcx & (1u << 5 | 1u << 3), 0);
    same("no PSE, no PGE", o->rdx & (1u << 3 | 1u << 13), 0);
    check("FPU, TSC, MSR, PAE, CX8, SSE2", (o->rdx & 0x4000171) == 0x4000171);
    check("CX16", (o->rcx >> 13 & 1) == 1);
    o = run(do_forced_cpuid, 7, 0, 0);
    same("no SMEP, SMAP, INVPCID", o->rbx & (1u << 7 | 1u << 20 | 1u << 10), 0);
    same("no UMIP, PKU", o->rcx & (1u << 2 | 1u << 3), 0);
    o = run(do_forced_cpuid, 0x80000001, 0, 0);
    check("NX, SYSCALL, LM", (o->rdx & 0x20100800) == 0x20100800);
    same("no 1 GiB pages", o->rdx >> 26 & 1, 0);
    o = run(do_forced_cpuid, 0x40000100, 0, 0);
    same("nothing behind Xen's leaves", o->rax | o->rbx | o->rcx | o->rdx, 0);
    runs("the user's forced cpuid",
         run_user(do_forced_cpuid, 0x40000000, 0, 0));
    trap_is("the prefix before a nop: #UD", run(do_forced_nop, 0, 0, 0),
            VECTOR_UD, 0, (uint64_t)do_forced_nop);
    trap_is("the prefix before rdtsc: #UD", run(do_forced_rdtsc, 0, 0, 0),
            VECTOR_UD, 0, (uint64_t)do_forced_rdtsc);
    runs("a cpuid without the prefix", run(do_native_cpuid, 0, 0, 0));
}

void domain_main(const start_info_t *info)
{
    registers(info);
    information(info);
    layout(info);
    numbers(info);
    tables(info);
    probe_setup(info);
    shared_page();
    first_number();
    stubs();
    bare_syscall();
    unknown_calls();
    forced_cpuid();
    tests_end();
}
