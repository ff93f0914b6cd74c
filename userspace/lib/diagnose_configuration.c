// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "diagnose.h"
#include "global.h"
#include "legacy.h"
#include "log.h"

/* Lines of the global file that a system brought from OpenVZ, or that nobody reads. */
void diagnose_configuration(struct findings *f)
{
	const char *key, *value, *why = log_error();
	bool good = true;

	for (size_t at = 0; (key = global_next(&at, &value));) {
		const char *advice = legacy_global_advice(key, value);

		if (!advice)
			continue;
		finding(f, FINDING_HINT, "remove that line", "%s: %s has no effect: %s",
			GLOBAL_CONF, key, advice);
		good = false;
	}
	if (why) {
		finding(f, FINDING_HINT, "see LOGFILE in " GLOBAL_CONF,
			"nothing is logged: %s cannot be opened: %s", global.logfile, why);
		good = false;
	}
	if (good)
		finding(f, FINDING_OK, NULL, "%s", GLOBAL_CONF);
}
