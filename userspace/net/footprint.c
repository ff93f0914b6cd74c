// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cleanup.h"
#include "footprint.h"
#include "note.h"
#include "util.h"

#define KIND	""

static bool line_of(const char *line, const struct address *a)
{
	const char *blank = strchr(line, ' ');
	cleanup_free char *word = blank ? xstrndup(line, blank - line) : NULL;
	struct address other;

	return word && address_parse(word, &other) && address_same(&other, a);
}

/* Replace the line of @a by @line, or take it away. */
static int change(uint32_t id, const struct address *a, const char *line)
{
	cleanup_free char *old = note_load(id, KIND), *text = xstrdup(line);
	char *rest = old, *next;

	while ((next = strsep(&rest, "\n"))) {
		char *longer;

		if (!*next || line_of(next, a))
			continue;
		longer = xasprintf("%s%s\n", text, next);
		free(text);
		text = longer;
	}
	return note_save(id, KIND, text);
}

int footprint_note(uint32_t id, const struct address *a, const char *links)
{
	cleanup_free char *text = address_text(a);
	cleanup_free char *line = xasprintf("%s %s\n", text, links);

	return change(id, a, line);
}

int footprint_forget(uint32_t id, const struct address *a)
{
	return change(id, a, "");
}

void footprint_addresses(uint32_t id, struct addresses *out)
{
	cleanup_free char *text = note_load(id, KIND);
	char *rest = text, *line;
	struct address a;

	*out = (struct addresses){};
	while ((line = strsep(&rest, "\n"))) {
		line[strcspn(line, " ")] = '\0';
		if (address_parse(line, &a))
			addresses_add(out, &a);
	}
}

char *footprint_links(uint32_t id, const struct address *a)
{
	cleanup_free char *text = note_load(id, KIND);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (line_of(line, a))
			return xstrdup(strchr(line, ' ') + 1);
	return NULL;
}
