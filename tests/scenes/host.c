/*
 * The scene player on the host: the rule core is called directly.
 *
 * usage: play SCENE [BUDGET]
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
    case PLAYER_BEYOND: break;
    }
    return WORLD_FRAMES;
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

long player_free(uint64_t frame)
{
    return answer(frame_give_back(&world->m, caller(), frame));
}

long player_alloc(uint64_t *frame)
{
    return frame_alloc(&world->m, caller(), frame);
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
    mfn_t shared = world_frame(world, &world->a);
    struct update hide = {.mfn = t.l1};

    base = t.l4;
    window = t.l1;
    world->m.limits.l1tf = 1;
    world->m.limits.l1tf_safe = UINT64_C(1) << 27;
    world->m.limits.reserved = ENTRY_ADDRESS & ~((UINT64_C(1) << 40) - 1);
    answer(table_pin(&world->m, caller(), base, FRAME_L4));
    answer(base_load(&world->m, caller(), 0, false, base));
    answer(frame_hold(&world->m, caller(), shared));
    answer(entry_update(&world->m, caller(), &hide));
    world->a.limit = world->a.allocated;
}

int main(int argc, char **argv)
{
    static char text[1 << 16];
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    size_t bytes;
    bool understood;

    if (!file) {
        fprintf(stderr, "usage: play SCENE [BUDGET]\n");
        return 2;
    }
    bytes = fread(text, 1, sizeof(text), file);
    fclose(file);
    world = world_new();
    domain_start();
    if (argc > 2)
        world->budget = (uint32_t)strtoul(argv[2], NULL, 0);
    understood = scene_play(text, bytes);
    world_audit(world);
    world_free(world);
    return understood ? 0 : 1;
}
