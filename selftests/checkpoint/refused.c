// SPDX-License-Identifier: GPL-2.0-only
/* What cannot be dumped. */
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "shapes.h"

static void nothing(void)
{
}

static void landlock_up(void)
{
	struct landlock_ruleset_attr attr = { LANDLOCK_ACCESS_FS_WRITE_FILE };

	need(syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0) >= 0);
}

/* What was sent tells who has sent it. */
static void credentials_up(void)
{
	int ends[2], on = 1;

	need(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
	need(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
	need(send(ends[0], "x", 1, 0) == 1);
}

/* Nobody has accepted it, and something was said. */
static void unheard_up(void)
{
	struct sockaddr_un sa = { AF_UNIX, "socket" };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);

	need(bind(listener, (void *)&sa, sizeof(sa)) == 0 && listen(listener, 5) == 0);
	need(connect(client, (void *)&sa, sizeof(sa)) == 0 && write(client, "x", 1) == 1);
}

/*
 * At the first SIGUSR2 the memory changes, and a child, which comes after it in a dump, has what
 * cannot be dumped; at the second one not any more. Both times the child writes to a page of a
 * file: the second time that gives the file no other time, for it is not on disk since the first.
 */
#define PAGES	64

static unsigned char *memory, *page;
static int ends[2];
static pid_t pid;

static void make(const char *name)
{
	close(creat(name, 0644));
}

static void child_turns(int sig)
{
	char byte;

	(void)sig;
	*page += 1;
	if (recv(ends[1], &byte, 1, MSG_DONTWAIT) == 1) {
		make("idle");
	} else {
		send(ends[0], "x", 1, 0);
		make("busy");
	}
}

static void changes(int sig)
{
	memset(memory, 2, PAGES * 4096);
	kill(pid, sig);
}

static void refused_once_up(void)
{
	int on = 1, file = open("mapped", O_RDWR | O_CREAT, 0644);

	need(file >= 0 && ftruncate(file, 4096) == 0);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	need(page != MAP_FAILED && close(file) == 0);
	memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	need(memory != MAP_FAILED);
	memset(memory, 1, PAGES * 4096);
	need(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
	need(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
	need(signal(SIGUSR2, child_turns) != SIG_ERR);
	pid = fork();
	need(pid >= 0);
	while (!pid)
		pause();
	close(ends[0]);
	close(ends[1]);
	need(signal(SIGUSR2, changes) != SIG_ERR);
}

static void refused_once_look(void)
{
	size_t changed = 0;

	for (size_t i = 0; i < PAGES * 4096; i++)
		changed += memory[i] == 2;
	want(changed == PAGES * 4096);
	want(*page == 2);
	want(kill(pid, SIGKILL) == 0);
}

static void pid_namespace_up(void)
{
	need(unshare(CLONE_NEWPID) == 0);
	pid = fork();
	need(pid >= 0);
	if (!pid)
		pause();
}

static void pid_namespace_look(void)
{
	want(kill(pid, SIGKILL) == 0);
}

/* Nobody answers for it. */
static void fuse_up(void)
{
	int device = open("/dev/fuse", O_RDWR);
	char options[64];

	need(device >= 0);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	need(mkdir("mounted", 0755) == 0);
	need(mount("none", "mounted", "fuse", 0, options) == 0);
}

static void fuse_look(void)
{
	want(umount2("mounted", MNT_DETACH) == 0);
}

const struct shape refused_shapes[] = {
	{ "landlock", landlock_up, nothing, true },
	{ "credentials", credentials_up, nothing, true },
	{ "unheard-connection", unheard_up, nothing, true },
	{ "refused-once", refused_once_up, refused_once_look, true },
	{ "fuse", fuse_up, fuse_look, true },
	{ "pid-namespace", pid_namespace_up, pid_namespace_look, true },
	{}
};
