#include "x86/stack.h"

#include "mm/errno.h"
#include "x86/image.h"
#include "x86/paging.h"

/* Stacks that were made, and which of them are free again. */
static uint32_t made;
static uint16_t free_list[STACKS_MAX];
static uint32_t free_count;

/* Map pages where none are yet. What was mapped before the memory ended
 * stays, for the next try. */
static int map_pages(vaddr_t start, vaddr_t end)
{
    for (vaddr_t va = start; va < end; va += PAGE_BYTES) {
        uint64_t *entry = paging_entry(va);
        paddr_t page;

        if (entry == NULL)
            return -ENOMEM;
        if ((*entry & PTE_PRESENT) != 0)
            continue;
        page = paging_page();
        if (page == 0 || paging_map_page(va, page, PAGING_WRITE) != 0)
            return -ENOMEM;
    }
    return 0;
}

static vaddr_t stack_top(uint32_t number)
{
    return WINDOW_STACKS + ((uint64_t)number + 1) * STACK_STRIDE;
}

int stack_init(void)
{
    for (unsigned int i = IST_DF; i <= IST_COUNT; i++) {
        vaddr_t top = stack_ist_top((enum ist)i);
        int error = map_pages(top - IST_BYTES, top);

        if (error != 0)
            return error;
    }
    return 0;
}

vaddr_t stack_alloc(void)
{
    vaddr_t top;

    if (free_count > 0)
        return stack_top(free_list[--free_count]);
    if (made == STACKS_MAX)
        return 0;
    top = stack_top(made);
    if (map_pages(top - STACK_BYTES, top) != 0)
        return 0;
    made++;
    return top;
}

void stack_free(vaddr_t top)
{
    free_list[free_count++] =
        (uint16_t)((top - WINDOW_STACKS) / STACK_STRIDE - 1);
}

vaddr_t stack_ist_top(enum ist ist)
{
    return WINDOW_IST + (uint64_t)ist * IST_STRIDE;
}

/* Is an offset in one of `count` strides, above the guard, with 16 bytes to
 * come? */
static bool above_guard(uint64_t offset, uint64_t count, uint64_t stride,
                        uint64_t guard)
{
    return offset < count * stride && offset % stride >= guard &&
           offset % stride <= stride - 16;
}

bool stack_contains(vaddr_t va)
{
    if (va % 8 != 0)
        return false;
    if (va >= (uintptr_t)boot_stack && va + 16 <= (uintptr_t)boot_stack_top)
        return true;
    return above_guard(va - WINDOW_STACKS, made, STACK_STRIDE,
                       STACK_STRIDE - STACK_BYTES) ||
           above_guard(va - WINDOW_IST, IST_COUNT, IST_STRIDE,
                       IST_STRIDE - IST_BYTES);
}
