// SPDX-License-Identifier: GPL-2.0-only
/* Memory, private and shared, and System V IPC. */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shapes.h"

#define PAGE	4096UL
#define HUGE	(2UL << 20)

static struct child child;
static char *map, *other;
static int fd;

static char *mapped(size_t size, int prot, int flags, int file)
{
	char *at = mmap(NULL, size, prot, flags, file, 0);

	need(at != MAP_FAILED);
	return at;
}

/* Every third page is used, each differently. */
static void fill(char *at, size_t pages)
{
	for (size_t i = 0; i < pages; i += 3)
		memset(at + i * PAGE, 1 + i % 127, PAGE);
}

static bool filled(const char *at, size_t pages)
{
	for (size_t i = 0; i < pages * PAGE; i++)
		if (at[i] != (char)(i / PAGE % 3 ? 0 : 1 + i / PAGE % 127))
			return false;
	return true;
}

/* Also what cannot be read now, and pages of a file that were changed. */
static void private_up(void)
{
	map = mapped(3000 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	fill(map, 3000);
	need(mprotect(map + 300 * PAGE, PAGE, PROT_NONE) == 0);
	fd = open("file", O_RDWR | O_CREAT, 0600);
	need(fd >= 0 && pwrite(fd, "file", 4, 0) == 4 && pwrite(fd, "second", 6, PAGE) == 6);
	other = mapped(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	other[0] = 'F';
}

static void private_look(void)
{
	int pipes[2];

	want(pipe(pipes) == 0);
	want(write(pipes[1], map + 300 * PAGE, 1) < 0 && errno == EFAULT);
	want(mprotect(map + 300 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
	want(filled(map, 3000));
	want(memcmp(other, "File", 4) == 0 && memcmp(other + PAGE, "second", 6) == 0);
	want(pwrite(fd, "S", 1, PAGE) == 1 && other[PAGE] == 'S');
}

static int write_shared(void *arg)
{
	strcpy(arg, "by the child");
	return !filled(map + PAGE * 3, 300);
}

static void shared_up(void)
{
	map = mapped(303 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	fill(map + PAGE * 3, 300);
	child = child_start(write_shared, map);
}

static void shared_look(void)
{
	want(child_end(&child) == 0);
	want(strcmp(map, "by the child") == 0);
}

/* It waits in a futex that another process wakes it by. */
static int wait_shared(void *arg)
{
	return sem_wait(arg);
}

static void semaphore_up(void)
{
	map = mapped(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	need(sem_init((sem_t *)map, true, 0) == 0);
	child = child_start(wait_shared, map);
	child_go(&child);
	usleep(100000);
}

static void semaphore_look(void)
{
	want(sem_post((sem_t *)map) == 0);
	want(child_end(&child) == 0);
}

static void memfd_up(void)
{
	fd = memfd_create("shape", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	need(fd >= 0 && ftruncate(fd, 30 * PAGE) == 0);
	map = mapped(30 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	fill(map, 30);
	need(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
}

static void memfd_look(void)
{
	want(fcntl(fd, F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_GROW));
	want(ftruncate(fd, 0) < 0 && errno == EPERM);
	want(filled(map, 30));
	map[1] = 'x';
	want(pread(fd, &map[2], 1, 1) == 1 && map[2] == 'x');
}

/* A file that nobody has open. */
static void tmpfs_up(void)
{
	fd = open("/dev/shm/shape", O_RDWR | O_CREAT | O_EXCL, 0640);
	need(fd >= 0 && ftruncate(fd, 301 * PAGE) == 0);
	map = mapped(301 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	fill(map, 301);
	need(munmap(map, 301 * PAGE) == 0 && close(fd) == 0);
}

static void tmpfs_look(void)
{
	struct stat st;

	fd = open("/dev/shm/shape", O_RDONLY);
	want(fd >= 0 && fstat(fd, &st) == 0 && st.st_size == 301 * PAGE);
	want((st.st_mode & 07777) == 0640);
	map = mapped(301 * PAGE, PROT_READ, MAP_SHARED, fd);
	want(filled(map, 301));
	want(unlink("/dev/shm/shape") == 0);
}

static void huge_up(void)
{
	map = mapped(HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	fill(map, HUGE / PAGE);
	other = mapped(HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	fill(other, HUGE / PAGE);
}

static void huge_look(void)
{
	want(filled(map, HUGE / PAGE));
	want(filled(other, HUGE / PAGE));
	/* it is one page still */
	want(munmap(map, PAGE) < 0 && errno == EINVAL);
}

/* System V: memory that others may attach, two messages, semaphores. */
static struct {
	int shm, msg, sem;
} ids;

struct message {
	long type;
	char text[16];
};

static void sysv_up(void)
{
	struct message one = { 5, "five" }, two = { 3, "three" };

	ids.shm = shmget(0x5a5a, 30 * PAGE, IPC_CREAT | IPC_EXCL | 0640);
	ids.msg = msgget(0x5a5b, IPC_CREAT | IPC_EXCL | 0600);
	ids.sem = semget(IPC_PRIVATE, 3, 0600);
	need(ids.shm >= 0 && ids.msg >= 0 && ids.sem >= 0);
	map = shmat(ids.shm, NULL, 0);
	need(map != (char *)-1);
	fill(map, 30);
	need(msgsnd(ids.msg, &one, sizeof(one.text), 0) == 0);
	need(msgsnd(ids.msg, &two, sizeof(two.text), 0) == 0);
	need(semctl(ids.sem, 1, SETVAL, 11) == 0);
}

static void sysv_look(void)
{
	struct shmid_ds ds;
	struct message m;

	want(shmget(0x5a5a, 0, 0) == ids.shm && msgget(0x5a5b, 0) == ids.msg);
	want(filled(map, 30));
	want(shmctl(ids.shm, IPC_STAT, &ds) == 0 && ds.shm_nattch == 1);
	other = shmat(ids.shm, NULL, SHM_RDONLY);
	map[1] = 'x';
	want(other != (char *)-1 && other[1] == 'x');
	want(msgrcv(ids.msg, &m, sizeof(m.text), 3, IPC_NOWAIT) == sizeof(m.text) &&
	     strcmp(m.text, "three") == 0);
	want(msgrcv(ids.msg, &m, sizeof(m.text), 0, IPC_NOWAIT) == sizeof(m.text) &&
	     strcmp(m.text, "five") == 0);
	want(semctl(ids.sem, 1, GETVAL) == 11 && semctl(ids.sem, 0, GETVAL) == 0);
	want(shmctl(ids.shm, IPC_RMID, NULL) == 0 && msgctl(ids.msg, IPC_RMID, NULL) == 0 &&
	     semctl(ids.sem, 0, IPC_RMID) == 0);
}

const struct shape memory_shapes[] = {
	{ "private-memory", private_up, private_look },
	{ "shared-memory", shared_up, shared_look },
	{ "semaphore", semaphore_up, semaphore_look },
	{ "memfd", memfd_up, memfd_look },
	{ "tmpfs", tmpfs_up, tmpfs_look },
	{ "huge-pages", huge_up, huge_look },
	{ "system-v", sysv_up, sysv_look },
	{}
};
