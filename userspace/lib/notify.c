// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "notify.h"

bool notify_ready(const char *message, size_t len)
{
	static const char ready[] = "READY=1";
	const char *end = message + len;

	while (message < end) {
		const char *newline = memchr(message, '\n', end - message);
		size_t line = (newline ? newline : end) - message;

		if (line == sizeof(ready) - 1 && memcmp(message, ready, line) == 0)
			return true;
		message += line + 1;
	}
	return false;
}
