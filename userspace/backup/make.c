// SPDX-License-Identifier: GPL-2.0-only
/*
 * tar reads the files shut in as root of the container: so owners, ACLs and file capabilities
 * are what they are in there, and a file that takes over a program of ours has got
 * nothing. What it writes goes through us.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../lib/action.h"
#include "../lib/error.h"
#include "../lib/private.h"
#include "../lib/rootfs.h"
#include "../lib/shut_in.h"
#include "../lib/util.h"
#include "../storage/layout.h"
#include "../storage/still.h"
#include "make.h"
#include "index.h"
#include "store.h"

#define CONF_MAX	(1 << 20)

/* tar(1): some files changed while they were read; all else is as it should be. */
#define TAR_CHANGED	1

struct making {
	const struct container *ct;
	const struct backup_wish *wish;
	bool runs, changed;
	size_t left_out;	/* see index_make() */
	char *dir;
	char id[ID_MAX];
	int64_t date;
	uint32_t base;
	struct backup *chain;	/* of the parent, which is the last */
	size_t chain_count;
	int out;
	json_t *head;
	struct sum sum;
};

/* One that is whole, with all it needs. */
static bool try_parent(struct making *m, const struct backup *b)
{
	cleanup_backup struct backup opened = BACKUP_INIT;

	if (b->head && b->tail && !store_open(&opened, m->dir, backup_id(b)) &&
	    !store_chain(&opened, &m->chain, &m->chain_count))
		return true;
	error_clear();
	store_free(m->chain, m->chain_count);
	m->chain = NULL;
	m->chain_count = 0;
	return false;
}

static int choose_parent(struct making *m)
{
	struct backup *list = NULL;
	size_t count = 0, i;
	int ret = store_list(m->dir, m->ct->id, &list, &count);

	for (i = count; !ret && i > 0 && !try_parent(m, &list[i - 1]); i--)
		;
	store_free(list, count);
	if (!ret && !m->chain)
		warn("There is no backup in %s to begin with: making a full one",
		     m->dir);
	return ret;
}

static void name_it(struct making *m)
{
	char when[32], digits[9];
	time_t date = m->date;
	struct tm tm;

	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", gmtime_r(&date, &tm));
	random_digits(digits, 8);
	snprintf(m->id, sizeof(m->id), "%u-%s-%s", m->ct->id, when, digits);
}

static int make_head(struct making *m)
{
	const struct container *ct = m->ct;
	const struct backup *parent = m->chain ? &m->chain[m->chain_count - 1] : NULL;
	cleanup_free char *conf = read_file(ct->conf_path, CONF_MAX);
	cleanup_free char *layout = layout_label(ct->private);
	json_t *scripts = json_object();
	int ret = action_collect(ct, scripts);

	if (!ret && !conf)
		ret = fail_errno(EXIT_BACKUP, "Cannot read %s", ct->conf_path);
	if (ret) {
		json_decref(scripts);
		return ret;
	}
	m->head = json_pack("{s:i, s:s, s:i, s:I, s:s, s:s, s:s, s:b, s:s, s:s, s:o}",
			    "cloison-backup", FORMAT_VERSION, "id", m->id, "ctid", (int)ct->id,
			    "date", (json_int_t)m->date, "description", m->wish->description ?: "",
			    "state", !m->runs ? "down" : m->wish->freeze ? "frozen" : "running",
			    "layout", layout, "fresh", private_is_fresh(ct->private),
			    "by", VERSION, "conf", conf, "scripts", scripts);
	if (!m->head)
		return fail(EXIT_BACKUP, "%s, or the description, is not UTF-8", ct->conf_path);
	if (parent) {
		json_object_set_new(m->head, "parent", json_string(backup_id(parent)));
		json_object_set_new(m->head, "parent_sha256", json_string(backup_sum(parent)));
	}
	return 0;
}

/* A file that store_clear() takes for left behind as soon as we are dead. */
static int open_unfinished(const char *path, int *out)
{
	cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return fail_errno(disk_status(EXIT_BACKUP), "Cannot make %s", path);
	if ((flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) || fstat(fd, &st) ||
	    !st.st_nlink)
		return fail(EXIT_BACKUP, "%s was taken away by another command: try again", path);
	*out = take_fd(&fd);
	return 0;
}

/* A detached mount, on which nothing changes by being read. */
static int open_files(const struct container *ct)
{
	struct mount_attr fixed = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int mnt = container_mounted(ct) ? rootfs_detach_alone(ct->root) :
							ct->layout->mount(ct);

	if (mnt < 0)
		return -1;
	if (mount_setattr(mnt, "", AT_EMPTY_PATH, &fixed, sizeof(fixed))) {
		fail_errno(EXIT_BACKUP, "Cannot mount the files to be read");
		return -1;
	}
	return take_fd(&mnt);
}

static int mount_files(void *arg)
{
	return open_files(arg);
}

/*
 * A page that is mapped gives its file a time at the first write only: at the next one after
 * this. And times are those of the last tick. So a file with a time since the backup began
 * counts as changed the next time, whatever it says then.
 */
static int sync_files(const struct container *ct)
{
	cleanup_close int mnt = open_files(ct);

	return mnt < 0 || sync_file_system_at(mnt, ".") ?
	       fail_errno(EXIT_BACKUP, "Cannot write the files to disk") : 0;
}

/* What tar is not to read, as the parent has it. */
static int find_unchanged(struct making *m, const struct place_of_files *place,
			  const struct text *index, struct text *unchanged)
{
	const struct backup *parent = &m->chain[m->chain_count - 1];
	struct place_of_files own = *place;
	cleanup_text struct text packed = {}, then = {};
	int ret = backup_read_index(parent, &packed);

	own.most = INDEX_MAX_OWN;
	if (!ret)
		ret = index_unpack(&own, &packed, &then);
	return ret ? ret : index_unchanged(index, &then, backup_date(parent) - 1, unchanged);
}

struct tar {
	pid_t pid;
	int list, from;		/* what it is not to read; what it writes */
};

static int start_tar(const struct making *m, struct tar *tar)
{
	cleanup_free char *too_long = index_too_long();
	cleanup_free char *exclude = xasprintf("--exclude=%s", too_long);
	const char *const argv[] = {
		"tar", "--create", "--file=-", "--format=posix",
		"--pax-option=delete=atime,delete=ctime", "--numeric-owner", "--acls", "--xattrs",
		"--xattrs-include=user.*", "--xattrs-include=security.capability", "--sparse",
		/* /dev is made at each start, sockets by who listens */
		"--anchored", "--exclude=./dev/*", exclude, "--warning=no-file-ignored",
		"--no-wildcards", "--exclude-from=-",
		"--use-compress-program=zstd -q", ".", NULL
	};
	cleanup_close int files = open_files(m->ct);
	int in[2], out[2], ret;

	if (files < 0)
		return EXIT_BACKUP;
	if (pipe2(in, O_CLOEXEC))
		return fail_errno(EXIT_BACKUP, "Cannot make a pipe");
	tar->list = in[1];
	ret = pipe2(out, O_CLOEXEC) ? fail_errno(EXIT_BACKUP, "Cannot make a pipe") : 0;
	if (!ret) {
		tar->from = out[0];
		ret = shut_in_start(&(struct shut_in){
			.argv = argv, .dir = files, .base = m->base, .stdio = { in[0], out[1] },
			.keep = -1, .status = EXIT_BACKUP,
		}, &tar->pid);
		close(out[1]);
	}
	close(in[0]);
	return ret;
}

static int archive(struct making *m, const struct text *unchanged)
{
	struct tar tar = { .list = -1, .from = -1 };
	int ret = start_tar(m, &tar), status = 0;

	/* it writes nothing before it has read all of that */
	if (!ret && write_all(tar.list, unchanged->data, unchanged->len))
		ret = fail_errno(EXIT_BACKUP, "tar does not listen");
	cleanup_close_fn(&tar.list);
	if (!ret)
		ret = backup_write_data(m->out, tar.from, &m->sum);
	if (ret && tar.pid)
		kill(tar.pid, SIGKILL);
	if (tar.pid)
		status = shut_in_wait(tar.pid);
	cleanup_close_fn(&tar.from);
	if (ret)
		return ret;
	m->changed = status == TAR_CHANGED;
	return status && !m->changed ?
	       fail(EXIT_BACKUP, "Not all could be read; tar's messages are above") : 0;
}

/* The index is made before the files are read: what changes between is read again next time. */
static int read_files(void *arg)
{
	struct making *m = arg;
	const struct place_of_files place = {
		.mount = mount_files, .arg = (void *)m->ct, .base = m->base, .status = EXIT_BACKUP,
		.most = INDEX_MAX,
	};
	cleanup_text struct text index = {}, packed = {}, unchanged = {};
	int ret = m->runs ? sync_files(m->ct) : 0;

	if (!ret)
		ret = index_make(&place, &index, &m->left_out);
	if (!ret)
		ret = index_pack(&place, &index, &packed);
	if (!ret && m->chain)
		ret = find_unchanged(m, &place, &index, &unchanged);
	if (!ret)
		ret = backup_write_head(m->out, m->head, &packed, &m->sum);
	return ret ? ret : archive(m, &unchanged);
}

static int write_it(struct making *m)
{
	cleanup_json json_t *tail = json_object();
	int ret = make_head(m);

	if (!ret)
		ret = m->wish->freeze && m->runs ? still_during(m->ct, true, read_files, m) :
						   read_files(m);
	if (ret)
		return ret;
	json_object_set_new(tail, "changed", json_boolean(m->changed));
	json_object_set_new(tail, "left_out", json_integer(m->left_out));
	return backup_write_tail(m->out, tail, &m->sum);
}

/* On disk, and only then under its name. */
static int finish(const struct making *m, const char *tmp)
{
	cleanup_free char *path = store_file(m->dir, m->id);

	return fsync(m->out) || sync_file(m->dir) || rename_synced(tmp, path) ?
	       fail_errno(disk_status(EXIT_BACKUP), "Cannot write %s to disk", path) : 0;
}

static int make_file(struct making *m)
{
	cleanup_free char *tmp = store_unfinished(m->dir, m->id);
	int ret = open_unfinished(tmp, &m->out);

	if (ret)
		return ret;
	ret = write_it(m);
	if (!ret)
		ret = finish(m, tmp);
	if (ret)
		unlink(tmp);
	close(m->out);
	return ret;
}

static int prepare(struct making *m)
{
	int ret = container_ids(m->ct, &m->base);

	if (ret || m->wish->stream)
		return ret;
	if (mkdir_parents(m->dir, 0700))
		return fail_errno(disk_status(EXIT_BACKUP), "Cannot make %s", m->dir);
	store_sweep(m->dir);
	return m->wish->incremental ? choose_parent(m) : 0;
}

int backup_make(const struct container *ct, bool runs, const struct backup_wish *wish, char **id,
		char **parent)
{
	struct making m = {
		.ct = ct, .wish = wish, .runs = runs, .dir = store_dir(wish->dir, ct->id),
		.date = time(NULL), .out = STDOUT_FILENO,
	};
	int ret = prepare(&m);

	*id = *parent = NULL;
	name_it(&m);
	if (!ret)
		ret = wish->stream ? write_it(&m) : make_file(&m);
	if (!ret && m.changed)
		warn("Files changed while they were read, see above: it may have a mixture");
	if (!ret) {
		*id = xstrdup(m.id);
		if (m.chain)
			*parent = xstrdup(backup_id(&m.chain[m.chain_count - 1]));
	}
	json_decref(m.head);
	sum_drop(&m.sum);
	store_free(m.chain, m.chain_count);
	free(m.dir);
	return ret;
}
