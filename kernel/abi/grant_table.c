#include "abi/calls.h"

#include <xen/grant_table.h>

#include "abi/guest.h"
#include "abi/target.h"

/*
 * The table's frames are there from the start, and the domain may fill them:
 * so a frontend can be set up. There is no other domain yet that would map
 * what it grants; all that maps, copies and transfers is absent.
 */

/* Steps that telling the table's frames counts as. */
#define SETUP_STEPS 4

/* GNTST_*: may the caller work on this domain's table? */
static int16_t table_status(const struct domain *d, domid_t id)
{
    switch (target_check_any(d, id)) {
    case 0: return GNTST_okay;
    case -EPERM: return GNTST_permission_denied;
    default: return GNTST_bad_domain;
    }
}

static long setup_table(struct domain *d, vaddr_t arg)
{
    struct gnttab_setup_table op;
    uint32_t i;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    op.status = table_status(d, op.dom);
    if (op.status == GNTST_okay && op.nr_frames > GRANT_FRAMES)
        op.status = GNTST_general_error;
    call_weigh(d, SETUP_STEPS);
    for (i = 0; op.status == GNTST_okay && i < op.nr_frames; i++) {
        vaddr_t slot = (vaddr_t)(uintptr_t)op.frame_list.p + i * sizeof(mfn_t);

        if (guest_write(slot, &d->grant_mfn[i], sizeof(mfn_t)) != 0)
            op.status = GNTST_bad_virt_addr;
    }
    return guest_write(arg + offsetof(struct gnttab_setup_table, status),
                       &op.status, sizeof op.status);
}

static long query_size(struct domain *d, vaddr_t arg)
{
    struct gnttab_query_size op;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    op.status = table_status(d, op.dom);
    if (op.status == GNTST_okay) {
        op.nr_frames = GRANT_FRAMES;
        op.max_nr_frames = GRANT_FRAMES;
    }
    return guest_write(arg, &op, sizeof op);
}

/* Only version 1 is there, and it is told whatever was asked. */
static long set_version(vaddr_t arg)
{
    struct gnttab_set_version op;
    uint32_t wanted;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    wanted = op.version;
    op.version = 1;
    if (guest_write(arg, &op, sizeof op) != 0)
        return -EFAULT;
    if (wanted == 2)
        return -ENOSYS;
    return wanted == 1 ? 0 : -EINVAL;
}

static long get_version(struct domain *d, vaddr_t arg)
{
    struct gnttab_get_version op;
    int rc;

    if (guest_read(&op, arg, sizeof op) != 0)
        return -EFAULT;
    rc = target_check_any(d, op.dom);
    if (rc != 0)
        return rc;
    op.version = 1;
    return guest_write(arg, &op, sizeof op);
}

long call_grant_table_op(struct vcpu *v, const uint64_t *argument)
{
    struct domain *d = v->domain;
    uint32_t command = (uint32_t)argument[0];
    vaddr_t arg = argument[1];

    if ((uint32_t)argument[2] > INT32_MAX)
        return -EINVAL;
    switch (command) {
    case GNTTABOP_setup_table:
    case GNTTABOP_query_size:
        if ((uint32_t)argument[2] != 1)
            return -EINVAL;
        return command == GNTTABOP_setup_table ? setup_table(d, arg)
                                               : query_size(d, arg);
    case GNTTABOP_set_version: return set_version(arg);
    case GNTTABOP_get_version: return get_version(d, arg);
    default: return -ENOSYS;
    }
}
