// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that can be seen on the host of container ID, and nothing that differs from run
 * to run: files, mounts, cgroup, BPF programs, entry in the registry, name, lock, network.
 *
 *	picture ID
 *
 * One program, because tests take thousands of pictures in emulated machines.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <netlink/genl/genl.h>

#include "../nl/nl.h"
#include "network.h"

#define STATE	"/var/lib/cloison"
#define CONF	"/etc/cloison/conf"
#define NAMES	"/etc/cloison/names"
#define CGROUP	"/sys/fs/cgroup/cloison"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const char *id;
static pid_t init;	/* of a container that runs */

/* The whole of a small file, "" if there is none. In a static buffer. */
static const char *content(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

/* What is in a staging area, or in one that is being removed, is removed whole. */
static bool is_staged(const char *path)
{
	return strstr(path, ".creating/fs") || strstr(path, ".destroyed");
}

static void walk(const char *path, bool files);

static void show(const char *path, bool files)
{
	struct stat st;

	if (lstat(path, &st) || (!files && !S_ISDIR(st.st_mode)))
		return;
	printf("%s %o %u %u", path, st.st_mode, st.st_uid, st.st_gid);
	if (S_ISREG(st.st_mode))
		printf(" %llu", (unsigned long long)st.st_size);
	putchar('\n');
	if (S_ISDIR(st.st_mode) && !is_staged(path))
		walk(path, files);
}

static void walk(const char *path, bool files)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);
	char below[4096];

	for (int i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, list[i]->d_name);
		/* tests look by exec, which makes its group if there is none */
		if (strcmp(list[i]->d_name, ".") && strcmp(list[i]->d_name, "..") &&
		    strcmp(list[i]->d_name, "cloison-exec"))
			show(below, files);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* What in directory @path begins with the id. */
static void named(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);
	char below[4096];

	for (int i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, list[i]->d_name);
		if (strncmp(list[i]->d_name, id, strlen(id)) == 0)
			show(below, true);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void names(void)
{
	struct dirent **list;
	int n = scandir(NAMES, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		printf("name %s\n", list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void cgroup(void)
{
	static const char *const files[] = { "memory.max", "pids.max", "cgroup.events" };
	char path[256];

	snprintf(path, sizeof(path), CGROUP "/%s", id);
	show(path, false);
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof(path), CGROUP "/%s/%s", id, files[i]);
		if (access(path, F_OK) == 0)
			printf("%s %s", files[i], content(path));
	}
}

/* How many programs of that kind are attached to a cgroup. */
static void programs(const char *what, const char *path, enum bpf_attach_type type)
{
	union bpf_attr query = { .query.attach_type = type };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	query.query.target_fd = fd;
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)) == 0)
		printf("%s %u\n", what, query.query.prog_cnt);
	close(fd);
}

static void filter_and_guards(void)
{
	char path[256];

	snprintf(path, sizeof(path), CGROUP "/%s", id);
	programs("device filters", path, BPF_CGROUP_DEVICE);
	programs("guards of settings", CGROUP, BPF_CGROUP_SYSCTL);
	programs("other guards", CGROUP, BPF_LSM_CGROUP);
}

static void mounts(void)
{
	char root[256], where[4096], options[256];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	snprintf(root, sizeof(root), STATE "/root/%s", id);
	while (f && fscanf(f, "%*s %*s %*s %*s %4095s %255s%*[^\n]", where, options) == 2)
		if (strcmp(where, root) == 0)
			printf("mount %s\n", options);
	if (f)
		fclose(f);
}

/* The name that the container has for its host. */
static void hostname(void)
{
	char path[64], name[65] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)init);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && setns(fd, CLONE_NEWUTS) == 0 && gethostname(name, sizeof(name) - 1) == 0)
		printf("hostname %s\n", name);
	if (fd >= 0)
		close(fd);
}

static void print_entry(struct nlmsghdr *hdr, void *arg)
{
	static const char *const states[] = { "created", "running", "dead" };
	struct nlattr *attr = nlmsg_find_attr(hdr, GENL_HDRLEN, CLOISON_A_CONTAINER);
	struct container c = {};

	if (attr)
		nl_parse_container(attr, &c);
	printf("entry %s\n", attr && c.state < 3 ? states[c.state] : "?");
	if (attr && c.state == CLOISON_STATE_RUNNING) {
		init = c.init;
		hostname();
	}
}

static void entry(void)
{
	struct nl_sock *sk = nl_open();
	struct nl_msg *msg = nl_request(CLOISON_CMD_GET, 0);

	if (nla_put_u32(msg, CLOISON_A_ID, atoi(id)))
		errx(3, "out of memory");
	/* an error is that there is none */
	nl_ask(sk, msg, print_entry, NULL);
	nl_socket_free(sk);
}

static void lock(void)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/cloison/lock/%s.lck", id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB))
		printf("locked\n");
}

int main(int argc, char **argv)
{
	char path[256];

	if (argc != 2)
		errx(2, "usage: picture ID");
	id = argv[1];
	named(CONF);
	snprintf(path, sizeof(path), CONF "/%s.conf", id);
	printf("%s", content(path));
	names();
	named(STATE "/private");
	/* a mount shows the private area again */
	snprintf(path, sizeof(path), STATE "/root/%s", id);
	printf("root %d\n", access(path, F_OK));
	cgroup();
	filter_and_guards();
	mounts();
	entry();
	lock();
	network(id, init);
	return 0;
}
