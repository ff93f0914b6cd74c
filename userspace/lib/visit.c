// SPDX-License-Identifier: GPL-2.0-only
#include "adopt.h"
#include "cgroup.h"
#include "kernel.h"
#include "visit.h"

int visit_begin(struct container *ct, struct visit *visit)
{
	struct kernel_container kc;
	int ret = kernel_look(ct->id, &kc);

	/* what it is with the lock is what counts: it may just have been started, or stopped */
	if (!ret && !kernel_runs(&kc) && ct->lock < 0 && !container_lock_skip) {
		ret = container_lock(ct);
		if (!ret)
			ret = kernel_look(ct->id, &kc);
	}
	*visit = (struct visit){ .ct = ct, .in = { .id = ct->id, .pidfd = -1 } };
	if (ret)
		return ret;
	if (kernel_runs(&kc))
		return attach_open(ct, &kc, &visit->in);
	ret = adopt_refuse(ct);
	if (ret)
		return ret;
	visit->mounted = !cgroup_exists(ct->id) && container_mounted(ct);
	visit->in.stopped = ct;
	return 0;
}

int visit_end(struct visit *visit)
{
	attach_close(&visit->in);
	if (!visit->in.stopped)
		return 0;
	return visit->mounted ? container_reap(visit->ct) : container_sweep(visit->ct);
}
