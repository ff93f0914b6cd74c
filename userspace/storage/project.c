// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/quota.h>

#include "cleanup.h"
#include "error.h"
#include "project.h"
#include "util.h"

/* CTIDs end below that: administrators and other software begin at small numbers. */
#define PROJECT_FIRST	0x80000000U

static uint32_t project_of(uint32_t id)
{
	return PROJECT_FIRST | id;
}

static int open_dir(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

int quota_call(int fd, unsigned int cmd, int type, uint32_t id, void *addr)
{
	return syscall(SYS_quotactl_fd, fd, QCMD(cmd, type), id, addr);
}

static int quota(int fd, unsigned int cmd, uint32_t id, void *addr)
{
	return quota_call(fd, cmd, PRJQUOTA, id, addr);
}

/* The file system has nothing of that kind, or not now. */
static bool unsupported(int error)
{
	return error == EOPNOTSUPP || error == ENOTTY || error == EINVAL;
}

int project_begin(const char *dir, uint32_t id)
{
	cleanup_close int fd = open_dir(dir);
	struct fsxattr attr;

	if (fd < 0)
		return fail_errno(EXIT_CREATE, "Cannot open %s", dir);
	if (ioctl(fd, FS_IOC_FSGETXATTR, &attr))
		return unsupported(errno) ? 0 : fail_errno(EXIT_CREATE, "Cannot look at %s", dir);
	attr.fsx_projid = project_of(id);
	attr.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	if (ioctl(fd, FS_IOC_FSSETXATTR, &attr) && !unsupported(errno))
		return fail_errno(EXIT_CREATE, "Cannot set the project of %s", dir);
	return 0;
}

static bool is_its(int fd, uint32_t id)
{
	struct fsxattr attr;

	return ioctl(fd, FS_IOC_FSGETXATTR, &attr) == 0 && attr.fsx_projid == project_of(id) &&
	       (attr.fsx_xflags & FS_XFLAG_PROJINHERIT);
}

static enum project_state state_of(int fd, uint32_t id)
{
	struct fs_quota_statv stat = { .qs_version = FS_QSTATV_VERSION1 };

	if (fd < 0 || !is_its(fd, id) || quota(fd, Q_XGETQSTATV, 0, &stat) ||
	    !(stat.qs_flags & FS_QUOTA_PDQ_ACCT))
		return PROJECT_NONE;
	return stat.qs_flags & FS_QUOTA_PDQ_ENFD ? PROJECT_LIMITED : PROJECT_COUNTED;
}

enum project_state project_state(const char *dir, uint32_t id)
{
	cleanup_close int fd = open_dir(dir);

	return state_of(fd, id);
}

const char *project_missing(const char *dir)
{
	struct statfs st = {};

	if (statfs(dir, &st) == 0 && st.f_type == XFS_SUPER_MAGIC)
		return "its file system is mounted without prjquota";
	if (st.f_type == EXT4_SUPER_MAGIC)
		return "its files are of no project (tune2fs -O project,quota; see storage.rst)";
	return "its file system has no project quotas (ext4 and xfs have); an image has a size";
}

/* One for all projects of the file system: the kernel has no other. */
static int set_grace(int fd, uint64_t grace)
{
	struct if_dqinfo info;

	if (quota(fd, Q_GETINFO, 0, &info))
		return -1;
	if (info.dqi_bgrace == grace && info.dqi_igrace == grace)
		return 0;
	info = (struct if_dqinfo){
		.dqi_bgrace = grace, .dqi_igrace = grace, .dqi_valid = IIF_BGRACE | IIF_IGRACE,
	};
	return quota(fd, Q_SETINFO, 0, &info);
}

static uint64_t hard(uint64_t soft, uint64_t limit, bool at_once)
{
	return at_once && soft ? soft : limit;
}

int project_limit(const char *dir, uint32_t id, const struct disk_limits *limits)
{
	cleanup_close int fd = open_dir(dir);
	bool at_once = limits->at_once;
	/* dqb_b*limit are in KiB */
	struct if_dqblk new = {
		.dqb_bsoftlimit = limits->space_soft,
		.dqb_bhardlimit = hard(limits->space_soft, limits->space_hard, at_once),
		.dqb_isoftlimit = limits->inodes_soft,
		.dqb_ihardlimit = hard(limits->inodes_soft, limits->inodes_hard, at_once),
		.dqb_valid = QIF_LIMITS,
	};

	if (state_of(fd, id) == PROJECT_NONE)
		return 0;
	if (quota(fd, Q_SETQUOTA, project_of(id), &new) ||
	    (limits->grace && set_grace(fd, limits->grace)))
		return fail_errno(EXIT_QUOTA, "Cannot set the disk limits of %s", dir);
	return 0;
}

bool project_usage(const char *dir, uint32_t id, struct disk_usage *usage)
{
	cleanup_close int fd = open_dir(dir);
	struct if_dqblk now;

	if (state_of(fd, id) == PROJECT_NONE || quota(fd, Q_GETQUOTA, project_of(id), &now))
		return false;
	*usage = (struct disk_usage){ now.dqb_curspace / 1024, now.dqb_curinodes };
	return true;
}

static void raise(uint64_t *limit, uint64_t by)
{
	if (*limit)
		*limit += by;
}

int project_limit_beside(const char *dir, uint32_t id, const struct conf *conf)
{
	struct disk_limits both;
	struct disk_usage had;
	int ret = disk_limits_read(conf, &both);

	if (ret || !project_usage(dir, id, &had))
		return ret;
	raise(&both.space_soft, had.space);
	raise(&both.space_hard, had.space);
	raise(&both.inodes_soft, had.inodes);
	raise(&both.inodes_hard, had.inodes);
	return project_limit(dir, id, &both);
}

bool project_holds(const char *dir, uint32_t id, const struct disk_limits *limits)
{
	return limits->space_hard && limits->inodes_hard &&
	       project_state(dir, id) == PROJECT_LIMITED;
}

void project_leave(const char *dir, int lock)
{
	const char *const argv[] = { "chattr", "-R", "-f", "-p", "0", "--", dir, NULL };

	/* best effort: there may be no projects, and links and special files stay as they are */
	run_program(argv, lock);
}

void project_unlimit(const char *dir, uint32_t id)
{
	cleanup_close int fd = open_dir(dir);
	struct if_dqblk none = { .dqb_valid = QIF_LIMITS };

	/* best effort: an entry that counts nothing harms nobody */
	if (fd >= 0)
		quota(fd, Q_SETQUOTA, project_of(id), &none);
}
