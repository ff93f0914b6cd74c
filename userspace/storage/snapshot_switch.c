// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back to a snapshot; see snapshot.h. PRIVATE.converting is filled with what the container is
 * to be, and it and PRIVATE change places in one step (convert.h). What is left to be done
 * outside of the private area is done by who comes next, if need be: the file conf.switched
 * says so, which has the new configuration.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convert.h"
#include "copy.h"
#include "error.h"
#include "layout.h"
#include "private.h"
#include "project.h"
#include "snapshot.h"
#include "state.h"
#include "suspended.h"
#include "util.h"

#define SWITCHED	"conf.switched"

/* Its place on the host, and what others know it by: not a matter of time. */
static const char *const kept[] = { "NAME", "VE_ROOT", "VE_PRIVATE", "LOCAL_UID", "LOCAL_GID" };

static int choose_conf(const struct container *ct, const struct snapshot *s, bool skip,
		       struct conf **conf)
{
	cleanup_free char *old = xasprintf("%s/conf", s->dir);

	if (skip || access(old, F_OK)) {
		*conf = conf_copy(ct->conf);
		return 0;
	}
	if (conf_load(old, conf))
		return fail_wrap(EXIT_SNAPSHOT_SWITCH, "--skip-config does without");
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		conf_set(*conf, kept[i], conf_get(ct->conf, kept[i]));
	return 0;
}

static int write_conf(struct conf *conf, const struct snapshot *s, const char *staging)
{
	cleanup_free char *path = xasprintf("%s/" SWITCHED, staging);
	cleanup_free char *label = layout_label(s->dir);

	layout_note(conf, label);
	/* of what it is now */
	conf_set(conf, "VE_DEVICE", NULL);
	return conf_save(conf, path);
}

/* What it comes from, from the snapshot itself on. */
static int write_current(const struct snapshot *s, const char *staging)
{
	cleanup_free char *path = xasprintf("%s/" SNAPSHOT_CURRENT, staging);
	const json_t *list = json_object_get(s->info, "ancestors");
	cleanup_free char *text = xasprintf("%s\n", s->uuid);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *uuid = json_string_value(json_array_get(list, i));

		text_append(&text, "%s\n", uuid ? uuid : "");
	}
	return write_file_atomic(path, text, 0600) ?
	       fail_errno(EXIT_SNAPSHOT_SWITCH, "Cannot write %s", path) : 0;
}

/* The snapshot keeps its own. */
static int write_state(const struct container *ct, const struct snapshot *s, const char *staging)
{
	cleanup_free char *from = xasprintf("%s/state", s->dir);
	cleanup_free char *to = xasprintf("%s/state", staging);
	cleanup_free char *path = xasprintf("%s/state", ct->private);
	char token[TOKEN_SIZE];

	if (state_token(ct, from, token))
		return fail_wrap(EXIT_SNAPSHOT_SWITCH, "--skip-resume does without");
	if (link(from, to))
		return fail_errno(EXIT_SNAPSHOT_SWITCH, "Cannot make %s", to);
	return suspended_mark_in(staging, token, path);
}

static int copy_files(const struct container *ct, const struct snapshot *s, const char *staging)
{
	struct copy c = {
		.from = s->dir, .to = staging, .ct = ct, .counted = true,
		.status = EXIT_SNAPSHOT_SWITCH,
	};
	int ret = container_ids(ct, &c.to_base);

	if (!ret)
		ret = private_copy_fresh(s->dir, staging, EXIT_SNAPSHOT_SWITCH);
	if (ret)
		return ret;
	c.from_base = snapshot_base(s, c.to_base);
	return layout_of(s->dir)->copy(&c);
}

static int fill(const struct container *ct, const struct snapshot *s, bool skip_config,
		bool resume, const char *staging)
{
	cleanup_conf struct conf *conf = NULL;
	int ret = mkdir(staging, 0700) ?
		  fail_errno(EXIT_SNAPSHOT_SWITCH, "Cannot make %s", staging) : 0;

	if (!ret)
		ret = choose_conf(ct, s, skip_config, &conf);
	if (!ret)
		ret = write_conf(conf, s, staging);
	/* for a while both count, and xfs holds root to limits, too; its next mount sets its own */
	if (!ret)
		ret = project_limit_beside(ct->fs, ct->id, conf);
	if (!ret)
		ret = write_current(s, staging);
	if (!ret && resume && s->memory)
		ret = write_state(ct, s, staging);
	if (!ret)
		ret = copy_files(ct, s, staging);
	if (!ret && sync_file_system(staging))
		ret = fail_errno(EXIT_SNAPSHOT_SWITCH, "Cannot write %s to disk", staging);
	return ret;
}

bool snapshot_switched(const struct container *ct)
{
	cleanup_free char *path = xasprintf("%s/" SWITCHED, ct->private);

	return access(path, F_OK) == 0;
}

/* The state of what it was, if that was suspended. */
static int drop_old_state(const struct container *ct)
{
	cleanup_free char *staging = convert_staging(ct);
	cleanup_free char *token = NULL;
	cleanup_free char *path = NULL;
	struct container old = *ct;
	size_t len = strlen(ct->private);

	old.private = staging;
	if (!suspended_find(&old, &token, &path))
		return 0;
	/* one of an earlier switch is among the old files: that name is the new one's now */
	if (strncmp(path, ct->private, len) == 0 && path[len] == '/')
		return 0;
	return unlink(path) && errno != ENOENT ?
	       fail_errno(EXIT_SNAPSHOT_SWITCH, "Cannot remove %s", path) : 0;
}

int snapshot_settle(struct container *ct)
{
	cleanup_free char *switched = xasprintf("%s/" SWITCHED, ct->private);
	cleanup_free char *text = read_file(switched, 1 << 20);
	cleanup_free char *token = NULL;
	cleanup_free char *path = NULL;
	int ret;

	if (!text)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
		       fail_errno(EXIT_SNAPSHOT_SWITCH, "Cannot read %s", switched);
	ret = drop_old_state(ct);
	if (!ret)
		ret = suspended_find(ct, &token, &path) ?
		      suspended_mark(ct, token, path) : suspended_unmark(ct);
	if (!ret)
		ret = conf_put(ct->conf_path, text);
	if (!ret && ((unlink(switched) && errno != ENOENT) || sync_file(ct->private)))
		ret = fail_errno(EXIT_SNAPSHOT_SWITCH, "Cannot remove %s", switched);
	/* what is there now is what it was */
	if (!ret)
		ret = convert_clear(ct);
	return ret ? ret : container_load(ct, NEED_CONF);
}

int snapshot_switch(struct container *ct, const struct snapshot *s, bool skip_config, bool resume)
{
	cleanup_free char *staging = convert_staging(ct);
	/* with the limits that one before this had raised: this may be killed, too */
	int ret = convert_abandon(ct);

	if (!ret)
		ret = fill(ct, s, skip_config, resume, staging);
	/* now it ends, as it is: it is not what will be */
	if (!ret)
		ret = container_sweep(ct);
	if (!ret)
		ret = convert_change_places(ct, staging);
	return ret ? convert_undo(ct, ret) : snapshot_settle(ct);
}
