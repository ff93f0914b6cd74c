// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration files. The first line is a value to be set, the rest the file:
 * what was parsed must be written so that it is parsed as the same again, and a
 * value that is set is there, now and after writing.
 */
#include "cleanup.h"
#include "conf.h"
#include "fuzz.h"
#include "util.h"

static const char *const keys[] = { "A", "VE_PRIVATE", "RAM", "NAME", "_x1" };

static void same(const struct conf *a, const struct conf *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *x = conf_get(a, keys[i]), *y = conf_get(b, keys[i]);

		must(!x == !y && (!x || strcmp(x, y) == 0));
	}
}

/* A second reading gives the same values and the same text. */
static void round_trip(const struct conf *conf)
{
	cleanup_free char *text = conf_text(conf), *again = NULL;
	cleanup_conf struct conf *reread = conf_new();

	must(conf_parse(reread, text, "the same") == 0);
	same(conf, reread);
	again = conf_text(reread);
	must(strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_conf struct conf *conf = conf_new();
	cleanup_free char *text = string(data, size);
	char *file = strchr(text, '\n');
	const char *key = keys[size % ARRAY_SIZE(keys)];

	if (!file)
		return -1;
	*file++ = '\0';
	/* a value of several lines */
	for (char *p = text; *p; p++)
		if (*p == '\f')
			*p = '\n';

	if (conf_parse(conf, file, "fuzz"))
		return 0;
	round_trip(conf);
	conf_set(conf, key, text);
	must(strcmp(conf_get(conf, key), text) == 0);
	round_trip(conf);
	conf_set(conf, key, NULL);
	must(!conf_get(conf, key));
	round_trip(conf);
	return 0;
}
