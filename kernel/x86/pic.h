/*
 * pic - the two 8259 interrupt controllers: moved away and masked.
 */
#ifndef TALLY_X86_PIC_H
#define TALLY_X86_PIC_H

#include <stdbool.h>
#include <stdint.h>

/* A spurious interrupt of a masked 8259 still comes: at +7 and +15. */
#define PIC_FIRST_VECTOR 0x20u
#define PIC_VECTORS      16u

/*
 * pic_init - send the vectors to 0x20..0x2f and mask all of them. Harmless
 * on a machine that has none.
 */
void pic_init(void);

#endif
