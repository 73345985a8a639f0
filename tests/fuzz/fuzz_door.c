/*
 * The hypercall door with guest memory behind it. The domain's addresses go
 * through its own page tables, as they stand in its frames; what it points to
 * may be anything, anywhere, and change while it is read. After every call the
 * counts must be right, nothing that is not the domain's may have changed, and
 * no table was written but by the rules. The first byte chooses the design of
 * superpages.
 *
 * Calls that only move registers of a real CPU are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "hypercall.c" /* all of it: the door has one entrance */

#include <xen/memory.h>

#include "domain/console_input.h"
#include "domain/console_ring.h"
#include "domain/schedule.h"
#include "domain/store.h"
#include "latency.h"
#include "memory.h"
#include "report.h"
#include "x86/copy.h"
#include "x86/cpu.h"
#include "x86/log.h"
#include "x86/msr.h"
#include "x86/tsc.h"

#define EXTENTS  5
#define FRAMES   (EXTENTS * EXTENT_FRAMES)
#define FIRST    EXTENT_FRAMES       /* of the domain */
#define OWN      48                  /* frames that it has */
#define LARGE    (4 * EXTENT_FRAMES) /* its superpage */
#define PAGES    24                  /* of them mapped, at n * 4096 */
#define CLEANED  96                  /* that it can ever have */
#define CANARIES 4
#define CANARY   UINT64_C(0x7e57ab1e0f0ddba1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct memory machine;
uint32_t door_budget = 64;

static uint64_t ram[FRAMES][TABLE_ENTRIES];
static struct frame frames[FRAMES];
static struct superpage superpages[EXTENTS];
static struct gigabyte gigabytes[1];
static struct domain domain;
static struct owner other;
static struct loaded other_loaded;
static const uint8_t *at, *end;
static bool over; /* the domain has ended */

static uint8_t next(void)
{
    return at < end ? *at++ : 0;
}

static uint64_t next_word(void)
{
    uint64_t word = 0;
    uint32_t i;

    for (i = 0; i < 8; i++)
        word = word << 8 | next();
    return word;
}

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* -------------------------------------- what the calls lean on, on a host */

/* Is it in an extent of the domain? */
static bool is_own(mfn_t mfn)
{
    return mfn / EXTENT_FRAMES == FIRST / EXTENT_FRAMES ||
           mfn / EXTENT_FRAMES == LARGE / EXTENT_FRAMES;
}

/* May a CPU write to this frame through a mapping that is all right? By the
 * frame's own record, or by that of the superpage around it. */
static bool is_writable(mfn_t mfn)
{
    const struct frame *f = &frames[mfn];
    const struct tally *t = &superpages[mfn / EXTENT_FRAMES].tally;

    if (f->types > 0)
        return f->type == FRAME_WRITABLE;
    return t->types > 0 && t->type == TALLY_SUPERPAGE;
}

/* The byte behind a guest's address, as the CPU would find it; NULL: a fault */
static uint8_t *byte_at(vaddr_t va, bool write)
{
    mfn_t mfn = domain.loaded[0].base;
    uint32_t level;

    must(access_ok(va, 1));
    for (level = 4; level > 0; level--) {
        uint64_t word = ram[mfn][entry_slot(va, level)];

        if (!entry_present(word) || (write && !entry_writable(word)))
            return NULL;
        mfn = entry_mfn(word);
        must(is_own(mfn));
        if (level > 1 && (word & 0x80)) {
            must(level == 2 && mfn % EXTENT_FRAMES == 0);
            mfn += va / PAGE_BYTES % EXTENT_FRAMES;
            break;
        }
    }
    must(!write || is_writable(mfn));
    return (uint8_t *)ram[mfn] + va % PAGE_BYTES;
}

/* Sometimes another vcpu writes to what was just read. */
size_t copy_from_guest_raw(void *dst, vaddr_t src, size_t bytes)
{
    uint8_t *to = dst, *from = NULL, *changed;
    size_t i;

    for (i = 0; i < bytes; i++) {
        from = byte_at(src + i, false);
        if (!from)
            return bytes - i;
        to[i] = *from;
    }
    changed =
        bytes > 0 && next() % 32 == 1 ? byte_at(src + bytes / 2, true) : NULL;
    if (changed)
        *changed ^= next();
    return 0;
}

size_t copy_to_guest_raw(vaddr_t dst, const void *src, size_t bytes)
{
    const uint8_t *from = src;
    size_t i;

    for (i = 0; i < bytes; i++) {
        uint8_t *to = byte_at(dst + i, true);

        if (!to)
            return bytes - i;
        *to = from[i];
    }
    return 0;
}

int get_guest_raw(uint64_t *value, vaddr_t src)
{
    return copy_from_guest_raw(value, src, sizeof(*value)) ? -EFAULT : 0;
}

int put_guest_raw(vaddr_t dst, uint64_t value)
{
    return copy_to_guest_raw(dst, &value, sizeof(value)) ? -EFAULT : 0;
}

int get_guest_call_raw(uint64_t call[5], vaddr_t src)
{
    uint64_t words[6];

    if (copy_from_guest_raw(words, src, sizeof(words)) != 0)
        return -EFAULT;
    call[0] = words[0];
    memcpy(&call[1], &words[2], 4 * sizeof(words[0]));
    return 0;
}

void report_refusal(struct domain *d)
{
    if (d->owner.refusal.rule != RULE_NONE && d->owner.refusal.brief)
        refusal_explain(&machine, &d->owner);
    d->owner.refusal.rule = RULE_NONE;
}

static void audit_check(void)
{
    struct audit_report report;

    must(audit(&machine, &domain.owner, &report));
    must(audit(&machine, &other, &report));
}

void door_flush(void)
{
    flush_done(&machine, flush_begin(&machine));
}

void door_rest(struct domain *d)
{
    d->owner.budget = door_budget;
}

int door_run(struct domain *d, int rc)
{
    while (rc > 0) {
        audit_check();
        if (rc == STOP_FLUSH)
            door_flush();
        d->owner.budget = 1 + next() % 64u;
        rc = op_resume(&machine, &d->owner);
    }
    must(d->owner.op.kind == OP_NONE && d->owner.op.depth == 0);
    return rc;
}

void m2p_set(mfn_t mfn, uint64_t pfn)
{
    (void)pfn;
    must(is_own(mfn));
}

void domain_crash(struct domain *d, const char *why, ...)
{
    (void)why;
    d->end = END_CRASH;
    over = true;
}

void domain_shutdown(struct domain *d, enum domain_end how)
{
    d->end = (uint8_t)how;
    over = true;
}

void *cpu_vcpu = &domain.vcpu[0];
const void *cpu_calls;

struct domain *domain_by_id(uint32_t id)
{
    return id == domain.owner.id ? &domain : NULL;
}

void schedule_end(struct vcpu *v)
{
    (void)v;
    abort();
}

size_t console_input_read(struct domain *d, char *bytes, size_t size)
{
    (void)d;
    memset(bytes, 'x', size);
    return size;
}

/* As short as a piece may be. */
size_t log_piece(const char *text, size_t bytes)
{
    (void)text;
    return bytes > 0;
}

void log_domain_write(uint16_t id, const char *text, size_t bytes)
{
    char last = 0;

    (void)id;
    while (bytes-- > 0) /* all of it can be read */
        last ^= text[bytes];
    __asm__ volatile("" : : "r"(last));
}

uint64_t tsc_now_ns(void)
{
    return 1000;
}

/* Things that happen elsewhere, and are nothing to a call. */
void door_call_done(struct vcpu *v)
{
    (void)v;
}
void door_page_invalidate(struct domain *d, vaddr_t va)
{
    (void)d, (void)va;
}
void door_switch_base(mfn_t base)
{
    (void)base;
}
/* The assembler's way around the hypercall iret. */
long iret_entry(struct vcpu *v, const uint64_t *argument)
{
    return hypercall_iret(v, argument);
}
void domain_exit_work(struct vcpu *v)
{
    (void)v;
}
void schedule_point(void)
{
}
void schedule_yield(void)
{
}
void schedule_block(struct vcpu *v)
{
    (void)v;
}
void schedule_poll(struct vcpu *v)
{
    (void)v;
}
void schedule_wake(struct vcpu *v)
{
    (void)v;
}
void timer_set(struct vcpu *v, uint64_t ns)
{
    (void)v, (void)ns;
}
void console_ring_drain(struct domain *d)
{
    (void)d;
}
void store_serve(struct domain *d)
{
    (void)d;
}
/* The option latency=yes is off. */
bool latency_on;

uint64_t latency_ask(void)
{
    abort();
}

void report_print(void)
{
}
void cpu_set_tsd(bool on)
{
    (void)on;
}
bool dr_ok(unsigned int number, uint64_t value)
{
    return !number && !value;
}
uint64_t dr_read(unsigned int number)
{
    return number;
}
void dr_write(unsigned int number, uint64_t value)
{
    (void)number, (void)value;
}
int msr_read_safe(uint32_t msr, uint64_t *value)
{
    return (void)msr, *value = 0, 0;
}
int segment_load_gs_inactive(uint16_t selector)
{
    return (void)selector, 0;
}
const char *trap_name(uint32_t vector)
{
    return (void)vector, "a trap";
}
uint64_t tsc_hz(void)
{
    return 1000000000;
}
uint64_t tsc_read(void)
{
    return 1;
}
uint64_t tsc_start(void)
{
    return 0;
}

struct clock_scale tsc_scale(void)
{
    return (struct clock_scale){0};
}

/* ---------------------------------------------------------------- the world */

static void owner_init(struct owner *o, uint16_t id, struct loaded *loaded)
{
    *o = (struct owner){.id = id,
                        .extents = EXTENT_NONE,
                        .hint = EXTENT_NONE,
                        .limit = CLEANED - 8 + EXTENT_FRAMES,
                        .loaded = loaded,
                        .vcpus = 1,
                        .budget = 1000};
    *loaded = (struct loaded){.base = MFN_NONE, .user_base = MFN_NONE};
}

/* A word of another domain's extent, or of the kernel's. */
static uint64_t *other_word(uint32_t extent, uint32_t i)
{
    return &ram[extent * EXTENT_FRAMES + i / TABLE_ENTRIES][i % TABLE_ENTRIES];
}

static void machine_init(uint8_t choice)
{
    struct limits *limits = &machine.limits;
    uint32_t i;

    gigabytes[0] = (struct gigabyte){0};
    machine = (struct memory){.superpages = superpages,
                              .gigabytes = gigabytes,
                              .ram = ram,
                              .frames = FRAMES,
                              .free_extents = EXTENT_NONE,
                              .clock = 1,
                              .flushed = 1};
    limits->reserved = ENTRY_ADDRESS & ~((UINT64_C(1) << 40) - 1);
    limits->design = choice % DESIGNS;
    limits->strict = limits->design == DESIGN_TYPECOUNT && (choice & 0x20) != 0;
    limits->nx = choice >> 6 & 1;
    limits->gigabytes = choice >> 7;
    for (i = 1; i < EXTENTS; i++)
        superpages[i].frames = &frames[i * EXTENT_FRAMES];
    for (i = EXTENTS; i-- > 1;)
        extent_add(&machine, i);
    for (i = 0; i < CANARIES * TABLE_ENTRIES; i++) {
        *other_word(2, i) = CANARY;
        *other_word(3, i) = CANARY;
    }
}

/* Frames 0 .. PAGES-1 are seen at 0 .. PAGES * 4096, writable; the tables are
 * the four behind them, and are seen read-only; then there is what is shared.
 */
static void domain_init(void)
{
    struct owner *o = &domain.owner;
    mfn_t l4 = FIRST + PAGES, mfn;
    uint32_t i;

    owner_init(o, 1, domain.loaded);
    memset(ram[FIRST], 0, CLEANED * sizeof(ram[0]));
    extent_assign(&machine, o);
    for (i = 0; i < OWN; i++)
        must(frame_alloc(&machine, o, &mfn) == 0);
    for (i = 0; i < 3; i++)
        ram[l4 + i][0] = (l4 + i + 1) << PAGE_SHIFT | 7;
    for (i = 0; i < PAGES + 4; i++)
        ram[l4 + 3][i] = (FIRST + i) << PAGE_SHIFT | (i < PAGES ? 7 : 5);
    must(door_run(&domain, table_pin(&machine, o, l4, FRAME_L4)) == 0);
    must(door_run(&domain, base_load(&machine, o, 0, false, l4)) == 0);
    for (i = 0; i < 1 + GRANT_FRAMES; i++)
        must(frame_hold(&machine, o, l4 + 4 + i) == 0);
    domain.shared_mfn = l4 + 4;
    domain.shared = (struct shared_info *)(void *)ram[l4 + 4];
    for (i = 0; i < GRANT_FRAMES; i++)
        domain.grant_mfn[i] = l4 + 5 + i;
    domain.console_mfn = MFN_NONE;
    domain.store_mfn = MFN_NONE;
    domain.pages = OWN;
}

static void world_begin(uint8_t choice)
{
    static struct regs regs;
    struct vcpu *v = &domain.vcpu[0];
    mfn_t mfn;

    memset(&domain, 0, sizeof(domain));
    machine_init(choice);
    owner_init(&other, 2, &other_loaded);
    domain_init();
    extent_assign(&machine, &other);
    frame_alloc(&machine, &other, &mfn);
    extent_reserve(&machine);
    memset(ram[LARGE], 0, EXTENT_FRAMES * sizeof(ram[0]));
    extent_assign(&machine, &domain.owner);
    must(extent_fill(&machine, &domain.owner, LARGE / EXTENT_FRAMES,
                     EXTENT_FRAMES) == 0);
    domain.privileged = true;
    v->domain = &domain;
    v->loaded = &domain.loaded[0];
    v->regs = &regs;
    v->guest_kernel = true;
    v->info = &domain.shared->vcpu_info[0];
    over = false;
}

/* ---------------------------------------------------------------- the calls */

static mfn_t any_frame(void)
{
    uint8_t which = next();

    if (which >= 200 && which < 240) /* the superpage's first, or its last */
        return LARGE + (which % 4 < 3 ? which % 4 : EXTENT_FRAMES - 1u);
    return which < 240 ? FIRST + which % OWN : (mfn_t)(which - 240) * 256;
}

/* A machine address of a word, as mmu_update has it. */
static uint64_t any_place(void)
{
    static const uint16_t slots[8] = {0, 1, 25, 255, 256, 271, 300, 511};

    return any_frame() << PAGE_SHIFT | slots[next() % 8] * 8u | next() % 16 / 8;
}

static uint64_t any_entry(void)
{
    uint8_t kind = next();
    uint64_t word = kind & 1 ? any_frame() << PAGE_SHIFT | (kind >> 1 & 7) : 0;

    if (kind >> 3 == 3) /* a superpage */
        word = (mfn_t)LARGE << PAGE_SHIFT | 0x80 | (kind & 7) |
               (machine.limits.nx ? ENTRY_NX : 0);
    return kind & 0x40 ? word | UINT64_C(1) << next() % 64 : word;
}

/* An address, good or bad. */
static uint64_t any_address(void)
{
    uint64_t page = next() % (PAGES + 8u) * PAGE_BYTES;

    switch (next() % 12) {
    case 0: return 0;
    case 1: return UINT64_C(0xffff800000000000) + next();
    case 2: return UINT64_C(0x0000800000000000) - next();
    case 3: return 0 - (uint64_t)next();
    case 4: return GUEST_HIGH + next();
    case 5: return page + PAGE_BYTES - next() % 64;
    case 6: return next_word();
    default: return page + next() % 32 * 128u;
    }
}

static uint64_t any_word(void)
{
    switch (next() % 8) {
    case 0: return next();
    case 1: return any_frame();
    case 2: return any_place();
    case 3: return any_entry();
    case 4: return DOMID_SELF;
    case 5: return next_word();
    default: return any_address();
    }
}

/* Write into the first page of the domain, if it still can. */
static void poke(size_t offset, const void *what, size_t bytes)
{
    if (domain.loaded[0].base != MFN_NONE && byte_at(offset, true) &&
        byte_at(offset + bytes - 1, true))
        copy_to_guest_raw(offset, what, bytes);
}

static void poke_word(size_t offset, uint64_t word)
{
    poke(offset, &word, sizeof(word));
}

/* Calls that a host can make. */
static const uint8_t numbers[] = {
    __HYPERVISOR_mmu_update,        __HYPERVISOR_mmuext_op,
    __HYPERVISOR_update_va_mapping, __HYPERVISOR_memory_op,
    __HYPERVISOR_set_gdt,           __HYPERVISOR_update_descriptor,
    __HYPERVISOR_multicall,         __HYPERVISOR_event_channel_op,
    __HYPERVISOR_grant_table_op,    __HYPERVISOR_vcpu_op,
    __HYPERVISOR_set_trap_table,    __HYPERVISOR_callback_op,
    __HYPERVISOR_xen_version,       __HYPERVISOR_console_io,
    __HYPERVISOR_vm_assist,         __HYPERVISOR_update_va_mapping_otherdomain,
    __HYPERVISOR_sched_op,          __HYPERVISOR_set_callbacks,
    __HYPERVISOR_stack_switch,      __HYPERVISOR_domctl,
};

static uint8_t any_number(void)
{
    return numbers[next() % sizeof(numbers)];
}

/* Lists of requests, in the first page; returns how many. */
static uint32_t requests_mmu(void)
{
    uint32_t count = 1 + next() % 3u, i;

    for (i = 0; i < count; i++) {
        struct mmu_update u = {.ptr = any_place(), .val = any_entry()};

        poke(i * sizeof(u), &u, sizeof(u));
    }
    return count;
}

static uint32_t requests_mmuext(void)
{
    uint32_t count = 1 + next() % 3u, i;

    for (i = 0; i < count; i++) {
        struct mmuext_op op = {.cmd = next() % 24u};
        bool frame = op.cmd < 6 || op.cmd > 14;

        op.arg1.mfn = frame ? any_frame() : any_address();
        op.arg2.src_mfn = next() & 1 ? any_frame() : any_word();
        poke(i * sizeof(op), &op, sizeof(op));
    }
    return count;
}

static void request_memory(void)
{
    struct xen_memory_reservation r = {.nr_extents = next() % 4u,
                                       .domid = DOMID_SELF};
    uint32_t order = next() % 16, i;

    r.extent_order = order < 2 ? order : order == 15 ? 9 : 0;

    r.extent_start.p = (xen_pfn_t *)(uintptr_t)512;
    for (i = 0; i < 4; i++)
        poke_word(512 + i * 8, any_frame());
    if (next() % 4 == 0)
        r.extent_start.p = (xen_pfn_t *)(uintptr_t)any_address();
    if (next() % 8 == 0)
        r.nr_extents = next_word();
    poke(0, &r, sizeof(r));
}

static long call_number(uint8_t number, const uint64_t *argument)
{
    const uint8_t last = HYPERCALLS - 1;

    return hypercalls[number < last ? number : last](&domain.vcpu[0], argument);
}

static uint32_t requests_multicall(void)
{
    uint32_t count = 1 + next() % 3u, i, n;

    for (i = 0; i < count; i++) {
        struct multicall_entry entry = {.op = any_number()};

        for (n = 0; n < 6; n++)
            entry.args[n] = any_word();
        poke(1024 + i * sizeof(entry), &entry, sizeof(entry));
    }
    return count;
}

/* One call whose structures make some sense. */
static long call_sensible(void)
{
    uint64_t a[CALL_ARGUMENTS] = {0, 1, 0, DOMID_SELF};

    switch (next() % 6) {
    case 0: a[1] = requests_mmu(); return call_number(1, a);
    case 1: a[1] = requests_mmuext(); return call_number(26, a);
    case 2:
        request_memory();
        a[0] = next() % 16u;
        a[1] = 0;
        return call_number(__HYPERVISOR_memory_op, a);
    case 3:
        a[0] = next() % 32u * PAGE_BYTES;
        a[1] = any_entry();
        a[2] = next() % 4u;
        return call_number(__HYPERVISOR_update_va_mapping, a);
    case 4:
        poke_word(0, any_frame());
        poke_word(8, any_frame());
        a[1] = next() * 8u;
        return call_number(__HYPERVISOR_set_gdt, a);
    default:
        a[1] = requests_multicall();
        a[0] = 1024;
        return call_number(__HYPERVISOR_multicall, a);
    }
}

/* One call with anything at all. */
static long call_wild(void)
{
    uint64_t a[CALL_ARGUMENTS];
    uint8_t number = any_number();
    uint32_t i;

    for (i = 0; i < CALL_ARGUMENTS; i++)
        a[i] = any_word();
    return call_number(number, a);
}

static void others_check(void)
{
    uint32_t i;

    for (i = 0; i < CANARIES * TABLE_ENTRIES; i++) {
        must(*other_word(2, i) == CANARY);
        must(*other_word(3, i) == CANARY);
    }
}

static void step(void)
{
    uint8_t what = next();
    long rc = 0;

    domain.owner.budget = 1 + what % 64u;
    if (what < 40)
        poke_word(next() * 8u, any_word());
    else if (what < 180)
        rc = call_sensible();
    else
        rc = call_wild();
    must(rc > -200);
    must(domain.owner.op.kind == OP_NONE);
    audit_check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    at = end = data;
    world_begin(bytes > 0 ? data[0] : 0);
    at = bytes > 0 ? data + 1 : data;
    end = data + bytes;
    while (at < end && !over)
        step();
    others_check();
    return 0;
}
