// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "checkpoint.h"
#include "error.h"
#include "global.h"
#include "lock.h"
#include "stage.h"
#include "state.h"
#include "suspended.h"
#include "util.h"

#define LOG_MAX		(64 << 20)

/* For the time between file and container: closed, with the directory of images in it. */
static char *work_of(const struct container *ct)
{
	return xasprintf("%s/%u.images", global.dumpdir, ct->id);
}

static char *images_in(const char *work)
{
	return xasprintf("%s/images", work);
}

/*
 * Beside them: which state is being written, or done with, and where, as a mark has it. What is
 * killed then leaves that file, and no other, for state_settle() to judge.
 */
static char *note_in(const char *work)
{
	return xasprintf("%s/state", work);
}

/* The last log of CRIU's that says why it failed. */
static char *log_of(const struct container *ct)
{
	return xasprintf("%s/%u.log", global.dumpdir, ct->id);
}

static int make_images(const char *work, const char *images)
{
	checkpoint_remove(work);
	if (mkdir_parents(global.dumpdir, 0700) || mkdir(work, 0700) || mkdir(images, 0755))
		return fail_errno(EXIT_PAUSE, "Cannot make %s", images);
	return 0;
}

/* It is frozen, and that is what was written of it: for state_kill(). */
static int note_dumped(const struct container *ct, const char *token, const char *path)
{
	cleanup_free char *file = stage_dumped(ct->id);

	return suspended_write(file, token, path);
}

int checkpoint_keep_log(const struct container *ct, const char *images, const char *name, int ret)
{
	cleanup_free char *from = xasprintf("%s/%s", images, name);
	cleanup_free char *to = log_of(ct);
	cleanup_free char *text = read_file(from, LOG_MAX);

	if (!text || mkdir_parents(global.dumpdir, 0700) || write_file_atomic(to, text, 0600))
		return ret;
	return fail_wrap(ret, "see %s", to);
}

/* What becomes of the container then. */
enum after { KILL, LEAVE, GO_ON };

struct saving {
	const struct container *ct;
	const char *images, *path;
	char token[TOKEN_SIZE];
	enum after after;
	int (*also)(void *arg);
	void *arg;
};

static bool wants_proof(const struct saving *s)
{
	return s->after != GO_ON && global.prove_checkpoint;
}

static char *proof_in(const char *work)
{
	return xasprintf("%s/proof", work);
}

/* From the file, as a resume has it, but under its temporary name. */
static int prove(const struct saving *s)
{
	cleanup_free char *file = archive_temporary(s->path);
	cleanup_free char *work = work_of(s->ct);
	cleanup_free char *proof = proof_in(work);
	cleanup_free char *images = images_in(proof);
	cleanup_free char *above = xasprintf("%s/above", proof);
	char token[TOKEN_SIZE];
	cleanup_close int fd = -1;
	int ret;

	say("\tprove...");
	ret = mkdir(proof, 0700) || mkdir(images, 0755) || mkdir(above, 0700) ?
	      fail_errno(EXIT_PAUSE, "Cannot make %s", proof) :
	      archive_open(s->ct->id, file, token, &fd);
	if (!ret)
		ret = checkpoint_unpack(fd, images, false);
	if (!ret) {
		ret = checkpoint_prove(s->ct, images, above);
		if (ret)
			ret = checkpoint_keep_log(s->ct, images, "restore.log", ret);
	}
	if (!ret)
		return 0;
	unlink(file);
	return fail_wrap(EXIT_PAUSE, "It could not be resumed");
}

/*
 * Its files before that: it would go on with what its processes have written, and find after a
 * power cut what was on disk.
 */
static int mark(const struct container *ct, const char *token, const char *path)
{
	if (sync_file_system(ct->root))
		return fail_errno(EXIT_PAUSE, "Cannot write the files of container %u to disk",
				  ct->id);
	return suspended_mark(ct, token, path);
}

/* With the mark it is suspended, whatever comes. */
static int save(void *arg)
{
	struct saving *s = arg;
	int ret;

	say("\tdump...");
	ret = archive_save(s->ct->id, s->token, s->images, s->path);
	/* what has the name already may be all that there is, if that fails */
	if (!ret && wants_proof(s))
		ret = prove(s);
	if (!ret)
		ret = archive_name(s->path);
	if (!ret && s->also)
		ret = s->also(s->arg);
	if (!ret && s->after == KILL) {
		ret = mark(s->ct, s->token, s->path);
		if (!ret) {
			say("\tkill...");
		} else {
			unlink(s->path);
			suspended_unmark(s->ct);
		}
	}
	return ret;
}

static char *absolute(const struct container *ct, const char *path)
{
	cleanup_free char *cwd = NULL;

	if (!path)
		return suspended_default(ct);
	if (*path == '/')
		return xstrdup(path);
	cwd = getcwd(NULL, 0);
	return xasprintf("%s/%s", cwd ? cwd : "", path);
}

static int write_state(const struct container *ct, const char *path, enum after after,
		       int (*also)(void *arg), void *arg)
{
	cleanup_free char *work = work_of(ct);
	cleanup_free char *images = images_in(work);
	cleanup_free char *noted = note_in(work);
	cleanup_free char *file = absolute(ct, path);
	struct saving s = {
		.ct = ct, .images = images, .path = file, .after = after, .also = also, .arg = arg,
	};
	struct checkpoint_dump dump = {
		.images = images, .taken = save, .arg = &s, .leave = after == LEAVE,
		.go_on = after == GO_ON,
	};
	cleanup_close int lock = -1;
	int ret = archive_refuse_other(ct->id, file);

	if (!ret)
		ret = make_images(work, images);

	/*
	 * What one trial takes of the host's memory another must not count on; and who waits for
	 * his turn does so while it runs.
	 */
	if (!ret && wants_proof(&s))
		ret = lock_take("proof", true, &lock);
	random_digits(s.token, TOKEN_SIZE - 1);
	/* a snapshot's is a part of that */
	if (!ret && after != GO_ON)
		ret = suspended_write(noted, s.token, file);
	if (ret)
		return ret;
	ret = checkpoint_dump(ct, &dump);
	if (ret && !dump.dumped)
		ret = checkpoint_keep_log(ct, images, "dump.log", ret);
	if (!ret && after == LEAVE)
		ret = note_dumped(ct, s.token, file);
	checkpoint_remove(work);
	if (!ret)
		detail("frozen after %lld ms, images written after %lld ms, all done after %lld ms",
		       (long long)(dump.frozen - dump.begun),
		       (long long)(dump.dumped - dump.begun),
		       (long long)(dump.ended - dump.begun));
	return ret;
}

int state_suspend(const struct container *ct, const char *path)
{
	return write_state(ct, path, KILL, NULL, NULL);
}

int state_dump(const struct container *ct, const char *path)
{
	return write_state(ct, path, LEAVE, NULL, NULL);
}

int state_copy(const struct container *ct, const char *path, int (*also)(void *arg), void *arg)
{
	return write_state(ct, path, GO_ON, also, arg);
}

int state_token(const struct container *ct, const char *path, char token[TOKEN_SIZE])
{
	cleanup_close int fd = -1;

	return archive_open(ct->id, path, token, &fd);
}

int state_kill(const struct container *ct)
{
	cleanup_free char *dumped = stage_dumped(ct->id);
	cleanup_free char *token = NULL;
	cleanup_free char *path = NULL;
	int ret = 0;

	if (suspended_read(dumped, &token, &path)) {
		if (!archive_is(path, token))
			return fail(EXIT_PAUSE, "%s is not there, or not what was written of it: "
				    "chkpnt %u --dump again, or --resume", path, ct->id);
		ret = mark(ct, token, path);
	}
	return ret ? ret : checkpoint_kill(ct);
}

/* Only what the container's files are as they were for. */
static int check_token(const struct container *ct, const char *token, const char *path)
{
	cleanup_free char *marked = NULL;
	cleanup_free char *where = NULL;

	if (suspended_find(ct, &marked, &where) && strcmp(marked, token) == 0)
		return 0;
	return fail(EXIT_UNPAUSE, "%s is not the last state of container %u: files may have "
		    "changed since, its processes would not know; --force restores it all the same",
		    path, ct->id);
}

static int find_file(const struct container *ct, const char *path, char **file)
{
	cleanup_free char *token = NULL;

	if (path || !suspended_find(ct, &token, file))
		*file = absolute(ct, path);
	if (access(*file, F_OK) == 0)
		return 0;
	if (!path && suspended_refuse(ct, EXIT_UNPAUSE))
		return EXIT_UNPAUSE;
	return fail(EXIT_UNPAUSE, "Container is not suspended: there is no %s", *file);
}

/* What was restored, and has not run: it is suspended as it was. The error stays. */
static int take_away(const struct container *ct)
{
	cleanup_free char *why = xstrdup(error_text());

	if (checkpoint_kill(ct))
		return fail_wrap(EXIT_UNPAUSE, "%s; and cleaning up failed", why);
	return fail(EXIT_UNPAUSE, "%s", why);
}

/* @work is for the caller to remove. */
static int undump(struct container *ct, const char *path, bool force, const char *work)
{
	cleanup_free char *images = images_in(work);
	cleanup_free char *file = NULL;
	char token[TOKEN_SIZE] = "";
	cleanup_close int fd = -1;
	int64_t begin = now_ms(), unpacked;
	int ret = find_file(ct, path, &file);

	if (!ret)
		ret = archive_open(ct->id, file, token, &fd);
	if (!ret && !force)
		ret = check_token(ct, token, file);
	if (!ret)
		ret = make_images(work, images);
	if (ret)
		return ret;
	ret = checkpoint_unpack(fd, images, false);
	unpacked = now_ms();
	if (!ret) {
		ret = checkpoint_undump(ct, images, false);
		if (ret)
			ret = checkpoint_keep_log(ct, images, "restore.log", ret);
	}
	if (!ret)
		detail("looked at and unpacked in %lld ms, restored in %lld ms",
		       (long long)(unpacked - begin), (long long)(now_ms() - unpacked));
	/* a state that was forced is the container's own from here on */
	if (!ret && force && mark(ct, token, file))
		ret = take_away(ct);
	return ret;
}

int state_undump(struct container *ct, const char *path, bool force)
{
	cleanup_free char *work = work_of(ct);
	int ret = undump(ct, path, force, work);

	checkpoint_remove(work);
	return ret;
}

/*
 * In this order: with the mark it is suspended; without it, it runs on, and nobody restores
 * the file.
 */
int state_resume(struct container *ct, const char *path, bool force, bool keep)
{
	cleanup_free char *work = work_of(ct);
	cleanup_free char *noted = note_in(work);
	cleanup_free char *token = NULL;
	cleanup_free char *file = NULL;
	int ret = undump(ct, path, force, work);
	bool restored = !ret;

	if (!ret && suspended_find(ct, &token, &file) && !keep)
		ret = suspended_write(noted, token, file);
	if (!ret)
		ret = stage_set(ct->id, STAGE_WORK);
	if (!ret)
		ret = suspended_unmark(ct);
	/* without the mark it is let run by who comes next */
	if (ret && restored && suspended(ct))
		ret = take_away(ct);
	if (!ret && file && !keep && unlink(file) && errno != ENOENT)
		warn("%s cannot be removed", file);
	checkpoint_remove(work);
	return ret ? ret : checkpoint_resume(ct);
}

int state_discard(const struct container *ct)
{
	cleanup_free char *log = log_of(ct);
	cleanup_free char *token = NULL;
	cleanup_free char *file = NULL;

	unlink(log);
	if (!suspended_find(ct, &token, &file))
		return 0;
	if (unlink(file) && errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot remove %s", file);
	return suspended_unmark(ct);
}

int state_forget(const struct container *ct)
{
	cleanup_free char *usual = suspended_default(ct);

	return unlink(usual) && errno != ENOENT ?
	       fail_errno(EXIT_SYSTEM, "Cannot remove %s", usual) : 0;
}

bool state_unsettled(const struct container *ct)
{
	cleanup_free char *work = work_of(ct);

	return checkpoint_unsettled(ct) || access(work, F_OK) == 0 ||
	       checkpoint_prove_left(ct->id);
}

/*
 * Whose writer, or reader, was killed. Under its name it is whole, or what was there before and is
 * somebody else's: that stays.
 */
static int settle_file(const struct container *ct, const char *token, const char *path)
{
	cleanup_free char *tmp = archive_temporary(path);
	cleanup_free char *marked = NULL;
	cleanup_free char *where = NULL;

	unlink(tmp);
	if (!archive_is(path, token))
		return 0;
	/* it stands still, as it did when that was written */
	if (checkpoint_staged(ct))
		return note_dumped(ct, token, path);
	if (suspended_find(ct, &marked, &where))
		return 0;
	unlink(path);
	/* and the link to it, which comes before the mark */
	return suspended_unmark(ct);
}

int state_settle(const struct container *ct)
{
	cleanup_free char *work = work_of(ct);
	cleanup_free char *noted = note_in(work);
	cleanup_free char *token = NULL;
	cleanup_free char *path = NULL;
	int ret;

	if (!state_unsettled(ct))
		return 0;
	ret = checkpoint_prove_sweep(ct->id);
	if (!ret && suspended_read(noted, &token, &path))
		ret = settle_file(ct, token, path);
	if (ret)
		return ret;
	checkpoint_remove(work);
	return checkpoint_settle(ct);
}
