#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t own_frames;

/* What unused fields of the operation record are filled with. */
#define PATTERN 0x5a

static void op_forget(struct op *op)
{
    memset(op, PATTERN, sizeof(*op));
    op->kind = OP_NONE;
    op->depth = 0;
    op->waiting = 0;
    op->dropping = 0;
    op->abandon = 0;
}

void world_init(struct world *w)
{
    uint32_t i, n;

    memset(w, 0, sizeof(*w));
    own_frames = 2 * EXTENT_FRAMES;
    w->m.superpages = w->superpages;
    w->m.gigabytes = w->gigabytes;
    w->m.ram = w->ram;
    w->m.frames = WORLD_FRAMES;
    w->m.free_extents = EXTENT_NONE;
    w->m.clock = 1;
    w->m.flushed = 1;
    w->m.limits.design = DESIGN_OFF;
    w->m.kernel_slots[0] = KERNEL_WORD;
    w->ram[KERNEL_MFN][0] = KERNEL_WORD;
    for (i = 1; i < EXTENTS; i++)
        w->superpages[i].frames = &w->frames[i * EXTENT_FRAMES];
    w->o.id = 1;
    w->o.extents = EXTENT_NONE;
    w->o.limit = own_frames;
    w->o.loaded = w->loaded;
    w->o.vcpus = CPUS;
    w->superpages[4].owner = OWNER_KERNEL;
    for (i = 3; i < EXTENTS; i += 2) {
        w->superpages[i].owner = 2;
        w->superpages[i].next = EXTENT_NONE;
        w->gigabytes[i / GIGABYTE_EXTENTS].given = 1;
        /* All of it is there: only its owner keeps it from the domain. */
        w->superpages[i].allocated = EXTENT_FRAMES;
        for (n = 0; n < EXTENT_FRAMES; n++)
            w->frames[i * EXTENT_FRAMES + n].allocated = 1;
    }
    extent_add(&w->m, 1);
    extent_add(&w->m, 2);
    extent_assign(&w->m, &w->o);
    extent_assign(&w->m, &w->o);
    for (i = 0; i < CPUS; i++) {
        w->loaded[i].base = MFN_NONE;
        w->loaded[i].user_base = MFN_NONE;
        w->cpu[i].base = MFN_NONE;
        w->cpu[i].time = 1;
    }
    op_forget(&w->o.op);
}

void world_widen(struct world *w)
{
    uint32_t n;

    /* Its first owner is gone, and had given all of it back. */
    w->superpages[3].allocated = 0;
    for (n = 0; n < EXTENT_FRAMES; n++)
        w->superpages[3].frames[n] = (struct frame){0};
    w->gigabytes[OWN_GIGABYTE] = (struct gigabyte){.given = 1};
    extent_add(&w->m, 3);
    own_frames = OWN_FRAMES;
    w->o.limit = OWN_FRAMES;
}

/* ------------------------------------------------------------ normal form */

/* Readings that may still be compared with each other. */
struct readings {
    uint32_t *at[OWN_FRAMES + OWN_EXTENTS + CPUS + 5];
    uint32_t count;
};

static void add_reading(struct readings *r, uint32_t *reading)
{
    r->at[r->count++] = reading;
}

/* When a count last fell to zero, which counts while it is zero. */
static void add_stamp(const struct world *w, struct readings *r,
                      uint32_t *stamp, bool counts)
{
    if (!counts)
        *stamp = 0; /* stamped anew before it is read */
    else if (!w->true_clock && *stamp < w->m.flushed)
        *stamp = 0; /* every CPU was flushed since */
    else
        add_reading(r, stamp);
}

/* The stamps of frames, superpages and the gigabyte. */
static void collect_stamps(struct world *w, struct readings *r)
{
    uint32_t i;

    for (i = 0; i < own_frames; i++) {
        struct frame *f = own_frame(w, i);

        add_stamp(w, r, &f->stamp, f->types == 0 && f->type != FRAME_NONE);
    }
    for (i = 0; i <= own_frames / EXTENT_FRAMES; i++) {
        struct tally *t = i == 0 ? &w->gigabytes[OWN_GIGABYTE].tally
                                 : &own_extent(w, i - 1)->tally;

        add_stamp(w, r, &t->stamp, t->types == 0 && t->type != TALLY_NONE);
    }
}

/* Collect them; the others become 0. */
static void collect_readings(struct world *w, struct readings *r)
{
    struct op *op = &w->o.op;
    uint32_t i;

    r->count = 0;
    add_reading(r, &w->m.clock);
    add_reading(r, &w->m.flushed);
    for (i = 0; i < CPUS; i++)
        add_reading(r, &w->cpu[i].time);
    collect_stamps(w, r);
    if (op->waiting || (op->kind == OP_DESTROY && op->phase == PHASE_SCRUB))
        add_reading(r, &op->stamp);
    else
        memset(&op->stamp, PATTERN, sizeof(op->stamp));
    if (w->door.flushing)
        add_reading(r, &w->door.reading);
    else
        w->door.reading = 0;
}

/* Replace the readings by their ranks. */
static void rank_readings(struct readings *r)
{
    uint32_t last = 0, rank = 0, i;

    for (;;) {
        uint32_t least = UINT32_MAX;

        for (i = 0; i < r->count; i++)
            if (r->at[i] && *r->at[i]<least && * r->at[i]> last)
                least = *r->at[i];
        if (least == UINT32_MAX)
            return;
        rank++;
        for (i = 0; i < r->count; i++)
            if (r->at[i] && *r->at[i] == least) {
                *r->at[i] = rank;
                r->at[i] = NULL;
            }
        last = least;
    }
}

void state_normal(struct world *w)
{
    struct op *op = &w->o.op;
    struct readings r;

    w->o.budget = 0;
    memset(&w->o.refusal, 0, sizeof(w->o.refusal));
    memset(w->o.refused, 0, sizeof(w->o.refused));
    if (op->kind == OP_NONE)
        op_forget(op);
    else
        memset(&op->stack[op->depth], PATTERN,
               (4 - op->depth) * sizeof(op->stack[0]));
    collect_readings(w, &r);
    if (!w->true_clock)
        rank_readings(&r);
}

/* ------------------------------------------------------------------ bytes */

/* One pass over all fields, in either direction. */
struct coder {
    uint8_t *at;
    bool store;
};

/* Words that were met, by number: a word is one byte in a state. */
#define WORDS      254
#define WORD_SLOTS 1024
static uint64_t words[WORDS];
static uint32_t word_count;
static uint8_t word_slot[WORD_SLOTS]; /* number + 1; 0: free */

static uint8_t word_number(uint64_t word)
{
    uint32_t slot = (uint32_t)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 54);

    for (; word_slot[slot]; slot = (slot + 1) % WORD_SLOTS)
        if (words[word_slot[slot] - 1] == word)
            return (uint8_t)(word_slot[slot] - 1);
    if (word_count == WORDS) {
        fprintf(stderr, "explore: more than %d words\n", WORDS);
        abort();
    }
    words[word_count++] = word;
    word_slot[slot] = (uint8_t)word_count;
    return (uint8_t)(word_count - 1);
}

static void code_byte(struct coder *c, uint8_t *byte)
{
    if (c->store)
        *c->at++ = *byte;
    else
        *byte = *c->at++;
}

static void code_word(struct coder *c, uint64_t *word)
{
    if (c->store)
        *c->at++ = word_number(*word);
    else
        *word = words[*c->at++];
}

static void code_number(struct coder *c, uint32_t *number)
{
    uint64_t word = *number;

    code_word(c, &word);
    *number = (uint32_t)word;
}

static void code_bytes(struct coder *c, void *bytes, size_t count)
{
    if (c->store)
        memcpy(c->at, bytes, count);
    else
        memcpy(bytes, c->at, count);
    c->at += count;
}

static void code_frames(struct coder *c, frames_t *frames)
{
    code_bytes(c, frames, own_frames > 8 ? sizeof(*frames) : 1);
}

static void code_frame(struct coder *c, struct world *w, uint32_t n)
{
    struct frame *f = own_frame(w, n);
    uint8_t types = (uint8_t)(f->types - w->types_bias[n]);
    uint8_t refs = (uint8_t)(f->refs - w->refs_bias[n]);
    uint8_t flags =
        (uint8_t)(f->type | f->state << 4 | f->pinned << 5 | f->allocated << 6);
    uint32_t i;

    code_byte(c, &types);
    code_byte(c, &refs);
    code_byte(c, &flags);
    code_number(c, &f->stamp);
    for (i = 0; i < TABLE_ENTRIES; i++)
        code_word(c, &w->ram[OWN_FIRST + n][i]);
    f->types = types + w->types_bias[n];
    f->refs = refs + w->refs_bias[n];
    f->type = flags & 0xf;
    f->state = flags >> 4 & 1;
    f->pinned = flags >> 5 & 1;
    f->allocated = flags >> 6 & 1;
}

static void code_loaded(struct coder *c, struct loaded *loaded)
{
    uint32_t i;

    code_word(c, &loaded->base);
    code_word(c, &loaded->user_base);
    code_number(c, &loaded->gdt_count);
    code_number(c, &loaded->ldt_count);
    for (i = 0; i < loaded->gdt_count; i++)
        code_word(c, &loaded->gdt[i]);
    for (i = 0; i < loaded->ldt_count; i++)
        code_word(c, &loaded->ldt[i]);
}

static void code_cpu(struct coder *c, struct cpu *cpu)
{
    uint32_t level;

    code_word(c, &cpu->base);
    code_byte(c, &cpu->user);
    code_frames(c, &cpu->descriptors);
    code_frames(c, &cpu->writable);
    code_frames(c, &cpu->mapped);
    code_byte(c, &cpu->large);
    for (level = 1; level <= 4; level++)
        code_frames(c, &cpu->table[level]);
    code_frames(c, &cpu->segment);
    code_number(c, &cpu->time);
}

/* The record of the operation under way: nine bytes, numbers, words. */
static void code_op(struct coder *c, struct op *op)
{
    uint32_t *numbers[] = {&op->stamp, &op->slot,      &op->vcpu,  &op->count,
                           &op->next,  &op->old_count, &op->extent};
    uint64_t *more[] = {&op->wait, &op->table, &op->source, &op->value,
                        &op->old};
    uint32_t i;

    code_bytes(c, &op->kind, offsetof(struct op, type) + 1);
    code_bytes(c, &op->result, sizeof(op->result));
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        code_number(c, numbers[i]);
    for (i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        code_word(c, more[i]);
    for (i = 0; i < LDT_FRAMES; i++) {
        code_word(c, &op->mfn[i]);
        code_word(c, &op->before[i]);
    }
    for (i = 0; i < op->depth; i++) {
        code_word(c, &op->stack[i].mfn);
        code_number(c, &op->stack[i].next);
        code_byte(c, &op->stack[i].sweep);
        code_byte(c, &op->stack[i].writable);
    }
}

static void code_door(struct coder *c, struct door *door)
{
    code_byte(c, &door->flushing);
    code_byte(c, &door->todo);
    code_byte(c, &door->tainted);
    code_number(c, &door->reading);
    code_word(c, &door->errno_expected);
    code_bytes(c, &door->effect_expected, sizeof(door->effect_expected));
}

static void code_tally(struct coder *c, struct tally *t, uint32_t mappings_bias,
                       uint32_t types_bias)
{
    uint8_t mappings = (uint8_t)(t->mappings - mappings_bias);
    uint8_t types = (uint8_t)(t->types - types_bias);
    uint8_t flags = (uint8_t)(t->type | t->state << 4 | t->marked << 5);

    code_byte(c, &mappings);
    code_byte(c, &types);
    code_byte(c, &flags);
    code_number(c, &t->stamp);
    t->mappings = mappings + mappings_bias;
    t->types = types + types_bias;
    t->type = flags & 0xf;
    t->state = flags >> 4 & 1;
    t->marked = flags >> 5 & 1;
}

static void code_extent(struct coder *c, struct world *w, uint32_t e)
{
    struct superpage *s = own_extent(w, e);
    uint8_t allocated = (uint8_t)s->allocated;
    uint8_t owner = (uint8_t)s->owner;

    code_byte(c, &allocated);
    code_byte(c, &owner);
    code_number(c, &s->next);
    s->allocated = allocated;
    s->owner = owner;
    code_tally(c, &s->tally, w->mappings_bias[e], w->tally_bias[e]);
}

static void code_gigabyte(struct coder *c, struct gigabyte *g)
{
    uint8_t sums =
        (uint8_t)(g->free | g->given << 2 | g->incomplete << 4 | g->owner << 6);

    code_byte(c, &sums);
    g->free = sums & 3;
    g->given = sums >> 2 & 3;
    g->incomplete = sums >> 4 & 3;
    g->owner = sums >> 6 & 3;
    if (g->owner != OWNER_NONE)
        code_tally(c, &g->tally, 0, 0);
    else
        g->tally = (struct tally){0};
}

/* Owner and extents; the lists matter since frame_alloc walks them. */
static void code_owner(struct coder *c, struct world *w)
{
    struct owner *o = &w->o;
    uint32_t i;

    code_byte(c, &o->dying);
    code_number(c, &o->extents);
    code_number(c, &o->extent_count);
    code_number(c, &o->hint);
    code_word(c, &o->allocated);
    code_number(c, &o->held_count);
    for (i = 0; i < o->held_count; i++)
        code_word(c, &o->held[i]);
    code_number(c, &w->m.free_extents);
    code_number(c, &w->m.free_count);
    for (i = 0; i < own_frames / EXTENT_FRAMES; i++)
        code_extent(c, w, i);
    for (i = 0; i <= OWN_GIGABYTE; i++)
        code_gigabyte(c, &w->gigabytes[i]);
}

static void code_world(struct coder *c, struct world *w)
{
    uint32_t i;

    code_byte(c, &w->door.stop);
    code_byte(c, &w->door.dying);
    code_number(c, &w->m.clock);
    code_number(c, &w->m.flushed);
    code_owner(c, w);
    for (i = 0; i < own_frames; i++)
        code_frame(c, w, i);
    for (i = 0; i < CPUS; i++) {
        code_loaded(c, &w->loaded[i]);
        code_cpu(c, &w->cpu[i]);
    }
    if (w->door.stop) {
        code_op(c, &w->o.op);
        code_door(c, &w->door);
    } else if (!c->store) {
        uint8_t dying = w->door.dying;

        op_forget(&w->o.op);
        memset(&w->o.op.stamp, PATTERN, sizeof(w->o.op.stamp));
        memset(&w->door, 0, sizeof(w->door));
        w->door.dying = dying;
    }
}

uint32_t state_pack(struct world *w, uint8_t *bytes)
{
    struct coder c = {.at = bytes, .store = true};

    code_world(&c, w);
    return (uint32_t)(c.at - bytes);
}

void state_unpack(struct world *w, const uint8_t *bytes)
{
    struct coder c = {.at = (uint8_t *)(uintptr_t)bytes};

    memset(w->loaded, PATTERN, sizeof(w->loaded));
    memset(w->o.held, PATTERN, sizeof(w->o.held));
    memset(&w->o.op, PATTERN, sizeof(w->o.op));
    code_world(&c, w);
}
