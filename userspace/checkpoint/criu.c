// SPDX-License-Identifier: GPL-2.0-only
/*
 * CRIU works in a process of its own (criu swrk), which libcriu starts and talks to.
 * libcriu itself is called in a child of the tool's, since all of these must be as CRIU
 * needs them, and not as the tool does: cgroup, cgroup namespace, mounts, environment,
 * session.
 *
 *	tool <--- line ---> child: libcriu <--- socket ---> criu swrk
 *
 * CRIU's notifications go all the way to the tool, which does what is to be done, and
 * back. When the tool is killed the line ends, the child answers "no" to the next one, and
 * CRIU undoes what it did. Nobody is killed half way in a dump: a process that CRIU has its
 * code in would not survive that. A restore goes with the tool: it may come to no end by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "confine.h"
#include "criu.h"
#include "error.h"
#include "genl.h"
#include "lock.h"
#include "rootfs.h"
#include "util.h"

#define BINARY	"criu"
/* What is preloaded, see there. */
#define ALWAYS	LIBDIR "/criu-restart.so:" LIBDIR "/criu-tmpfs.so:" LIBDIR "/criu-watch.so"
#define SOCKOPT	LIBDIR "/criu-sockopt.so"

#define LATE_MS	10000

/*
 * What it asks the kernel about sockets with. One may be built in, and has no such name then; the
 * last one is only built for kernels without UDP-Lite.
 */
static const char *const load_modules[] = {
	"modprobe", "-q", "-a", "--", "inet_diag", "tcp_diag", "udp_diag", "unix_diag",
	"af_packet_diag", "netlink_diag", "cloison_diag", NULL
};

static char version[32];

const char *criu_version(void)
{
	return version;
}

/* Not libcriu's answer: that takes a released version for the next one (4.1.1). */
static int ask_version(void)
{
	FILE *f = popen(BINARY " --version 2>/dev/null", "re");
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "Version: %31s", version);
	if (f)
		pclose(f);
	if (*version)
		return 0;
	return fail(EXIT_KERNEL, "CRIU, which this needs, is not there: apt install criu");
}

#ifdef HAVE_LIBCRIU

#include <criu.h>

/* From the child: a step, or the end. */
struct message {
	bool done;
	int step;	/* an enum criu_step */
	int result;	/* of the end: as libcriu has it */
};

static const struct {
	const char *name;
	enum criu_step step;
} steps[] = {
	{ "pre-dump", CRIU_SEIZING },
	{ "network-lock", CRIU_FROZEN },
	{ "post-dump", CRIU_DUMPED },
	{ "post-setup-namespaces", CRIU_NAMESPACES },
	{ "post-restore", CRIU_RESTORED },
	{ "pre-resume", CRIU_RESUMING },
};

/* Linux 6.16 changed what getsockopt answers; CRIU knows since 4.2. */
static bool needs_sockopt(void)
{
	return strverscmp(version, "4.2") < 0;
}

/* The child's; libcriu hands nothing through. */
static int line;

static int send_message(const struct message *msg)
{
	return send(line, msg, sizeof(*msg), MSG_NOSIGNAL) == sizeof(*msg) ? 0 : -1;
}

static int on_notify(char *action, criu_notify_arg_t arg)
{
	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct message msg = { .step = steps[i].step };
		int answer;

		if (strcmp(action, steps[i].name) != 0)
			continue;
		if (send_message(&msg) ||
		    recv(line, &answer, sizeof(answer), 0) != sizeof(answer))
			return -1;
		return answer;
	}
	return 0;
}

/* Over what the tool has there: in this namespace nobody needs it. */
static int attach_mounts(const struct criu_job *job)
{
	if (mount("tmpfs", CRIU_MOUNTS, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755"))
		return -1;
	for (size_t i = 0; i < job->mounts_count; i++) {
		cleanup_free char *path = xasprintf(CRIU_MOUNTS "/%s", job->mounts[i].name);
		int mnt = job->mounts[i].mount;
		struct stat st;

		if (fstat(mnt, &st) || (S_ISDIR(st.st_mode) ? mkdir(path, 0755) :
							      mknod(path, S_IFREG, 0)) ||
		    move_mount(mnt, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH))
			return -1;
		if (job->apart && S_ISDIR(st.st_mode) &&
		    apart_cover(job->apart, path, job->mounts[i].name))
			return -1;
	}
	return 0;
}

/*
 * CRIU mounts cgroup2 without options. In the host's cgroup namespace that would set the
 * options of the one hierarchy that there is. One with the same root: the same paths.
 */
static int enter_cgroup(void)
{
	return write_file_at(AT_FDCWD, CGROUP_ROOT "/cgroup.procs", "0") ||
	       unshare(CLONE_NEWCGROUP) ? -1 : 0;
}

static int enter_namespaces(const struct criu_job *job, int *images)
{
	if ((job->apart ? apart_enter(job->apart, job->arg) : enter_cgroup()) ||
	    unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	if (job->work == CRIU_RESTORE && rootfs_attach_staging(job->root))
		return -1;
	if (job->apart && apart_cover(job->apart, ROOTFS_STAGING, APART_ROOT))
		return -1;
	/* in this mount namespace: CRIU works there, and mounts */
	*images = open(job->images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*images < 0)
		return -1;
	if (job->mounts_count && attach_mounts(job))
		return -1;
	/* what a restore makes in /tmp goes with this namespace, however it ends */
	return job->work == CRIU_RESTORE ?
	       mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") : 0;
}

static int set_options(const struct criu_job *job, int images)
{
	if (criu_init_opts() || criu_set_service_binary(BINARY))
		return -ENOMEM;
	criu_set_images_dir_fd(images);
	criu_set_log_file(job->work == CRIU_RESTORE ? "restore.log" : "dump.log");
	criu_set_log_level(verbose > 1 ? CRIU_LOG_DEBUG : CRIU_LOG_INFO);
	criu_set_tcp_established(true);
	criu_set_file_locks(true);
	criu_set_link_remap(true);
	criu_set_ext_unix_sk(true);
	/* deleted files that somebody has open: databases have large ones */
	criu_set_ghost_limit(1U << 30);
	criu_set_manage_cgroups(true);
	criu_set_manage_cgroups_mode(CRIU_CG_MODE_SOFT);
	criu_set_network_lock(job->lock_network ? CRIU_NETWORK_LOCK_NFTABLES :
						  CRIU_NETWORK_LOCK_SKIP);
	criu_set_notify_cb(on_notify);
	for (const char *const *e = job->external; e && *e; e++)
		if (criu_add_external(*e))
			return -ENOMEM;
	if (job->work == CRIU_RESTORE)
		return criu_set_root(ROOTFS_STAGING);
	criu_set_pid(job->init);
	criu_set_timeout(job->seize);
	criu_set_track_mem(job->track || job->parent);
	if (job->parent && criu_set_parent_images(job->parent))
		return -ENOMEM;
	return job->cgroup ? criu_set_freeze_cgroup(job->cgroup) : 0;
}

static int call(enum criu_work work)
{
	switch (work) {
	case CRIU_DUMP:
		return criu_dump();
	case CRIU_PRE_DUMP:
		return criu_pre_dump();
	default:
		return criu_restore();
	}
}

/* The container's cgroup.kill. */
static int kill_file;

/*
 * The tool has gone. CRIU is in our session, with what has none of its own yet; all else is in the
 * container's group. Who kills them is in neither, and has the lock until that is done.
 */
static void on_orphaned(int sig)
{
	pid_t session = getpid();

	(void)sig;
	if (_Fork())
		return;
	setsid();
	kill(-session, SIGKILL);
	_exit(write(kill_file, "1", 1) != 1);
}

/* A restore need not come to an end by itself. What there is of it the next command takes away. */
static int end_with(pid_t tool, const char *cgroup)
{
	cleanup_free char *path = xasprintf("%s/cgroup.kill", cgroup);
	sigset_t set;

	kill_file = open(path, O_WRONLY | O_CLOEXEC);
	if (kill_file < 0)
		return -1;
	signal(SIGTERM, on_orphaned);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		return -1;
	if (getppid() != tool)
		_exit(EXIT_SYSTEM);
	return 0;
}

static bool goes_with_tool(const struct criu_job *job)
{
	return job->work == CRIU_RESTORE && !job->apart;
}

static void run_child(const struct criu_job *job, pid_t tool) __attribute__((noreturn));

static void run_child(const struct criu_job *job, pid_t tool)
{
	struct message msg = { .done = true };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), images = -1;

	/* what is typed at the terminal is for the tool alone */
	setsid();
	if (job->apart)
		apart_live_with(tool);
	/* libcriu's own words; what matters is in CRIU's log */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(EXIT_SYSTEM);
	setenv("LD_PRELOAD", needs_sockopt() ? ALWAYS ":" SOCKOPT : ALWAYS, 1);
	if (job->keep >= 0)
		fcntl(job->keep, F_SETFD, 0);
	if (job->heir > 0)
		fcntl(job->heir, F_SETFD, 0);
	/* what is sent to all in the tool's cgroup is not for us */
	msg.result = enter_namespaces(job, &images) ||
		     (goes_with_tool(job) && end_with(tool, job->cgroup)) ?
		     -errno : set_options(job, images);
	if (!msg.result)
		msg.result = call(job->work);
	send_message(&msg);
	_exit(0);
}

/* It also calls so that there is no iptables, and that a process is younger than the pre-dump. */
static bool is_none(const char *what)
{
	return strstr(what, "tables") || strstr(what, "No parent image found");
}

/* The first thing that CRIU called an error in its log; NULL if there is none. */
static char *reason(const struct criu_job *job)
{
	const char *name = job->work == CRIU_RESTORE ? "restore.log" : "dump.log";
	cleanup_free char *path = xasprintf("%s/%s", job->images, name);
	cleanup_file FILE *f = fopen(path, "re");
	cleanup_free char *text = NULL;
	size_t size = 0;

	/* "(00.123456)  101: Error (criu/files.c:123): what" */
	while (f && getline(&text, &size, f) > 0) {
		char *at = strstr(text, "Error (");
		char *what = at ? strstr(at, "): ") : NULL;

		if (!what || is_none(what))
			continue;
		what[strcspn(what, "\n")] = '\0';
		return xstrdup(what + strlen("): "));
	}
	return NULL;
}

static bool passes;

bool criu_refusal_passes(void)
{
	return passes;
}

static int failed(const struct criu_job *job, int result)
{
	int status = job->work == CRIU_RESTORE ? EXIT_UNPAUSE : EXIT_PAUSE;
	cleanup_free char *why = reason(job);

	passes = why && (strstr(why, "Control messages in queue") ||
			 strstr(why, "In-flight connection") ||
			 strstr(why, "on an in-flight socket") ||
			 /* it looks for what is watched when all run again */
			 (job->work == CRIU_PRE_DUMP && strstr(why, "Can't dump that handle")));
	if (why)
		return fail(status, "CRIU: %s", why);
	return fail(status, "CRIU failed: %s", result < 0 && result != -EBADE ?
		    strerror(-result) : "it does not say why");
}

/* It does not come to its end by itself. What it made is the caller's to take away. */
static void give_up(const struct criu_job *job, pid_t child)
{
	/* child and CRIU are a session of their own; who made a trial has killed it all */
	if (goes_with_tool(job))
		kill(-child, SIGKILL);
}

/*
 * Serve the child until it says that it is done; *@waited: for how long it did not go on for
 * that.
 */
static int serve(const struct criu_job *job, int sock, pid_t child, int *result, int64_t *waited)
{
	const int timeout = job->work == CRIU_DUMP ? -1 : LATE_MS;
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	struct message msg;
	int ret = job->begun ? job->begun(job->arg) : 0, later = 0, answer, ready;
	int64_t since;
	ssize_t n;

	for (;;) {
		ready = poll(&pfd, 1, timeout);
		if (ready == 0 && !ret) {
			ret = job->step(CRIU_LATE, job->arg);
			if (ret)
				give_up(job, child);
		}
		if (ready <= 0)
			continue;
		n = recv(sock, &msg, sizeof(msg), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(msg)) {
			*result = -ECHILD;
			return ret;
		}
		if (msg.done) {
			*result = msg.result;
			/* who has refused meanwhile was not told of that */
			return ret || msg.result < 0 ? ret : later;
		}
		since = now_ms();
		ret = ret ? ret : later;
		if (!ret && job->step)
			ret = job->step(msg.step, job->arg);
		*waited += now_ms() - since;
		answer = ret ? -1 : 0;
		send(sock, &answer, sizeof(answer), MSG_NOSIGNAL);
		if (!ret && job->meanwhile && msg.step == CRIU_FROZEN)
			later = job->meanwhile(job->arg);
	}
}

int criu_run(const struct criu_job *job, pid_t *restored)
{
	int64_t begin = now_ms(), waited = 0;
	pid_t tool = getpid(), pid;
	int ends[2], result, ret;

	passes = false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return fail_errno(EXIT_SYSTEM, "Cannot make a socket pair");
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return fail_errno(EXIT_SYSTEM, "Cannot fork");
	}
	if (pid == 0) {
		const int needs[] = { ends[1], job->keep, job->heir };

		close(ends[0]);
		genl_close();
		/* who waits for the end of a pipe of the tool's does not wait for CRIU */
		if (job->work == CRIU_RESTORE)
			lock_keep_only(job->keep);
		else if (confine_descriptors(needs, ARRAY_SIZE(needs)))
			_exit(EXIT_SYSTEM);
		line = ends[1];
		run_child(job, tool);
	}
	close(ends[1]);
	ret = serve(job, ends[0], pid, &result, &waited);
	close(ends[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	detail("CRIU took %lld ms, and waited for %lld ms of these", (long long)(now_ms() - begin),
	       (long long)waited);
	/* a step that failed has noted why */
	if (ret)
		return ret;
	if (result < 0)
		return failed(job, result);
	if (restored)
		*restored = result;
	return 0;
}

#else

bool criu_refusal_passes(void)
{
	return false;
}

int criu_run(const struct criu_job *job, pid_t *restored)
{
	(void)job;
	(void)restored;
	return EXIT_KERNEL;
}

#endif

int criu_ready(void)
{
#ifndef HAVE_LIBCRIU
	return fail(EXIT_KERNEL, "cloisonctl was built without libcriu, which checkpoints need");
#endif
	static bool ready;
	int ret;

	if (ready)
		return 0;
	ret = ask_version();
	if (ret)
		return ret;
	if (strverscmp(version, "4.1") < 0)
		return fail(EXIT_KERNEL, "CRIU %s is too old: 4.1 is needed", version);
	run_program(load_modules, -1);
	ready = true;
	return 0;
}
