#ifndef TALLY_USER_HOSTILE_CLOCK_H
#define TALLY_USER_HOSTILE_CLOCK_H

#include "lib/domain.h"

#define MILLISECOND 1000000u /* in ns */
#define SECOND      (1000u * (uint64_t)MILLISECOND)

/* clock_setup - takes a page, to read the kernel's time record through. */
void clock_setup(const start_info_t *info);

/* now_ns - system time. */
uint64_t now_ns(void);

#endif
