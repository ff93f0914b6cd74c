// SPDX-License-Identifier: GPL-2.0-only
/*
 * zerocopy ADDRESS PORT: a datagram out of the process's own memory, by io_uring.
 * Exits with 0 once the kernel is through with that memory, with 1 if it is not
 * within ten seconds.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static char data[1000] __attribute__((aligned(4096)));

static void *map(int ring, size_t size, uint64_t offset)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, offset);

	if (p == MAP_FAILED)
		err(3, "mmap");
	return p;
}

static int connected(const char *address, const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(atoi(port)),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		errx(3, "%s: no address", address);
	if (fd < 0 || connect(fd, (void *)&to, sizeof(to)))
		err(3, "%s", address);
	return fd;
}

int main(int argc, char **argv)
{
	struct io_uring_params params = { 0 };
	struct io_uring_sqe *sqe;
	struct pollfd pollfd;
	_Atomic uint32_t *tail;
	unsigned char *cq;
	uint32_t head = 0;
	int ring;

	if (argc != 3)
		errx(3, "usage: zerocopy ADDRESS PORT");
	ring = syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0)
		err(3, "io_uring_setup");
	/* IORING_FEAT_SINGLE_MMAP: both rings are in one piece. */
	cq = map(ring, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		 IORING_OFF_SQ_RING);
	sqe = map(ring, params.sq_entries * sizeof(*sqe), IORING_OFF_SQES);
	*sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_SEND_ZC,
		.fd = connected(argv[1], argv[2]),
		.addr = (uintptr_t)data,
		.len = sizeof(data),
	};
	*(uint32_t *)(cq + params.sq_off.array) = 0;
	atomic_store((_Atomic uint32_t *)(cq + params.sq_off.tail), 1);
	if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
		err(1, "io_uring_enter");

	tail = (_Atomic uint32_t *)(cq + params.cq_off.tail);
	pollfd = (struct pollfd){ .fd = ring, .events = POLLIN };
	for (;;) {
		struct io_uring_cqe *cqe =
			(struct io_uring_cqe *)(cq + params.cq_off.cqes) + head % params.cq_entries;

		if (head == atomic_load(tail)) {
			if (poll(&pollfd, 1, 10000) != 1)
				errx(1, "the kernel keeps the memory");
			continue;
		}
		if (cqe->flags & IORING_CQE_F_NOTIF)
			return 0;
		if (cqe->res != sizeof(data) || !(cqe->flags & IORING_CQE_F_MORE))
			errx(1, "sent %d: %s", cqe->res, cqe->res < 0 ? strerror(-cqe->res) : "");
		head++;
		atomic_store((_Atomic uint32_t *)(cq + params.cq_off.head), head);
	}
}
