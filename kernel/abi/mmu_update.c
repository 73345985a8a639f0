#include "abi/calls.h"

#include "abi/guest.h"
#include "abi/target.h"
#include "memory.h"
#include "mm/leaf.h"
#include "report.h"
#include "x86/copy.h"

/* Low bits of a request's machine address: what to do with it. */
#define COMMAND_MASK (sizeof(uint64_t) - 1)

/* Steps that a request out of the ordinary counts as, besides the one that
 * each takes. */
#define SLOW_STEPS 6

/* A number of the domain's own for one of its frames. */
static int machphys_update(struct domain *d, uint64_t ptr, uint64_t pfn)
{
    mfn_t mfn = ptr >> PAGE_SHIFT;
    const struct frame *f = frame_of(&machine, &d->owner, mfn);
    enum rule rule = RULE_NONE;

    if (!f)
        rule = mfn < machine.frames ? RULE_G3 : RULE_G4;
    else if (!f->allocated && f->refs == 0)
        rule = RULE_G1;
    if (rule != RULE_NONE)
        return door_run(d, refuse(&machine, &d->owner, rule, EINVAL, mfn));
    m2p_set(mfn, pfn);
    return 0;
}

/* A request that is no ordinary change of an entry. */
__attribute__((noinline)) static int request_slowly(struct domain *d,
                                                    uint64_t ptr, uint64_t val)
{
    uint64_t command = ptr & COMMAND_MASK;
    struct update u = {
        .mfn = ptr >> PAGE_SHIFT,
        .slot = (uint32_t)(ptr % PAGE_BYTES / sizeof(uint64_t)),
        .keep_ad = command == MMU_PT_UPDATE_PRESERVE_AD,
        .value = val,
    };

    call_weigh(d, SLOW_STEPS);
    switch (command) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_PRESERVE_AD:
    case MMU_PT_UPDATE_NO_TRANSLATE:
        return door_run(d, update_word(&machine, &d->owner, &u));
    case MMU_MACHPHYS_UPDATE: return machphys_update(d, ptr, val);
    default: return -ENOSYS;
    }
}

/* One request, struct mmu_update's two words, to its answer. */
static inline int request_do(struct domain *d, uint64_t ptr, uint64_t val)
{
    uint64_t index = ptr / sizeof(uint64_t);
    int rc;

    if ((ptr & COMMAND_MASK) != MMU_NORMAL_PT_UPDATE)
        return request_slowly(d, ptr, val);
    rc = ordinary_update(&machine, &d->owner, index, val);
    if (rc == 0)
        return 0;
    if (rc == LEAF_OTHER)
        return request_slowly(d, index * sizeof(uint64_t), val);
    report_refusal(d);
    return rc;
}

/* Both halves of foreigndom must name the caller: bits 15:0 the owner of the
 * frames that entries refer to, bits 31:16 (0 or a domain's number + 1) the
 * owner of the tables. */
__attribute__((noinline)) static int owners_check(const struct domain *d,
                                                  uint32_t foreign)
{
    uint32_t tables = foreign >> 16;

    if (tables != 0 && tables - 1 != d->owner.id)
        return domain_by_id(tables - 1) ? -EPERM : -ESRCH;
    return target_check(d, foreign & 0xffff);
}

_Static_assert(sizeof(struct mmu_update) == 16, "two words a request");
_Static_assert(TABLE_ENTRIES * sizeof(uint64_t) == PAGE_BYTES,
               "a machine address is 8 times the number of a word");

long call_mmu_update(struct vcpu *v, const uint64_t *argument)
{
    struct domain *d = v->domain;
    uint32_t count = (uint32_t)argument[1], i;
    vaddr_t at = argument[0];
    int rc = 0;

    if (!guest_array_begin(&at, count, sizeof(struct mmu_update)))
        return -EFAULT;
    if (argument[3] != DOMID_SELF) {
        rc = owners_check(d, (uint32_t)argument[3]);
        if (rc != 0)
            return rc;
    }
    for (i = 0; i < count; i++, at += sizeof(struct mmu_update)) {
        struct guest_pair pair;

        rc = get_guest_pair_raw(&pair, at);
        if (rc != 0)
            break;
        rc = request_do(d, pair.first, pair.second);
        if (rc != 0)
            break;
        call_step(d);
    }
    guest_tell(argument[2], i); /* best effort: rc says more */
    return rc;
}

/* The flush that goes with a changed entry. */
__attribute__((noinline)) static int va_flush(struct vcpu *v, vaddr_t va,
                                              uint64_t flags)
{
    uint64_t kind = flags & UVMF_FLUSHTYPE_MASK;
    vaddr_t where = flags & ~UVMF_FLUSHTYPE_MASK;
    uint64_t vcpus = ~UINT64_C(0);

    if (kind != UVMF_TLB_FLUSH && kind != UVMF_INVLPG)
        return 0;
    if (where != UVMF_LOCAL && where != UVMF_ALL &&
        guest_read(&vcpus, where, sizeof vcpus) != 0)
        return -EFAULT;
    if (vcpus % (UINT64_C(1) << DOMAIN_VCPUS) == 0)
        return 0;
    if (kind == UVMF_INVLPG)
        door_page_invalidate(v->domain, va);
    else
        door_flush();
    return 0;
}

/* An update of an address that is no ordinary one. */
__attribute__((noinline)) static long va_slowly(struct vcpu *v, vaddr_t va,
                                                uint64_t value, uint64_t flags)
{
    struct domain *d = v->domain;
    struct update u = {.slot = entry_slot(va, 1), .value = value};
    int rc;

    if (!access_ok(va, 1))
        return -EINVAL;
    u.mfn = update_walk(&machine, &d->owner, v->loaded->base, va);
    if (u.mfn == MFN_NONE)
        return door_run(d, -EINVAL);
    rc = door_run(d, entry_update(&machine, &d->owner, &u));
    return rc != 0 ? rc : va_flush(v, va, flags); /* XSA-279: then no flush */
}

long call_update_va_mapping(struct vcpu *v, const uint64_t *argument)
{
    struct domain *d = v->domain;
    vaddr_t va = argument[0];
    uint64_t *word = NULL;

    if (access_ok(va, 1))
        word = leaf_walk(&machine, v->loaded->base, va);
    if (!word || !leaf_update(&machine, d->owner.id, word, argument[1]))
        return va_slowly(v, va, argument[1], argument[2]);
    if ((argument[2] & UVMF_FLUSHTYPE_MASK) == UVMF_NONE)
        return 0;
    return va_flush(v, va, argument[2]);
}

long call_update_va_mapping_otherdomain(struct vcpu *v,
                                        const uint64_t *argument)
{
    int rc = target_check(v->domain, argument[3] & 0xffff);

    return rc != 0 ? rc : call_update_va_mapping(v, argument);
}
