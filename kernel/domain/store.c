#include "domain/store.h"

#include "domain/event.h"
#include "domain/schedule.h"
#include "domain/store_wire.h"
#include "lib/string.h"
#include "memory.h"
#include "x86/log.h"

_Static_assert(XENSTORE_PAYLOAD_MAX == PAGE_BYTES, "a payload fills a page");

/* Between so many bytes, and two requests, others have their turn. */
#define PIECE_BYTES 128

/* Bytes that wait for room in the ring. */
struct output {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t sent;
};

/*
 * One request at a time: it is collected, answered, and only when the answer
 * is in the ring the next one is begun.
 */
struct store_backend {
    bool broken;                /* the domain broke the protocol */
    bool told;                  /* something is new for the domain */
    uint32_t collected;         /* bytes of request and payload, so far */
    struct xsd_sockmsg request;
    uint8_t *payload;           /* a page */
    uint32_t texts;             /* terminators in it so far */
    uint32_t text_end[2];       /* where the first two of them are */
    uint8_t answer[sizeof(struct xsd_sockmsg) + 16];
    struct xsd_sockmsg event;   /* of a watch: its payload is the request's */
    struct output output[3];    /* answer, event, its payload */
};
_Static_assert(sizeof(struct store_backend) <= PAGE_BYTES, "fits in a page");

int store_open(struct domain *d)
{
    paddr_t state = page_alloc();
    paddr_t payload = state ? page_alloc() : 0;

    if (payload == 0) {
        if (state != 0)
            page_free(state);
        return -ENOMEM;
    }
    d->store_state = frame_map(state >> PAGE_SHIFT);
    d->store_state->payload = frame_map(payload >> PAGE_SHIFT);
    d->store->server_features = XENSTORE_SERVER_FEATURE_ERROR;
    return 0;
}

static void page_put(const void *page)
{
    page_free((paddr_t)((uintptr_t)page - (uintptr_t)machine.ram));
}

void store_close(struct domain *d)
{
    struct store_backend *s = d->store_state;

    if (!s)
        return;
    d->store_state = NULL;
    page_put(s->payload);
    page_put(s);
}

/* The domain broke the protocol: no more of it. */
static void give_up(struct domain *d, uint32_t error, const char *why)
{
    d->store_state->broken = true;
    __atomic_store_n(&d->store->error, error, __ATOMIC_RELEASE);
    log_printf(LOG_WARNING,
               "domain %u: its store ring is ignored from now "
               "on: %s",
               d->owner.id, why);
}

/* ------------------------------------------------------------- answers */

/* Answer the request with a text, its terminator included. */
static void answer(struct store_backend *s, uint32_t type, const char *text)
{
    struct xsd_sockmsg header = {.type = type,
                                 .req_id = s->request.req_id,
                                 .tx_id = s->request.tx_id,
                                 .len = (uint32_t)strlen(text) + 1};

    memcpy(s->answer, &header, sizeof(header));
    memcpy(s->answer + sizeof(header), text, header.len);
    s->output[0] =
        (struct output){s->answer, (uint32_t)sizeof(header) + header.len, 0};
}

static void answer_error(struct store_backend *s, const char *error)
{
    answer(s, XS_ERROR, error);
}

/* Is the payload two texts, each with its terminator, and no more? */
static bool payload_is_pair(const struct store_backend *s)
{
    return s->texts >= 2 && s->text_end[0] > 0 &&
           s->text_end[1] == s->request.len - 1;
}

/* A watch fires once when it is set: path and token, as they came. */
static void answer_watch(struct store_backend *s)
{
    if (!payload_is_pair(s)) {
        answer_error(s, "EINVAL");
        return;
    }
    answer(s, XS_WATCH, "OK");
    s->event =
        (struct xsd_sockmsg){.type = XS_WATCH_EVENT, .len = s->request.len};
    s->output[1] =
        (struct output){(const uint8_t *)&s->event, sizeof(s->event), 0};
    s->output[2] = (struct output){s->payload, s->request.len, 0};
}

static void answer_request(struct store_backend *s)
{
    switch (s->request.type) {
    case XS_DIRECTORY:
    case XS_DIRECTORY_PART:
    case XS_READ:
    case XS_GET_PERMS:
    case XS_GET_DOMAIN_PATH: answer_error(s, "ENOENT"); break;
    case XS_CONTROL:
    case XS_INTRODUCE:
    case XS_RELEASE:
    case XS_WRITE:
    case XS_MKDIR:
    case XS_RM:
    case XS_SET_PERMS:
    case XS_IS_DOMAIN_INTRODUCED:
    case XS_RESUME:
    case XS_SET_TARGET: answer_error(s, "EACCES"); break;
    case XS_TRANSACTION_START: answer(s, XS_TRANSACTION_START, "1"); break;
    case XS_WATCH: answer_watch(s); break;
    case XS_TRANSACTION_END:
    case XS_UNWATCH:
    case XS_RESET_WATCHES: answer(s, s->request.type, "OK"); break;
    default: answer_error(s, "ENOSYS"); break;
    }
}

/* ---------------------------------------------------------------- ring */

/* Move bytes into the ring. true: nothing waits any more. */
static bool write_out(struct domain *d, struct output *o)
{
    struct xenstore_domain_interface *ring = d->store;
    volatile char *rsp = ring->rsp;
    uint32_t cons = __atomic_load_n(&ring->rsp_cons, __ATOMIC_ACQUIRE);
    uint32_t prod = __atomic_load_n(&ring->rsp_prod, __ATOMIC_RELAXED);

    if (prod - cons > XENSTORE_RING_SIZE) {
        give_up(d, XENSTORE_ERROR_RINGIDX, "more answers than it holds");
        return false;
    }
    for (; o->sent < o->size && prod - cons < XENSTORE_RING_SIZE; prod++) {
        rsp[MASK_XENSTORE_IDX(prod)] = (char)o->bytes[o->sent];
        o->sent++;
        d->store_state->told = true;
        if (o->sent % PIECE_BYTES == 0)
            schedule_point();
    }
    __atomic_store_n(&ring->rsp_prod, prod, __ATOMIC_RELEASE);
    return o->sent == o->size;
}

static bool write_all(struct domain *d)
{
    struct store_backend *s = d->store_state;
    size_t i;

    for (i = 0; i < sizeof(s->output) / sizeof(s->output[0]); i++) {
        if (s->output[i].size == 0)
            continue;
        if (!write_out(d, &s->output[i]))
            return false;
        s->output[i].size = 0;
    }
    return true;
}

/* One byte of the payload; where its texts end is kept, so that no answer has
 * to look through it. */
static void collect_payload(struct store_backend *s, uint32_t at, uint8_t byte)
{
    s->payload[at] = byte;
    if (byte != '\0')
        return;
    if (s->texts < 2)
        s->text_end[s->texts] = at;
    s->texts++;
}

/* Put one byte where it belongs. true: the request is complete. */
static bool collect(struct store_backend *s, uint8_t byte)
{
    const uint32_t header = sizeof(s->request);

    if (s->collected < header)
        ((uint8_t *)&s->request)[s->collected] = byte;
    else
        collect_payload(s, s->collected - header, byte);
    s->collected++;
    return s->collected >= header && s->collected - header == s->request.len;
}

/* Take some bytes from the ring, up to the end of a request, which is then
 * answered. true: there may be more to do. */
static bool read_in(struct domain *d)
{
    struct xenstore_domain_interface *ring = d->store;
    struct store_backend *s = d->store_state;
    volatile const char *req = ring->req;
    uint32_t cons = __atomic_load_n(&ring->req_cons, __ATOMIC_RELAXED);
    uint32_t prod = __atomic_load_n(&ring->req_prod, __ATOMIC_ACQUIRE);
    uint32_t from = cons;
    bool complete = false;

    if (prod - cons > XENSTORE_RING_SIZE) {
        give_up(d, XENSTORE_ERROR_RINGIDX, "more requests than it holds");
        return false;
    }
    while (cons != prod && cons - from < PIECE_BYTES && !complete) {
        complete = collect(s, (uint8_t)req[MASK_XENSTORE_IDX(cons)]);
        cons++;
        s->told = true;
        if (s->collected == sizeof(s->request) &&
            s->request.len > XENSTORE_PAYLOAD_MAX) {
            give_up(d, XENSTORE_ERROR_PROTO, "a request is too long");
            return false;
        }
    }
    __atomic_store_n(&ring->req_cons, cons, __ATOMIC_RELEASE);
    if (complete) {
        answer_request(s);
        s->collected = 0;
        s->texts = 0;
    }
    return cons != from;
}

void store_serve(struct domain *d)
{
    struct store_backend *s = d->store_state;
    /* The shortest request is a header: no ring holds more than so many. */
    uint32_t left = XENSTORE_RING_SIZE / sizeof(struct xsd_sockmsg) +
                    XENSTORE_RING_SIZE / PIECE_BYTES;

    if (!s || s->broken)
        return;
    s->told = false;
    while (left > 0 && write_all(d) && read_in(d)) {
        left--;
        schedule_point();
    }
    if (!s->broken)
        write_all(d);
    if (s->told)
        event_set_pending(d, d->store_port);
}
