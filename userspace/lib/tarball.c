// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "rootfs.h"
#include "shut_in.h"
#include "tarball.h"
#include "terminal.h"
#include "util.h"

/* What is kept of a file's attributes. */
#define ATTRIBUTES	"--numeric-owner", "--acls", "--xattrs", "--xattrs-include=user.*", \
			"--xattrs-include=security.capability"

/* create takes the first of several with one name. */
const struct tarball_format tarball_formats[] = {
	{ ".tar", NULL, 257, 5, "ustar" },
	{ ".tar.zst", "--zstd", 0, 4, "\x28\xb5\x2f\xfd" },
	{ ".tar.xz", "--xz", 0, 6, "\3757zXZ" },
	{ ".tar.gz", "--gzip", 0, 2, "\x1f\x8b" },
	{ ".tar.bz2", "--bzip2", 0, 3, "BZh" },
};

const struct tarball_format *tarball_named(const char *file)
{
	size_t len = strlen(file);

	for (size_t i = 0; i < TARBALL_FORMATS; i++) {
		size_t n = strlen(tarball_formats[i].suffix);

		if (len > n && strcmp(file + len - n, tarball_formats[i].suffix) == 0)
			return &tarball_formats[i];
	}
	return NULL;
}

const struct tarball_format *tarball_format(int fd)
{
	char start[512] = "";

	if (pread(fd, start, sizeof(start), 0) < 0)
		return NULL;
	for (size_t i = 0; i < TARBALL_FORMATS; i++) {
		const struct tarball_format *f = &tarball_formats[i];

		if (memcmp(start + f->at, f->magic, f->length) == 0)
			return f;
	}
	return NULL;
}

static int start(int fd, int out, int mnt, uint32_t base, const char *const argv[], pid_t *pid)
{
	if (fd >= 0 && lseek(fd, 0, SEEK_SET))
		return fail_errno(EXIT_SYSTEM, "Cannot read the archive");
	return shut_in_start(&(struct shut_in){
		.argv = argv, .dir = mnt, .base = base, .stdio = { fd, out },
		.keep = -1, .status = EXIT_CREATE,
	}, pid);
}

static int start_in(int fd, int out, const char *dir, uint32_t base, const char *const argv[],
		    pid_t *pid)
{
	cleanup_close int mnt = rootfs_detach(dir);

	return mnt < 0 ? EXIT_MOUNT : start(fd, out, mnt, base, argv, pid);
}

static int end(pid_t pid, const char *what)
{
	return shut_in_wait(pid) ?
	       fail(EXIT_BAD_TEMPLATE, "Cannot %s; tar's messages are above", what) : 0;
}

int tarball_run(int fd, const char *dir, uint32_t base, const char *const argv[])
{
	pid_t pid;
	int ret = start_in(fd, -1, dir, base, argv, &pid);

	return ret ? ret : end(pid, "read the archive");
}

int tarball_unpack(int fd, const struct tarball_format *format, int mnt, uint32_t base,
		   const char *name, bool layer, const struct room *room)
{
	cleanup_free char *what = xasprintf("unpack %s", name);
	cleanup_free char *doing = xasprintf("Unpacking %s", name);
	const char *argv[24] = {
		"tar", "--extract", "--file=-", "--preserve-permissions", "--same-owner",
		ATTRIBUTES,
		/* /dev is made at each start; nodes in it could not be unpacked */
		"--anchored", "--exclude=./dev/*", "--exclude=dev/*", "--warning=no-timestamp",
	};
	bool left = true;
	size_t n = 0;
	pid_t tar;
	int ret;

	while (argv[n])
		n++;
	if (layer) {
		argv[n++] = "--no-anchored";
		argv[n++] = "--exclude=.wh.*";
	}
	argv[n] = format->option;
	ret = start(fd, -1, mnt, base, argv, &tar);
	if (ret)
		return ret;
	if (room)
		left = room_watch(room, tar, doing, fd);
	else
		progress_child(doing, tar, fd);
	ret = end(tar, what);
	return left ? ret : room_fail(what);
}

int tarball_list(int fd, const struct tarball_format *format, const char *dir, uint32_t base,
		 void (*found)(const char *path, void *arg), void *arg)
{
	const char *const argv[] = {
		"tar", "--list", "--file=-", "--quoting-style=literal", format->option, NULL
	};
	cleanup_file FILE *list = NULL;
	cleanup_free char *line = NULL;
	size_t size = 0;
	int ends[2], ret;
	ssize_t n;
	pid_t tar;

	if (pipe2(ends, O_CLOEXEC))
		return fail_errno(EXIT_SYSTEM, "Cannot make a pipe");
	list = fdopen(ends[0], "r");
	ret = start_in(fd, ends[1], dir, base, argv, &tar);
	close(ends[1]);
	if (ret)
		return ret;
	while ((n = getline(&line, &size, list)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		found(strncmp(line, "./", 2) == 0 ? line + 2 : line, arg);
	}
	return end(tar, "read the archive");
}

int tarball_pack(const char *dir, uint32_t base, const char *below, int to,
		 const struct room *room)
{
	const char *const argv[] = {
		"tar", "--create", "--file=-", "--zstd", "--sort=name", "--sparse", ATTRIBUTES,
		"--directory", below, ".", NULL
	};
	pid_t tar;
	int ret = start_in(-1, to, dir, base, argv, &tar);
	bool left;

	if (ret)
		return ret;
	left = room_watch(room, tar, "", -1);
	ret = end(tar, "pack the files");
	return left ? ret : room_fail("pack the files");
}
