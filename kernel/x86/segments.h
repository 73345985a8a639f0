#ifndef TALLY_X86_SEGMENTS_H
#define TALLY_X86_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Segment registers of a vcpu, while it does not run. */
struct segments {
    uint16_t ds;
    uint16_t es;
    uint16_t fs;
    uint16_t gs;
    uint64_t fs_base;
    uint64_t gs_base;          /* active when it was saved */
    uint64_t gs_base_inactive; /* what swapgs would bring in */
};

/* segments_save - selectors and bases as they are in the CPU now. */
void segments_save(struct segments *segments);

/*
 * segments_restore - load them. The GDT and LDT windows and CR3 are already
 * the vcpu's.
 *
 * true    all as saved
 * false   a selector or a base was refused by the CPU; null is in its place
 */
bool segments_restore(const struct segments *segments);

/* segment_load_* - one selector. 0, or -EINVAL: null is loaded. */
int segment_load_ds(uint16_t selector);
int segment_load_es(uint16_t selector);
int segment_load_fs(uint16_t selector);
int segment_load_gs(uint16_t selector);

/* segment_load_gs_inactive - selector for what is behind swapgs (the guest
 * user's GS, while the guest kernel runs). 0 or -EINVAL: null is loaded. */
int segment_load_gs_inactive(uint16_t selector);

/* gs_swap - exchange the GS bases of guest kernel and guest user. */
static inline void gs_swap(void)
{
    __asm__ volatile("swapgs" ::: "memory");
}

#endif
