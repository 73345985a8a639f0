#include "x86/paging.h"

#include "lib/string.h"
#include "mm/errno.h"
#include "x86/image.h"
#include "x86/tlb.h"

#define LEVEL_BITS  9
#define ENTRIES     512
#define LOW_MEMORY  UINT64_C(0x100000)
/* The boot code's tables map this much where it is. */
#define IDENTITY_BYTES UINT64_C(0x100000000)
#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED)

static struct {
    paging_page_fn page;
    void *cookie;
    paddr_t l4;
    bool live;           /* our tables are loaded */
    vaddr_t device_next; /* first free address of the device slot */
    uint64_t frame_mask; /* address bits that the CPU has */
} paging = {.device_next = DEVICE_BASE};

/* Bytes that an entry of a level maps. */
static uint64_t level_bytes(int level)
{
    return PAGE_BYTES << (LEVEL_BITS * (level - 1));
}

/* Before our tables are loaded the boot code's identity map serves. */
static uint64_t *table_at(paddr_t table)
{
    return paging.live ? direct_map(table) : (void *)(uintptr_t)table;
}

paddr_t paging_page(void)
{
    return paging.page(paging.cookie);
}

static paddr_t table_new(void)
{
    paddr_t table = paging_page();

    if (table != 0)
        memset(table_at(table), 0, PAGE_BYTES);
    return table;
}

/* Ring 3 reads through slot 256 only; its leaves decide about each page. */
static uint64_t table_flags(vaddr_t va)
{
    return va - M2P_BASE < SLOT_BYTES ? TABLE_FLAGS | PTE_USER : TABLE_FLAGS;
}

/* The entry of a level that maps va; tables above it are made. NULL: no
 * page for them, or a large page is in the way. */
static uint64_t *entry_at(vaddr_t va, int level)
{
    uint64_t *table = table_at(paging.l4);

    for (int at = 4;; at--) {
        uint64_t *entry = &table[va / level_bytes(at) % ENTRIES];
        paddr_t below;

        if (at == level)
            return entry;
        if ((*entry & PTE_PRESENT) == 0) {
            below = table_new();
            if (below == 0)
                return NULL;
            *entry = below | table_flags(va);
        } else if ((*entry & PTE_PSE) != 0) {
            return NULL;
        }
        table = table_at(*entry & PTE_ADDRESS);
    }
}

/* Map pages of the image; 4 KiB each. */
static int map_image(const uint8_t *start, const uint8_t *end, uint64_t flags)
{
    for (const uint8_t *p = start; p < end; p += PAGE_BYTES) {
        uint64_t *entry = entry_at((uintptr_t)p, 1);

        if (entry == NULL)
            return -ENOMEM;
        if (p != boot_stack_guard)
            *entry = image_paddr(p) | PTE_PRESENT | PTE_ACCESSED | flags;
    }
    return 0;
}

/* Is any of these physical bytes text or read-only data of ours? */
static bool image_constant(paddr_t start, uint64_t bytes)
{
    return start < image_paddr(image_rodata_end) &&
           start + bytes > image_start();
}

/* The largest page that can map RAM at `at` without what is beyond end. */
static int direct_level(paddr_t at, paddr_t end, int largest)
{
    int level = largest;

    while (level > 1 &&
           (at % level_bytes(level) != 0 || end - at < level_bytes(level) ||
            image_constant(at, level_bytes(level))))
        level--;
    return level;
}

static int map_direct(paddr_t start, paddr_t end, int largest)
{
    paddr_t at = start;

    while (at < end) {
        int level = direct_level(at, end, largest);
        uint64_t *entry = entry_at(DIRECT_MAP + at, level);
        uint64_t flags = PTE_PRESENT | PTE_ACCESSED | PTE_NX;

        if (entry == NULL)
            return -ENOMEM;
        if (!image_constant(at, PAGE_BYTES))
            flags |= PTE_WRITE | PTE_DIRTY;
        if (level > 1)
            flags |= PTE_PSE;
        *entry = at | flags;
        at += level_bytes(level);
    }
    return 0;
}

static int map_ram(const struct paging_setup *setup)
{
    paddr_t top = UINT64_C(1) << setup->physical_bits;
    int error = 0;

    if (top > DIRECT_MAP_BYTES)
        top = DIRECT_MAP_BYTES;
    for (size_t i = 0; i < setup->ranges && error == 0; i++) {
        paddr_t start = setup->ram[i].start;
        paddr_t end = setup->ram[i].end;

        if (start < LOW_MEMORY)
            start = LOW_MEMORY;
        if (end > top)
            end = top;
        if (start < end)
            error = map_direct(start, end, setup->gigabyte_pages ? 3 : 2);
    }
    return error;
}

/* The L4, and the 16 L3 tables behind it. */
static int map_slots(void)
{
    paging.l4 = table_new();
    if (paging.l4 == 0)
        return -ENOMEM;
    for (unsigned int i = 0; i < KERNEL_SLOT_COUNT; i++)
        if (entry_at(M2P_BASE + i * SLOT_BYTES, 3) == NULL)
            return -ENOMEM;
    return 0;
}

int paging_init(const struct paging_setup *setup)
{
    int error;

    paging_set_allocator(setup->page, setup->cookie);
    paging.frame_mask = (UINT64_C(1) << setup->physical_bits) - 1;
    error = map_slots();
    if (error == 0)
        error = map_image(image_text_start, image_text_end, 0);
    if (error == 0)
        error = map_image(image_rodata_start, image_rodata_end, PTE_NX);
    if (error == 0)
        error = map_image(image_data_start, image_end_symbol,
                          PTE_NX | PTE_WRITE | PTE_DIRTY);
    if (error == 0)
        error = map_ram(setup);
    if (error != 0)
        return error;
    cr3_write(paging.l4);
    paging.live = true;
    return 0;
}

void paging_set_allocator(paging_page_fn page, void *cookie)
{
    paging.page = page;
    paging.cookie = cookie;
}

paddr_t image_paddr(const void *p)
{
    return (uintptr_t)p - IMAGE_BASE + image_load;
}

paddr_t image_start(void)
{
    return image_load;
}

paddr_t image_end(void)
{
    return image_paddr(image_end_symbol);
}

uint64_t *paging_entry(vaddr_t va)
{
    return entry_at(va, 1);
}

int paging_map_page(vaddr_t va, paddr_t paddr, uint64_t flags)
{
    uint64_t *entry;

    if (va < M2P_BASE || va >= DIRECT_MAP || (va | paddr) % PAGE_BYTES != 0 ||
        (paddr & ~paging.frame_mask) != 0)
        return -EINVAL;
    entry = entry_at(va, 1);
    if (entry == NULL)
        return -ENOMEM;
    if ((flags & PTE_WRITE) != 0)
        flags |= PTE_DIRTY;
    *entry = paddr | PTE_PRESENT | PTE_ACCESSED | PTE_NX | flags;
    return 0;
}

/* The L1 entry of va, if all its tables are there. */
static uint64_t *entry_find(vaddr_t va)
{
    uint64_t *table = table_at(paging.l4);

    for (int at = 4;; at--) {
        uint64_t *entry = &table[va / level_bytes(at) % ENTRIES];

        if ((*entry & PTE_PRESENT) == 0)
            return NULL;
        if (at == 1)
            return entry;
        if ((*entry & PTE_PSE) != 0)
            return NULL;
        table = table_at(*entry & PTE_ADDRESS);
    }
}

paddr_t paging_unmap_page(vaddr_t va)
{
    uint64_t *entry = entry_find(va);
    paddr_t was;

    if (entry == NULL)
        return MFN_NONE;
    was = *entry & PTE_ADDRESS;
    *entry = 0;
    tlb_flush_page(va);
    return was;
}

/* What the boot code's identity map has of a device. */
static void *early_device(paddr_t paddr, size_t bytes)
{
    if (paddr >= IDENTITY_BYTES || bytes > IDENTITY_BYTES - paddr)
        return NULL;
    return (void *)(uintptr_t)paddr;
}

void *paging_map_device(paddr_t paddr, size_t bytes, enum paging_cache cache)
{
    uint64_t offset = paddr % PAGE_BYTES;
    uint64_t pages = (offset + bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    uint64_t flags = PAGING_WRITE | (cache == CACHE_WC ? PAGING_WC : PAGING_UC);
    vaddr_t va = paging.device_next;

    if (!paging.live)
        return early_device(paddr, bytes);
    if (pages > (DEVICE_BASE + SLOT_BYTES - va) / PAGE_BYTES)
        return NULL;
    for (uint64_t i = 0; i < pages; i++)
        if (paging_map_page(va + i * PAGE_BYTES,
                            paddr - offset + i * PAGE_BYTES, flags) != 0)
            return NULL;
    paging.device_next = va + pages * PAGE_BYTES;
    return (void *)(uintptr_t)(va + offset);
}

void paging_unmap_device(const void *p, size_t bytes)
{
    vaddr_t first = (uintptr_t)p & ~(PAGE_BYTES - 1);

    for (vaddr_t va = first; va < (uintptr_t)p + bytes; va += PAGE_BYTES)
        paging_unmap_page(va);
}

void paging_kernel_slots(uint64_t words[KERNEL_SLOT_COUNT])
{
    memcpy(words, table_at(paging.l4) + KERNEL_SLOT_FIRST,
           KERNEL_SLOT_COUNT * sizeof words[0]);
}

paddr_t paging_kernel_l4(void)
{
    return paging.l4;
}
