// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/cleanup.h"
#include "../lib/error.h"
#include "../lib/rootfs.h"
#include "../lib/shut_in.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "../storage/layout.h"
#include "files.h"
#include "status.h"

/* Exit statuses of rsync(1) */
#define RSYNC_PARTIAL	23	/* something could not be read or written */
#define RSYNC_VANISHED	24	/* something went away while it looked */

#define ARGUMENTS_MAX	64
#define MESSAGE_MAX	4096

/* A detached mount of its files. What runs may change them by that which it has. */
static int mount_of(const struct container *ct)
{
	if (ct->layout == &layout_dir)
		return rootfs_detach(ct->fs);
	return container_mounted(ct) ? rootfs_detach_alone(ct->root) : ct->layout->mount(ct);
}

int files_spawn(const struct container *ct, uint32_t base, const char *const argv[], int in,
		int out, int keep, pid_t *pid)
{
	cleanup_close int dir = mount_of(ct);

	return dir < 0 || shut_in_start(&(struct shut_in){
		.argv = argv, .dir = dir, .base = base, .stdio = { in, out }, .keep = keep,
		.status = MIGRATE_COPY,
	}, pid) ? MIGRATE_COPY : 0;
}

int files_spawn_piped(const struct container *ct, uint32_t base, const char *const argv[],
		      int *from, int *to, pid_t *pid)
{
	int in[2], out[2], ret;

	if (pipe2(in, O_CLOEXEC))
		return fail_errno(MIGRATE_COPY, "Cannot make a pipe");
	if (pipe2(out, O_CLOEXEC)) {
		close(in[0]);
		close(in[1]);
		return fail_errno(MIGRATE_COPY, "Cannot make a pipe");
	}
	ret = files_spawn(ct, base, argv, in[0], out[1], -1, pid);
	close(in[0]);
	close(out[1]);
	*from = out[0];
	*to = in[1];
	if (!ret)
		return 0;
	close(out[0]);
	close(in[1]);
	*from = *to = -1;
	return ret;
}

/*
 * rsync calls a program for the way to the other host. Ours hands its input and output,
 * and what it was to run there, to the tool, and is done when the tool is.
 */
int files_pipe(int argc, char **argv)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = {};
	int fds[2] = { STDIN_FILENO, STDOUT_FILENO };
	char text[MESSAGE_MAX];
	struct iovec iov = { .iov_base = text };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			     .msg_controllen = sizeof(control.space) };
	uint64_t line;

	/* LINE HOST rsync --server ... */
	if (argc < 5 || !parse_number(argv[1], 3, 1 << 20, &line))
		return MIGRATE_USAGE;
	for (int i = 4; i < argc; i++) {
		size_t len = strlen(argv[i]) + 1;

		if (iov.iov_len + len > sizeof(text))
			return MIGRATE_USAGE;
		memcpy(text + iov.iov_len, argv[i], len);
		iov.iov_len += len;
	}
	control.hdr.cmsg_level = SOL_SOCKET;
	control.hdr.cmsg_type = SCM_RIGHTS;
	control.hdr.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&control.hdr), fds, sizeof(fds));
	if (sendmsg(line, &mh, MSG_NOSIGNAL) < 0)
		return MIGRATE_CONNECT;
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	return read(line, text, 1) == 0 ? 0 : MIGRATE_CONNECT;
}

/* The other side of it: *@request is what it was to run, as the target takes it. */
static int hear_pipe(int line, int fds[2], json_t **request)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = {};
	char text[MESSAGE_MAX + 1];
	struct iovec iov = { text, MESSAGE_MAX };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			     .msg_controllen = sizeof(control.space) };
	json_t *args = json_array();
	ssize_t n;

	do
		n = recvmsg(line, &mh, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0 || control.hdr.cmsg_len != CMSG_LEN(2 * sizeof(int)) ||
	    control.hdr.cmsg_type != SCM_RIGHTS) {
		json_decref(args);
		return fail(MIGRATE_COPY, "rsync did not start; is it installed?");
	}
	memcpy(fds, CMSG_DATA(&control.hdr), 2 * sizeof(int));
	text[n] = '\0';
	for (char *p = text; p < text + n; p += strlen(p) + 1)
		json_array_append_new(args, json_string(p));
	*request = json_pack("{s:o}", "args", args);
	return 0;
}

static bool good_enough(int status, bool final)
{
	return !status || status == RSYNC_VANISHED || (!final && status == RSYNC_PARTIAL);
}

static int judge(int ours, int theirs, bool final)
{
	if (good_enough(ours, final) && good_enough(theirs, final))
		return 0;
	return fail(MIGRATE_COPY, "Files were not copied: rsync's status is %d here and %d there",
		    ours, theirs);
}

/* The target is told, and starts its own. */
static int connect_ends(struct channel *ch, int line, const struct moment *since, int fds[2])
{
	json_t *request = NULL;
	int ret = hear_pipe(line, fds, &request);

	if (ret)
		return ret;
	json_object_set_new(request, "since", json_integer(since ? since->seconds : 0));
	ret = channel_ask(ch, "files", request);
	if (ret) {
		close(fds[0]);
		close(fds[1]);
	}
	return ret;
}

/* Both rsyncs run, and are done with. */
static int finish(struct channel *ch, int line, const int fds[2], pid_t pid, struct moment *since)
{
	cleanup_json json_t *reply = NULL;
	int ours, theirs, ret = channel_tunnel(ch, fds[0], fds[1]);

	if (!ret)
		ret = channel_wait(ch, &reply);
	if (ret)
		kill(pid, SIGKILL);
	/* lets files_pipe() go, and so rsync */
	shutdown(line, SHUT_RDWR);
	ours = shut_in_wait(pid);
	theirs = json_integer_value(json_object_get(reply, "rsync"));
	if (since && (ours == RSYNC_PARTIAL || theirs == RSYNC_PARTIAL))
		since->missed = true;
	return ret ? ret : judge(ours, theirs, !since);
}

/* rsync with its end of *@line. */
static int start(const struct container *ct, uint32_t base, const char *options, int names,
		 int *line, pid_t *pid)
{
	cleanup_close int ours = -1, theirs = -1;
	cleanup_free char *shell = NULL;
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int ends[2], ret;

	if (n < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return fail_errno(MIGRATE_COPY, "Cannot make a socket pair");
	self[n] = '\0';
	ours = ends[0];
	theirs = ends[1];
	shell = xasprintf("--rsh=%s migrate-pipe %d", self, theirs);
	{
		const char *const argv[] = {
			"rsync", options, "--numeric-ids", "--delete",
			/* made anew at each start */
			"--exclude=/dev/*", "--from0", shell, ".", "target:.",
			names < 0 ? NULL : "--files-from=-", NULL
		};

		ret = files_spawn(ct, base, argv, names, -1, theirs, pid);
	}
	if (!ret)
		*line = take_fd(&ours);
	return ret;
}

/* Both rsyncs with their ends, of @names, or all if it is -1. */
static int begin(struct channel *ch, const struct container *ct, uint32_t base,
		 const char *options, int names, const struct moment *since, int *line,
		 int fds[2], pid_t *pid)
{
	int ret = start(ct, base, options, names, line, pid);

	if (ret)
		return ret;
	ret = connect_ends(ch, *line, since, fds);
	if (ret) {
		close(*line);
		kill(*pid, SIGKILL);
		shut_in_wait(*pid);
	}
	return ret;
}

static int pass(struct channel *ch, const struct container *ct, uint32_t base,
		const char *options, int names, struct moment *since)
{
	int line, fds[2], ret;
	pid_t pid;

	ret = begin(ch, ct, base, options, names, since, &line, fds, &pid);
	if (ret)
		return ret;
	ret = finish(ch, line, fds, pid, since);
	close(line);
	return ret;
}

int files_send(struct channel *ch, const struct container *ct, uint32_t base,
	       struct moment *since, bool first)
{
	/* an overlay begins with the template's files, which may be another build's there */
	bool compare = first && ct->layout == &layout_overlay;

	return pass(ch, ct, base, compare ? "-aHAXSc" : "-aHAXS", -1, since);
}

#define LAST_OPTIONS	"-aHAXS"
#define NAMES_ROOM	(1 << 20)	/* bytes; with more of them that is no matter */

int files_prepare(struct channel *ch, const struct container *ct, uint32_t base,
		  const struct moment *since, struct last_pass *last)
{
	int names[2], fds[2], ret;

	ret = changed_prepare(ct, base, since, &last->search);
	if (ret)
		return ret;
	if (pipe2(names, O_CLOEXEC))
		return fail_errno(MIGRATE_COPY, "Cannot make a pipe");
	fcntl(names[1], F_SETPIPE_SZ, NAMES_ROOM);
	ret = begin(ch, ct, base, LAST_OPTIONS, names[0], NULL, &last->line, fds, &last->pid);
	close(names[0]);
	if (ret) {
		close(names[1]);
		return ret;
	}
	last->names = names[1];
	last->from = fds[0];
	last->to = fds[1];
	return 0;
}

/* With @names, which have room in the pipe; with none if it is -1. */
static int finish_last(struct channel *ch, struct last_pass *last, int names)
{
	int fds[2] = { last->from, last->to }, ret;
	bool told = true;
	off_t at = 0;
	struct stat st = {};

	if (names >= 0)
		told = fstat(names, &st) == 0;
	/* not until it says that this was all: it waits for room in the pipe to say so */
	while (told && at < st.st_size)
		told = sendfile(last->names, names, &at, st.st_size - at) > 0;
	/* what it has may look like all there is */
	if (!told)
		kill(last->pid, SIGKILL);
	close(last->names);
	last->names = 0;
	ret = finish(ch, last->line, fds, last->pid, NULL);
	close(last->line);
	return ret || told ? ret : fail(MIGRATE_COPY, "rsync was not told what has changed");
}

static bool has_room(int pipe, int names)
{
	struct stat st;

	return fstat(names, &st) == 0 && st.st_size <= fcntl(pipe, F_GETPIPE_SZ);
}

/* The error stays. */
void files_forget(struct channel *ch, struct last_pass *last)
{
	cleanup_free char *why = xstrdup(error_text());

	changed_forget(&last->search);
	if (last->names)
		finish_last(ch, last, -1);
	error_clear();
	if (*why)
		fail(0, "%s", why);
}

int files_send_changed(struct channel *ch, const struct container *ct, uint32_t base,
		       const struct moment *since, bool again, struct last_pass *last)
{
	cleanup_close int names = -1, contents = -1;
	int ret = changed_find(ct, base, since, &last->search, &names, &contents);

	if (!ret && last->names && names >= 0 && contents < 0 && !again &&
	    has_room(last->names, names))
		return finish_last(ch, last, names);
	files_forget(ch, last);
	/* first: the times of directories are changed by that */
	if (!ret && contents >= 0 && !again)
		ret = pass(ch, ct, base, "-aHAXSc", contents, NULL);
	return ret ? ret : pass(ch, ct, base, again ? "-aHAXSc" : LAST_OPTIONS, names, NULL);
}

/* No second dash: a bundle of short ones, and what -e says of versions. */
#define SHORT_OPTIONS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789."

/* What the source's rsync wants to be run here. It is shut in, but need not be anything. */
static int read_arguments(const json_t *request, const char *argv[ARGUMENTS_MAX + 2])
{
	static const char *const allowed[] = { "--server", "--numeric-ids", "--delete",
					       "--delete-during", "--no-r", "." };
	json_t *args = json_object_get(request, "args"), *one;
	size_t i, n = 0;

	argv[n++] = "rsync";
	json_array_foreach(args, i, one) {
		const char *arg = json_string_value(one);
		bool good = arg && arg[0] == '-' && !arg[1 + strspn(arg + 1, SHORT_OPTIONS)];

		for (size_t k = 0; arg && k < ARRAY_SIZE(allowed); k++)
			good |= strcmp(arg, allowed[k]) == 0;
		if (!good || n > ARGUMENTS_MAX)
			return fail(MIGRATE_VERSION, "rsync's option %s is not known here",
				    arg ? arg : "");
		argv[n++] = arg;
	}
	argv[n] = NULL;
	if (n < 3 || strcmp(argv[1], "--server") != 0)
		return fail(MIGRATE_VERSION, "That is not for rsync");
	return 0;
}

/*
 * A file that has changed since the pass began can change once more after it was read and
 * have the same time then: the kernel sets that at the first write to a page that is mapped,
 * not at the next, and its clock has ticks. Such a copy gets a time that no such file has,
 * for the next pass not to take it for the same. (Before the pass pages were written to
 * disk: what is written after that is a first write.)
 */
static int distrust(const struct container *ct, uint32_t base, json_int_t since)
{
	cleanup_free char *than = xasprintf("@%lld", (long long)since);
	const char *const argv[] = {
		"find", ".", "-xdev", "-type", "f", "-newermt", than, "-execdir",
		"touch", "--no-create", "--date=@0", "--", "{}", "+", NULL
	};
	pid_t pid;
	int ret = files_spawn(ct, base, argv, -1, -1, -1, &pid);

	return ret || !shut_in_wait(pid) ? ret :
	       fail(MIGRATE_COPY, "What has changed meanwhile could not be marked");
}

int files_sync(const struct container *ct)
{
	cleanup_close int mnt = mount_of(ct);
	cleanup_close int root = mnt < 0 ? -1 :
				 openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (mnt < 0)
		return MIGRATE_COPY;
	if (root < 0 || syncfs(root) || sync_file_system(ct->private))
		return fail_errno(MIGRATE_COPY, "Cannot write %s to disk", ct->private);
	return 0;
}

int files_receive(struct channel *ch, const json_t *request, const struct container *ct,
		  uint32_t base)
{
	json_int_t since = json_integer_value(json_object_get(request, "since"));
	const char *argv[ARGUMENTS_MAX + 2];
	int from = -1, to = -1, status = read_arguments(request, argv), theirs, ret;
	cleanup_free char *why = NULL;
	pid_t pid = 0;

	if (!status)
		status = files_spawn_piped(ct, base, argv, &from, &to, &pid);
	why = xstrdup(error_text());
	/* the source's rsync speaks already, and hears the end if there is none here */
	ret = channel_tunnel(ch, from, to);
	if (ret && pid)
		kill(pid, SIGKILL);
	if (!pid)
		return ret ? ret : channel_answer(ch, status, why, NULL);
	theirs = shut_in_wait(pid);
	if (!ret && since)
		status = distrust(ct, base, since);
	/* need not be written while the container stands still, then */
	if (!ret && since && !status)
		status = files_sync(ct);
	return ret ? ret : channel_answer(ch, status, error_text(),
					  json_pack("{s:i}", "rsync", theirs));
}
