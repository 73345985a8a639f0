#ifndef TALLY_MM_GEOMETRY_H
#define TALLY_MM_GEOMETRY_H

/*
 * geometry - a machine that is small enough to be explored completely.
 *
 * Same names as kernel/mm/geometry/geometry.h, first on the include path of
 * the explorer. Four entries a table are enough for the kernel's slot to
 * have neighbours on both sides.
 */

#define TABLE_ENTRIES 4
#define TABLE_BITS 2
#define EXTENT_FRAMES 4
#define GIGABYTE_EXTENTS 2
#define KERNEL_SLOT_FIRST 2
#define KERNEL_SLOTS 1
#define GDT_FRAMES 2
#define LDT_FRAMES 2

#endif
