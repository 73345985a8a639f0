#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void owner_init(struct owner *o, uint16_t id, struct loaded *loaded)
{
    memset(o, 0, sizeof(*o));
    o->id = id;
    o->extents = EXTENT_NONE;
    o->hint = EXTENT_NONE;
    o->limit = WORLD_FRAMES;
    o->loaded = loaded;
    o->vcpus = 1;
    loaded->base = MFN_NONE;
    loaded->user_base = MFN_NONE;
}

/* Memory of zeros, which is there when it is touched. */
static void *memory_new(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert_true(memory != MAP_FAILED);
    return memory;
}

static size_t ram_bytes(const struct world *w)
{
    return (size_t)w->extents * EXTENT_FRAMES * sizeof(*w->ram);
}

struct world *world_new(void)
{
    return world_new_of(WORLD_EXTENTS);
}

struct world *world_new_of(uint32_t extents)
{
    struct world *w = calloc(1, sizeof(*w));
    uint32_t i;

    assert_non_null(w);
    w->extents = extents;
    w->superpages = calloc(extents, sizeof(*w->superpages));
    w->gigabytes =
        calloc(extents / GIGABYTE_EXTENTS + 1, sizeof(*w->gigabytes));
    w->frames = calloc((size_t)extents * EXTENT_FRAMES, sizeof(*w->frames));
    assert_true(w->superpages && w->gigabytes && w->frames);
    w->ram = memory_new(ram_bytes(w));
    w->budget = 1000000;
    w->m.superpages = w->superpages;
    w->m.gigabytes = w->gigabytes;
    w->m.ram = w->ram;
    w->m.frames = (mfn_t)extents * EXTENT_FRAMES;
    w->m.limits.gigabytes = 1;
    w->m.free_extents = EXTENT_NONE;
    w->m.clock = 1;
    w->m.flushed = 1;
    for (i = 0; i < KERNEL_SLOTS; i++)
        w->m.kernel_slots[i] = 0x5000 + i * 0x1000 + 3;
    for (i = 2; i < extents; i++)
        w->superpages[i].frames = &w->frames[i * EXTENT_FRAMES];
    owner_init(&w->a, 1, w->a_loaded);
    owner_init(&w->b, 2, w->b_loaded);
    w->a.budget = w->budget;
    w->b.budget = w->budget;
    for (i = extents; i-- > 2;)
        extent_add(&w->m, i);
    assert_int_equal(extent_assign(&w->m, &w->a), 2);
    assert_int_equal(extent_assign(&w->m, &w->a), 3);
    assert_int_equal(extent_assign(&w->m, &w->b), 4);
    assert_int_equal(extent_reserve(&w->m), 5);
    return w;
}

void world_free(struct world *w)
{
    munmap(w->ram, ram_bytes(w));
    free(w->frames);
    free(w->gigabytes);
    free(w->superpages);
    free(w);
}

int world_setup(void **state)
{
    *state = world_new();
    return 0;
}

int world_teardown(void **state)
{
    world_free(*state);
    return 0;
}

mfn_t world_frame(struct world *w, struct owner *o)
{
    uint32_t budget = o->budget;
    mfn_t mfn;

    o->budget = w->extents * EXTENT_FRAMES;     /* it is there: no stop */
    assert_int_equal(frame_alloc(&w->m, o, &mfn), 0);
    o->budget = budget;
    return mfn;
}

mfn_t world_superpage(struct world *w, struct owner *o)
{
    uint32_t extent = extent_assign(&w->m, o);

    assert_int_not_equal(extent, EXTENT_NONE);
    o->limit += EXTENT_FRAMES;
    assert_int_equal(extent_fill(&w->m, o, extent, EXTENT_FRAMES), 0);
    return (mfn_t)extent * EXTENT_FRAMES;
}

mfn_t world_gigabyte(struct world *w, struct owner *o)
{
    uint32_t i;

    gigabyte_assign(&w->m, o, 1);
    o->limit += (uint64_t)EXTENT_FRAMES * GIGABYTE_EXTENTS;
    for (i = 0; i < GIGABYTE_EXTENTS; i++)
        assert_int_equal(
            extent_fill(&w->m, o, GIGABYTE_EXTENTS + i, EXTENT_FRAMES), 0);
    return (mfn_t)GIGABYTE_EXTENTS * EXTENT_FRAMES;
}

struct tally *world_tally(struct world *w, mfn_t mfn)
{
    return &w->superpages[mfn / EXTENT_FRAMES].tally;
}

void world_audit(struct world *w)
{
    struct audit_report report;

    if (!audit(&w->m, &w->a, &report) || !audit(&w->m, &w->b, &report))
        fail_msg("audit: %s, frame %#llx, types %+lld, refs %+lld", report.what,
                 (unsigned long long)report.mfn, (long long)report.types,
                 (long long)report.refs);
}

/* Something to tell all records by: a change of any shows, in all likelihood.
 */
static uint64_t sum_of(const void *from, size_t bytes, uint64_t sum)
{
    const uint32_t *word = from;
    size_t i;

    for (i = 0; i < bytes / sizeof(*word); i++)
        sum = (sum ^ word[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static uint64_t records_of(const struct world *w)
{
    size_t frames = (size_t)w->extents * EXTENT_FRAMES;
    uint64_t sum = sum_of(w->frames, frames * sizeof(*w->frames), 1);

    sum = sum_of(w->superpages, w->extents * sizeof(*w->superpages), sum);
    return sum_of(w->gigabytes,
                  (w->extents / GIGABYTE_EXTENTS + 1) * sizeof(*w->gigabytes),
                  sum);
}

/* One audit in pieces. Returns how often it stopped. */
static uint32_t recount(struct world *w, struct owner *o, uint32_t budget,
                        struct audit_report *report)
{
    uint32_t stops = 0;
    struct audit a;
    int rc;

    audit_begin(&a, o);
    for (;;) {
        o->budget = budget;
        rc = audit_resume(&w->m, o, &a);
        if (rc == 0)
            break;
        assert_int_equal(rc, STOP_BUDGET);
        assert_int_equal(o->budget, 0);
        stops++;
    }
    assert_int_equal(a.pass, AUDIT_NONE);
    *report = a.report;
    return stops;
}

bool world_recount(struct world *w, struct owner *o,
                   struct audit_report *report, uint32_t *stops)
{
    static const uint32_t budgets[] = {1, 2, 7, 64, 513};
    const uint64_t records = records_of(w);
    const uint32_t budget = o->budget;
    struct audit_report again;
    unsigned int i;
    bool clean = audit(&w->m, o, report);

    assert_int_equal(o->budget, budget);
    assert_true(records_of(w) == records);
    assert_int_equal(report->faults == 0, clean);
    for (i = 0; i < sizeof(budgets) / sizeof(*budgets); i++) {
        uint32_t n = recount(w, o, budgets[i], &again);

        if (i == 0 && stops)
            *stops = n;
        assert_true(records_of(w) == records);
        assert_int_equal(again.faults, report->faults);
        assert_int_equal(again.frames, report->frames);
        assert_int_equal(again.mfn, report->mfn);
        assert_ptr_equal(again.what, report->what);
        assert_int_equal(again.types, report->types);
        assert_int_equal(again.refs, report->refs);
    }
    o->budget = budget;
    return clean;
}

int world_run(struct world *w, struct owner *o, int rc)
{
    while (rc > 0) {
        world_audit(w);
        if (rc == STOP_FLUSH) {
            w->flushes++;
            flush_done(&w->m, flush_begin(&w->m));
        } else if (rc == STOP_BUDGET) {
            w->stops++;
        } else {
            assert_int_equal(rc, STOP_LOAD);
            w->loads++;
        }
        o->budget = w->budget;
        rc = op_resume(&w->m, o);
    }
    assert_int_equal(o->op.kind, OP_NONE);
    assert_int_equal(o->op.depth, 0);
    world_audit(w);
    return rc;
}

struct frame *world_record(struct world *w, mfn_t mfn)
{
    return &w->frames[mfn];
}

uint64_t entry_ro(mfn_t mfn)
{
    return mfn << PAGE_SHIFT | ENTRY_P | ENTRY_US;
}

uint64_t entry_rw(mfn_t mfn)
{
    return entry_ro(mfn) | ENTRY_RW;
}

uint64_t entry_large_ro(mfn_t mfn)
{
    return entry_ro(mfn) | ENTRY_PS;
}

uint64_t entry_large_rw(mfn_t mfn)
{
    return entry_rw(mfn) | ENTRY_PS;
}

int world_update(struct world *w, mfn_t table, uint32_t slot, uint64_t word)
{
    struct update u = {.mfn = table, .slot = slot, .value = word};

    w->a.budget = w->budget;
    return world_run(w, &w->a, update_word(&w->m, &w->a, &u));
}

int world_pin(struct world *w, mfn_t mfn, enum frame_type type)
{
    w->a.budget = w->budget;
    return world_run(w, &w->a, table_pin(&w->m, &w->a, mfn, type));
}

int world_unpin(struct world *w, mfn_t mfn)
{
    w->a.budget = w->budget;
    return world_run(w, &w->a, table_unpin(&w->m, &w->a, mfn));
}

int world_load(struct world *w, bool user, mfn_t mfn)
{
    w->a.budget = w->budget;
    return world_run(w, &w->a, base_load(&w->m, &w->a, 0, user, mfn));
}

int world_mark(struct world *w, mfn_t mfn)
{
    w->a.budget = w->budget;
    return world_run(w, &w->a, superpage_mark(&w->m, &w->a, mfn));
}

int world_unmark(struct world *w, mfn_t mfn)
{
    w->a.budget = w->budget;
    return world_run(w, &w->a, superpage_unmark(&w->m, &w->a, mfn));
}

mfn_t world_table(struct world *w, enum frame_type type)
{
    mfn_t mfn = world_frame(w, &w->a);

    assert_int_equal(world_pin(w, mfn, type), 0);
    return mfn;
}

struct tree world_tree(struct world *w)
{
    struct tree t;
    uint32_t i;

    t.l4 = world_frame(w, &w->a);
    t.l3 = world_frame(w, &w->a);
    t.l2 = world_frame(w, &w->a);
    t.l1 = world_frame(w, &w->a);
    w->ram[t.l4][0] = entry_rw(t.l3);
    w->ram[t.l3][0] = entry_rw(t.l2);
    w->ram[t.l2][0] = entry_rw(t.l1);
    for (i = 0; i < 4; i++) {
        t.page[i] = world_frame(w, &w->a);
        w->ram[t.l1][i * 100] = entry_rw(t.page[i]);
    }
    return t;
}
