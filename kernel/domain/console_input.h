#ifndef TALLY_DOMAIN_CONSOLE_INPUT_H
#define TALLY_DOMAIN_CONSOLE_INPUT_H

#include "domain/domain.h"

/*
 * console_input - who gets what a person types.
 *
 * One reader at a time: a domain that listens, or the kernel prompt. A domain
 * listens when it has a console ring, or once it has asked by console_io.
 * Ctrl-a three times in a row moves the input to the next one, and says so.
 * Until a person moves it, the first domain that listens has it, and when
 * there is none, the prompt.
 */

/* The byte that moves the input when it comes three times. */
#define INPUT_SWITCH 0x01
#define INPUT_SWITCH_TIMES 3

/* The kernel prompt: it is above domains, so it makes itself known here. */
struct input_prompt {
    void (*take)(char byte);    /* somebody typed */
    void (*shown)(bool has);    /* a person moved the input here, or away */
    void (*serve)(void);        /* some TICK_NS have gone by */
    bool unasked;               /* it may have the input when nobody listens */
};

/* console_input_set_prompt - from now on there is a prompt; NULL: none. */
void console_input_set_prompt(const struct input_prompt *prompt);

/*
 * console_input_serve - pass on what was typed since the last time.
 *
 * Everything that has come is taken, so that no device's buffer runs over;
 * what a domain's ring has no room for is lost.
 */
void console_input_serve(void);

/* console_input_tick - the same, and let the prompt do its own work. */
void console_input_tick(void);

/*
 * console_input_read - CONSOLEIO_read of a domain; makes it a listener.
 *
 * Returns how many bytes there were for it.
 */
size_t console_input_read(struct domain *d, char *bytes, size_t size);

/* console_input_typed - has a person typed anything since the boot? */
bool console_input_typed(void);

#endif
