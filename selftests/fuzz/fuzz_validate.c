// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configurations of OpenVZ's, whose beancounters may not fit together: what is
 * repaired is right, and can be read again.
 */
#include "cleanup.h"
#include "conf.h"
#include "fuzz.h"
#include "validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_conf struct conf *conf = conf_new(), *reread = conf_new();
	cleanup_free char *text = string(data, size), *repaired = NULL;
	enum validate_as as = size % 3;
	unsigned int left;

	if (!freopen("/dev/null", "w", stdout))
		return -1;
	if (conf_parse(conf, text, "fuzz"))
		return 0;
	left = validate_conf(conf, REPAIR_ALL, as);
	repaired = conf_text(conf);
	must(conf_parse(reread, repaired, "repaired") == 0);
	must(validate_conf(reread, REPAIR_NOTHING, as) == left);
	must(validate_conf(reread, REPAIR_ALL, as) == left);
	return 0;
}
