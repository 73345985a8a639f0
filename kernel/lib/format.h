/*
 * printf into a buffer.
 */
#ifndef TALLY_LIB_FORMAT_H
#define TALLY_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * format_vbuffer - write formatted text into a buffer, as vsnprintf does.
 *
 * buf    where to; may be NULL if bytes is 0
 * bytes  size of buf in bytes; the text is always terminated unless it is 0
 * fmt    %d %i %u %x %X %o %c %s %p %%, flags - 0 # + space, width,
 *        precision, * for either, and hh h l ll z j. A conversion that is
 *        none of these is copied as it stands. %p of NULL is 0x0, %s of NULL
 *        is (null).
 *
 * Returns the length of the whole text in bytes without the terminator, also
 * when it did not fit (INT_MAX at most).
 */
int format_vbuffer(char *buf, size_t bytes, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

/*
 * format_buffer - the same with the arguments listed.
 */
int format_buffer(char *buf, size_t bytes, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
