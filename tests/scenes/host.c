/*
 * The scene player on the host: the rule core is called directly.
 *
 * usage: play SCENE [BUDGET [DESIGN]]
 *
 * DESIGN  typecount, strict, walk, refcount, mark or off; with +nx behind it
 *         superpages must not be executable
 *
 * The world is that of the unit tests (tests/unit/world.h): both domains are
 * audited at every stop of every operation. The playing domain has a small
 * address space of its own, as a domain of the kernel has: its base table, and
 * below that a window in which a frame can be shown for a moment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/world.h"
#include "user/scene-player/scene.h"

static struct world *world;
static mfn_t base;
static mfn_t window; /* an L1 table */
static mfn_t other;  /* a superpage of b's */

#define PLAYER_EXTENTS 16

void player_print(const char *text, size_t bytes)
{
    fwrite(text, 1, bytes, stdout);
}

const char *player_rule(void)
{
    enum rule rule = (enum rule)world->a.refusal.rule;

    return rule == RULE_NONE ? "" : rule_name(rule);
}

uint64_t player_frame(enum player_frame which)
{
    switch (which) {
    case PLAYER_BASE: return base;
    case PLAYER_SHARED: return world->a.held[0];
    case PLAYER_KERNEL: return 5 * EXTENT_FRAMES;
    case PLAYER_OTHER: return other;
    case PLAYER_BEYOND: break;
    }
    return world->m.frames;
}

/* A call begins: nobody was refused yet, and it may take so many steps. */
static struct owner *caller(void)
{
    world->a.refusal.rule = RULE_NONE;
    world->a.budget = world->budget;
    return &world->a;
}

static long answer(int rc)
{
    return world_run(world, &world->a, rc);
}

/* The domain has as many frames as it may have, always. */
uint64_t player_page(void)
{
    world->a.limit++;
    return world_frame(world, &world->a);
}

uint64_t player_superpage(void)
{
    return world->m.free_extents == EXTENT_NONE
               ? 0
               : world_superpage(world, &world->a);
}

/* The world is large if the scene has this word. */
uint64_t player_gigabyte(void)
{
    return world_gigabyte(world, &world->a);
}

uint64_t player_base_word(unsigned int slot)
{
    return world->ram[base][slot];
}

long player_update(uint64_t frame, unsigned int slot, uint64_t word, bool keep)
{
    struct update u = {
        .mfn = frame, .slot = slot, .value = word, .keep_ad = keep};

    return answer(update_word(&world->m, caller(), &u));
}

long player_pin(uint64_t frame, unsigned int level)
{
    return answer(
        table_pin(&world->m, caller(), frame, (enum frame_type)level));
}

long player_unpin(uint64_t frame)
{
    return answer(table_unpin(&world->m, caller(), frame));
}

/* As kernel/abi/mmuext_op.c has it. */
long player_load_base(uint64_t frame, bool user)
{
    struct owner *o = caller();

    if (frame >= world->m.frames)
        return refuse(&world->m, o, RULE_G4, EINVAL, frame);
    return answer(base_load(&world->m, o, 0, user,
                            user && frame == 0 ? MFN_NONE : frame));
}

static long window_show(unsigned int i, uint64_t word)
{
    struct update u = {.mfn = window, .slot = i, .value = word};

    return answer(entry_update(&world->m, caller(), &u));
}

long player_load_segments(const uint64_t *frames, unsigned int count, bool ldt)
{
    struct descriptors d = {.frames = frames, .count = count, .ldt = ldt};
    long result = 0;
    unsigned int i;

    for (i = 0; i < count && ldt && result == 0; i++)
        result = window_show(i, entry_ro(frames[i]));
    if (result == 0)
        result = answer(descriptors_load(&world->m, caller(), &d));
    for (i = 0; i < count && ldt; i++) {
        struct refusal refusal = world->a.refusal;

        window_show(i, 0);
        world->a.refusal = refusal;
    }
    return result;
}

long player_descriptor(uint64_t frame, unsigned int slot, uint64_t word)
{
    return answer(descriptor_update(&world->m, caller(), frame, slot, word));
}

/* As kernel/abi/memory_op.c has it: what was wrong is not told. */
long player_free(uint64_t frame, bool superpage)
{
    uint32_t i;

    for (i = 0; i < (superpage ? EXTENT_FRAMES : 1); i++)
        if (answer(frame_give_back(&world->m, caller(), frame + i)) != 0)
            return -EINVAL;
    return 0;
}

long player_alloc(uint64_t *frame, bool superpage)
{
    int rc;

    do
        rc = superpage ? extent_alloc(&world->m, caller(), frame)
                       : frame_alloc(&world->m, caller(), frame);
    while (rc == STOP_BUDGET);
    return rc;
}

long player_mark(uint64_t frame)
{
    return answer(superpage_mark(&world->m, caller(), frame));
}

long player_unmark(uint64_t frame)
{
    return answer(superpage_unmark(&world->m, caller(), frame));
}

long player_clear(uint64_t frame)
{
    return answer(frame_clear(&world->m, caller(), frame));
}

long player_copy(uint64_t to, uint64_t from)
{
    return answer(frame_copy(&world->m, caller(), to, from));
}

/* As kernel/abi/mmu_update.c has it; nothing remembers here. */
long player_va(uint64_t va, uint64_t word, enum player_flush flush)
{
    uint64_t first = UINT64_C(0xffff800000000000);
    struct update u = {.value = word, .slot = entry_slot(va, 1)};
    struct owner *o = caller();

    (void)flush;
    if (va > UINT64_C(0x7fffffffffff) &&
        va < first + KERNEL_SLOTS * (UINT64_C(1) << 39))
        return -EINVAL;
    u.mfn = update_walk(&world->m, o, world->a_loaded[0].base, va);
    if (u.mfn == MFN_NONE)
        return -EINVAL;
    return answer(entry_update(&world->m, o, &u));
}

long player_peek(uint64_t frame, unsigned int slot, uint64_t *word)
{
    long result = window_show(0, entry_ro(frame));

    if (result != 0)
        return result;
    *word = world->ram[frame][slot];
    return window_show(0, 0);
}

long player_store(uint64_t frame, unsigned int slot, uint64_t word)
{
    long result = window_show(0, entry_rw(frame));

    if (result != 0)
        return result;
    world->ram[frame][slot] = word;
    return window_show(0, 0);
}

/* The domain as the kernel starts it: on its own tables, sharing a page, and
 * on a CPU with L1TF, where not-present entries are looked at. */
static void domain_start(void)
{
    struct tree t = world_tree(world);
    uint32_t extent = extent_assign(&world->m, &world->a);
    mfn_t shared = (mfn_t)extent * EXTENT_FRAMES;
    struct update hide = {.mfn = t.l1};

    base = t.l4;
    window = t.l1;
    world->m.limits.l1tf = 1;
    world->m.limits.l1tf_safe = UINT64_C(1) << 27;
    world->m.limits.reserved = ENTRY_ADDRESS & ~((UINT64_C(1) << 40) - 1);
    answer(table_pin(&world->m, caller(), base, FRAME_L4));
    answer(base_load(&world->m, caller(), 0, false, base));
    assert_int_equal(extent_fill(&world->m, &world->a, extent, 1), 0);
    world->a.hint = (uint32_t)(base / EXTENT_FRAMES);
    answer(frame_hold(&world->m, caller(), shared));
    answer(entry_update(&world->m, caller(), &hide));
    world->a.limit = world->a.allocated;
}

/* Another domain maps a superpage of its own. */
static void neighbour_start(void)
{
    mfn_t table = world_frame(world, &world->b);

    other = world_superpage(world, &world->b);
    if (world->m.limits.design != DESIGN_OFF)
        world->ram[table][0] = entry_large_rw(other) | ENTRY_NX;
    world->b.budget = world->budget;
    world_run(world, &world->b,
              table_pin(&world->m, &world->b, table, FRAME_L2));
}

/* What the boot option would say. false: no such design. */
static bool design_choose(const char *name)
{
    static const char *const names[] = {
        [DESIGN_TYPECOUNT] = "typecount",
        [DESIGN_WALK] = "walk",
        [DESIGN_REFCOUNT] = "refcount",
        [DESIGN_MARK] = "mark",
        [DESIGN_OFF] = "off",
        [DESIGNS] = "strict",
    };
    size_t bytes = strcspn(name, "+");
    unsigned int i = 0;

    while (i <= DESIGNS &&
           (strncmp(name, names[i], bytes) != 0 || strlen(names[i]) != bytes))
        i++;
    world->m.limits.strict = i == DESIGNS;
    world->m.limits.design = i == DESIGNS ? DESIGN_TYPECOUNT : (uint8_t)i;
    world->m.limits.nx = strcmp(name + bytes, "+nx") == 0;
    return i <= DESIGNS && (world->m.limits.nx || name[bytes] == '\0');
}

int main(int argc, char **argv)
{
    static char text[1 << 16];
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    size_t bytes;
    bool understood;

    if (!file) {
        fprintf(stderr, "usage: play SCENE [BUDGET [DESIGN]]\n");
        return 2;
    }
    bytes = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    world = world_new_of(strstr(text, "\ngigabyte ") ? WORLD_OF_GIGABYTES
                                                     : PLAYER_EXTENTS);
    if (argc > 3 && !design_choose(argv[3])) {
        fprintf(stderr, "play: there is no design %s\n", argv[3]);
        return 2;
    }
    domain_start();
    neighbour_start();
    if (argc > 2)
        world->budget = (uint32_t)strtoul(argv[2], NULL, 0);
    understood = scene_play(text, bytes);
    world_audit(world);
    world->budget = 100000; /* what is long there, test_mm.c stops */
    assert_int_equal(answer(owner_destroy(&world->m, caller())), 0);
    world_free(world);
    return understood ? 0 : 1;
}
