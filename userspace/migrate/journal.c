// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/conf.h"
#include "../lib/error.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "journal.h"

#define JOURNAL_DIR	STATEDIR "/migrate"

static const char *const states[] = {
	[JOURNAL_SENDING] = "sending", [JOURNAL_GIVEN] = "given",
	[JOURNAL_RECEIVING] = "receiving", [JOURNAL_READY] = "ready",
	[JOURNAL_OWNED] = "owned", [JOURNAL_RETURNING] = "returning",
	[JOURNAL_RETURNED] = "returned",
};

static char *path_of(uint32_t ctid)
{
	return xasprintf(JOURNAL_DIR "/%u", ctid);
}

static bool yes(const struct conf *conf, const char *key)
{
	const char *value = conf_get(conf, key);

	return value && strcmp(value, "yes") == 0;
}

static char *copy_of(const struct conf *conf, const char *key)
{
	const char *value = conf_get(conf, key);

	return value && *value ? xstrdup(value) : NULL;
}

int journal_read(uint32_t ctid, struct journal *j)
{
	cleanup_free char *path = path_of(ctid);
	cleanup_conf struct conf *conf = NULL;
	const char *state, *id, *receiver;
	uint64_t pid = 0;
	int ret = conf_load(path, &conf);

	*j = (struct journal){};
	if (ret == EXIT_NO_CONF)
		return 0;
	if (ret)
		return ret;
	state = conf_get(conf, "STATE");
	id = conf_get(conf, "ID");
	receiver = conf_get(conf, "RECEIVER");
	for (size_t i = 1; state && i < ARRAY_SIZE(states); i++)
		if (strcmp(state, states[i]) == 0)
			j->state = i;
	if (!j->state || !id || strlen(id) != JOURNAL_ID_LEN)
		return fail(EXIT_BAD_VALUE,
			    "%s cannot be understood: if the container is not on another host, remove it",
			    path);
	strcpy(j->id, id);
	j->peer = copy_of(conf, "PEER");
	if (!j->peer)
		j->peer = xstrdup("the other host");
	j->ssh = copy_of(conf, "SSH");
	j->running = yes(conf, "RUNNING");
	j->live = yes(conf, "LIVE");
	j->keep = yes(conf, "KEEP");
	if (receiver && parse_number(receiver, 1, INT32_MAX, &pid))
		j->receiver = pid;
	return 0;
}

void journal_free(struct journal *j)
{
	free(j->peer);
	free(j->ssh);
	*j = (struct journal){};
}

int journal_write(uint32_t ctid, const struct journal *j)
{
	cleanup_free char *path = path_of(ctid);
	cleanup_conf struct conf *conf = conf_new();
	cleanup_free char *receiver = xasprintf("%d", j->receiver);

	/* its own entry must not go with the power either */
	if ((mkdir(JOURNAL_DIR, 0700) == 0 && sync_file(STATEDIR)) || access(JOURNAL_DIR, F_OK))
		return fail_errno(EXIT_SYSTEM, "Cannot make " JOURNAL_DIR);
	conf_set(conf, "STATE", states[j->state]);
	conf_set(conf, "ID", j->id);
	conf_set(conf, "PEER", j->peer);
	conf_set(conf, "SSH", j->ssh);
	conf_set(conf, "RUNNING", j->running ? "yes" : "no");
	conf_set(conf, "LIVE", j->live ? "yes" : "no");
	conf_set(conf, "KEEP", j->keep ? "yes" : "no");
	if (j->receiver)
		conf_set(conf, "RECEIVER", receiver);
	return conf_save(conf, path);
}

int journal_sync(uint32_t ctid)
{
	cleanup_free char *path = path_of(ctid);

	return sync_file(path) || sync_file(JOURNAL_DIR) ?
	       fail_errno(EXIT_SYSTEM, "Cannot write %s to disk", path) : 0;
}

int journal_remove(uint32_t ctid)
{
	cleanup_free char *path = path_of(ctid);

	if (unlink(path) && errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot remove %s", path);
	if (access(JOURNAL_DIR, F_OK) == 0 && sync_file(JOURNAL_DIR))
		return fail_errno(EXIT_SYSTEM, "Cannot write " JOURNAL_DIR " to disk");
	return 0;
}

/* Lines "ID STATE", the oldest first. */
static char *kept_path(uint32_t ctid)
{
	return xasprintf(JOURNAL_DIR "/%u.kept", ctid);
}

#define KEPT_MAX	16

/* The last @count lines of @text. */
static const char *last_lines(const char *text, size_t count)
{
	const char *at = text + strlen(text);

	while (at > text && (at[-1] != '\n' || !*at || --count))
		at--;
	return at;
}

int journal_keep(uint32_t ctid)
{
	cleanup_journal struct journal j = {};
	cleanup_free char *path = kept_path(ctid), *old = NULL, *text = NULL;
	int ret = journal_read(ctid, &j);

	if (ret || (j.state != JOURNAL_OWNED && j.state != JOURNAL_RETURNED))
		return ret;
	old = read_file(path, 65536);
	text = xasprintf("%s%s %s\n", last_lines(old ? old : "", KEPT_MAX - 1), j.id,
			 states[j.state]);
	return write_file_atomic(path, text, 0644) ?
	       fail_errno(EXIT_SYSTEM, "Cannot write %s", path) : 0;
}

enum journal_state journal_kept(uint32_t ctid, const char *id)
{
	cleanup_free char *path = kept_path(ctid);
	cleanup_free char *text = read_file(path, 65536);
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		const char *state = strchr(line, ' ');

		if (strncmp(line, id, JOURNAL_ID_LEN) != 0 || state != line + JOURNAL_ID_LEN)
			continue;
		return strcmp(state + 1, states[JOURNAL_OWNED]) == 0 ? JOURNAL_OWNED :
								       JOURNAL_RETURNED;
	}
	return JOURNAL_NONE;
}

void journal_forget_running(uint32_t ctid)
{
	cleanup_journal struct journal j = {};
	int ret = journal_read(ctid, &j);

	if (!ret && j.running && (j.state == JOURNAL_SENDING || j.state == JOURNAL_OWNED)) {
		j.running = false;
		ret = journal_write(ctid, &j);
	}
	if (!ret)
		return;
	warn("%s", error_text());
	error_clear();
}

int journal_refuses(uint32_t ctid)
{
	cleanup_journal struct journal j = {};
	int ret = journal_read(ctid, &j);

	if (ret)
		return ret;
	switch (j.state) {
	case JOURNAL_GIVEN:
		return fail(EXIT_LOCKED,
			    "Container was given to %s; to finish that: cloisonctl migrate --settle %u",
			    j.peer, ctid);
	case JOURNAL_RECEIVING:
	case JOURNAL_RETURNING:
		return fail(EXIT_LOCKED,
			    "Container is %s's, from where it was being migrated; to clear it away here: cloisonctl check --repair %u",
			    j.peer, ctid);
	case JOURNAL_READY:
		return fail(EXIT_LOCKED,
			    "Container waits for word of %s, from where it was being migrated; if that host is lost: cloisonctl migrate --resolve here %u",
			    j.peer, ctid);
	default:
		return 0;
	}
}

void journal_list(uint32_t **ids, size_t *count)
{
	cleanup_dir DIR *dir = opendir(JOURNAL_DIR);
	struct dirent *de;

	*ids = NULL;
	*count = 0;
	while (dir && (de = readdir(dir))) {
		uint32_t id;

		if (!parse_ctid(de->d_name, &id))
			continue;
		*ids = xrealloc(*ids, (*count + 1) * sizeof(**ids));
		(*ids)[(*count)++] = id;
	}
}
