// SPDX-License-Identifier: GPL-2.0-only
#include "../lib/error.h"
#include "../lib/relay.h"
#include "../lib/value.h"
#include "cmd.h"

/*
 * A login on a terminal made for this console. A terminal that stayed, with the
 * container's own getty on it, would need somebody to hold its other side open as
 * long as the container runs: a process of ours for each, which there are none of,
 * and which no checkpoint could take along.
 */
static const char *const login[] = {
	"/bin/sh", "-c",
	"[ ! -r /etc/issue ] || cat /etc/issue; "
	"command -v login >/dev/null && exec login; "
	"echo 'This container has no login: use cloisonctl enter'; exit 1",
	NULL
};

int cmd_console(int argc, char **argv)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	struct kernel_container kc;
	struct attached in;
	int status = 0, ret;
	uint64_t tty;

	ret = cmd_running(argc, argv, &ct, &kc);
	if (!ret && argc > 3)
		ret = fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[3]);
	/* vzctl's number of a terminal: they are all alike here */
	if (!ret && argc == 3 && !parse_number(argv[2], 1, 12, &tty))
		ret = fail(EXIT_BAD_VALUE, "Bad terminal %s: it is a number from 1 to 12", argv[2]);
	if (!ret)
		ret = attach_open(&ct, &kc, &in);
	if (ret)
		return ret;
	say("Attached to CT %u (ESC . to detach)", ct.id);
	ret = relay_console(&in, login, &status);
	attach_close(&in);
	say("Detached from CT %u", ct.id);
	if (ret == RELAY_LEFT)
		return 0;
	return ret ? ret : cmd_status_of(status);
}
