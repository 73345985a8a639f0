#include "x86/segments.h"

#include "x86/msr.h"

void segments_save(struct segments *segments)
{
    __asm__ volatile("mov %%ds, %0" : "=m"(segments->ds));
    __asm__ volatile("mov %%es, %0" : "=m"(segments->es));
    __asm__ volatile("mov %%fs, %0" : "=m"(segments->fs));
    __asm__ volatile("mov %%gs, %0" : "=m"(segments->gs));
    segments->fs_base = msr_read(MSR_FS_BASE);
    segments->gs_base = msr_read(MSR_GS_BASE);
    segments->gs_base_inactive = msr_read(MSR_GS_BASE_INACTIVE);
}

bool segments_restore(const struct segments *segments)
{
    int failed = 0;

    failed |= segment_load_ds(segments->ds);
    failed |= segment_load_es(segments->es);
    failed |= segment_load_fs(segments->fs);
    failed |= segment_load_gs(segments->gs);
    /* A selector brings its descriptor's base: the true one comes last. */
    failed |= msr_write_safe(MSR_FS_BASE, segments->fs_base);
    failed |= msr_write_safe(MSR_GS_BASE, segments->gs_base);
    failed |= msr_write_safe(MSR_GS_BASE_INACTIVE, segments->gs_base_inactive);
    return failed == 0;
}
