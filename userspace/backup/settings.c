// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/names.h"
#include "../lib/params.h"
#include "../lib/sample.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "settings.h"

/* Of whoever restores it, not of whoever made it. */
static const char *const places[] = { "VE_ROOT", "VE_PRIVATE" };
static const char *const ids[] = { "LOCAL_UID", "LOCAL_GID" };

/* What its files and its own programs are about: all that is taken from a stranger. */
static const char *const inside[] = { "HOSTNAME", "NAMESERVER", "OSTEMPLATE", "SEARCHDOMAIN" };
/* And how it is called, where that is not decided. */
static const char *const labels[] = { "DESCRIPTION", "NAME" };

static void take(struct conf *to, const struct conf *from, const char *const keys[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		conf_set(to, keys[i], from ? conf_get(from, keys[i]) : NULL);
}

/* Ids that are free here may stay. Those of a stranger are not among them. */
static void choose_ids(struct conf *conf, const struct container *ct)
{
	uint32_t base;

	if (container_exists(ct))
		take(conf, ct->conf, ids, ARRAY_SIZE(ids));
	else if (!container_base(conf, &base) || container_check_ids(ct->id, base) ||
		 container_check_running_ids(ct->id, base, 0))
		/* private.c chooses */
		take(conf, NULL, ids, ARRAY_SIZE(ids));
	error_clear();
}

static bool is_in(const char *key, const char *const keys[], size_t n)
{
	while (n--)
		if (strcmp(key, keys[n]) == 0)
			return true;
	return false;
}

/* For who knows that it is nobody's but his. */
static void tell_left_out(const struct conf *theirs, const struct conf *ours)
{
	cleanup_conf struct conf *left = conf_new();	/* each once */
	cleanup_free char *names = xstrdup("");
	const char *key, *value, *has;

	for (size_t at = 0; (key = conf_next(theirs, &at, &value));) {
		has = conf_get(ours, key);
		if (*value && (!has || strcmp(has, value) != 0) && params_key_option(key) &&
		    !is_in(key, places, ARRAY_SIZE(places)))
			conf_set(left, key, value);
	}
	for (size_t at = 0; (key = conf_next(left, &at, &value));)
		text_append(&names, " %s", key);
	if (*names)
		warn("Left out, as the backup may be anybody's (see --trust):%s", names);
}

/*
 * What a container has of the host's, limits, addresses and rights, is what this host says: its
 * own file, or else what create begins with.
 */
static int stranger_settings(const struct conf *theirs, const struct container *ct,
			     struct conf **out)
{
	struct conf *conf = NULL;
	int ret = 0;

	if (ct->conf)
		conf = conf_copy(ct->conf);
	else
		ret = sample_begin(global.configfile, &conf);
	if (ret)
		return ret;
	take(conf, theirs, inside, ARRAY_SIZE(inside));
	if (!ct->conf)
		take(conf, theirs, labels, ARRAY_SIZE(labels));
	tell_left_out(theirs, conf);
	*out = conf;
	return 0;
}

static void drop_name(struct conf *conf, const struct container *ct)
{
	const char *name = conf_get(conf, "NAME");
	uint32_t holder;

	if (!name || !*name)
		return;
	if (!valid_name(name))
		warn("%s is no name of a container: %u is left without", name, ct->id);
	else if (names_find(name, &holder) && holder != ct->id)
		warn("The name %s is container %u's now: %u is left without", name, holder, ct->id);
	else
		return;
	conf_set(conf, "NAME", NULL);
}

int settings_of(const struct backup *b, const struct container *ct, bool trusted,
		struct conf **out)
{
	cleanup_conf struct conf *conf = conf_new();

	if (conf_parse(conf, backup_text(b, "conf"), "the backup's configuration"))
		return EXIT_RESTORE;
	if (!trusted) {
		struct conf *good;
		int ret = stranger_settings(conf, ct, &good);

		if (ret)
			return ret;
		conf_free(conf);
		conf = good;
	}
	take(conf, ct->conf, places, ARRAY_SIZE(places));
	choose_ids(conf, ct);
	drop_name(conf, ct);
	*out = conf;
	conf = NULL;
	return 0;
}
