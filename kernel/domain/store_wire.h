#ifndef TALLY_DOMAIN_STORE_WIRE_H
#define TALLY_DOMAIN_STORE_WIRE_H

/*
 * store_wire - Xen's xs_wire.h, which wants the names of more errors than we
 * use as soon as there is a name EINVAL.
 */
#include <stdint.h>

#include "mm/errno.h"

#ifndef EISDIR
#define EISDIR XEN_EISDIR
#define EIO XEN_EIO
#define ENOTEMPTY XEN_ENOTEMPTY
#define EROFS XEN_EROFS
#define EISCONN XEN_EISCONN
#endif

#include <xen/io/xs_wire.h>

#endif
