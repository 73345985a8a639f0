#include "abi/calls.h"

#include <xen/version.h>

#include "abi/guest.h"
#include "lib/string.h"
#include "x86/layout.h"

/* The interface that is offered is Xen 4.17's. */
#define VERSION (4 << 16 | 17)

static const xen_extraversion_t extraversion = "-tally";
static const xen_capabilities_info_t capabilities = "xen-3.0-x86_64 ";
static const xen_changeset_info_t changeset = "unavailable";
static const xen_commandline_t command_line = "";
static const xen_domain_handle_t no_handle;
static const struct xen_compile_info compile_info = {
    .compiler = "C11",
    .compile_by = "tally",
    .compile_domain = "tally",
    .compile_date = "unavailable",
};
static const struct xen_platform_parameters parameters = {
    .virt_start = M2P_BASE,
};

/* What the longest of them, copied, counts as. */
#define TELL_STEPS 8

/* get_features: a domain works on its page tables by hypercall, and on
 * machine frame numbers; so bits 0, 2 and 3 are never set. */
static long features(const struct vcpu *v, vaddr_t arg)
{
    struct xen_feature_info info;

    if (guest_read(&info, arg, sizeof info) != 0)
        return -EFAULT;
    if (info.submap_idx != 0)
        return -EINVAL;
    info.submap = 1u << XENFEAT_mmu_pt_update_preserve_ad |
                  1u << XENFEAT_gnttab_map_avail_bits;
    if (v->vm_assist & 1u << VMASST_TYPE_pae_extended_cr3)
        info.submap |= 1u << XENFEAT_pae_pgdir_above_4gb;
    if (v->domain->privileged)
        info.submap |= 1u << XENFEAT_dom0;
    return guest_write(arg, &info, sizeof info);
}

/* Everything that needs more than a number. */
__attribute__((noinline)) static long version_tell(struct vcpu *v,
                                                   uint32_t command,
                                                   vaddr_t arg)
{
    call_weigh(v->domain, TELL_STEPS);
    switch (command) {
    case XENVER_extraversion:
        return guest_write(arg, extraversion, sizeof extraversion);
    case XENVER_compile_info:
        return guest_write(arg, &compile_info, sizeof compile_info);
    case XENVER_capabilities:
        return guest_write(arg, capabilities, sizeof capabilities);
    case XENVER_changeset: return guest_write(arg, changeset, sizeof changeset);
    case XENVER_platform_parameters:
        return guest_write(arg, &parameters, sizeof parameters);
    case XENVER_get_features: return features(v, arg);
    case XENVER_pagesize: return arg == 0 ? (long)PAGE_BYTES : -EINVAL;
    case XENVER_guest_handle:
        return guest_write(arg, no_handle, sizeof no_handle);
    case XENVER_commandline:
        return guest_write(arg, command_line, sizeof command_line);
    case XENVER_build_id: return -XEN_ENODATA;
    default: return -ENOSYS;
    }
}

long call_xen_version(struct vcpu *v, const uint64_t *argument)
{
    uint32_t command = (uint32_t)argument[0];

    return command == XENVER_version ? VERSION
                                     : version_tell(v, command, argument[1]);
}
