#include "x86/symbols.h"

#include "x86/image.h"

/* Made by tools/symbols; offsets from the start of the text, ascending. */
#pragma GCC visibility push(hidden)
extern const uint32_t symbol_count;
extern const uint32_t symbol_offsets[];
extern const uint32_t symbol_names[]; /* offsets into symbol_text */
extern const char symbol_text[];
#pragma GCC visibility pop

const char *symbol_find(vaddr_t address, uint64_t *offset)
{
    uint64_t at = address - (uintptr_t)image_text_start;
    uint32_t low = 0, high = symbol_count;

    if (at >= (uint64_t)(image_code_end - image_text_start))
        return NULL;
    while (low < high) { /* first one above `at` */
        uint32_t middle = low + (high - low) / 2;

        if (symbol_offsets[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    *offset = at - symbol_offsets[low - 1];
    return symbol_text + symbol_names[low - 1];
}
