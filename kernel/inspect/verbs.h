#ifndef TALLY_INSPECT_VERBS_H
#define TALLY_INSPECT_VERBS_H

#include "inspect/job.h"

/*
 * verbs - what the kernel prompt knows, and how a line names it.
 */

/* What may stand behind a verb, for completion. */
enum verb_argument {
    ARGUMENT_NONE,
    ARGUMENT_VERB,
    ARGUMENT_DOMAIN,
    ARGUMENT_TYPE,          /* a domain, or a type of frames */
    ARGUMENT_PICTURE,
    ARGUMENT_ANY            /* nothing that could be completed */
};

struct verb {
    const char *name;
    char key;               /* its debug key, as Xen's; 0: none */
    uint8_t most;           /* words behind it at most */
    uint8_t least;          /* at least */
    uint8_t argument;       /* enum verb_argument, of the first */
    const char *usage;      /* the words behind it, as help shows them */
    const char *help;       /* one line */
    const char *example;    /* and what it is for; NULL: none */
    bool (*begin)(struct job *job); /* false: job->error says why not */
};

/* The table; verb_count entries. */
extern const struct verb verbs[];
extern const uint32_t verb_count;

/*
 * verb_begin - begin what a line says.
 *
 * line  is taken apart in place, and must stay as long as the job
 * job   is filled
 *
 * true    job->step is to be called until it returns true; NULL: the line was
 *         empty
 * false   job->error says in one line why not
 */
bool verb_begin(struct job *job, char *line);

/*
 * verb_complete - what could stand at the end of an unfinished line.
 *
 * line   up to the cursor
 * add    room for VERB_ADD_BYTES: what all that fits has in common, to be
 *        put in; with a space at the end when only one fits
 * list   called for each that fits, when there are several; may be NULL
 *
 * Returns how many fit.
 */
#define VERB_ADD_BYTES 40
uint32_t verb_complete(const char *line, char *add,
                       void (*list)(const char *word));

/* verb_domain - the domain that a word names, by name, id or dID. NULL, and
 * job->error, when there is none. */
struct domain *verb_domain(struct job *job, const char *word);

/* verb_optional_domain - job->only by the first word, if there is one. */
bool verb_optional_domain(struct job *job);

/* verb_number - a number: decimal, 0x or 0 octal. false: job->error. */
bool verb_number(struct job *job, const char *word, uint64_t *number);

/* verb_type - the frame type that a word names; FRAME_TYPES: none. */
enum frame_type verb_type(const char *word);

/* verb_type_name - "L1" ... "writable", "unused". */
const char *verb_type_name(enum frame_type type);

#endif
