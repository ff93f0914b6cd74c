// SPDX-License-Identifier: GPL-2.0-only
#include "cmd.h"
#include "vz.h"

int vz_each_running(int (*each)(struct listed *l, void *arg), void *arg)
{
	cleanup_free struct kernel_container *known = NULL;
	size_t count = 0;
	int ret = kernel_list(&known, &count);

	for (size_t i = 0; !ret && i < count; i++) {
		struct listed l = { .id = known[i].id, .kc = known[i] };

		if (listed_runs(&l))
			ret = each(&l, arg);
		listed_close(&l);
	}
	return ret;
}
