#ifndef TALLY_ABI_LDT_H
#define TALLY_ABI_LDT_H

#include "mm/types.h"

#include "domain/vcpu.h"

/*
 * ldt_set - MMUEXT_SET_LDT.
 *
 * va       page aligned address of the table, of any number if entries is 0
 * entries  descriptors, 0..8192; 0 loads none
 *
 * All pages of it are found and taken now, not when they are first used.
 *
 * 0          loaded
 * -EINVAL    the arguments, a page that is not mapped, or refused as
 *            descriptors_load says
 *
 * On failure the old table stays.
 */
int ldt_set(struct vcpu *v, vaddr_t va, uint32_t entries);

#endif
