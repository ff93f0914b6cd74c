// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "kprog.h"

/* See devices.c for why not libbpf. */
static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int kprog_types(const char *module)
{
	union bpf_attr at = {};

	while (!bpf(BPF_BTF_GET_NEXT_ID, &at)) {
		union bpf_attr open = { .btf_id = at.next_id };
		char name[64] = "";
		struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
		union bpf_attr ask = { .info = { .info_len = sizeof(info),
						 .info = (uintptr_t)&info } };
		int fd = bpf(BPF_BTF_GET_FD_BY_ID, &open);

		at.start_id = at.next_id;
		ask.info.bpf_fd = fd;
		if (fd >= 0 && !bpf(BPF_OBJ_GET_INFO_BY_FD, &ask) && strcmp(name, module) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

/* What the verifier has against a program, for --verbose; errno stays. */
static void say_why(union bpf_attr *loading)
{
	static char log[65536];
	int error = errno, fd;

	loading->log_level = 1;
	loading->log_buf = (uintptr_t)log;
	loading->log_size = sizeof(log);
	fd = bpf(BPF_PROG_LOAD, loading);
	if (fd < 0)
		detail("%s", log);
	else
		close(fd);
	errno = error;
}

int kprog_attach(union bpf_attr *loading)
{
	cleanup_close int fd = bpf(BPF_PROG_LOAD, loading);
	union bpf_attr attaching = {};

	if (fd < 0) {
		say_why(loading);
		return -1;
	}
	attaching.raw_tracepoint.prog_fd = fd;
	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attaching);
}
