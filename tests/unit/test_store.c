/*
 * kernel/domain/store.c: an empty store that answers, whatever it is asked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include <xen/io/xs_wire.h>

#include "domain/event.h"
#include "domain/schedule.h"
#include "domain/store.h"
#include "memory.h"
#include "x86/log.h"

struct memory machine;

static uint64_t pages[3][TABLE_ENTRIES];
static unsigned int pages_used;
static unsigned int pages_left = 2;
static unsigned int events;
static unsigned int warnings;
static struct xenstore_domain_interface ring;
static struct domain d;

/* What came out of the ring, not yet looked at. */
static uint8_t got[16384];
static size_t got_bytes;

paddr_t page_alloc(void)
{
    if (pages_used == pages_left)
        return 0;
    pages_used++;
    memset(pages[pages_used], 0, sizeof(pages[0]));
    return pages_used * PAGE_BYTES;
}

void page_free(paddr_t paddr)
{
    assert_true(paddr == PAGE_BYTES || paddr == 2 * PAGE_BYTES);
    pages_used--;
}

void event_set_pending(struct domain *domain, evtchn_port_t port)
{
    assert_ptr_equal(domain, &d);
    assert_int_equal(port, 1);
    events++;
}

void log_printf(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
    warnings++;
}

/* Between two pieces. */
static unsigned int turns;

void schedule_point(void)
{
    turns++;
}

static int set_up(void **state)
{
    (void)state;
    memset(&ring, 0, sizeof(ring));
    memset(&d, 0, sizeof(d));
    machine.ram = pages;
    d.owner.id = 7;
    d.store = &ring;
    d.store_port = 1;
    pages_left = 2;
    events = 0;
    warnings = 0;
    turns = 0;
    got_bytes = 0;
    return store_open(&d);
}

static int tear_down(void **state)
{
    (void)state;
    store_close(&d);
    store_close(&d);                    /* none is fine */
    return (int)pages_used;
}

/* Put as much into the ring as there is room for; how much that was. */
static size_t send(const void *bytes, size_t size)
{
    size_t n;

    for (n = 0; n < size && ring.req_prod - ring.req_cons < XENSTORE_RING_SIZE;
         n++)
        ring.req[MASK_XENSTORE_IDX(ring.req_prod++)] = ((const char *)bytes)[n];
    return n;
}

static void receive(void)
{
    while (ring.rsp_cons != ring.rsp_prod)
        got[got_bytes++] =
            (uint8_t)ring.rsp[MASK_XENSTORE_IDX(ring.rsp_cons++)];
}

/* Send a request piece by piece, and take what comes back. */
static void ask(uint32_t type, uint32_t id, const char *payload, size_t size)
{
    const struct xsd_sockmsg header = {type, id, id + 1, (uint32_t)size};
    uint8_t request[8192];
    size_t total = sizeof(header) + size, sent = 0;

    memcpy(request, &header, sizeof(header));
    memcpy(request + sizeof(header), payload, size);
    while (sent < total) {
        sent += send(request + sent, total - sent);
        store_serve(&d);
        receive();
    }
    while (events > 0) {                /* it has more as there is room */
        events = 0;
        store_serve(&d);
        receive();
    }
}

/* The next message that came. */
static void expect(uint32_t type, uint32_t id, const char *payload, size_t size)
{
    struct xsd_sockmsg header;

    assert_true(got_bytes >= sizeof(header) + size);
    memcpy(&header, got, sizeof(header));
    assert_int_equal(header.type, type);
    assert_int_equal(header.req_id, id);
    assert_int_equal(header.tx_id, id ? id + 1 : 0);
    assert_int_equal(header.len, size);
    assert_memory_equal(got + sizeof(header), payload, size);
    got_bytes -= sizeof(header) + size;
    memmove(got, got + sizeof(header) + size, got_bytes);
}

/* GRUB's one question. */
static void store_has_nothing(void **state)
{
    (void)state;
    ask(XS_DIRECTORY, 5, "device/vbd", 11);
    expect(XS_ERROR, 5, "ENOENT", 7);
    ask(XS_READ, 6, "domid", 6);
    expect(XS_ERROR, 6, "ENOENT", 7);
    ask(XS_READ, 7, "", 0);
    expect(XS_ERROR, 7, "ENOENT", 7);
    assert_int_equal(got_bytes, 0);
    assert_int_equal(warnings, 0);
}

static void store_takes_nothing(void **state)
{
    (void)state;
    ask(XS_WRITE, 1, "a\0b", 3);
    expect(XS_ERROR, 1, "EACCES", 7);
    ask(XS_MKDIR, 2, "a", 2);
    expect(XS_ERROR, 2, "EACCES", 7);
    ask(XS_RM, 3, "a", 2);
    expect(XS_ERROR, 3, "EACCES", 7);
    ask(XS_SET_PERMS, 4, "a\0r0", 5);
    expect(XS_ERROR, 4, "EACCES", 7);
    ask(12345, 5, "", 0);
    expect(XS_ERROR, 5, "ENOSYS", 7);
    assert_int_equal(got_bytes, 0);
}

static void store_transactions(void **state)
{
    (void)state;
    ask(XS_TRANSACTION_START, 9, "", 1);
    expect(XS_TRANSACTION_START, 9, "1", 2);
    ask(XS_TRANSACTION_END, 10, "T", 2);
    expect(XS_TRANSACTION_END, 10, "OK", 3);
    assert_int_equal(got_bytes, 0);
}

static void store_watches_fire_once(void **state)
{
    (void)state;
    ask(XS_WATCH, 3, "memory/target\0token", 20);
    expect(XS_WATCH, 3, "OK", 3);
    expect(XS_WATCH_EVENT, 0, "memory/target\0token", 20);
    ask(XS_UNWATCH, 4, "memory/target\0token", 20);
    expect(XS_UNWATCH, 4, "OK", 3);
    assert_int_equal(got_bytes, 0);
}

static void store_watches_need_two_texts(void **state)
{
    (void)state;
    ask(XS_WATCH, 1, "path", 5);
    expect(XS_ERROR, 1, "EINVAL", 7);
    ask(XS_WATCH, 2, "path\0token", 10);
    expect(XS_ERROR, 2, "EINVAL", 7);
    ask(XS_WATCH, 3, "path\0token\0x", 13);
    expect(XS_ERROR, 3, "EINVAL", 7);
    ask(XS_WATCH, 4, "", 0);
    expect(XS_ERROR, 4, "EINVAL", 7);
    ask(XS_WATCH, 5, "\0x", 3);
    expect(XS_ERROR, 5, "EINVAL", 7);
    ask(XS_WATCH, 6, "path\0", 6);      /* an empty token is one */
    expect(XS_WATCH, 6, "OK", 3);
    expect(XS_WATCH_EVENT, 0, "path\0", 6);
    assert_int_equal(got_bytes, 0);
}

/* The largest request and its event go through the ring in pieces. */
static void store_large_watch(void **state)
{
    static char payload[XENSTORE_PAYLOAD_MAX];

    (void)state;
    memset(payload, 'p', sizeof(payload));
    payload[3000] = '\0';
    payload[sizeof(payload) - 1] = '\0';
    ask(XS_WATCH, 8, payload, sizeof(payload));
    expect(XS_WATCH, 8, "OK", 3);
    expect(XS_WATCH_EVENT, 0, payload, sizeof(payload));
    assert_int_equal(got_bytes, 0);
    assert_int_equal(warnings, 0);
}

/* Many requests at once, and indexes that wrap. */
static void store_ring_wraps(void **state)
{
    const struct xsd_sockmsg header = {XS_DIRECTORY, 1, 2, 0};
    int i, answers = 0;

    (void)state;
    ring.req_cons = ring.req_prod = UINT32_MAX - 100;
    ring.rsp_cons = ring.rsp_prod = UINT32_MAX - 5;
    for (i = 0; i < 64; i++)
        assert_int_equal(send(&header, sizeof(header)), sizeof(header));
    while (answers < 64) {
        events = 0;
        store_serve(&d);
        assert_int_equal(events, 1);
        receive();
        for (; got_bytes >= 23; answers++)
            expect(XS_ERROR, 1, "ENOENT", 7);
    }
    assert_true(turns >= 64);           /* others wait for one at most */
    events = 0;
    store_serve(&d);
    assert_int_equal(events, 0);        /* nothing new, nobody is told */
}

/* A request that comes byte by byte. */
static void store_request_in_pieces(void **state)
{
    const struct xsd_sockmsg header = {XS_READ, 1, 2, 2};
    uint8_t request[sizeof(header) + 2] = {0};
    size_t i;

    (void)state;
    memcpy(request, &header, sizeof(header));
    for (i = 0; i < sizeof(request); i++) {
        receive();
        assert_int_equal(got_bytes, 0);
        send(request + i, 1);
        store_serve(&d);
    }
    receive();
    expect(XS_ERROR, 1, "ENOENT", 7);
}

/* Once broken, it stays so; it is said once. */
static void stays_broken(uint32_t error)
{
    const struct xsd_sockmsg header = {XS_READ, 1, 2, 0};

    assert_int_equal(ring.error, error);
    assert_int_equal(warnings, 1);
    got_bytes = 0;
    ring.req_cons = ring.req_prod = 0;
    ring.rsp_cons = ring.rsp_prod = 0;
    send(&header, sizeof(header));
    store_serve(&d);
    receive();
    assert_int_equal(got_bytes, 0);
    assert_int_equal(warnings, 1);
}

static void store_refuses_long_requests(void **state)
{
    const struct xsd_sockmsg header = {XS_WRITE, 1, 2, 4097};

    (void)state;
    send(&header, sizeof(header));
    store_serve(&d);
    stays_broken(XENSTORE_ERROR_PROTO);
}

static void store_refuses_bad_request_index(void **state)
{
    (void)state;
    ring.req_prod = XENSTORE_RING_SIZE + 1;
    store_serve(&d);
    stays_broken(XENSTORE_ERROR_RINGIDX);
}

static void store_refuses_bad_response_index(void **state)
{
    const struct xsd_sockmsg header = {XS_READ, 1, 2, 0};

    (void)state;
    ring.rsp_cons = 1;
    send(&header, sizeof(header));
    store_serve(&d);
    stays_broken(XENSTORE_ERROR_RINGIDX);
}

/* Interrupts are served between requests, and in a long one. */
static void store_serves_interrupts(void **state)
{
    struct xsd_sockmsg header = {XS_WATCH, 1, 2, 4096};
    char payload[1000] = "";
    unsigned int i;

    (void)state;
    turns = 0;
    send(&header, sizeof(header));
    send(payload, sizeof(payload));
    store_serve(&d);
    assert_in_range(turns, 1000 / 128, 64);
    for (i = 0; i < 4; i++) {
        send(payload, i < 3 ? 1000 : 96);
        store_serve(&d);
    }
    receive();
    turns = 0;
    header.len = 0;
    for (i = 0; i < 30; i++)
        send(&header, sizeof(header));
    store_serve(&d);
    assert_in_range(turns, 30, 64);
}

static void store_without_memory(void **state)
{
    (void)state;
    store_close(&d);
    pages_left = 1;
    assert_int_equal(store_open(&d), -ENOMEM);
    assert_int_equal(pages_used, 0);
    assert_null(d.store_state);
    store_serve(&d);                    /* a domain without a store */
    assert_int_equal(events, 0);
}

#define STORE_TEST(name) \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store_has_nothing),
        STORE_TEST(store_takes_nothing),
        STORE_TEST(store_transactions),
        STORE_TEST(store_watches_fire_once),
        STORE_TEST(store_watches_need_two_texts),
        STORE_TEST(store_large_watch),
        STORE_TEST(store_ring_wraps),
        STORE_TEST(store_request_in_pieces),
        STORE_TEST(store_refuses_long_requests),
        STORE_TEST(store_refuses_bad_request_index),
        STORE_TEST(store_refuses_bad_response_index),
        STORE_TEST(store_serves_interrupts),
        STORE_TEST(store_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
