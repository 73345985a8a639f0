#ifndef TALLY_OPTIONS_H
#define TALLY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * options - the kernel's command line, read once at boot.
 */

/* Bits per second of the serial line, unless com1= says otherwise. */
#define DEFAULT_BAUD 115200

enum audit_when {
    AUDIT_OFF,
    AUDIT_END,          /* when a domain has ended */
    AUDIT_CALL          /* after every hypercall as well */
};

struct kernel_options {
    unsigned int console;       /* CONSOLE_* bits */
    uint64_t baud;              /* com1= */
    unsigned int level;         /* loglvl= */
    bool exit_qemu;             /* exit=qemu */
    unsigned int audit;         /* enum audit_when */
    uint64_t audit_every;       /* audit_every=N: every N calls; 0: never */
    unsigned int selftest;      /* selftest=: 1 panic */
    uint64_t memory;            /* mem=, bytes; 0: all */
    bool refusals;
    bool stat;                  /* what a domain did, at its end */
    bool latency;               /* measure how long interrupts wait */
    bool picture;               /* of memory, beside the log */
    bool keyboard;              /* look for one */
    bool together;              /* run=together: side by side */
    bool smep;
    bool smap;
    bool umip;
    unsigned int cpu;           /* cpu=: 0 warn, 1 strict */
    unsigned int l1tf;          /* l1tf=: 0 auto, 1 on */
    unsigned int superpage;     /* superpage=: enum design of the rule core */
    unsigned int ro;            /* ro=: 0 shared, 1 strict */
    unsigned int nx_superpages; /* nx-superpages=: 0 auto, 1 on */
    uint64_t budget;            /* steps of the rule core between two looks
                                   at the interrupts */
};

/* The options in force; the defaults until options_read. */
extern struct kernel_options options;

/*
 * options_read - set what a command line names.
 *
 * Every word that is refused is a warning of one sentence in the log, and
 * the default stays.
 */
void options_read(const char *line);

/* options_design - the value of superpage= in words. */
const char *options_design(void);

#endif
