#ifndef TALLY_VERSION_H
#define TALLY_VERSION_H

/* The version of this tree, as CHANGELOG has it. */
#define TALLY_VERSION "0.1.0"

#endif
