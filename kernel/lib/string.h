/*
 * The part of <string.h> that the compiler and the kernel need. string.c is
 * linked into the kernel only; host builds take these from their libc.
 */
#ifndef TALLY_LIB_STRING_H
#define TALLY_LIB_STRING_H

#include <stddef.h>

#include "lib/text.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t bytes);
void *memmove(void *dst, const void *src, size_t bytes);
void *memset(void *dst, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t bytes);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t bytes);

#endif
