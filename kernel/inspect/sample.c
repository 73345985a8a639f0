#include "inspect/sample.h"

#include "domain/domain.h"
#include "domain/schedule.h"
#include "memory.h"
#include "x86/tsc.h"

#define MIB UINT64_C(0x100000)
#define EXTENT_BYTES (EXTENT_FRAMES * PAGE_BYTES)
#define CELLS 16384u
/* Cells, and records of frames, that are looked at between two looks at the
 * interrupts. */
#define CELLS_AT_ONCE  512u
#define FRAMES_AT_ONCE 128u
/* How long a superpage stays open when nobody chose it. */
#define OPEN_NS UINT64_C(4000000000)

static uint8_t cells[CELLS];
static struct picture_span spans[PICTURE_SPANS];
static struct picture picture = {
    .cells = cells, .spans = spans, .rest = schedule_window};
static uint32_t extents;        /* of RAM, in all spans */
static uint32_t next;           /* the cell to be looked at next */
static bool whole;              /* there was a whole round since sample_all */
static uint32_t open_cell;      /* where the open one is */
static bool chosen;             /* by a person: it stays open */
static uint64_t opened_ns;

static bool is_ram(uint32_t extent)
{
    paddr_t start = extent * EXTENT_BYTES;

    return machine.superpages[extent].owner != OWNER_NONE ||
           memory_is_ram(start, start + EXTENT_BYTES);
}

void sample_init(void)
{
    uint32_t count = (uint32_t)(machine.frames / EXTENT_FRAMES), i;
    struct picture_span *span = NULL;

    for (i = 0; i < count; i++) {
        if (!is_ram(i)) {
            span = NULL;
            continue;
        }
        if (!span && picture.span_count == PICTURE_SPANS)
            break;
        if (!span) {
            span = &spans[picture.span_count++];
            span->first = i;
        }
        span->count++;
        extents++;
    }
    picture.extents_a_cell = 1;
    while (extents > CELLS * picture.extents_a_cell)
        picture.extents_a_cell *= 2;
    picture.count =
        (extents + picture.extents_a_cell - 1) / picture.extents_a_cell;
    picture.all_mib = extents * EXTENT_BYTES / MIB;
    picture.open = EXTENT_NONE;
}

/* Look at one cell's extents. Returns how many were of domains. */
static uint32_t look(uint32_t cell)
{
    uint32_t i = cell * picture.extents_a_cell, looked = 0, from;
    uint32_t end = i + picture.extents_a_cell;
    uint8_t value = CELL_HOLE;

    for (; i < end && i < extents; i++) {
        const struct superpage *s =
            &machine.superpages[picture_extent(&picture, i)];

        for (from = 0; from < EXTENT_FRAMES; from += FRAMES_AT_ONCE) {
            value = cell_merge(value, cell_of_frames(s, from, FRAMES_AT_ONCE));
            schedule_window();
        }
        looked += s->owner != OWNER_NONE && s->owner != OWNER_KERNEL;
    }
    cells[cell] = value;
    return looked;
}

void sample_some(void)
{
    uint32_t looked = 0, records = 0;

    while (looked < SAMPLE_EXTENTS && records < SAMPLE_RECORDS &&
           picture.count > 0) {
        looked += look(next);
        records += picture.extents_a_cell;
        if (++next == picture.count) {
            next = 0;
            whole = true;
            break;
        }
    }
}

bool sample_all(void)
{
    bool done = whole;

    if (!done)
        sample_some();
    else
        whole = false;
    return done;
}

/* Open the next superpage with page tables in it, if there is one. */
static void open_next(void)
{
    uint32_t i;

    for (i = 1; i <= picture.count; i++) {
        uint32_t at = (open_cell + i) % picture.count;

        if (i % CELLS_AT_ONCE == 0)
            schedule_window();
        if (cells[at] & CELL_TABLES) {
            open_cell = at;
            picture.open =
                picture_extent(&picture, at * picture.extents_a_cell);
            return;
        }
    }
    picture.open = EXTENT_NONE;
}

void sample_open(uint32_t extent)
{
    chosen = extent != EXTENT_NONE;
    picture.open = extent;
    opened_ns = tsc_now_ns();
}

static void list_domains(void)
{
    struct domain *d = NULL;

    picture.domain_count = 0;
    picture.more_domains = 0;
    while ((d = domain_next(d)) != NULL) {
        if (picture.domain_count == PICTURE_DOMAINS) {
            picture.more_domains++;
            continue;
        }
        picture.domains[picture.domain_count].id = d->owner.id;
        picture.domains[picture.domain_count++].name = d->name;
    }
}

/* The open superpage's records, if a domain has it. */
static void look_open(void)
{
    const struct superpage *s;
    struct domain *d;

    picture.frames = NULL;
    if (picture.open == EXTENT_NONE)
        return;
    s = &machine.superpages[picture.open];
    d = domain_by_id(s->owner);
    if (!d)
        return;
    picture.open_owner = s->owner;
    picture.open_name = d->name;
    picture.frames = s->frames;
}

struct picture sample_picture(void)
{
    uint64_t now = tsc_now_ns();

    if (!chosen && (picture.open == EXTENT_NONE || !picture.frames ||
                    now - opened_ns > OPEN_NS)) {
        open_next();
        opened_ns = now;
    }
    picture.free_mib = machine.free_count * EXTENT_BYTES / MIB;
    list_domains();
    look_open();
    return picture;
}
