#ifndef TALLY_EXPLORE_SCRIPT_H
#define TALLY_EXPLORE_SCRIPT_H

#include "step.h"

/*
 * script - the steps to a breach, written as a scene (docs/scenes.md).
 *
 * The frames of the tiny world become pages of the same names, f0 to f7, and
 * slots keep their numbers, but for the kernel's slot of an L4. Behind each
 * arrow stands what the reference model says of the scene as it is, so that a
 * true core answers all of it as written. An extent that some step maps whole
 * or marks is a superpage, and f5 is called f4.1 then; in wide worlds it may be
 * a gigabyte. A step for which the language has no
 * word becomes a comment, and the model does not take it either.
 */
struct script {
    FILE *out;
    struct model md; /* what is true in the scene by now */
    frames_t named;  /* pages that the scene has */
    larges_t large;  /* what is a superpage, or all of it a gigabyte */
    frames_t tables; /* L4 tables at some time: slot 2 is the kernel's */
    /* The scene has one vcpu; of each kind of pointer it plays the vcpu that
     * loads one first. 0: nobody yet, else the vcpu's number + 1. */
    uint8_t player[OPERATIONS];
};

/*
 * script_begin - write how the world starts.
 *
 * out    where to, or NULL: then nothing happens here and below
 * wrong  what the breach is
 */
void script_begin(struct script *s, FILE *out, const struct world *start,
                  const struct alphabet *a, const char *wrong);

/*
 * script_step - write one step.
 *
 * before, now  the worlds around it
 * out          what came of it
 */
void script_step(struct script *s, const struct action *a,
                 const struct world *before, const struct world *now,
                 const struct outcome *out);

#endif
