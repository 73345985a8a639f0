#ifndef TALLY_MM_TYPES_H
#define TALLY_MM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A machine frame number: physical address / 4096. */
typedef uint64_t mfn_t;
/* A physical address, in bytes. */
typedef uint64_t paddr_t;
/* A virtual address, in bytes. */
typedef uint64_t vaddr_t;

#define PAGE_SHIFT 12
#define PAGE_BYTES UINT64_C(4096)

/* No frame at all. */
#define MFN_NONE UINT64_MAX

#endif
