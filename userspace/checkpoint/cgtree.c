// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgtree.h"
#include "cleanup.h"
#include "error.h"
#include "stage.h"
#include "util.h"

/*
 * Lines; no name of a group has a newline. All after a "d" is about that group, which is
 * named from the container's own on, parents before children:
 *
 *	d system.slice/cron.service
 *	o UID GID FILE			not root's; "." is the group itself
 *	s cpu memory			subtree_control
 *	l FILE VALUE			of files with several lines each
 *	h FILE VALUE			the same, for who lifts it: it is not restored from here
 */
#define FILE_NAME	"cgroups"

/* What a container's systemd or the tool may have set; a kernel may lack any of them. */
static const char *const limits[] = {
	"cgroup.max.depth", "cgroup.max.descendants",
	"cpu.idle", "cpu.max", "cpu.max.burst", "cpu.uclamp.max", "cpu.uclamp.min",
	"cpu.weight", "cpuset.cpus", "cpuset.mems", "io.max", "io.weight",
	"memory.high", "memory.low", "memory.max", "memory.min", "memory.oom.group",
	"memory.swap.high", "memory.swap.max", "memory.zswap.max", "memory.zswap.writeback",
	"pids.max",
};

static void record_owner(FILE *f, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_uid || st.st_gid))
		fprintf(f, "o %u %u %s\n", st.st_uid, st.st_gid, name);
}

static void record_owners(FILE *f, int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *de;

	record_owner(f, fd, ".");
	while (dir && (de = readdir(dir)))
		if (de->d_type == DT_REG)
			record_owner(f, fd, de->d_name);
}

static void record_lines(FILE *f, char kind, int dir, const char *name)
{
	cleanup_free char *text = read_file_at(dir, name, 65536);
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			fprintf(f, "%c %s %s\n", kind, name, line);
}

static int record_group(FILE *f, const char *path, const char *name)
{
	cleanup_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *controllers = NULL;

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	fprintf(f, "d %s\n", name);
	record_owners(f, dir);
	controllers = read_file_at(dir, "cgroup.subtree_control", 4096);
	if (controllers)
		controllers[strcspn(controllers, "\n")] = '\0';
	if (controllers && *controllers)
		fprintf(f, "s %s\n", controllers);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		/* names the disk of its files: see meta.h */
		bool own_disk = strcmp(name, ".") == 0 && strcmp(limits[i], "io.max") == 0;

		record_lines(f, own_disk ? 'h' : 'l', dir, limits[i]);
	}
	return 0;
}

static int record_all(FILE *f, char *path)
{
	char *const roots[] = { path, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	size_t len = strlen(path);
	FTSENT *ent;
	int ret = fts ? 0 : -1;

	while (!ret && fts && (ent = fts_read(fts)))
		if (ent->fts_info == FTS_D)
			ret = record_group(f, ent->fts_path, ent->fts_pathlen > len ?
					   ent->fts_path + len + 1 : ".");
	if (fts)
		fts_close(fts);
	return ret;
}

/* Nobody has set the file of such a @line again. */
static bool is_lifted(int dir, const char *line)
{
	cleanup_free char *name = xstrndup(line + 2, strcspn(line + 2, " "));
	cleanup_free char *text = read_file_at(dir, name, 65536);

	return text && (!*text || strncmp(text, "max", strlen("max")) == 0);
}

/*
 * What is lifted already, as was noted: after what there is of it now, so that it counts. A group
 * that was removed since is not made again.
 */
static void record_lifted(FILE *f, uint32_t id)
{
	cleanup_free char *note = stage_lifted(id);
	cleanup_file FILE *lifted = fopen(note, "re");
	cleanup_close int top = -1, dir = -1;
	cleanup_free char *line = NULL;
	size_t size = 0;

	while (lifted && (top >= 0 || cgroup_open(id, &top) == 0) &&
	       getline(&line, &size, lifted) > 1) {
		if (line[0] != 'd') {
			if (dir >= 0 && is_lifted(dir, line))
				fputs(line, f);
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		if (dir >= 0)
			close(dir);
		dir = openat(top, line + 2, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0)
			fprintf(f, "%s\n", line);
	}
}

int cgtree_record(uint32_t id, int images)
{
	cleanup_free char *path = cgroup_path(id);
	int fd = openat(images, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	int bad = f ? record_all(f, path) : -1;

	if (f && !bad)
		record_lifted(f, id);
	if (f && (ferror(f) | fclose(f)))
		bad = -1;
	return bad ? fail_errno(EXIT_PAUSE, "Cannot record the cgroups of container %u", id) : 0;
}

static FILE *open_record(int images)
{
	int fd = openat(images, FILE_NAME, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

/* For each line of @f, which is closed then, call @apply, with the group's directory. */
static int each_line_of(FILE *f, int top, int (*apply)(int *dir, int top, char kind, char *rest))
{
	cleanup_file FILE *record = f;
	cleanup_close int dir = -1;
	int ret = 0;
	cleanup_free char *line = NULL;
	size_t size = 0;

	if (!record)
		return fail_errno(EXIT_UNPAUSE, "There is no record of cgroups");
	while (!ret && getline(&line, &size, record) > 1) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == 'd') {
			if (dir >= 0)
				close(dir);
			dir = -1;
		}
		if (apply(&dir, top, line[0], line + 2))
			ret = fail_errno(EXIT_UNPAUSE, "Cannot restore the cgroups: %s", line);
	}
	return ret;
}

static int each_line(int top, int images,
		     int (*apply)(int *dir, int top, char kind, char *rest))
{
	return each_line_of(open_record(images), top, apply);
}

static int open_group(int *dir, int top, const char *name)
{
	*dir = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *dir < 0 ? -1 : 0;
}

/* What is there of it already; files of controllers are not, at first. */
static int give_owner(int dir, const char *rest)
{
	unsigned int uid, gid;
	int at = 0;

	if (sscanf(rest, "%u %u %n", &uid, &gid, &at) != 2 || !at || strchr(rest + at, '/')) {
		errno = EINVAL;
		return -1;
	}
	return fchownat(dir, rest + at, uid, gid, AT_SYMLINK_NOFOLLOW) && errno != ENOENT ? -1 : 0;
}

static int make(int *dir, int top, char kind, char *rest)
{
	if (kind == 'o')
		return give_owner(*dir, rest);
	if (kind != 'd')
		return 0;
	if (mkdirat(top, rest, 0755) && errno != EEXIST)
		return -1;
	return open_group(dir, top, rest);
}

static int delegate(int *dir, int top, char kind, char *rest)
{
	char *word;

	if (kind == 'd')
		return open_group(dir, top, rest);
	if (kind != 's')
		return 0;
	while ((word = strsep(&rest, " "))) {
		cleanup_free char *text = xasprintf("+%s", word);

		if (*word && write_file_at(*dir, "cgroup.subtree_control", text))
			return -1;
	}
	return 0;
}

static bool has_line(int dir, const char *name, const char *line)
{
	cleanup_free char *text = read_file_at(dir, name, 65536);
	char *rest = text, *one;

	while (rest && (one = strsep(&rest, "\n")))
		if (strcmp(one, line) == 0)
			return true;
	return false;
}

/* Disks and CPUs, which may be others here, or none. */
static bool names_hardware(const char *name)
{
	return strncmp(name, "io.", strlen("io.")) == 0 ||
	       strncmp(name, "cpuset.", strlen("cpuset.")) == 0;
}

/* Written only if it differs: some defaults are read as what cannot be written. */
static int limit(int *dir, int top, char kind, char *rest)
{
	char *value = strchr(rest, ' ');

	if (kind == 'd')
		return open_group(dir, top, rest);
	if (kind != 'l' || !value)
		return 0;
	*value++ = '\0';
	if (has_line(*dir, rest, value))
		return 0;
	/* another kernel may lack it */
	if (!write_file_at(*dir, rest, value) || errno == ENOENT)
		return 0;
	if (!names_hardware(rest) || (errno != ENODEV && errno != EINVAL && errno != ERANGE))
		return -1;
	warn("This host has not what a limit of the container's is for: %s %s", rest, value);
	return 0;
}

int cgtree_make(int top, int images)
{
	return each_line(top, images, make);
}

static int own(int *dir, int top, char kind, char *rest)
{
	if (kind == 'd')
		return open_group(dir, top, rest);
	return kind == 'o' ? give_owner(*dir, rest) : 0;
}

int cgtree_delegate(int top, int images)
{
	int ret = each_line(top, images, delegate);

	/* of the files that are new */
	return ret ? ret : each_line(top, images, own);
}

int cgtree_limit(int top, int images)
{
	return each_line(top, images, limit);
}

/* "l cpu.max 1000 100000" */
static bool holds_up(const char *line)
{
	static const char *const files[] = {
		"cpu.max ", "io.max ", "memory.high ", "memory.swap.high "
	};

	if (line[0] != 'l' && line[0] != 'h')
		return false;
	line += 2;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t len = strlen(files[i]);

		if (strncmp(line, files[i], len) == 0)
			return strncmp(line + len, "max", strlen("max")) != 0;
	}
	return false;
}

/* Of the record no more than what is lifted: NULL and errno, or "". */
static char *lines_to_lift(int images)
{
	cleanup_file FILE *f = open_record(images);
	cleanup_free char *group = NULL;
	cleanup_free char *line = NULL;
	size_t size = 0, written;
	char *text = NULL;
	FILE *out = f ? open_memstream(&text, &written) : NULL;

	if (!out)
		return NULL;
	while (getline(&line, &size, f) > 1) {
		if (line[0] == 'd') {
			free(group);
			group = xstrdup(line);
		} else if (holds_up(line)) {
			fprintf(out, "%s%s", group ? group : "", line);
			free(group);
			group = NULL;
		}
	}
	fclose(out);
	return text;
}

/* A group that was removed since is neither lifted nor put back. */
static int open_if_there(int *dir, int top, const char *name)
{
	return open_group(dir, top, name) && errno != ENOENT ? -1 : 0;
}

static int lift(int *dir, int top, char kind, char *rest)
{
	cleanup_free char *none = NULL;
	char *value;

	if (kind == 'd')
		return open_if_there(dir, top, rest);
	value = rest + strcspn(rest, " ");
	if (*value)
		*value++ = '\0';
	none = strcmp(rest, "io.max") != 0 ? xstrdup("max") :
	       xasprintf("%.*s rbps=max wbps=max riops=max wiops=max",
			 (int)strcspn(value, " "), value);
	return *dir < 0 || !write_file_at(*dir, rest, none) || errno == ENODEV ? 0 : -1;
}

int cgtree_lift(uint32_t id, int images)
{
	cleanup_free char *note = stage_lifted(id);
	cleanup_free char *text = lines_to_lift(images);
	cleanup_close int top = -1;
	int ret;

	if (text && !*text)
		return 0;
	if (!text)
		return fail_errno(EXIT_PAUSE, "The record of its cgroups cannot be read");
	if (stage_set_lifted(id, text))
		return EXIT_PAUSE;
	ret = cgroup_open(id, &top);
	if (!ret)
		ret = each_line_of(fopen(note, "re"), top, lift);
	return ret ? fail_wrap(EXIT_PAUSE, "Its limits cannot be lifted") : 0;
}

bool cgtree_lifted(uint32_t id)
{
	cleanup_free char *note = stage_lifted(id);

	return access(note, F_OK) == 0;
}

/* All that can be. */
static int put_back(int *dir, int top, char kind, char *rest)
{
	if (kind == 'd')
		return open_if_there(dir, top, rest);
	if (*dir >= 0 && limit(dir, top, 'l', rest))
		warn("A limit that was lifted for a dump cannot be set again: %s: %m", rest);
	return 0;
}

void cgtree_put_back(uint32_t id)
{
	cleanup_free char *why = xstrdup(error_text());
	cleanup_free char *note = stage_lifted(id);
	cleanup_close int top = -1;

	if (!cgtree_lifted(id))
		return;
	if (cgroup_exists(id) &&
	    (cgroup_open(id, &top) || each_line_of(fopen(note, "re"), top, put_back))) {
		warn("Limits that were lifted for a dump are not set again: %s", error_text());
		fail(0, "%s", why);
	}
	unlink(note);
}

static bool says(const char *group, const char *name, const char *word)
{
	cleanup_free char *path = xasprintf("%s/%s", group, name);
	cleanup_free char *text = read_file(path, 64);

	return text && strcmp(text, word) == 0;
}

static int check_group(const char *group)
{
	if (says(group, "cgroup.freeze", "1\n"))
		return fail(EXIT_PAUSE, "%s is frozen: thaw it in the container", group);
	if (says(group, "cgroup.type", "threaded\n"))
		return fail(EXIT_PAUSE, "%s is threaded, which cannot be restored: remove it in "
			    "the container", group);
	return 0;
}

static int thaw_group(const char *group)
{
	cleanup_free char *path = xasprintf("%s/cgroup.freeze", group);

	if (says(group, "cgroup.freeze", "1\n"))
		write_file_at(AT_FDCWD, path, "0");
	return 0;
}

static int each_below(uint32_t id, int (*look)(const char *group))
{
	cleanup_free char *path = cgroup_path(id);
	char *const roots[] = { path, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *ent;
	int ret = 0;

	while (!ret && fts && (ent = fts_read(fts)))
		if (ent->fts_info == FTS_D && ent->fts_level != FTS_ROOTLEVEL)
			ret = look(ent->fts_path);
	if (fts)
		fts_close(fts);
	return ret;
}

int cgtree_check(uint32_t id)
{
	return each_below(id, check_group);
}

void cgtree_thaw(uint32_t id)
{
	each_below(id, thaw_group);
}
