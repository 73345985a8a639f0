#include "x86/fpu.h"

#include "lib/string.h"

enum {
    FPU_CONTROL = 0, /* byte offsets in the FXSAVE area */
    FPU_MXCSR = 24,
    FPU_MXCSR_MASK = 28,
    CONTROL_DEFAULT = 0x37f, /* all exceptions masked, 64-bit mantissa */
    MXCSR_DEFAULT = 0x1f80,  /* all exceptions masked */
    MXCSR_MASK_OLD = 0xffbf, /* of CPUs that do not tell */
};

static uint32_t mxcsr_mask = MXCSR_MASK_OLD;
static bool pointers_leak;

void fpu_init(bool leaks)
{
    struct fpu fpu;
    uint32_t mask;

    memset(&fpu, 0, sizeof fpu);
    __asm__ volatile("fninit");
    fpu_save(&fpu);
    memcpy(&mask, fpu.bytes + FPU_MXCSR_MASK, sizeof mask);
    mxcsr_mask = mask != 0 ? mask : MXCSR_MASK_OLD;
    pointers_leak = leaks;
}

void fpu_reset(struct fpu *fpu)
{
    uint16_t control = CONTROL_DEFAULT;
    uint32_t mxcsr = MXCSR_DEFAULT;

    memset(fpu, 0, sizeof *fpu);
    memcpy(fpu->bytes + FPU_CONTROL, &control, sizeof control);
    memcpy(fpu->bytes + FPU_MXCSR, &mxcsr, sizeof mxcsr);
}

void fpu_save(struct fpu *fpu)
{
    __asm__ volatile("fxsave64 %0" : "=m"(*fpu));
}

void fpu_restore(struct fpu *fpu)
{
    static const uint32_t zero;
    uint32_t mxcsr;

    memcpy(&mxcsr, fpu->bytes + FPU_MXCSR, sizeof mxcsr);
    mxcsr &= mxcsr_mask;
    memcpy(fpu->bytes + FPU_MXCSR, &mxcsr, sizeof mxcsr);
    /* XSA-52: without a pending exception AMD CPUs do not load the last
     * instruction's address, so a dummy load replaces the old one. */
    if (pointers_leak)
        __asm__ volatile("fnclex; emms; fildl %0" ::"m"(zero));
    __asm__ volatile("fxrstor64 %0" ::"m"(*fpu));
}
