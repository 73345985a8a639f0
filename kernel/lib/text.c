#include "lib/text.h"

#include <stdint.h>

bool string_copy(char *dst, size_t bytes, const char *src)
{
    return string_copy_bounded(dst, bytes, src, SIZE_MAX);
}

bool string_copy_bounded(char *dst, size_t bytes, const char *src,
                         size_t src_bytes)
{
    size_t i = 0;

    while (i < src_bytes && src[i] != '\0') {
        if (i + 1 >= bytes)
            break;
        dst[i] = src[i];
        i++;
    }
    if (bytes > 0)
        dst[i] = '\0';
    return bytes > 0 && (i == src_bytes || src[i] == '\0');
}

static size_t shorter(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t length_for_distance(const char *s)
{
    size_t length = 0;

    while (length < STRING_DISTANCE_BYTES && s[length] != '\0')
        length++;
    return length;
}

/*
 * Row i of the usual table holds the distances of a's first i bytes to every
 * beginning of b. Three rows are kept, since a swap looks two rows back.
 */
size_t string_distance(const char *a, const char *b)
{
    uint8_t rows[3][STRING_DISTANCE_BYTES + 1];
    size_t a_length = length_for_distance(a);
    size_t b_length = length_for_distance(b);

    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (uint8_t)j;

    for (size_t i = 1; i <= a_length; i++) {
        uint8_t *row = rows[i % 3];
        const uint8_t *above = rows[(i - 1) % 3];

        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

            best = shorter(best, above[j] + 1u);
            best = shorter(best, row[j - 1] + 1u);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = shorter(best, rows[(i - 2) % 3][j - 2] + 1u);
            row[j] = (uint8_t)best;
        }
    }
    return rows[a_length % 3][b_length];
}
