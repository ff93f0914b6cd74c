// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../net/network.h"
#include "error.h"
#include "global.h"
#include "suspended.h"
#include "util.h"
#include "value.h"

/* The third line of some marks. */
#define FOR_UPGRADE	"host-upgrade\n"

bool suspended_marks_upgrade;

static char *mark_of(const struct container *ct)
{
	return xasprintf("%s/suspended", ct->private);
}

char *suspended_default(const struct container *ct)
{
	return xasprintf("%s/Dump.%u", global.dumpdir, ct->id);
}

bool suspended_read(const char *file, char **token, char **path)
{
	cleanup_free char *text = read_file(file, 8192);
	char *second = text ? strchr(text, '\n') : NULL;

	if (!second)
		return false;
	*second++ = '\0';
	second[strcspn(second, "\n")] = '\0';
	*token = xstrdup(text);
	*path = xstrdup(second);
	return true;
}

static int write_note(const char *file, const char *token, const char *path, const char *more)
{
	cleanup_free char *text = xasprintf("%s\n%s\n%s", token, path, more);

	return write_file_atomic(file, text, 0600) ?
	       fail_errno(EXIT_PAUSE, "Cannot write %s", file) : 0;
}

int suspended_write(const char *file, const char *token, const char *path)
{
	return write_note(file, token, path, "");
}

bool suspended_find(const struct container *ct, char **token, char **path)
{
	cleanup_free char *mark = mark_of(ct);

	return suspended_read(mark, token, path);
}

bool suspended(const struct container *ct)
{
	cleanup_free char *token = NULL;
	cleanup_free char *path = NULL;

	return suspended_find(ct, &token, &path) && access(path, F_OK) == 0;
}

/* It is found by who looks who is suspended. */
static int link_usual(const struct container *ct, const char *path)
{
	cleanup_free char *usual = suspended_default(ct);

	if (strcmp(usual, path) == 0)
		return 0;
	if (mkdir_parents(global.dumpdir, 0700) || (unlink(usual) && errno != ENOENT))
		return -1;
	return symlink(path, usual);
}

static void unlink_usual(const struct container *ct)
{
	cleanup_free char *usual = suspended_default(ct);
	struct stat st;

	if (lstat(usual, &st) == 0 && S_ISLNK(st.st_mode))
		unlink(usual);
}

int suspended_mark_in(const char *private, const char *token, const char *path)
{
	cleanup_free char *mark = xasprintf("%s/suspended", private);

	return write_note(mark, token, path, suspended_marks_upgrade ? FOR_UPGRADE : "");
}

int suspended_mark(const struct container *ct, const char *token, const char *path)
{
	if (link_usual(ct, path))
		return fail_errno(EXIT_PAUSE, "Cannot make %s known as its state", path);
	return suspended_mark_in(ct->private, token, path);
}

int suspended_unmark(const struct container *ct)
{
	cleanup_free char *mark = mark_of(ct);

	unlink_usual(ct);
	if (unlink(mark))
		return errno == ENOENT ? 0 :
		       fail_errno(EXIT_UNPAUSE, "Cannot remove %s", mark);
	return sync_file(ct->private) ?
	       fail_errno(EXIT_UNPAUSE, "Cannot write %s to disk", ct->private) : 0;
}

bool suspended_for_upgrade(const struct container *ct)
{
	cleanup_free char *mark = mark_of(ct);
	cleanup_free char *text = read_file(mark, 8192);
	const char *second = text ? strchr(text, '\n') : NULL;
	const char *third = second ? strchr(second + 1, '\n') : NULL;

	return third && strcmp(third + 1, FOR_UPGRADE) == 0;
}

/* Of one that is, and does not run. */
static int compare(uint32_t id, const struct addresses *wanted)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	cleanup_addresses struct addresses has = {};
	int ret = container_open_id(&ct, id, NEED_NOTHING);

	if (ret || !ct.conf || !suspended(&ct))
		return ret;
	/* what is no address is none that somebody else could want */
	if (network_configured(ct.conf, &has))
		error_clear();
	for (size_t i = 0; !ret && i < wanted->count; i++) {
		cleanup_free char *text = address_owned(&wanted->list[i]);

		if (addresses_touch(&has, &wanted->list[i]))
			ret = fail(EXIT_IP_IN_USE, "Address %s: suspended container %u has it",
				   text, id);
	}
	return ret;
}

int suspended_hold(uint32_t id, const struct addresses *wanted)
{
	cleanup_dir DIR *dir = opendir(global.dumpdir);
	struct dirent *de;
	int ret = 0;

	while (!ret && dir && (de = readdir(dir))) {
		uint32_t other;

		if (strncmp(de->d_name, "Dump.", 5) == 0 && parse_ctid(de->d_name + 5, &other) &&
		    other != id)
			ret = compare(other, wanted);
	}
	return ret;
}

int suspended_refuse(const struct container *ct, int status)
{
	cleanup_free char *token = NULL;
	cleanup_free char *path = NULL;

	if (!suspended_find(ct, &token, &path))
		return 0;
	if (access(path, F_OK))
		return fail(status, "Container is suspended, but its state is not there: mount "
			    "what has %s, or, to give it up, start %u --discard", path, ct->id);
	return fail(status, "Container is suspended: cloisonctl resume %u, or, to give its state "
		    "up, start %u --discard", ct->id, ct->id);
}
