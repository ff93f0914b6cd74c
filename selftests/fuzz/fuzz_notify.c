// SPDX-License-Identifier: GPL-2.0-only
/* What anybody in a container may send to its NOTIFY_SOCKET. */
#include <stdbool.h>

#include "fuzz.h"
#include "notify.h"

/* The same said otherwise: a whole line, at the beginning or after a newline. */
static bool says_so(const char *s, size_t size)
{
	for (size_t i = 0; i + 7 <= size; i++)
		if (memcmp(s + i, "READY=1", 7) == 0 && (i == 0 || s[i - 1] == '\n') &&
		    (i + 7 == size || s[i + 7] == '\n'))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = malloc(size ? size : 1);

	must(s);
	memcpy(s, data, size);
	must(notify_ready(s, size) == says_so(s, size));
	free(s);
	return 0;
}
