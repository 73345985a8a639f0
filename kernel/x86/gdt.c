#include "x86/gdt.h"

#include "lib/string.h"
#include "x86/image.h"
#include "x86/paging.h"
#include "x86/panic.h"
#include "x86/stack.h"

#define DESCRIPTOR_BYTES     8
#define DESCRIPTORS_PER_PAGE (PAGE_BYTES / DESCRIPTOR_BYTES)

#define GDT_LIMIT            ((GDT_KERNEL_PAGE + 1) * PAGE_BYTES - 1)
#define KERNEL_FIRST         0xe000 /* selector of the page's first word */

/* Descriptors, accessed from the start (SDM 3A 3.4.5). */
#define DESCRIPTOR_KERNEL_CODE  UINT64_C(0x00af9b000000ffff)
#define DESCRIPTOR_KERNEL_DATA  UINT64_C(0x00cf93000000ffff)
#define DESCRIPTOR_GUEST_CODE32 UINT64_C(0x00cffb000000ffff)
#define DESCRIPTOR_GUEST_DATA   UINT64_C(0x00cff3000000ffff)
#define DESCRIPTOR_GUEST_CODE   UINT64_C(0x00affb000000ffff)
#define SYSTEM_LDT              UINT64_C(0x82)
#define SYSTEM_TSS              UINT64_C(0x89)

/* SDM 3A 8.7: the 64-bit TSS. */
struct __attribute__((packed)) tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_bitmap;
};
_Static_assert(sizeof(struct tss) == 104, "TSS as the CPU has it");

struct __attribute__((packed)) table_register {
    uint16_t limit;
    uint64_t base;
};

__attribute__((
    section(".entry.data"),
    aligned(4096))) static uint64_t kernel_page[DESCRIPTORS_PER_PAGE];

__attribute__((section(".entry.data"), aligned(4096))) static union {
    struct tss tss;
    uint8_t page[PAGE_BYTES];
} state;

__attribute__((
    aligned(4096))) static const uint64_t zero_page[DESCRIPTORS_PER_PAGE];

/* L1 entries of the two windows. */
static uint64_t *gdt_entries;
static uint64_t *ldt_entries;

static uint64_t *word_of(uint16_t selector)
{
    return &kernel_page[(selector - KERNEL_FIRST) / DESCRIPTOR_BYTES];
}

/* An LDT or TSS descriptor, two words. limit: bytes - 1. */
static void system_write(uint16_t selector, vaddr_t base, uint32_t limit,
                         uint64_t type)
{
    uint64_t *words = word_of(selector);

    words[1] = base >> 32;
    words[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | type << 40 |
               (uint64_t)(limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
}

static uint64_t guest_entry(mfn_t mfn)
{
    return mfn << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED |
           PTE_DIRTY | PTE_NX;
}

static uint64_t zero_entry(void)
{
    return image_paddr(zero_page) | PTE_PRESENT | PTE_ACCESSED | PTE_NX;
}

static void tss_fill(void)
{
    state.tss.io_bitmap = sizeof state.tss; /* beyond: no port at all */
    for (unsigned int i = IST_DF; i <= IST_COUNT; i++)
        state.tss.ist[i - 1] = stack_ist_top((enum ist)i);
    cpu_set_stack_top((uintptr_t)boot_stack_top);
}

static void window_map(void)
{
    gdt_entries = paging_entry(WINDOW_GDT);
    ldt_entries = paging_entry(WINDOW_LDT);
    if (gdt_entries == NULL || ldt_entries == NULL)
        panic("no memory for the window");
    for (unsigned int i = 0; i < GDT_GUEST_PAGES; i++)
        gdt_entries[i] = zero_entry();
    gdt_entries[GDT_KERNEL_PAGE] =
        guest_entry(image_paddr(kernel_page) >> PAGE_SHIFT);
    if (paging_map_page(WINDOW_TSS, image_paddr(&state), PAGING_WRITE) != 0)
        panic("no memory for the window");
}

void gdt_init(void)
{
    struct table_register gdtr = {GDT_LIMIT, WINDOW_GDT};

    *word_of(SELECTOR_KERNEL_CS) = DESCRIPTOR_KERNEL_CODE;
    *word_of(SELECTOR_KERNEL_DS) = DESCRIPTOR_KERNEL_DATA;
    *word_of(SELECTOR_GUEST_CS32 & ~3) = DESCRIPTOR_GUEST_CODE32;
    *word_of(SELECTOR_GUEST_SS & ~3) = DESCRIPTOR_GUEST_DATA;
    *word_of(SELECTOR_GUEST_CS & ~3) = DESCRIPTOR_GUEST_CODE;
    system_write(SELECTOR_TSS, WINDOW_TSS, sizeof state.tss - 1, SYSTEM_TSS);
    tss_fill();
    window_map();
    __asm__ volatile("lgdt %0" ::"m"(gdtr));
    __asm__ volatile("ltr %w0" ::"r"(SELECTOR_TSS));
    __asm__ volatile("lldt %w0" ::"r"(0));
}

void gdt_load_guest_frames(const mfn_t frames[GDT_GUEST_PAGES],
                           unsigned int entries)
{
    unsigned int pages = (entries + (unsigned int)DESCRIPTORS_PER_PAGE - 1) /
                         (unsigned int)DESCRIPTORS_PER_PAGE;

    for (unsigned int i = 0; i < GDT_GUEST_PAGES; i++)
        gdt_entries[i] = i < pages && frames[i] != MFN_NONE
                             ? guest_entry(frames[i])
                             : zero_entry();
}

void gdt_load_guest_ldt(const mfn_t frames[LDT_GUEST_PAGES],
                        unsigned int entries)
{
    unsigned int pages = (entries + (unsigned int)DESCRIPTORS_PER_PAGE - 1) /
                         (unsigned int)DESCRIPTORS_PER_PAGE;
    uint16_t selector = 0;

    for (unsigned int i = 0; i < LDT_GUEST_PAGES; i++)
        ldt_entries[i] =
            i < pages && frames[i] != MFN_NONE ? guest_entry(frames[i]) : 0;
    if (entries != 0) {
        system_write(SELECTOR_LDT, WINDOW_LDT, entries * DESCRIPTOR_BYTES - 1,
                     SYSTEM_LDT);
        selector = SELECTOR_LDT;
    }
    __asm__ volatile("lldt %0" ::"r"(selector) : "memory");
}

void gdt_set_ldt_page(unsigned int page, mfn_t mfn)
{
    if (page < LDT_GUEST_PAGES)
        ldt_entries[page] = guest_entry(mfn);
}

void cpu_set_stack_top(vaddr_t top)
{
    state.tss.rsp[0] = top;
    cpu_stack_top = top;
}
