// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "error.h"
#include "relay.h"
#include "util.h"

/* VEOF of a new terminal, termios(3) */
static const char ctrl_d[] = { 004, 004 };

#define ESC	033

#define TELL_AGAIN_MS	300
#define REOPEN_MS	50

/* For a program to end after it was told to, as the tool was. */
#define PATIENCE_MS	5000

/* As much as a pipe of an unprivileged user's can hold, pipe(7): so much may be the
 * program's own after its end. What else comes is of others that have the pipe.
 */
#define REST_MAX	(1 << 20)

/* One direction. A side that is -1 is finished. */
struct channel {
	int from, to;
	char buf[16384];
	size_t start, end;
	size_t rest;	/* read after the program's end */
	bool eof;
};

struct relay {
	struct channel channels[3];
	int count;
	int pty;	/* or -1 */
	int inner[3];	/* the program's ends of the pipes, or -1 */
	pid_t pid;
	bool alone;	/* it is process 1, which signals do not reach */
	bool escape;	/* Esc . leaves */
	bool escaped;	/* Esc was the last character typed */
	bool left;
	int signal;	/* that leaves, 0: none does */
	int64_t deadline;	/* when that one does, 0: at once */
	bool over;	/* the terminal was told that input has ended */
	bool ended;	/* the program has */
	bool closed;	/* nobody has the terminal's other side open */
};

static void finish(struct relay *r, struct channel *c)
{
	if (c->from < 0)
		return;
	/* A pipe tells its end by closing, a terminal by a character; by two of them
	 * when the last line has no end, where the first one only ends the line.
	 */
	if (c->to == r->pty && r->pty >= 0) {
		(void)!write(r->pty, ctrl_d, sizeof(ctrl_d));
		r->over = true;
	} else if (c->to > STDERR_FILENO) {
		close(c->to);
	}
	/* who writes into it must learn that nobody reads */
	if (c->from > STDERR_FILENO && c->from != r->pty)
		close(c->from);
	c->from = -1;
	c->to = -1;
}

/*
 * Until the program ends, a terminal whose other side nobody has open may be opened
 * again: login(1) closes it, hangs it up and opens it anew.
 */
static bool may_reopen(struct relay *r, const struct channel *c)
{
	if (errno != EIO || r->ended || r->pty < 0 || (c->from != r->pty && c->to != r->pty))
		return false;
	r->closed = true;
	return true;
}

static void fill(struct relay *r, struct channel *c)
{
	ssize_t n = read(c->from, c->buf, sizeof(c->buf));

	if (n > 0) {
		c->start = 0;
		c->end = n;
		c->rest += r->ended ? n : 0;
		c->eof = c->rest >= REST_MAX;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR && !may_reopen(r, c))) {
		c->eof = true;
	}
}

/* Look for Esc and dot in what was typed: it ends there. */
static void find_escape(struct relay *r, struct channel *c)
{
	for (size_t i = c->start; i < c->end; i++) {
		if (r->escaped && c->buf[i] == '.') {
			r->left = true;
			return;
		}
		r->escaped = c->buf[i] == ESC;
	}
}

static void drain(struct relay *r, struct channel *c)
{
	ssize_t n = write(c->to, c->buf + c->start, c->end - c->start);

	if (n > 0) {
		c->start += n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR && !may_reopen(r, c)) {
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
	if (si.ssi_signo == SIGWINCH) {
		copy_size(r->pty);
	} else if (r->pty >= 0 && (si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP)) {
		/* a shell on a terminal ignores the one; the hangup that our leaving is
		 * to it ends it, and us whatever it does
		 */
		r->signal = si.ssi_signo;
		r->left = true;
	} else if (r->alone) {
		/* what it has left goes with the cgroup, also if it is not free to end */
		kill(-r->pid, SIGKILL);
		r->signal = SIGKILL;
		r->left = true;
	} else {
		/* it leads its process group */
		kill(-r->pid, si.ssi_signo);
		/* who ignores that, or is frozen inside, does not keep the tool from ending */
		if (!r->deadline && (si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP)) {
			r->signal = si.ssi_signo;
			r->deadline = now_ms() + PATIENCE_MS;
		}
	}
}

static bool out_of_patience(struct relay *r)
{
	if (!r->deadline || now_ms() < r->deadline)
		return false;
	/* who ignores the other one has his reasons, see nohup(1) */
	if (r->signal == SIGTERM)
		kill(-r->pid, SIGKILL);
	r->left = true;
	return true;
}

/* A program that sets up its terminal may throw away what it was told before. */
static void tell_again(const struct relay *r)
{
	(void)!write(r->pty, ctrl_d, sizeof(ctrl_d));
}

/* How long to wait for something to happen, -1: as long as it takes. */
static int timeout_of(const struct relay *r, bool pending)
{
	if (r->ended && !pending)
		return 0;
	if (r->closed)
		return REOPEN_MS;
	if (r->deadline)
		return r->deadline > now_ms() ? r->deadline - now_ms() : 0;
	return r->over ? TELL_AGAIN_MS : -1;
}

/* Carry until the program has ended and all it wrote is out. */
static void carry(struct relay *r, int pidfd, int signals)
{
	for (;;) {
		struct pollfd pfds[3 + 2] = {
			{ .fd = r->ended ? -1 : pidfd, .events = POLLIN },
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
			/* it would be told at once, and again, that there is nobody */
			if (r->closed && pfds[2 + i].fd == r->pty)
				pfds[2 + i].fd = -1;
			pending |= full && c->to <= STDERR_FILENO;
		}
		/* what background jobs of the program may write later has no reader */
		n = poll(pfds, 2 + r->count, timeout_of(r, pending));
		if (n == 0 && r->over && !r->closed && !r->ended)
			tell_again(r);
		r->closed = false;
		if (r->ended && !pending && n == 0)
			return;
		if (n < 0 && errno != EINTR)
			return;
		r->ended |= !!(pfds[0].revents);
		if (pfds[1].revents)
			take_signal(r, signals);
		if (r->left || out_of_patience(r))
			return;
		for (int i = 0; i < r->count; i++) {
			struct channel *c = &r->channels[i];

			/* input for a program that has ended goes nowhere */
			if (r->ended && c->from == STDIN_FILENO) {
				c->from = c->to = -1;
				c->start = c->end;
			}
			if (!pfds[2 + i].revents || c->from < 0)
				continue;
			if (c->start < c->end) {
				drain(r, c);
				continue;
			}
			fill(r, c);
			if (r->escape && c->from == STDIN_FILENO)
				find_escape(r, c);
			if (r->left)
				return;
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

/*
 * Pipes are passed on. All else would be more than a stream of bytes in hostile
 * hands: a directory is a way into the host's tree, a socket keeps the network
 * namespace it was made in, a file can be cut short where it was to be appended to,
 * and a terminal typed into.
 */
static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

static int start(struct relay *r, const struct attached *in, struct attach_program *prog)
{
	int ret = 0;

	for (int fd = 0; fd < 3 && !prog->pty; fd++) {
		prog->stdio[fd] = fd;
		if (!ret && !is_pipe(fd))
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

static int run(const struct attached *in, const char *const argv[], bool pty, bool escape,
	       int *status)
{
	struct relay r = {
		.pty = -1, .inner = { -1, -1, -1 }, .escape = escape, .alone = in->stopped,
	};
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
		fail_errno(EXIT_SYSTEM, "Cannot watch the program");
		kill(r.pid, SIGKILL);
		reap_child(r.pid, NULL);
		return EXIT_SYSTEM;
	}
	raw = pty && raw_terminal(&old) == 0;
	carry(&r, pidfd, signals);
	if (raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	if (r.pty >= 0)
		close(r.pty);
	/* it is told by its terminal, and may take its time */
	if (r.left)
		return r.signal ? 128 + r.signal : RELAY_LEFT;
	if (!reap_child(r.pid, status))
		return fail(EXIT_SYSTEM,
			    "The program does not end: a process of the container traces it");
	return 0;
}

int relay_run(const struct attached *in, const char *const argv[], bool pty, int *status)
{
	return run(in, argv, pty, false, status);
}

int relay_console(const struct attached *in, const char *const argv[], int *status)
{
	return run(in, argv, true, true, status);
}
