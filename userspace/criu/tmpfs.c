// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into CRIU: what lies in a tmpfs is packed by zstd(1).
 *
 * CRIU has tar(1) pack it by gzip, which does some 30 MB in a second where zstd does 700, and the
 * container stands still all the while. Debian 13 has /tmp in a tmpfs. zstd unpacks what gzip
 * has packed, too, so images of before can be restored.
 *
 * Written in 2026 for CRIU 4.1.1 (filesystems.c, tmpfs_dump() and tmpfs_restore()). To be removed
 * when CRIU does so itself.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static char by_zstd[] = "--use-compress-program=zstd -q -1 -T0";

int execvp(const char *file, char *const argv[])
{
	int (*real)(const char *file, char *const argv[]) =
		(int (*)(const char *, char *const *))dlsym(RTLD_NEXT, "execvp");

	/* it is an array of CRIU's own that nobody needs after this */
	for (size_t i = 1; strcmp(file, "tar") == 0 && argv[i]; i++)
		if (strcmp(argv[i], "--gzip") == 0)
			((char **)argv)[i] = by_zstd;
	return real(file, argv);
}
