// SPDX-License-Identifier: GPL-2.0-only
/* migrate, which vzmigrate is too, with its exit statuses under both names. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/error.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "../migrate/files.h"
#include "../migrate/settle.h"
#include "../migrate/source.h"
#include "../migrate/status.h"
#include "../migrate/target.h"
#include "cmd.h"

struct options {
	struct migrate_options m;
	const char *resolve;	/* here or there */
	bool settle, help;
};

static int usage(char **argv)
{
	cmd_bad_option(argv);
	return MIGRATE_USAGE;
}

static int take_remove(const char *arg, bool *keep)
{
	*keep = strcmp(arg, "no") == 0;
	return *keep || strcmp(arg, "yes") == 0 ? 0 :
	       fail(MIGRATE_USAGE, "Bad value for --remove-area: %s; it takes yes or no", arg);
}

static int take_rate(const char *arg, uint64_t *rate)
{
	return parse_size(arg, 1, rate) && *rate >= 4096 && *rate != VALUE_UNLIMITED ? 0 :
	       fail(MIGRATE_USAGE,
		    "Bad value for --bandwidth: %s; it takes bytes a second, such as 10M", arg);
}

/* vzmigrate's words, without any for all; of those checks there is that of the CPU here. */
static int take_nodeps(const char *arg, bool *force)
{
	cleanup_free char *copy = xstrdup(arg ? arg + (*arg == '=') : "");
	char *rest = copy, *word;

	*force |= !*copy;
	while ((word = strsep(&rest, ","))) {
		if (strcmp(word, "cpu") == 0 || strcmp(word, "cpu_check") == 0 ||
		    strcmp(word, "all") == 0)
			*force = true;
		else if (*word && strcmp(word, "ipv6") != 0)
			return fail(MIGRATE_USAGE,
				    "Bad value for --nodeps: %s; it takes cpu, ipv6 or all", word);
	}
	return 0;
}

/* --settle and --resolve are commands of their own. */
static int check(const struct options *o)
{
	const struct migrate_options *m = &o->m;

	if (!o->settle && !o->resolve)
		return 0;
	if (m->live || m->keep || m->check_only || m->compress || m->force || m->json || m->rate ||
	    m->ssh || (o->settle && o->resolve))
		return fail(MIGRATE_USAGE, "--settle and --resolve go with no other option");
	return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "live", no_argument, NULL, 'l' },
		{ "online", no_argument, NULL, 'l' },
		{ "offline", no_argument, NULL, 'o' },
		{ "keep", no_argument, NULL, 'k' },
		{ "remove-area", required_argument, NULL, 'r' },
		{ "check-only", no_argument, NULL, 'n' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "bandwidth", required_argument, NULL, 'b' },
		{ "compress", no_argument, NULL, 'C' },
		{ "ssh", required_argument, NULL, 's' },
		{ "force", no_argument, NULL, 'F' },
		{ "nodeps", optional_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "times", no_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "settle", no_argument, NULL, 'S' },
		{ "help", no_argument, NULL, 'h' },
		{ "usage", no_argument, NULL, 'h' },
		{ "resolve", required_argument, NULL, 'R' },
		/* vzmigrate's, for what is not so here */
		{ "keep-dst", no_argument, NULL, 'i' },
		{ "ssh-mux", no_argument, NULL, 'i' },
		{ "rsync", required_argument, NULL, 'i' },
		{ "compact", no_argument, NULL, 'i' },
		{ "snapshot", no_argument, NULL, 'i' },
		{}
	};
	int opt, ret = 0;

	while (!ret && (opt = getopt_long(argc, argv, "hr:f::cstv", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			o->m.live = true;
			break;
		case 'o':
			o->m.live = false;
			break;
		case 'k':
			o->m.keep = true;
			break;
		case 'r':
			ret = take_remove(optarg, &o->m.keep);
			break;
		case 'n':
			o->m.check_only = true;
			break;
		case 'b':
			ret = take_rate(optarg, &o->m.rate);
			break;
		case 'C':
			o->m.compress = true;
			break;
		case 's':
			/* -s alone is vzmigrate's for a snapshot of a disk image */
			if (optarg)
				o->m.ssh = optarg;
			break;
		case 'F':
			o->m.force = true;
			break;
		case 'f':
			ret = take_nodeps(optarg, &o->m.force);
			break;
		case 'j':
			o->m.json = true;
			break;
		case 't':
			o->m.times = true;
			break;
		case 'v':
			verbose++;
			o->m.times = true;
			break;
		case 'h':
			o->help = true;
			break;
		case 'S':
			o->settle = true;
			break;
		case 'R':
			o->resolve = optarg;
			break;
		case 'c':
		case 'i':
			break;
		default:
			ret = usage(argv);
		}
	}
	return ret ? ret : check(o);
}

/* What a tool that was killed has started, CRIU say, has the lock until it has ended. */
#define PATIENCE_MS	60000

static int open_moving(const char *arg, struct container *ct)
{
	int ret = source_open(ct, arg);

	if (ret)
		return ret;
	ret = container_lock_as_is_until(ct, now_ms() + PATIENCE_MS);
	return ret == EXIT_LOCKED ? MIGRATE_LOCKED : ret ? MIGRATE_CONFIG : 0;
}

static int settle(const char *arg)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	int ret;

	if (!arg)
		return settle_all();
	ret = open_moving(arg, &ct);
	return ret ? ret : settle_yielding(&ct);
}

static int resolve(const char *arg, const char *where)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	bool here = strcmp(where, "here") == 0;
	int ret;

	if (!here && strcmp(where, "there") != 0)
		return fail(MIGRATE_USAGE, "Bad value for --resolve: %s; it takes here or there",
			    where);
	if (!arg)
		return fail(MIGRATE_USAGE, "CT ID missing");
	ret = open_moving(arg, &ct);
	return ret ? ret : settle_resolve(&ct, here);
}

int cmd_migrate(int argc, char **argv)
{
	struct options o = {};
	int ret = parse(argc, argv, &o);

	if (ret)
		return ret;
	if (o.help) {
		printf("Usage: %s [OPTION ...] HOST CTID\nSee cloisonctl-migrate(8).\n",
		       called_vz() ? called_as : "cloisonctl migrate");
		return 0;
	}
	argc -= optind;
	argv += optind;
	if (o.settle || o.resolve)
		return argc > 1 ? fail(MIGRATE_USAGE, "Unexpected argument: %s", argv[1]) :
		       o.settle ? settle(argv[0]) : resolve(argv[0], o.resolve);
	if (argc != 2)
		return fail(MIGRATE_USAGE, "Say HOST and CTID: see cloisonctl --help");
	o.m.host = argv[0];
	o.m.ctid = argv[1];
	/* a report for programs has the output to itself */
	quiet |= o.m.json;
	return source_migrate(&o.m);
}

/* What ssh(1) runs for migrate on the other host: the protocol on standard input and output. */
int cmd_migrate_receive(int argc, char **argv)
{
	int in, out;

	(void)argv;
	if (argc != 1)
		return fail(MIGRATE_USAGE, "Only cloisonctl migrate calls this, from another host");
	signal(SIGPIPE, SIG_IGN);
	/* whatever else would be printed there, also by programs that we run */
	quiet = true;
	in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (in < 0 || out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    !freopen("/dev/null", "r", stdin))
		return fail_errno(EXIT_SYSTEM, "Cannot prepare the line");
	return target_serve(in, out);
}

int cmd_migrate_pipe(int argc, char **argv)
{
	return files_pipe(argc, argv);
}
