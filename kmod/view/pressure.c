// SPDX-License-Identifier: GPL-2.0-only
/* /proc/pressure: how long the container's tasks waited for what. To be read only. */
#include <linux/slab.h>

#include "view.h"

static int show(struct seq_file *m, struct view_ct *ct, const char *file)
{
	struct path root = view_cgroup_root();
	char *text = view_text(ct ? &ct->dir : &root, file);

	/* Of cgroups it can be switched off. */
	if (IS_ERR(text))
		return text == ERR_PTR(-ENOENT) ? -EOPNOTSUPP : PTR_ERR(text);
	seq_puts(m, text);
	kfree(text);
	return 0;
}

int view_show_pressure_cpu(struct seq_file *m, struct view_ct *ct)
{
	return show(m, ct, "cpu.pressure");
}

int view_show_pressure_io(struct seq_file *m, struct view_ct *ct)
{
	return show(m, ct, "io.pressure");
}

int view_show_pressure_memory(struct seq_file *m, struct view_ct *ct)
{
	return show(m, ct, "memory.pressure");
}
