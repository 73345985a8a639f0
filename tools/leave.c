/*
 * leave.c - a function for GNU make: $(leave N) ends make with status N.
 *
 * Make itself ends with 2 whatever a recipe returned; `make run` promises
 * more. Loaded by the Makefile when its last recipe has run.
 */
#include <gnumake.h>
#include <stdlib.h>

int plugin_is_GPL_compatible;   /* make looks for this name */
int leave_gmk_setup(void);

static char *leave(const char *name, unsigned int count, char **arguments)
{
    (void)name;
    (void)count;
    exit(atoi(arguments[0]));
}

int leave_gmk_setup(void)
{
    gmk_add_function("leave", leave, 1, 1, GMK_FUNC_DEFAULT);
    return 1;
}
