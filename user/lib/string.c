#include "lib/string.h"

/* Instructions, not loops: a compiler turns such loops into these calls. */

void *memset(void *where, int byte, size_t bytes)
{
    void *to = where;

    __asm__ volatile("rep stosb"
                     : "+D"(to), "+c"(bytes)
                     : "a"(byte)
                     : "memory");
    return where;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
    void *start = to;

    __asm__ volatile("rep movsb"
                     : "+D"(to), "+S"(from), "+c"(bytes)
                     :
                     : "memory");
    return start;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    unsigned char *last_to = (unsigned char *)to + bytes - 1;
    const unsigned char *last_from = (const unsigned char *)from + bytes - 1;

    if (to <= from)
        return memcpy(to, from, bytes);
    __asm__ volatile("std; rep movsb; cld"
                     : "+D"(last_to), "+S"(last_from), "+c"(bytes)
                     :
                     : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *left = a;
    const unsigned char *right = b;
    size_t i;

    for (i = 0; i < bytes; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}
