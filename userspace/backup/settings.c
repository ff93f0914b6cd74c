// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "../lib/error.h"
#include "../lib/names.h"
#include "../lib/params.h"
#include "../lib/util.h"
#include "settings.h"

/* Of whoever restores it, not of whoever made it. */
static const char *const places[] = { "VE_ROOT", "VE_PRIVATE" };
static const char *const ids[] = { "LOCAL_UID", "LOCAL_GID" };

/* What gives a container something of the host's, or rights. */
static const char *const rights[] = {
	"BRIDGE", "CAPABILITY", "DEVICES", "DEVNODES", "FEATURES", "NETDEV", "NETIF", "PCI",
	"PORTS", "VETH",
};

static void take(struct conf *conf, const struct container *ct, const char *const keys[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		conf_set(conf, keys[i], ct->conf ? conf_get(ct->conf, keys[i]) : NULL);
}

/* Ids that are free here may stay, if who made the backup did not choose them to be somebody's. */
static void choose_ids(struct conf *conf, const struct container *ct, bool trusted)
{
	uint32_t base;

	if (container_exists(ct))
		take(conf, ct, ids, ARRAY_SIZE(ids));
	else if (!trusted || !container_base(conf, &base) || container_check_ids(ct->id, base) ||
		 container_check_running_ids(ct->id, base))
		/* private.c chooses */
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
			conf_set(conf, ids[i], NULL);
	error_clear();
}

static bool harmless(const char *key, const char *value)
{
	if (!params_key_option(key))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
		if (strcmp(key, rights[i]) != 0)
			continue;
		if (*value)
			warn("Left out, as the backup may be anybody's (see --trust): %s=\"%s\"",
			     key, value);
		return false;
	}
	return true;
}

/* Parameters, written anew: nothing for a shell to find that reads the file. */
static struct conf *only_harmless(const struct conf *conf)
{
	struct conf *good = conf_new();
	const char *key, *value;

	for (size_t at = 0; (key = conf_next(conf, &at, &value));)
		if (harmless(key, value))
			conf_set(good, key, value);
	return good;
}

static void drop_name(struct conf *conf, const struct container *ct)
{
	const char *name = conf_get(conf, "NAME");
	uint32_t holder;

	if (!name || !*name || !names_find(name, &holder) || holder == ct->id)
		return;
	warn("The name %s is container %u's now: %u is left without", name, holder, ct->id);
	conf_set(conf, "NAME", NULL);
}

int settings_of(const struct backup *b, const struct container *ct, bool trusted,
		struct conf **out)
{
	cleanup_conf struct conf *conf = conf_new();

	if (conf_parse(conf, backup_text(b, "conf"), "the backup's configuration"))
		return EXIT_RESTORE;
	if (!trusted) {
		struct conf *good = only_harmless(conf);

		conf_free(conf);
		conf = good;
	}
	take(conf, ct, places, ARRAY_SIZE(places));
	choose_ids(conf, ct, trusted);
	drop_name(conf, ct);
	*out = conf;
	conf = NULL;
	return 0;
}
