#include "domain/build.h"

#include "domain/boot_layout.h"
#include "domain/event.h"
#include "domain/image.h"
#include "domain/store.h"
#include "door.h"
#include "lib/format.h"
#include "lib/string.h"
#include "memory.h"
#include "x86/log.h"
#include "x86/stack.h"

#define EXTENT_BYTES (EXTENT_FRAMES * PAGE_BYTES)
#define MIB (UINT64_C(1) << 20)
#define GIGABYTE_FRAMES ((uint64_t)EXTENT_FRAMES * GIGABYTE_EXTENTS)
/* The machine-to-phys entry of a frame that is none of a domain's pages. */
#define M2P_NONE UINT64_MAX
/* Frames of the extent that the kernel shares with the domain. */
#define SHARED_FRAMES (1 + GRANT_FRAMES)

/* Which extent holds which pages: a page of pointers to pages of numbers. */
#define CHUNKS (PAGE_BYTES / sizeof(uint32_t *))
#define CHUNK_EXTENTS (PAGE_BYTES / sizeof(uint32_t))

#define TABLE_FLAGS (ENTRY_P | ENTRY_RW | ENTRY_US | ENTRY_A | ENTRY_D)
#define PAGE_FLAGS (ENTRY_P | ENTRY_RW | ENTRY_US | ENTRY_A)

/* The code of the hypercall page: one stub for each number. */
#define STUB_BYTES 32
#define STUB_IRET 23

/* A domain being built. */
struct build {
    const struct build_file *ramdisk;
    struct domain *domain;
    struct image image;
    struct boot_layout layout;
    uint32_t **extents;         /* see CHUNKS; NULL: not there yet */
    struct reason why;
};

/* ------------------------------------------------------------- memory */

static void *page_get(void)
{
    paddr_t page = page_alloc();

    return page ? frame_map(page >> PAGE_SHIFT) : NULL;
}

static void page_put(const void *page)
{
    size_t offset = (size_t)((uintptr_t)page - (uintptr_t)machine.ram);

    page_free((paddr_t)offset);
}

/* Remember the extent that holds the pages from index * EXTENT_FRAMES on. */
static int extents_set(struct build *b, uint64_t index, uint32_t extent)
{
    uint32_t **chunk;

    if (!b->extents)
        b->extents = page_get();
    if (!b->extents || index >= CHUNKS * CHUNK_EXTENTS)
        return -ENOMEM;
    chunk = &b->extents[index / CHUNK_EXTENTS];
    if (!*chunk)
        *chunk = page_get();
    if (!*chunk)
        return -ENOMEM;
    (*chunk)[index % CHUNK_EXTENTS] = extent;
    return 0;
}

static void extents_free(struct build *b)
{
    size_t i;

    if (!b->extents)
        return;
    for (i = 0; i < CHUNKS; i++)
        if (b->extents[i])
            page_put(b->extents[i]);
    page_put(b->extents);
    b->extents = NULL;
}

/* The frame of a page. */
static mfn_t mfn_of(const struct build *b, uint64_t pfn)
{
    uint64_t index = pfn / EXTENT_FRAMES;
    uint32_t extent = b->extents[index / CHUNK_EXTENTS][index % CHUNK_EXTENTS];

    return (mfn_t)extent * EXTENT_FRAMES + pfn % EXTENT_FRAMES;
}

static void *page_of(const struct build *b, uint64_t pfn)
{
    return frame_map(mfn_of(b, pfn));
}

/* Allocate the first `count` frames of an extent that was handed out. */
static int take_frames(struct build *b, uint32_t extent, uint64_t count)
{
    mfn_t first = (mfn_t)extent * EXTENT_FRAMES;
    uint32_t i;

    if (extent_fill(&machine, &b->domain->owner, extent, (uint32_t)count) != 0)
        return reason_set(&b->why, "its memory has no free frame");
    memset(frame_map(first), 0, EXTENT_BYTES);
    for (i = 0; i < EXTENT_FRAMES; i++)
        m2p_set(first + i, M2P_NONE);
    return 0;
}

/* Hand one more extent out and allocate its first `count` frames. */
static int give_extent(struct build *b, uint64_t count, mfn_t *first)
{
    struct owner *o = &b->domain->owner;

    if (memory_give_extents(o, 1) != 0)
        return reason_set(&b->why, "there is no more free memory");
    *first = (mfn_t)o->extents * EXTENT_FRAMES;
    return take_frames(b, o->extents, count);
}

/* A whole gigabyte for the pages from pfn on, if so many are wanted and there
 * is one: then the domain can map it by one entry. 1 when there is none. */
static int give_gigabyte(struct build *b, uint64_t pfn, uint64_t left)
{
    uint32_t extent, i;

    if (pfn % GIGABYTE_FRAMES != 0 || left < GIGABYTE_FRAMES ||
        memory_give_gigabyte(&b->domain->owner, &extent) != 0)
        return 1;
    for (i = 0; i < GIGABYTE_EXTENTS; i++) {
        if (extents_set(b, pfn / EXTENT_FRAMES + i, extent + i) != 0)
            return reason_set(&b->why, "there is no more free memory");
        if (take_frames(b, extent + i, EXTENT_FRAMES) != 0)
            return -ENOMEM;
    }
    return 0;
}

static int give_memory(struct build *b)
{
    struct domain *d = b->domain;
    uint64_t pages = b->layout.pages;
    uint64_t extents = (pages + EXTENT_FRAMES - 1) / EXTENT_FRAMES;
    unsigned long long asked = (extents + 1) * EXTENT_BYTES / MIB;
    unsigned long long free = machine.free_count * EXTENT_BYTES / MIB;
    mfn_t first = MFN_NONE;
    uint64_t i;

    if (extents + 1 > machine.free_count)
        return reason_set(&b->why,
                          "with what it shares it takes %llu MiB, "
                          "and %llu MiB are free; mem=%lluM would fit",
                          asked, free,
                          free > EXTENT_BYTES / MIB ? free - EXTENT_BYTES / MIB
                                                    : 0);
    d->owner.limit = pages + SHARED_FRAMES;
    d->pages = pages;
    for (i = 0; i < extents; i++) {
        uint64_t left = pages - i * EXTENT_FRAMES;
        int rc = give_gigabyte(b, i * EXTENT_FRAMES, left);

        if (rc < 0)
            return rc;
        if (rc == 0) {
            i += GIGABYTE_EXTENTS - 1;
            continue;
        }
        if (give_extent(b, left < EXTENT_FRAMES ? left : EXTENT_FRAMES,
                        &first) != 0)
            return -ENOMEM;
        if (extents_set(b, i, (uint32_t)(first / EXTENT_FRAMES)) != 0)
            return reason_set(&b->why, "there is no more free memory");
    }
    if (give_extent(b, SHARED_FRAMES, &first) != 0)
        return -ENOMEM;
    d->shared_mfn = first;
    for (i = 0; i < GRANT_FRAMES; i++)
        d->grant_mfn[i] = first + 1 + i;
    d->memory_bytes = (extents + 1) * EXTENT_BYTES;
    return 0;
}

/* ------------------------------------------------------------ contents */

/* Copy to an address in the domain's memory, which is not mapped yet. */
static void copy_to(const struct build *b, uint64_t address,
                    const uint8_t *bytes, uint64_t size)
{
    while (size > 0) {
        uint64_t offset = address % PAGE_BYTES;
        uint64_t n = PAGE_BYTES - offset;

        if (n > size)
            n = size;
        memcpy((uint8_t *)page_of(b, address / PAGE_BYTES) + offset, bytes,
               (size_t)n);
        address += n;
        bytes += n;
        size -= n;
    }
}

static void copy_files(const struct build *b)
{
    struct image_part part;
    uint32_t i;

    for (i = 0; i < b->image.elf.segments; i++)
        if (image_part_read(&b->image, i, &part))
            copy_to(b, part.address, part.bytes, part.file_bytes);
    if (b->layout.ramdisk.count > 0)
        copy_to(b, b->layout.ramdisk.pfn * PAGE_BYTES, b->ramdisk->data,
                b->ramdisk->bytes);
}

static void fill_p2m(const struct build *b)
{
    const uint64_t per_page = PAGE_BYTES / sizeof(uint64_t);
    uint64_t *list = NULL;
    uint64_t pfn;

    for (pfn = 0; pfn < b->layout.pages; pfn++) {
        mfn_t mfn = mfn_of(b, pfn);

        if (pfn % per_page == 0)
            list = page_of(b, b->layout.p2m.pfn + pfn / per_page);
        list[pfn % per_page] = mfn;
        m2p_set(mfn, pfn);
    }
}

static void fill_hypercall_page(const struct build *b)
{
    /* push rcx; push r11; mov eax, n; syscall; pop r11; pop rcx; ret */
    static const uint8_t stub[] = {0x51, 0x41, 0x53, 0xb8, 0,    0,    0,
                                   0,    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
    /* push rcx; push r11; push rax; mov eax, 23; syscall */
    static const uint8_t iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, STUB_IRET,
                                   0,    0,    0,    0x0f, 0x05};
    uint64_t address = b->image.hypercall_page - b->image.virt_base;
    uint8_t *page;
    uint32_t n;

    if (!b->image.has_hypercall_page)
        return;
    page = page_of(b, address / PAGE_BYTES);
    memset(page, 0xcc, PAGE_BYTES);
    for (n = 0; n < PAGE_BYTES / STUB_BYTES; n++) {
        memcpy(page + (size_t)n * STUB_BYTES, stub, sizeof(stub));
        memcpy(page + (size_t)n * STUB_BYTES + 4, &n, sizeof(n));
    }
    memcpy(page + (size_t)STUB_IRET * STUB_BYTES, iret, sizeof(iret));
}

static void fill_start_info(const struct build *b, const char *command_line)
{
    const struct boot_layout *l = &b->layout;
    const struct domain *d = b->domain;
    struct start_info *info = page_of(b, l->start_info);

    string_copy(info->magic, sizeof(info->magic), "xen-3.0-x86_64");
    info->nr_pages = l->pages;
    info->shared_info = d->shared_mfn << PAGE_SHIFT;
    if (d->privileged)
        info->flags |= SIF_PRIVILEGED | SIF_INITDOMAIN;
    if (!d->privileged) {
        info->store_mfn = d->store_mfn;
        info->store_evtchn = d->store_port;
        info->console.domU.mfn = d->console_mfn;
        info->console.domU.evtchn = d->console_port;
    }
    info->pt_base = boot_layout_va(l, l->table_pages.pfn);
    info->nr_pt_frames = l->table_pages.count;
    info->mfn_list = l->p2m_va;
    if (l->p2m_apart) {
        info->first_p2m_pfn = l->p2m.pfn;
        info->nr_p2m_frames = l->p2m_frames;
    }
    if (l->ramdisk.count > 0) {
        info->mod_len = b->ramdisk->bytes;
        info->mod_start = boot_layout_va(l, l->ramdisk.pfn);
        if (!l->ramdisk_mapped) {
            info->mod_start = l->ramdisk.pfn;
            info->flags |= SIF_MOD_START_PFN;
        }
    }
    string_copy((char *)info->cmd_line, sizeof(info->cmd_line), command_line);
}

/* --------------------------------------------------------- page tables */

/* The entry that translates va in the table of `level` names page `pfn`. */
static void set_entry(const struct build *b, uint32_t level, vaddr_t va,
                      uint64_t pfn)
{
    const struct boot_pages *tables = &b->layout.table_pages;
    uint64_t *table = page_of(b, boot_layout_table(&b->layout, level, va));
    uint64_t flags = level > 1 ? TABLE_FLAGS : PAGE_FLAGS;

    if (level == 1 && pfn - tables->pfn < tables->count)
        flags &= ~ENTRY_RW;
    table[entry_slot(va, level)] = mfn_of(b, pfn) << PAGE_SHIFT | flags;
}

/* Put tables of one level into those above. */
static void link_tables(const struct build *b, uint32_t level,
                        const struct boot_tables *t)
{
    uint64_t i;

    for (i = 0; i < t->count; i++)
        set_entry(b, level + 1,
                  (t->first + i) << (PAGE_SHIFT + TABLE_BITS * level),
                  t->pfn + i);
}

static void map_pages(const struct build *b, vaddr_t va, uint64_t pfn,
                      uint64_t count)
{
    uint64_t i;

    for (i = 0; i < count; i++)
        set_entry(b, 1, va + i * PAGE_BYTES, pfn + i);
}

static void fill_tables(const struct build *b)
{
    const struct boot_layout *l = &b->layout;
    uint32_t level;

    for (level = 1; level <= 3; level++) {
        link_tables(b, level, &l->tables[level]);
        link_tables(b, level, &l->p2m_tables[level]);
    }
    map_pages(b, l->base, 0, l->mapped);
    if (l->p2m_apart)
        map_pages(b, l->p2m_va, l->p2m.pfn, l->p2m.count);
}

/* ---------------------------------------------------- domain and vcpu */

/* What the domain and the kernel share. */
static int set_up_shared(struct build *b)
{
    struct domain *d = b->domain;
    uint32_t i;

    d->shared = frame_map(d->shared_mfn);
    for (i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        d->shared->vcpu_info[i].evtchn_upcall_mask = 1;
    for (i = 0; i < DOMAIN_VCPUS; i++)
        d->vcpu[i].info = &d->shared->vcpu_info[i];
    event_init(d);
    d->console_mfn = MFN_NONE;
    d->store_mfn = MFN_NONE;
    if (d->privileged)
        return 0;
    d->console_mfn = mfn_of(b, b->layout.console);
    d->console = frame_map(d->console_mfn);
    d->store_mfn = mfn_of(b, b->layout.store);
    d->store = frame_map(d->store_mfn);
    if (store_open(d) != 0)
        return reason_set(&b->why, "there is no more free memory");
    return 0;
}

static int hold(struct build *b, mfn_t mfn)
{
    struct domain *d = b->domain;

    if (mfn == MFN_NONE)
        return 0;
    if (door_run(d, frame_hold(&machine, &d->owner, mfn)) != 0)
        return reason_set(&b->why, "a frame that is shared with it cannot be "
                                   "held");
    return 0;
}

/* From here on the rules decide, as for anybody. */
static int ask_rules(struct build *b)
{
    struct domain *d = b->domain;
    mfn_t l4 = mfn_of(b, b->layout.table_pages.pfn);
    int rc = hold(b, d->shared_mfn);
    uint32_t i;

    for (i = 0; i < GRANT_FRAMES && rc == 0; i++)
        rc = hold(b, d->grant_mfn[i]);
    if (rc == 0)
        rc = hold(b, d->console_mfn);
    if (rc == 0)
        rc = hold(b, d->store_mfn);
    if (rc != 0)
        return rc;
    rc = door_run(d, table_pin(&machine, &d->owner, l4, FRAME_L4));
    if (rc == 0)
        rc = door_run(d, base_load(&machine, &d->owner, 0, false, l4));
    if (rc != 0)
        return reason_set(&b->why, "the rules refuse its first page tables");
    return 0;
}

static int set_up_vcpu(struct build *b)
{
    struct domain *d = b->domain;
    struct vcpu *v = &d->vcpu[0];
    vaddr_t stack_end = boot_layout_va(&b->layout, b->layout.stack + 1);

    v->stack_top = stack_alloc();
    if (v->stack_top == 0)
        return reason_set(&b->why, "there is no memory for its kernel stack");
    v->state = VCPU_RUNNABLE;
    v->kernel_ss = SELECTOR_GUEST_SS;
    v->kernel_sp = stack_end;
    v->dr[6] = 0xffff0ff0;      /* SDM 3B 17.2: what is there after reset */
    v->dr[7] = 0x400;
    fpu_reset(&v->fpu);
    v->regs = context_regs(v->stack_top);
    *v->regs = (struct regs){
        .rip = b->image.entry,
        .cs = SELECTOR_GUEST_CS,
        .rsp = stack_end,
        .ss = SELECTOR_GUEST_SS,
        .rflags = RFLAGS_ONE | RFLAGS_IF,
        .rsi = boot_layout_va(&b->layout, b->layout.start_info),
    };
    v->saved_rsp = context_prepare(v->stack_top, NULL, NULL);
    return 0;
}

static void set_name(struct domain *d, const char *name)
{
    if (name[0] != '\0')
        string_copy(d->name, sizeof(d->name), name);
    else
        format_buffer(d->name, sizeof(d->name), "domain%u", d->owner.id);
}

static int build_domain(struct build *b, const struct module_options *options)
{
    int rc = give_memory(b);

    if (rc != 0)
        return rc;
    copy_files(b);
    fill_p2m(b);
    fill_hypercall_page(b);
    fill_tables(b);
    rc = set_up_shared(b);
    if (rc != 0)
        return rc;
    fill_start_info(b, options->command_line);
    rc = set_up_vcpu(b);
    return rc == 0 ? ask_rules(b) : rc;
}

/* Nothing of a domain that could not be built is left. */
static void give_all_back(struct domain *d)
{
    if (d->vcpu[0].stack_top != 0)
        stack_free(d->vcpu[0].stack_top);
    store_close(d);
    if (door_run(d, owner_destroy(&machine, &d->owner)) != 0) {
        d->vcpu[0].state = VCPU_ENDED;  /* a zombie, which never runs */
        d->removed = true;
        log_printf(LOG_ERROR, "domain %s: its memory cannot be given back",
                   d->name);
    } else {
        domain_free(d);
    }
}

/* What can be said before anything is taken. */
static int check(struct build *b, const struct module_options *options,
                 const struct build_file *image)
{
    struct boot_sizes sizes = {
        .pages = options->mem_bytes / PAGE_BYTES,
        .ramdisk_bytes = b->ramdisk->bytes,
        .privileged = options->privileged,
    };
    int rc = image_read(&b->image, image->data, image->bytes, &b->why);

    if (rc != 0)
        return rc;
    return boot_layout_compute(&b->layout, &b->image, &sizes, &b->why);
}

struct domain *domain_build(const struct module_options *options,
                            const struct build_file *image,
                            const struct build_file *ramdisk)
{
    struct build b = {.ramdisk = ramdisk};
    int rc = check(&b, options, image);

    if (rc == 0) {
        b.domain = domain_new();
        if (!b.domain)
            rc = reason_set(&b.why, "there are too many domains");
    }
    if (rc == 0) {
        b.domain->privileged = options->privileged;
        set_name(b.domain, options->name);
        rc = build_domain(&b, options);
    }
    extents_free(&b);
    if (rc == 0)
        return b.domain;
    log_printf(LOG_ERROR, "domain %s cannot be built: %s",
               options->name[0] ? options->name : "(no name)", b.why.text);
    if (b.domain)
        give_all_back(b.domain);
    return NULL;
}
