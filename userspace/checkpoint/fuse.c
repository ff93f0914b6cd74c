// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "fuse.h"
#include "util.h"

struct look {
	ino_t *seen;	/* mount namespaces */
	size_t count;
	int ret;
};

/* Most processes have the same. */
static bool is_new(struct look *l, pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/ns/mnt", (int)pid);
	struct stat st;

	if (stat(path, &st))
		return false;
	for (size_t i = 0; i < l->count; i++)
		if (l->seen[i] == st.st_ino)
			return false;
	l->seen = xrealloc(l->seen, (l->count + 1) * sizeof(*l->seen));
	l->seen[l->count++] = st.st_ino;
	return true;
}

/*
 * Of a line of /proc/PID/mountinfo, which is cut: its device, "0:45", and where it is mounted;
 * false if it is of another type than "fuse", "fuseblk", "fuse.sshfs".
 */
static bool parse(char *line, char **device, char **point)
{
	char *type = strstr(line, " - fuse");

	if (!type || !strchr(" b.", type[strlen(" - fuse")]))
		return false;
	*type = '\0';
	*device = *point = NULL;
	for (int i = 0; i < 5 && line; i++) {
		char *word = strsep(&line, " ");

		if (i == 2)
			*device = word;
		else if (i == 4)
			*point = word;
	}
	return *point;
}

/* Below VE_ROOT, where a script mounted it: its process is the host's, and runs. */
static bool host_has(const char *device)
{
	cleanup_file FILE *f = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *line = NULL;
	size_t size = 0;
	char *of, *point;

	while (f && getline(&line, &size, f) > 0)
		if (parse(line, &of, &point) && strcmp(of, device) == 0)
			return true;
	return false;
}

static void look(pid_t pid, void *arg)
{
	struct look *l = arg;
	cleanup_free char *path = xasprintf("/proc/%d/mountinfo", (int)pid);
	cleanup_free char *line = NULL;
	cleanup_file FILE *f = NULL;
	char *device, *point;
	size_t size = 0;

	if (l->ret || !is_new(l, pid))
		return;
	f = fopen(path, "re");
	while (!l->ret && f && getline(&line, &size, f) > 0)
		if (parse(line, &device, &point) && !host_has(device))
			l->ret = fail(EXIT_PAUSE, "%s is mounted by FUSE, which cannot be dumped: "
				      "umount it in the container", point);
}

int fuse_check(uint32_t id)
{
	struct look l = {};

	cgroup_each_process(id, true, look, &l);
	free(l.seen);
	return l.ret;
}
