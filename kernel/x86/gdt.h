#ifndef TALLY_X86_GDT_H
#define TALLY_X86_GDT_H

#include <stdint.h>

#include "mm/types.h"
#include "x86/layout.h"

/*
 * gdt - descriptor tables of the CPU.
 *
 * The GDT is a window of 16 pages: 14 of the running vcpu's guest, the
 * kernel's page with selectors e008.. and TSS e040, and nothing. The LDT is
 * a window of 16 pages behind it. Changing guest frames writes up to 32 page
 * table entries; the new ones are seen after the CR3 load that follows.
 */

/* gdt_init - GDT, TSS and IST stacks in the window. paging_init and
 * stack_init have been called. */
void gdt_init(void);

/*
 * gdt_load_guest_frames - the guest's part of the GDT of the next vcpu.
 *
 * frames   the frames of the GDT, which the caller holds typed
 * entries  descriptors; pages beyond them read as zeros
 *
 * Takes effect with the next CR3 load.
 */
void gdt_load_guest_frames(const mfn_t frames[GDT_GUEST_PAGES],
                           unsigned int entries);

/*
 * gdt_load_guest_ldt - the LDT of the next vcpu.
 *
 * frames   frames of the LDT, typed; MFN_NONE is a page that is not there:
 *          a use of it is a #PF with CR2 in [WINDOW_LDT, + 64 KiB)
 * entries  descriptors, 0..8192; 0 loads no LDT
 *
 * The window changes with the next CR3 load, LDTR at once.
 */
void gdt_load_guest_ldt(const mfn_t frames[LDT_GUEST_PAGES],
                        unsigned int entries);

/* gdt_set_ldt_page - fill one page of the running vcpu's LDT (it was not
 * there, so that no flush is needed). page 0..15. */
void gdt_set_ldt_page(unsigned int page, mfn_t mfn);

/* cpu_set_stack_top - where entries from ring 3 find the stack of the vcpu
 * that runs now: TSS.rsp0 and the stack of `syscall`. */
void cpu_set_stack_top(vaddr_t top);

#endif
