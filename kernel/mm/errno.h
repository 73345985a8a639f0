#ifndef TALLY_MM_ERRNO_H
#define TALLY_MM_ERRNO_H

/*
 * The error numbers of the ABI under their plain names. A function returns
 * them negated. On the host they are the same numbers as the C library's,
 * whose names win if they are there.
 *
 * Source: Xen public errno.h.
 */
#include <xen/errno.h>

#ifndef EPERM
#define EPERM XEN_EPERM
#define ENOENT XEN_ENOENT
#define ESRCH XEN_ESRCH
#define E2BIG XEN_E2BIG
#define EAGAIN XEN_EAGAIN
#define ENOMEM XEN_ENOMEM
#define EACCES XEN_EACCES
#define EFAULT XEN_EFAULT
#define EBUSY XEN_EBUSY
#define EEXIST XEN_EEXIST
#define EINVAL XEN_EINVAL
#define ENOSPC XEN_ENOSPC
#define ERANGE XEN_ERANGE
#define ENOSYS XEN_ENOSYS
#define EOPNOTSUPP XEN_EOPNOTSUPP
#endif

#endif
