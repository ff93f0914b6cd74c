// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "guest.h"
#include "util.h"

const char *const guest_init_environment[] = {
	"container=cloison",
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/",
	"TERM=linux",
	/* a watch on memory.pressure does not survive a checkpoint */
	"MEMORY_PRESSURE_WATCH=/dev/null",
	"NOTIFY_SOCKET=" GUEST_NOTIFY,
	NULL,
};

struct guest_file {
	const char *path;
	const char *text;	/* NULL: a link to /dev/null, which masks a unit */
};

#define UNITS	"run/systemd/system/"

/*
 * Each of these takes away something that CRIU (4.1) cannot dump or restore;
 * Documentation/checkpoint.rst says what each would break.
 */
static const struct guest_file files[] = {
	/* namespaces nested in the container's own; network and mount are fine */
	{ UNITS "service.d/50-cloison.conf",
	  "[Service]\n"
	  "ProtectHostname=no\nPrivateUsers=no\nPrivateIPC=no\nPrivatePIDs=no\n" },
	{ "run/systemd/system.conf.d/50-cloison.conf",
	  "[Manager]\nDefaultMemoryPressureWatch=off\n" },
	{ "run/systemd/user.conf.d/50-cloison.conf",
	  "[Manager]\nDefaultMemoryPressureWatch=off\n" },
	/* the (sd-pam) helper has an address space that cannot be restored */
	{ UNITS "user@.service.d/50-cloison.conf",
	  "[Service]\nPAMName=\n"
	  "Environment=XDG_RUNTIME_DIR=/run/user/%i MEMORY_PRESSURE_WATCH=/dev/null\n" },
	/* PrivateTmp=disconnected mounts a tmpfs that has no root we could find */
	{ UNITS "systemd-resolved.service.d/50-cloison.conf", "[Service]\nPrivateTmp=yes\n" },
	{ UNITS "systemd-timesyncd.service.d/50-cloison.conf", "[Service]\nPrivateTmp=yes\n" },
	/* file systems that cannot be dumped */
	{ UNITS "dev-hugepages.mount", NULL },
	{ UNITS "sys-kernel-config.mount", NULL },
	/* and those that a user namespace may not mount */
	{ UNITS "sys-fs-fuse-connections.mount", NULL },
};

/* /run is ours and empty still: no links to fear, but nothing may follow one. */
static int open_dir(int root, const char *path)
{
	cleanup_free char *copy = xstrdup(path);
	char *rest = copy, *name;
	int fd = dup(root), next;

	while (fd >= 0 && (name = strsep(&rest, "/"))) {
		if (!rest)
			return fd;
		if (mkdirat(fd, name, 0755) && errno != EEXIST)
			break;
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static int put(int root, const struct guest_file *file)
{
	const char *name = strrchr(file->path, '/') + 1;
	cleanup_close int dir = open_dir(root, file->path);
	cleanup_close int fd = -1;
	size_t len;

	if (dir < 0)
		return -1;
	if (!file->text)
		return symlinkat("/dev/null", dir, name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	len = strlen(file->text);
	return write(fd, file->text, len) == (ssize_t)len ? 0 : -1;
}

int guest_files(int root)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (put(root, &files[i]))
			return fail_errno(EXIT_START, "Cannot write /%s", files[i].path);
	return 0;
}
