// SPDX-License-Identifier: GPL-2.0-only
/* Settings that can be written inside: are they the container's own? */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"

/*
 * For each path on stdin that holds one number: write another one. The caller
 * looks whether the host's changed.
 */
static int poke(char **args)
{
	char path[512];

	while (fgets(path, sizeof(path), stdin)) {
		char text[64] = "", *end;
		long value;
		int fd;

		path[strcspn(path, "\n")] = '\0';
		fd = open(path, O_RDWR | O_NONBLOCK);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
			continue;
		value = strtol(text, &end, 10);
		if (end == text || *end != '\n')
			continue;
		for (int delta = 1; delta >= -1; delta -= 2) {
			snprintf(text, sizeof(text), "%ld", value + delta);
			if (pwrite(fd, text, strlen(text), 0) > 0) {
				printf("%s %ld -> %s\n", path, value, text);
				break;
			}
		}
		close(fd);
	}
	return WORKED;
}

const struct attempt sysctl_attempts[] = {
	{ "poke", poke, 0, "<PATHS" },
	{ }
};
