#ifndef TALLY_INSPECT_SAMPLE_H
#define TALLY_INSPECT_SAMPLE_H

#include "inspect/picture.h"

/*
 * sample - what the picture shows, looked up in the records bit by bit.
 *
 * A look at an extent of a domain reads its 512 records. So many are looked
 * at in a call and no more, however much memory there is.
 */
#define SAMPLE_EXTENTS 16u      /* of domains */
#define SAMPLE_RECORDS 1024u    /* of all */

/* sample_init - learn where RAM is; before the first domain. */
void sample_init(void);

/* sample_some - go on with the round; at the tick. */
void sample_some(void);

/* sample_all - one whole round, in as many calls as it takes: false while it
 * is not complete. */
bool sample_all(void);

/*
 * sample_open - choose the superpage that is open.
 *
 * extent  its number; EXTENT_NONE: the next one with page tables every few
 *         seconds
 */
void sample_open(uint32_t extent);

/* sample_picture - the picture as it is now. Valid until domains run. */
struct picture sample_picture(void);

#endif
