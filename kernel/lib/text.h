/*
 * Text helpers that the C library does not have. Pure: they build on the
 * host too, where the mem* and str* functions are libc's.
 */
#ifndef TALLY_LIB_TEXT_H
#define TALLY_LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * string_copy - copy a text into a buffer and always terminate it.
 *
 * dst    where to
 * bytes  size of dst in bytes; with 0 nothing is written
 * src    a terminated text, not overlapping dst
 *
 * true   all of src fits
 * false  it was cut short (dst holds the first bytes - 1 of it)
 */
bool string_copy(char *dst, size_t bytes, const char *src);

/*
 * string_copy_bounded - string_copy from a text that may lack its terminator.
 *
 * src_bytes  the most bytes that may be read from src
 *
 * true       src ended (by its terminator or by src_bytes) and it fits
 * false      it was cut short
 */
bool string_copy_bounded(char *dst, size_t bytes, const char *src,
                         size_t src_bytes);

/*
 * string_distance - how many single changes make b out of a.
 *
 * A change is one byte inserted, removed, replaced, or two neighbours
 * swapped. Texts longer than STRING_DISTANCE_BYTES are compared by their
 * first STRING_DISTANCE_BYTES bytes.
 */
enum { STRING_DISTANCE_BYTES = 32 };
size_t string_distance(const char *a, const char *b);

#endif
