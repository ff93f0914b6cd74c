// SPDX-License-Identifier: GPL-2.0-only
#include "../lib/error.h"
#include "../lib/value.h"
#include "../storage/image.h"
#include "cmd.h"

int cmd_compact(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	uint64_t bytes;
	char text[16];
	int ret = cmd_container(argc, argv, NEED_CONF, &ct);

	if (!ret && argc > 2)
		ret = fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[2]);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = image_compact(&ct, &bytes);
	if (!ret)
		say("%s were given back", amount_text(bytes, text, sizeof(text)));
	return ret;
}
