// SPDX-License-Identifier: GPL-2.0-only
#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "netif.h"
#include "rootfs.h"
#include "tasks.h"
#include "util.h"

int tasks_restore(const struct container *ct, const struct devnodes *nodes,
		  const struct meta *meta, struct criu_job *job, pid_t *init)
{
	cleanup_close int root = rootfs_detach_alone(ct->root);
	cleanup_netifs struct netifs links = {};
	struct criu_mount *mounts = NULL;
	char **words = NULL;
	int ret = root < 0 ? EXIT_MOUNT : netifs_parse(meta->netif, &links);

	if (!ret)
		ret = externals_open(&meta->externals, ct, nodes, &mounts, &job->mounts_count);
	if (!ret) {
		words = externals_for_restore(&meta->externals, &links, ct->id);
		job->work = CRIU_RESTORE;
		job->root = root;
		/* a trial keeps nobody off: who comes next takes it away */
		job->keep = job->apart ? -1 : ct->lock;
		job->lock_network = meta->netif && *meta->netif;
		job->external = (const char *const *)words;
		job->mounts = mounts;
		ret = criu_run(job, init);
	}
	externals_close(mounts, job->mounts_count);
	words_free(words);
	return ret;
}

int64_t progress_stalls(struct progress *p, const char *path)
{
	/* what images take in the cache is none, and what goes to swap is none less */
	uint64_t memory = cgroup_memory(path);

	if (memory > p->memory) {
		p->memory = memory;
		p->since = now_ms();
	}
	return now_ms() - p->since;
}
