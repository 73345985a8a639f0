#ifndef TALLY_X86_FPU_H
#define TALLY_X86_FPU_H

#include <stdbool.h>
#include <stdint.h>

/* The FPU as FXSAVE lays it out. */
struct fpu {
    _Alignas(16) uint8_t bytes[512];
};

/* fpu_init - find out what this CPU can save. CR4.OSFXSR is on, TS clear.
 *
 * leaks  the CPU is AMD's: FXRSTOR leaves the last instruction's address */
void fpu_init(bool leaks);

/* fpu_reset - what a new vcpu starts with. Memory only. */
void fpu_reset(struct fpu *fpu);

/* fpu_save, fpu_restore - CR0.TS must be clear (ts_clear). A restore never
 * faults: reserved bits of MXCSR are masked first. */
void fpu_save(struct fpu *fpu);
void fpu_restore(struct fpu *fpu);

#endif
