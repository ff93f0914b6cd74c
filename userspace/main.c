// SPDX-License-Identifier: GPL-2.0-only
/* cloisonctl: the command line of Cloison. One file per verb in cmd/. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "lib/error.h"
#include "lib/global.h"
#include "lib/util.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
	bool for_all;	/* who need not be root, nor have a cloison.conf */
};

static const struct verb verbs[] = {
	{ "create", cmd_create, "CTID [--ostemplate NAME] [--config NAME] [PARAMETER ...]" },
	{ "destroy", cmd_destroy, "CTID" },
	{ "delete", cmd_destroy, NULL },
	{ "start", cmd_start, "CTID [--wait] [--force]" },
	{ "stop", cmd_stop, "CTID [--fast]" },
	{ "restart", cmd_restart, "CTID [--wait] [--force] [--fast]" },
	{ "status", cmd_status, "CTID" },
	{ "list", cmd_list, "[-a|-S] [-H] [-1] [-o FIELD,...] [CTID ...]" },
	{ "set", cmd_set, "CTID [--save] PARAMETER ..." },
	{ "enter", cmd_enter, "CTID" },
	{ "exec", cmd_exec, "CTID COMMAND [ARGUMENT ...]" },
	{ "exec2", cmd_exec2, "CTID COMMAND [ARGUMENT ...]" },
	{ "template", cmd_template, "list | build NAME | remove NAME" },
	{ "check", cmd_check, "" },
	{ "version", cmd_version, "", .for_all = true },
};

static void usage(FILE *f)
{
	fprintf(f, "cloisonctl version %s\n"
		"Usage: cloisonctl [--quiet] [--verbose] VERB ...\n", VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (verbs[i].usage)
			fprintf(f, "       cloisonctl %s %s\n", verbs[i].name, verbs[i].usage);
	fputs("PARAMETER is one of --hostname NAME, --ram SIZE, --swap SIZE, --numproc N,\n"
	      "--cpuunits N, --cpulimit PERCENT, --cpus N. See cloisonctl(8).\n", f);
}

/* What we open must never land on a standard stream somebody closed. */
static void fill_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	int ret;

	if (verb->for_all)
		return verb->run(argc, argv);
	if (geteuid() != 0)
		return fail(EXIT_PERM, "Only root may run cloisonctl %s", verb->name);
	ret = global_load();
	return ret ? ret : verb->run(argc, argv);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int opt, ret;

	fill_stdio();
	/* with it ignored, as daemons do, we could wait for no child of ours */
	signal(SIGCHLD, SIG_DFL);
	umask(022);
	/* '+': what follows the verb is the verb's */
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (opt) {
		case 'q':
			quiet = true;
			break;
		case 'v':
			verbose++;
			break;
		case 'V':
			return cmd_version(1, argv);
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EXIT_BAD_OPTION;
		}
	}
	argc -= optind;
	argv += optind;
	if (!argc) {
		usage(stderr);
		return EXIT_BAD_OPTION;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		/* for the verb's own getopt_long(); 0 also resets glibc's state */
		optind = 0;
		ret = run_verb(&verbs[i], argc, argv);
		if (ret)
			error_print();
		return ret;
	}
	fprintf(stderr, "Bad command: %s\n", argv[0]);
	return EXIT_BAD_OPTION;
}
