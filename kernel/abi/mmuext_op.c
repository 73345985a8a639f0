#include "abi/calls.h"

#include "abi/guest.h"
#include "abi/ldt.h"
#include "abi/target.h"
#include "memory.h"

/* Steps that any operation but the shortest counts as, besides its own. */
#define OP_STEPS 4

/* Pins, base pointers, frames written whole: the rule core's business.
 * Returns as the rule core does. */
static int op_on_frame(struct vcpu *v, const struct mmuext_op *op)
{
    struct owner *o = &v->domain->owner;
    mfn_t mfn = op->arg1.mfn;

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE: return table_pin(&machine, o, mfn, FRAME_L1);
    case MMUEXT_PIN_L2_TABLE: return table_pin(&machine, o, mfn, FRAME_L2);
    case MMUEXT_PIN_L3_TABLE: return table_pin(&machine, o, mfn, FRAME_L3);
    case MMUEXT_PIN_L4_TABLE: return table_pin(&machine, o, mfn, FRAME_L4);
    case MMUEXT_UNPIN_TABLE: return table_unpin(&machine, o, mfn);
    case MMUEXT_NEW_BASEPTR:
    case MMUEXT_NEW_USER_BASEPTR:
        if (mfn >= machine.frames) /* G4: MFN_NONE means another thing */
            return refuse(&machine, o, RULE_G4, EINVAL, mfn);
        if (op->cmd == MMUEXT_NEW_BASEPTR)
            return base_load(&machine, o, v->id, false, mfn);
        return base_load(&machine, o, v->id, true, mfn == 0 ? MFN_NONE : mfn);
    case MMUEXT_CLEAR_PAGE: return frame_clear(&machine, o, mfn);
    case MMUEXT_COPY_PAGE:
        return frame_copy(&machine, o, mfn, op->arg2.src_mfn);
    case MMUEXT_MARK_SUPER: return superpage_mark(&machine, o, mfn);
    case MMUEXT_UNMARK_SUPER: return superpage_unmark(&machine, o, mfn);
    default: return -ENOSYS;
    }
}

/* Is one of the domain's vcpus in the mask that an operation points to? */
static int mask_read(const struct mmuext_op *op, bool *any)
{
    uint64_t vcpus;

    if (guest_read(&vcpus, (vaddr_t)(uintptr_t)op->arg2.vcpumask.p,
                   sizeof vcpus) != 0)
        return -EINVAL;
    *any = vcpus % (UINT64_C(1) << DOMAIN_VCPUS) != 0;
    return 0;
}

/* Flushes: one vcpu, so that ALL and LOCAL are the same. */
static int op_flush(struct vcpu *v, const struct mmuext_op *op)
{
    bool page = op->cmd == MMUEXT_INVLPG_LOCAL ||
                op->cmd == MMUEXT_INVLPG_MULTI || op->cmd == MMUEXT_INVLPG_ALL;
    bool any = true;

    if (op->cmd == MMUEXT_TLB_FLUSH_MULTI || op->cmd == MMUEXT_INVLPG_MULTI) {
        int rc = mask_read(op, &any);

        if (rc != 0)
            return rc;
    }
    if (any && page)
        door_page_invalidate(v->domain, op->arg1.linear_addr);
    else if (any)
        door_flush();
    return 0;
}

/* One operation, to its answer. */
static int op_do(struct vcpu *v, const struct mmuext_op *op)
{
    switch (op->cmd) {
    case MMUEXT_TLB_FLUSH_LOCAL:
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_TLB_FLUSH_ALL:
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_INVLPG_MULTI:
    case MMUEXT_INVLPG_ALL: return op_flush(v, op);
    case MMUEXT_SET_LDT:
        return ldt_set(v, op->arg1.linear_addr, op->arg2.nr_ents);
    case MMUEXT_FLUSH_CACHE: /* needs a device, which none has */
        return -EACCES;
    case MMUEXT_FLUSH_CACHE_GLOBAL: return -EINVAL;
    default:
        call_weigh(v->domain, OP_STEPS);
        return door_run(v->domain, op_on_frame(v, op));
    }
}

/* A base pointer, when all that is to be done is to load it. */
static inline bool base_quickly(struct vcpu *v, mfn_t mfn)
{
    mfn_t old = base_swap(&machine, &v->domain->owner, v->loaded, mfn);

    if (old == MFN_NONE)
        return false;
    door_switch_base(mfn);
    base_put(&machine, old);
    return true;
}

/* One operation of the list, in three words, to its answer. */
static inline int op_next(struct vcpu *v, vaddr_t at)
{
    struct guest_pair pair;
    struct mmuext_op op;
    uint64_t word;

    if (get_guest_pair_raw(&pair, at) != 0 ||
        get_guest_raw(&word, at + sizeof(pair)) != 0)
        return -EFAULT;
    if ((uint32_t)pair.first == MMUEXT_NEW_BASEPTR &&
        base_quickly(v, pair.second))
        return 0;
    op.cmd = (uint32_t)pair.first;
    op.arg1.mfn = pair.second;
    op.arg2.src_mfn = word;
    return op_do(v, &op);
}

_Static_assert(sizeof(struct mmuext_op) == 24 &&
                   offsetof(struct mmuext_op, arg1) == 8 &&
                   offsetof(struct mmuext_op, arg2) == 16,
               "three words an operation");

long call_mmuext_op(struct vcpu *v, const uint64_t *argument)
{
    struct domain *d = v->domain;
    uint32_t count = (uint32_t)argument[1], i;
    vaddr_t at = argument[0];
    int rc = 0;

    if (!guest_array_begin(&at, count, sizeof(struct mmuext_op)))
        return -EFAULT;
    if (argument[3] != DOMID_SELF)
        rc = target_check(d, argument[3] & 0xffff);
    if (rc != 0)
        return rc;
    for (i = 0; i < count; i++, at += sizeof(struct mmuext_op)) {
        rc = op_next(v, at);
        if (rc != 0)
            break;
        call_step(d);
    }
    guest_tell(argument[2], i); /* best effort: rc says more */
    return rc;
}
