#ifndef TALLY_DOMAIN_CONSOLE_INPUT_H
#define TALLY_DOMAIN_CONSOLE_INPUT_H

/*
 * console_input - who gets what a person types.
 *
 * A privileged domain asks for it by console_io. Otherwise it goes to the
 * console ring of the domain that came first.
 */

/* console_input_serve - pass on what was typed since the last time. */
void console_input_serve(void);

#endif
