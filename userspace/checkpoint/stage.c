// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "stage.h"
#include "util.h"

#define DIR_NAME	"/run/cloison/checkpoint"

static const char *const words[] = {
	[STAGE_WORK] = "work\n", [STAGE_DOOMED] = "doomed\n", [STAGE_LEFT] = "left\n",
};

static char *path_of(uint32_t id)
{
	return xasprintf(DIR_NAME "/%u", id);
}

char *stage_dumped(uint32_t id)
{
	return xasprintf(DIR_NAME "/%u.dumped", id);
}

char *stage_lifted(uint32_t id)
{
	return xasprintf(DIR_NAME "/%u.lifted", id);
}

int stage_set_lifted(uint32_t id, const char *text)
{
	cleanup_free char *path = stage_lifted(id);

	return mkdir_parents(DIR_NAME, 0700) || write_file_atomic(path, text, 0600) ?
	       fail_errno(EXIT_SYSTEM, "Cannot write %s", path) : 0;
}

enum stage stage_get(uint32_t id)
{
	cleanup_free char *path = path_of(id);
	cleanup_free char *text = NULL;

	if (access(path, F_OK))
		return STAGE_NONE;
	text = read_file(path, 64);
	for (enum stage s = STAGE_DOOMED; text && s <= STAGE_LEFT; s++)
		if (strcmp(text, words[s]) == 0)
			return s;
	return STAGE_WORK;
}

int stage_set(uint32_t id, enum stage stage)
{
	cleanup_free char *path = path_of(id);
	cleanup_free char *dumped = stage_dumped(id);
	cleanup_free char *lifted = stage_lifted(id);
	int ret;

	if (stage == STAGE_NONE)
		ret = (unlink(dumped) && errno != ENOENT) ||
		      (unlink(lifted) && errno != ENOENT) || (unlink(path) && errno != ENOENT);
	else
		ret = mkdir_parents(DIR_NAME, 0700) ||
		      write_file_atomic(path, words[stage], 0600);
	return ret ? fail_errno(EXIT_SYSTEM, "Cannot write %s", path) : 0;
}
