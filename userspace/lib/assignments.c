// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <strings.h>

#include "assignments.h"
#include "cleanup.h"
#include "util.h"

#define BLANKS	" \t,"

bool assignment_next(const char **at, char **name, char **value)
{
	const char *word = *at + strspn(*at, BLANKS), *colon;
	size_t len = strcspn(word, BLANKS);

	if (!len)
		return false;
	colon = memrchr(word, ':', len);
	*at = word + len;
	*name = xstrndup(word, colon ? (size_t)(colon - word) : len);
	*value = colon ? xstrndup(colon + 1, word + len - (colon + 1)) : xstrdup("");
	return true;
}

static void add(char **list, const char *name, const char *value)
{
	text_append(list, "%s%s:%s", **list ? " " : "", name, value);
}

char *assignment_put(const char *list, const char *name, const char *value)
{
	char *out = xstrdup(""), *n, *v;
	bool done = !value;

	while (list && assignment_next(&list, &n, &v)) {
		if (strcasecmp(n, name) != 0) {
			add(&out, n, v);
		} else if (!done) {
			add(&out, name, value);
			done = true;
		}
		free(n);
		free(v);
	}
	if (!done)
		add(&out, name, value);
	return out;
}

char *assignments_merge(const char *arg, const char *old, assignment_accept accept)
{
	char *list = xstrdup(old ? old : ""), *name, *value;
	bool good = *arg;

	while (good && assignment_next(&arg, &name, &value)) {
		const char *put = value;

		good = accept(name, &put);
		if (good) {
			char *next = assignment_put(list, name, put);

			free(list);
			list = next;
		}
		free(name);
		free(value);
	}
	if (good)
		return list;
	free(list);
	return NULL;
}
