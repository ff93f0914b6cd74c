// SPDX-License-Identifier: GPL-2.0-only
/* /proc/swaps: one, which is on no device, of the size that the container may use. */
#include <linux/swap.h>

#include "view.h"

int view_show_swaps(struct seq_file *m, struct view_ct *ct)
{
	u64 total, used;

	if (ct) {
		view_swap(ct, &total, &used);
	} else {
		total = view_host_swap();
		used = total - min(total, (u64)get_nr_swap_pages() << PAGE_SHIFT);
	}
	seq_puts(m, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	if (total)
		seq_printf(m, "%-40svirtual\t\t%llu\t\t%llu\t\t0\n", "none",
			   total >> 10, used >> 10);
	return 0;
}
