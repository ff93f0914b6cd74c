// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../backup/restore.h"
#include "../backup/store.h"
#include "../lib/error.h"
#include "../lib/log.h"
#include "../lib/private.h"
#include "../lib/suspended.h"
#include "../lib/util.h"
#include "../storage/layout.h"
#include "cmd.h"

struct options {
	const char *what, *from, *ctid;
	bool force, ours;	/* from where only we put backups */
	struct restore_wish wish;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'd' },
		{ "ctid", required_argument, NULL, 'c' },
		{ "layout", required_argument, NULL, 'l' },
		{ "force", no_argument, NULL, 'f' },
		{ "trust", no_argument, NULL, 't' },
		{}
	};
	int opt;

	*o = (struct options){};
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			o->from = optarg;
			break;
		case 'c':
			o->ctid = optarg;
			break;
		case 'l':
			o->wish.layout = optarg;
			break;
		case 'f':
			o->force = true;
			break;
		case 't':
			o->wish.trusted = true;
			break;
		default:
			return cmd_bad_option(argv);
		}
	}
	if (o->wish.layout && cmd_layout(o->wish.layout))
		return EXIT_BAD_VALUE;
	if (optind == argc)
		return fail(EXIT_BAD_OPTION,
			    "Say which backup: ID, FILE or - for the standard input; see: cloisonctl backup-list");
	o->what = argv[optind++];
	return cmd_no_more(argc, argv);
}

/* What cannot be read twice, such as a pipe that has a name. */
static int open_stream(struct backup *b, const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) :
			fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int ret;

	if (fd < 0)
		return fail_errno(EXIT_NO_BACKUP, "Cannot open %s", path ?: "the standard input");
	if (isatty(fd)) {
		close(fd);
		return fail(EXIT_BAD_OPTION, "A backup does not come from a terminal");
	}
	ret = backup_read_head(b, fd, NULL);
	if (!ret && backup_text(b, "parent"))
		ret = fail(EXIT_RESTORE,
			   "What comes is incremental: save it beside its parent %s, and restore the file",
			   backup_text(b, "parent"));
	return ret;
}

static int open_backup(struct options *o, struct backup **chain, size_t *count)
{
	struct backup b = BACKUP_INIT;
	struct stat st;
	int ret;

	if (strcmp(o->what, "-") == 0 ||
	    (strchr(o->what, '/') && stat(o->what, &st) == 0 && !S_ISREG(st.st_mode))) {
		*chain = xmalloc(sizeof(**chain));
		*count = 1;
		**chain = b;
		return open_stream(*chain, o->what[0] == '-' ? NULL : o->what);
	}
	if (strchr(o->what, '/') || (!backup_good_id(o->what) && access(o->what, F_OK) == 0)) {
		ret = store_open_file(&b, o->what);
	} else {
		ret = store_open(&b, o->from, o->what);
		o->ours = !o->from;
	}
	if (ret) {
		backup_close(&b);
		return ret;
	}
	return store_chain(&b, chain, count);
}

static int look_at(struct container *ct, const struct options *o)
{
	int ret = cmd_down(ct);

	if (!ret)
		ret = private_settle(ct);
	if (ret)
		return ret;
	if (!container_exists(ct))
		return access(ct->private, F_OK) == 0 ?
		       fail(EXIT_PRIVATE_EXISTS, "Container private area already exists: %s",
			    ct->private) : 0;
	ret = suspended_refuse(ct, EXIT_MOUNTED);
	if (!ret && !o->force && (!o->ours || o->ctid))
		ret = fail(EXIT_PRIVATE_EXISTS,
			   "Container %u exists: --force replaces its files and configuration, --ctid makes another",
			   ct->id);
	return ret;
}

static int restore(struct options *o, struct backup *chain, size_t count)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	const struct backup *newest = &chain[count - 1];
	int ret;

	if (o->ours)
		o->wish.trusted = true;
	log_about(backup_ctid(newest));
	ret = o->ctid ? container_open(&ct, o->ctid, NEED_GOOD_OR_NONE) :
			container_open_id(&ct, backup_ctid(newest), NEED_GOOD_OR_NONE);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = look_at(&ct, o);
	/* a stream is verified at its end, before it counts */
	if (!ret && newest->path)
		ret = backup_verify(chain, count);
	if (ret)
		return ret;
	say("Restoring container %u from backup %s", ct.id, backup_id(newest));
	ret = backup_restore(&ct, chain, count, &o->wish);
	if (!ret)
		say("Container was restored");
	return ret;
}

int cmd_restore_backup(int argc, char **argv)
{
	struct backup *chain = NULL;
	size_t count = 0;
	struct options o;
	int ret = parse(argc, argv, &o);

	/* tar says itself what it did not like */
	signal(SIGPIPE, SIG_IGN);
	if (!ret)
		ret = open_backup(&o, &chain, &count);
	if (!ret)
		ret = restore(&o, chain, count);
	store_free(chain, count);
	return ret;
}
