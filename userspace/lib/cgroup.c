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
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/magic.h>

#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "guard.h"
#include "util.h"
#include "value.h"

#define CGROUP_PARENT	CGROUP_ROOT "/cloison"
#define SHUT_IN		CGROUP_PARENT "/shut-in"

/* All of them together. */
#define SHUT_IN_PIDS	"4096"

/* How long killed processes may take to go (some may hang in I/O). */
#define KILL_TIMEOUT_MS	60000

/* A container may not exhaust the kernel with empty groups. */
#define MAX_DESCENDANTS	"4096"
/* Nor nest them deeper than a path can name: 12 * (NAME_MAX + 1) < PATH_MAX. */
#define MAX_DEPTH	"12"

/* Those of visitors: this name, or one with a number behind. */
#define EXEC_GROUP	"cloison-exec"
#define MAX_EXEC_GROUPS	16

/* Tasks freeze where they return to user space or sleep: at once, but for I/O. */
#define FREEZE_TIMEOUT_MS	10000

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

char *cgroup_path(uint32_t id)
{
	return path_of(id, "");
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

int cgroup_enable(const char *path)
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

/* All guards, or none: those it got so far go with the group. */
static int guard(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = fd < 0 ? fail_errno(EXIT_SYSTEM, "Cannot open %s", path) : guard_attach(fd);

	if (ret)
		rmdir(path);
	return ret;
}

static int make_parent(void)
{
	int ret = cgroup_check();

	if (!ret)
		ret = cgroup_enable(CGROUP_ROOT);
	if (ret)
		return ret;
	if (mkdir(CGROUP_PARENT, 0755) && errno != EEXIST)
		return fail_errno(EXIT_SYSTEM, "Cannot make %s", CGROUP_PARENT);
	ret = cgroup_enable(CGROUP_PARENT);
	return ret ? ret : guard(CGROUP_PARENT);
}

/* What they read may be made to let them take all there is. */
int cgroup_shut_in(int *fd)
{
	int ret = make_parent();
	char memory[24];

	if (ret)
		return ret;
	if (mkdir(SHUT_IN, 0755) && errno != EEXIST)
		return fail_errno(EXIT_SYSTEM, "Cannot make %s", SHUT_IN);
	snprintf(memory, sizeof(memory), "%llu",
		 (unsigned long long)sysconf(_SC_PHYS_PAGES) / 2 * sysconf(_SC_PAGESIZE));
	if (write_file_at(AT_FDCWD, SHUT_IN "/pids.max", SHUT_IN_PIDS) ||
	    write_file_at(AT_FDCWD, SHUT_IN "/memory.max", memory) ||
	    (write_file_at(AT_FDCWD, SHUT_IN "/memory.swap.max", "0") && errno != ENOENT))
		return fail_errno(EXIT_SYSTEM, "Cannot set up %s", SHUT_IN);
	*fd = open(SHUT_IN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? fail_errno(EXIT_SYSTEM, "Cannot open %s", SHUT_IN) : 0;
}

int cgroup_create(uint32_t id, uint32_t base, int *fd, uint64_t *cgid)
{
	cleanup_free char *path = path_of(id, "");
	cleanup_free char *scope = path_of(id, "init.scope");
	struct stat st;
	int ret = make_parent();

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

int cgroup_open(uint32_t id, int *fd)
{
	cleanup_free char *path = path_of(id, "");

	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot open %s", path);
	return 0;
}

int cgroup_id(uint32_t id, uint64_t *cgid)
{
	cleanup_free char *path = path_of(id, "");
	struct stat st;

	if (stat(path, &st))
		return fail_errno(EXIT_SYSTEM, "Cannot look at %s", path);
	*cgid = st.st_ino;
	return 0;
}

int cgroup_list(uint32_t **ids, size_t *count)
{
	cleanup_dir DIR *dir = opendir(CGROUP_PARENT);
	struct dirent *de;

	*ids = NULL;
	*count = 0;
	if (!dir && errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot read %s", CGROUP_PARENT);
	while (dir && (de = readdir(dir))) {
		uint32_t id;

		if (de->d_type != DT_DIR || !parse_ctid(de->d_name, &id))
			continue;
		*ids = xrealloc(*ids, (*count + 1) * sizeof(**ids));
		(*ids)[(*count)++] = id;
	}
	return 0;
}

static void each_in(const char *group, void (*look)(pid_t pid, void *arg), void *arg)
{
	cleanup_free char *path = xasprintf("%s/cgroup.procs", group);
	cleanup_file FILE *f = fopen(path, "re");
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1)
		look(pid, arg);
}

/* Of that name, and the host's: its root cannot make such a group, nor join it. */
static bool is_visitors(const FTSENT *ent)
{
	return ent->fts_level == 1 && ent->fts_statp->st_uid == 0 &&
	       strncmp(ent->fts_name, EXEC_GROUP, strlen(EXEC_GROUP)) == 0;
}

void cgroup_each_process(uint32_t id, bool visitors, void (*look)(pid_t pid, void *arg), void *arg)
{
	cleanup_free char *path = path_of(id, "");
	char *const roots[] = { path, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *ent;

	while (fts && (ent = fts_read(fts)))
		if (ent->fts_info == FTS_D && (visitors || !is_visitors(ent)))
			each_in(ent->fts_accpath, look, arg);
	if (fts)
		fts_close(fts);
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
 * This one is not delegated, so that all in it are visitors. The container's root may
 * move them elsewhere, and freeze them there. He may remove it and put one of his own
 * there: another is used.
 */
int cgroup_join_exec(uint32_t id, pid_t pid)
{
	for (unsigned int i = 0; i < MAX_EXEC_GROUPS; i++) {
		cleanup_free char *name = i ? xasprintf(EXEC_GROUP ".%u", i) :
					      xstrdup(EXEC_GROUP);
		cleanup_free char *path = path_of(id, name);
		struct stat st;

		if (mkdir(path, 0755) && errno != EEXIST)
			return fail_errno(EXIT_SYSTEM, "Cannot make %s", path);
		if (lstat(path, &st) == 0 && st.st_uid == 0)
			return join(path, pid);
	}
	return fail(EXIT_SYSTEM, "Container %u has taken all cgroups for visitors", id);
}

static int set(const char *path, const char *text)
{
	if (write_file_at(AT_FDCWD, path, text))
		return fail_errno(EXIT_LIMITS, "Cannot write \"%s\" to %s", text, path);
	return 0;
}

int cgroup_set(uint32_t id, const char *file, const char *text)
{
	cleanup_free char *path = path_of(id, file);

	return set(path, text);
}

int cgroup_set_all(const char *file, const char *text)
{
	cleanup_free char *path = xasprintf(CGROUP_PARENT "/%s", file);

	return set(path, text);
}

char *cgroup_inherited(const char *file)
{
	cleanup_free char *path = xasprintf(CGROUP_PARENT "/%s.effective", file);

	return read_file(path, 4096);
}

bool cgroup_has(uint32_t id, const char *file)
{
	cleanup_free char *path = path_of(id, file);

	return access(path, F_OK) == 0;
}

int cgroup_note(uint32_t id, const char *what, uint32_t n)
{
	cleanup_free char *path = path_of(id, "");

	if (n ? setxattr(path, what, &n, sizeof(n), 0) :
		removexattr(path, what) && errno != ENODATA)
		return fail_errno(EXIT_LIMITS, "Cannot note %s at %s", what, path);
	return 0;
}

uint32_t cgroup_noted(uint32_t id, const char *what)
{
	cleanup_free char *path = path_of(id, "");
	uint32_t n;

	return getxattr(path, what, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

bool cgroup_number(uint32_t id, const char *file, uint64_t *out)
{
	cleanup_free char *text = cgroup_text(id, file);

	return text && parse_line_number(text, out);
}

char *cgroup_text(uint32_t id, const char *file)
{
	cleanup_free char *path = path_of(id, file);

	return read_file(path, 65536);
}

bool cgroup_find(const char *text, const char *key, uint64_t *out)
{
	size_t len = strlen(key);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, key, len) == 0 && text[len] == ' ')
			return parse_line_number(text + len + 1, out);
	}
	return false;
}

uint64_t cgroup_memory(const char *path)
{
	cleanup_free char *stat_path = xasprintf("%s/memory.stat", path);
	cleanup_free char *swap_path = xasprintf("%s/memory.swap.current", path);
	cleanup_free char *stat = read_file(stat_path, 65536);
	cleanup_free char *swapped = read_file(swap_path, 64);
	uint64_t anon = 0, shmem = 0, swap = 0;

	cgroup_find(stat, "anon", &anon);
	cgroup_find(stat, "shmem", &shmem);
	/* a kernel that does not account swap has no such file */
	if (swapped)
		parse_line_number(swapped, &swap);
	return anon + shmem + swap;
}

/* Wait until its cgroup.events has @line: 1 when time is over. */
static int wait_event(uint32_t id, const char *line, int64_t timeout_ms)
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
		bool behind = reap_left();

		n = pread(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			return errno == ENODEV ? 0 :
				fail_errno(EXIT_SYSTEM, "Cannot read %s", path);
		text[n] = '\0';
		if (strstr(text, line))
			return 0;
		left = end - now_ms();
		if (left <= 0)
			return 1;
		poll(&pfd, 1, behind && left > 50 ? 50 : left);
	}
}

int cgroup_wait_empty(uint32_t id, int64_t timeout_ms)
{
	int ret = wait_event(id, "populated 0", timeout_ms);

	return ret == 1 ? fail(EXIT_STOP, "Processes of container %u do not end", id) : ret;
}

bool cgroup_frozen(uint32_t id)
{
	uint64_t n;

	return cgroup_number(id, "cgroup.freeze", &n) && n;
}

int cgroup_freeze(uint32_t id, bool freeze)
{
	int status = freeze ? EXIT_PAUSE : EXIT_UNPAUSE, ret;

	if (cgroup_set(id, "cgroup.freeze", freeze ? "1" : "0"))
		return fail_wrap(status, "Cannot %s container %u", freeze ? "freeze" : "thaw", id);
	ret = wait_event(id, freeze ? "frozen 1" : "frozen 0", FREEZE_TIMEOUT_MS);
	if (ret != 1)
		return ret;
	if (freeze)
		cgroup_set(id, "cgroup.freeze", "0");
	return fail(status, "Processes of container %u do not %s", id, freeze ? "freeze" : "thaw");
}

int cgroup_wait_frozen(uint32_t id)
{
	int ret = wait_event(id, "frozen 1", KILL_TIMEOUT_MS);

	return ret == 1 ? fail(EXIT_PAUSE, "Processes of container %u do not freeze", id) : ret;
}

static void lift_rates_of(const char *path)
{
	cleanup_free char *file = xasprintf("%s/io.max", path);
	cleanup_free char *text = read_file(file, 1 << 16);
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		cleanup_free char *none = NULL;

		if (!*line)
			continue;
		none = xasprintf("%.*s rbps=max wbps=max riops=max wiops=max",
				 (int)strcspn(line, " "), line);
		write_file_at(AT_FDCWD, file, none);
	}
}

/*
 * What they wrote last goes to disk as slowly as their limits say, and they end after that; so does
 * the umount of their files. A container's root may have set some below. Best effort: it is late
 * without.
 */
static void lift_rates(const char *path)
{
	char *const roots[] = { (char *)path, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *ent;

	while (fts && (ent = fts_read(fts)))
		if (ent->fts_info == FTS_D)
			lift_rates_of(ent->fts_accpath);
	if (fts)
		fts_close(fts);
}

int cgroup_kill(uint32_t id)
{
	cleanup_free char *path = path_of(id, "");
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (write_file_at(fd, "cgroup.kill", "1"))
		return fail_errno(EXIT_STOP, "Cannot kill the processes of container %u", id);
	lift_rates(path);
	return cgroup_wait_empty(id, KILL_TIMEOUT_MS);
}

int cgroup_remove_at(const char *path)
{
	char *const roots[] = { (char *)path, NULL };
	FTSENT *ent;
	FTS *fts;
	int ret = 0;

	if (access(path, F_OK))
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

int cgroup_remove(uint32_t id)
{
	cleanup_free char *path = path_of(id, "");

	return cgroup_remove_at(path);
}
