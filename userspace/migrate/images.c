// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../checkpoint/checkpoint.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "images.h"
#include "status.h"

#define IMAGES_DIR	"/run/cloison/migrate"
#define SMALL_BYTES	(512 << 10)

char *images_path(uint32_t ctid, const char *name)
{
	return xasprintf(IMAGES_DIR "/%u/%s", ctid, name);
}

uint64_t images_room(void)
{
	return (host_meminfo("MemAvailable") + host_meminfo("SwapFree")) / 4 * 3;
}

/* False: there are none. */
static bool look_at_place(uint32_t ctid, struct statvfs *st)
{
	cleanup_free char *path = xasprintf(IMAGES_DIR "/%u", ctid);

	return statvfs(path, st) == 0;
}

uint64_t images_taken(uint32_t ctid)
{
	struct statvfs st;

	return look_at_place(ctid, &st) ? (uint64_t)(st.f_blocks - st.f_bfree) * st.f_frsize : 0;
}

/* For more of @ctid's, of which there are some; with @apart for other things. */
static uint64_t room_left(uint32_t ctid, uint64_t apart)
{
	uint64_t left = images_room(), place;
	struct statvfs st;

	left = left > apart ? left - apart : 0;
	place = look_at_place(ctid, &st) ? (uint64_t)st.f_bavail * st.f_frsize : 0;
	return left < place ? left : place;
}

/* Not in /run itself: that is small, and what the host cannot do without is there. */
static int make_place(const char *path)
{
	cleanup_free char *options = NULL;

	if (mkdir(path, 0755))
		return errno == EEXIST ? 0 : -1;
	/* 0 would be no limit */
	options = xasprintf("mode=0755,size=%" PRIu64, images_room() | 4096);
	if (mount("cloison", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) == 0)
		return 0;
	rmdir(path);
	return -1;
}

char *images_make(uint32_t ctid, const char *name)
{
	cleanup_free char *all = xasprintf(IMAGES_DIR "/%u", ctid);
	char *path = images_path(ctid, name);

	/* closed, but what is in it open: see checkpoint.h. From one they lead to another */
	if (mkdir_parents(IMAGES_DIR, 0700) == 0 && make_place(all) == 0 &&
	    mkdir(path, 0755) == 0)
		return path;
	fail_errno(MIGRATE_STOP, "Cannot make %s", path);
	free(path);
	return NULL;
}

void images_remove(uint32_t ctid)
{
	cleanup_free char *path = xasprintf(IMAGES_DIR "/%u", ctid);

	umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
	checkpoint_remove(path);
}

/* checkpoint_pack() or checkpoint_unpack() in a process of its own, which @fd is for. */
static pid_t spawn(int (*work)(const char *path, int fd, bool plain), const char *path, int fd,
		   int other, bool plain)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	close(other);
	if (work(path, fd, plain)) {
		error_print();
		_exit(1);
	}
	_exit(0);
}

static int unpack(const char *path, int fd, bool plain)
{
	return checkpoint_unpack(fd, path, plain);
}

static bool succeeded(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return status == 0;
}

/* They need no others. */
static bool are_whole(const char *path)
{
	cleanup_free char *parent = xasprintf("%s/parent", path);
	struct stat st;

	return lstat(parent, &st) != 0;
}

/* To compress them would take longer than to send them. (With logs, which are not sent.) */
static bool are_small(const char *path)
{
	cleanup_dir DIR *dir = opendir(path);
	uint64_t bytes = 0;
	struct dirent *de;
	struct stat st;

	while (dir && (de = readdir(dir)))
		if (fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			bytes += st.st_size;
	return dir && bytes <= SMALL_BYTES;
}

int images_send(struct channel *ch, uint32_t ctid, const char *name, bool plain, uint64_t *room)
{
	cleanup_free char *path = images_path(ctid, name);
	cleanup_json json_t *reply = NULL;
	json_int_t theirs;
	int ends[2], ret, there;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return fail_errno(MIGRATE_COPY, "Cannot make a pipe");
	plain = plain && are_small(path);
	pid = spawn(checkpoint_pack, path, ends[1], ends[0], plain);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return fail_errno(MIGRATE_COPY, "Cannot fork");
	}
	ret = channel_ask(ch, "images", json_pack("{s:s, s:b, s:b}", "name", name, "whole",
						  are_whole(path), "plain", plain));
	if (ret)
		close(ends[0]);
	else
		ret = channel_tunnel(ch, ends[0], -1);
	if (!succeeded(pid) && !ret)
		ret = fail(MIGRATE_COPY, "The container's state could not be packed");
	if (ret && ch->broken)
		return ret;
	there = channel_wait(ch, &reply);
	if (there)
		return there;
	*room = room_left(ctid, 0);
	theirs = json_integer_value(json_object_get(reply, "room"));
	if (theirs >= 0 && (uint64_t)theirs < *room)
		*room = theirs;
	return ret;
}

static bool good_name(const char *name)
{
	return name && *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

int images_receive(struct channel *ch, const json_t *request, uint32_t ctid, uint64_t apart)
{
	const char *name = json_string_value(json_object_get(request, "name"));
	cleanup_free char *path = NULL;
	int in[2] = { -1, -1 }, alive[2] = { -1, -1 }, ret;
	pid_t pid = -1;
	bool good;

	/* the rounds before it would take its room */
	if (json_is_true(json_object_get(request, "whole")))
		images_remove(ctid);
	path = good_name(name) ? images_make(ctid, name) : NULL;
	/* the second one ends when the process does, and so the tunnel */
	if (path && !pipe2(in, O_CLOEXEC) && !pipe2(alive, O_CLOEXEC))
		pid = spawn(unpack, path, in[0], in[1],
			    json_is_true(json_object_get(request, "plain")));
	if (in[0] >= 0)
		close(in[0]);
	if (alive[1] >= 0)
		close(alive[1]);
	ret = channel_tunnel(ch, alive[0], in[1]);
	good = pid > 0 && succeeded(pid);
	if (ret)
		return ret;
	return channel_answer(ch, good ? 0 : MIGRATE_COPY,
			      "The container's state could not be stored",
			      json_pack("{s:I}", "room", (json_int_t)room_left(ctid, apart)));
}
