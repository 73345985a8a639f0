#ifndef TALLY_X86_GUEST_WORDS_H
#define TALLY_X86_GUEST_WORDS_H

#include "mm/types.h"

/*
 * guest_words - what is read from and written to guests so often that it goes
 * through registers. In line: x86/guest_inline.h, which host tests replace.
 */

/* Two words in a row. */
struct guest_pair {
    uint64_t first;
    uint64_t second;
};

/* What a guest kernel finds on its stack when it is entered is rcx, r11, rip,
 * cs, rflags, rsp and ss. Of these, what is not just as it was: */
struct guest_frame {
    uint64_t cs;
    uint64_t rflags;
    uint64_t ss;
};
#define GUEST_FRAME_BYTES (7 * sizeof(uint64_t))

/* What of a frame of the hypercall iret needs a look. */
struct guest_iret {
    uint64_t flags;
    uint64_t cs;
    uint64_t rflags;
    uint64_t ss;
};

#endif
