#include "alphabet.h"

#include <string.h>

#include "permits.h"

/*
 * The machine: f0 to f3 are a tree of tables, f4 to f7 a superpage, and with
 * f8 to f11 a gigabyte. Slot 1 of the L2, f2, maps the superpage, slot 3 maps
 * it once more; slot 1 of the L3, f1, maps the gigabyte.
 */
#define F(n)     ((mfn_t)OWN_FIRST + (n))
#define RO(n)    (F(n) << PAGE_SHIFT | ENTRY_P | ENTRY_US)
#define RW(n)    (RO(n) | ENTRY_RW)
#define WHOLE(n) ((n) | ENTRY_PS)
#define BUDGET   1000u
#define BEFORE   3

#define MAP(n, s, word)                                              \
    {                                                                \
        .verb = DO_UPDATE, .mfn = F(n), .slot = (s), .value = (word) \
    }
#define PIN(n)                                         \
    {                                                  \
        .verb = DO_PIN, .mfn = F(n), .count = FRAME_L1 \
    }
#define CALL(what, n)                           \
    {                                           \
        .verb = (what), .mfn = F(n), .count = 1 \
    }

/* One way to run: a column. */
struct column {
    const char *title;
    enum design design;
    uint8_t strict;
    uint8_t marked; /* 1: the superpage is marked before the question */
};

static const struct column columns[] = {
    {"shared", DESIGN_TYPECOUNT, 0, 0},
    {"strict", DESIGN_TYPECOUNT, 1, 0},
    {"shared, marked", DESIGN_TYPECOUNT, 0, 1},
    {"walk", DESIGN_WALK, 0, 0},
    {"refcount", DESIGN_REFCOUNT, 0, 0},
    {"mark", DESIGN_MARK, 0, 0},
    {"mark, marked", DESIGN_MARK, 0, 1},
    {"off", DESIGN_OFF, 0, 0},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* What is done before, and the question: a row. Verb 0 of a step with frame 0
 * is no step. */
struct question {
    const char *text; /* a row without `ask` is a heading */
    struct action before[BEFORE];
    struct action ask;
};

static const struct question questions[] = {
    {.text = "**A superpage of plain memory**"},
    {"map it read-only", {{0}}, MAP(2, 1, WHOLE(RO(4)))},
    {"map it writable", {{0}}, MAP(2, 1, WHOLE(RW(4)))},
    {"read-only, a second time",
     {MAP(2, 3, WHOLE(RO(4)))},
     MAP(2, 1, WHOLE(RO(4)))},
    {"writable, a second time",
     {MAP(2, 3, WHOLE(RW(4)))},
     MAP(2, 1, WHOLE(RW(4)))},
    {"writable, beside a read-only entry",
     {MAP(2, 3, WHOLE(RO(4)))},
     MAP(2, 1, WHOLE(RW(4)))},
    {"unmap one of two writable entries",
     {MAP(2, 3, WHOLE(RW(4))), MAP(2, 1, WHOLE(RW(4)))},
     MAP(2, 1, 0)},
    {"unmap the last writable entry", {MAP(2, 1, WHOLE(RW(4)))}, MAP(2, 1, 0)},
    {"mark it", {{0}}, CALL(DO_MARK, 4)},
    {"mark it while it is mapped writable",
     {MAP(2, 1, WHOLE(RW(4)))},
     CALL(DO_MARK, 4)},
    {"unmark it", {{0}}, CALL(DO_UNMARK, 4)},
    {.text = "**It has a page table in it**"},
    {"map it read-only", {PIN(4)}, MAP(2, 1, WHOLE(RO(4)))},
    {"map it writable", {PIN(4)}, MAP(2, 1, WHOLE(RW(4)))},
    {"make a read-only entry writable",
     {PIN(4), MAP(2, 1, WHOLE(RO(4)))},
     MAP(2, 1, WHOLE(RW(4)))},
    {"mark it", {PIN(4)}, CALL(DO_MARK, 4)},
    {.text = "**The superpage of the tables themselves**"},
    {"map it read-only", {{0}}, MAP(2, 1, WHOLE(RO(0)))},
    {"map it writable", {{0}}, MAP(2, 1, WHOLE(RW(0)))},
    {.text = "**A frame of a superpage that is not mapped**"},
    {"make it a page table", {{0}}, PIN(4)},
    {.text = "**A frame of one that is mapped read-only**"},
    {"make it a page table", {MAP(2, 1, WHOLE(RO(4)))}, PIN(4)},
    {"load it as descriptors", {MAP(2, 1, WHOLE(RO(4)))}, CALL(DO_GDT, 4)},
    {"map it alone, writable", {MAP(2, 1, WHOLE(RO(4)))}, MAP(3, 1, RW(4))},
    {"give it back", {MAP(2, 1, WHOLE(RO(4)))}, CALL(DO_GIVE_BACK, 4)},
    {.text = "**A frame of one that is mapped writable**"},
    {"make it a page table", {MAP(2, 1, WHOLE(RW(4)))}, PIN(4)},
    {"load it as descriptors", {MAP(2, 1, WHOLE(RW(4)))}, CALL(DO_GDT, 4)},
    {"map it alone, writable", {MAP(2, 1, WHOLE(RW(4)))}, MAP(3, 1, RW(4))},
    {"write it by a hypercall", {MAP(2, 1, WHOLE(RW(4)))}, CALL(DO_CLEAR, 4)},
    {"give it back", {MAP(2, 1, WHOLE(RW(4)))}, CALL(DO_GIVE_BACK, 4)},
    {.text = "**A superpage with a frame given back**"},
    {"map it read-only", {CALL(DO_GIVE_BACK, 5)}, MAP(2, 1, WHOLE(RO(4)))},
    {"mark it", {CALL(DO_GIVE_BACK, 5)}, CALL(DO_MARK, 4)},
    {.text = "**A gigabyte**"},
    {"map it read-only", {{0}}, MAP(1, 1, WHOLE(RO(4)))},
    {"map it writable", {{0}}, MAP(1, 1, WHOLE(RW(4)))},
    {"read-only, with a page table in it", {PIN(8)}, MAP(1, 1, WHOLE(RO(4)))},
    {"writable, with a page table in it", {PIN(8)}, MAP(1, 1, WHOLE(RW(4)))},
};

static bool is_step(const struct action *a)
{
    return a->mfn != 0;
}

/* Make a call, whole. *steps: what it took of the budget. */
static int run(struct world *w, const struct action *a, uint32_t *steps)
{
    mfn_t mfn;
    int rc;

    w->o.budget = BUDGET;
    rc = action_call(w, a, &mfn);
    while (rc > 0) {
        if (rc == STOP_FLUSH)
            flush_done(&w->m, flush_begin(&w->m));
        rc = op_resume(&w->m, &w->o);
    }
    *steps = BUDGET - w->o.budget;
    return rc;
}

/* The machine of a column. false when it cannot be made. */
static bool prepare(struct world *w, const struct column *c)
{
    const struct action base = {.verb = DO_BASE, .mfn = F(0)};
    const struct action mark = CALL(DO_MARK, 4);
    uint32_t i, steps;
    mfn_t mfn;

    world_init(w);
    world_widen(w);
    extent_assign(&w->m, &w->o);
    while (frame_alloc(&w->m, &w->o, &mfn) != -ENOMEM)
        ;
    w->m.limits.design = (uint8_t)c->design;
    w->m.limits.strict = c->strict;
    w->m.limits.gigabytes = 1;
    for (i = 0; i < 3; i++)
        w->ram[F(i)][0] = RW(i + 1);
    return run(w, &base, &steps) == 0 &&
           (!c->marked || run(w, &mark, &steps) == 0);
}

/* One cell: put the question. */
static bool answer_print(FILE *out, struct world *w, const struct column *c,
                         const struct question *q)
{
    uint32_t i, steps;
    int rc;

    if (!prepare(w, c))
        return false;
    for (i = 0; i < BEFORE; i++)
        if (is_step(&q->before[i]) && run(w, &q->before[i], &steps) != 0) {
            fprintf(out, " - |"); /* it does not come to the question */
            return true;
        }
    memset(&w->o.refusal, 0, sizeof(w->o.refusal));
    rc = run(w, &q->ask, &steps);
    if (rc == -EOPNOTSUPP)
        fprintf(out, " no marks |");
    else if (rc != 0)
        fprintf(out, " %s |", rule_name((enum rule)w->o.refusal.rule));
    else
        fprintf(out, steps >= EXTENT_FRAMES && q->ask.verb != DO_PIN &&
                             q->ask.verb != DO_GDT
                         ? " walks |"
                         : " yes |");
    return true;
}

static void head_print(FILE *out)
{
    uint32_t i;

    fprintf(
        out,
        "# Which design permits what\n"
        "\n"
        "This page is what `build/tests/explore/explore -p` prints. It puts "
        "each\n"
        "question to the rule core itself, under each `superpage=`; `make "
        "permits`\n"
        "writes the page anew, and `make test` sees that it is up to date.\n"
        "\n"
        "- *yes*: done, at the same small cost for a superpage of any size.\n"
        "- *walks*: done, after going over each frame of the superpage, 512 of "
        "them.\n"
        "- A number is that of the [rule](rules.md) that refuses.\n"
        "- *no marks*: the design has none. *-*: it does not come to the "
        "question.\n"
        "\n"
        "*shared* and *strict* are `superpage=typecount` with `ro=shared` "
        "(the\n"
        "default) and `ro=strict`; *marked* means that the superpage is marked "
        "before.\n"
        "An entry maps 2 MiB where nothing else is said.\n"
        "\n"
        "| |");
    for (i = 0; i < COLUMNS; i++)
        fprintf(out, " %s |", columns[i].title);
    fprintf(out, "\n|---|");
    for (i = 0; i < COLUMNS; i++)
        fprintf(out, "---|");
    fprintf(out, "\n");
}

bool permits_print(FILE *out)
{
    static struct world w;
    uint32_t i, c;

    head_print(out);
    for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *q = &questions[i];

        fprintf(out, "| %s |", q->text);
        for (c = 0; c < COLUMNS; c++)
            if (!is_step(&q->ask))
                fprintf(out, " |");
            else if (!answer_print(out, &w, &columns[c], q))
                return false;
        fprintf(out, "\n");
    }
    return true;
}
