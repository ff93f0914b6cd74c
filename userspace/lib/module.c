// SPDX-License-Identifier: GPL-2.0-only
#include "module.h"
#include "util.h"

bool module_load(const char *name, const char *parameter)
{
	const char *const argv[] = { "modprobe", "-q", "--", name, parameter, NULL };

	return run_program(argv, -1) == 0;
}
