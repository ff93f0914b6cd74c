// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "../lib/template.h"
#include "../lib/util.h"
#include "cmd.h"

enum verdict { OK, HINT, BAD };

static bool failed;

/* One line per finding; what is not OK says how to mend it. */
static void report(enum verdict v, const char *fmt, ...) __printf(2, 3);

static void report(enum verdict v, const char *fmt, ...)
{
	static const char *const words[] = { "ok    ", "hint  ", "FAILED" };
	va_list ap;

	printf("%s  ", words[v]);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	failed |= v == BAD;
}

static void check_kernel(void)
{
	cleanup_free char *userns = read_file("/proc/sys/user/max_user_namespaces", 64);
	struct utsname un;

	uname(&un);
	report(OK, "kernel %s", un.release);
	if (!userns || strcmp(userns, "0\n") == 0)
		report(BAD, "user namespaces are off: sysctl -w user.max_user_namespaces=65536");
	else
		report(OK, "user namespaces");
	if (access("/proc/self/ns/time", F_OK))
		report(BAD, "the kernel has no time namespaces (CONFIG_TIME_NS)");
	else
		report(OK, "time namespaces");
	if (cgroup_check()) {
		report(BAD, "%s", error_text());
		error_clear();
	} else {
		report(OK, "cgroup v2");
	}
}

static void check_module(void)
{
	cleanup_free struct kernel_container *list = NULL;
	size_t count, running = 0;

	if (kernel_list(&list, &count)) {
		report(BAD, "%s", error_text());
		error_clear();
		return;
	}
	for (size_t i = 0; i < count; i++) {
		running += list[i].state == CLOISON_STATE_RUNNING;
		if (list[i].state == CLOISON_STATE_DEAD)
			report(HINT,
			       "container %u ended by itself; cloisonctl stop %u clears what it left",
			       list[i].id, list[i].id);
	}
	report(OK, "module cloison, %zu containers running", running);
}

static bool in_path(const char *program)
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					    "/usr/bin", "/sbin", "/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		cleanup_free char *path = xasprintf("%s/%s", dirs[i], program);

		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void check_programs(void)
{
	static const struct {
		const char *name, *package, *use;
		enum verdict missing;
	} programs[] = {
		{ "tar", "tar", "unpacks templates", BAD },
		{ "zstd", "zstd", "unpacks templates", BAD },
		{ "mmdebstrap", "mmdebstrap", "builds Debian templates", HINT },
		{ "criu", "criu", "checkpoints containers", HINT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (in_path(programs[i].name))
			report(OK, "%s", programs[i].name);
		else
			report(programs[i].missing, "%s, which %s, is missing: apt install %s",
			       programs[i].name, programs[i].use, programs[i].package);
}

static void check_templates(void)
{
	struct template *list;
	size_t count, archives = 0;

	template_list(&list, &count);
	for (size_t i = 0; i < count; i++)
		archives += !!list[i].archive;
	template_list_free(list, count);
	if (archives)
		report(OK, "%zu templates", archives);
	else
		report(HINT, "there is no template yet: cloisonctl template build busybox");
}

int cmd_check(int argc, char **argv)
{
	if (argc > 1)
		return fail(EXIT_BAD_OPTION, "Unexpected argument: %s", argv[1]);
	check_kernel();
	check_module();
	check_programs();
	check_templates();
	return failed ? fail(EXIT_KERNEL, "This host cannot run containers yet") : 0;
}
