// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beancounters.h"
#include "cleanup.h"
#include "error.h"
#include "ubcstore.h"
#include "util.h"

#define FILE_MAX	(64 << 20)

static bool find_resource(const char *name, uint32_t *resource)
{
	const char *known;

	for (size_t i = 0; (known = beancounter_name(i, resource)); i++)
		if (strcmp(known, name) == 0)
			return true;
	return false;
}

struct reader {
	struct acct_container *list;
	size_t count;
};

/* A row; the first of a container begins with its number. False if it is none. */
static bool take_row(struct reader *r, const char *line)
{
	struct acct_figures f = { .known = true };
	uint32_t resource;
	char name[16];
	int at = 0;

	if (sscanf(line, " %" SCNu32 ":%n", &resource, &at) == 1 && at) {
		r->list = xrealloc(r->list, (r->count + 1) * sizeof(*r->list));
		r->list[r->count++] = (struct acct_container){ .id = resource };
		line += at;
	}
	if (!r->count ||
	    sscanf(line, " %15s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, name,
		   &f.held, &f.maxheld, &f.barrier, &f.limit, &f.failcnt) != 6)
		return false;
	/* dummy, and what else there may be */
	if (find_resource(name, &resource))
		r->list[r->count - 1].of[resource] = f;
	return true;
}

static bool is_head(const char *line)
{
	return !*line || strncmp(line, "Version:", 8) == 0 ||
	       strncmp(line + strspn(line, " "), "uid ", 4) == 0;
}

int ubc_read(const char *path, struct acct_container **list, size_t *count)
{
	cleanup_free char *text = read_file(path, FILE_MAX);
	char *rest = text, *line;
	struct reader r = {};

	*list = NULL;
	*count = 0;
	if (!text)
		return fail_errno(EXIT_SYSTEM, "Cannot read %s", path);
	for (size_t n = 1; (line = strsep(&rest, "\n")); n++) {
		if (is_head(line) || take_row(&r, line))
			continue;
		free(r.list);
		return fail(EXIT_BAD_VALUE, "%s: line %zu is none of beancounters", path, n);
	}
	*list = r.list;
	*count = r.count;
	return 0;
}

static char *look_text(const struct acct_container *c)
{
	cleanup_free char *first = xasprintf("%10" PRIu32 ":", c->id);
	char *text = xstrdup("");
	uint32_t resource;
	const char *name;

	for (size_t i = 0; (name = beancounter_name(i, &resource)); i++) {
		const struct acct_figures *f = &c->of[resource];
		char *longer = xasprintf("%s%11s  %-12s %" PRIu64 " %" PRIu64 " %" PRIu64 " %"
					 PRIu64 " %" PRIu64 "\n", text, i ? "" : first, name,
					 f->held, f->maxheld, f->barrier, f->limit, f->failcnt);

		free(text);
		text = longer;
	}
	return text;
}

int ubc_look(const char *dir, const char *kind, const struct acct_container *now,
	     struct acct_container *last)
{
	cleanup_free char *path = xasprintf("%s/%s.%" PRIu32, dir, kind, now->id);
	cleanup_free char *text = look_text(now);
	cleanup_free struct acct_container *list = NULL;
	size_t count;

	*last = (struct acct_container){};
	if (access(path, F_OK) == 0) {
		int ret = ubc_read(path, &list, &count);

		if (ret)
			return fail_wrap(ret, "Remove it, or look without the last time");
		if (count == 1)
			*last = list[0];
	}
	if (mkdir_parents(dir, 0700) || write_file_atomic(path, text, 0600))
		return fail_errno(EXIT_SYSTEM, "Cannot write %s", path);
	return 0;
}

int ubc_forget(const char *dir, const char *kind)
{
	cleanup_free char *head = xasprintf("%s.", kind);
	DIR *d = opendir(dir);
	struct dirent *e;
	int ret = 0;

	if (!d)
		return errno == ENOENT ? 0 : fail_errno(EXIT_SYSTEM, "Cannot read %s", dir);
	while (!ret && (e = readdir(d)))
		if (strncmp(e->d_name, head, strlen(head)) == 0 &&
		    unlinkat(dirfd(d), e->d_name, 0))
			ret = fail_errno(EXIT_SYSTEM, "Cannot remove %s/%s", dir, e->d_name);
	closedir(d);
	return ret;
}
