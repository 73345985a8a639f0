/*
 * Any bytes in the store ring and the console ring, with any indexes: the
 * kernel's end stays inside of the rings and comes back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

#include "domain/console_ring.h"
#include "domain/event.h"
#include "domain/schedule.h"
#include "domain/store.h"
#include "report.h"
#include "memory.h"
#include "x86/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory machine;

static uint64_t pages[3][TABLE_ENTRIES];
static unsigned int pages_used;
static unsigned int events;

paddr_t page_alloc(void)
{
    memset(pages[++pages_used], 0, sizeof(pages[0]));
    return pages_used * PAGE_BYTES;
}

void page_free(paddr_t paddr)
{
    if (paddr != pages_used-- * PAGE_BYTES && paddr != PAGE_BYTES)
        abort();
}

void event_set_pending(struct domain *d, evtchn_port_t port)
{
    (void)d;
    (void)port;
    events++;
}

void log_printf(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

void report_print(void)
{
}

void schedule_point(void)
{
}

/* As short as a piece may be. */
size_t log_piece(const char *text, size_t bytes)
{
    (void)text;
    return bytes > 0;
}

void log_domain_write(uint16_t domain, const char *text, size_t bytes)
{
    static char copy[sizeof(((struct xencons_interface *)0)->out)];

    (void)domain;
    if (bytes == 0)
        abort();
    memcpy(copy, text, bytes);
}

/* The first bytes set the indexes, the others fill the rings piecewise. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct xenstore_domain_interface store;
    static struct xencons_interface console;
    static struct domain d;
    uint32_t start[4];
    size_t n;

    if (size < sizeof(start))
        return 0;
    memcpy(start, data, sizeof(start));
    data += sizeof(start);
    size -= sizeof(start);
    memset(&store, 0, sizeof(store));
    machine.ram = pages;
    pages_used = 0;
    d.store = &store;
    d.console = &console;
    if (store_open(&d) != 0)
        abort();
    store.req_cons = store.req_prod = start[0];
    store.rsp_cons = store.rsp_prod = start[1];
    console.out_cons = start[2];
    console.out_prod = start[3];
    console.in_prod = start[2];
    console.in_cons = start[3];
    console_ring_drain(&d);
    if (console.out_cons != console.out_prod)
        abort();
    console_ring_input(&d, "typed", 5);
    while (size > 0) {
        n = data[0] % 64 + 1;
        for (size_t i = 1; i < size && i <= n; i++)
            store.req[MASK_XENSTORE_IDX(store.req_prod++)] = (char)data[i];
        if (data[0] & 64)
            store.rsp_cons = store.rsp_prod;
        if (data[0] == 255)
            store.rsp_cons += 7;
        store_serve(&d);
        data += n < size ? n : size;
        size -= n < size ? n : size;
    }
    store_close(&d);
    return 0;
}
