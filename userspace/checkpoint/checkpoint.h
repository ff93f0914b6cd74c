/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's state: out of the kernel into a directory of images, and back. See
 * Documentation/checkpoint.rst. Callers hold the container's lock. All return 0 or an exit
 * status with the error noted: EXIT_PAUSE, EXIT_UNPAUSE where nothing else is said.
 *
 *	            suspend                    kill
 *	  running ----------> frozen, on hold ------> down
 *	          <----------   |          ^
 *	            resume      | dump     | undump
 *	                        v          |
 *	                       directory of images
 *
 * What is frozen here is frozen by cgroup.freeze, and its packets are on hold. A note in
 * /run says so: checkpoint_settle(), which every command does that takes the lock, undoes
 * what a killed command left, but not what was left on purpose: what
 * checkpoint_suspend(), and checkpoint_undump(), leave is for the caller to go on with, or
 * another command, whatever time passes.
 */
#ifndef CLOISON_CHECKPOINT_H
#define CLOISON_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "container.h"

/*
 * Could the running container be dumped, and be restored on a host like this one?
 * EXIT_KERNEL, EXIT_PAUSE with reason and advice. What only CRIU finds out comes from
 * checkpoint_dump(). Changes nothing.
 */
int checkpoint_possible(const struct container *ct);

/*
 * Directories of images have mode 0755, for CRIU looks into them as the container's root,
 * and lie in one that is closed to all but the host's: all memory is in them. With a
 * parent, the way there from the images (closed/open/1, closed/open/2) must be open too.
 */

/*
 * Memory only, while the container runs on, which may not be frozen; @parent as below. If it fails
 * nobody knows which pages have changed since the parent, so the next one can have none. *@passes:
 * it was refused for what the container did just then.
 */
int checkpoint_predump(const struct container *ct, const char *images, const char *parent,
		       bool *passes);

struct checkpoint_dump {
	const char *images;	/* a directory, there and empty */
	const char *parent;	/* of an earlier pre-dump, a path from @images on; or NULL */
	/*
	 * Called when all is written, with the container frozen (it cannot run any more, and
	 * if the tool is killed now it stays so). 0: the container is killed, and cleared
	 * away. An exit status, with an error noted: it runs on, as after any error.
	 * Whatever makes the images the only truth is to be done here; may take its time.
	 */
	int (*taken)(void *arg);
	void *arg;
	/*
	 * taken() keeps a journal of its own: from its call on, checkpoint_settle() leaves the
	 * frozen container alone, if the tool dies, for who reads that.
	 */
	bool journal;
	/* after that it is left frozen instead, for checkpoint_kill(); taken() may say so, too */
	bool leave;
	bool go_on;		/* after that it runs on instead */
	/*
	 * Called when it is going to be frozen, in any try; may be NULL. An exit status, with an
	 * error noted, is taken as taken()'s.
	 */
	int (*seizing)(void *arg);
	/*
	 * Called when nothing of it runs any more, in any try, while it is dumped: what is long and
	 * needs its files only. It may run again before this returns: then there is another try, or
	 * it fails. An exit status is taken likewise, unless CRIU refuses; may be NULL.
	 */
	int (*meanwhile)(void *arg);
	/*
	 * Called between two tries, when it runs and nothing is on hold. The parent is of no use
	 * any more; *@parent is NULL, or may be another one from here on. An exit status, with an
	 * error noted: there is no other try. May be NULL.
	 */
	int (*refused)(void *arg, const char **parent);
	/* out: CLOCK_MONOTONIC in ms; 0 if it did not come so far */
	int64_t begun, frozen, dumped, ended;
};

/*
 * Of a container that runs, or is frozen by checkpoint_suspend(). A refusal of CRIU's that
 * passes is tried again. On error it is again what it was before.
 */
int checkpoint_dump(const struct container *ct, struct checkpoint_dump *dump);

/* Freeze it, with its packets on hold. */
int checkpoint_suspend(const struct container *ct);

/*
 * Restore it from @images: registered, with its links, addresses, routes, and frozen, on
 * hold. On error nothing is left of it. EXIT_KERNEL if this host lacks what it needs; with
 * @any_cpu its processor may.
 */
int checkpoint_undump(struct container *ct, const char *images, bool any_cpu);

/*
 * Restore from @images for a trial, beside the container itself, which is frozen, and take it away
 * again: no process runs. @above is an empty directory on a disk that has room for files that are
 * open for writing. Either status is CRIU's, or why it was not tried. If the tool is killed
 * checkpoint_prove_sweep() takes away what is left.
 */
int checkpoint_prove(const struct container *ct, const char *images, const char *above);
bool checkpoint_prove_left(uint32_t id);
int checkpoint_prove_sweep(uint32_t id);

/* Of what is frozen and on hold. The first lets it run, the second takes it away. */
int checkpoint_resume(const struct container *ct);
int checkpoint_kill(const struct container *ct);
/* Is it left so? */
bool checkpoint_staged(const struct container *ct);
/* For commands that cannot be with that: @status. Else 0. */
int checkpoint_refuse_staged(const struct container *ct, int status);

/*
 * What a command left that was cut off: a container whose state had been saved is
 * suspended, one whose state had not been runs on. Does nothing where there is nothing.
 */
int checkpoint_settle(const struct container *ct);
bool checkpoint_unsettled(const struct container *ct);

/*
 * Directory @images, but for logs, as one stream (tar, zstd), written to and read from a
 * descriptor: a file, a pipe, a socket. A stream that is cut off or damaged is an error, and what
 * there is of it is in @images. @plain: by tar alone, where all else would tell.
 */
int checkpoint_pack(const char *images, int out, bool plain);
int checkpoint_unpack(int in, const char *images, bool plain);

/*
 * It failed with @ret, an error being noted: CRIU's log @name goes from @images, where it may be
 * missing, to DUMPDIR, and the error says so. @ret.
 */
int checkpoint_keep_log(const struct container *ct, const char *images, const char *name, int ret);

/* It is no longer needed: all of it goes, or that is warned of. */
void checkpoint_remove(const char *images);

#endif
