// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "error.h"
#include "relay.h"
#include "util.h"

/* VEOF of a new terminal, termios(3) */
static const char ctrl_d[] = { 004, 004 };

/* One direction. A side that is -1 is finished. */
struct channel {
	int from, to;
	char buf[16384];
	size_t start, end;
	bool eof;
};

struct relay {
	struct channel channels[3];
	int count;
	int pty;	/* or -1 */
	int inner[3];	/* the program's ends of the pipes, or -1 */
	pid_t pid;
};

static void finish(struct relay *r, struct channel *c)
{
	if (c->from < 0)
		return;
	/* A pipe tells its end by closing, a terminal by a character; by two of them
	 * when the last line has no end, where the first one only ends the line.
	 */
	if (c->to == r->pty && r->pty >= 0)
		(void)!write(r->pty, ctrl_d, sizeof(ctrl_d));
	else if (c->to > STDERR_FILENO)
		close(c->to);
	c->from = -1;
	c->to = -1;
}

static void fill(struct channel *c)
{
	ssize_t n = read(c->from, c->buf, sizeof(c->buf));

	if (n > 0) {
		c->start = 0;
		c->end = n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* EIO: nobody has the terminal's other side open any more */
		c->eof = true;
	}
}

static void drain(struct channel *c)
{
	ssize_t n = write(c->to, c->buf + c->start, c->end - c->start);

	if (n > 0) {
		c->start += n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* nobody reads: what comes still has no use */
		c->start = c->end;
		c->eof = true;
	}
}

static void copy_size(int pty)
{
	struct winsize ws;

	if (pty >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0)
		ioctl(pty, TIOCSWINSZ, &ws);
}

static void take_signal(struct relay *r, int signals)
{
	struct signalfd_siginfo si;

	if (read(signals, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo == SIGWINCH)
		copy_size(r->pty);
	else
		kill(-r->pid, si.ssi_signo);	/* it leads its process group */
}

/* Carry until the program has ended and all it wrote is out. */
static void carry(struct relay *r, int pidfd, int signals)
{
	bool ended = false;

	for (;;) {
		struct pollfd pfds[3 + 2] = {
			{ .fd = ended ? -1 : pidfd, .events = POLLIN },
			{ .fd = signals, .events = POLLIN },
		};
		bool pending = false;
		int n;

		for (int i = 0; i < r->count; i++) {
			struct channel *c = &r->channels[i];
			bool full = c->start < c->end;

			if (c->from >= 0 && !full && c->eof)
				finish(r, c);
			pfds[2 + i] = (struct pollfd) {
				.fd = full ? c->to : c->from,
				.events = full ? POLLOUT : POLLIN,
			};
			pending |= full && c->to <= STDERR_FILENO;
		}
		/* what background jobs of the program may write later has no reader */
		n = poll(pfds, 2 + r->count, ended && !pending ? 0 : -1);
		if (ended && !pending && n == 0)
			return;
		if (n < 0 && errno != EINTR)
			return;
		ended |= !!(pfds[0].revents);
		if (pfds[1].revents)
			take_signal(r, signals);
		for (int i = 0; i < r->count; i++) {
			struct channel *c = &r->channels[i];

			/* input for a program that has ended goes nowhere */
			if (ended && c->from == STDIN_FILENO) {
				c->from = c->to = -1;
				c->start = c->end;
			}
			if (!pfds[2 + i].revents || c->from < 0)
				continue;
			if (c->start < c->end)
				drain(c);
			else
				fill(c);
		}
	}
}

static int add_pipe(struct relay *r, struct attach_program *prog, int fd)
{
	bool input = fd == STDIN_FILENO;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return fail_errno(EXIT_SYSTEM, "Cannot make a pipe");
	r->inner[fd] = prog->stdio[fd] = ends[!input];
	fcntl(ends[input], F_SETFL, O_NONBLOCK);
	r->channels[r->count++] = input ?
		(struct channel) { .from = fd, .to = ends[1] } :
		(struct channel) { .from = ends[0], .to = fd };
	return 0;
}

static int raw_terminal(struct termios *old)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, old))
		return -1;
	raw = *old;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static int start(struct relay *r, const struct attached *in, struct attach_program *prog)
{
	int ret = 0;

	for (int fd = 0; fd < 3 && !prog->pty; fd++) {
		prog->stdio[fd] = fd;
		if (!ret && isatty(fd))
			ret = add_pipe(r, prog, fd);
	}
	if (!ret)
		ret = attach_spawn(in, prog, &r->pid);
	for (int fd = 0; fd < 3; fd++)
		if (r->inner[fd] >= 0)
			close(r->inner[fd]);
	if (ret || !prog->pty)
		return ret;
	r->pty = prog->master;
	r->count = 2;
	r->channels[0] = (struct channel) { .from = STDIN_FILENO, .to = r->pty };
	r->channels[1] = (struct channel) { .from = r->pty, .to = STDOUT_FILENO };
	copy_size(r->pty);
	return 0;
}

int relay_run(const struct attached *in, const char *const argv[], bool pty, int *status)
{
	struct relay r = { .pty = -1, .inner = { -1, -1, -1 } };
	struct attach_program prog = { .argv = argv, .pty = pty, .master = -1 };
	cleanup_close int pidfd = -1;
	cleanup_close int signals = -1;
	struct termios old;
	sigset_t set;
	bool raw;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	/* a reader that went away shows as EPIPE */
	signal(SIGPIPE, SIG_IGN);

	/* until it runs, a signal ends the tool, and with it what is half-made */
	ret = start(&r, in, &prog);
	if (ret)
		return ret;
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	pidfd = syscall(SYS_pidfd_open, r.pid, 0);
	if (signals < 0 || pidfd < 0) {
		kill(r.pid, SIGKILL);
		return fail_errno(EXIT_SYSTEM, "Cannot watch the program");
	}
	raw = pty && raw_terminal(&old) == 0;
	carry(&r, pidfd, signals);
	if (raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	if (r.pty >= 0)
		close(r.pty);
	while (waitpid(r.pid, status, 0) < 0)
		if (errno != EINTR)
			return fail_errno(EXIT_SYSTEM, "Cannot wait for the program");
	return 0;
}
