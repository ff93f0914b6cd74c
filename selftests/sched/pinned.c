// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps that are pinned in bpffs.
 *
 *	pinned make PATH SIZE
 *		One with a single value of so many bytes, all 0.
 *	pinned put PATH OFFSET NUMBER
 *		8 bytes of the first value of one that is there.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	if (ret < 0)
		err(1, "bpf %d", cmd);
	return ret;
}

static void make(const char *path, unsigned int size)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = size,
		.max_entries = 1,
	};
	int fd = bpf(BPF_MAP_CREATE, &attr);

	bpf(BPF_OBJ_PIN, &(union bpf_attr){ .pathname = (unsigned long)path, .bpf_fd = fd });
}

static void put(const char *path, unsigned long offset, unsigned long long number)
{
	static char value[1 << 22];
	unsigned int zero = 0;
	int fd = bpf(BPF_OBJ_GET, &(union bpf_attr){ .pathname = (unsigned long)path });
	union bpf_attr attr = {
		.map_fd = fd, .key = (unsigned long)&zero, .value = (unsigned long)value,
	};

	bpf(BPF_MAP_LOOKUP_ELEM, &attr);
	memcpy(value + offset, &number, sizeof(number));
	bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "make") == 0)
		make(argv[2], strtoul(argv[3], NULL, 0));
	else if (argc == 5 && strcmp(argv[1], "put") == 0)
		put(argv[2], strtoul(argv[3], NULL, 0), strtoull(argv[4], NULL, 0));
	else
		errx(2, "see the top of the source");
	return 0;
}
