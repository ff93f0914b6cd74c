// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "action.h"
#include "adopt.h"
#include "beancounters.h"
#include "capability.h"
#include "cgroup.h"
#include "confine.h"
#include "devnodes.h"
#include "dist.h"
#include "error.h"
#include "global.h"
#include "guest.h"
#include "launch.h"
#include "network.h"
#include "notify.h"
#include "place.h"
#include "rootfs.h"
#include "scx.h"
#include "sync.h"
#include "userns.h"
#include "util.h"
#include "view.h"

#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)

/*
 * The steps of the two sides, which wait for each other at each line (sync.h):
 *
 *	tool					container's process 1
 *	clone into cgroup, map ids
 *						be root, new cgroup and time namespace
 *	move it to init.scope, set its clocks
 *						mounts, files, pivot, confine
 *	link, addresses, routes (network.h)
 *	host name, resolver (dist.h)
 *	tell cloison.ko who init is
 *						exec init
 */

/* What the container tells its waiting operator through, see guest.h. */
enum { FD_NOTIFY, FD_GUEST_DIR, UP_FDS };

static int loopback_up(void)
{
	cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		return fail_errno(EXIT_START, "Cannot bring up lo");
	return 0;
}

static int null_stdio(void)
{
	cleanup_close int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		return fail_errno(EXIT_START, "Cannot open /dev/null");
	if (fd <= STDERR_FILENO)
		take_fd(&fd);
	return 0;
}

/* Inside the new root: the two descriptors of UP_FDS. */
static int open_up(int fds[UP_FDS])
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = GUEST_NOTIFY };

	fds[FD_NOTIFY] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fds[FD_NOTIFY] < 0 ||
	    bind(fds[FD_NOTIFY], (struct sockaddr *)&addr, sizeof(addr)))
		return fail_errno(EXIT_START, "Cannot make " GUEST_NOTIFY);
	fds[FD_GUEST_DIR] = open(GUEST_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fds[FD_GUEST_DIR] < 0)
		return fail_errno(EXIT_START, "Cannot open " GUEST_DIR);
	return 0;
}

/*
 * unshare(2) gives the time namespace to children only. It is made here, after
 * the user namespace, to belong to that: CRIU does not dump it otherwise.
 */
static int enter_clocks(void)
{
	cleanup_close int fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWTIME))
		return fail_errno(EXIT_START, "Cannot enter the time namespace");
	return 0;
}

/* @up: its operator will wait for it. */
static int prepare(const struct container *ct, const struct devnodes *nodes,
		   const struct attach_program *prog, bool up, int root, int sync)
{
	const char *hostname = conf_get(ct->conf, "HOSTNAME");
	int fds[UP_FDS + 1] = { -1, -1, sync }, ret;
	uint64_t dropped;

	ret = capability_dropped(ct->conf, &dropped);
	if (ret)
		return ret;

	/* The container's programs may run beside us before init does: they get no hold
	 * of this process, see ptrace(2). The exec ends that.
	 */
	if (prctl(PR_SET_DUMPABLE, 0))
		return fail_errno(EXIT_START, "Cannot protect the process");
	/* born in the container's cgroup, which so becomes the namespace's root */
	if (unshare(CLONE_NEWCGROUP))
		return fail_errno(EXIT_START, "Cannot make a cgroup namespace");
	if (unshare(CLONE_NEWTIME))
		return fail_errno(EXIT_START, "Cannot make a time namespace");
	if (sync_tell(sync, NULL, 0) || sync_wait(sync))
		return fail(EXIT_START, "The tool cannot be heard any more");
	if (enter_clocks())
		return EXIT_START;
	if (setsid() < 0)
		return fail_errno(EXIT_START, "Cannot begin a session");
	if (hostname && *hostname && sethostname(hostname, strlen(hostname)))
		return fail_errno(EXIT_START, "Cannot set the host name %s", hostname);

	ret = loopback_up();
	if (!ret)
		ret = rootfs_populate(root);
	if (!ret)
		ret = view_attach(root);
	if (!ret)
		ret = devnodes_attach(root, nodes);
	if (!ret)
		ret = guest_files(root);
	if (!ret)
		ret = rootfs_pivot(root);
	if (!ret && up)
		ret = open_up(fds);
	if (!ret)
		ret = prog ? attach_stdio(prog) : null_stdio();
	if (!ret)
		ret = confine(dropped);
	/* its programs may freeze this process, which would have the lock when the tool is dead */
	if (!ret)
		ret = confine_descriptors(fds, UP_FDS + 1);
	if (ret)
		return ret;
	if (sync_tell(sync, fds, up ? UP_FDS : 0) || sync_wait(sync))
		return fail(EXIT_START, "The tool cannot be heard any more");
	return confine_to_line(sync);
}

static void run_first(const struct container *ct, const struct devnodes *nodes,
		      const struct attach_program *prog, bool up, int root, int sync)
	__attribute__((noreturn));

static void run_first(const struct container *ct, const struct devnodes *nodes,
		      const struct attach_program *prog, bool up, int root, int sync)
{
	static const char *const argv[] = { "/sbin/init", NULL };
	int ret = prepare(ct, nodes, prog, up, root, sync);

	if (!ret && prog)
		attach_exec(prog, sync);
	if (!ret) {
		execve(argv[0], (char *const *)argv, (char *const *)guest_init_environment);
		ret = fail_errno(EXIT_INIT, "Cannot run the container's %s", argv[0]);
	}
	sync_die(sync, ret);
}

/*
 * The clocks of the time namespace that process @pid made for itself and has not
 * entered yet begin now. So uptime in the container is its own, and does not
 * jump when it is migrated.
 */
static int set_clocks(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/timens_offsets", (int)pid);
	struct timespec mono, boot;
	char text[128];

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	/* one second early: programs take a clock at zero for one that is unset */
	snprintf(text, sizeof(text), "monotonic %lld 0\nboottime %lld 0\n",
		 1 - (long long)mono.tv_sec, 1 - (long long)boot.tv_sec);
	if (write_file_at(-1, path, text))
		return fail_errno(EXIT_START, "Cannot set the container's clocks");
	return 0;
}

/*
 * A child that ends well when the container has said that it is up. A message may bring a
 * socket, and who takes it out, or closes what it lies in, is the last who has that one and
 * waits until it is closed: for as long as the container liked, see SO_LINGER in socket(7).
 * The child can be killed then, and who ends does not wait.
 */
static pid_t fork_listener(int notify)
{
	pid_t tool = getpid(), pid;
	char text[4096];
	ssize_t n;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != tool ||
	    confine_descriptors(&notify, 1))
		_exit(EXIT_SYSTEM);
	while ((n = recv(notify, text, sizeof(text), 0)) >= 0)
		if (notify_ready(text, n))
			_exit(0);
	_exit(EXIT_SYSTEM);
}

/* Nothing that is mounted there is looked at: a file system of the container's may never answer. */
static bool is_up(int guest_dir)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH,
	};
	cleanup_close int fd = syscall(SYS_openat2, guest_dir, GUEST_UP, &how, sizeof(how));

	return fd >= 0;
}

static int wait_for_either(const struct container *ct, pid_t listener, int pidfd, int guest_dir)
{
	int64_t end = now_ms() + global.start_timeout * 1000LL;
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	struct kernel_container kc;
	int pause = 5, ret;

	while (now_ms() < end) {
		siginfo_t info = {};

		if (poll(&pfd, 1, pause) > 0) {
			waitid(P_PID, listener, &info, WEXITED | WNOWAIT);
			return info.si_code == CLD_EXITED && !info.si_status ? 0 :
			       fail(EXIT_SYSTEM, "Cannot hear what the container says");
		}
		/* small systems are up at once; who takes longer is asked less often */
		if (pause < 100)
			pause *= 2;
		if (is_up(guest_dir))
			return 0;
		ret = kernel_get(ct->id, &kc);
		if (ret)
			return ret;
		if (kc.state != CLOISON_STATE_RUNNING)
			return fail(EXIT_WAIT, "The container's init ended: %s %d",
				    WIFSIGNALED(kc.exit_status) ? "signal" : "status",
				    WIFSIGNALED(kc.exit_status) ? WTERMSIG(kc.exit_status) :
				    WEXITSTATUS(kc.exit_status));
	}
	return fail(EXIT_WAIT, "The container did not say that it is up within %u s",
		    global.start_timeout);
}

static int wait_up(const struct container *ct, const int fds[UP_FDS])
{
	pid_t listener = fork_listener(fds[FD_NOTIFY]);
	cleanup_close int pidfd = -1;
	int ret;

	if (listener < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot fork");
	ret = attach_watch(listener, &pidfd);
	if (ret)
		return ret;
	ret = wait_for_either(ct, listener, pidfd, fds[FD_GUEST_DIR]);
	kill(listener, SIGKILL);
	reap_child(listener, NULL);
	return ret;
}

/* What a container has and a visit has not; @pid is to become its init. */
static int start_as_container(struct container *ct, struct place *place, pid_t pid)
{
	int ret = network_inside(ct->id, &place->network, pid);

	if (ret)
		return ret;
	dist_start(ct, pid);
	ret = network_connect(ct->id, &place->network);
	if (!ret)
		ret = kernel_set_init(ct->id, pid);
	/* once more: of two that start at the same time one at least sees the other now */
	return ret ? ret : container_check_running_ids(ct->id, place->base, place->looked);
}

/*
 * Everything between the cgroup and the first instruction of init, or of @prog:
 * that one's pid is left in *@pid. @fds is for wait_up(), or NULL.
 */
static int spawn(struct container *ct, struct place *place,
		 const struct attach_program *prog, int fds[UP_FDS], pid_t *pid)
{
	cleanup_close int root = rootfs_detach_alone(ct->root);
	cleanup_close int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int count = fds ? UP_FDS : 0, ret;
	siginfo_t end = {};
	struct child child;
	pid_t forked;

	if (root < 0)
		return EXIT_MOUNT;
	/* for rootfs_populate() */
	if (here < 0 || chdir(ct->root))
		return fail_errno(EXIT_MOUNT, "Cannot enter %s", ct->root);
	forked = userns_fork(NAMESPACES, place->cgroup, place->base, &child);
	if (!forked)
		run_first(ct, &place->nodes, prog, fds, root, child.sync);
	(void)!fchdir(here);
	if (forked < 0)
		return EXIT_START;
	ret = sync_hear(child.sync, NULL, 0);
	if (!ret)
		ret = prog ? cgroup_join_exec(ct->id, child.pid) :
			     cgroup_join_init(ct->id, child.pid);
	if (!ret)
		ret = set_clocks(child.pid);
	if (!ret) {
		confine_from_outside(child.pid);
		ret = limits_apply_process(child.pid, &place->limits);
	}
	if (!ret) {
		sync_go(child.sync);
		ret = sync_hear(child.sync, fds, count);
	}
	if (!ret && !prog)
		ret = start_as_container(ct, place, child.pid);
	if (!ret) {
		place->ran = true;
		sync_go(child.sync);
		ret = sync_hear_exec(child.sync);
	}
	if (!ret && !prog)
		waitid(P_PID, child.pid, &end, WEXITED | WNOHANG | WNOWAIT);
	/* killed before it could say so much (out of memory, say): no success */
	if (!ret && prog)
		*pid = child.pid;
	else if (!ret && (end.si_code == CLD_KILLED || end.si_code == CLD_DUMPED))
		ret = fail(EXIT_INIT, "The container's init was killed at once by signal %d",
			   end.si_status);
	else if (!ret)
		detail("init of container %u is process %d", ct->id, (int)child.pid);
	if (ret)
		child_kill(&child);
	else
		close(child.sync);
	return ret;
}

int launch_program(struct container *ct, struct attach_program *prog, pid_t *pid)
{
	struct place place = {};
	int ret = place_make(ct, &place, true);

	if (!ret)
		ret = spawn(ct, &place, prog, NULL, pid);
	return place_leave(ct, &place, ret);
}

static void say_limits(const struct limits *limits)
{
	limits_say(limits, LIMIT_CPUUNITS | (limits->given & LIMIT_CPU_TIME));
	if (limits->sched)
		say("Setting scheduling policy: %s", scx_policy_name(limits->sched));
}

int launch(struct container *ct, bool wait, bool *ran)
{
	int fds[UP_FDS] = { -1, -1 };
	struct place place = { .cgroup = -1 };
	int ret = adopt_refuse(ct);

	if (!ret)
		ret = network_prepare(ct->id, ct->conf, &place.network);
	if (ret) {
		network_close(&place.network);
		if (ran)
			*ran = false;
		return ret;
	}
	ret = place_make(ct, &place, true);
	if (!ret)
		say("Container is mounted");
	if (!ret)
		ret = kernel_new(ct->id, place.cgid, conf_get(ct->conf, "NAME"));
	if (!ret)
		ret = beancounters_apply(ct->id, ct->conf, NULL);
	if (!ret)
		ret = network_reserve(ct->id, &place.network);
	if (!ret && place.network.addresses.count)
		say("Adding IP address(es): %s", conf_get(ct->conf, "IP_ADDRESS"));
	if (!ret)
		ret = spawn(ct, &place, NULL, wait ? fds : NULL, NULL);
	if (!ret)
		ret = action_inside(ct, "start", global.start_timeout);
	if (!ret)
		say_limits(&place.limits);
	ret = place_leave(ct, &place, ret);
	if (ran)
		*ran = place.ran;
	if (!ret && wait)
		ret = wait_up(ct, fds);
	/* the other one stays open until the tool ends, see fork_listener() */
	if (fds[FD_GUEST_DIR] >= 0)
		close(fds[FD_GUEST_DIR]);
	return ret;
}
