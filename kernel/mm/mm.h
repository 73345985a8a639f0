#ifndef TALLY_MM_MM_H
#define TALLY_MM_MM_H

/* mm - the whole rule core in one include, for those above it. */
#include "mm/audit.h"
#include "mm/destroy.h"
#include "mm/extent.h"
#include "mm/pin.h"
#include "mm/segment.h"
#include "mm/superpage.h"
#include "mm/update.h"

#endif
