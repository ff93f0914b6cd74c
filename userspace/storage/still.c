// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/fs.h>

#include "cgroup.h"
#include "error.h"
#include "layout.h"
#include "still.h"
#include "sync.h"
#include "util.h"

#define DIR_NAME	"/run/cloison/still"

/* What is to go on again, in the note. */
#define PROGRAMS	"programs\n"
#define FILES		"files\n"

struct still {
	int line;	/* to who lets them go on, -1: nobody */
	bool frozen;	/* the programs, by us: not those that were paused already */
};

static char *note_of(const struct container *ct)
{
	return xasprintf(DIR_NAME "/%u", ct->id);
}

/* Its own file system and no other: of the host's, all would stand still. */
static int open_own(const struct container *ct)
{
	cleanup_close int root = -1;
	struct stat st;

	if (!ct->layout->own_fs || !container_mounted(ct))
		return -1;
	root = open(ct->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (root < 0 || fstat(root, &st) || !ct->layout->own_fs(ct, st.st_dev))
		return -1;
	return take_fd(&root);
}

void still_sync(const struct container *ct)
{
	cleanup_close int root = open_own(ct);

	/* what cannot be written the freeze finds again, and says */
	if (root >= 0)
		syncfs(root);
}

static void hold(const struct container *ct, int root, int sync) __attribute__((noreturn));

/*
 * A process apart: it lets all go on when its line to us ends, however that comes. Until then
 * the container's lock is its too. Otherwise CRIU, which holds the lock and undoes what it did
 * in those files, would wait for it for ever; and a customer for the next command.
 */
static void hold(const struct container *ct, int root, int sync)
{
	setsid();
	if (root >= 0 && ioctl(root, FIFREEZE, 0))
		sync_die(sync, fail_errno(EXIT_PAUSE, "Cannot freeze the file system"));
	sync_tell(sync, NULL, 0);
	sync_wait(sync);
	/* also where the note is gone, as somebody else took this for settled */
	if (root >= 0)
		ioctl(root, FITHAW, 0);
	_exit(still_settle(ct));
}

static int start_holder(const struct container *ct, int root, int *line)
{
	static const struct timeval for_ever = {};
	int ends[2], ret = sync_pair(ends);
	pid_t pid;

	if (ret)
		return ret;
	/* a disk that is slow, or limited, takes long; and nobody in there can stop this one */
	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof(for_ever));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		hold(ct, root, ends[1]);
	}
	close(ends[1]);
	ret = pid < 0 ? fail_errno(EXIT_SYSTEM, "Cannot fork") : sync_hear(ends[0], NULL, 0);
	if (ret)
		close(ends[0]);
	else
		*line = ends[0];
	return ret;
}

static void release(const struct container *ct, int *line)
{
	cleanup_close int root = open_own(ct);
	char c;

	if (*line >= 0) {
		shutdown(*line, SHUT_WR);
		/* its end: they go on */
		while (recv(*line, &c, 1, 0) > 0 || errno == EINTR)
			errno = 0;
		close(*line);
		*line = -1;
	}
	/* he may have been killed too; if not, this fails */
	if (root >= 0)
		ioctl(root, FITHAW, 0);
}

static int end(const struct container *ct, struct still *still)
{
	cleanup_free char *note = note_of(ct);
	int ret = 0;

	release(ct, &still->line);
	if (still->frozen && cgroup_exists(ct->id))
		ret = cgroup_freeze(ct->id, false);
	still->frozen = false;
	if (!ret && unlink(note) && errno != ENOENT)
		ret = fail_errno(EXIT_SYSTEM, "Cannot remove %s", note);
	return ret;
}

static int begin(const struct container *ct, bool programs, struct still *still)
{
	cleanup_free char *note = note_of(ct);
	cleanup_close int root = open_own(ct);
	cleanup_free char *text = NULL;
	int ret = 0;

	still_sync(ct);
	*still = (struct still){
		.line = -1,
		.frozen = programs && cgroup_exists(ct->id) && !cgroup_frozen(ct->id),
	};
	if (!still->frozen && root < 0)
		return 0;
	text = xasprintf("%s%s", still->frozen ? PROGRAMS : "", root >= 0 ? FILES : "");
	if (mkdir_parents(DIR_NAME, 0700) || write_file_atomic(note, text, 0600))
		return fail_errno(EXIT_SYSTEM, "Cannot write %s", note);
	if (still->frozen)
		ret = cgroup_freeze(ct->id, true);
	if (!ret)
		ret = start_holder(ct, root, &still->line);
	if (ret) {
		cleanup_free char *why = xstrdup(error_text());

		end(ct, still);
		return fail(ret, "%s", why);
	}
	return 0;
}

int still_during(const struct container *ct, bool programs, int (*work)(void *arg), void *arg)
{
	struct still still;
	int ret = begin(ct, programs, &still);

	if (ret)
		return ret;
	ret = work(arg);
	/* what is said is why it failed first */
	if (ret) {
		cleanup_free char *why = xstrdup(error_text());

		if (end(ct, &still))
			warn("%s", error_text());
		return fail(ret, "%s", why);
	}
	return end(ct, &still);
}

static int copy_files(void *arg)
{
	const struct copy *copy = arg;

	return layout_of(copy->from)->copy(copy);
}

int still_copy(const struct container *source, bool programs, const struct copy *copy)
{
	return still_during(source, programs, copy_files, (void *)copy);
}

bool still_unsettled(const struct container *ct)
{
	cleanup_free char *note = note_of(ct);

	return access(note, F_OK) == 0;
}

int still_settle(const struct container *ct)
{
	cleanup_free char *note = note_of(ct);
	cleanup_free char *text = read_file(note, 64);

	if (!text)
		return 0;
	return end(ct, &(struct still){
		.line = -1, .frozen = strstr(text, PROGRAMS),
	});
}
