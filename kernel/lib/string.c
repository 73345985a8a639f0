#include "lib/string.h"

#include <stdint.h>

/*
 * Memory is copied and filled by string instructions: they are as fast as
 * anything that may not touch vector registers, and the compiler cannot turn
 * them back into calls of these functions.
 */
void *memcpy(void *restrict dst, const void *restrict src, size_t bytes)
{
    void *to = dst;
    const void *from = src;
    size_t count = bytes / 8;

    __asm__ volatile("rep movsq"
                     : "+D"(to), "+S"(from), "+c"(count)
                     :
                     : "memory");
    count = bytes % 8;
    __asm__ volatile("rep movsb"
                     : "+D"(to), "+S"(from), "+c"(count)
                     :
                     : "memory");
    return dst;
}

void *memmove(void *dst, const void *src, size_t bytes)
{
    if ((uintptr_t)dst - (uintptr_t)src >= bytes)
        return memcpy(dst, src, bytes);

    /* dst is inside src: copy from the last byte to the first. */
    char *to = (char *)dst + bytes - 1;
    const char *from = (const char *)src + bytes - 1;

    __asm__ volatile("std; rep movsb; cld"
                     : "+D"(to), "+S"(from), "+c"(bytes)
                     :
                     : "memory", "cc");
    return dst;
}

void *memset(void *dst, int value, size_t bytes)
{
    void *to = dst;
    uint64_t word = (uint8_t)value * 0x0101010101010101ull;
    size_t count = bytes / 8;

    __asm__ volatile("rep stosq"
                     : "+D"(to), "+c"(count)
                     : "a"(word)
                     : "memory");
    count = bytes % 8;
    __asm__ volatile("rep stosb"
                     : "+D"(to), "+c"(count)
                     : "a"(word)
                     : "memory");
    return dst;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const uint8_t *left = a;
    const uint8_t *right = b;

    for (size_t i = 0; i < bytes; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

size_t strnlen(const char *s, size_t bytes)
{
    size_t length = 0;

    while (length < bytes && s[length] != '\0')
        length++;
    return length;
}

size_t strlen(const char *s)
{
    const volatile char *end = s; /* or the loop becomes a call of strlen */

    while (*end != '\0')
        end++;
    return (size_t)(end - s);
}

int strncmp(const char *a, const char *b, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (a[i] != b[i])
            return (uint8_t)a[i] < (uint8_t)b[i] ? -1 : 1;
        if (a[i] == '\0')
            return 0;
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}
