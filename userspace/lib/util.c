// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "cleanup.h"
#include "error.h"
#include "exit.h"
#include "util.h"

static void *checked(void *p)
{
	if (!p) {
		fputs("Out of memory\n", stderr);
		_exit(EXIT_SYSTEM);
	}
	return p;
}

void *xmalloc(size_t n)
{
	return checked(malloc(n));
}

void *xcalloc(size_t n, size_t size)
{
	return checked(calloc(n, size));
}

void *xrealloc(void *p, size_t n)
{
	return checked(realloc(p, n));
}

char *xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return checked(strndup(s, n));
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;
	int ret = vasprintf(&s, fmt, ap);

	return checked(ret < 0 ? NULL : s);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

void text_append(char **text, const char *fmt, ...)
{
	cleanup_free char *before = *text, *more = NULL;
	va_list ap;

	va_start(ap, fmt);
	more = xvasprintf(fmt, ap);
	va_end(ap);
	*text = xasprintf("%s%s", before, more);
}

static char *read_all(int dirfd, const char *path, size_t max, size_t *length)
{
	cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	cleanup_free char *buf = NULL;
	size_t len = 0, size = 0;
	char *ret;
	ssize_t n;

	if (fd < 0)
		return NULL;
	do {
		if (len + 1 >= size) {
			size = size ? 2 * size : 4096;
			buf = xrealloc(buf, size);
		}
		n = read(fd, buf + len, size - len - 1);
		if (n < 0)
			return NULL;
		len += n;
		if (len >= max) {
			errno = EFBIG;
			return NULL;
		}
	} while (n > 0);
	buf[len] = '\0';
	*length = len;
	ret = buf;
	buf = NULL;
	return ret;
}

char *read_file_at(int dirfd, const char *path, size_t max)
{
	size_t len;

	return read_all(dirfd, path, max, &len);
}

char *read_text(const char *path, size_t max)
{
	size_t len;
	char *text = read_all(AT_FDCWD, path, max, &len);

	if (!text || strlen(text) == len)
		return text;
	free(text);
	errno = EILSEQ;
	return NULL;
}

char *read_file(const char *path, size_t max)
{
	return read_file_at(AT_FDCWD, path, max);
}

int write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

int write_file_atomic(const char *path, const char *text, mode_t mode)
{
	cleanup_free char *tmp = xasprintf("%s.tmp", path);
	cleanup_close int fd = -1;
	struct stat st;
	int saved;

	/* left over from a crash: nobody else writes here, see the lock */
	if (unlink(tmp) && errno != ENOENT)
		return -1;
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	/* an administrator may have closed it to others, or opened it to some */
	if (stat(path, &st) == 0 &&
	    (fchown(fd, st.st_uid, st.st_gid) || fchmod(fd, st.st_mode & 07777)))
		goto fail;
	if (write_all(fd, text, strlen(text)) == 0 && fsync(fd) == 0 && rename(tmp, path) == 0)
		return sync_parent(path);
fail:
	saved = errno;
	unlink(tmp);
	errno = saved;
	return -1;
}

int sync_file(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

int sync_parent(const char *path)
{
	cleanup_free char *copy = xstrdup(path);

	return sync_file(dirname(copy));
}

int rename_synced(const char *from, const char *to)
{
	int saved;

	if (rename(from, to))
		return -1;
	if (sync_parent(to) == 0)
		return 0;
	saved = errno;
	if (rename(to, from))
		warn("%s cannot be named %s again", to, from);
	errno = saved;
	return -1;
}

int sync_file_system_at(int dirfd, const char *path)
{
	cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : syncfs(fd);
}

int sync_file_system(const char *path)
{
	return sync_file_system_at(AT_FDCWD, path);
}

int write_file_at(int dirfd, const char *path, const char *text)
{
	cleanup_close int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);

	if (fd < 0)
		return -1;
	return write(fd, text, len) == (ssize_t)len ? 0 : -1;
}

int mkdir_parents(const char *path, mode_t mode)
{
	cleanup_free char *copy = xstrdup(path);

	for (char *p = copy + 1;; p++) {
		bool last = !*p;

		if (!last && *p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) && errno != EEXIST)
			return -1;
		if (last)
			return 0;
		*p = '/';
	}
}

void unescape_mount(char *s)
{
	char *to = s;
	unsigned int c;

	for (; *s; s++)
		if (*s == '\\' && sscanf(s + 1, "%3o", &c) == 1) {
			*to++ = c;
			s += 3;
		} else {
			*to++ = *s;
		}
	*to = '\0';
}

void trim_slashes(char *path)
{
	for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
}

int run_program(const char *const argv[], int lock)
{
	pid_t tool = getpid(), pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != tool ||
		    (lock >= 0 && fcntl(lock, F_SETFD, 0)))
			_exit(126);
		execvp(argv[0], (char *const *)argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

int remove_tree(const char *path, int lock, int status)
{
	const char *const argv[] = { "rm", "-rf", "--one-file-system", "--", path, NULL };

	return run_program(argv, lock) ? fail(status, "Cannot remove all of %s", path) : 0;
}

#define REAP_MS		5000

static pid_t left[16];	/* of a few commands in one container, each waited for in vain */
static size_t left_count;

bool reap_child(pid_t pid, int *status)
{
	int64_t end = now_ms() + REAP_MS;
	unsigned int pause = 1;
	pid_t reaped;

	while ((reaped = waitpid(pid, status, WNOHANG)) == 0 && now_ms() < end) {
		sleep_ms(pause);
		if (pause < 50)
			pause *= 2;
	}
	if (!reaped && left_count < ARRAY_SIZE(left))
		left[left_count++] = pid;
	return reaped == pid;
}

bool reap_left(void)
{
	for (size_t i = left_count; i > 0; i--)
		if (waitpid(left[i - 1], NULL, WNOHANG))
			left[i - 1] = left[--left_count];
	return left_count;
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

uint64_t boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&ts, NULL);
}

void random_digits(char *text, size_t len)
{
	unsigned char bytes[32];

	/* no more than 256 bytes come whole, see getrandom(2) */
	while (getrandom(bytes, len / 2, 0) != (ssize_t)(len / 2))
		;
	for (size_t i = 0; i < len / 2; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

uint64_t host_meminfo(const char *name)
{
	cleanup_free char *text = read_file("/proc/meminfo", 1 << 16);
	cleanup_free char *start = xasprintf("\n%s:", name);
	const char *line = text ? strstr(text, start) : NULL;
	uint64_t kb = 0;

	if (line)
		sscanf(line + strlen(start), "%" SCNu64, &kb);
	return kb << 10;
}
