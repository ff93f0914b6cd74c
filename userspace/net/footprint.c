// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "footprint.h"
#include "note.h"
#include "util.h"

void footprint_load(uint32_t id, const char *kind, struct footprint *out)
{
	cleanup_free char *text = note_load(id, kind);
	char *rest = text, *line;
	struct address a;

	*out = (struct footprint){ .id = id, .kind = kind };
	while ((line = strsep(&rest, "\n"))) {
		char *links = strchr(line, ' ');

		if (!links)
			continue;
		*links++ = '\0';
		if (address_parse(line, &a))
			footprint_set(out, &a, links);
	}
}

int footprint_save(const struct footprint *f)
{
	cleanup_free char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return fail_errno(EXIT_SYSTEM, "Cannot write in memory");
	for (size_t i = 0; i < f->count; i++) {
		cleanup_free char *address = address_text(&f->list[i].a);

		fprintf(file, "%s %s\n", address, f->list[i].links);
	}
	fclose(file);
	return note_save(f->id, f->kind, text);
}

void footprint_free(struct footprint *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->list[i].links);
	free(f->list);
	f->list = NULL;
	f->count = 0;
}

static struct footprint_line *find(const struct footprint *f, const struct address *a)
{
	for (size_t i = 0; i < f->count; i++)
		if (address_same(&f->list[i].a, a))
			return &f->list[i];
	return NULL;
}

const char *footprint_links(const struct footprint *f, const struct address *a)
{
	const struct footprint_line *line = find(f, a);

	return line ? line->links : NULL;
}

void footprint_set(struct footprint *f, const struct address *a, const char *links)
{
	struct footprint_line *line = find(f, a);

	if (!line) {
		f->list = xrealloc(f->list, (f->count + 1) * sizeof(*f->list));
		line = &f->list[f->count++];
		*line = (struct footprint_line){};
	}
	free(line->links);
	*line = (struct footprint_line){ *a, xstrdup(links) };
}

void footprint_forget(struct footprint *f, const struct address *a)
{
	struct footprint_line *line = find(f, a);

	if (!line)
		return;
	free(line->links);
	*line = f->list[--f->count];
}

void footprint_addresses(uint32_t id, const char *kind, struct addresses *out)
{
	cleanup_footprint struct footprint f;

	footprint_load(id, kind, &f);
	*out = (struct addresses){};
	for (size_t i = 0; i < f.count; i++)
		addresses_add(out, &f.list[i].a);
}
