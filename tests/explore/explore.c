/*
 * explore - try everything on a tiny machine: see docs/explore.md.
 *
 * usage: explore [-b TRANSITIONS] [-o FOLDER] [-q] [WORLD...]
 *        explore -p
 *
 * -b  stop in each world after so many transitions
 * -o  where violation-WORLD.scene goes when there is one
 * -q  few words: only what is wrong, and not whether every rule refused
 * -p  explore nothing: print which design permits what (permits.h)
 *
 * Two worlds are explored at a time, each in a process of its own. Ends with
 * 0 when all that must be true is true in every state, else with 1.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "permits.h"
#include "search.h"

#define WORKERS       2
#define DEFAULT_BOUND UINT64_C(9200000)

struct run {
    uint64_t bound;
    bool quiet;
    const char *folder;
    struct findings *findings; /* one for each world, shared by all */
    uint32_t running;
    int failed;
};

static void print_world(const struct world_kind *kind, const struct findings *f)
{
    printf("%-16s %9" PRIu64 " states %9" PRIu64 " transitions, depth %2u, "
           "%s\n",
           kind->name, f->states, f->transitions, f->depth,
           f->complete ? "complete" : "bounded");
    fflush(stdout);
}

static void start(struct run *r, uint32_t n)
{
    fflush(stdout);
    if (fork() != 0) {
        r->running++;
        return;
    }
    search(&world_kinds[n], r->bound, r->folder, &r->findings[n]);
    if (!r->quiet && !r->findings[n].failed)
        print_world(&world_kinds[n], &r->findings[n]);
    fflush(stdout);
    _exit(r->findings[n].failed ? 1 : 0);
}

static void wait_one(struct run *r)
{
    int status;

    if (wait(&status) < 0 || status != 0)
        r->failed = 1;
    r->running--;
}

/* Did every rule refuse? */
static bool print_rules(const struct findings *all)
{
    bool complete = true;
    uint32_t rule;

    printf("refusals:");
    for (rule = RULE_NONE + 1; rule < RULES; rule++) {
        printf(" %s %" PRIu64, rule_name((enum rule)rule), all->refused[rule]);
        complete = complete && all->refused[rule] > 0;
    }
    printf("\n");
    if (!complete)
        printf("explore: a rule never refused anything\n");
    return complete;
}

static int report(const struct run *r, bool all_worlds, time_t began)
{
    struct findings all = {.states = 0};
    uint32_t n, rule;
    int failed = r->failed;

    for (n = 0; n < world_kind_count; n++) {
        all.states += r->findings[n].states;
        all.transitions += r->findings[n].transitions;
        for (rule = 0; rule < RULES; rule++)
            all.refused[rule] += r->findings[n].refused[rule];
    }
    if (r->quiet)
        return failed;
    printf("explore: %" PRIu64 " states, %" PRIu64 " transitions, "
           "%ld seconds\n",
           all.states, all.transitions, (long)(time(NULL) - began));
    if (!print_rules(&all) && all_worlds)
        failed = 1;
    printf("explore: %s\n", failed ? "FAILED" : "nothing is broken");
    return failed;
}

static bool wanted(char **names, const char *name)
{
    if (!*names)
        return true;
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct run r = {.bound = DEFAULT_BOUND, .folder = "build/explore"};
    time_t began = time(NULL);
    int option;
    uint32_t n;

    while ((option = getopt(argc, argv, "b:o:pq")) != -1) {
        if (option == 'b')
            r.bound = strtoull(optarg, NULL, 0);
        else if (option == 'o')
            r.folder = optarg;
        else if (option == 'p')
            return permits_print(stdout) ? 0 : 1;
        else if (option == 'q')
            r.quiet = true;
        else
            return 2;
    }
    r.findings =
        mmap(NULL, world_kind_count * sizeof(*r.findings),
             PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r.findings == MAP_FAILED)
        return 2;
    for (n = 0; n < world_kind_count; n++) {
        if (!wanted(argv + optind, world_kinds[n].name))
            continue;
        if (r.running == WORKERS)
            wait_one(&r);
        if (r.quiet && r.failed)
            break;
        start(&r, n);
    }
    while (r.running > 0)
        wait_one(&r);
    return report(&r, optind == argc, began);
}
