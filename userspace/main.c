// SPDX-License-Identifier: GPL-2.0-only
/*
 * cloisonctl: the command line of Cloison. One file per verb in cmd/. It can also be
 * called by the names of OpenVZ's programs, which are links to it.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "lib/error.h"
#include "lib/global.h"
#include "lib/log.h"
#include "lib/params.h"
#include "lib/util.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
	bool for_all;	/* who need not be root, nor have a cloison.conf */
	bool answers;	/* what it prints is what it is for */
};

static const struct verb verbs[] = {
	{ "create", cmd_create,
	  "CTID [--ostemplate NAME] [--config NAME] [--layout LAYOUT] [--force] [PARAMETER ...]" },
	{ "destroy", cmd_destroy, "CTID" },
	{ "delete", cmd_destroy, NULL },
	{ "start", cmd_start, "CTID [--wait] [--force] [--discard] [--skip_arpdetect]" },
	{ "stop", cmd_stop, "CTID [--fast] [--skip-umount]" },
	{ "restart", cmd_restart, "CTID [--wait] [--force] [--fast] [--skip_arpdetect]" },
	{ "suspend", cmd_suspend, "CTID [--dumpfile FILE] [--prove]" },
	{ "chkpnt", cmd_suspend,
	  "CTID [--suspend | --dump | --kill | --resume] [--dumpfile FILE] [--prove]" },
	{ "resume", cmd_resume, "CTID [--dumpfile FILE] [--keep] [--force] [--skip_arpdetect]" },
	{ "restore", cmd_resume,
	  "CTID [--undump | --kill | --resume] [--dumpfile FILE] [--keep] [--force]" },
	{ "backup", cmd_backup,
	  "CTID [--full|--incremental] [--freeze] [--to DIR | --stdout] [--description TEXT] "
	  "[--json]" },
	{ "backup-list", cmd_backup_list,
	  "[CTID] [--from DIR] [--verify] [-H|--no-header] [--json]",
	  .answers = true },
	{ "backup-delete", cmd_backup_delete, "ID [--from DIR] [--with-children]" },
	{ "restore-backup", cmd_restore_backup,
	  "ID|FILE|- [--from DIR] [--ctid CTID] [--layout LAYOUT] [--force] [--trust]" },
	{ "mount", cmd_mount, "CTID" },
	{ "umount", cmd_umount, "CTID" },
	{ "quotainit", cmd_quotainit, "CTID" },
	{ "quotaon", cmd_quotaon, "CTID" },
	{ "quotaoff", cmd_quotaoff, "CTID" },
	{ "pause", cmd_pause, "CTID" },
	{ "unpause", cmd_unpause, "CTID" },
	{ "status", cmd_status, "CTID [--json]", .answers = true },
	{ "list", cmd_list, "[-a|-S] [-H] [-1] [-j] [-o FIELD,...] [-s [-]FIELD] [CTID ...]",
	  .answers = true },
	{ "ubc", cmd_ubc, "[--near] [--relative] [--incremental] [--watch] [--file FILE] [--json] "
	  "[CTID ...]", .answers = true },
	{ "stat", cmd_stat, "[--json] [CTID ...]", .answers = true },
	{ "top", cmd_top, "[--batch] [--json] [--times N] [--delay SECONDS] [--sort COLUMN]" },
	{ "metrics", cmd_metrics, "[--output FILE]" },
	{ "set", cmd_set, "CTID [--save] [--force] [--setmode MODE] [--applyconfig NAME] "
	  "[--applyconfig_map name] [--userpasswd USER:PASSWORD] [--skip_arpdetect] PARAMETER ... | "
	  "CTID --reset_ub" },
	{ "enter", cmd_enter, "CTID [--exec COMMAND ...]" },
	{ "exec", cmd_exec, "CTID COMMAND [ARGUMENT ...]" },
	{ "exec2", cmd_exec2, "CTID COMMAND [ARGUMENT ...]" },
	{ "exec3", cmd_exec3, NULL },
	{ "runscript", cmd_runscript, "CTID FILE" },
	{ "snapshot", cmd_snapshot, "CTID [--id UUID] [--name NAME] [--description TEXT] "
	  "[--skip-suspend] [--skip-config] [--json]" },
	{ "snapshot-list", cmd_snapshot_list,
	  "CTID [-H|--no-header] [-o|--output FIELD,...] [--id UUID] [-L|--list] [--json]",
	  .answers = true },
	{ "snapshot-switch", cmd_snapshot_switch,
	  "CTID --id UUID [--skip-resume | --must-resume] [--skip-config]" },
	{ "snapshot-delete", cmd_snapshot_delete, "CTID --id UUID" },
	{ "snapshot-mount", cmd_snapshot_mount, "CTID --id UUID --target DIRECTORY" },
	{ "snapshot-umount", cmd_snapshot_umount, "CTID --id UUID" },
	{ "clone", cmd_clone, "CTID NEWID [--id UUID] [PARAMETER ...]" },
	{ "compact", cmd_compact, "CTID" },
	{ "console", cmd_console, "CTID" },
	{ "convert", cmd_convert, "CTID [--layout LAYOUT] [--device DEVICE] [--force]" },
	{ "events", cmd_events, "[--json] [CTID ...]" },
	{ "migrate", cmd_migrate, "[--live|--offline] [--keep] [--check-only] [--bandwidth RATE] "
	  "[--compress] [--force] [--times] [--json] HOST CTID | --settle [CTID] | "
	  "--resolve here|there CTID" },
	{ "migrate-receive", cmd_migrate_receive, NULL },
	{ "migrate-pipe", cmd_migrate_pipe, NULL, .for_all = true },
	{ "boot", cmd_boot, "start|stop [--json]" },
	{ "host-upgrade", cmd_host_upgrade, "[--kernel VERSION|PATH] [--kexec|--reboot] "
	  "[--check-only] [--stop-others] [--timeout SECONDS] | --resume | --abort" },
	{ "watch", cmd_watch, "" },
	{ "sched", cmd_sched, "enable [--auto] | disable | status [--json]", .answers = true },
	{ "template", cmd_template, "list [--json] | build NAME | import NAME FILE|DIR|- "
	  "[--sha256 SUM] [--force] | update [NAME ...] | verify NAME | remove NAME" },
	{ "check", cmd_check, "[--json] [WHAT ...] | --repair [CTID]" },
	{ "vzcfgvalidate", cmd_vzcfgvalidate, "[-r|-i] [-v yes|no] FILE" },
	{ "vzsplit", cmd_vzsplit, "-n N [-f NAME] [-s SWAP]" },
	{ "version", cmd_version, "[--json]", .for_all = true, .answers = true },
	{ "vzpid", cmd_vzpid, "[-p] [--json] PID ...", .answers = true },
	{ "cpucheck", cmd_vzcpucheck, "[-v] [--json]", .answers = true },
	{ "vzcpucheck", cmd_vzcpucheck, NULL, .answers = true },
	{ "memcheck", cmd_vzmemcheck, "[-v] [-A] [--json]", .answers = true },
	{ "vzmemcheck", cmd_vzmemcheck, NULL, .answers = true },
};

/* OpenVZ's programs that are one verb here; vzctl itself takes the verbs. */
static const struct name {
	const char *name, *verb;
	int failure;	/* its one exit status for every failure; 0: the verb's own */
} names[] = {
	{ "vzlist", "list", .failure = 1 },
	{ "vzcfgvalidate", "vzcfgvalidate" },
	{ "vzsplit", "vzsplit" },
	{ "vzpid", "vzpid" },
	{ "vzubc", "ubc", .failure = 1 },
	{ "vzcpucheck", "vzcpucheck" },
	{ "vzmemcheck", "vzmemcheck" },
	{ "vzmigrate", "migrate" },
};

const char *called_as = "cloisonctl";

bool called_vz(void)
{
	return strncmp(called_as, "vz", 2) == 0;
}

/* Their names; completion finds them here too. */
static void list_parameters(FILE *f)
{
	static const struct option none[] = { {} };
	struct option *all = params_options(none);
	int column = fprintf(f, "PARAMETER is one of");

	for (const struct option *o = all; o->name; o++) {
		if (column + strlen(o->name) + 4 > 80) {
			fputs("\n", f);
			column = fprintf(f, "   ");
		}
		column += fprintf(f, " --%s", o->name);
	}
	fputs(".\nSee cloisonctl-set(8).\n", f);
	free(all);
}

static void usage(FILE *f)
{
	fprintf(f, "%s version %s\n"
		"Usage: %s [--quiet] [--verbose] VERB ...\n", called_as, version(), called_as);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (verbs[i].usage)
			fprintf(f, "       %s %s %s\n", called_as, verbs[i].name, verbs[i].usage);
	list_parameters(f);
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
	if (geteuid() != 0 && called_vz() && strcmp(called_as, "vzctl") != 0)
		return fail(EXIT_PERM, "This program can only be run under root.");
	if (geteuid() != 0)
		return fail(EXIT_PERM, "Only root may run %s %s", called_as, verb->name);
	ret = global_load();
	if (ret)
		return ret;
	verbose += global.verbose;
	/* who only asks does nothing that somebody would want to know of */
	if (!verb->answers)
		log_open(called_as);
	return verb->run(argc, argv);
}

/* Who reads half an answer must not take it for a whole one. */
static int answered(void)
{
	return fflush(stdout) || ferror(stdout) ?
	       fail_errno(EXIT_SYSTEM, "Cannot print the answer") : 0;
}

static int call(const char *name, int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		int ret;

		if (strcmp(name, verbs[i].name) != 0)
			continue;
		/* for the verb's own getopt_long(); 0 also resets glibc's state */
		optind = 0;
		ret = run_verb(&verbs[i], argc, argv);
		if (!ret && verbs[i].answers)
			ret = answered();
		if (ret)
			error_print();
		return ret;
	}
	fprintf(stderr, "Bad command: %s\n", name);
	return EXIT_BAD_OPTION;
}

/* The verb that a name of OpenVZ's stands for; false: the first argument says. */
static bool call_by_name(int argc, char **argv, int *ret)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc ? argv[0] : "";

	if (strcmp(name, "vzctl") == 0)
		called_as = "vzctl";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i].name) != 0)
			continue;
		called_as = names[i].name;
		*ret = call(names[i].verb, argc, argv);
		if (*ret && names[i].failure)
			*ret = names[i].failure;
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "skiplock", no_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int opt, ret;

	fill_stdio();
	/* with it ignored, as daemons do, we could wait for no child of ours */
	signal(SIGCHLD, SIG_DFL);
	umask(022);
	if (call_by_name(argc, argv, &ret))
		return ret;
	/* '+': what follows the verb is the verb's */
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (opt) {
		case 'q':
			quiet = true;
			break;
		case 'v':
			verbose++;
			break;
		case 's':
			container_lock_skip = true;
			break;
		case 'V':
			printf("%s version %s\n", called_as, version());
			return 0;
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
	return call(argv[0], argc, argv);
}
