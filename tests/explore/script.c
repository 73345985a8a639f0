#include "script.h"

#include <string.h>

/* The scene's players run on such a machine: tests/scenes/host.c. */
#define SCENE_L1TF_SAFE   (UINT64_C(1) << 27)
#define SCENE_RESERVED    UINT64_C(0x000fff0000000000)
#define SCENE_KERNEL_SLOT 256u
#define SCENE_GDT_FRAMES  14u
#define SCENE_EXTENT      512u
#define SCENE_FOREIGN     0x800u

#define ADDRESS           UINT64_C(0x000ffffffffff000)
#define PRESENT           UINT64_C(0x1)
#define WRITE             UINT64_C(0x2)
#define USER              UINT64_C(0x4)
#define LARGE             UINT64_C(0x80)

/* In a scene no count is full, and no outsider holds anything. */
static const struct alphabet plain_alphabet;

/* ------------------------------------------------------------------- words */

/* Is the frame part of a superpage or gigabyte of the scene? */
static bool in_large(const struct script *s, uint32_t n)
{
    return s->large >> n / EXTENT_FRAMES & 1;
}

/* f5, or as a part of a superpage f4.1, or of a gigabyte f4.513. */
static void own_write(const struct script *s, uint32_t n)
{
    uint32_t e = n / EXTENT_FRAMES, first = n - n % EXTENT_FRAMES;
    uint32_t behind = n % EXTENT_FRAMES;

    if (!in_large(s, n)) {
        fprintf(s->out, "f%u", n);
        return;
    }
    if ((s->large >> OWN_EXTENTS & 1) && e > 1) {
        first = EXTENT_FRAMES;
        behind += (e - 1) * SCENE_EXTENT;
    }
    fprintf(s->out, "f%u", first);
    if (behind > 0)
        fprintf(s->out, ".%u", behind);
}

static void frame_write(const struct script *s, mfn_t mfn)
{
    if (is_own(mfn))
        own_write(s, own_index(mfn));
    else if (mfn == FOREIGN_MFN)
        fprintf(s->out, "@%#x", SCENE_FOREIGN);
    else if (mfn == KERNEL_MFN)
        fprintf(s->out, "@kernel");
    else if (mfn == WORLD_FRAMES)
        fprintf(s->out, "@beyond");
    else
        fprintf(s->out, "@%#llx", (unsigned long long)mfn);
}

static void bits_write(const struct script *s, char sign, uint64_t bits)
{
    static const char *const names[64] = {
        [0] = "p",  [2] = "us", [3] = "pwt", [4] = "pcd", [5] = "a",
        [6] = "d",  [7] = "ps", [8] = "g",   [9] = "avl", [63] = "nx",
    };
    uint32_t i;

    for (i = 0; i < 64; i++) {
        if (!(bits >> i & 1))
            continue;
        if (names[i])
            fprintf(s->out, " %c%s", sign, names[i]);
        else
            fprintf(s->out, " %c%u", sign, i);
    }
}

/* Frames of the tiny machine have other numbers in a scene; what names none
 * of them stays the number that it is. */
static bool names_frame(uint64_t word)
{
    mfn_t mfn = (word & ADDRESS) >> PAGE_SHIFT;

    return mfn > 0 && mfn <= WORLD_FRAMES;
}

static void word_write(const struct script *s, uint64_t word)
{
    uint64_t flags = word & ~ADDRESS, like = 0;
    const char *name = "absent";

    if (word == 0) {
        fprintf(s->out, "none");
        return;
    }
    if (!names_frame(word)) {
        fprintf(s->out, "%#llx", (unsigned long long)word);
        return;
    }
    if (word & PRESENT) {
        like = PRESENT | USER | (word & WRITE);
        name = word & WRITE ? "rw" : "ro";
    }
    frame_write(s, (word & ADDRESS) >> PAGE_SHIFT);
    fprintf(s->out, " %s", name);
    bits_write(s, '+', flags & ~like);
    bits_write(s, '-', like & ~flags);
}

static bool is_table(const struct script *s, mfn_t mfn)
{
    return is_own(mfn) && (s->tables >> own_index(mfn) & 1);
}

/* f3[0] = f4 rw */
static void slot_write(const struct script *s, mfn_t mfn, uint32_t slot,
                       uint64_t word)
{
    if (is_table(s, mfn) && slot == KERNEL_SLOT_FIRST)
        slot = SCENE_KERNEL_SLOT;
    frame_write(s, mfn);
    fprintf(s->out, "[%u] = ", slot);
    word_write(s, word);
}

static void answer_write(const struct script *s, int rc,
                         const struct outcome *out)
{
    const char *name = "EINVAL";

    if (rc == 0) {
        fprintf(s->out, " -> ok\n");
        return;
    }
    if (rc == -EPERM)
        name = "EPERM";
    else if (rc == -EBUSY)
        name = "EBUSY";
    else if (rc == -ENOMEM)
        name = "ENOMEM";
    else if (rc == -EOPNOTSUPP)
        name = "EOPNOTSUPP";
    fprintf(s->out, " -> %s", name);
    if (out->called && !out->wrong && out->rc == rc && out->rule != RULE_NONE)
        fprintf(s->out, " %s", rule_name(out->rule));
    fprintf(s->out, "\n");
}

/* --------------------------------------------------------------- the start */

/* What a table says at the start; the kernel's entries come by themselves. */
static uint64_t start_word(const struct script *s, uint32_t n, uint32_t slot)
{
    uint64_t word = s->md.ram[n][slot];

    return is_table(s, OWN_FIRST + n) && word == KERNEL_WORD ? 0 : word;
}

/* The frames that must have names before this one can be told. */
static frames_t start_needs(const struct script *s, uint32_t n)
{
    frames_t needs = 0;
    uint32_t slot;

    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        mfn_t mfn = (start_word(s, n, slot) & ADDRESS) >> PAGE_SHIFT;

        if (is_own(mfn))
            needs |= (frames_t)(1u << own_index(mfn));
    }
    return needs;
}

static bool start_empty(const struct script *s, uint32_t n)
{
    uint32_t slot, used = 0;

    for (slot = 0; slot < TABLE_ENTRIES; slot++)
        used += start_word(s, n, slot) != 0;
    return used == 0;
}

static void pages_write(struct script *s, frames_t pages)
{
    uint32_t n;

    if (!pages)
        return;
    fprintf(s->out, "page");
    for (n = 0; n < own_frames; n++)
        if (pages >> n & 1)
            fprintf(s->out, " f%u", n);
    fprintf(s->out, "\n");
    s->named |= pages;
}

/* The superpages, or the gigabyte; returns the frames that they have. */
static frames_t larges_write(struct script *s)
{
    frames_t all = 0;
    uint32_t n;

    for (n = 0; n < own_frames; n++) {
        bool gigabyte = (s->large >> OWN_EXTENTS & 1) && n >= EXTENT_FRAMES;

        if (!in_large(s, n))
            continue;
        all |= (frames_t)(1u << n);
        if (gigabyte && n == EXTENT_FRAMES)
            fprintf(s->out, "gigabyte f%u\n", n);
        else if (!gigabyte && n % EXTENT_FRAMES == 0)
            fprintf(s->out, "superpage f%u\n", n);
    }
    s->named |= all;
    return all;
}

static void table_write(struct script *s, uint32_t n)
{
    uint8_t use = s->md.use[n];
    const char *before = ": ";
    uint32_t slot, place;

    fprintf(s->out, "table L%u f%u", use >= USE_L1 && use <= USE_L4 ? use : 1,
            n);
    for (slot = 0; slot < TABLE_ENTRIES; slot++) {
        uint64_t word = start_word(s, n, slot);

        place = slot;
        if (is_table(s, OWN_FIRST + n) && slot == KERNEL_SLOT_FIRST)
            place = SCENE_KERNEL_SLOT;
        if (word == 0)
            continue;
        fprintf(s->out, "%s%u = ", before, place);
        word_write(s, word);
        before = ", ";
    }
    fprintf(s->out, "\n");
    s->named |= (frames_t)(1u << n);
}

/* Tables whose pages have names already: their entries. */
static void entries_write(struct script *s, frames_t rest)
{
    uint32_t n, slot;

    for (n = 0; n < own_frames; n++)
        for (slot = 0; slot < TABLE_ENTRIES && (rest >> n & 1); slot++) {
            uint64_t word = start_word(s, n, slot);

            if (word == 0)
                continue;
            fprintf(s->out, "write ");
            slot_write(s, OWN_FIRST + n, slot, word);
            fprintf(s->out, "\n");
        }
}

/* Every frame that the domain has, and those that it may still allocate: a
 * scene's domain may allocate as many as it gave back. */
static void memory_write(struct script *s)
{
    frames_t empty = 0, full = 0, spare = 0, large;
    uint32_t n, allocated = 0, found;

    for (n = 0; n < own_frames; n++)
        allocated += s->md.allocated[n];
    for (n = 0; n < own_frames; n++) {
        if (!s->md.allocated[n] && allocated < s->md.limit) {
            spare |= (frames_t)(1u << n);
            allocated++;
        } else if (s->md.allocated[n] && start_empty(s, n)) {
            empty |= (frames_t)(1u << n);
        } else if (s->md.allocated[n]) {
            full |= (frames_t)(1u << n);
        }
    }
    s->md.limit = allocated;
    large = larges_write(s);
    pages_write(s, (frames_t)((empty | spare) & ~large));
    do {
        found = 0;
        for (n = 0; n < own_frames; n++)
            if ((full & ~s->named) >> n & 1 &&
                !(start_needs(s, n) & ~s->named)) {
                table_write(s, n);
                found++;
            }
    } while (found > 0);
    large = (frames_t)(full & (large | ~s->named));
    pages_write(s, (frames_t)(full & ~s->named)); /* they name each other */
    entries_write(s, large);
    for (n = 0; n < own_frames; n++)
        if (spare >> n & 1) {
            fprintf(s->out, "free ");
            own_write(s, n);
            fprintf(s->out, " -> ok\n");
        }
}

/* What the domain has loaded: in a scene, by one vcpu. */
static void loaded_write(struct script *s)
{
    uint32_t i;

    if (s->md.base[0][0] != MFN_NONE) {
        fprintf(s->out, "load base ");
        frame_write(s, s->md.base[0][0]);
        fprintf(s->out, " -> ok\n");
    }
    s->md.base[0][1] = MFN_NONE;
    for (i = 0; i < 2; i++) {
        s->md.base[1][i] = MFN_NONE;
        s->md.segment_count[0][i] = 0;
        s->md.segment_count[1][i] = 0;
    }
    if (s->md.held)
        fprintf(s->out, "# frames are held, set %#x\n", s->md.held);
    s->md.held = 0;
}

/* Frames that are an L4 table now or may be made one. */
static void tables_find(struct script *s, const struct alphabet *a)
{
    uint32_t i;

    for (i = 0; i < own_frames; i++)
        if (s->md.use[i] == USE_L4)
            s->tables |= (frames_t)(1u << i);
    for (i = 0; i < a->count; i++) {
        const struct action *action = &a->action[i];

        if (is_own(action->mfn) &&
            ((action->verb == DO_PIN && action->count == USE_L4) ||
             action->verb == DO_BASE || action->verb == DO_USER_BASE))
            s->tables |= (frames_t)(1u << own_index(action->mfn));
    }
}

/* A word that may stand in a table some time: what does it map whole? */
static void large_find(struct script *s, uint64_t word)
{
    mfn_t mfn = (word & ADDRESS) >> PAGE_SHIFT;

    if ((word & PRESENT) && (word & LARGE) && is_own(mfn) &&
        mfn % EXTENT_FRAMES == 0)
        s->large |= (larges_t)(1u << own_index(mfn) / EXTENT_FRAMES);
}

/* What is mapped whole, or marked, by some step. */
static void larges_find(struct script *s, const struct alphabet *a)
{
    uint32_t i, slot;

    for (i = 0; i < a->count; i++) {
        const struct action *action = &a->action[i];

        if (action->verb == DO_MARK)
            large_find(s, action->mfn << PAGE_SHIFT | PRESENT | LARGE);
        if (action->verb == DO_UPDATE || action->verb == GUEST_STORE)
            large_find(s, action->value);
    }
    for (i = 0; i < own_frames; i++)
        for (slot = 0; slot < TABLE_ENTRIES; slot++)
            large_find(s, s->md.ram[i][slot]);
    if (own_frames == OWN_FRAMES && s->md.owned[OWN_EXTENTS - 1])
        s->large |= (larges_t)(~1u & ((2u << OWN_EXTENTS) - 1));
    if (s->md.design == DESIGN_OFF)
        s->large = 0;
}

/* With which design is it to be played? */
static void design_write(const struct script *s)
{
    static const char *const names[DESIGNS] = {
        [DESIGN_TYPECOUNT] = "typecount",
        [DESIGN_WALK] = "walk",
        [DESIGN_REFCOUNT] = "refcount",
        [DESIGN_MARK] = "mark",
        [DESIGN_OFF] = "off",
    };

    fprintf(s->out, "# designs: %s\n",
            s->md.strict ? "strict" : names[s->md.design]);
    if (s->md.nx)
        fprintf(s->out, "# nx: yes\n");
}

void script_begin(struct script *s, FILE *out, const struct world *start,
                  const struct alphabet *a, const char *wrong)
{
    memset(s, 0, sizeof(*s));
    s->out = out;
    if (!out)
        return;
    model_read(&s->md, start, &plain_alphabet);
    model_uses(&s->md);
    tables_find(s, a);
    larges_find(s, a);
    design_write(s);
    s->md.l1tf = true;
    s->md.gigabytes = true;
    s->md.l1tf_safe = SCENE_L1TF_SAFE;
    s->md.reserved = SCENE_RESERVED;
    fprintf(out,
            "# Found by make explore: %s.\n"
            "# The answers are the model's. What a scene has no word for "
            "stands behind #.\n\n",
            wrong);
    if (a->refs_full || a->types_full)
        fprintf(out, "# counts are full: references of %#x, uses of %#x\n",
                a->refs_full, a->types_full);
    memory_write(s);
    loaded_write(s);
    fprintf(out, "\n");
}

/* ------------------------------------------------------------------- steps */

/* Does the vcpu play in the scene what is loaded by this verb? */
static bool is_player(struct script *s, uint8_t verb, uint8_t cpu)
{
    if (s->player[verb] == 0)
        s->player[verb] = (uint8_t)(cpu + 1);
    return s->player[verb] == cpu + 1;
}

static bool is_named(const struct script *s, mfn_t mfn)
{
    return !is_own(mfn) || (s->named >> own_index(mfn) & 1);
}

static uint8_t use_of(const struct script *s, mfn_t mfn)
{
    return is_own(mfn) ? s->md.use[own_index(mfn)] : (uint8_t)USE_NONE;
}

/* Can a scene do this? */
static bool has_word(struct script *s, const struct action *a,
                     const struct world *before)
{
    uint8_t use = use_of(s, a->mfn);

    if (!is_named(s, a->mfn) || !is_named(s, a->other) ||
        !is_named(s, (a->value & ADDRESS) >> PAGE_SHIFT))
        return false;
    switch (a->verb) {
    case GUEST_STORE:
        return !before->door.stop && (use == USE_NONE || use == USE_PLAIN) &&
               s->md.allocated[own_index(a->mfn)];
    case DO_LDT: /* shown to the kernel through a mapping */
        if (a->count && !s->md.allocated[own_index(a->mfn)])
            return false;
        return is_player(s, a->verb, a->cpu);
    case DO_BASE:
    case DO_USER_BASE:
    case DO_GDT: return is_player(s, a->verb, a->cpu);
    case DO_WALK:
        return s->md.base[0][0] != MFN_NONE && is_player(s, DO_BASE, a->cpu);
    case DO_ALLOC: return s->large == 0; /* one of 512, and which? */
    case DO_HOLD:
    case DO_FILL:
    case DO_GROW: return false;
    default: return a->verb < OPERATIONS;
    }
}

/* A step as a comment, with what is worth saying of its answer. */
static void comment_write(const struct script *s, const struct action *a,
                          const struct outcome *out)
{
    fprintf(s->out, "# ");
    action_print(s->out, a);
    if (out->called && out->rc < 0)
        fprintf(s->out, " -> %d, %s", out->rc, rule_name(out->rule));
    fprintf(s->out, "\n");
}

static int segments_step(struct script *s, const struct action *a)
{
    uint32_t i, count = a->count;

    if (count > GDT_FRAMES)
        count = SCENE_GDT_FRAMES + 1;
    fprintf(s->out, "load %s", a->verb == DO_LDT ? "ldt" : "gdt");
    if (count == 0)
        fprintf(s->out, " none");
    for (i = 0; i < count; i++) {
        fprintf(s->out, " ");
        frame_write(s, i % 2 ? a->other : a->mfn);
    }
    return model_answer(&s->md, a, MFN_NONE);
}

/* The frame that the step allocated, or one that it could have. */
static int alloc_step(struct script *s, const struct action *a,
                      const struct world *before, const struct world *now)
{
    mfn_t mfn = MFN_NONE;
    uint32_t n;
    int rc;

    for (n = 0; n < own_frames; n++)
        if (now->frames[OWN_FIRST + n].allocated &&
            !before->frames[OWN_FIRST + n].allocated)
            mfn = OWN_FIRST + n;
    for (n = 0; n < own_frames && mfn == MFN_NONE; n++)
        if (!s->md.allocated[n])
            mfn = OWN_FIRST + n;
    if (mfn == MFN_NONE)
        mfn = OWN_FIRST;
    rc = model_answer(&s->md, a, mfn);
    fprintf(s->out, "alloc f%u", own_index(mfn));
    s->named |= (frames_t)(1u << own_index(mfn));
    return rc > 0 ? 0 : rc;
}

/* To look up an address, the entry there is written once more. */
static int walk_step(struct script *s, const struct action *a)
{
    uint32_t level, n, slot = 0;
    struct action same = {.verb = DO_UPDATE};
    int rc = -EINVAL;

    fprintf(s->out, "va ");
    for (level = 4; level >= 1; level--) {
        slot = (uint32_t)(a->value >> (10 + 2 * level)) & 3;
        fprintf(s->out, "%u%s",
                level == 4 && slot == KERNEL_SLOT_FIRST ? SCENE_KERNEL_SLOT
                                                        : slot,
                level > 1 ? ":" : " = ");
    }
    for (n = 0; n < own_frames && rc != 0; n++)
        rc = model_answer(&s->md, a, OWN_FIRST + n);
    if (rc == 0) {
        same.mfn = OWN_FIRST + n - 1;
        same.slot = slot;
        same.value = s->md.ram[n - 1][slot];
        rc = model_answer(&s->md, &same, MFN_NONE);
    }
    word_write(s, same.value);
    return rc;
}

static int update_step(struct script *s, const struct action *a)
{
    struct action update = *a;
    uint8_t use = use_of(s, a->mfn);
    const char *word = use >= USE_L1 && use <= USE_L4 ? "map" : "write";

    if (a->verb == GUEST_STORE) {
        update.verb = DO_UPDATE;
        word = "store";
    } else if (a->verb == DO_UPDATE_AD) {
        word = "keep";
    }
    fprintf(s->out, "%s ", word);
    slot_write(s, a->mfn, a->slot, a->value);
    return model_answer(&s->md, &update, MFN_NONE);
}

/* A word, a frame, and no more. */
static int plain_step(struct script *s, const struct action *a)
{
    static const char *const words[OPERATIONS] = {
        [DO_UNPIN] = "unpin",         [DO_BASE] = "load base",
        [DO_USER_BASE] = "load user", [DO_GIVE_BACK] = "free",
        [DO_CLEAR] = "clear",         [DO_COPY] = "copy",
        [DO_MARK] = "mark",           [DO_UNMARK] = "unmark",
    };

    if (a->verb == DO_PIN)
        fprintf(s->out, "pin L%u ", a->count);
    else
        fprintf(s->out, "%s ", words[a->verb]);
    if (a->mfn == MFN_NONE)
        fprintf(s->out, "none");
    else
        frame_write(s, a->mfn);
    if (a->verb == DO_COPY) {
        fprintf(s->out, " = ");
        frame_write(s, a->other);
    }
    return model_answer(&s->md, a, MFN_NONE);
}

static int descriptor_step(struct script *s, const struct action *a)
{
    fprintf(s->out, "descriptor ");
    frame_write(s, a->mfn);
    fprintf(s->out, "[%u] = %#llx", a->slot, (unsigned long long)a->value);
    return model_answer(&s->md, a, MFN_NONE);
}

void script_step(struct script *s, const struct action *a,
                 const struct world *before, const struct world *now,
                 const struct outcome *out)
{
    struct action one = *a;
    int rc;

    if (!s->out)
        return;
    model_uses(&s->md);
    if (!has_word(s, a, before)) {
        comment_write(s, a, out);
        return;
    }
    one.cpu = 0;
    switch (a->verb) {
    case DO_UPDATE:
    case DO_UPDATE_AD:
    case GUEST_STORE: rc = update_step(s, &one); break;
    case DO_GDT:
    case DO_LDT: rc = segments_step(s, &one); break;
    case DO_DESCRIPTOR: rc = descriptor_step(s, &one); break;
    case DO_ALLOC: rc = alloc_step(s, &one, before, now); break;
    case DO_WALK: rc = walk_step(s, &one); break;
    default: rc = plain_step(s, &one);
    }
    answer_write(s, rc, out);
    if (out->stopped)
        fprintf(s->out, "# it stops, and other steps come in between\n");
}
