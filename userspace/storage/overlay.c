// SPDX-License-Identifier: GPL-2.0-only
/*
 * An overlay file system over a template's shared tree. In PRIVATE/overlay:
 *
 *	lower	a symbolic link to the tree
 *	upper	what the container changed, owned by its ids
 *	work	overlayfs' own
 *
 * The tree is mounted with its ids mapped to the container's: for the kernel all layers have
 * the container's ids, and nothing is copied until it is written to.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copy.h"
#include "dir.h"
#include "error.h"
#include "idmap.h"
#include "layout.h"
#include "project.h"
#include "sync.h"
#include "tree.h"
#include "util.h"

/* Nobody's, in particular not of who may use what a file system keeps for root. */
#define OVERFLOW_UID	65534

/* Somewhere to mount it in a namespace that goes away. */
#define STAGING	LIBDIR "/rootfs"

/* Directories of the tree can be renamed. */
#define OPTIONS	"redirect_dir=on,metacopy=off"

/* An inode that was there under several names in the template stays one. */
#define INDEX	",index=on"

/* Files have handles: those of files that are watched (inotify(7)) are all that CRIU knows. */
#define HANDLES	INDEX ",nfs_export=on"

/* So long the last user of an earlier mount may take to go, who was killed. */
#define LATE_MS	10000

static int fail_make(const char *path)
{
	return fail_errno(disk_status(EXIT_CREATE), "Cannot make %s", path);
}

/* The root directory is the upper layer's: it must look like the tree's. */
static int make_layers(const char *overlay, const char *tree, uint32_t base)
{
	cleanup_free char *upper = xasprintf("%s/upper", overlay);
	cleanup_free char *work = xasprintf("%s/work", overlay);
	cleanup_free char *lower = xasprintf("%s/lower", overlay);
	struct stat st;

	if (stat(tree, &st))
		return fail_errno(EXIT_CREATE, "Cannot look at %s", tree);
	if (mkdir(upper, 0700) || chown(upper, base + st.st_uid, base + st.st_gid) ||
	    chmod(upper, st.st_mode & 07777))
		return fail_make(upper);
	if (mkdir(work, 0700))
		return fail_make(work);
	return symlink(tree, lower) ? fail_make(lower) : 0;
}

static int overlay_create(const struct container *ct, const char *dir, const char *archive)
{
	cleanup_free char *overlay = xasprintf("%s/overlay", dir), *tree = NULL;
	cleanup_close int lock = -1;
	struct disk_limits limits;
	uint32_t base;
	int ret = container_ids(ct, &base);

	if (!ret)
		ret = disk_limits_read(ct->conf, &limits);
	if (!ret)
		ret = tree_use(conf_get(ct->conf, "OSTEMPLATE"), archive, base, &tree, &lock);
	if (ret)
		return ret;
	if (mkdir(overlay, 0700))
		return fail_make(overlay);
	ret = project_begin(overlay, ct->id);
	if (!ret)
		ret = project_limit(overlay, ct->id, &limits);
	return ret ? ret : make_layers(overlay, tree, base);
}

/* In a list of layers, and in mount options at all, some characters mean something. */
static char *escape(const char *path)
{
	char *text = xmalloc(2 * strlen(path) + 1), *p = text;

	for (; *path; path++) {
		if (strchr("\\:,", *path))
			*p++ = '\\';
		*p++ = *path;
	}
	*p = '\0';
	return text;
}

static char *options_of(const struct container *ct, const char *tree)
{
	cleanup_free char *lower = escape(tree), *dir = escape(ct->fs);

	return xasprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work," OPTIONS, lower, dir, dir);
}

/*
 * All that is done to the layers is done with the credentials of who mounts. The kernel takes
 * CAP_SYS_RESOURCE from them, for limits to hold (ovl_fill_super()); but for ext4 root is a
 * matter of the fsuid, and what it keeps for the host's (tune2fs -m) is not the container's.
 */
static int be_nobody(void)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP))
		return -1;
	setfsuid(OVERFLOW_UID);
	return setfsuid(-1) == OVERFLOW_UID ? 0 : -1;
}

/*
 * A file that was copied up has an index then. Linux 6.1 counts that as one of its links when it is
 * mounted anew, and there are programs that refuse files with two; 6.12 does not. Checkpoints are
 * for 6.12 and later anyhow.
 */
static const char *indexed(void)
{
	struct utsname un;

	return uname(&un) == 0 && strverscmp(un.release, "6.12") < 0 ? INDEX : HANDLES;
}

/*
 * With an index an upper layer belongs to one tree, and to one mount at a time. Over a copy of that
 * tree, after a move to another disk, it is good without.
 */
static int mount_layers(const char *options)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV;
	cleanup_free char *all = xasprintf("%s%s", options, indexed());
	int ret;

	for (int ms = 0; ms < LATE_MS; ms += 50) {
		ret = mount("overlay", STAGING, "overlay", flags, all);
		if (!ret || errno != EBUSY)
			break;
		sleep_ms(50);
	}
	if (ret && errno == ESTALE)
		ret = mount("overlay", STAGING, "overlay", flags, options);
	return ret;
}

static void run_mount(const char *tree, int lower, const char *options, int sync)
	__attribute__((noreturn));

/*
 * Linux 6.1 takes for a layer only what is mounted somewhere. In a mount namespace of its
 * own nobody sees that, and nothing is left of it. The overlay then needs no lower mount but
 * its own.
 */
static void run_mount(const char *tree, int lower, const char *options, int sync)
{
	int mnt;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    move_mount(lower, "", AT_FDCWD, tree, MOVE_MOUNT_F_EMPTY_PATH))
		sync_die(sync, fail_errno(EXIT_MOUNT, "Cannot mount %s", tree));
	if (be_nobody() || mount_layers(options))
		sync_die(sync, fail_errno(EXIT_MOUNT, "Cannot mount an overlay over %s", tree));
	mnt = open_tree(AT_FDCWD, STAGING, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (mnt < 0 || sync_tell(sync, &mnt, 1))
		sync_die(sync, fail_errno(EXIT_MOUNT, "Cannot take the overlay over %s", tree));
	_exit(0);
}

static int mount_over(const char *tree, int lower, const char *options)
{
	int ends[2], mnt = -1;
	pid_t pid;

	if (sync_pair(ends))
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run_mount(tree, lower, options, ends[1]);
	close(ends[1]);
	if (pid < 0)
		fail_errno(EXIT_MOUNT, "Cannot fork");
	else if (sync_hear(ends[0], &mnt, 1))
		mnt = -1;
	close(ends[0]);
	if (pid > 0)
		reap_child(pid, NULL);
	return mnt;
}

static int overlay_mount(const struct container *ct)
{
	cleanup_free char *link = xasprintf("%s/" TREE_LINK, ct->private), *options = NULL;
	cleanup_close int lower = -1;
	char tree[PATH_MAX];
	ssize_t n = readlink(link, tree, sizeof(tree) - 1);
	uint32_t base;

	if (n < 0) {
		fail_errno(EXIT_MOUNT, "Cannot read %s", link);
		return -1;
	}
	tree[n] = '\0';
	if (container_ids(ct, &base))
		return -1;
	if (access(tree, F_OK)) {
		fail_errno(EXIT_MOUNT, "The template's files that it shares, %s", tree);
		return -1;
	}
	lower = idmap_clone(tree, base);
	if (lower < 0)
		return -1;
	options = options_of(ct, tree);
	return mount_over(tree, lower, options);
}

/* All but the tree, which both share. */
static int overlay_copy(const struct copy *c)
{
	cleanup_free char *from = xasprintf("%s/" TREE_LINK, c->from);
	cleanup_free char *link = xasprintf("%s/" TREE_LINK, c->to);
	cleanup_free char *overlay = xasprintf("%s/overlay", c->to);
	cleanup_free char *upper = xasprintf("%s/upper", overlay);
	cleanup_free char *work = xasprintf("%s/work", overlay);
	char tree[PATH_MAX];
	ssize_t n = readlink(from, tree, sizeof(tree) - 1);
	int ret;

	if (n < 0)
		return fail_errno(c->status, "Cannot read %s", from);
	tree[n] = '\0';
	ret = dir_make(c, overlay);
	if (!ret && (symlink(tree, link) || mkdir(upper, 0700) || mkdir(work, 0700)))
		ret = fail_errno(c->status, "Cannot make the layers in %s", overlay);
	if (!ret)
		ret = copy_tree(c, "overlay/upper");
	/* the number of a file system, which another is not to have */
	if (!ret && c->from_base != c->to_base)
		removexattr(upper, "trusted.overlay.uuid");
	return ret;
}

const struct layout layout_overlay = {
	.name = "overlay", .files = "overlay",
	.create = overlay_create, .mount = overlay_mount, .resize = dir_resize,
	.usage = dir_usage, .unenforced = dir_unenforced, .unlimit = dir_unlimit,
	.copy = overlay_copy,
};
