// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "cgroup.h"
#include "checkpoint.h"
#include "container.h"
#include "error.h"
#include "guest.h"
#include "util.h"

/* Of what is not memory: lists of mounts, sockets, files; and of the header. */
#define SPARE	(1ULL << 20)

int guest_possible(uint32_t id)
{
	cleanup_container struct container ct = CONTAINER_INIT;
	int ret = container_open_id(&ct, id, NEED_CONF);

	if (ret == EXIT_NO_CONF)
		return fail(ret, "It has no configuration file, %s", ct.conf_path);
	if (!ret)
		ret = container_lock(&ct);
	if (!ret)
		ret = checkpoint_refuse_staged(&ct, EXIT_PAUSE);
	return ret ? ret : checkpoint_possible(&ct);
}

uint64_t guest_size(uint32_t id)
{
	static const char *const kinds[] = { "anon", "shmem" };
	cleanup_free char *stat = cgroup_text(id, "memory.stat");
	uint64_t size = SPARE, n;

	for (size_t i = 0; stat && i < ARRAY_SIZE(kinds); i++)
		if (cgroup_find(stat, kinds[i], &n))
			size += n;
	if (cgroup_number(id, "memory.swap.current", &n))
		size += n;
	return size;
}
