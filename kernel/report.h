#ifndef TALLY_REPORT_H
#define TALLY_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "mm/rule.h"

struct domain;

/*
 * report - refusals in words.
 *
 * A refusal costs no formatting when it happens: its witness goes into a
 * ring of fixed-size records. If it may be shown it is also queued, and a
 * line is made of it when the domain prints something, when the timer ticks,
 * or when a domain ends. So many may be shown of one domain, and of all
 * together, that a serial line at 115200 baud keeps room for other things.
 */

/* Records in the ring; the oldest are lost when it is full. */
#define REPORT_RECORDS 256

/* Lines a domain may cause: so many at once, and so many a second. */
#define REPORT_BURST 64
#define REPORT_RATE 16

/* And all domains together: 32 lines of 150 bytes are two fifths of what
 * 115200 baud carry. */
#define REPORT_ALL_BURST 128
#define REPORT_ALL_RATE 32

/* But one that had none for so long may have a line, whatever the others do. */
#define REPORT_QUIET_NS UINT64_C(4000000000)

/* Lines that were let through, less those that time has made up for. */
struct report_bucket {
    uint64_t lines;
    uint64_t since;         /* when that was true, in parts of a second */
    uint64_t shown_ns;      /* the last one was let through */
};

/* The longest line, in bytes with its terminator. */
#define REPORT_LINE_BYTES 224

/* report_refusal - keep the witness of a refusal of a domain's call, if it has
 * left one. The next call begins without. */
void report_refusal(struct domain *d);

/* report_print - print all that is queued. A line is some 10,000 instructions:
 * interrupts are served between two of them, so not in one. */
void report_print(void);

/* report_end - the domain has ended: print, and tell how many were not. */
void report_end(struct domain *d);

/*
 * report_recent - the refusals before, printed or not.
 *
 * back    0 for the last one, 1 for the one before, ...
 * domain  its domain's id
 *
 * false when it is not kept any more, or there was none.
 */
bool report_recent(uint32_t back, uint16_t *domain, struct refusal *refusal);

/* report_set - refusals=off: keep and print nothing. */
void report_set(bool on);

/*
 * refusal_format - one refusal in words, without newline.
 *
 * "refused by T2: frame 0x1a2 is L1 (3 references, pinned), asked writable
 * at L1 0x19f slot 17"
 *
 * line   bytes of room, REPORT_LINE_BYTES are enough
 */
void refusal_format(const struct refusal *r, char *line, size_t bytes);

#endif
