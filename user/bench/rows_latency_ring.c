/*
 * What an unprivileged domain has besides: rings that the kernel reads when it
 * is told to. And the ways in that are no hypercalls.
 */
#include "bench/rows.h"

#include <xen/io/console.h>
#include <xen/io/xs_wire.h>
#include <xen/physdev.h>

#include "bench/longest.h"
#include "bench/measure.h"
#include "bench/pages.h"
#include "lib/domain.h"

#define RING_BYTES   1024u
#define RING_HEADERS 64u
#define PAYLOAD      4096u
#define MSR_FS_BASE  0xc0000100u

static struct xenstore_domain_interface *store;
static uint32_t store_port;

static void send(const char *path, uint32_t port)
{
    struct evtchn_send op = {.port = port};

    longest_want(path, __HYPERVISOR_event_channel_op, EVTCHNOP_send,
                 address_of(&op), 0);
}

/* A ring full of lines, and one of text. */
static void console_rings(const start_info_t *info)
{
    struct xencons_interface *ring = page_of(pfn_of(info->console.domU.mfn));
    unsigned int i, turn;

    for (turn = 0; turn < 2; turn++) {
        for (i = 0; i < sizeof(ring->out); i++)
            ring->out[i] = turn ? '\n' : 'x';
        *(volatile uint32_t *)&ring->out_prod += sizeof(ring->out);
        send(turn ? "event_channel_op/console_lines"
                  : "event_channel_op/console_text",
             info->console.domU.evtchn);
        say("\n");
    }
}

/* Give bytes to the store, a ring full at a time; its answers are dropped. */
static void store_give(const char *path, const char *bytes, uint32_t count)
{
    volatile struct xenstore_domain_interface *ring = store;
    uint32_t given = 0, i;

    while (given < count) {
        uint32_t room = RING_BYTES - (ring->req_prod - ring->req_cons);

        for (i = 0; i < room && given < count; i++)
            ring->req[(ring->req_prod + i) % RING_BYTES] = bytes[given++];
        ring->req_prod += i;
        send(path, store_port);
        ring->rsp_cons = ring->rsp_prod;
    }
    send(path, store_port);
    if (ring->error != 0)
        bench_error(path, "the store has given up", (long)ring->error);
}

/* Many small requests, and a watch as long as it may be. */
static void store_rings(const start_info_t *info)
{
    static struct xsd_sockmsg headers[RING_HEADERS];
    static struct {
        struct xsd_sockmsg header;
        char payload[PAYLOAD];
    } watch;
    unsigned int i;

    store = page_of(pfn_of(info->store_mfn));
    store_port = info->store_evtchn;
    for (i = 0; i < RING_HEADERS; i++)
        headers[i].type = XS_TRANSACTION_START;
    store_give("event_channel_op/store_64_requests", (const char *)headers,
               sizeof(headers));
    watch.header.type = XS_WATCH;
    watch.header.len = PAYLOAD;
    for (i = 0; i < PAYLOAD; i++)
        watch.payload[i] = i % (PAYLOAD / 2) == PAYLOAD / 2 - 1 ? '\0' : 'w';
    store_give("event_channel_op/store_watch_4096", (const char *)&watch,
               sizeof(watch));
}

/* Instructions that the kernel carries out, and faults that it passes on. */
static void traps(void)
{
    struct fault fault;
    uint64_t value;
    uint32_t low = 0, high = 0, number = MSR_FS_BASE;
    struct physdev_set_iopl iopl = {.iopl = 1};

    longest_begin();
    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    __asm__ volatile("mov %0, %%cr3" : : "r"(value));
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    __asm__ volatile("wrmsr" : : "a"(low), "d"(high), "c"(number));
    want("iopl", hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl,
                           address_of(&iopl), 0, 0));
    __asm__ volatile("cli; sti");
    longest_end("trap/emulated");
    longest_begin();
    try_read(NEW_LAND, &value, &fault);
    longest_end("trap/page_fault");
}

void rows_latency_ring(const start_info_t *info)
{
    longest_setup();
    console_rings(info);
    store_rings(info);
    traps();
}
