/*
 * text_mode - cells shown by a VGA in text mode (two bytes a cell).
 */
#ifndef TALLY_X86_TEXT_MODE_H
#define TALLY_X86_TEXT_MODE_H

#include <stdint.h>

#include "x86/text_screen.h"

/*
 * text_mode_cell - the two bytes of a cell: code page 437 and attribute.
 */
uint16_t text_mode_cell(struct text_cell cell);

/* text_mode_put - write one cell of a row, which begins at `row`. */
void text_mode_put(volatile uint8_t *row, uint32_t column,
                   struct text_cell shown);

/*
 * text_mode_refresh - write all cells of a screen.
 *
 * memory  the mapped text memory
 * pitch   bytes from one row to the next
 */
void text_mode_refresh(volatile uint8_t *memory, uint32_t pitch,
                       const struct text_screen *screen);

#endif
