// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apart.h"
#include "cleanup.h"
#include "util.h"

/*
 * A cgroup namespace begins where its maker is. With controllers for those below, that group takes
 * no process: he goes on.
 */
int apart_enter(const struct apart *apart, void *arg)
{
	if (write_file_at(apart->cgroup, "cgroup.procs", "0") ||
	    unshare(CLONE_NEWCGROUP | CLONE_NEWNET) ||
	    write_file_at(apart->cgroup, APART_CRIU "/cgroup.procs", "0"))
		return -1;
	if (!apart->links(arg))
		return 0;
	errno = ENODEV;
	return -1;
}

char *apart_upper(const struct apart *apart, const char *name)
{
	return xasprintf("%s/%s.upper", apart->above, name);
}

/* The root directory is the upper layer's: it must look like the one below. */
static int make_layers(const char *path, const char *upper, const char *work)
{
	struct stat st;

	if (mkdir(upper, 0700) && errno != EEXIST)
		return -1;
	return stat(path, &st) || chown(upper, st.st_uid, st.st_gid) ||
	       chmod(upper, st.st_mode & 07777) || mkdir(work, 0700) ? -1 : 0;
}

/* Nobody is to find what is in the layers: they need not be on disk. */
int apart_cover(const struct apart *apart, const char *path, const char *name)
{
	cleanup_free char *upper = apart_upper(apart, name);
	cleanup_free char *work = xasprintf("%s/%s.work", apart->above, name);
	cleanup_close int fs = -1, mnt = -1;

	if (make_layers(path, upper, work))
		return -1;
	fs = fsopen("overlay", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", path, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", upper, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "workdir", work, 0) ||
	    fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	mnt = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV);
	return mnt < 0 ? -1 : move_mount(mnt, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

void apart_live_with(pid_t tool)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != tool)
		_exit(1);
}
