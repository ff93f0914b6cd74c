// SPDX-License-Identifier: GPL-2.0-only
/*
 * tar and zstd as programs, as templates have them: the tool runs them anyway, they stream,
 * use another processor than we do, and a hole in them is none in the tool. coreutils'
 * sha256sum likewise. zstd has a checksum of its own, but that is only looked at as the
 * last bytes are unpacked.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "checkpoint.h"
#include "cleanup.h"
#include "error.h"
#include "terminal.h"
#include "util.h"

#define HEADER_SIZE	4096
#define HASH_SIZE	65

#define HEADER		"cloison state 1\nctid %u\ntoken %32s\nlength %" PRIu64 "\nsha256 %64s\n"
#define HEADER_READ	"cloison state %u\nctid %u\ntoken %32[0-9a-f]\nlength %" SCNu64 "\n" \
			"sha256 %64[0-9a-f]\n"
#define VERSION_NUMBER	1

/* tar's own default. */
#define NOT_PACKED	"--no-auto-compress"

/*
 * With these for its input and output. It ends with us. Its wait status, or -1. A person at a
 * terminal is told how far it is in @seen, one of them.
 */
static int filter(const char *const argv[], int in, int out, const char *what, int seen)
{
	pid_t tool = getpid(), pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid == 0) {
		if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) ||
		    getppid() != tool)
			_exit(127);
		execvp(argv[0], (char *const *)argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	progress_child(what, pid, seen);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

int checkpoint_pack(const char *images, int out, bool plain)
{
	const char *const argv[] = {
		"tar", "--create", "--file=-", "--directory", images,
		/* two thirds of what a small container has */
		"--exclude=./*.log",
		plain ? NOT_PACKED : "--use-compress-program=zstd -q -1 -T0", ".", NULL,
	};
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return filter(argv, null, out, "Packing the state", out) ?
	       fail(EXIT_PAUSE, "The images cannot be packed; tar's messages are above") : 0;
}

int checkpoint_unpack(int in, const char *images, bool plain)
{
	const char *const argv[] = {
		"tar", "--extract", "--file=-", "--directory", images,
		/* another host's clock may be ahead */
		"--no-same-owner", "--warning=no-timestamp",
		plain ? NOT_PACKED : "--use-compress-program=zstd -q", NULL,
	};

	return filter(argv, in, STDERR_FILENO, "Unpacking the state", in) ?
	       fail(EXIT_UNPAUSE, "The images cannot be unpacked; tar's messages are above") : 0;
}

void checkpoint_remove(const char *images)
{
	const char *const argv[] = { "rm", "-rf", "--one-file-system", "--", images, NULL };

	if (access(images, F_OK) == 0 && run_program(argv, -1))
		warn("Cannot remove all of %s", images);
}

/* Of what comes from @fd's position on. */
static int hash(int fd, char out[HASH_SIZE])
{
	static const char *const argv[] = { "sha256sum", "-b", NULL };
	int ends[2], bad;

	memset(out, 0, HASH_SIZE);
	if (pipe2(ends, O_CLOEXEC))
		return fail_errno(EXIT_SYSTEM, "Cannot make a pipe");
	/* less than a pipe holds */
	bad = filter(argv, fd, ends[1], "Checksum of the state", fd) ||
	      read(ends[0], out, HASH_SIZE - 1) != HASH_SIZE - 1;
	close(ends[0]);
	close(ends[1]);
	return bad ? fail(EXIT_SYSTEM, "sha256sum failed") : 0;
}

static int write_header(int fd, uint32_t id, const char *token)
{
	char header[HEADER_SIZE] = {}, sum[HASH_SIZE];
	struct stat st;
	int ret;

	if (lseek(fd, HEADER_SIZE, SEEK_SET) < 0 || fstat(fd, &st))
		return -1;
	ret = hash(fd, sum);
	if (ret)
		return ret;
	snprintf(header, sizeof(header), HEADER, id, token,
		 (uint64_t)st.st_size - HEADER_SIZE, sum);
	return pwrite(fd, header, sizeof(header), 0) == sizeof(header) ? 0 : -1;
}

char *archive_temporary(const char *path)
{
	return xasprintf("%s.tmp", path);
}

int archive_save(uint32_t id, const char *token, const char *images, const char *path)
{
	cleanup_free char *tmp = archive_temporary(path);
	cleanup_close int fd = -1;
	int ret;

	/* one that a killed command left */
	unlink(tmp);
	fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_errno(EXIT_PAUSE, "Cannot make %s", tmp);
	ret = lseek(fd, HEADER_SIZE, SEEK_SET) < 0 ? -1 : checkpoint_pack(images, fd, false);
	if (!ret)
		ret = write_header(fd, id, token);
	if (!ret)
		ret = fsync(fd);
	if (ret < 0)
		ret = fail_errno(EXIT_PAUSE, "Cannot write %s", tmp);
	if (ret)
		unlink(tmp);
	return ret;
}

int archive_name(const char *path)
{
	cleanup_free char *tmp = archive_temporary(path);
	int ret;

	if (!rename_synced(tmp, path))
		return 0;
	ret = fail_errno(EXIT_PAUSE, "Cannot write %s", path);
	unlink(tmp);
	return ret;
}

struct header {
	unsigned int version, owner;
	char token[TOKEN_SIZE], sum[HASH_SIZE];
	uint64_t length;	/* of what comes after it */
};

/* How many of these it has, in that order: version, owner, token, length, sum. */
static int read_header(int fd, struct header *h)
{
	char text[HEADER_SIZE + 1] = {};
	int fields = 0;

	if (read(fd, text, HEADER_SIZE) == HEADER_SIZE)
		fields = sscanf(text, HEADER_READ, &h->version, &h->owner, h->token, &h->length,
				h->sum);
	return fields;
}

bool archive_is(const char *path, const char *token)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct header h;

	return fd >= 0 && read_header(fd, &h) >= 3 && strcmp(h.token, token) == 0;
}

int archive_refuse_other(uint32_t id, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct header h;

	return fd < 0 || read_header(fd, &h) < 2 || h.owner == id ? 0 :
	       fail(EXIT_PAUSE, "%s is the state of container %u: choose another name", path,
		    h.owner);
}

static int bad_file(const char *path, const char *what)
{
	return fail(EXIT_UNPAUSE, "%s %s", path, what);
}

int archive_open(uint32_t id, const char *path, char token[TOKEN_SIZE], int *out)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char has[HASH_SIZE];
	struct header h;
	struct stat st;
	int fields, ret;

	if (fd < 0 || fstat(fd, &st))
		return fail_errno(EXIT_UNPAUSE, "Cannot open %s", path);
	/* it becomes processes of any id with any rights */
	if (!S_ISREG(st.st_mode) || st.st_uid || (st.st_mode & 022))
		return bad_file(path, "is not a file that only root can write");
	fields = read_header(fd, &h);
	if (fields < 1)
		return bad_file(path, "is not the state of a container, or the file is cut off");
	if (h.version != VERSION_NUMBER)
		return bad_file(path, "was written by another version of Cloison");
	if (fields != 5 || h.length != (uint64_t)st.st_size - HEADER_SIZE)
		return bad_file(path, "is damaged: it is not as long as it was written");
	if (h.owner != id)
		return fail(EXIT_UNPAUSE, "%s is the state of container %u", path, h.owner);
	ret = hash(fd, has);
	if (ret)
		return ret;
	if (strcmp(has, h.sum) != 0)
		return bad_file(path, "is damaged: its checksum is not what was written");
	if (lseek(fd, HEADER_SIZE, SEEK_SET) < 0)
		return fail_errno(EXIT_UNPAUSE, "Cannot read %s", path);
	memcpy(token, h.token, TOKEN_SIZE);
	*out = take_fd(&fd);
	return 0;
}
