#ifndef TALLY_INSPECT_INSPECT_H
#define TALLY_INSPECT_INSPECT_H

/*
 * inspect - looking inside while domains run: the kernel prompt and the
 * picture of memory.
 *
 * Above domain/ and mm/; only the start of the kernel knows it. All of it is
 * done at the tick, in parts of bounded length.
 */

/* inspect_init - from now on there is a prompt, and a picture if there is
 * room for one. The clocks, the options and the consoles are there. */
void inspect_init(void);

/*
 * inspect_stay - all domains have ended: wait for what a person wants.
 *
 * Where nothing can be typed, the screen turns the pages of the log.
 */
_Noreturn void inspect_stay(void);

#endif
