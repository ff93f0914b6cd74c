// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

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
		"NAME", "IP_ADDRESS", "PORTS", "NETIF", "NETDEV", "LOCAL_UID", "LOCAL_GID",
		"VE_DEVICE",
	};
	static const char *const paths[] = { "VE_ROOT", "VE_PRIVATE" };
	struct conf *conf = conf_copy(source->conf);

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
	struct copy c = {
		.from = w->s ? w->s->dir : w->source->private, .to = staging, .ct = ct,
		.counted = true, .status = EXIT_CREATE,
	};
	int ret = container_ids(w->source, &c.from_base);

	if (!ret)
		ret = container_ids(ct, &c.to_base);
	/* what must not be as another has it, is made at the first start */
	if (!ret)
		ret = private_make_fresh(staging, EXIT_CREATE);
	if (ret)
		return ret;
	if (w->s)
		c.from_base = snapshot_base(w->s, c.from_base);
	return w->s ? layout_of(c.from)->copy(&c) : still_copy(w->source, true, &c);
}

int clone_create(struct container *ct, const struct container *source, const struct snapshot *s)
{
	const char *from = s ? s->dir : source->private;
	cleanup_free char *label = layout_label(from);
	int ret = layout_check_copy(layout_of(from), source->id, EXIT_CREATE);

	if (ret)
		return ret;
	layout_note(ct->conf, label);
	return private_create_by(ct, fill, &(struct work){ source, s });
}
