#ifndef TALLY_MM_GEOMETRY_H
#define TALLY_MM_GEOMETRY_H

/*
 * geometry - the shape of the machine that the rules are built for.
 *
 * The rule core takes every size from here. The kernel is built with this
 * file; tests may put another geometry.h first on the include path and run
 * the same rules on a machine small enough to be explored completely.
 *
 * Source: SDM 3A 4.5 (4-level paging); Xen public arch-x86/xen-x86_64.h
 * for the slots that a domain leaves to the kernel.
 */

/* 64-bit words in a frame: entries of a table, descriptors of a segment. */
#define TABLE_ENTRIES 512
/* log2(TABLE_ENTRIES): virtual address bits that one level translates. */
#define TABLE_BITS 9
/* 4 KiB frames in an extent, the unit in which memory is owned (2 MiB). */
#define EXTENT_FRAMES 512
/* Extents in a gigabyte, the next larger page that the CPU knows. */
#define GIGABYTE_EXTENTS 512
/* L4 slots that belong to the kernel in every address space. */
#define KERNEL_SLOT_FIRST 256
#define KERNEL_SLOTS 16
/* Frames of a domain's GDT; the kernel's own descriptors follow them. */
#define GDT_FRAMES 14
/* Frames of a domain's LDT: 8192 descriptors. */
#define LDT_FRAMES 16

#endif
