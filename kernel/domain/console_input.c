#include "domain/console_input.h"

#include "domain/console_ring.h"
#include "x86/console.h"

/* The domain that listens; NULL when none has a ring. */
static struct domain *listener(void)
{
    struct domain *d = NULL;

    while ((d = domain_next(d)) != NULL)
        if (d->console && d->end == END_NONE)
            return d;
    return NULL;
}

void console_input_serve(void)
{
    struct domain *d = listener();
    char typed[64];
    size_t n = 0;
    int byte;

    if (!d)
        return;
    while (n < sizeof(typed) && (byte = console_read_byte()) >= 0)
        typed[n++] = (char)byte;
    if (n > 0)
        console_ring_input(d, typed, n);
}
