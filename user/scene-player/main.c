/*
 * The scene player as a domain: plays the scene that is its ramdisk.
 */
#include "lib/domain.h"
#include "scene-player/scene.h"

#include <xen/memory.h>

#define WINDOW_PAGES PLAYER_SEGMENTS

/* The neighbour has more memory than the players have: the page behind their
 * last one is the first of a superpage of his, and shows where that is. */
#define PLAYER_PAGES    4096u
#define TURNS           1000u

/* Addresses at which a frame is shown for a moment; they show nothing else. */
static char window[WINDOW_PAGES][PAGE_BYTES]
    __attribute__((aligned(PAGE_BYTES)));
static const start_info_t *information;
static mfn_t first_base;
static entry_t first_base_words[TABLE_ENTRIES];

static long extended(unsigned int command, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.linear_addr = arg1;
    operation.arg2.src_mfn = arg2;
    return hypercall_mmuext(&operation, 1, NULL);
}

void player_print(const char *text, size_t bytes)
{
    size_t i;

    for (i = 0; i < bytes; i++)
        say("%c", text[i]);
}

const char *player_rule(void)
{
    return ""; /* only the kernel's log knows */
}

/* Where the neighbour's page PLAYER_PAGES is. */
static uint64_t find_other(uint64_t end)
{
    struct fault fault;
    uint64_t frame, page;

    for (frame = 0; frame < end; frame += SUPERPAGE_PAGES) {
        if (try_read(address_of(&machine_to_phys_mapping[frame]), &page,
                     &fault) &&
            page == PLAYER_PAGES)
            return frame;
    }
    return 0;
}

uint64_t player_frame(enum player_frame which)
{
    long most =
        hypercall(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0, 0, 0);

    switch (which) {
    case PLAYER_BASE: return first_base;
    case PLAYER_SHARED: return information->shared_info >> PAGE_SHIFT;
    case PLAYER_KERNEL: return 0x200; /* where its image begins */
    case PLAYER_OTHER: return find_other((uint64_t)most);
    case PLAYER_BEYOND: break;
    }
    return (uint64_t)most + 0x1000;
}

uint64_t player_page(void)
{
    void *page = page_alloc();

    page_unmap(address_of(page));
    return frame_of(page);
}

static uint64_t frame_at(pfn_t page)
{
    return page == 0 ? 0 : mfn_of(page);
}

uint64_t player_superpage(void)
{
    return frame_at(superpage_alloc());
}

uint64_t player_gigabyte(void)
{
    return frame_at(gigabyte_alloc());
}

uint64_t player_base_word(unsigned int slot)
{
    return first_base_words[slot];
}

long player_update(uint64_t frame, unsigned int slot, uint64_t word, bool keep)
{
    struct mmu_update request = {
        .ptr = (frame << PAGE_SHIFT) | slot * sizeof(entry_t) |
               (keep ? MMU_PT_UPDATE_PRESERVE_AD : MMU_NORMAL_PT_UPDATE),
        .val = word,
    };

    return hypercall_mmu_update(&request, 1, NULL);
}

long player_pin(uint64_t frame, unsigned int level)
{
    return extended(MMUEXT_PIN_L1_TABLE + level - 1, frame, 0);
}

long player_unpin(uint64_t frame)
{
    return extended(MMUEXT_UNPIN_TABLE, frame, 0);
}

long player_load_base(uint64_t frame, bool user)
{
    return extended(user ? MMUEXT_NEW_USER_BASEPTR : MMUEXT_NEW_BASEPTR, frame,
                    0);
}

static long window_show(unsigned int i, uint64_t frame, uint64_t flags)
{
    return page_map(address_of(window[i]), frame, flags);
}

long player_load_segments(const uint64_t *frames, unsigned int count, bool ldt)
{
    long result = 0;
    unsigned int i;

    if (!ldt)
        return hypercall(__HYPERVISOR_set_gdt, address_of(frames),
                         count * TABLE_ENTRIES, 0, 0);
    for (i = 0; i < count && result == 0; i++)
        result = window_show(i, frames[i], MAP_READ);
    if (result == 0)
        result = extended(MMUEXT_SET_LDT, count > 0 ? address_of(window) : 0,
                          count * TABLE_ENTRIES);
    for (i = 0; i < count; i++)
        page_unmap(address_of(window[i]));
    return result;
}

long player_descriptor(uint64_t frame, unsigned int slot, uint64_t word)
{
    return hypercall(__HYPERVISOR_update_descriptor,
                     (frame << PAGE_SHIFT) | slot * sizeof(word), word, 0, 0);
}

static bool reservation(unsigned int command, uint64_t *frame, bool superpage)
{
    struct xen_memory_reservation r = {
        .nr_extents = 1,
        .extent_order = superpage ? 9 : 0,
        .domid = DOMID_SELF,
    };

    r.extent_start.p = frame;
    return hypercall(__HYPERVISOR_memory_op, command, address_of(&r), 0, 0) ==
           1;
}

long player_free(uint64_t frame, bool superpage)
{
    return reservation(XENMEM_decrease_reservation, &frame, superpage)
               ? 0
               : -XEN_EINVAL;
}

long player_alloc(uint64_t *frame, bool superpage)
{
    return reservation(XENMEM_increase_reservation, frame, superpage)
               ? 0
               : -XEN_ENOMEM;
}

long player_mark(uint64_t frame)
{
    return extended(MMUEXT_MARK_SUPER, frame, 0);
}

long player_unmark(uint64_t frame)
{
    return extended(MMUEXT_UNMARK_SUPER, frame, 0);
}

long player_clear(uint64_t frame)
{
    return extended(MMUEXT_CLEAR_PAGE, frame, 0);
}

long player_copy(uint64_t to, uint64_t from)
{
    return extended(MMUEXT_COPY_PAGE, to, from);
}

long player_va(uint64_t va, uint64_t word, enum player_flush flush)
{
    static const uint64_t flags[] = {
        [PLAYER_NONE] = UVMF_NONE,
        [PLAYER_PAGE] = UVMF_INVLPG | UVMF_ALL,
        [PLAYER_ALL] = UVMF_TLB_FLUSH | UVMF_ALL,
    };

    return hypercall_va_mapping(va, word, flags[flush]);
}

long player_peek(uint64_t frame, unsigned int slot, uint64_t *word)
{
    long result = window_show(0, frame, MAP_READ);

    if (result != 0)
        return result;
    *word = ((volatile uint64_t *)(void *)window[0])[slot];
    return page_unmap(address_of(window[0]));
}

long player_store(uint64_t frame, unsigned int slot, uint64_t word)
{
    long result = window_show(0, frame, MAP_WRITE);

    if (result != 0)
        return result;
    ((volatile uint64_t *)(void *)window[0])[slot] = word;
    return page_unmap(address_of(window[0]));
}

/*
 * The neighbour: maps a superpage of its own, if there is such a thing, and
 * lives on while the scenes are played.
 */
static void neighbour(void)
{
    uint64_t table = player_page();
    unsigned int turns;

    player_update(table, 0, entry_make(mfn_of(PLAYER_PAGES), MAP_WRITE_LARGE),
                  false);
    player_pin(table, 2);
    for (turns = 0; turns < TURNS; turns++)
        hypercall_yield();
}

void domain_main(const start_info_t *info)
{
    unsigned int i;

    information = info;
    first_base = frame_of(base_table());
    memcpy(first_base_words, base_table(), PAGE_BYTES);
    traps_setup(info);
    for (i = 0; i < WINDOW_PAGES; i++)
        page_unmap(address_of(window[i]));
    if (domain_option("who", "neighbour"))
        neighbour();
    else if (info->mod_len == 0)
        say("scene-player: a scene is expected as the ramdisk\n");
    else if (!scene_play((const char *)info->mod_start, info->mod_len))
        domain_crash();
}
