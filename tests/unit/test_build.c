/*
 * kernel/domain/build.c on a machine of 48 MiB: a domain is complete, its
 * page tables please the rules, and a failure leaves nothing behind.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/elfnote.h>

#include "domain/boot_layout.h"
#include "domain/build.h"
#include "domain/event.h"
#include "domain/store.h"
#include "door.h"
#include "memory.h"
#include "unit/elf_file.h"
#include "x86/log.h"
#include "x86/stack.h"

enum {
    EXTENTS = 24,               /* the first is the kernel's */
    STEPS = 50,                 /* of an operation, before it stops */
};
#define MIB (UINT64_C(1) << 20)

struct memory machine;

static uint64_t m2p[EXTENTS * EXTENT_FRAMES];
static struct domain domain;
static unsigned int domains;
static unsigned int page_next;
static unsigned int pages_out;      /* given and not freed */
static unsigned int pages_left;     /* that may be given */
static unsigned int stacks;
static bool stack_fails;
static struct gigabyte gigabytes[1];
static unsigned int stores;
static char said[512];

/* ------------------------------------------------- instead of the kernel */

paddr_t page_alloc(void)
{
    if (pages_left == 0)
        return 0;
    pages_left--;
    pages_out++;
    page_next = page_next % 500 + 1;
    memset(machine.ram[page_next], 0, PAGE_BYTES);
    return page_next * PAGE_BYTES;
}

void page_free(paddr_t paddr)
{
    assert_true(paddr > 0 && paddr <= 500 * PAGE_BYTES);
    pages_out--;
}

int memory_give_gigabyte(struct owner *o, uint32_t *extent)
{
    (void)o;
    (void)extent;
    return -ENOMEM;             /* so much is not there */
}

int memory_give_extents(struct owner *o, uint32_t count)
{
    for (; count > 0; count--)
        if (extent_assign(&machine, o) == EXTENT_NONE)
            return -ENOMEM;
    return 0;
}

void m2p_set(mfn_t mfn, uint64_t pfn)
{
    assert_true(mfn < EXTENTS * EXTENT_FRAMES);
    m2p[mfn] = pfn;
}

int door_run(struct domain *d, int rc)
{
    while (rc > 0) {
        if (rc == STOP_FLUSH)
            flush_done(&machine, flush_begin(&machine));
        d->owner.budget = STEPS;
        rc = op_resume(&machine, &d->owner);
    }
    return rc;
}

struct domain *domain_new(void)
{
    if (domains > 0)
        return NULL;
    domains++;
    memset(&domain, 0, sizeof(domain));
    domain.owner.id = 3;
    domain.owner.extents = EXTENT_NONE;
    domain.owner.hint = EXTENT_NONE;
    domain.owner.loaded = domain.loaded;
    domain.owner.vcpus = DOMAIN_VCPUS;
    domain.loaded[0].base = MFN_NONE;
    domain.loaded[0].user_base = MFN_NONE;
    domain.vcpu[0].domain = &domain;
    return &domain;
}

void domain_free(struct domain *d)
{
    assert_ptr_equal(d, &domain);
    domains--;
}

vaddr_t stack_alloc(void)
{
    static _Alignas(16) uint8_t stack[STACK_BYTES];

    if (stack_fails)
        return 0;
    stacks++;
    return (uintptr_t)stack + sizeof(stack);
}

void stack_free(vaddr_t top)
{
    assert_int_not_equal(top, 0);
    stacks--;
}

void event_init(struct domain *d)
{
    assert_non_null(d->vcpu[0].info);
    d->store_port = 1;
    d->console_port = 2;
}

int store_open(struct domain *d)
{
    assert_non_null(d->store);
    if (page_alloc() == 0)
        return -ENOMEM;
    d->store_state = (struct store_backend *)&stores;
    stores++;
    return 0;
}

void store_close(struct domain *d)
{
    if (!d->store_state)
        return;
    d->store_state = NULL;
    stores--;
    page_free(PAGE_BYTES);
}

void fpu_reset(struct fpu *fpu)
{
    memset(fpu, 0, sizeof(*fpu));
}

void context_start(void)
{
}

void log_printf(enum log_level level, const char *format, ...)
{
    va_list args;

    assert_int_equal(level, LOG_ERROR);
    va_start(args, format);
    vsnprintf(said, sizeof(said), format, args);
    va_end(args);
}

/* ------------------------------------------------------------- machine */

static int set_up_machine(void **state)
{
    uint32_t i;

    (void)state;
    memset(&machine, 0, sizeof(machine));
    machine.superpages = calloc(EXTENTS, sizeof(struct superpage));
    memset(gigabytes, 0, sizeof(gigabytes));
    machine.gigabytes = gigabytes;
    machine.ram = aligned_alloc(PAGE_BYTES, EXTENTS * 2 * MIB);
    memset(machine.ram, 0xa5, EXTENTS * 2 * MIB);   /* what firmware left */
    memset(m2p, 0x5a, sizeof(m2p));
    machine.frames = EXTENTS * EXTENT_FRAMES;
    machine.free_extents = EXTENT_NONE;
    machine.clock = 1;
    machine.flushed = 1;
    for (i = EXTENTS - 1; i > 0; i--) {
        machine.superpages[i].frames =
            calloc(EXTENT_FRAMES, sizeof(struct frame));
        extent_add(&machine, i);
    }
    machine.superpages[0].owner = OWNER_KERNEL;
    machine.kernel_slots[0] = 0x1234063;
    pages_left = 400;
    said[0] = '\0';
    return 0;
}

static int tear_down_machine(void **state)
{
    uint32_t i;

    (void)state;
    for (i = 0; i < EXTENTS; i++)
        free(machine.superpages[i].frames);
    free(machine.superpages);
    free(machine.ram);
    return 0;
}

static void nothing_is_left(void)
{
    assert_int_equal(machine.free_count, EXTENTS - 1);
    assert_int_equal(domains, 0);
    assert_int_equal(stacks, 0);
    assert_int_equal(stores, 0);
    assert_int_equal(pages_out, 0);
}

/* -------------------------------------------------------------- domains */

static struct elf_file file;
static struct note_list notes;
static uint8_t code[5000];
static uint8_t ramdisk[10000];
static struct module_options options;
static struct build_file image;
static struct build_file no_ramdisk;

/* A domain at 1 MiB with a hypercall page, its second page. */
static void make_small(void)
{
    for (size_t i = 0; i < sizeof(code); i++)
        code[i] = (uint8_t)(i * 13 + 1);
    for (size_t i = 0; i < sizeof(ramdisk); i++)
        ramdisk[i] = (uint8_t)(i * 7 + 2);
    elf_file_init(&file);
    notes.size = 0;
    elf_file_load(&file, 0x100010, code, sizeof(code), 0x3000);
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0x100020);
    note_number(&notes, XEN_ELFNOTE_HYPERCALL_PAGE, 0x102000);
    options = (struct module_options){
        .name = "small", .mem_bytes = 16 * MIB, .command_line = "a b=c"};
}

/* The same seen from elsewhere, its list too, its ramdisk not at all. */
static void make_far(void)
{
    make_small();
    notes.size = 0;
    note_number(&notes, XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
    note_number(&notes, XEN_ELFNOTE_ENTRY, 0xffffffff80100020);
    note_number(&notes, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    note_number(&notes, XEN_ELFNOTE_MOD_START_PFN, 1);
    /* Not a whole number of extents. */
    options.mem_bytes = 15 * MIB + 12288;
}

static struct domain *build(const struct build_file *disk)
{
    elf_file_segment(&file, PT_NOTE, notes.bytes, notes.size);
    elf_file_finish(&file);
    image = (struct build_file){file.bytes, file.size};
    return domain_build(&options, &image, disk);
}

static void end_of(struct domain *d)
{
    struct audit_report report;

    assert_true(audit(&machine, &d->owner, &report));
    assert_int_equal(door_run(d, owner_destroy(&machine, &d->owner)), 0);
    stack_free(d->vcpu[0].stack_top);
    store_close(d);
    domain_free(d);
    nothing_is_left();
}

/* What the CPU would find at an address; 0 when nothing is mapped. */
static uint64_t translate(const struct domain *d, vaddr_t va)
{
    mfn_t mfn = d->loaded[0].base;
    uint64_t entry = 0;
    uint32_t level;

    for (level = 4; level >= 1; level--) {
        assert_true(mfn < machine.frames);
        entry = machine.ram[mfn][entry_slot(va, level)];
        if (!entry_present(entry))
            return 0;
        assert_true(entry & ENTRY_US);
        mfn = entry_mfn(entry);
    }
    return entry;
}

/* Copy memory of the domain as its own tables show it. */
static void read_va(const struct domain *d, vaddr_t va, void *out, size_t n)
{
    for (size_t i = 0; i < n; i++, va++) {
        uint64_t entry = translate(d, va);

        assert_true(entry_present(entry));
        ((uint8_t *)out)[i] =
            ((uint8_t *)machine.ram[entry_mfn(entry)])[va % PAGE_BYTES];
    }
}

/* List and table agree, and every page is the domain's own. */
static void check_p2m(const struct domain *d, const start_info_t *info)
{
    uint64_t pfn, mfn;

    for (pfn = 0; pfn < info->nr_pages; pfn++) {
        read_va(d, info->mfn_list + pfn * 8, &mfn, 8);
        assert_true(mfn < machine.frames);
        assert_int_equal(superpage_of(&machine, mfn)->owner, d->owner.id);
        assert_int_equal(m2p[mfn], pfn);
    }
    assert_int_equal(m2p[d->shared_mfn], UINT64_MAX);
    assert_int_equal(m2p[d->shared_mfn + GRANT_FRAMES + 1], UINT64_MAX);
}

/* Page n is seen at base + n pages, tables read-only, all else writable. */
static void check_mapping(const struct domain *d, const start_info_t *info,
                          vaddr_t base, uint64_t mapped)
{
    uint64_t first = (info->pt_base - base) / PAGE_BYTES;
    uint64_t pfn;

    for (pfn = 0; pfn < mapped; pfn++) {
        uint64_t entry = translate(d, base + pfn * PAGE_BYTES);

        assert_true(entry_present(entry));
        assert_int_equal(m2p[entry_mfn(entry)], pfn);
        assert_int_equal(entry_writable(entry),
                         pfn - first >= info->nr_pt_frames);
    }
    assert_int_equal(translate(d, base + mapped * PAGE_BYTES), 0);
}

static void check_vcpu(const struct domain *d, vaddr_t entry)
{
    const struct vcpu *v = &d->vcpu[0];
    const struct regs *r = context_regs(v->stack_top);
    struct regs zero = {.rip = r->rip,
                        .cs = 0xe033,
                        .rsp = r->rsp,
                        .ss = 0xe02b,
                        .rflags = 0x202,
                        .rsi = r->rsi};

    assert_int_equal(r->rip, entry);
    assert_memory_equal(r, &zero, sizeof(zero));
    assert_ptr_equal(v->regs, r);
    assert_int_equal(v->saved_rsp, v->stack_top - sizeof(struct regs) -
                                       sizeof(struct context_frame));
    assert_int_equal(v->kernel_sp, r->rsp);
    assert_ptr_equal(v->info, &d->shared->vcpu_info[0]);
    assert_int_equal(d->shared->vcpu_info[31].evtchn_upcall_mask, 1);
    assert_int_equal(v->state, VCPU_RUNNABLE);
}

/* ---------------------------------------------------------------- tests */

static void build_a_small_domain(void **state)
{
    const struct build_file disk = {ramdisk, sizeof(ramdisk)};
    struct domain *d;
    start_info_t info;
    uint8_t bytes[12000];

    (void)state;
    make_small();
    d = build(&disk);
    assert_non_null(d);
    assert_string_equal(d->name, "small");
    assert_int_equal(pages_out, 1);     /* the store's */
    check_vcpu(d, 0x100020);
    read_va(d, d->vcpu[0].regs->rsi, &info, sizeof(info));
    assert_string_equal(info.magic, "xen-3.0-x86_64");
    assert_int_equal(info.nr_pages, 0x1000);
    assert_int_equal(info.shared_info, d->shared_mfn * PAGE_BYTES);
    assert_int_equal(info.flags, 0);
    assert_int_equal(info.store_mfn, d->store_mfn);
    assert_int_equal(info.store_evtchn, 1);
    assert_int_equal(info.console.domU.mfn, d->console_mfn);
    assert_int_equal(info.console.domU.evtchn, 2);
    assert_int_equal(info.pt_base, d->vcpu[0].regs->rsi + 0x3000);
    assert_int_equal(info.nr_pt_frames, 5);
    assert_int_equal(info.mod_start, 0x103000 + PAGE_BYTES);
    assert_int_equal(info.mod_len, sizeof(ramdisk));
    assert_int_equal(info.first_p2m_pfn, 0);
    assert_string_equal((char *)info.cmd_line, "a b=c");
    assert_int_equal(d->vcpu[0].regs->rsp, info.pt_base + 6 * PAGE_BYTES);
    check_p2m(d, &info);
    check_mapping(d, &info, 0, 0x400);

    read_va(d, 0x100010, bytes, sizeof(code));
    assert_memory_equal(bytes, code, sizeof(code));
    read_va(d, info.mod_start, bytes, sizeof(bytes));
    assert_memory_equal(bytes, ramdisk, sizeof(ramdisk));
    assert_int_equal(bytes[sizeof(ramdisk)], 0);    /* not the firmware's */
    end_of(d);
}

static void build_hypercall_page(void **state)
{
    static const uint8_t call[] = {0x51, 0x41, 0x53, 0xb8, 29,   0,    0,   0,
                                   0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3, 0xcc};
    static const uint8_t iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 23,
                                   0,    0,    0,    0x0f, 0x05};
    uint8_t page[PAGE_BYTES];
    struct domain *d;

    (void)state;
    make_small();
    d = build(&no_ramdisk);
    assert_non_null(d);
    read_va(d, 0x102000, page, sizeof(page));
    assert_memory_equal(page + 29 * 32, call, sizeof(call));
    assert_memory_equal(page + 23 * 32, iret, sizeof(iret));
    end_of(d);
}

static void build_a_far_domain(void **state)
{
    const struct build_file disk = {ramdisk, sizeof(ramdisk)};
    const vaddr_t base = 0xffffffff80000000;
    struct domain *d;
    start_info_t info;
    uint64_t mfn;

    (void)state;
    make_far();
    options.name[0] = '\0';
    d = build(&disk);
    assert_non_null(d);
    assert_string_equal(d->name, "domain3");
    check_vcpu(d, 0xffffffff80100020);
    read_va(d, d->vcpu[0].regs->rsi, &info, sizeof(info));
    assert_int_equal(info.nr_pages, 0xf03);
    assert_int_equal(d->owner.allocated, 0xf03 + 1 + GRANT_FRAMES);
    assert_int_equal(info.flags, SIF_MOD_START_PFN);
    assert_int_equal(info.mod_start, 0x400);
    assert_int_equal(info.mfn_list, 0x8000000000);
    assert_int_equal(info.first_p2m_pfn, 0x403);
    assert_int_equal(info.nr_p2m_frames, 8 + 3);
    check_p2m(d, &info);
    check_mapping(d, &info, base, 0x400);
    read_va(d, info.mfn_list + info.mod_start * 8, &mfn, 8);
    assert_memory_equal(machine.ram[mfn], ramdisk, PAGE_BYTES);
    assert_int_equal(translate(d, 0x8000000000 + 8 * PAGE_BYTES), 0);
    end_of(d);
}

static void build_a_privileged_domain(void **state)
{
    struct domain *d;
    start_info_t info;

    (void)state;
    make_small();
    options.privileged = true;
    d = build(&no_ramdisk);
    assert_non_null(d);
    read_va(d, d->vcpu[0].regs->rsi, &info, sizeof(info));
    assert_int_equal(info.flags, SIF_PRIVILEGED | SIF_INITDOMAIN);
    assert_int_equal(info.store_mfn, 0);
    assert_int_equal(info.console.domU.mfn, 0);
    assert_int_equal(info.mod_start, 0);
    assert_null(d->console);
    assert_null(d->store_state);
    assert_int_equal(d->console_mfn, MFN_NONE);
    assert_int_equal(info.pt_base, d->vcpu[0].regs->rsi + PAGE_BYTES);
    check_mapping(d, &info, 0, 0x400);
    end_of(d);
}

/* The kernel shares frames: none of them can become a table. */
static void build_holds_what_it_shares(void **state)
{
    struct domain *d;

    (void)state;
    make_small();
    d = build(&no_ramdisk);
    assert_non_null(d);
    assert_int_equal(d->owner.held_count, 3 + GRANT_FRAMES);
    assert_int_not_equal(
        door_run(d, table_pin(&machine, &d->owner, d->shared_mfn, FRAME_L4)),
        0);
    assert_int_not_equal(
        door_run(d, table_pin(&machine, &d->owner, d->console_mfn, FRAME_L1)),
        0);
    end_of(d);
}

static void build_refuses_bad_files(void **state)
{
    (void)state;
    make_small();
    file.header.e_machine = EM_ARM;
    assert_null(build(&no_ramdisk));
    assert_string_equal(said, "domain small cannot be built: it is for "
                              "another machine than x86-64");
    make_small();
    options.mem_bytes = 2 * MIB;
    assert_null(build(&no_ramdisk));
    assert_string_equal(said, "domain small cannot be built: it needs mem=4M "
                              "or more, and has 2048K");
    make_small();
    options.mem_bytes = 46 * MIB;
    assert_null(build(&no_ramdisk));
    assert_string_equal(said,
                        "domain small cannot be built: with what it shares "
                        "it takes 48 MiB, and 46 MiB are free; mem=44M would "
                        "fit");
    nothing_is_left();
    domains = 1;
    make_small();
    assert_null(build(&no_ramdisk));
    assert_string_equal(said, "domain small cannot be built: there are too "
                              "many domains");
    domains = 0;
}

/* Run out of the kernel's own memory at each possible point. */
static void build_without_kernel_memory(void **state)
{
    unsigned int n;

    (void)state;
    make_small();
    assert_non_null(build(&no_ramdisk));
    end_of(&domain);
    for (n = 0; n < 3; n++) {
        pages_left = n;
        assert_null(domain_build(&options, &image, &no_ramdisk));
        assert_string_equal(said, "domain small cannot be built: there is no "
                                  "more free memory");
        nothing_is_left();
    }
    pages_left = 3;
    stack_fails = true;
    assert_null(domain_build(&options, &image, &no_ramdisk));
    assert_string_equal(said, "domain small cannot be built: there is no "
                              "memory for its kernel stack");
    stack_fails = false;
    nothing_is_left();
    pages_left = 3;
    assert_non_null(domain_build(&options, &image, &no_ramdisk));
    end_of(&domain);
}

#define BUILD_TEST(name) \
    cmocka_unit_test_setup_teardown(name, set_up_machine, tear_down_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUILD_TEST(build_a_small_domain),
        BUILD_TEST(build_hypercall_page),
        BUILD_TEST(build_a_far_domain),
        BUILD_TEST(build_a_privileged_domain),
        BUILD_TEST(build_holds_what_it_shares),
        BUILD_TEST(build_refuses_bad_files),
        BUILD_TEST(build_without_kernel_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
