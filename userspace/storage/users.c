// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <unistd.h>

#include <linux/quota.h>

#include "cleanup.h"
#include "error.h"
#include "fs.h"
#include "project.h"
#include "users.h"
#include "util.h"

static const int types[] = { USRQUOTA, GRPQUOTA };

int users_limit(const struct container *ct, int fd, bool on)
{
	cleanup_close int root = -1;

	if (!fs_type_of(fd)->counts_users(fd)) {
		if (on)
			warn("QUOTAUGIDLIMIT: the file system of container %u was made without "
			     "quotas of users: cloisonctl convert %u makes a new one",
			     ct->id, ct->id);
		return 0;
	}
	/* the next mount does it */
	if (!container_mounted(ct))
		return 0;
	root = fs_open(ct);
	if (root < 0)
		return EXIT_QUOTA;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		/* EEXIST: it is so */
		if (quota_call(root, on ? Q_QUOTAON : Q_QUOTAOFF, types[i], 0, NULL) &&
		    errno != EEXIST)
			return fail_errno(EXIT_QUOTA, "Cannot turn %s the quotas of its users",
					  on ? "on" : "off");
	return 0;
}

/* It has none of that kind. */
static bool counts_none(int error)
{
	return error == ESRCH || error == ENOSYS || error == EINVAL;
}

static int copy_graces(int from, int to, int type)
{
	struct if_dqinfo info;

	if (quota_call(from, Q_GETINFO, type, 0, &info))
		return -1;
	info.dqi_valid = IIF_BGRACE | IIF_IGRACE;
	return quota_call(to, Q_SETINFO, type, 0, &info);
}

static int copy_limits(int from, int to, int type)
{
	struct if_nextdqblk one;

	for (uint32_t id = 0; !quota_call(from, Q_GETNEXTQUOTA, type, id, &one); id++) {
		struct if_dqblk new = {
			.dqb_bsoftlimit = one.dqb_bsoftlimit,
			.dqb_bhardlimit = one.dqb_bhardlimit,
			.dqb_isoftlimit = one.dqb_isoftlimit,
			.dqb_ihardlimit = one.dqb_ihardlimit,
			.dqb_valid = QIF_LIMITS,
		};

		if (quota_call(to, Q_SETQUOTA, type, one.dqb_id, &new))
			return -1;
		id = one.dqb_id;
	}
	/* there is no next one */
	return errno == ENOENT ? 0 : -1;
}

int users_copy(int from, int to)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((copy_graces(from, to, types[i]) || copy_limits(from, to, types[i])) &&
		    !counts_none(errno))
			return fail_errno(EXIT_QUOTA, "Cannot copy the quotas of its users");
	return 0;
}
