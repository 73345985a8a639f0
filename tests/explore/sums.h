#ifndef TALLY_EXPLORE_SUMS_H
#define TALLY_EXPLORE_SUMS_H

#include "model.h"

/*
 * sums - what the records of superpages and gigabytes must say.
 *
 * SUM1  under type superpage: the entries that map it and count, and its mark
 * SUM2  under type conflict: the frames of it that are trusted
 * SUM3  mappings: the entries that map it, of any kind
 * SUM4  allocated: the frames that the domain has; a gigabyte's sums
 * SUM5  a settled superpage has no frame that is trusted
 * SUM6  what is not settled is what the operation under way waits for
 * SUM7  what is mapped or marked is all there
 * SUM8  no CPU may write, by one entry, what is settled as a conflict
 *
 * Found out anew, by the model and from frames, and compared. NULL, or what
 * is wrong.
 */

/* sums_always - SUM5 to SUM8, at every stop. */
const char *sums_always(const struct world *w);

/* sums_at_rest - SUM1 to SUM4. md: model_uses has said NULL. */
const char *sums_at_rest(const struct world *w, const struct model *md);

#endif
