#include "abi/guest.h"

#include "x86/copy.h"

/* The address if it is a guest's, else 0, also where the CPU runs ahead of a
 * comparison: then no kernel memory is read even speculatively. Depends on
 * nothing but the address, so that no jump can take its place. What begins in
 * a guest's part ends there, or where no address is. */
static vaddr_t address_clamp(vaddr_t va)
{
    uint64_t guests;

    __asm__ volatile("cmp %1, %2; sbb %0, %0"
                     : "=r"(guests)
                     : "r"(va - GUEST_HOLE), "r"(GUEST_HIGH - GUEST_HOLE - 1)
                     : "cc");
    return va & guests;
}

int guest_read(void *dst, vaddr_t src, size_t bytes)
{
    bool good = access_ok(src, bytes);
    vaddr_t from = address_clamp(src);

    if (!good || copy_from_guest_raw(dst, from, bytes) != 0)
        return -EFAULT;
    return 0;
}

int guest_write(vaddr_t dst, const void *src, size_t bytes)
{
    bool good = access_ok(dst, bytes);
    vaddr_t to = address_clamp(dst);

    if (!good || copy_to_guest_raw(to, src, bytes) != 0)
        return -EFAULT;
    return 0;
}

bool guest_array_ok(vaddr_t base, uint64_t count, size_t bytes)
{
    uint64_t total;

    if (__builtin_mul_overflow(count, bytes, &total))
        return false;
    if (base < GUEST_HOLE)
        return total <= GUEST_HOLE - base;
    return base >= GUEST_HIGH && total <= -base;
}

bool guest_array_begin(vaddr_t *base, uint64_t count, size_t bytes)
{
    bool good = guest_array_ok(*base, count, bytes);

    *base = address_clamp(*base);
    return good;
}
