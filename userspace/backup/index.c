// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/cleanup.h"
#include "../lib/error.h"
#include "../lib/shut_in.h"
#include "../lib/util.h"
#include "index.h"

#define ENTRIES_MAX	(16UL << 20)

/* Before what has too long a path: no kind. */
#define TOO_LONG	"!"

/* "KIND INODE TIME PATH" and a zero byte */
struct entry {
	char *path;
	size_t before;		/* what is before the path: the time's length is its own */
	const char *start;
	uint64_t inode;
	bool included;
};

struct entries {
	struct entry *list;
	size_t count;
};

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){};
}

/* A file in memory with that in it, to be read. */
static int memory_with(const struct text *text)
{
	cleanup_close int fd = memfd_create("cloison", MFD_CLOEXEC);

	if (fd < 0 || (text && write_all(fd, text->data, text->len)) || lseek(fd, 0, SEEK_SET))
		return -1;
	return take_fd(&fd);
}

static int read_all(int fd, size_t most, struct text *out)
{
	size_t size = 0;
	ssize_t n;

	*out = (struct text){};
	do {
		if (out->len + 65536 > size) {
			size = size ? 2 * size : 1 << 17;
			out->data = xrealloc(out->data, size);
		}
		n = read(fd, out->data + out->len, size - out->len - 1);
		if (n > 0)
			out->len += n;
		if (out->len > most)
			errno = EFBIG;
	} while ((n > 0 && out->len <= most) || (n < 0 && errno == EINTR));
	out->data[out->len] = '\0';
	return n ? -1 : 0;
}

/* What it prints, given @in. */
static int run(const struct place_of_files *place, const char *const argv[], const struct text *in,
	       struct text *out)
{
	cleanup_close int from = memory_with(in), mnt = -1, to = -1;
	int ends[2], ret;
	pid_t pid;

	if (from < 0 || pipe2(ends, O_CLOEXEC))
		return fail_errno(place->status, "Cannot run %s", argv[0]);
	to = ends[0];
	mnt = place->mount(place->arg);
	ret = mnt < 0 ? place->status : shut_in_start(&(struct shut_in){
		.argv = argv, .dir = mnt, .base = place->base, .stdio = { from, ends[1] },
		.keep = -1, .status = place->status,
	}, &pid);
	close(ends[1]);
	if (ret)
		return ret;
	if (read_all(to, place->most, out)) {
		ret = errno == EFBIG ?
		      fail(place->status,
			   "There are too many files: a list of them takes more than %zu MB",
			   place->most >> 20) :
		      fail_errno(place->status, "Cannot read what %s says", argv[0]);
		kill(pid, SIGKILL);
	}
	if (shut_in_wait(pid) && !ret)
		ret = fail(place->status, "%s failed; its messages are above", argv[0]);
	return ret;
}

char *index_too_long(void)
{
	char *pattern = xmalloc(PATH_MAX + 2);

	memset(pattern, '?', PATH_MAX);
	strcpy(pattern + PATH_MAX, "*");
	return pattern;
}

/* What find marked. */
static size_t drop_too_long(struct text *index)
{
	const char *end = index->data + index->len;
	cleanup_free char *first = NULL;
	char *to = index->data;
	size_t n = 0, len;

	for (char *s = index->data; s < end; s += len) {
		len = strlen(s) + 1;
		if (*s != *TOO_LONG) {
			memmove(to, s, len);
			to += len;
		} else if (!n++) {
			first = xstrdup(s + strlen(TOO_LONG));
		}
	}
	index->len = to - index->data;
	if (n)
		warn("Left out: %zu paths of more than %d bytes, and all below, such as %s...",
		     n, PATH_MAX - 1, first);
	return n;
}

int index_make(const struct place_of_files *place, struct text *index, size_t *left_out)
{
	cleanup_free char *too_long = index_too_long();
	const char *const argv[] = {
		"find", ".", "-ignore_readdir_race", "-path", "./dev/*", "-prune", "-o",
		"-path", too_long, "-prune", "-printf", TOO_LONG "%.100p\\0", "-o",
		"-printf", "%y %i %C@ %p\\0", NULL
	};
	int ret = run(place, argv, NULL, index);

	*left_out = ret ? 0 : drop_too_long(index);
	return ret;
}

int index_pack(const struct place_of_files *place, const struct text *index, struct text *packed)
{
	static const char *const argv[] = { "zstd", "-q", NULL };

	return run(place, argv, index, packed);
}

int index_unpack(const struct place_of_files *place, const struct text *packed,
		 struct text *index)
{
	static const char *const argv[] = { "zstd", "-q", "-d", NULL };

	return run(place, argv, packed, index);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

/* The path is after three blanks; those of a hostile index may be anything. */
static int parse(const struct text *text, struct entries *out)
{
	const char *end = text->data + text->len;

	*out = (struct entries){};
	for (char *s = text->data; s && s < end; s += strlen(s) + 1) {
		struct entry *e;
		char *path = s;

		for (int i = 0; path && i < 3; i++) {
			path = strchr(path, ' ');
			path = path ? path + 1 : NULL;
		}
		if (!path || s[1] != ' ' || out->count == ENTRIES_MAX) {
			free(out->list);
			*out = (struct entries){};
			return fail(EXIT_RESTORE, "The list of files in a backup cannot be read");
		}
		if (!(out->count & (out->count - 1)))
			out->list = xrealloc(out->list, (out->count ? 2 * out->count : 1) *
							sizeof(*out->list));
		e = &out->list[out->count++];
		*e = (struct entry){ .path = path, .before = path - s, .start = s,
				     .inode = strtoull(s + 2, NULL, 10) };
	}
	if (out->count)
		qsort(out->list, out->count, sizeof(*out->list), by_path);
	return 0;
}

static const struct entry *find(const struct entries *all, const struct entry *like)
{
	return all->count ? bsearch(like, all->list, all->count, sizeof(*like), by_path) : NULL;
}

static bool is_dir(const struct entry *e)
{
	return *e->start == 'd';
}

static int64_t time_of(const struct entry *e)
{
	const char *inode = e->start + 2;

	return strtoll(inode + strcspn(inode, " "), NULL, 10);
}

/* A list has lines, and tar cuts off blanks at their ends. */
static bool can_be_listed(const struct entry *e)
{
	return !strchr(e->path, '\n') && !strchr(" \t\r\v\f", e->path[strlen(e->path) - 1]);
}

static bool changed(const struct entry *e, const struct entries *then, int64_t since)
{
	const struct entry *was = find(then, e);

	return !was || was->before != e->before || memcmp(was->start, e->start, e->before) != 0 ||
	       time_of(e) >= since || !can_be_listed(e);
}

static int by_inode(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int index_unchanged(const struct text *now, const struct text *then, int64_t since,
		    struct text *list)
{
	cleanup_free uint64_t *inodes = NULL;
	struct entries all, old;
	size_t n = 0;
	int ret = parse(now, &all);

	if (ret)
		return ret;
	ret = parse(then, &old);
	if (ret) {
		free(all.list);
		return ret;
	}
	inodes = xcalloc(all.count + 1, sizeof(*inodes));
	for (size_t i = 0; i < all.count; i++)
		if (!is_dir(&all.list[i]) && changed(&all.list[i], &old, since))
			inodes[n++] = all.list[i].inode;
	qsort(inodes, n, sizeof(*inodes), by_inode);
	*list = (struct text){ .data = xmalloc(now->len + 1) };
	for (size_t i = 0; i < all.count; i++) {
		const struct entry *e = &all.list[i];

		/* all names of a file, or none: they are one when they are unpacked */
		if (is_dir(e) || bsearch(&e->inode, inodes, n, sizeof(*inodes), by_inode))
			continue;
		list->len += strlen(strcpy(list->data + list->len, e->path));
		list->data[list->len++] = '\n';
	}
	free(all.list);
	free(old.list);
	return 0;
}

int index_remove_others(const struct place_of_files *place, const struct text *index)
{
	static const char *const argv[] = { "xargs", "-0", "-r", "rm", "-rf", "--", NULL };
	struct text there = {}, others = {}, said = {};
	struct entries all = {}, wanted = {};
	size_t left_out;
	int ret = index_make(place, &there, &left_out);

	if (!ret)
		ret = parse(&there, &all);
	if (!ret)
		ret = parse(index, &wanted);
	others.data = xmalloc(there.len + 1);
	for (size_t i = 0; !ret && i < all.count; i++) {
		const struct entry *e = &all.list[i], *want = find(&wanted, e);
		size_t len = strlen(e->path) + 1;

		if (want && *want->start == *e->start)
			continue;
		memcpy(others.data + others.len, e->path, len);
		others.len += len;
	}
	if (!ret && others.len)
		ret = run(place, argv, &others, &said);
	free(all.list);
	free(wanted.list);
	text_free(&there);
	text_free(&others);
	text_free(&said);
	return ret;
}
