// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "json.h"
#include "util.h"

json_t *json_text(const char *text)
{
	cleanup_free char *good = NULL;
	json_t *value;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	good = xstrdup(text);
	for (char *p = good; *p; p++)
		if (*p & 0x80)
			*p = '?';
	return json_string(good);
}

json_t *json_words(const char *text, const char *separators)
{
	cleanup_free char *copy = text ? xstrdup(text) : NULL;
	json_t *list = json_array();
	char *rest = copy, *word;

	while ((word = strsep(&rest, separators)))
		if (*word)
			json_array_append_new(list, json_text(word));
	return list;
}

static size_t read_some(void *buffer, size_t most, void *fd)
{
	return read(*(int *)fd, buffer, most);
}

/* json_loadfd() takes a system call for each byte. */
json_t *json_read(int fd)
{
	return json_load_callback(read_some, &fd, 0, NULL);
}

int json_print(json_t *value)
{
	int bad = json_dumpf(value, stdout, JSON_INDENT(2));

	json_decref(value);
	if (bad || putchar('\n') == EOF || fflush(stdout))
		return fail_errno(EXIT_SYSTEM, "Cannot print the answer");
	return 0;
}
