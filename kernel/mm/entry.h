#ifndef TALLY_MM_ENTRY_H
#define TALLY_MM_ENTRY_H

#include "mm/memory.h"

/*
 * entry - a page-table entry taken apart, and what each level allows.
 *
 * The only place that knows the bits.
 * Source: SDM 3A 4.5.5, tables 4-15 to 4-20; AMD APM 2 5.4.
 */
#define ENTRY_P     UINT64_C(0x001)     /* present */
#define ENTRY_RW    UINT64_C(0x002)     /* writable */
#define ENTRY_US    UINT64_C(0x004)     /* user: forced on, ring 3 is all */
#define ENTRY_PWT   UINT64_C(0x008)     /* cache type, refused on RAM */
#define ENTRY_PCD   UINT64_C(0x010)     /* cache type, refused on RAM */
#define ENTRY_A     UINT64_C(0x020)     /* accessed */
#define ENTRY_D     UINT64_C(0x040)     /* dirty */
#define ENTRY_PS    UINT64_C(0x080)     /* L2, L3: superpage; L1: PAT */
#define ENTRY_G     UINT64_C(0x100)     /* global, L1 only */
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)
#define ENTRY_NX    (UINT64_C(1) << 63) /* not executable */
/* Bits that a present L1 entry may not carry (E1). */
#define ENTRY_L1_REFUSED (ENTRY_PWT | ENTRY_PCD | ENTRY_PS)

/* entry_mfn - the frame that a present entry names: ENTRY_ADDRESS of it, by
 * shifts, which need no constant of 64 bits. */
static inline mfn_t entry_mfn(uint64_t word)
{
    return word << PAGE_SHIFT >> (2 * PAGE_SHIFT);
}

/* entry_present - does the CPU use the entry? */
static inline bool entry_present(uint64_t word)
{
    return (word & ENTRY_P) != 0;
}

/* entry_is_large - does a present entry of a table at `level` map memory
 * whole, 2 MiB or 1 GiB, instead of naming a table? Decode before comparing:
 * what is an address bit of one is a flag of the other. */
static inline bool entry_is_large(uint32_t level, uint64_t word)
{
    return level > 1 && (word & ENTRY_PS) != 0;
}

/* entry_frames - frames that a large entry of a table at `level` maps. */
static inline uint64_t entry_frames(uint32_t level)
{
    return level == 3 ? (uint64_t)EXTENT_FRAMES * GIGABYTE_EXTENTS
                      : EXTENT_FRAMES;
}

/* entry_writable - may ring 3 write through it? Of a present entry that maps
 * memory. */
static inline bool entry_writable(uint64_t word)
{
    return (word & ENTRY_RW) != 0;
}

/* entry_adjust - the word as it is written: USER is forced on. */
static inline uint64_t entry_adjust(uint64_t word)
{
    return entry_present(word) ? word | ENTRY_US : word;
}

/* entry_type - the type that an entry of a table at `level`, not a large one,
 * refers to its frame as. FRAME_NONE: a read-only view, which takes no type. */
static inline enum frame_type entry_type(uint32_t level, uint64_t word)
{
    if (level > 1)
        return (enum frame_type)(level - 1);
    return entry_writable(word) ? FRAME_WRITABLE : FRAME_NONE;
}

/* entry_use - of a present word, the bits that counts depend on. */
static inline uint64_t entry_use(uint32_t level, uint64_t word)
{
    uint64_t bits = ENTRY_P | ENTRY_ADDRESS;

    if (level > 1)
        bits |= ENTRY_PS;
    if (level == 1 || (word & ENTRY_PS))
        bits |= ENTRY_RW;
    return word & bits;
}

/* entry_slot - the slot of a table at `level` that translates va. */
static inline uint32_t entry_slot(vaddr_t va, uint32_t level)
{
    return (uint32_t)(va >> (PAGE_SHIFT + TABLE_BITS * (level - 1))) %
           TABLE_ENTRIES;
}

/* entry_is_kernels - is the slot of a table at `level` the kernel's (E4)? */
static inline bool entry_is_kernels(uint32_t level, uint32_t slot)
{
    return level == 4 && slot - KERNEL_SLOT_FIRST < KERNEL_SLOTS;
}

/*
 * entry_refused - the rule that the bits of an entry break (E1 to E3, E5).
 *
 * level  of the table, 1..4
 * word   the entry asked for, present or not
 *
 * RULE_NONE when the bits are fine; the frame it names is not looked at.
 * Source: Xen xen/include/asm-x86/x86_64/page.h, L*_DISALLOW_MASK;
 * xen/arch/x86/include/asm/shadow.h, pv_l1tf_check_pte().
 */
enum rule entry_refused(const struct memory *m, uint32_t level, uint64_t word);

#endif
