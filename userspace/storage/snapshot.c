// SPDX-License-Identifier: GPL-2.0-only
/* Reading them; see snapshot.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "snapshot.h"
#include "util.h"

/* Where there is a hexadecimal digit, there is an x. */
#define UUID_FORM	"{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}"

char *snapshots_dir(const struct container *ct)
{
	return xasprintf("%s.snapshots", ct->private);
}

static bool is_uuid(const char *text)
{
	const char *form = UUID_FORM;

	for (; *form; form++, text++)
		if (*form == 'x' ? !isxdigit((unsigned char)*text) : *text != *form)
			return false;
	return !*text;
}

int snapshot_uuid(const char *text, char uuid[SNAPSHOT_UUID_SIZE])
{
	cleanup_free char *braced = *text == '{' ? xstrdup(text) : xasprintf("{%s}", text);

	if (!is_uuid(braced))
		return fail(EXIT_BAD_VALUE, "Bad value for --id: %s; it takes a UUID such as "
			    "{fe45a3d0-2b6f-4a4c-9d1e-0c1a5b7c8d9e}", text);
	for (size_t i = 0; i < SNAPSHOT_UUID_SIZE; i++)
		uuid[i] = tolower((unsigned char)braced[i]);
	return 0;
}

void snapshot_new_uuid(char uuid[SNAPSHOT_UUID_SIZE])
{
	static const char variants[] = "89ab";
	char digits[33], *digit = digits;

	random_digits(digits, 32);
	/* random ones, RFC 9562 */
	digits[12] = '4';
	digits[16] = variants[strtoul((char[]){ digits[16], '\0' }, NULL, 16) & 3];
	for (size_t i = 0; i < SNAPSHOT_UUID_SIZE; i++)
		uuid[i] = UUID_FORM[i] == 'x' ? *digit++ : UUID_FORM[i];
}

const char *snapshot_text(const struct snapshot *s, const char *key)
{
	const char *text = json_string_value(json_object_get(s->info, key));

	return text ? text : "";
}

uint32_t snapshot_base(const struct snapshot *s, uint32_t otherwise)
{
	const json_t *ids = json_object_get(s->info, "ids");

	return ids ? json_integer_value(ids) : otherwise;
}

static int64_t date_ms(const struct snapshot *s)
{
	return json_integer_value(json_object_get(s->info, "date"));
}

int64_t snapshot_date(const struct snapshot *s)
{
	return date_ms(s) / 1000;
}

static int older(const void *a, const void *b)
{
	int64_t x = date_ms(a), y = date_ms(b);

	return (x > y) - (x < y);
}

static void add(struct snapshots *all, const char *dir, const char *name)
{
	struct snapshot s = { .dir = xasprintf("%s/%s", dir, name) };
	cleanup_free char *info = xasprintf("%s/info", s.dir);
	cleanup_free char *state = xasprintf("%s/state", s.dir);
	json_error_t error;

	strcpy(s.uuid, name);
	s.memory = access(state, F_OK) == 0;
	s.info = json_load_file(info, 0, &error);
	if (!s.info) {
		/* removed meanwhile, if readers have no lock */
		if (access(s.dir, F_OK)) {
			free(s.dir);
			return;
		}
		warn("%s: %s", info, error.text);
		s.info = json_object();
	}
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(s));
	all->list[all->count++] = s;
}

static const struct snapshot *by_uuid(const struct snapshots *all, const char *uuid)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].uuid, uuid) == 0)
			return &all->list[i];
	return NULL;
}

/* The first line that is one. */
static char *find_current(const struct container *ct, const struct snapshots *all)
{
	cleanup_free char *path = xasprintf("%s/" SNAPSHOT_CURRENT, ct->private);
	cleanup_free char *text = read_file(path, 1 << 20);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (by_uuid(all, line))
			return xstrdup(line);
	return NULL;
}

int snapshots_read(const struct container *ct, struct snapshots *all)
{
	cleanup_free char *path = snapshots_dir(ct);
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *de;

	*all = (struct snapshots){};
	if (!dir)
		return errno == ENOENT ? 0 :
		       fail_errno(EXIT_SNAPSHOT_LIST, "Cannot read %s", path);
	while ((de = readdir(dir)))
		if (is_uuid(de->d_name))
			add(all, path, de->d_name);
	if (all->count)
		qsort(all->list, all->count, sizeof(*all->list), older);
	all->current = find_current(ct, all);
	return 0;
}

void snapshots_free(struct snapshots *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->list[i].dir);
		json_decref(all->list[i].info);
	}
	free(all->list);
	free(all->current);
	*all = (struct snapshots){};
}

const struct snapshot *snapshots_find(const struct snapshots *all, const char *text)
{
	const struct snapshot *found = NULL;
	char uuid[SNAPSHOT_UUID_SIZE];

	if (snapshot_uuid(text, uuid) == 0)
		return by_uuid(all, uuid);
	error_clear();
	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(snapshot_text(&all->list[i], "name"), text) != 0)
			continue;
		if (found)
			return NULL;
		found = &all->list[i];
	}
	return found;
}

int snapshots_choose(const struct container *ct, const char *text, int status,
		     struct snapshots *all, const struct snapshot **s)
{
	int ret = snapshots_read(ct, all);

	if (ret)
		return ret;
	*s = snapshots_find(all, text);
	return *s ? 0 : fail(status, "Container %u has no snapshot %s, or several of that name",
			     ct->id, text);
}

const char *snapshots_parent(const struct snapshots *all, const struct snapshot *s)
{
	const json_t *parents = json_object_get(s->info, "ancestors");

	for (size_t i = 0; i < json_array_size(parents); i++) {
		const char *uuid = json_string_value(json_array_get(parents, i));

		if (uuid && by_uuid(all, uuid))
			return uuid;
	}
	return NULL;
}

int snapshots_refuse(const struct container *ct, int status)
{
	cleanup_snapshots struct snapshots all = {};

	if (snapshots_read(ct, &all))
		return status;
	if (!all.count)
		return 0;
	return fail(status, "Container has snapshots, which would stay here: "
		    "cloisonctl snapshot-list %u, snapshot-delete %u --id UUID", ct->id, ct->id);
}
