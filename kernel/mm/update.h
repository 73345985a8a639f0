#ifndef TALLY_MM_UPDATE_H
#define TALLY_MM_UPDATE_H

#include "mm/superpage.h"

/*
 * update - change one entry of a table, or one word of plain memory.
 */

struct update {
    mfn_t    mfn;       /* the frame written */
    uint32_t slot;      /* word of it, 0..TABLE_ENTRIES-1 */
    uint8_t  keep_ad;   /* 1: the old entry's accessed and dirty bits stay */
    uint64_t value;     /* the word */
};

/*
 * update_word - MMU_NORMAL_PT_UPDATE and MMU_PT_UPDATE_PRESERVE_AD (U1).
 *
 * A frame in use as a table is changed as a table, as entry_update says. Any
 * other frame but a descriptor table is plain memory for a moment: a writable
 * reference is taken, the word stored, the reference released.
 *
 * 0          written
 * -EINVAL    not a frame of the owner (G3, G4), a descriptor table (U1), or
 *            refused as entry_update says
 * -EBUSY, -EPERM   as entry_update says
 * STOP_*     see op_resume
 *
 * On failure no count, pin or reference is changed; entries of tables that
 * were looked at may have gained USER.
 * Source: Xen xen/arch/x86/mm.c, do_mmu_update().
 */
int update_word(struct memory *m, struct owner *o, const struct update *u);

/*
 * entry_update - get the new, write, put the old (rules E1 to E4, U1).
 *
 * u->mfn must be in use as a table of the owner, else -EINVAL (U1).
 *
 * 0          written
 * -EINVAL    bits (E1 to E3), the kernel's slots (E4), or, above L1, any
 *            reason why the frame cannot be used as the table below
 * -EBUSY     L1, or an L1 entry of the new table below: the frame is
 *            another's (G3), given back (G1), in use as something else (T2),
 *            or a count is full
 * -EPERM     L1, or an L1 entry of the new table below: not RAM (G4)
 * STOP_*     see op_resume
 *
 * On failure no count, pin or reference is changed; entries of tables that
 * were looked at may have gained USER.
 * Source: Xen xen/arch/x86/mm.c, mod_l1_entry() to mod_l4_entry().
 */
int entry_update(struct memory *m, struct owner *o, const struct update *u);

/*
 * update_walk - find the L1 table that translates va below a base (U2).
 *
 * base   mfn of a settled L4 of the owner
 *
 * The table's mfn, or MFN_NONE when an entry on the way is not present, which
 * is then the witness, or the slot is the kernel's (E4).
 * Source: Xen xen/arch/x86/mm.c, do_update_va_mapping(); XSA-279, XSA-286.
 */
mfn_t update_walk(struct memory *m, struct owner *o, mfn_t base, vaddr_t va);

/*
 * frame_clear, frame_copy - MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE.
 *
 * 0          done
 * -EINVAL    a frame is not the owner's, or cannot be written now
 * STOP_*     see op_resume
 */
int frame_clear(struct memory *m, struct owner *o, mfn_t mfn);
int frame_copy(struct memory *m, struct owner *o, mfn_t to, mfn_t from);

/* update_resume - op_resume for OP_UPDATE and OP_STORE. */
int update_resume(struct memory *m, struct owner *o);

#endif
