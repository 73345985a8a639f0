#include "domain/console_ring.h"

#include <xen/io/console.h>

#include "domain/event.h"
#include "domain/schedule.h"
#include "report.h"
#include "x86/log.h"

enum {
    OUT_BYTES = sizeof(((struct xencons_interface *)0)->out),
    IN_BYTES = sizeof(((struct xencons_interface *)0)->in),
    PIECE_BYTES = 128,          /* the longest that is printed at once */
};

/* Bytes must be seen before the index that covers them, on both sides. */
static XENCONS_RING_IDX index_read(const XENCONS_RING_IDX *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void index_write(XENCONS_RING_IDX *index, XENCONS_RING_IDX value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

void console_ring_drain(struct domain *d)
{
    struct xencons_interface *ring = d->console;
    volatile const char *out;
    XENCONS_RING_IDX cons, prod;
    char piece[PIECE_BYTES];
    size_t n;

    if (!ring)
        return;
    cons = index_read(&ring->out_cons);
    prod = index_read(&ring->out_prod);
    if (prod == cons)
        return;
    if (prod - cons > OUT_BYTES)        /* nonsense: the last ring full */
        cons = prod - OUT_BYTES;
    out = ring->out;
    report_print(); /* what was refused before it speaks comes first */
    while (cons != prod) {
        for (n = 0; n < sizeof(piece) && n < (XENCONS_RING_IDX)(prod - cons);
             n++)
            piece[n] = out[MASK_XENCONS_IDX(cons + n, ring->out)];
        n = log_piece(piece, n);
        log_domain_write(d->owner.id, piece, n);
        cons += (XENCONS_RING_IDX)n;
        schedule_point();
    }
    index_write(&ring->out_cons, cons);
    event_set_pending(d, d->console_port);
}

size_t console_ring_input(struct domain *d, const char *bytes, size_t size)
{
    struct xencons_interface *ring = d->console;
    volatile char *in;
    XENCONS_RING_IDX cons, prod;
    size_t n = 0;

    if (!ring)
        return 0;
    cons = index_read(&ring->in_cons);
    prod = index_read(&ring->in_prod);
    in = ring->in;
    while (n < size && prod - cons < IN_BYTES) {
        in[MASK_XENCONS_IDX(prod, ring->in)] = bytes[n];
        prod++;
        n++;
    }
    if (n == 0)
        return 0;
    index_write(&ring->in_prod, prod);
    event_set_pending(d, d->console_port);
    return n;
}
