// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "note.h"
#include "util.h"

#define DIR_NAME	"/run/cloison/net"
#define MAX_BYTES	(16 << 20)

char *note_load(uint32_t id, const char *kind)
{
	cleanup_free char *path = xasprintf(DIR_NAME "/%u%s", id, kind);
	char *text = read_file(path, MAX_BYTES);

	return text ? text : xstrdup("");
}

int note_save(uint32_t id, const char *kind, const char *text)
{
	cleanup_free char *path = xasprintf(DIR_NAME "/%u%s", id, kind);
	int ret;

	if (*text)
		ret = mkdir_parents(DIR_NAME, 0700) || write_file_atomic(path, text, 0600);
	else
		ret = unlink(path) && errno != ENOENT;
	return ret ? fail_errno(EXIT_SYSTEM, "Cannot write %s", path) : 0;
}

/* The next in @dir of container @id's that write_file_atomic() left; NULL: there is none. */
static const char *next_unfinished(DIR *dir, uint32_t id)
{
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		size_t len = strlen(de->d_name);
		char *end;

		if (strtoul(de->d_name, &end, 10) == id && *end == '.' && len > 4 &&
		    strcmp(de->d_name + len - 4, ".tmp") == 0)
			return de->d_name;
	}
	return NULL;
}

bool note_unfinished(uint32_t id)
{
	cleanup_dir DIR *dir = opendir(DIR_NAME);

	return next_unfinished(dir, id);
}

int note_tidy(uint32_t id)
{
	cleanup_dir DIR *dir = opendir(DIR_NAME);
	const char *name;

	while ((name = next_unfinished(dir, id)))
		if (unlinkat(dirfd(dir), name, 0))
			return fail_errno(EXIT_SYSTEM, "Cannot remove %s/%s", DIR_NAME, name);
	return 0;
}

uint32_t *note_ids(const char *kind, size_t *count)
{
	cleanup_dir DIR *dir = opendir(DIR_NAME);
	uint32_t *ids = NULL;
	struct dirent *de;

	*count = 0;
	while (dir && (de = readdir(dir))) {
		char *end;
		unsigned long id = strtoul(de->d_name, &end, 10);

		if (!id || strcmp(end, kind) != 0)
			continue;
		ids = xrealloc(ids, (*count + 1) * sizeof(*ids));
		ids[(*count)++] = id;
	}
	return ids;
}
