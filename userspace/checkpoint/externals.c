// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "devices.h"
#include "error.h"
#include "ethernet.h"
#include "meta.h"
#include "util.h"

#define MOUNTS_MAX	(4 << 20)
#define NODES		"/cloison/dev/"
#define VIEWS		"cloisonview"

/* What sources begin with that are no path, see meta.h. */
#define NODE		"node:"
#define ROOT		"root:"

/* One line of /proc/PID/mountinfo, see proc(5). */
struct mount_line {
	char *device, *root, *point, *type;
};

static bool parse(char *line, struct mount_line *m)
{
	char *tail = strstr(line, " - ");
	char *word;

	if (!tail)
		return false;
	*tail = '\0';
	tail += 3;
	m->type = strsep(&tail, " ");
	for (int i = 0; (word = strsep(&line, " ")); i++) {
		if (i == 2)
			m->device = word;
		else if (i == 3)
			m->root = word;
		else if (i == 4)
			m->point = word;
	}
	if (!m->root || !m->point)
		return false;
	unescape_mount(m->root);
	unescape_mount(m->point);
	return true;
}

static void add(struct externals *all, const char *point, char *name, char *source)
{
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	all->list[all->count++] = (struct external){ xstrdup(point), name, source };
}

/* The file system of @path: root may call things so in one of its own too. */
static bool is_on(const struct mount_line *m, const char *path)
{
	unsigned int ma, mi;
	struct stat st;

	return stat(path, &st) == 0 && sscanf(m->device, "%u:%u", &ma, &mi) == 2 &&
	       st.st_dev == makedev(ma, mi);
}

static void look_at(const struct container *ct, const struct mount_line *m,
		    struct externals *all)
{
	cleanup_free char *nodes = xasprintf(NODES "%u/", ct->id);
	const char *at = is_on(m, "/run/cloison") ? strstr(m->root, nodes) : NULL;

	if (strcmp(m->type, VIEWS) == 0)
		add(all, m->point, xasprintf("view.%s", m->root + 1),
		    xasprintf("/sys/fs/cloison/%s", m->root + 1));
	else if (at)
		add(all, m->point, xasprintf("node.%s", at + strlen(nodes)),
		    xasprintf(NODE "%s", at + strlen(nodes)));
}

/* What the host's action scripts mounted below VE_ROOT. */
static void look_at_host(const struct container *ct, const struct mount_line *m,
			 struct externals *all)
{
	size_t len = strlen(ct->root);

	if (strncmp(m->point, ct->root, len) == 0 && m->point[len] == '/')
		add(all, m->point + len, xasprintf("host.%zu", all->count),
		    xasprintf(ROOT "%s", m->point + len));
}

static int each_mount(const char *path, const struct container *ct, struct externals *all,
		      void (*look)(const struct container *ct, const struct mount_line *m,
				   struct externals *all))
{
	cleanup_free char *text = read_file(path, MOUNTS_MAX);
	char *rest = text, *line;

	if (!text)
		return fail_errno(EXIT_PAUSE, "Cannot read %s", path);
	while ((line = strsep(&rest, "\n"))) {
		struct mount_line m = {};

		if (parse(line, &m))
			look(ct, &m, all);
	}
	return 0;
}

static int find_node(uint32_t id, const struct device_set *set, const char *file)
{
	for (size_t i = 0; i < set->nodes_count; i++) {
		cleanup_free char *path = devnodes_path(id, &set->nodes[i]);

		if (strcmp(strrchr(path, '/') + 1, file) == 0)
			return i;
	}
	return -1;
}

/* The name of its node's file, if it is one. */
static const char *node_of(const struct external *e)
{
	return strncmp(e->source, NODE, strlen(NODE)) == 0 ? e->source + strlen(NODE) : NULL;
}

/* What the configuration gives is what there will be at the resume. */
static int check_nodes(const struct container *ct, const struct externals *all)
{
	cleanup_devices struct device_set set = {};
	int ret = devices_read(ct->conf, &set);

	if (ret)
		return fail_wrap(EXIT_PAUSE, "It could not be resumed");
	for (size_t i = 0; !ret && i < all->count; i++) {
		const char *file = node_of(&all->list[i]);

		if (file && find_node(ct->id, &set, file) < 0)
			ret = fail(EXIT_PAUSE, "The device on %s is no longer, or not yet, in the "
				   "configuration: umount it in the container, or set --devnodes",
				   all->list[i].point);
	}
	return ret;
}

int externals_find(const struct container *ct, pid_t init, struct externals *out)
{
	cleanup_free char *path = xasprintf("/proc/%d/mountinfo", (int)init);
	int ret;

	*out = (struct externals){};
	for (const char *const *d = device_names; *d; d++) {
		cleanup_free char *point = xasprintf("/dev/%s", *d);

		add(out, point, xstrdup(*d), xstrdup(point));
	}
	ret = each_mount(path, ct, out, look_at);
	if (!ret)
		ret = each_mount("/proc/self/mountinfo", ct, out, look_at_host);
	return ret ? ret : check_nodes(ct, out);
}

void externals_free(struct externals *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->list[i].point);
		free(all->list[i].name);
		free(all->list[i].source);
	}
	free(all->list);
	*all = (struct externals){};
}

char **externals_for_dump(const struct externals *all)
{
	char **words = xcalloc(all->count + 1, sizeof(*words));

	for (size_t i = 0; i < all->count; i++)
		words[i] = xasprintf("mnt[%s]:%s", all->list[i].point, all->list[i].name);
	return words;
}

char **externals_for_restore(const struct externals *all, const struct netifs *links,
			     uint32_t id)
{
	char **words = xcalloc(all->count + links->count + 1, sizeof(*words));

	for (size_t i = 0; i < all->count; i++) {
		const struct external *e = &all->list[i];

		words[i] = *e->source == '/' ?
			   xasprintf("mnt[%s]:%s", e->name, e->source) :
			   xasprintf("mnt[%s]:" CRIU_MOUNTS "/%s", e->name, e->name);
	}
	for (size_t i = 0; i < links->count; i++) {
		cleanup_free char *waiting = ethernet_waiting(id, i);

		words[all->count + i] = xasprintf("netdev[%s]:%s", links->list[i].ifname, waiting);
	}
	return words;
}

static int open_node(uint32_t id, const struct devnodes *nodes, const char *file)
{
	int i = find_node(id, nodes->set, file);

	if (i >= 0)
		return fcntl(nodes->mounts[i], F_DUPFD_CLOEXEC, 0);
	errno = ENODEV;
	return -1;
}

/*
 * It was the container's to change what is on the way: only what is mounted right there. What is
 * mounted on that later is not to be seen where the host has it.
 */
static int open_below(const char *path, const char *point)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	};
	cleanup_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = root < 0 ? -1 :
			       syscall(SYS_openat2, root, point + 1, &how, sizeof(how));
	struct mount_attr private = { .propagation = MS_PRIVATE };
	cleanup_close int mnt = -1;
	struct statx stx;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, 0, &stx))
		return -1;
	if (!(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
		errno = EINVAL;
		return -1;
	}
	mnt = open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (mnt < 0 || mount_setattr(mnt, "", AT_EMPTY_PATH, &private, sizeof(private)))
		return -1;
	return take_fd(&mnt);
}

/* A device is wherever the container mounted it, under one name. */
static bool is_named(const struct criu_mount *mounts, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(mounts[i].name, name) == 0)
			return true;
	return false;
}

int externals_open(const struct externals *all, const struct container *ct,
		   const struct devnodes *nodes, struct criu_mount **mounts, size_t *count)
{
	*mounts = xcalloc(all->count + 1, sizeof(**mounts));
	*count = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct external *e = &all->list[i];
		const char *node = node_of(e);
		int fd;

		if (*e->source == '/' || is_named(*mounts, *count, e->name))
			continue;
		fd = node ? open_node(ct->id, nodes, node) :
			    open_below(ct->root, e->source + strlen(ROOT));
		if (fd < 0)
			return fail_errno(node ? EXIT_DEVICES : EXIT_MOUNT,
					  "Cannot have again what was mounted on %s", e->point);
		(*mounts)[(*count)++] = (struct criu_mount){ fd, xstrdup(e->name) };
	}
	return 0;
}

void externals_close(struct criu_mount *mounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		close(mounts[i].mount);
		free(mounts[i].name);
	}
	free(mounts);
}

void words_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}
