#ifndef TALLY_INSPECT_PROMPT_H
#define TALLY_INSPECT_PROMPT_H

#include <stdbool.h>

/*
 * prompt - the line "tally> ", from a byte typed to a verb's last line.
 */

/* prompt_init - nothing typed, nothing shown. */
void prompt_init(void);

/* prompt_take - a byte that a person typed. The prompt is shown. */
void prompt_take(char byte);

/* prompt_show - show the line, or show it no more. */
void prompt_show(bool shown);

/* prompt_serve - go on with the verb at work, draw the line; at the tick. */
void prompt_serve(void);

#endif
