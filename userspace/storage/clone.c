// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "clone.h"
#include "copy.h"
#include "error.h"
#include "layout.h"
#include "private.h"
#include "still.h"
#include "util.h"

struct conf *clone_conf(const struct container *source)
{
	static const char *const own[] = {
		"NAME", "IP_ADDRESS", "NETIF", "NETDEV", "LOCAL_UID", "LOCAL_GID",
	};
	static const char *const paths[] = { "VE_ROOT", "VE_PRIVATE" };
	cleanup_free char *text = conf_text(source->conf);
	struct conf *conf = conf_new();

	/* it was parsed before */
	if (conf_parse(conf, text, source->conf_path))
		error_clear();
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		conf_set(conf, own[i], NULL);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *path = conf_get(conf, paths[i]);

		if (path && !strstr(path, "VEID"))
			conf_set(conf, paths[i], NULL);
	}
	return conf;
}

struct work {
	const struct container *source;
	const struct snapshot *s;
};

static int fill(struct container *ct, const char *staging, void *arg)
{
	const struct work *w = arg;
	cleanup_free char *fresh = xasprintf("%s/" PRIVATE_FRESH, staging);
	const json_t *ids = w->s ? json_object_get(w->s->info, "ids") : NULL;
	struct copy c = {
		.from = w->s ? w->s->dir : w->source->private, .to = staging, .ct = ct,
		.counted = true, .status = EXIT_CREATE,
	};
	int ret = container_ids(w->source, &c.from_base);

	if (!ret)
		ret = container_ids(ct, &c.to_base);
	if (ret)
		return ret;
	if (ids)
		c.from_base = json_integer_value(ids);
	/* what must not be as another has it, is made at the first start */
	if (mknod(fresh, S_IFREG | 0600, 0))
		return fail_errno(EXIT_CREATE, "Cannot make %s", fresh);
	return w->s ? layout_of(c.from)->copy(&c) : still_copy(w->source, true, &c);
}

int clone_create(struct container *ct, const struct container *source, const struct snapshot *s)
{
	const struct layout *layout = s ? layout_of(s->dir) : source->layout;
	const char *named = conf_get(ct->conf, "VE_LAYOUT");

	if ((named ? layout_named(named) : &layout_dir) != layout)
		conf_set(ct->conf, "VE_LAYOUT", layout->name);
	return private_create_by(ct, fill, &(struct work){ source, s });
}
