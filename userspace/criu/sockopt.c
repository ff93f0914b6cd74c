// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into CRIU before 4.2: getsockopt(2) as it was before Linux 6.16.
 *
 * Since then SO_PASSCRED, SO_PASSSEC and SO_PASSPIDFD are EOPNOTSUPP on sockets
 * that cannot have them; before, they were 0. CRIU asks every socket for them,
 * and takes the error for a failure; CRIU 4.2 (November 2025) asks only where it
 * makes sense.
 *
 * Written in 2026 for Debian 13, which has CRIU 4.1.1 and newer kernels in its
 * backports. To be removed when the oldest supported CRIU is 4.2.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD	76
#endif

static int passes(int option)
{
	return option == SO_PASSCRED || option == SO_PASSSEC || option == SO_PASSPIDFD;
}

int getsockopt(int fd, int level, int option, void *restrict value, socklen_t *restrict len)
{
	int ret = syscall(SYS_getsockopt, fd, level, option, value, len);

	if (ret && errno == EOPNOTSUPP && level == SOL_SOCKET && passes(option) &&
	    *len >= sizeof(int)) {
		*(int *)value = 0;
		*len = sizeof(int);
		return 0;
	}
	return ret;
}
