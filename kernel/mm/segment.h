#ifndef TALLY_MM_SEGMENT_H
#define TALLY_MM_SEGMENT_H

#include "mm/reference.h"

/*
 * segment - descriptor tables: a domain's GDT and LDT (rules S1 and S2).
 */

/* A table of descriptors that a vcpu is to load. */
struct descriptors {
    const mfn_t *frames;    /* mfns, one for each TABLE_ENTRIES descriptors */
    uint32_t count;         /* frames; 0 loads none */
    uint32_t vcpu;          /* index into o->loaded */
    bool     ldt;           /* false: the GDT */
};

/*
 * segment_check - may a domain have this descriptor (rule S1)?
 *
 * descriptor  8 bytes as in the table; made privilege level 3 when it is a
 *             present code or data segment
 *
 * true when it is code, data, not present, or of type 0 (the second half of
 * a 16-byte descriptor, which loads nothing).
 * Source: SDM 3A 3.4.5, 3.5; Xen xen/arch/x86/pv/descriptor-tables.c,
 * check_descriptor().
 */
bool segment_check(uint64_t *descriptor);

/*
 * descriptors_load - set_gdt and MMUEXT_SET_LDT.
 *
 * 0          loaded[vcpu] names the frames, those before are released
 * STOP_LOAD  load GDT and LDT of loaded[vcpu] into the CPU, then op_resume
 * -EINVAL    too many frames (S2), one is not the owner's, is in use as
 *            something else, or holds a descriptor refused by S1
 * STOP_*     see op_resume
 *
 * On failure nothing is changed but privilege levels inside frames that were
 * looked at.
 * Source: Xen xen/arch/x86/pv/descriptor-tables.c, pv_set_gdt().
 */
int descriptors_load(struct memory *m, struct owner *o,
                     const struct descriptors *d);

/*
 * descriptor_update - HYPERVISOR_update_descriptor (rules S1, U1).
 *
 * mfn, slot  the frame, and the descriptor in it
 * value      8 bytes
 *
 * 0          written, in a loaded table or in plain memory
 * -EINVAL    S1, or the frame is a page table or not the owner's
 * STOP_*     see op_resume
 */
int descriptor_update(struct memory *m, struct owner *o, mfn_t mfn,
                      uint32_t slot, uint64_t value);

/*
 * segment_build - validate the frame of descriptors on top of the stack.
 *
 * 0, STOP_BUDGET, -EINVAL as table_build.
 */
int segment_build(struct memory *m, struct owner *o);

/* descriptors_resume - op_resume for OP_DESCRIPTORS. */
int descriptors_resume(struct memory *m, struct owner *o);

#endif
