// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "cmd.h"

/* What the host keeps for itself, in percent. */
#define HOSTS_SHARE	10
#define PROCESSES_MAX	32000U

/* @bytes of the host's, less its own share, for one of @n; in whole megabytes. */
static uint64_t share(uint64_t bytes, uint64_t n)
{
	return bytes / 100 * (100 - HOSTS_SHARE) / n >> 20;
}

/* The free space where private areas are made, or will be. */
static uint64_t free_space(void)
{
	cleanup_free char *dir = xstrndup(global.ve_private, strcspn(global.ve_private, "$"));
	struct statvfs st;
	char *slash;

	while (statvfs(dir, &st)) {
		slash = strrchr(dir, '/');
		if (!slash || !dir[1])
			return 0;
		/* the root's own stays */
		slash[slash == dir] = '\0';
	}
	return (uint64_t)st.f_bavail * st.f_frsize;
}

static char *sample(uint64_t n, uint64_t swap)
{
	struct sysinfo si;
	uint64_t ram, disk = share(free_space(), n);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	sysinfo(&si);
	ram = share((uint64_t)si.totalram * si.mem_unit, n);
	if (swap == VALUE_UNLIMITED)
		swap = (uint64_t)si.totalswap * si.mem_unit;
	return xasprintf("# One of %" PRIu64 " equal parts of this host (%ld CPUs).\n"
			 "ONBOOT=\"no\"\n"
			 "PHYSPAGES=\"0:%" PRIu64 "M\"\n"
			 "SWAPPAGES=\"0:%" PRIu64 "M\"\n"
			 "NUMPROC=\"%" PRIu64 ":%" PRIu64 "\"\n"
			 "DISKSPACE=\"%" PRIu64 "M:%" PRIu64 "M\"\n"
			 "CPUUNITS=\"1000\"\n",
			 n, cpus, ram, share(swap, n), PROCESSES_MAX / n, PROCESSES_MAX / n,
			 disk, disk + disk / 10);
}

/* vzsplit -n N [-f NAME] [-s SWAP]: a sample configuration for a part of this host. */
int cmd_vzsplit(int argc, char **argv)
{
	uint64_t n = 0, swap = VALUE_UNLIMITED;
	cleanup_free char *text = NULL, *path = NULL;
	const char *name = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "n:f:s:v:")) != -1) {
		if (opt == 'n' && !parse_number(optarg, 1, 10000, &n))
			return fail(EXIT_BAD_VALUE, "-n takes 1 to 10000, not %s", optarg);
		if (opt == 's' && !parse_size(optarg, 1024, &swap))
			return fail(EXIT_BAD_VALUE, "-s takes kilobytes, not %s", optarg);
		if (opt == 'f')
			name = optarg;
		/* whether for VSwap, which all are */
		if (opt == 'v' && strcmp(optarg, "yes") != 0 && strcmp(optarg, "no") != 0)
			return fail(EXIT_BAD_VALUE, "-v takes yes or no, not %s", optarg);
		if (opt == '?')
			return cmd_bad_option(argv);
	}
	if (cmd_no_more(argc, argv))
		return EXIT_BAD_OPTION;
	if (!n)
		return fail(EXIT_BAD_OPTION,
			    "Say into how many parts: vzsplit -n N [-f NAME] [-s SWAP]");
	if (name && !valid_template_name(name))
		return fail(EXIT_BAD_VALUE, "Bad name of a sample configuration: %s", name);
	text = sample(n, swap);
	if (!name) {
		fputs(text, stdout);
		return 0;
	}
	path = xasprintf(SYSCONFDIR "/conf/ve-%s.conf-sample", name);
	if (access(path, F_OK) == 0)
		return fail(EXIT_BAD_VALUE, "%s exists already: choose another name", path);
	if (write_file_atomic(path, text, 0644))
		return fail_errno(EXIT_CONF_SAVE, "Cannot write %s", path);
	say("Wrote %s", path);
	return 0;
}
