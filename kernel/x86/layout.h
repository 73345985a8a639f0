#ifndef TALLY_X86_LAYOUT_H
#define TALLY_X86_LAYOUT_H

#include "mm/types.h"

/*
 * layout - where the kernel lives in every address space.
 *
 * The kernel owns L4 slots 256..271. layout.inc is the assembler's copy of
 * the constants that it needs: change both.
 */

#define KERNEL_SLOT_FIRST 256
#define KERNEL_SLOT_COUNT 16
#define SLOT_BYTES        UINT64_C(0x8000000000)

/* Slot 256: machine-to-phys table, read-only and readable by ring 3. */
#define M2P_BASE UINT64_C(0xffff800000000000)
/* Slot 257: the image, and the window of things that a CPU needs. */
#define IMAGE_SLOT_BASE UINT64_C(0xffff808000000000)
#define IMAGE_BASE      UINT64_C(0xffff808000200000)
#define IMAGE_LOAD      UINT64_C(0x200000) /* physical, before relocation */
#define WINDOW_BASE     UINT64_C(0xffff80c000000000)
/* Slot 258: the same table, writable by the kernel. */
#define M2P_ALIAS_BASE UINT64_C(0xffff810000000000)
/* Slot 259: superpage records. */
#define SUPERPAGE_BASE UINT64_C(0xffff818000000000)
/* Slot 260: devices. */
#define DEVICE_BASE UINT64_C(0xffff820000000000)
/* Slot 261: gigabyte records. */
#define GIGABYTE_BASE UINT64_C(0xffff828000000000)
/* Slots 262..271: all RAM. */
#define DIRECT_MAP       UINT64_C(0xffff830000000000)
#define DIRECT_MAP_END   UINT64_C(0xffff880000000000)
#define DIRECT_MAP_BYTES (DIRECT_MAP_END - DIRECT_MAP) /* 5 TiB */

/* No guest address lies in [GUEST_HOLE, GUEST_HIGH). */
#define GUEST_HOLE UINT64_C(0x0000800000000000)
#define GUEST_HIGH DIRECT_MAP_END

/* The window, by byte offset from WINDOW_BASE. */
#define WINDOW_GDT    WINDOW_BASE                /* 16 pages */
#define WINDOW_LDT    (WINDOW_BASE + 0x10000)    /* 16 pages */
#define WINDOW_IDT    (WINDOW_BASE + 0x20000)    /* 1 page */
#define WINDOW_TSS    (WINDOW_BASE + 0x21000)    /* 1 page */
#define WINDOW_IST    (WINDOW_BASE + 0x30000)    /* IST stacks */
#define WINDOW_STACKS (WINDOW_BASE + 0x40000000) /* vcpu stacks */

/* A vcpu stack: the guard below, the stack above it. */
#define STACK_STRIDE 0x8000
#define STACK_BYTES  0x4000
/* An IST stack: one guard page, then the stack. */
#define IST_STRIDE 0x3000
#define IST_BYTES  0x2000

/* Selectors, the numbers that Xen gives its 64-bit guests. */
#define SELECTOR_KERNEL_CS  0xe008
#define SELECTOR_KERNEL_DS  0xe010
#define SELECTOR_GUEST_CS32 0xe023
#define SELECTOR_GUEST_SS   0xe02b
#define SELECTOR_GUEST_CS   0xe033
#define SELECTOR_TSS        0xe040
#define SELECTOR_LDT        0xe050

#define GDT_GUEST_PAGES     14 /* pages 0..13 of the GDT are the guest's */
#define GDT_KERNEL_PAGE     14 /* page 14 is the kernel's */
#define LDT_GUEST_PAGES     16

#endif
