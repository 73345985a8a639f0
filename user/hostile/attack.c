#include "hostile/attack.h"

#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/vcpu.h>

#include "hostile/count.h"
#include "hostile/random.h"
#include "hostile/sandbox.h"
#include "lib/domain.h"

#define LIST_MAX       64u
#define PARTS_MAX      12u
#define RING_PORTS     4u /* the first ports are the rings' */
#define PORTS          80u
#define NUMBERS        48u
#define ARGUMENT_PAGES 8u
#define ARGUMENT_BYTES 512u /* mostly enough for what one call points to */

/* Calls that are collected for a multicall. */
static struct multicall_entry *parts;
static unsigned int part_count;
static bool collecting;

/* Arguments in memory: each call gets a new piece, round and round. */
static char *argument_pages;
static uint64_t argument_next;

void attack_setup(void)
{
    unsigned int i;

    parts = page_alloc();
    argument_pages = page_alloc();
    for (i = 1; i < ARGUMENT_PAGES; i++)
        page_alloc();
}

static void *argument(uint64_t bytes)
{
    char *place;

    bytes = (bytes + ARGUMENT_BYTES - 1) / ARGUMENT_BYTES * ARGUMENT_BYTES;
    if (argument_next + bytes > ARGUMENT_PAGES * PAGE_BYTES)
        argument_next = 0;
    place = argument_pages + argument_next;
    argument_next += bytes;
    memset(place, 0, bytes);
    return place;
}

long attempt(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    long result;

    if (collecting && part_count < PARTS_MAX) {
        parts[part_count++] =
            (struct multicall_entry){.op = number, .args = {a, b, c, d}};
        return 0;
    }
    result = hypercall((unsigned int)number, a, b, c, d);
    count_call(number, result);
    return result;
}

/* An argument that points to a structure; now and then to anywhere else. */
static uint64_t pointer(const void *structure)
{
    return random_chance(4) ? any_address() : address_of(structure);
}

static uint64_t self(void)
{
    static const uint64_t others[] = {0, 1, 2, 3, 0x7ff1, 0x7ff2, 0x7ff4};

    return random_chance(97) ? DOMID_SELF : others[random_below(7)];
}

/* Any frame but those of the tables that we run on. */
static mfn_t spare_frame(void)
{
    mfn_t frame = any_frame();

    if (!is_wild() && table_by_frame(frame) != NULL)
        return sandbox_frame(any_page());
    return frame;
}

/* ------------------------------------------------------------ page tables */

/* Which word, and what to: in a table, in plain memory, or in nothing. */
static void update_make(struct mmu_update *update)
{
    unsigned int level = 1 + (unsigned int)random_below(4);
    const entry_t *table;
    uint64_t at = random_below(random_chance(80) ? 64 : 512) * 8;

    update->val = any_entry(level);
    switch (random_below(10)) {
    case 0: /* a table that we run on: as it is, or refused */
        table = table_in_use();
        update->ptr = (sandbox_frame(table) << PAGE_SHIFT) + at;
        update->val = table[at / 8];
        if (random_chance(50))
            update->val = any_entry(level);
        break;
    case 1: /* a slot of the land's L2 */
        update->ptr =
            (frame_of(land_table()) << PAGE_SHIFT) + random_below(8) * 8;
        update->val = any_entry(2);
        break;
    case 2: /* how a sandbox page is mapped */
        update->ptr = mapping_slot();
        update->val = any_entry(1);
        break;
    case 3: update->ptr = (any_frame() << PAGE_SHIFT) + at; break;
    default:
        update->ptr =
            (sandbox_frame(sandbox_page((enum use)level)) << PAGE_SHIFT) + at;
    }
    if (random_chance(10))
        update->ptr |= MMU_PT_UPDATE_PRESERVE_AD;
    if (random_chance(2))
        update->ptr |= random_below(8);
}

/* What is asked must not be a danger to the program that asks. */
static void update_spare(struct mmu_update *update)
{
    mfn_t frame = update->ptr >> PAGE_SHIFT;
    unsigned int slot = (unsigned int)(update->ptr % PAGE_BYTES / 8);
    const entry_t *table;

    if (is_wild())
        return;
    if ((update->ptr & 7) == MMU_MACHPHYS_UPDATE) /* we go by these numbers */
        update->ptr -= MMU_MACHPHYS_UPDATE;
    table = table_by_frame(frame);
    if (table == NULL)
        return;
    /* By the land's addresses we must not come to our own mappings. */
    if (table == land_table() &&
        table_by_frame(entry_frame(update->val)) != NULL)
        update->val = 0;
    if (is_spare_slot(table, slot))
        return;
    if (update->val != table[slot])
        update->val |= ENTRY_LARGE | ENTRY_PRESENT; /* will be refused */
}

static void attack_update(void)
{
    unsigned int i, count = 1;
    struct mmu_update *list;

    if (random_chance(30))
        count = (unsigned int)random_below(random_chance(80) ? 6 : LIST_MAX);
    list = argument((count + 1) * sizeof(*list));
    for (i = 0; i < count; i++) {
        update_make(&list[i]);
        update_spare(&list[i]);
    }
    attempt(__HYPERVISOR_mmu_update, pointer(list), count,
            random_chance(20) ? any_address() : 0, self());
}

static void attack_mapping(void)
{
    void *page = any_page();
    uint64_t flags = random_chance(80) ? UVMF_INVLPG : random_below(4);
    entry_t entry = any_entry(1);
    vaddr_t address = address_of(page);

    if (random_chance(55)) { /* as it was, read-only or writable */
        entry = entry_make(sandbox_frame(page),
                           random_chance(60) ? MAP_WRITE : MAP_READ);
    } else if (random_chance(70)) {
        address = land_address();
    } else if (random_chance(40)) {
        address = any_address() | 1ul << 46;
    }
    if (random_chance(5))
        flags |= any_address() & ~3ul;
    if (random_chance(98))
        attempt(__HYPERVISOR_update_va_mapping, address, entry, flags, 0);
    else
        attempt(__HYPERVISOR_update_va_mapping_otherdomain, address, entry,
                flags, self());
}

/* Fill a table in plain memory, take the writable view away. */
static void *table_prepare(enum use use)
{
    void *page = sandbox_page(use);

    words_scatter(page, use == USE_SEGMENTS ? 1 : (unsigned int)use);
    if (random_chance(80))
        attempt(__HYPERVISOR_update_va_mapping, address_of(page),
                entry_make(sandbox_frame(page), MAP_READ), UVMF_INVLPG, 0);
    return page;
}

static void pin_make(struct mmuext_op *op)
{
    enum use use = (enum use)(USE_L1 + random_below(4));

    if (random_chance(50)) {
        op->cmd = MMUEXT_UNPIN_TABLE;
        op->arg1.mfn = sandbox_frame(sandbox_page(use));
        return;
    }
    op->arg1.mfn = sandbox_frame(table_prepare(use));
    op->cmd = MMUEXT_PIN_L1_TABLE + (unsigned int)use - 1;
    if (random_chance(6))
        op->cmd = MMUEXT_PIN_L1_TABLE + (unsigned int)random_below(4);
}

static void flush_make(struct mmuext_op *op)
{
    static const unsigned char flushes[] = {
        MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_INVLPG_LOCAL,  MMUEXT_TLB_FLUSH_MULTI,
        MMUEXT_INVLPG_MULTI,    MMUEXT_TLB_FLUSH_ALL, MMUEXT_INVLPG_ALL};

    op->cmd = flushes[random_below(sizeof(flushes))];
    op->arg1.linear_addr = any_address();
    op->arg2.src_mfn = any_address();
}

static void base_make(struct mmuext_op *op)
{
    op->cmd = MMUEXT_NEW_USER_BASEPTR;
    op->arg1.mfn = random_chance(50) ? frame_of(base_any()) : any_frame();
    if (random_chance(30))
        op->arg1.mfn =
            random_chance(50) ? 0 : sandbox_frame(table_prepare(USE_L4));
    else if (random_chance(50)) {
        op->cmd = MMUEXT_NEW_BASEPTR;
        op->arg1.mfn = frame_of(base_any());
    }
}

static void extended_make(struct mmuext_op *op)
{
    switch (random_below(10)) {
    case 0:
    case 1: flush_make(op); break;
    case 2: base_make(op); break;
    case 3:
        op->cmd = random_chance(50) ? MMUEXT_CLEAR_PAGE : MMUEXT_COPY_PAGE;
        op->arg1.mfn =
            random_chance(70) ? sandbox_frame(any_page()) : any_frame();
        op->arg2.src_mfn = any_frame();
        break;
    case 4:
        op->cmd = MMUEXT_SET_LDT;
        op->arg1.linear_addr = any_address() & ~0xffful;
        op->arg2.nr_ents =
            (unsigned int)random_below(random_chance(90) ? 1025 : 9000);
        break;
    case 5:
        op->cmd = (unsigned int)random_below(24);
        if (op->cmd == MMUEXT_NEW_BASEPTR && !is_wild())
            op->cmd = MMUEXT_NEW_USER_BASEPTR;
        op->arg1.mfn = spare_frame();
        op->arg2.src_mfn = any_frame();
        break;
    default: pin_make(op);
    }
}

static void attack_extended(void)
{
    unsigned int i, count = 1;
    struct mmuext_op *list;

    if (random_chance(15))
        count = (unsigned int)random_below(6);
    list = argument((count + 1) * sizeof(*list));
    for (i = 0; i < count; i++)
        extended_make(&list[i]);
    attempt(__HYPERVISOR_mmuext_op, pointer(list), count,
            random_chance(20) ? any_address() : 0, self());
}

/* ---------------------------------------------------------------- memory */

static void attack_reservation(void)
{
    struct xen_memory_reservation *r = argument(sizeof(*r));
    mfn_t *list = argument(ARGUMENT_BYTES);
    unsigned int i, count = 1 + (unsigned int)random_below(3);
    unsigned int command = has_donated_enough() ? XENMEM_decrease_reservation
                                                : XENMEM_increase_reservation;
    long done;

    if (collecting || random_chance(30)) /* frames are not to be lost */
        command = XENMEM_decrease_reservation;

    for (i = 0; i < count; i++) {
        list[i] =
            command == XENMEM_increase_reservation ? 0 : frame_take_donated();
        if (command == XENMEM_decrease_reservation &&
            (list[i] == 0 || random_chance(5)))
            list[i] = spare_frame();
    }
    if (command == XENMEM_increase_reservation && random_chance(20))
        command = XENMEM_populate_physmap;
    r->extent_start.p = list;
    r->nr_extents = count;
    r->domid = (domid_t)self();
    if (random_chance(5))
        r->extent_order = (unsigned int)random_below(64);
    if (random_chance(5))
        r->mem_flags = (unsigned int)random_word();
    if (random_chance(3)) { /* more than there are, or none at all */
        r->nr_extents = (xen_ulong_t)random_word();
        r->extent_start.p = (void *)(uintptr_t)(any_address() | 1ul << 46);
    }
    /* What happens to be in memory could ask for all there is. */
    done = attempt(__HYPERVISOR_memory_op, command,
                   command == XENMEM_decrease_reservation ? pointer(r)
                                                          : address_of(r),
                   0, 0);
    for (i = 0; command != XENMEM_decrease_reservation && i < count; i++) {
        if ((long)i < done)
            frame_donate(list[i]);
    }
}

static void attack_memory(void)
{
    struct xen_memory_map *map = argument(sizeof(*map));
    uint64_t command = random_below(32);

    if (random_chance(70)) {
        attack_reservation();
        return;
    }
    if (command <= XENMEM_decrease_reservation ||
        command == XENMEM_populate_physmap)
        command = XENMEM_maximum_ram_page;
    map->nr_entries = DOMID_SELF; /* the first word: entries, or a domain */
    map->buffer.p = (void *)(uintptr_t)any_address();
    if (random_chance(5))
        command |= random_word() << 6;
    if ((command & 63) <= XENMEM_decrease_reservation ||
        (command & 63) == XENMEM_populate_physmap)
        return;
    attempt(__HYPERVISOR_memory_op, command, pointer(map), 0, 0);
}

static void attack_descriptors(void)
{
    uint64_t *list = argument(ARGUMENT_BYTES);
    uint64_t *page = sandbox_page(USE_SEGMENTS);
    unsigned int i;

    if (random_chance(50)) {
        for (i = 0; i < 16; i++)
            list[i] = sandbox_frame(
                sandbox_page(random_chance(90) ? USE_SEGMENTS : USE_DATA));
        if (random_chance(70))
            attempt(__HYPERVISOR_update_va_mapping, address_of(page),
                    entry_make(sandbox_frame(page), MAP_READ), UVMF_INVLPG, 0);
        list[0] = sandbox_frame(page);
        attempt(__HYPERVISOR_set_gdt, pointer(list),
                random_below(random_chance(80) ? 513 : 8000), 0, 0);
    } else if (random_chance(20)) {
        attempt(__HYPERVISOR_set_gdt, 0, 0, 0, 0);
    } else {
        uint64_t flags =
            random_chance(60) ? 0x00cff200ul << 24 | 0xffff : random_word();

        if (is_wild() || random_chance(70))
            attempt(__HYPERVISOR_update_descriptor,
                    (sandbox_frame(page) << PAGE_SHIFT) +
                        random_below(4096) / 8 * 8,
                    flags, 0, 0);
        else
            attempt(__HYPERVISOR_update_descriptor,
                    (sandbox_frame(any_page()) << PAGE_SHIFT) +
                        random_below(4096),
                    flags, 0, 0);
    }
}

/* ------------------------------------------------------ all the small calls */

static void attack_version(void)
{
    uint64_t command = random_below(13);

    attempt(__HYPERVISOR_xen_version, command,
            random_chance(70) ? address_of(argument(1024)) : any_address(), 0,
            0);
}

static void attack_events(void)
{
    uint32_t *words = argument(ARGUMENT_BYTES);
    uint64_t command = random_below(14);
    unsigned int i;

    for (i = 0; i < 4; i++)
        words[i] = RING_PORTS + (uint32_t)random_below(PORTS);
    if (command == EVTCHNOP_bind_virq || command == EVTCHNOP_bind_ipi)
        words[0] = (uint32_t)random_below(random_chance(90) ? 2 : 30);
    if (command == EVTCHNOP_bind_virq)
        words[1] = (uint32_t)random_below(20) / 19;
    if (command == EVTCHNOP_alloc_unbound)
        words[0] = DOMID_SELF | (uint32_t)(self() << 16);
    if (command == EVTCHNOP_status)
        words[0] = DOMID_SELF;
    attempt(__HYPERVISOR_event_channel_op, command, address_of(words), 0, 0);
}

/* Not down, which is the end, and no new place for vcpu_info. */
static void attack_vcpu(void)
{
    static const unsigned char commands[] = {
        VCPUOP_initialise,
        VCPUOP_up,
        VCPUOP_is_up,
        VCPUOP_get_runstate_info,
        VCPUOP_register_runstate_memory_area,
        VCPUOP_get_physid,
        VCPUOP_stop_periodic_timer,
        VCPUOP_send_nmi,
        40};
    uint64_t *words = argument(ARGUMENT_BYTES);

    words[0] = any_address();
    if (is_wild() && random_chance(10)) {
        words[0] = any_frame();
        words[1] = random_below(4096);
        attempt(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
                address_of(words), 0);
        return;
    }
    attempt(__HYPERVISOR_vcpu_op, commands[random_below(sizeof(commands))],
            random_chance(95) ? 0 : random_word(), pointer(words), 0);
}

static void attack_grants(void)
{
    struct gnttab_setup_table *setup = argument(sizeof(*setup));

    setup->dom = (domid_t)self();
    setup->nr_frames = (uint32_t)random_below(6);
    setup->frame_list.p = random_chance(80) ? argument(ARGUMENT_BYTES)
                                            : (void *)(uintptr_t)any_address();
    attempt(__HYPERVISOR_grant_table_op,
            random_chance(40) ? GNTTABOP_setup_table : random_below(14),
            address_of(setup), random_chance(90) ? 1 : random_word(), 0);
}

/* A watch on what the kernel reads for us: its own copies must not trap. */
static void attack_debug(void)
{
    unsigned int n = (unsigned int)random_below(4);
    uint64_t kind = random_chance(50) ? 1 : 3; /* writes, or both */

    if (random_chance(40)) {
        attempt(__HYPERVISOR_get_debugreg, random_below(9), 0, 0, 0);
        return;
    }
    attempt(__HYPERVISOR_set_debugreg, n,
            random_chance(50)
                ? address_of(argument_pages) + random_below(4096) * 8
                : any_address(),
            0, 0);
    attempt(__HYPERVISOR_set_debugreg, 7,
            random_chance(70) ? (0x400 | 1ul << 2 * n | kind << (16 + 4 * n))
                              : random_word() & ~(0xfful | 1ul << 13),
            0, 0);
}

static void attack_callback(void)
{
    struct callback_register *r = argument(sizeof(*r));

    r->type = (uint16_t)(1 + random_below(7)); /* 0 is the events' */
    r->flags = (uint16_t)random_below(2);
    r->address = any_address();
    if (r->type == CALLBACKTYPE_failsafe)
        r->address = 1ul << 60;
    attempt(__HYPERVISOR_callback_op, random_below(3), address_of(r), 0, 0);
}

static void attack_small(void)
{
    struct physdev_set_iopl *iopl = argument(sizeof(*iopl));

    switch (random_below(8)) {
    case 0:
        attempt(__HYPERVISOR_set_timer_op,
                random_chance(50) ? random_below(4) : random_word(), 0, 0, 0);
        break;
    case 1:
        attempt(__HYPERVISOR_vm_assist, random_below(3), random_below(8), 0, 0);
        break;
    case 2:
        attempt(__HYPERVISOR_fpu_taskswitch, random_below(2), 0, 0, 0);
        break;
    case 3: attack_debug(); break;
    case 4:
        attempt(__HYPERVISOR_set_segment_base, random_below(5),
                random_chance(70) ? any_address() : random_word(), 0, 0);
        break;
    case 5:
        attempt(__HYPERVISOR_stack_switch, random_word(), any_address(), 0, 0);
        break;
    case 6: attack_callback(); break;
    default:
        iopl->iopl = (uint32_t)random_below(5);
        attempt(__HYPERVISOR_physdev_op,
                random_chance(80) ? PHYSDEVOP_set_iopl : random_below(40),
                pointer(iopl), 0, 0);
    }
}

static void attack_console(void)
{
    attempt(__HYPERVISOR_console_io, random_below(3), 0, any_address(), 0);
}

/* To other domains, and to an end that is none. */
static void attack_schedule(void)
{
    uint32_t *words = argument(ARGUMENT_BYTES);

    if (random_chance(2)) { /* rarely: time is to be fought for */
        attempt(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
        return;
    }
    if (random_chance(50)) {
        words[0] = SHUTDOWN_MAX + 1 + (uint32_t)random_below(1000);
        attempt(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address_of(words), 0,
                0);
        return;
    }
    words[0] = (uint32_t)random_below(8);
    attempt(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, address_of(words),
            0, 0);
}

/* Any number, any arguments, but for calls that would end this program: the
 * ones above know how far to go. */
static void attack_strange(void)
{
    static const uint64_t dangerous =
        1ul << __HYPERVISOR_set_trap_table | 1ul << __HYPERVISOR_mmu_update |
        1ul << __HYPERVISOR_set_callbacks |
        1ul << __HYPERVISOR_sched_op_compat | 1ul << __HYPERVISOR_set_debugreg |
        1ul << __HYPERVISOR_memory_op | 1ul << __HYPERVISOR_multicall |
        1ul << __HYPERVISOR_console_io | 1ul << __HYPERVISOR_iret |
        1ul << __HYPERVISOR_vcpu_op | 1ul << __HYPERVISOR_mmuext_op |
        1ul << __HYPERVISOR_sched_op | 1ul << __HYPERVISOR_callback_op |
        1ul << __HYPERVISOR_event_channel_op |
        1ul << __HYPERVISOR_update_va_mapping |
        1ul << __HYPERVISOR_update_va_mapping_otherdomain;
    static const uint64_t deadly =
        1ul << __HYPERVISOR_sched_op_compat | 1ul << __HYPERVISOR_sched_op |
        1ul << __HYPERVISOR_iret | 1ul << __HYPERVISOR_console_io;
    uint64_t number = random_below(NUMBERS);

    if ((is_wild() ? deadly : dangerous) >> number & 1)
        return;
    attempt(number, random_chance(60) ? random_below(40) : any_address(),
            any_address(), random_chance(50) ? random_below(4) : random_word(),
            random_word());
}

static void attack_one(void);

static void attack_multicall(void)
{
    unsigned int i, wanted = 1 + (unsigned int)random_below(PARTS_MAX - 1);

    if (collecting) { /* a multicall in a multicall */
        attempt(__HYPERVISOR_multicall, address_of(parts), 1, 0, 0);
        return;
    }
    part_count = 0;
    collecting = true;
    for (i = 0; i < wanted && part_count < PARTS_MAX; i++)
        attack_one();
    collecting = false;
    if (attempt(__HYPERVISOR_multicall, address_of(parts), part_count, 0, 0) !=
        0)
        return;
    for (i = 0; i < part_count; i++)
        count_part(parts[i].op, (long)parts[i].result);
}

struct choice {
    unsigned int weight; /* of 100 */
    void (*attack)(void);
};

static const struct choice choices[] = {
    {26, attack_update}, {22, attack_mapping},    {22, attack_extended},
    {5, attack_memory},  {5, attack_descriptors}, {3, attack_version},
    {3, attack_events},  {2, attack_vcpu},        {2, attack_grants},
    {5, attack_small},   {1, attack_console},     {1, attack_schedule},
    {3, attack_strange},
};

static void attack_one(void)
{
    uint64_t die = random_below(100);
    unsigned int i = 0;

    while (die >= choices[i].weight)
        die -= choices[i++].weight;
    choices[i].attack();
}

void attack(void)
{
    if (random_chance(3))
        attack_multicall();
    else
        attack_one();
}
