// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "util.h"
#include "value.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"
#define CGROUP_PARENT	CGROUP_ROOT "/cloison"

/* How long killed processes may take to go (some may hang in I/O). */
#define KILL_TIMEOUT_MS	60000

/* A container may not exhaust the kernel with empty groups. */
#define MAX_DESCENDANTS	"4096"
/* Nor nest them deeper than a path can name: 12 * (NAME_MAX + 1) < PATH_MAX. */
#define MAX_DEPTH	"12"

#define MAX_EXEC_GROUPS	16

/* What a container's systemd wants to have, and we for the limits. */
static const char *const controllers[] = { "+cpu", "+cpuset", "+io", "+memory", "+pids" };
static const char *const needed[] = { "cpu", "memory", "pids" };

/* What delegation hands over, see /sys/kernel/cgroup/delegate: never limits. */
static const char *const delegated[] = {
	"cgroup.procs", "cgroup.threads", "cgroup.subtree_control",
};

static char *path_of(uint32_t id, const char *below)
{
	return xasprintf(CGROUP_PARENT "/%u%s%s", id, *below ? "/" : "", below);
}

int cgroup_check(void)
{
	struct statfs st;

	if (statfs(CGROUP_ROOT, &st) || st.f_type != CGROUP2_SUPER_MAGIC)
		return fail(EXIT_KERNEL,
			    "cgroup v2 is not mounted on " CGROUP_ROOT
			    ": boot without systemd.unified_cgroup_hierarchy=0");
	return 0;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (; *list; list += strcspn(list, "\n "), list += strspn(list, "\n "))
		if (strncmp(list, word, len) == 0 && strchr("\n ", list[len]))
			return true;
	return false;
}

static int enable_controllers(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *have = NULL;

	if (fd < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot open %s", path);
	/* one by one: what a kernel lacks must not hide the others */
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		write_file_at(fd, "cgroup.subtree_control", controllers[i]);

	have = read_file_at(fd, "cgroup.subtree_control", 4096);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!have || !has_word(have, needed[i]))
			return fail(EXIT_KERNEL, "%s: the %s controller is not available",
				    path, needed[i]);
	return 0;
}

static int delegate(int fd, const char *path, uint32_t base)
{
	if (fchown(fd, base, base))
		return fail_errno(EXIT_SYSTEM, "Cannot delegate %s", path);
	for (size_t i = 0; i < ARRAY_SIZE(delegated); i++)
		if (fchownat(fd, delegated[i], base, base, AT_SYMLINK_NOFOLLOW))
			return fail_errno(EXIT_SYSTEM, "Cannot delegate %s/%s", path, delegated[i]);
	return 0;
}

static int make(const char *path, uint32_t base, int *out)
{
	cleanup_close int fd = -1;
	int ret;

	if (mkdir(path, 0755) && errno != EEXIST)
		return fail_errno(EXIT_SYSTEM, "Cannot make %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot open %s", path);
	ret = delegate(fd, path, base);
	if (!ret && out)
		*out = take_fd(&fd);
	return ret;
}

int cgroup_create(uint32_t id, uint32_t base, int *fd, uint64_t *cgid)
{
	cleanup_free char *path = path_of(id, "");
	cleanup_free char *scope = path_of(id, "init.scope");
	struct stat st;
	int ret = cgroup_check();

	if (!ret)
		ret = enable_controllers(CGROUP_ROOT);
	if (ret)
		return ret;
	if (mkdir(CGROUP_PARENT, 0755) && errno != EEXIST)
		return fail_errno(EXIT_SYSTEM, "Cannot make %s", CGROUP_PARENT);
	ret = enable_controllers(CGROUP_PARENT);
	if (!ret)
		ret = make(path, base, fd);
	if (ret)
		return ret;
	if (write_file_at(*fd, "cgroup.max.descendants", MAX_DESCENDANTS) ||
	    write_file_at(*fd, "cgroup.max.depth", MAX_DEPTH) || fstat(*fd, &st))
		return fail_errno(EXIT_SYSTEM, "Cannot set up %s", path);
	/* on 64 bits the inode number is the cgroup's id (kernfs_id()) */
	*cgid = st.st_ino;
	return make(scope, base, NULL);
}

bool cgroup_exists(uint32_t id)
{
	cleanup_free char *path = path_of(id, "");

	return access(path, F_OK) == 0;
}

static int join(const char *path, pid_t pid)
{
	cleanup_free char *procs = xasprintf("%s/cgroup.procs", path);
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (write_file_at(AT_FDCWD, procs, text))
		return fail_errno(EXIT_SYSTEM, "Cannot move a process to %s", path);
	return 0;
}

int cgroup_join_init(uint32_t id, pid_t pid)
{
	cleanup_free char *path = path_of(id, "init.scope");

	return join(path, pid);
}

/*
 * This one is not delegated, or its owner could freeze the visitors in it. The
 * container's root may remove it and put one of his own there: another is used.
 */
int cgroup_join_exec(uint32_t id, pid_t pid)
{
	for (unsigned int i = 0; i < MAX_EXEC_GROUPS; i++) {
		cleanup_free char *name = i ? xasprintf("cloison-exec.%u", i) :
					      xstrdup("cloison-exec");
		cleanup_free char *path = path_of(id, name);
		struct stat st;

		if (mkdir(path, 0755) && errno != EEXIST)
			return fail_errno(EXIT_SYSTEM, "Cannot make %s", path);
		if (lstat(path, &st) == 0 && st.st_uid == 0)
			return join(path, pid);
	}
	return fail(EXIT_SYSTEM, "Container %u has taken all cgroups for visitors", id);
}

int cgroup_set(uint32_t id, const char *file, const char *text)
{
	cleanup_free char *path = path_of(id, file);

	if (write_file_at(AT_FDCWD, path, text))
		return fail_errno(EXIT_LIMITS, "Cannot write \"%s\" to %s", text, path);
	return 0;
}

bool cgroup_number(uint32_t id, const char *file, uint64_t *out)
{
	cleanup_free char *path = path_of(id, file);
	cleanup_free char *text = read_file(path, 4096);

	if (!text)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return parse_number(text, 0, UINT64_MAX, out);
}

int cgroup_wait_empty(uint32_t id, int64_t timeout_ms)
{
	cleanup_free char *path = path_of(id, "cgroup.events");
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t end = now_ms() + timeout_ms, left;
	char text[256];
	ssize_t n;

	if (fd < 0)
		return 0;
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLPRI };

		n = pread(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			return errno == ENODEV ? 0 :
				fail_errno(EXIT_SYSTEM, "Cannot read %s", path);
		text[n] = '\0';
		if (strstr(text, "populated 0"))
			return 0;
		left = end - now_ms();
		if (left <= 0)
			return fail(EXIT_STOP, "Processes of container %u do not end", id);
		poll(&pfd, 1, left);
	}
}

int cgroup_kill(uint32_t id)
{
	cleanup_free char *path = path_of(id, "");
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (write_file_at(fd, "cgroup.kill", "1"))
		return fail_errno(EXIT_STOP, "Cannot kill the processes of container %u", id);
	return cgroup_wait_empty(id, KILL_TIMEOUT_MS);
}

int cgroup_remove(uint32_t id)
{
	cleanup_free char *path = path_of(id, "");
	char *const roots[] = { path, NULL };
	FTSENT *ent;
	FTS *fts;
	int ret = 0;

	if (!cgroup_exists(id))
		return 0;
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (!fts)
		return fail_errno(EXIT_SYSTEM, "Cannot read %s", path);
	while (!ret && (ent = fts_read(fts)))
		if (ent->fts_info == FTS_DP && rmdir(ent->fts_accpath) && errno != ENOENT)
			ret = fail_errno(EXIT_SYSTEM, "Cannot remove %s", ent->fts_path);
	fts_close(fts);
	return ret;
}
