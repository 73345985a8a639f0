#ifndef TALLY_USER_LIB_STRING_H
#define TALLY_USER_LIB_STRING_H

/*
 * What a C compiler takes for granted even without a library: it may make
 * calls of these out of an assignment or an initializer.
 */

#include <stddef.h>

void *memset(void *where, int byte, size_t bytes);
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

#endif
