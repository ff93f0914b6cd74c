// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "cmd.h"

int cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("cloisonctl version %s\n", VERSION);
	return 0;
}
