// SPDX-License-Identifier: GPL-2.0-only
/*
 * What somebody may do to a file that another one copies, until he, or who started him, is killed:
 *
 *	spoil hold FILE		write to it from memory that never comes: its lock is held
 *	spoil lease FILE	have a lease on it, and not give it back
 *	spoil map FILE		write A to its first byte, through a mapping; and B, with the same
 *				one, when SIGUSR1 comes
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

#define SIZE	4096

static void die(const char *what) __attribute__((noreturn));

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *map_page(int flags, int fd)
{
	void *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (page == MAP_FAILED)
		die("mmap");
	return page;
}

static void hold(int file)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register all = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page = map_page(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	all.range.start = (unsigned long)page;
	all.range.len = SIZE;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &all))
		die("userfaultfd");
	/* nobody answers */
	if (write(file, page, SIZE) < 0)
		die("write");
}

static void lease(int file)
{
	signal(SIGIO, SIG_IGN);
	if (fcntl(file, F_SETLEASE, F_WRLCK))
		die("F_SETLEASE");
}

static void map(int file)
{
	volatile char *page;
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	page = map_page(MAP_SHARED, file);
	*page = 'A';
	if (sigwait(&set, &sig))
		die("sigwait");
	*page = 'B';
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*work)(int file);
	} modes[] = { { "hold", hold }, { "lease", lease }, { "map", map } };
	int file = argc == 3 ? open(argv[2], O_RDWR | O_CLOEXEC) : -1;

	if (file < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL))
		die("usage: spoil hold|lease|map FILE");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0) {
			modes[i].work(file);
			pause();
		}
	return 1;
}
