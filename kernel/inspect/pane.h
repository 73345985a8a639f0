#ifndef TALLY_INSPECT_PANE_H
#define TALLY_INSPECT_PANE_H

#include <stdbool.h>

/*
 * pane - the picture of memory beside the log, live.
 */

/* pane_serve - look at some memory, draw what has changed; at the tick. */
void pane_serve(void);

/* pane_set - draw it, or leave it blank. false: the screen has no room. */
bool pane_set(bool on);

#endif
