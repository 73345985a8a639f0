#ifndef TALLY_INSPECT_JOB_H
#define TALLY_INSPECT_JOB_H

#include "domain/domain.h"

/*
 * job - one verb of the prompt at work.
 *
 * A verb never keeps the domains waiting: it is done in steps of bounded
 * length, between which domains run, come and go. So a step keeps numbers
 * and looks everything up again.
 */
#define JOB_WORDS 4
#define JOB_SUMS 12
#define JOB_ERROR_BYTES 120

struct job {
    bool (*step)(struct job *job);  /* true: the verb is done */
    char *word[JOB_WORDS];          /* the verb, and what stands behind it */
    uint32_t words;
    struct domain *domain;  /* the last one looked at; NULL: none yet */
    uint16_t only;          /* the id of the one asked for; 0: all */
    uint32_t at;            /* how far it is, as the verb counts */
    uint32_t from;          /* where what it is collecting began */
    uint64_t number;        /* what the verb was given: MFN, address */
    uint64_t sum[JOB_SUMS]; /* what it has counted */
    char error[JOB_ERROR_BYTES];
};

/* job_next - the next domain that the job is about; NULL: no more. */
struct domain *job_next(struct job *job);

/*
 * out_line - print one line of a verb's output; a newline is added.
 *
 * A step prints at most OUT_STEP_BYTES, for which there is always room.
 */
#define OUT_STEP_BYTES 4096
__attribute__((format(printf, 1, 2))) void out_line(const char *format, ...);

/* out_text - the same for any bytes. */
void out_text(const char *text, size_t bytes);

/* job_fail - the error of a verb that cannot begin; returns false. */
__attribute__((format(printf, 2, 3))) bool job_fail(struct job *job,
                                                    const char *format, ...);

#endif
