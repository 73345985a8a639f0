#include "abi/calls.h"

#include <stdint.h>

#include "abi/guest.h"
#include "domain/console_input.h"
#include "domain/schedule.h"
#include "report.h"
#include "x86/log.h"

/* Bytes copied at once; between two pieces interrupts are served. */
#define PIECE_BYTES 128

static long console_write_from(struct domain *d, vaddr_t from, uint32_t bytes)
{
    char piece[PIECE_BYTES];

    report_print(); /* what was refused before it speaks comes first */
    while (bytes > 0 && d->end == END_NONE) {
        uint32_t now = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;

        if (guest_read(piece, from, now) != 0)
            return -EFAULT;
        now = (uint32_t)log_piece(piece, now);
        log_domain_write(d->owner.id, piece, now);
        from += now;
        bytes -= now;
        schedule_point();
    }
    return 0;
}

/* Returns how many bytes there were. */
static long console_read_to(struct domain *d, vaddr_t to, uint32_t bytes)
{
    char piece[PIECE_BYTES];
    size_t n;

    if (bytes > INT32_MAX) /* the answer must fit */
        return -E2BIG;
    if (bytes > PIECE_BYTES)
        bytes = PIECE_BYTES;
    n = console_input_read(d, piece, bytes);
    if (n > 0 && guest_write(to, piece, n) != 0)
        return -EFAULT;
    return (long)n;
}

long call_console_io(struct vcpu *v, const uint64_t *argument)
{
    struct domain *d = v->domain;
    uint32_t bytes = (uint32_t)argument[1];

    if (!d->privileged)
        return -EPERM;
    switch ((uint32_t)argument[0]) {
    case CONSOLEIO_write: return console_write_from(d, argument[2], bytes);
    case CONSOLEIO_read: return console_read_to(d, argument[2], bytes);
    default: return -ENOSYS;
    }
}
