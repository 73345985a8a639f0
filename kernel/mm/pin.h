#ifndef TALLY_MM_PIN_H
#define TALLY_MM_PIN_H

#include "mm/reference.h"

/*
 * pin - keep a table validated, and load it as a base pointer.
 */

/*
 * table_pin - MMUEXT_PIN_L1_TABLE to MMUEXT_PIN_L4_TABLE (rule P1).
 *
 * mfn    the frame
 * type   FRAME_L1 .. FRAME_L4
 *
 * 0          validated as that type, and kept so until table_unpin
 * -EINVAL    pinned already (P1), not a frame of the owner (G3, G4), given
 *            back (G1), in use as something else (T2), or an entry above L1
 *            is refused
 * -EBUSY, -EPERM   an L1 entry in it or below is refused
 * STOP_*     see op_resume
 *
 * On failure no count, pin or reference is changed; entries of tables that
 * were looked at may have gained USER.
 * Source: Xen xen/arch/x86/mm.c, do_mmuext_op().
 */
int table_pin(struct memory *m, struct owner *o, mfn_t mfn,
              enum frame_type type);

/*
 * table_unpin - MMUEXT_UNPIN_TABLE (rule P2).
 *
 * 0          the pin is gone; with the last use the table is dropped
 * -EINVAL    not the owner's (G3, G4) or not pinned (P2)
 * STOP_*     see op_resume
 *
 * On failure nothing is changed.
 */
int table_unpin(struct memory *m, struct owner *o, mfn_t mfn);

/*
 * base_load - MMUEXT_NEW_BASEPTR and MMUEXT_NEW_USER_BASEPTR (rule B1).
 *
 * vcpu   index into o->loaded
 * user   true: the guest user's, which mfn MFN_NONE clears
 * mfn    an L4, or a frame that can be validated as one
 *
 * 0          loaded[vcpu] names it, and the one before is released
 * STOP_LOAD  loaded[vcpu] names it: load it into the CPU, then call
 *            op_resume. Only the guest kernel's base stops for that.
 * -EINVAL    as table_pin
 *
 * On failure nothing is changed.
 * Source: Xen xen/arch/x86/mm.c, new_guest_cr3(), do_mmuext_op().
 */
int base_load(struct memory *m, struct owner *o, uint32_t vcpu, bool user,
              mfn_t mfn);

/*
 * base_swap, base_put - base_load of the guest kernel's base in the common
 * case: both tables are in use, and stay so.
 *
 * loaded  of the vcpu
 * mfn     an L4 of the owner's
 *
 * base_swap returns the base before: loaded->base names mfn, load it into the
 * CPU, then call base_put. MFN_NONE: nothing was changed, ask base_load. No
 * operation is on record in either case.
 */
mfn_t base_swap(const struct memory *m, const struct owner *o,
                struct loaded *loaded, mfn_t mfn);
void base_put(const struct memory *m, mfn_t old);

/* pin_resume - op_resume for OP_PIN, OP_UNPIN and OP_BASE. */
int pin_resume(struct memory *m, struct owner *o);

#endif
