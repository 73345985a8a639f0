#include "model.h"

#include <string.h>

/* The bits of an entry and of a descriptor, once more. */
#define PRESENT           UINT64_C(0x1)
#define WRITE             UINT64_C(0x2)
#define USER              UINT64_C(0x4)
#define CACHE             UINT64_C(0x18)
#define ACCESSED_DIRTY    UINT64_C(0x60)
#define LARGE             UINT64_C(0x80)
#define GLOBAL            UINT64_C(0x100)
#define NX                (UINT64_C(1) << 63)
#define SEGMENT_PRESENT   (UINT64_C(1) << 47)
#define SEGMENT_RING3     (UINT64_C(3) << 45)
#define SEGMENT_CODE_DATA (UINT64_C(1) << 44)

static mfn_t named(uint64_t word)
{
    return (word & UINT64_C(0x000ffffffffff000)) >> 12;
}

void model_read(struct model *md, const struct world *w,
                const struct alphabet *a)
{
    uint32_t i, n;

    memset(md, 0, sizeof(*md));
    md->world = a;
    memcpy(md->ram, w->ram[OWN_FIRST], sizeof(md->ram));
    for (n = 0; n < own_frames; n++) {
        const struct frame *f = &w->frames[OWN_FIRST + n];

        md->allocated[n] = f->allocated;
        md->pin[n] = f->pinned ? f->type : 0;
    }
    for (i = 0; i < CPUS; i++) {
        const struct loaded *loaded = &w->loaded[i];

        md->base[i][0] = loaded->base;
        md->base[i][1] = loaded->user_base;
        md->segment_count[i][0] = loaded->gdt_count;
        md->segment_count[i][1] = loaded->ldt_count;
        memcpy(md->segments[i][0], loaded->gdt,
               loaded->gdt_count * sizeof(mfn_t));
        memcpy(md->segments[i][1], loaded->ldt,
               loaded->ldt_count * sizeof(mfn_t));
    }
    for (i = 0; i < w->o.held_count; i++)
        md->held |= (frames_t)(1u << own_index(w->o.held[i]));
    for (n = 0; n < own_frames / EXTENT_FRAMES; n++) {
        const struct superpage *s =
            &w->superpages[OWN_FIRST / EXTENT_FRAMES + n];

        md->owned[n] = s->owner == w->o.id;
        md->marked[n] = s->tally.marked;
    }
    md->limit = (uint32_t)w->o.limit;
    md->design = w->m.limits.design;
    md->strict = w->m.limits.strict;
    md->gigabytes = w->m.limits.gigabytes;
    md->nx = w->m.limits.nx;
    md->l1tf = w->m.limits.l1tf;
    md->reserved = w->m.limits.reserved;
    md->l1tf_safe = w->m.limits.l1tf_safe;
}

/* ----------------------------------------------- superpages and gigabytes */

/* What an entry maps whole. */
struct span {
    uint32_t first;  /* n of its first frame fn */
    uint32_t frames; /* how many */
    uint32_t index;  /* in model.maps */
    bool writable;
};

static bool is_large(uint32_t level, uint64_t word)
{
    return (level == 2 || level == 3) && (word & LARGE);
}

static struct span large_of(uint32_t level, uint64_t word)
{
    struct span l = {
        .first = own_index(named(word)), .frames = 4, .writable = word & WRITE};

    l.index = l.first / 4;
    if (level == 3) {
        l.frames = 8;
        l.index = OWN_EXTENTS;
    }
    return l;
}

/* Is the entry a legal one on this machine, whatever it maps? */
static bool large_sane(const struct model *md, uint32_t level, uint64_t word)
{
    if (md->design == DESIGN_OFF || (md->nx && !(word & NX)))
        return false;
    if (level == 2)
        return named(word) % 4 == 0;
    return level == 3 && named(word) % 8 == 0 && md->gigabytes &&
           md->design == DESIGN_TYPECOUNT;
}

/* Is all that it maps there, and the domain's? */
static bool large_exists(const struct model *md, uint64_t word,
                         const struct span *l)
{
    uint32_t n;

    if (!is_own(named(word)) || !is_own(named(word) + l->frames - 1))
        return false;
    for (n = l->first; n < l->first + l->frames; n++)
        if (!md->allocated[n])
            return false;
    return true;
}

/* Must all under it be plain memory? */
static bool large_is_plain(const struct model *md, const struct span *l)
{
    return l->writable || (md->design == DESIGN_TYPECOUNT && md->strict);
}

/* It is mapped: note it. NULL, or what is wrong. */
static const char *large_use(struct model *md, const struct span *l)
{
    uint32_t n;

    md->maps[l->index][l->writable]++;
    for (n = l->first; n < l->first + l->frames; n++) {
        if (!large_is_plain(md, l)) {
            md->seen |= (frames_t)(1u << n);
            continue;
        }
        if (md->use[n] != USE_NONE && md->use[n] != USE_PLAIN)
            return "a superpage in use has a table in it";
        md->use[n] = USE_PLAIN;
    }
    return NULL;
}

/* Is this frame inside something that is mapped or marked? */
static bool is_inside(const struct model *md, uint32_t n)
{
    uint32_t e = n / 4;

    return md->marked[e] || md->maps[e][0] || md->maps[e][1] ||
           (e > 0 && (md->maps[OWN_EXTENTS][0] || md->maps[OWN_EXTENTS][1]));
}

/* May a table of this level have this entry, wherever it points? */
static bool entry_sane(const struct model *md, uint32_t level, uint64_t word)
{
    if (!(word & PRESENT)) {
        if (!md->l1tf)
            return true;
        if (level >= 2 && (word & LARGE))
            return false;
        return named(word) == 0 || named(word) >= md->l1tf_safe;
    }
    if (word & (CACHE | md->reserved))
        return false;
    if (word & LARGE && !large_sane(md, level, word))
        return false;
    return level == 1 || !(word & GLOBAL);
}

/* May a domain have this descriptor? *word becomes what it will be. */
static bool descriptor_sane(uint64_t *word)
{
    if (!(*word & SEGMENT_PRESENT))
        return true;
    if (*word & SEGMENT_CODE_DATA) {
        *word |= SEGMENT_RING3;
        return true;
    }
    return (*word >> 40 & 0xf) == 0;
}

/* ----------------------------------------------------- what is used as what */

static bool guests_slot(uint32_t level, uint32_t slot)
{
    return level != USE_L4 || slot != 2;
}

/* The use that an entry makes of its frame. */
static uint8_t use_of_entry(uint32_t level, uint64_t word)
{
    if (level > 1)
        return (uint8_t)(level - 1);
    return word & WRITE ? USE_PLAIN : USE_NONE;
}

static const char *use_frame(struct model *md, mfn_t mfn, uint8_t use);

/* A present entry of a table in use: note what it maps, or walk on. */
static const char *use_entry(struct model *md, uint32_t level, uint64_t word)
{
    struct span l = large_of(level, word);

    if (!is_large(level, word))
        return use_frame(md, named(word), use_of_entry(level, word));
    if (!large_exists(md, word, &l))
        return "a superpage in use that is not all there";
    return large_use(md, &l);
}

/* Something uses a frame: note it, and walk on. NULL, or what is wrong. */
static const char *use_frame(struct model *md, mfn_t mfn, uint8_t use)
{
    const char *wrong = NULL;
    uint32_t n = own_index(mfn), slot;

    if (!is_own(mfn))
        return "another's memory is in use";
    if (use == USE_NONE) {
        md->seen |= (frames_t)(1u << n);
        return NULL;
    }
    if (md->use[n] != USE_NONE)
        return md->use[n] == use ? NULL : "a frame is in use as two things";
    md->use[n] = use;
    for (slot = 0; slot < TABLE_ENTRIES && !wrong; slot++) {
        uint64_t word = md->ram[n][slot], sane = word;

        if (use == USE_SEG) {
            if (!descriptor_sane(&sane) || sane != word)
                wrong = "a descriptor in use that must not be";
        } else if (use <= USE_L4 && !guests_slot(use, slot)) {
            if (word != KERNEL_WORD)
                wrong = "an L4 in use without the kernel's entries";
        } else if (use <= USE_L4) {
            if (!entry_sane(md, use, word))
                wrong = "an entry in use that must not be";
            else if ((word & PRESENT) && !(word & USER))
                wrong = "an entry in use without the user bit";
            else if (word & PRESENT)
                wrong = use_entry(md, use, word);
        }
    }
    return wrong;
}

const char *model_uses(struct model *md)
{
    const char *wrong = NULL;
    uint32_t i, kind, n;

    memset(md->use, 0, sizeof(md->use));
    memset(md->maps, 0, sizeof(md->maps));
    md->seen = 0;
    for (n = 0; n < own_frames && !wrong; n++) {
        if (md->pin[n])
            wrong = use_frame(md, OWN_FIRST + n, md->pin[n]);
        if (!wrong && ((md->held | md->world->outsider_writes) >> n & 1))
            wrong = use_frame(md, OWN_FIRST + n, USE_PLAIN);
        if (!wrong && md->marked[n / 4])
            wrong = use_frame(md, OWN_FIRST + n, USE_PLAIN);
        if (!wrong && md->marked[n / 4] && !md->allocated[n])
            wrong = "a superpage is marked that is not all there";
    }
    for (i = 0; i < CPUS; i++)
        for (kind = 0; kind < 2 && !wrong; kind++) {
            if (md->base[i][kind] != MFN_NONE)
                wrong = use_frame(md, md->base[i][kind], USE_L4);
            for (n = 0; n < md->segment_count[i][kind] && !wrong; n++)
                wrong = use_frame(md, md->segments[i][kind][n], USE_SEG);
        }
    return wrong;
}

/* ----------------------------------------------------------- may it be used */

/* Is the frame itself fit for one more use? 0 or -errno. */
static int frame_fit(const struct model *md, mfn_t mfn, uint8_t use)
{
    uint32_t n = own_index(mfn);

    if (!is_own(mfn)) {
        bool others = mfn >= OWN_FIRST && mfn < WORLD_FRAMES;

        return others ? -EBUSY : -EPERM;
    }
    if (!md->owned[n / 4])
        return -EPERM;
    if (!md->allocated[n] || (md->world->refs_full >> n & 1))
        return -EBUSY;
    if (use == USE_NONE)
        return 0;
    if (md->use[n] != USE_NONE && md->use[n] != use)
        return -EBUSY;
    if (md->world->types_full >> n & 1)
        return -EBUSY;
    return 0;
}

/* Is no frame of it in use as anything but plain memory? */
static bool large_is_free(const struct model *md, const struct span *l)
{
    uint32_t n;

    for (n = l->first; n < l->first + l->frames; n++)
        if (md->use[n] != USE_NONE && md->use[n] != USE_PLAIN)
            return false;
    return true;
}

/* May it be mapped once more? 0 or -EINVAL. */
static int large_fit(const struct model *md, uint64_t word,
                     const struct span *l)
{
    bool plain = large_is_plain(md, l);

    if (!large_exists(md, word, l) ||
        (md->world->mappings_full >> l->index & 1) ||
        (plain && (md->world->tally_full >> l->index & 1)))
        return -EINVAL;
    if (md->design == DESIGN_TYPECOUNT && plain && !large_is_free(md, l))
        return -EINVAL;
    return 0;
}

/* It is to be mapped: some designs ask each frame now. */
static int large_take(struct model *md, const struct span *l)
{
    bool asks = md->design == DESIGN_WALK || !md->maps[l->index][l->writable];
    uint32_t n;

    if (md->design == DESIGN_TYPECOUNT ||
        (md->design == DESIGN_MARK && md->marked[l->index]))
        asks = false;
    for (n = l->first; n < l->first + l->frames && asks; n++)
        if (frame_fit(md, OWN_FIRST + n, l->writable ? USE_PLAIN : USE_NONE))
            return -EINVAL;
    large_use(md, l);
    return 0;
}

static int table_fit(struct model *md, uint32_t n, uint8_t level);

/* Descriptors are looked at one by one. */
static int segment_fit(struct model *md, uint32_t n)
{
    uint32_t slot;

    for (slot = 0; slot < TABLE_ENTRIES; slot++)
        if (!descriptor_sane(&md->ram[n][slot]))
            return -EINVAL;
    return 0;
}

/* The frame is taken into use; what it holds may refuse that. */
static int contents_fit(struct model *md, mfn_t mfn, uint8_t use)
{
    uint32_t n = own_index(mfn);

    if (use == USE_NONE || md->use[n] != USE_NONE)
        return 0;
    md->use[n] = use;
    if (use == USE_PLAIN)
        return 0;
    return use == USE_SEG ? segment_fit(md, n) : table_fit(md, n, use);
}

/* A present entry of a table at `level`: is what it names fit? Then the word
 * is a user's, and what it names is taken into use. */
static int entry_fit(struct model *md, uint32_t level, uint64_t *word)
{
    uint8_t use = use_of_entry(level, *word);
    struct span l = large_of(level, *word);
    bool large = is_large(level, *word);
    int rc =
        large ? large_fit(md, *word, &l) : frame_fit(md, named(*word), use);

    if (rc != 0)
        return level > 1 ? -EINVAL : rc;
    *word |= USER;
    return large ? large_take(md, &l) : contents_fit(md, named(*word), use);
}

static int table_fit(struct model *md, uint32_t n, uint8_t level)
{
    uint32_t slot;
    int rc;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        uint64_t *word = &md->ram[n][slot];

        if (!guests_slot(level, slot))
            continue;
        if (!entry_sane(md, level, *word))
            return -EINVAL;
        if (!(*word & PRESENT))
            continue;
        rc = entry_fit(md, level, word);
        if (rc != 0)
            return rc;
    }
    if (level == USE_L4)
        md->ram[n][2] = KERNEL_WORD;
    return 0;
}

/* A use asked for by a hypercall: refused by the frame itself is EINVAL. */
static int may_use(struct model *md, mfn_t mfn, uint8_t use)
{
    if (frame_fit(md, mfn, use) != 0)
        return -EINVAL;
    return contents_fit(md, mfn, use);
}

/* ---------------------------------------------------------------- questions */

static int update_table(struct model *md, const struct action *a)
{
    uint32_t n = own_index(a->mfn);
    uint8_t level = md->use[n];
    uint64_t value = a->value, *word = &md->ram[n][a->slot];
    bool same = (*word & PRESENT) && named(*word) == named(value) &&
                is_large(level, *word) == is_large(level, value);
    int rc;

    if (level == 1 || is_large(level, value))
        same = same && (*word & WRITE) == (value & WRITE);

    if (!guests_slot(level, a->slot) || !entry_sane(md, level, value))
        return -EINVAL;
    if ((value & PRESENT) && !same) {
        rc = entry_fit(md, level, &value);
        if (rc != 0)
            return rc;
    }
    if (value & PRESENT)
        value |= USER;
    *word = value | (a->verb == DO_UPDATE_AD ? *word & ACCESSED_DIRTY : 0);
    return 0;
}

static int write_plain(struct model *md, const struct action *a)
{
    uint64_t *word = &md->ram[own_index(a->mfn)][a->slot];

    if (frame_fit(md, a->mfn, USE_PLAIN) != 0)
        return -EINVAL;
    *word = a->value | (a->verb == DO_UPDATE_AD ? *word & ACCESSED_DIRTY : 0);
    return 0;
}

static int update(struct model *md, const struct action *a)
{
    uint8_t use = is_own(a->mfn) ? md->use[own_index(a->mfn)] : USE_NONE;

    if (use >= USE_L1 && use <= USE_L4)
        return update_table(md, a);
    return write_plain(md, a);
}

static int descriptor(struct model *md, const struct action *a)
{
    struct action store = *a;

    if (!descriptor_sane(&store.value))
        return -EINVAL;
    if (is_own(a->mfn) && md->use[own_index(a->mfn)] == USE_SEG) {
        md->ram[own_index(a->mfn)][a->slot] = store.value;
        return 0;
    }
    return write_plain(md, &store);
}

static int pin(struct model *md, const struct action *a)
{
    int rc;

    if (is_own(a->mfn) && md->pin[own_index(a->mfn)])
        return -EINVAL;
    rc = may_use(md, a->mfn, a->count);
    if (rc == 0)
        md->pin[own_index(a->mfn)] = a->count;
    return rc;
}

static int base(struct model *md, const struct action *a)
{
    int rc = a->mfn == MFN_NONE ? 0 : may_use(md, a->mfn, USE_L4);

    if (rc == 0)
        md->base[a->cpu][a->verb == DO_USER_BASE] = a->mfn;
    return rc;
}

static int segments(struct model *md, const struct action *a)
{
    uint32_t ldt = a->verb == DO_LDT, i;
    const mfn_t frames[2] = {a->mfn, a->other};

    if (a->count > 2)
        return -EINVAL;
    for (i = 0; i < a->count; i++)
        if (may_use(md, frames[i], USE_SEG) != 0)
            return -EINVAL;
    memcpy(md->segments[a->cpu][ldt], frames, a->count * sizeof(mfn_t));
    md->segment_count[a->cpu][ldt] = a->count;
    return 0;
}

static int copy(struct model *md, const struct action *a)
{
    static const uint64_t zeros[TABLE_ENTRIES];
    const uint64_t *from = zeros;

    if (a->verb == DO_COPY) {
        if (!is_own(a->other) || !md->allocated[own_index(a->other)])
            return -EINVAL;
        from = md->ram[own_index(a->other)];
    }
    if (frame_fit(md, a->mfn, USE_PLAIN) != 0)
        return -EINVAL;
    memmove(md->ram[own_index(a->mfn)], from, sizeof(zeros));
    return 0;
}

/* Nobody has the frame, and nothing refers to it. */
static bool is_free(const struct model *md, uint32_t n)
{
    return md->owned[n / 4] && !md->allocated[n] && md->use[n] == USE_NONE &&
           !(md->seen >> n & 1);
}

static int alloc(struct model *md, mfn_t mfn)
{
    uint32_t n, allocated = 0, unused = 0;

    for (n = 0; n < own_frames; n++) {
        allocated += md->allocated[n];
        unused += is_free(md, n);
    }
    if (allocated >= md->limit || unused == 0)
        return -ENOMEM;
    if (!is_own(mfn) || !is_free(md, own_index(mfn)))
        return 1;
    md->allocated[own_index(mfn)] = 1;
    return 0;
}

/* Is it the first frame of an extent of which nobody has anything? */
static bool is_empty(const struct model *md, uint32_t n)
{
    return n % 4 == 0 && is_free(md, n) && is_free(md, n + 1) &&
           is_free(md, n + 2) && is_free(md, n + 3);
}

static int fill(struct model *md, mfn_t mfn)
{
    uint32_t n, allocated = 0, empty = 0;

    for (n = 0; n < own_frames; n++) {
        allocated += md->allocated[n];
        empty += is_empty(md, n);
    }
    if (allocated + 4 > md->limit || empty == 0)
        return -ENOMEM;
    if (!is_own(mfn) || !is_empty(md, own_index(mfn)))
        return 1;
    memset(&md->allocated[own_index(mfn)], 1, 4);
    return 0;
}

static int grow(struct model *md)
{
    md->owned[OWN_EXTENTS - 1] = 1;
    return 0;
}

static int mark(struct model *md, const struct action *a)
{
    uint64_t word = a->mfn << PAGE_SHIFT | WRITE;
    struct span l = large_of(2, word);
    uint32_t n;
    bool on = a->verb == DO_MARK;

    if (md->design != DESIGN_TYPECOUNT && md->design != DESIGN_MARK)
        return -EOPNOTSUPP;
    if (a->mfn % 4 != 0 || !is_own(a->mfn) || !md->owned[l.index] ||
        md->marked[l.index] == on)
        return -EINVAL;
    for (n = l.first; n < l.first + l.frames && on; n++)
        if (!md->allocated[n] ||
            (md->use[n] != USE_NONE && md->use[n] != USE_PLAIN))
            return -EINVAL;
    if (on && (md->world->mappings_full | md->world->tally_full) >> l.index & 1)
        return -EINVAL;
    md->marked[l.index] = on;
    return 0;
}

static int give_back(struct model *md, mfn_t mfn)
{
    if (!is_own(mfn) || !md->allocated[own_index(mfn)] ||
        (md->held >> own_index(mfn) & 1))
        return -EINVAL;
    if (is_inside(md, own_index(mfn)))
        return -EBUSY;
    md->allocated[own_index(mfn)] = 0;
    return 0;
}

static int hold(struct model *md, mfn_t mfn)
{
    if (frame_fit(md, mfn, USE_PLAIN) != 0)
        return -EINVAL;
    md->held |= (frames_t)(1u << own_index(mfn));
    return 0;
}

/* The L1 table that translates an address: two bits a level above bit 12. */
static int walk(const struct model *md, const struct action *a, mfn_t mfn)
{
    mfn_t table = md->base[a->cpu][0];
    uint32_t level;

    for (level = 4; level > 1; level--) {
        uint32_t slot = (uint32_t)(a->value >> (10 + 2 * level)) & 3;
        uint64_t word = md->ram[own_index(table)][slot];

        if (!guests_slot(level, slot) || !(word & PRESENT) || (word & LARGE))
            return -EINVAL;
        table = named(word);
    }
    return table == mfn ? 0 : 1;
}

int model_answer(struct model *md, const struct action *a, mfn_t mfn)
{
    switch (a->verb) {
    case DO_PIN: return pin(md, a);
    case DO_UNPIN:
        if (!is_own(a->mfn) || !md->pin[own_index(a->mfn)])
            return -EINVAL;
        md->pin[own_index(a->mfn)] = 0;
        return 0;
    case DO_UPDATE:
    case DO_UPDATE_AD: return update(md, a);
    case DO_BASE:
    case DO_USER_BASE: return base(md, a);
    case DO_GDT:
    case DO_LDT: return segments(md, a);
    case DO_DESCRIPTOR: return descriptor(md, a);
    case DO_GIVE_BACK: return give_back(md, a->mfn);
    case DO_ALLOC: return alloc(md, mfn);
    case DO_HOLD: return hold(md, a->mfn);
    case DO_MARK:
    case DO_UNMARK: return mark(md, a);
    case DO_FILL: return fill(md, mfn);
    case DO_GROW: return grow(md);
    case DO_CLEAR:
    case DO_COPY: return copy(md, a);
    default: return walk(md, a, mfn);
    }
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

uint64_t model_hash(const struct model *md)
{
    uint64_t hash = md->held;
    uint32_t i, kind, n;

    for (n = 0; n < OWN_EXTENTS; n++)
        hash = mix(hash, (uint64_t)(md->owned[n] | md->marked[n] << 1));
    for (n = 0; n < own_frames; n++) {
        hash = mix(hash, (uint64_t)(md->allocated[n] | md->pin[n] << 1));
        for (i = 0; i < TABLE_ENTRIES; i++)
            hash = mix(hash, md->ram[n][i]);
    }
    for (i = 0; i < CPUS; i++)
        for (kind = 0; kind < 2; kind++) {
            hash = mix(hash, md->base[i][kind]);
            hash = mix(hash, md->segment_count[i][kind]);
            for (n = 0; n < md->segment_count[i][kind]; n++)
                hash = mix(hash, md->segments[i][kind][n]);
        }
    return hash;
}
