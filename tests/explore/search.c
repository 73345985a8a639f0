#include "search.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "script.h"

/* Address space for the states; pages come as they are written. */
#define STORE_BYTES (UINT64_C(1) << 36)
#define NODES_BYTES (UINT64_C(1) << 35)
#define FIRST_SLOTS (UINT64_C(1) << 16)
#define NO_NODE     UINT32_MAX
#define WHOLE       0x8000u

struct node {
    uint64_t hash;
    uint64_t at; /* of the state's bytes in the store */
    uint32_t parent;
    uint16_t action; /* of the alphabet, from the parent to here, and
                               WHOLE when it was step_whole */
    uint16_t bytes;
};

/* Everything of one search: a process runs one at a time. */
struct search {
    const struct world_kind *kind;
    struct alphabet alphabet;
    struct world w;      /* the core works here: pointers lead here */
    struct world before; /* the state that is being left */
    struct model md;     /* of `before`, when it is at rest */
    uint8_t *store;
    uint64_t used;
    struct node *nodes;
    uint32_t count;
    uint32_t *slots; /* hash table of node numbers */
    uint64_t slot_count;
    struct findings *f;
    uint32_t from; /* the step under way: its node, its action */
    uint32_t action;
    bool crashed;
    const char *folder; /* for scenes */
    struct script script;
};

static struct search s;

/* ------------------------------------------------------------- known states */

static void *reserve(uint64_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        perror("explore: mmap");
        exit(2);
    }
    return p;
}

static uint64_t hash_bytes(const uint8_t *bytes, uint32_t count)
{
    uint64_t hash = count, word;
    uint32_t i;

    for (i = 0; i < count; i += 8) {
        uint32_t rest = count - i < 8 ? count - i : 8;

        word = 0;
        memcpy(&word, bytes + i, rest);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

static void slots_grow(void)
{
    uint32_t i;

    free(s.slots);
    s.slot_count = s.slot_count ? s.slot_count * 2 : FIRST_SLOTS;
    s.slots = malloc(s.slot_count * sizeof(*s.slots));
    if (!s.slots) {
        perror("explore: hash table");
        exit(2);
    }
    memset(s.slots, 0xff, s.slot_count * sizeof(*s.slots));
    for (i = 0; i < s.count; i++) {
        uint64_t slot = s.nodes[i].hash;

        while (s.slots[slot % s.slot_count] != NO_NODE)
            slot++;
        s.slots[slot % s.slot_count] = i;
    }
}

/* The number of the state in s.w, which is kept if it is new. */
static uint32_t remember(uint32_t parent, uint32_t action)
{
    uint8_t bytes[STATE_BYTES];
    uint32_t count = state_pack(&s.w, bytes);
    uint64_t hash = hash_bytes(bytes, count), slot = hash;

    if (s.count * 2 >= s.slot_count)
        slots_grow();
    for (;; slot++) {
        uint32_t n = s.slots[slot % s.slot_count];

        if (n == NO_NODE)
            break;
        if (s.nodes[n].hash == hash && s.nodes[n].bytes == count &&
            memcmp(s.store + s.nodes[n].at, bytes, count) == 0)
            return n;
    }
    s.slots[slot % s.slot_count] = s.count;
    s.nodes[s.count] = (struct node){.hash = hash,
                                     .at = s.used,
                                     .parent = parent,
                                     .action = (uint16_t)action,
                                     .bytes = (uint16_t)count};
    memcpy(s.store + s.used, bytes, count);
    s.used += count;
    s.count++;
    return s.count - 1;
}

/* ----------------------------------------------------------------- a breach */

static const char *stop_name(int rc)
{
    static const char *const names[] = {"", "budget", "flush", "load"};

    return rc > 0 && rc <= STOP_LOAD ? names[rc] : "?";
}

static void print_outcome(const struct outcome *out)
{
    if (!out->called)
        printf("\n");
    else if (out->rc > 0)
        printf(" -> stops: %s\n", stop_name(out->rc));
    else if (out->rc < 0)
        printf(" -> %d, %s: %s\n", out->rc, rule_name(out->rule),
               rule_sentence(out->rule));
    else
        printf(" -> 0\n");
}

static void print_frames(void)
{
    static const char *const types[] = {"new", "L1",  "L2",      "L3",
                                        "L4",  "SEG", "writable"};
    uint32_t n, i;

    for (n = 0; n < own_frames; n++) {
        const struct frame *f = &s.w.frames[OWN_FIRST + n];

        printf("    f%u %-8s types %u refs %u%s%s%s [", n, types[f->type],
               f->types, f->refs, f->state ? " settled" : "",
               f->pinned ? " pinned" : "", f->allocated ? "" : " free");
        for (i = 0; i < TABLE_ENTRIES; i++) {
            if (i > 0)
                printf(", ");
            word_print(stdout, s.w.ram[OWN_FIRST + n][i]);
        }
        printf("]\n");
    }
    for (i = 0; i < CPUS; i++)
        printf("    cpu%u may write %#x, walks l1 %#x l2 %#x l3 %#x l4 %#x\n",
               i, s.w.cpu[i].writable, s.w.cpu[i].table[1], s.w.cpu[i].table[2],
               s.w.cpu[i].table[3], s.w.cpu[i].table[4]);
}

/* Bring a known state back into s.w and s.before. */
static void recall(uint32_t n)
{
    state_unpack(&s.w, s.store + s.nodes[n].at);
    s.before = s.w;
    if (s.w.door.stop || s.w.door.dying >= REMOVING)
        return;
    model_read(&s.md, &s.w, &s.alphabet);
    model_uses(&s.md);
}

/* Take a step out of the state recalled. */
static struct outcome take(uint32_t action)
{
    const struct action *a = &s.alphabet.action[action & ~WHOLE];

    if (action & WHOLE)
        return step_whole(&s.w, &s.alphabet, a, &s.md);
    return step_take(&s.w, &s.before, &s.alphabet, a, &s.md);
}

/* The scene of a breach is to be played: tell where it is. */
static FILE *scene_open(void)
{
    char path[4096];
    FILE *out;

    mkdir(s.folder, 0777);
    snprintf(path, sizeof(path), "%s/violation-%s.scene", s.folder,
             s.kind->name);
    out = fopen(path, "w");
    if (out)
        printf("  as a scene: %s\n", path);
    else
        perror(path);
    return out;
}

/* Take the steps from the start to node n, then the one that fails. */
static void print_breach(uint32_t n, uint32_t action, const char *wrong)
{
    uint32_t *path = malloc((s.count + 1) * sizeof(*path));
    uint32_t length = 0, at;
    struct outcome out = {.called = false};
    FILE *scene;

    printf("%s: %s\n", s.kind->name, wrong);
    recall(0);
    scene = scene_open();
    script_begin(&s.script, scene, &s.w, &s.alphabet, wrong);
    for (at = n; at != 0; at = s.nodes[at].parent)
        path[length++] = at;
    for (at = 0; at <= length; at++) {
        uint32_t to = at < length ? path[length - 1 - at] : NO_NODE;
        uint32_t from = at < length ? s.nodes[to].parent : n;
        uint32_t a = at < length ? s.nodes[to].action : action;

        recall(from);
        printf("  %2u. ", at + 1);
        action_print(stdout, &s.alphabet.action[a & ~WHOLE]);
        printf(a & WHOLE ? ", without a stop" : "");
        if (at == length && s.crashed)
            script_step(&s.script, &s.alphabet.action[a & ~WHOLE], &s.before,
                        &s.w, &(struct outcome){.called = false});
        fflush(NULL);
        out = take(a);
        print_outcome(&out);
        script_step(&s.script, &s.alphabet.action[a & ~WHOLE], &s.before, &s.w,
                    &out);
    }
    if (scene)
        fclose(scene);
    if (out.called && out.rc <= 0)
        printf("  the model's answer: %d\n", out.expected);
    printf("  => %s\n", wrong);
    print_frames();
    free(path);
    fflush(stdout);
}

/* The core met memory that is not there. Shown by doing it once more. */
static void crashed(int number)
{
    signal(number, SIG_DFL);
    s.crashed = true;
    print_breach(s.from, s.action, "the core crashes");
    exit(1);
}

/* --------------------------------------------------------------- the search */

/* Take one step out of node n; an operation that stops is also taken without
 * a stop. false when it was a breach. */
static bool expand(uint32_t n, uint32_t action)
{
    const struct action *a = &s.alphabet.action[action & ~WHOLE];
    struct outcome out;

    s.w = s.before;
    s.from = n;
    s.action = action;
    out = take(action);
    s.f->transitions++;
    if (out.rule != RULE_NONE)
        s.f->refused[out.rule]++;
    if (!out.wrong && remember(n, action) == n && a->verb == DOOR_GO)
        out.wrong = "the door goes round in circles";
    if (out.wrong) {
        s.f->failed = 1;
        print_breach(n, action, out.wrong);
        return false;
    }
    return !out.stopped || expand(n, action | WHOLE);
}

/* The world as it starts. false when that is a breach already. */
static bool begin(const struct world_kind *kind)
{
    const char *wrong;

    s.kind = kind;
    s.store = reserve(STORE_BYTES);
    s.nodes = reserve(NODES_BYTES);
    slots_grow();
    world_init(&s.w);
    kind->make(&s.w, &s.alphabet);
    wrong = step_check(&s.w, &s.alphabet);
    if (wrong) {
        printf("%s: at the start: %s\n", kind->name, wrong);
        s.f->failed = 1;
        return false;
    }
    state_normal(&s.w);
    remember(NO_NODE, 0);
    return true;
}

void search(const struct world_kind *kind, uint64_t bound, const char *folder,
            struct findings *f)
{
    uint32_t n, action, end = 1;

    s.f = f;
    s.folder = folder;
    signal(SIGSEGV, crashed);
    if (!begin(kind))
        return;
    for (n = 0; n < s.count && f->transitions < bound; n++) {
        if (n == end) {
            end = s.count;
            f->depth++;
            if (s.alphabet.depth && f->depth >= s.alphabet.depth)
                break;
        }
        recall(n);
        for (action = 0; action < s.alphabet.count; action++)
            if (step_enabled(&s.before, &s.alphabet.action[action]) &&
                !expand(n, action))
                return;
    }
    f->states = s.count;
    f->complete = n == s.count;
}
