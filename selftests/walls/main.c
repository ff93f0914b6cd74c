// SPDX-License-Identifier: GPL-2.0-only
/* escape ATTEMPT [ARGUMENT ...]: see escape.h for the statuses. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

const struct attempt *const areas[] = {
	syscall_attempts, file_attempts, mount_attempts, process_attempts, socket_attempts,
	sysctl_attempts, NULL
};

int verdict(const char *what, long ret, const int *also)
{
	int err = errno;

	if (ret >= 0) {
		printf("%s: worked (%ld)\n", what, ret);
		return WORKED;
	}
	printf("%s: %s\n", what, strerror(err));
	if (err == EPERM || err == EACCES || err == EROFS)
		return REFUSED;
	for (; also && *also; also++)
		if (err == *also)
			return REFUSED;
	return SILLY;
}

int silly(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(": %s\n", strerror(err));
	return SILLY;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (const struct attempt *const *area = areas; *area; area++)
		for (const struct attempt *a = *area; a->name; a++) {
			if (argc < 2)
				printf("escape %s %s\n", a->name, a->usage);
			else if (strcmp(argv[1], a->name) == 0 && argc - 2 >= a->args)
				return a->run(argv + 2);
		}
	if (argc >= 2)
		printf("no attempt %s, or too few arguments\n", argv[1]);
	return SILLY;
}
