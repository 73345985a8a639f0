#ifndef TALLY_X86_IMAGE_H
#define TALLY_X86_IMAGE_H

#include <stdint.h>

#include "mm/types.h"

/*
 * image - names that linker.ld and the assembler files give to C. All limits
 * are page aligned but image_code_end. All are hidden: they are in this
 * image, so that their addresses need no table.
 */
#pragma GCC visibility push(hidden)

extern const uint8_t image_text_start[];
extern const uint8_t image_code_end[]; /* last instruction */
extern const uint8_t image_text_end[];
extern const uint8_t image_rodata_start[];
extern const uint8_t image_rodata_end[];
extern const uint8_t image_data_start[];
extern const uint8_t image_end_symbol[];
extern const uint8_t boot_stack_guard[]; /* one page, not mapped */
extern const uint8_t boot_stack[];
extern const uint8_t boot_stack_top[];

/* Physical address of image_text_start (boot/entry.asm). */
extern uint64_t image_load;

/* One line of the fixup table: where a fault may come, where to go on. */
struct fixup {
    uint64_t fault;
    uint64_t resume;
};
extern const struct fixup fixups_start[];
extern const struct fixup fixups_end[];

/* Addresses in text of what is to be STAC and CLAC (x86/copy.h). */
extern const uint64_t stac_sites_start[];
extern const uint64_t stac_sites_end[];
extern const uint64_t clac_sites_start[];
extern const uint64_t clac_sites_end[];

/* kernel/x86/entry.asm. */
extern vaddr_t cpu_stack_top;
extern void *cpu_vcpu;
extern const void *cpu_calls;
extern uint8_t cpu_verw;
void syscall_entry(void);
void syscall32_entry(void);
extern const uint8_t trap_stubs[256][16];
extern const uint8_t guest_iret[]; /* its last instruction */

#pragma GCC visibility pop

#endif
