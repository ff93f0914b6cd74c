// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sched.h>
#include <linux/securebits.h>

#include "cleanup.h"
#include "container.h"
#include "error.h"
#include "sync.h"
#include "userns.h"
#include "util.h"

int userns_become_root(void)
{
	if (setgroups(0, NULL) || setresgid(0, 0, 0) || setresuid(0, 0, 0))
		return -1;
	/* so that no debugger from inside gets at it, see ptrace(2); the change of
	 * ids did that already, unless fs.suid_dumpable says otherwise
	 */
	return prctl(PR_SET_DUMPABLE, 0);
}

/* The ids of a container, which begin at @inside there and at @base outside. */
static int write_maps(pid_t pid, uint32_t inside, uint32_t base)
{
	static const char *const maps[] = { "uid_map", "gid_map" };
	char line[64];

	snprintf(line, sizeof(line), "%u %u %u", inside, base, IDS_PER_CONTAINER);
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		cleanup_free char *path = xasprintf("/proc/%d/%s", (int)pid, maps[i]);

		if (write_file_at(-1, path, line))
			return fail_errno(EXIT_START, "Cannot map ids %u..%u: %s", base,
					  base + IDS_PER_CONTAINER - 1, path);
	}
	return 0;
}

/* Whoever has root's capabilities can; the rest is not to be done by another. */
static void be_root_again(int securebits, int death_signal, pid_t parent)
{
	int tries = 100;

	/* the kernel may be short of memory for a moment */
	while (setresuid(-1, 0, -1) || prctl(PR_SET_SECUREBITS, securebits)) {
		if (!tries--)
			abort();
		usleep(10000);
	}
	/* the change of euid took it away */
	if (death_signal && (prctl(PR_SET_PDEATHSIG, death_signal) || getppid() != parent))
		raise(death_signal);
}

/*
 * What is made in a user namespace (inotify instances, other namespaces, queued signals, see
 * user_namespaces(7)) counts for its creator's euid too, with all else that he has. If that
 * were the host's root for all, one container could take what all others and the host itself
 * may have. So each has a creator of its own, who keeps root's capabilities.
 */
static pid_t clone_as(uint32_t creator, struct clone_args *args)
{
	int bits = prctl(PR_GET_SECUREBITS), death = 0, err;
	pid_t pid, parent = getppid();

	if (prctl(PR_GET_PDEATHSIG, &death) ||
	    prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP))
		return -1;
	pid = setresuid(-1, creator, -1) ? -1 : syscall(SYS_clone3, args, sizeof(*args));
	if (pid == 0)
		return 0;
	err = errno;
	be_root_again(bits, death, parent);
	errno = err;
	return pid;
}

static pid_t fork_unmapped(uint64_t flags, int cgroup_fd, uint32_t creator, struct child *child)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | flags,
		.exit_signal = SIGCHLD,
	};
	int ends[2];
	pid_t pid;

	if (sync_pair(ends))
		return -1;
	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = cgroup_fd;
	}
	fflush(NULL);
	pid = clone_as(creator, &args);
	if (pid < 0)
		fail_errno(EXIT_START, "Cannot make the namespaces");
	if (pid) {
		close(ends[1]);
		if (pid < 0)
			close(ends[0]);
		*child = (struct child){ .pid = pid, .sync = ends[0] };
	} else {
		close(ends[0]);
		child->sync = ends[1];
	}
	return pid;
}

pid_t userns_fork(uint64_t flags, int cgroup_fd, uint32_t base, struct child *child)
{
	pid_t pid = fork_unmapped(flags, cgroup_fd, base, child);

	if (pid < 0)
		return -1;
	if (pid == 0) {
		if (sync_wait(child->sync))
			_exit(EXIT_START);
		if (userns_become_root())
			sync_die(child->sync, fail_errno(EXIT_START, "Cannot become root inside"));
		return 0;
	}
	if (write_maps(pid, 0, base)) {
		child_kill(child);
		return -1;
	}
	/* if it is dead already, what it says next tells */
	sync_go(child->sync);
	return pid;
}

int userns_open(uint32_t inside, uint32_t base)
{
	cleanup_free char *path = NULL;
	struct child child;
	pid_t pid = fork_unmapped(0, -1, base, &child);
	int fd = -1;

	if (pid < 0)
		return -1;
	if (pid == 0) {
		sync_wait(child.sync);
		_exit(0);
	}
	path = xasprintf("/proc/%d/ns/user", (int)pid);
	if (write_maps(pid, inside, base) == 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail_errno(EXIT_MOUNT, "Cannot open %s", path);
	}
	child_kill(&child);
	return fd;
}

void child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
	reap_child(child->pid, NULL);
	close(child->sync);
	child->sync = -1;
}
