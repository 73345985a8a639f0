#include "abi/calls.h"

#include <xen/memory.h>

#include "abi/guest.h"
#include "abi/target.h"
#include "memory.h"
#include "x86/layout.h"

/* Bits 6 and up of the command: how many extents are done already. */
#define COMMAND_BITS 6
#define COMMAND_MASK ((UINT64_C(1) << COMMAND_BITS) - 1)
#define EXTENTS_MAX  (UINT32_MAX >> COMMAND_BITS)
/* The largest extent that a domain may name: 2 MiB. */
#define ORDER_MAX       9

#define M2P_ENTRY_BYTES 8
#define M2P_NO_PAGE     UINT64_MAX

#define E820_RAM        1

struct e820_entry {
    uint64_t base; /* bytes */
    uint64_t size; /* bytes */
    uint32_t type; /* E820_* */
} __attribute__((packed));

/* Frames of a domain that are not part of its own numbering: shared_info and
 * the grant table. */
#define FRAMES_SHARED (1 + GRANT_FRAMES)

static void frame_forget(struct domain *d, mfn_t mfn)
{
    if (door_run(d, frame_give_back(&machine, &d->owner, mfn)) == 0)
        m2p_set(mfn, M2P_NO_PAGE);
}

/* The frames of an extent of this order, in a row from *mfn on. */
static int frames_alloc(struct domain *d, uint32_t order, mfn_t *mfn)
{
    int rc;

    do {
        call_step(d);
        rc = order == 0 ? frame_alloc(&machine, &d->owner, mfn)
                        : extent_alloc(&machine, &d->owner, mfn);
    } while (rc == STOP_BUDGET);
    return door_run(d, rc);
}

/* One extent more. false when there is none, or its mfn cannot be told.
 * numbered: the slot holds the domain's own number for its first page, which
 * the mfn replaces; else a slot of 0 is none. */
static bool extent_populate(struct domain *d, vaddr_t slot, bool numbered,
                            uint32_t order)
{
    uint64_t pfn = M2P_NO_PAGE;
    uint32_t i;
    mfn_t mfn;

    if (numbered && guest_read(&pfn, slot, sizeof pfn) != 0)
        return false;
    if (frames_alloc(d, order, &mfn) != 0)
        return false;
    if ((numbered || slot != 0) && guest_write(slot, &mfn, sizeof mfn) != 0) {
        for (i = 0; i < UINT32_C(1) << order; i++) {
            frame_forget(d, mfn + i);
            call_step(d);
        }
        return false;
    }
    for (i = 0; i < UINT32_C(1) << order; i++) {
        m2p_set(mfn + i, numbered ? pfn + i : pfn);
        call_step(d);
    }
    return true;
}

/* One extent less. false when a frame of it cannot be given back. */
static bool extent_drop(struct domain *d, vaddr_t slot, uint32_t order)
{
    mfn_t mfn;
    uint32_t i;

    if (guest_read(&mfn, slot, sizeof mfn) != 0)
        return false;
    for (i = 0; i < UINT32_C(1) << order; i++) {
        if (door_run(d, frame_give_back(&machine, &d->owner, mfn + i)) != 0)
            return false;
        m2p_set(mfn + i, M2P_NO_PAGE);
        call_step(d);
    }
    return true;
}

/* May frames of this domain be anywhere in memory, as the caller wishes? */
static bool flags_ok(uint32_t flags)
{
    uint32_t bits = XENMEMF_get_address_bits(flags);

    return bits == 0 || bits >= 64 ||
           machine.frames <= (UINT64_C(1) << bits) >> PAGE_SHIFT;
}

/* Is this a change that can be done at all? All that is asked before the
 * first extent (XSA-31: the order, too). */
static bool reservation_ok(uint32_t command,
                           const struct xen_memory_reservation *r)
{
    vaddr_t list = (vaddr_t)(uintptr_t)r->extent_start.p;

    if (r->nr_extents > EXTENTS_MAX || r->extent_order > ORDER_MAX)
        return false;
    if (!guest_array_ok(list, r->nr_extents, sizeof(xen_pfn_t)))
        return false;
    if (command == XENMEM_decrease_reservation)
        return true;
    /* In a row are one page, or all pages of a superpage. */
    return (r->extent_order == 0 || r->extent_order == ORDER_MAX) &&
           flags_ok(r->mem_flags);
}

/* increase_reservation, decrease_reservation, populate_physmap. Returns how
 * many extents were done; what is wrong shows in that number only. */
static long reservation_change(struct domain *d, uint32_t command,
                               uint64_t start, vaddr_t arg)
{
    struct xen_memory_reservation r;
    vaddr_t list;
    uint64_t i;
    int rc;

    if (guest_read(&r, arg, sizeof r) != 0 || !reservation_ok(command, &r) ||
        start >= r.nr_extents)
        return (long)start;
    rc = target_check_any(d, r.domid);
    if (rc != 0)
        return rc == -ESRCH ? (long)start : rc;
    list = (vaddr_t)(uintptr_t)r.extent_start.p;
    for (i = start; i < r.nr_extents; i++) {
        vaddr_t slot = list + i * sizeof(xen_pfn_t);
        bool done;

        if (command == XENMEM_decrease_reservation)
            done = extent_drop(d, slot, r.extent_order);
        else if (command == XENMEM_populate_physmap)
            done = extent_populate(d, slot, true, r.extent_order);
        else
            done =
                extent_populate(d, list != 0 ? slot : 0, false, r.extent_order);
        if (!done)
            break;
        call_step(d);
    }
    return (long)i;
}

/* current_reservation, maximum_reservation, maximum_gpfn. */
static long reservation_size(struct domain *d, uint32_t command, vaddr_t arg)
{
    const volatile struct arch_shared_info *shared = &d->shared->arch;
    domid_t id;
    uint64_t frames;
    int rc;

    if (guest_read(&id, arg, sizeof id) != 0)
        return -EFAULT;
    rc = target_check_any(d, id);
    if (rc != 0)
        return rc;
    if (command == XENMEM_maximum_gpfn) {
        frames = shared->max_pfn; /* as the domain itself says */
        return frames != 0 ? (long)(frames - 1) : 0;
    }
    frames = command == XENMEM_current_reservation ? d->owner.allocated
                                                   : d->owner.limit;
    return frames > FRAMES_SHARED ? (long)(frames - FRAMES_SHARED) : 0;
}

/* memory_map: one entry, all the domain's pages. */
static long memory_map(struct domain *d, vaddr_t arg)
{
    struct e820_entry entry = {.size = d->pages * PAGE_BYTES, .type = E820_RAM};
    struct xen_memory_map map;

    if (guest_read(&map, arg, sizeof map) != 0)
        return -EFAULT;
    if (map.nr_entries < 1)
        return -EINVAL;
    map.nr_entries = 1;
    if (guest_write((vaddr_t)(uintptr_t)map.buffer.p, &entry, sizeof entry) !=
        0)
        return -EFAULT;
    return guest_write(arg, &map, sizeof map);
}

static long machphys_mapping(vaddr_t arg)
{
    uint64_t bytes = machine.frames * M2P_ENTRY_BYTES;
    struct xen_machphys_mapping mapping = {.v_start = M2P_BASE};

    bytes = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    mapping.v_end = M2P_BASE + bytes;
    mapping.max_mfn = bytes / M2P_ENTRY_BYTES - 1;
    return guest_write(arg, &mapping, sizeof mapping);
}

long call_memory_op(struct vcpu *v, const uint64_t *argument)
{
    struct domain *d = v->domain;
    uint32_t command = (uint32_t)(argument[0] & COMMAND_MASK);
    uint64_t start = argument[0] >> COMMAND_BITS;
    vaddr_t arg = argument[1];

    if (command == XENMEM_increase_reservation ||
        command == XENMEM_decrease_reservation ||
        command == XENMEM_populate_physmap)
        return reservation_change(d, command, start, arg);
    if (start != 0)
        return -EINVAL;
    switch (command) {
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn: return reservation_size(d, command, arg);
    case XENMEM_maximum_ram_page: return (long)machine.frames;
    case XENMEM_memory_map: return memory_map(d, arg);
    case XENMEM_machphys_mapping: return machphys_mapping(arg);
    case XENMEM_machine_memory_map: return d->privileged ? -ENOSYS : -EPERM;
    default: return -ENOSYS;
    }
}
