#include "abi/guest.h"

#include "x86/copy.h"

/* The address if it is good, else 0, also where the CPU runs ahead of the
 * comparison: then no kernel memory is read even speculatively. */
static vaddr_t address_clamp(vaddr_t va, bool good)
{
    uint64_t mask = -(uint64_t)good;

    __asm__ volatile("" : "+r"(mask)); /* not to be turned into a jump */
    return va & mask;
}

int guest_read(void *dst, vaddr_t src, size_t bytes)
{
    bool good = access_ok(src, bytes);
    vaddr_t from = address_clamp(src, good);

    if (!good || copy_from_guest_raw(dst, from, bytes) != 0)
        return -EFAULT;
    return 0;
}

int guest_write(vaddr_t dst, const void *src, size_t bytes)
{
    bool good = access_ok(dst, bytes);
    vaddr_t to = address_clamp(dst, good);

    if (!good || copy_to_guest_raw(to, src, bytes) != 0)
        return -EFAULT;
    return 0;
}

bool guest_array_ok(vaddr_t base, uint64_t count, size_t bytes)
{
    uint64_t total;

    return !__builtin_mul_overflow(count, bytes, &total) &&
           access_ok(base, total);
}

bool guest_array_begin(vaddr_t *base, uint64_t count, size_t bytes)
{
    bool good = guest_array_ok(*base, count, bytes);

    *base = address_clamp(*base, good);
    return good;
}
