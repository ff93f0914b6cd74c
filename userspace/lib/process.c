// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "process.h"
#include "util.h"

#define STATUS_MAX	65536

char *process_status(pid_t pid, const char *key)
{
	cleanup_free char *path = xasprintf("/proc/%d/status", (int)pid);
	cleanup_free char *text = read_file(path, STATUS_MAX);
	char *rest = text, *line;
	size_t len = strlen(key);

	while (rest && (line = strsep(&rest, "\n")))
		if (strncmp(line, key, len) == 0)
			return xstrdup(line + len + (line[len] == '\t'));
	return NULL;
}

unsigned int process_ids(pid_t pid, pid_t ids[PROCESS_LEVELS])
{
	cleanup_free char *text = process_status(pid, "NSpid:");
	char *rest = text, *word;
	unsigned int count = 0;

	while (rest && count < PROCESS_LEVELS && (word = strsep(&rest, "\t")))
		ids[count++] = atoi(word);
	return count;
}
