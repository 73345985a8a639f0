#include "lib/memory.h"

#include <stddef.h>

#include "lib/domain.h"

#define FRAME_MASK 0x000ffffffffff000u
#define SLOT_BITS  9

extern char page_pool[]; /* user.ld */
extern char page_pool_end[];

static const uint64_t *frame_list; /* frame of each page */
static const entry_t *base;        /* the L4 table in use */
static char *pool_next = page_pool;
static pfn_t last_superpage; /* handed out; or the end of memory */
static pfn_t last_gigabyte;

void memory_setup(const start_info_t *info)
{
    last_superpage = info->nr_pages;
    last_gigabyte = info->nr_pages;
    frame_list = (const uint64_t *)info->mfn_list;
    base = (const entry_t *)info->pt_base;
}

mfn_t mfn_of(pfn_t page)
{
    return frame_list[page];
}

pfn_t pfn_of(mfn_t frame)
{
    return machine_to_phys_mapping[frame];
}

void *page_of(pfn_t page)
{
    return (void *)(page << PAGE_SHIFT);
}

pfn_t page_number(const volatile void *address)
{
    return address_of(address) >> PAGE_SHIFT;
}

mfn_t frame_of(const volatile void *address)
{
    return mfn_of(page_number(address));
}

void *page_alloc(void)
{
    char *page = pool_next;

    if (page == page_pool_end) {
        say("The page pool is used up.\n");
        domain_crash();
    }
    pool_next += PAGE_BYTES;
    return page;
}

uint64_t pages_mapped(void)
{
    pfn_t page = page_number(page_pool);

    while ((entry_find(page << PAGE_SHIFT, 1) & ENTRY_PRESENT) != 0)
        page++;
    return page;
}

/*
 * The next piece of `pages` pages before *last. Frames come in rows of
 * superpages and gigabytes; where the first and the last of them fit, so do
 * those between.
 */
static pfn_t piece_before(pfn_t *last, uint64_t pages)
{
    pfn_t page;

    for (page = *last & ~(pages - 1); page >= pages_mapped() + pages;) {
        page -= pages;
        if (mfn_of(page) % pages == 0 &&
            mfn_of(page + pages - 1) == mfn_of(page) + pages - 1) {
            *last = page;
            return page;
        }
    }
    return 0;
}

pfn_t superpage_alloc(void)
{
    return piece_before(&last_superpage, SUPERPAGE_PAGES);
}

pfn_t gigabyte_alloc(void)
{
    return piece_before(&last_gigabyte, GIGABYTE_PAGES);
}

entry_t entry_make(mfn_t frame, uint64_t flags)
{
    return (frame << PAGE_SHIFT) | flags;
}

mfn_t entry_frame(entry_t entry)
{
    return (entry & FRAME_MASK) >> PAGE_SHIFT;
}

unsigned int slot_of(vaddr_t address, unsigned int level)
{
    uint64_t slot = address >> (PAGE_SHIFT + SLOT_BITS * (level - 1));

    return (unsigned int)(slot % TABLE_ENTRIES);
}

const entry_t *base_table(void)
{
    return base;
}

const entry_t *table_find(vaddr_t address, unsigned int level)
{
    const entry_t *table = base;
    unsigned int at;
    entry_t entry;

    for (at = TABLE_LEVELS; at > level; at--) {
        entry = table[slot_of(address, at)];
        if ((entry & ENTRY_PRESENT) == 0)
            return NULL;
        if (at < TABLE_LEVELS && (entry & ENTRY_LARGE) != 0)
            return NULL;
        table = page_of(pfn_of(entry_frame(entry)));
    }
    return table;
}

entry_t entry_find(vaddr_t address, unsigned int level)
{
    const volatile entry_t *table = table_find(address, level);

    return table == NULL ? 0 : table[slot_of(address, level)];
}

long page_map(vaddr_t address, mfn_t frame, uint64_t flags)
{
    return hypercall_va_mapping(address, entry_make(frame, flags),
                                UVMF_INVLPG | UVMF_LOCAL);
}

long page_unmap(vaddr_t address)
{
    return hypercall_va_mapping(address, MAP_NOTHING, UVMF_INVLPG | UVMF_LOCAL);
}

long page_forget(vaddr_t address)
{
    struct mmuext_op operation = {.cmd = MMUEXT_INVLPG_LOCAL};

    operation.arg1.linear_addr = address;
    return hypercall_mmuext(&operation, 1, NULL);
}

long forget_all(void)
{
    struct mmuext_op operation = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};

    return hypercall_mmuext(&operation, 1, NULL);
}

long page_protect(void *page)
{
    return page_map(address_of(page), frame_of(page), MAP_READ);
}

long page_release(void *page)
{
    return page_map(address_of(page), frame_of(page), MAP_WRITE);
}

struct mmu_update mmu_request(const entry_t *table, unsigned int slot,
                              entry_t value)
{
    uint64_t place = (frame_of(table) << PAGE_SHIFT) + slot * sizeof(entry_t);

    return (struct mmu_update){
        .ptr = place | MMU_NORMAL_PT_UPDATE,
        .val = value,
    };
}

long entry_write(const entry_t *table, unsigned int slot, entry_t value)
{
    struct mmu_update request = mmu_request(table, slot, value);

    return hypercall_mmu_update(&request, 1, NULL);
}

static long table_operate(unsigned int command, const void *page)
{
    struct mmuext_op operation = {.cmd = command};

    operation.arg1.mfn = frame_of(page);
    return hypercall_mmuext(&operation, 1, NULL);
}

long table_pin(const void *page, unsigned int level)
{
    return table_operate(MMUEXT_PIN_L1_TABLE + level - 1, page);
}

long table_unpin(const void *page)
{
    return table_operate(MMUEXT_UNPIN_TABLE, page);
}

long base_load(const void *table)
{
    long result = table_operate(MMUEXT_NEW_BASEPTR, table);

    if (result == 0)
        base = table;
    return result;
}

long user_base_load(const void *table)
{
    return table_operate(MMUEXT_NEW_USER_BASEPTR, table);
}
