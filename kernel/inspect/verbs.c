#include "inspect/verbs.h"

#include <stdarg.h>

#include "inspect/show.h"
#include "lib/format.h"
#include "lib/options.h"
#include "lib/string.h"

/* Words of ARGUMENT_TYPE, by enum frame_type. */
static const char *const type_names[FRAME_TYPES] = {
    "unused", "L1", "L2", "L3", "L4", "descriptors", "writable",
};

static const char *const picture_words[] = {"auto", "off", "on"};

const struct verb verbs[] = {
    {"help", 'h', 1, 0, ARGUMENT_VERB, "[VERB]",
     "what the prompt knows, or one verb with an example", "help frames",
     show_help},
    {"list", 0, 0, 0, ARGUMENT_NONE, "", "the domains, one line each", NULL,
     show_list},
    {"info", 0, 0, 0, ARGUMENT_NONE, "", "the machine and the kernel", NULL,
     show_info},
    {"frames", 'y', 1, 0, ARGUMENT_TYPE, "[DOM|TYPE]",
     "frames by type; with TYPE each frame of that type",
     "frames L4: every L4 table of every domain", show_frames},
    {"frame", 0, 1, 1, ARGUMENT_ANY, "MFN", "one frame: type, counts, pin",
     "frame 0x2a31", show_frame},
    {"walk", 0, 2, 2, ARGUMENT_DOMAIN, "DOM VA",
     "a domain's page tables, level by level", "walk 1 0x400000", show_walk},
    {"superpages", 'Y', 1, 0, ARGUMENT_DOMAIN, "[DOM]",
     "who has which superpage, and what is in it", NULL, show_superpages},
    {"audit", 'k', 1, 0, ARGUMENT_DOMAIN, "[DOM]",
     "recount every reference, compare with the records", NULL, show_audit},
    {"refusals", 0, 1, 0, ARGUMENT_DOMAIN, "[DOM]",
     "how often each rule refused, and the last ones", NULL, show_refusals},
    {"stat", 0, 0, 0, ARGUMENT_NONE, "",
     "hypercalls, flushes, interrupts, switches", NULL, show_stat},
    {"picture", 0, 1, 0, ARGUMENT_PICTURE, "[MFN|auto|on|off]",
     "memory as a picture; MFN opens its superpage", "picture 0x2a31",
     show_picture},
    {"dmesg", 'w', 0, 0, ARGUMENT_NONE, "", "the log from its beginning", NULL,
     show_log},
    {"keys", 0, 0, 0, ARGUMENT_NONE, "", "the debug keys, for: key X", NULL,
     show_keys},
    {"key", 0, 1, 1, ARGUMENT_ANY, "X", "what Xen's debug key X does", "key q",
     NULL},
    {"registers", 'd', 1, 0, ARGUMENT_DOMAIN, "[DOM]",
     "the registers of each domain's vcpu", NULL, show_registers},
    {"domains", 'q', 1, 0, ARGUMENT_DOMAIN, "[DOM]", "all that a domain holds",
     NULL, show_domains},
    {"queue", 'r', 0, 0, ARGUMENT_NONE, "", "who runs and who waits", NULL,
     show_queue},
    {"clocks", 't', 0, 0, ARGUMENT_NONE, "", "the clocks", NULL, show_clocks},
    {"memory", 'm', 0, 0, ARGUMENT_NONE, "", "how much memory, and whose", NULL,
     show_memory},
    {"ports", 'e', 1, 0, ARGUMENT_DOMAIN, "[DOM]", "event channels", NULL,
     show_ports},
    {"grants", 'g', 1, 0, ARGUMENT_DOMAIN, "[DOM]", "grant tables", NULL,
     show_grants},
    {"interrupts", 'i', 0, 0, ARGUMENT_NONE, "", "interrupts so far", NULL,
     show_interrupts},
    {"louder", '+', 0, 0, ARGUMENT_NONE, "", "log one level more", NULL,
     show_level},
    {"quieter", '-', 0, 0, ARGUMENT_NONE, "", "log one level less", NULL,
     show_level},
    {"kill", 0, 1, 1, ARGUMENT_DOMAIN, "DOM", "end a domain as a crash does",
     "kill 2", show_kill},
    {"reboot", 'R', 0, 0, ARGUMENT_NONE, "", "start the machine again, now",
     NULL, show_reboot},
    {"poweroff", 0, 0, 0, ARGUMENT_NONE, "", "switch the machine off, now",
     NULL, show_poweroff},
};

const uint32_t verb_count = sizeof(verbs) / sizeof(verbs[0]);

/* What key * does, one after the other. */
static const char all_keys[] = "mtiqregyk";

bool job_fail(struct job *job, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_vbuffer(job->error, sizeof(job->error), format, arguments);
    va_end(arguments);
    return false;
}

struct domain *job_next(struct job *job)
{
    struct domain *d = job->domain;

    do
        d = domain_next(d);
    while (d && job->only != 0 && d->owner.id != job->only);
    job->domain = d;
    return d;
}

static const struct verb *verb_find(const char *name)
{
    uint32_t i;

    for (i = 0; i < verb_count; i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

static const struct verb *verb_by_key(char key)
{
    uint32_t i;

    for (i = 0; i < verb_count && key != '\0'; i++)
        if (verbs[i].key == key)
            return &verbs[i];
    return NULL;
}

/* The verb whose name is nearest; NULL when none is near. */
static const char *verb_nearest(const char *name)
{
    const char *nearest = NULL;
    size_t least = 3;
    uint32_t i;

    for (i = 0; i < verb_count; i++) {
        size_t distance = string_distance(name, verbs[i].name);

        /* A beginning of a name is near, too. */
        if (strlen(name) > 1 && !strncmp(name, verbs[i].name, strlen(name)))
            distance = 1;
        if (distance < least && distance < strlen(verbs[i].name)) {
            least = distance;
            nearest = verbs[i].name;
        }
    }
    return nearest;
}

/* Cut a line into words. false: there are more than a verb can have. */
static bool split(struct job *job, char *line)
{
    job->words = 0;
    for (;;) {
        while (*line == ' ')
            *line++ = '\0';
        if (*line == '\0')
            return true;
        if (job->words == JOB_WORDS)
            return false;
        job->word[job->words++] = line;
        while (*line != ' ' && *line != '\0')
            line++;
    }
}

static bool unknown(struct job *job, const char *name)
{
    const char *nearest = verb_nearest(name);

    if (nearest)
        return job_fail(job,
                        "there is no verb \"%.24s\"; did you mean "
                        "\"%s\"?",
                        name, nearest);
    return job_fail(job, "there is no verb \"%.24s\"; \"help\" lists them",
                    name);
}

/* key *: the next verb of all_keys, when the one before is done. */
static bool step_all(struct job *job)
{
    static struct job each;
    static uint32_t next;

    if (job->at == 0) {
        next = 0;
        each.step = NULL;
    }
    job->at = 1;
    if (each.step && !each.step(&each))
        return false;
    if (all_keys[next] == '\0')
        return true;
    each = (struct job){.words = 1};
    out_line("--- %s", verb_by_key(all_keys[next])->name);
    if (!verb_by_key(all_keys[next++])->begin(&each))
        each.step = NULL;
    return false;
}

/* key X: X names the verb. */
static bool begin_key(struct job *job)
{
    const struct verb *verb = verb_by_key(job->word[1][0]);

    if (!strcmp(job->word[1], "*")) {
        job->step = step_all;
        return true;
    }
    if (!verb || job->word[1][1] != '\0')
        return job_fail(job,
                        "there is no debug key \"%.24s\"; \"keys\" lists "
                        "them",
                        job->word[1]);
    job->words = 1;
    job->word[0] = (char *)(uintptr_t)verb->name;
    return verb->begin(job);
}

bool verb_begin(struct job *job, char *line)
{
    const struct verb *verb;

    *job = (struct job){.step = NULL};
    if (!split(job, line))
        return job_fail(job, "too many words");
    if (job->words == 0)
        return true;
    verb = verb_find(job->word[0]);
    if (!verb)
        return unknown(job, job->word[0]);
    if (job->words - 1 < verb->least || job->words - 1 > verb->most)
        return job_fail(job, "it goes like this: %s%s%s", verb->name,
                        verb->usage[0] ? " " : "", verb->usage);
    return verb->begin ? verb->begin(job) : begin_key(job);
}

bool verb_number(struct job *job, const char *word, uint64_t *number)
{
    if (option_number(word, number))
        return true;
    return job_fail(job, "\"%.24s\" is no number; 0x2a31 or 10801 would be",
                    word);
}

/* The first living domain's name that is near; NULL: none. */
static const char *domain_nearest(const char *word)
{
    struct domain *d = NULL;

    while ((d = domain_next(d)) != NULL)
        if (string_distance(word, d->name) <= 2)
            return d->name;
    return NULL;
}

struct domain *verb_domain(struct job *job, const char *word)
{
    struct domain *d = NULL;
    const char *nearest;
    uint64_t id;

    while ((d = domain_next(d)) != NULL)
        if (!strcmp(d->name, word))
            return d;
    if (option_number(word + (word[0] == 'd'), &id)) {
        d = id <= UINT32_MAX ? domain_by_id((uint32_t)id) : NULL;
        if (!d)
            job_fail(job, "there is no domain %.24s; \"list\" shows them",
                     word);
        return d;
    }
    nearest = domain_nearest(word);
    if (nearest)
        job_fail(job, "no domain is named \"%.24s\"; did you mean \"%s\"?",
                 word, nearest);
    else
        job_fail(job, "no domain is named \"%.24s\"; \"list\" shows them",
                 word);
    return NULL;
}

bool verb_optional_domain(struct job *job)
{
    struct domain *d;

    if (job->words < 2)
        return true;
    d = verb_domain(job, job->word[1]);
    if (d)
        job->only = d->owner.id;
    return d != NULL;
}

enum frame_type verb_type(const char *word)
{
    uint32_t type;

    for (type = 0; type < FRAME_TYPES; type++)
        if (!strcmp(word, type_names[type]) ||
            (word[0] == 'l' && type_names[type][0] == 'L' &&
             !strcmp(word + 1, type_names[type] + 1)))
            break;
    return (enum frame_type)type;
}

const char *verb_type_name(enum frame_type type)
{
    return type < FRAME_TYPES ? type_names[type] : "?";
}

/* What is being collected for verb_complete. */
struct fit {
    const char *begin;      /* what is there of the word */
    uint32_t count;
    char common[VERB_ADD_BYTES];
    void (*list)(const char *word);
};

static void fit_word(struct fit *fit, const char *word)
{
    uint32_t i;

    if (strncmp(word, fit->begin, strlen(fit->begin)) != 0)
        return;
    if (fit->count++ == 0) {
        string_copy(fit->common, sizeof(fit->common), word);
    } else {
        for (i = 0; fit->common[i] == word[i] && word[i] != '\0'; i++)
            ;
        fit->common[i] = '\0';
    }
    if (fit->list)
        fit->list(word);
}

static void fit_domains(struct fit *fit)
{
    struct domain *d = NULL;
    char id[8];

    while ((d = domain_next(d)) != NULL) {
        fit_word(fit, d->name);
        format_buffer(id, sizeof(id), "%u", d->owner.id);
        if (fit->begin[0] != '\0')
            fit_word(fit, id);
    }
}

static void fit_argument(struct fit *fit, uint8_t argument)
{
    uint32_t i;

    if (argument == ARGUMENT_VERB)
        for (i = 0; i < verb_count; i++)
            fit_word(fit, verbs[i].name);
    if (argument == ARGUMENT_DOMAIN || argument == ARGUMENT_TYPE)
        fit_domains(fit);
    if (argument == ARGUMENT_TYPE)
        for (i = 0; i < FRAME_TYPES; i++)
            fit_word(fit, type_names[i]);
    if (argument == ARGUMENT_PICTURE)
        for (i = 0; i < sizeof(picture_words) / sizeof(picture_words[0]); i++)
            fit_word(fit, picture_words[i]);
}

/* Which argument the last word of a line is, and where it begins. */
static uint8_t place(const char *line, const char **word)
{
    char name[VERB_ADD_BYTES];
    const struct verb *verb;
    const char *end;

    while (*line == ' ')
        line++;
    for (end = line; *end != ' ' && *end != '\0'; end++)
        ;
    *word = line;
    if (*end == '\0')
        return ARGUMENT_VERB;
    string_copy_bounded(name, sizeof(name), line, (size_t)(end - line));
    verb = verb_find(name);
    while (*end == ' ')
        end++;
    *word = end;
    while (*end != ' ' && *end != '\0')
        end++;
    return verb && *end == '\0' ? verb->argument : ARGUMENT_NONE;
}

uint32_t verb_complete(const char *line, char *add,
                       void (*list)(const char *word))
{
    struct fit fit = {.count = 0};
    uint8_t argument = place(line, &fit.begin);
    size_t have = strlen(fit.begin);

    fit_argument(&fit, argument);
    string_copy(add, VERB_ADD_BYTES - 1,
                fit.count > 0 ? fit.common + have : "");
    if (fit.count == 1)
        string_copy(add + strlen(add), 2, " ");
    if (fit.count > 1 && list && add[0] == '\0') {
        fit = (struct fit){.begin = fit.begin, .list = list};
        fit_argument(&fit, argument);
    }
    return fit.count;
}
