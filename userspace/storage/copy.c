// SPDX-License-Identifier: GPL-2.0-only
/*
 * By cp(1), as root of the host: rsync, shut in as convert has it, shares no blocks, and sees
 * no whiteouts nor attributes of an overlay's upper layer. A tree that stands still cannot
 * lead it astray: it follows no link.
 */
#include <fcntl.h>
#include <unistd.h>

#include "copy.h"
#include "error.h"
#include "idmap.h"
#include "util.h"

static int run(const char *from, const char *to, int lock, int status)
{
	/* -a would not mind attributes that are lost */
	const char *const argv[] = {
		"cp", "-dR", "--preserve=mode,ownership,timestamps,links,xattr", "--reflink=auto",
		"--one-file-system", "--no-target-directory", "--", from, to, NULL
	};

	return run_program(argv, lock) ?
	       fail(status, "Not all was copied to %s; cp's messages are above", to) : 0;
}

int copy_tree(const struct copy *c, const char *name)
{
	cleanup_free char *from = xasprintf("%s/%s", c->from, name);
	cleanup_free char *to = xasprintf("%s/%s", c->to, name);
	cleanup_free char *source = NULL;
	cleanup_close int mnt = -1;

	if (c->from_base == c->to_base) {
		source = xasprintf("%s/.", from);
	} else {
		mnt = idmap_shift(from, c->from_base, c->to_base);
		if (mnt < 0)
			return c->status;
		/* attached nowhere */
		source = xasprintf("/proc/%d/fd/%d/.", (int)getpid(), mnt);
	}
	return run(source, to, c->ct->lock, c->status);
}

int copy_file(const char *from, const char *to, int lock, int status)
{
	return run(from, to, lock, status);
}
