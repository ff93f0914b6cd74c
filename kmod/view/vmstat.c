// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/vmstat: what is counted by container. States have other names and units
 * in memory.stat, events have the same.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "view.h"

static const struct {
	const char *name, *key;
} states[] = {
	{ "nr_inactive_anon", "inactive_anon" }, { "nr_active_anon", "active_anon" },
	{ "nr_inactive_file", "inactive_file" }, { "nr_active_file", "active_file" },
	{ "nr_unevictable", "unevictable" },
	{ "nr_slab_reclaimable", "slab_reclaimable" },
	{ "nr_slab_unreclaimable", "slab_unreclaimable" },
	{ "nr_anon_pages", "anon" }, { "nr_mapped", "file_mapped" }, { "nr_file_pages", "file" },
	{ "nr_dirty", "file_dirty" }, { "nr_writeback", "file_writeback" },
	{ "nr_shmem", "shmem" }, { "nr_page_table_pages", "pagetables" },
	{ "nr_swapcached", "swapcached" },
};

static const char *const events[] = { "pg", "pswp", "thp_", "workingset_", "zsw" };

static bool is_event(const char *line)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (str_has_prefix(line, events[i]))
			return true;
	return false;
}

static void show_memory(struct seq_file *m, char *text)
{
	unsigned int i;
	char *line;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		seq_printf(m, "%s %llu\n", states[i].name,
			   view_number(text, states[i].key) >> PAGE_SHIFT);
	while ((line = strsep(&text, "\n")))
		if (is_event(line))
			seq_printf(m, "%s\n", line);
}

/* In kB, of all devices. */
static void show_io(struct seq_file *m, const char *text)
{
	u64 in = 0, out = 0;
	const char *at;

	for (at = text; (at = strstr(at, " rbytes=")); at++)
		in += view_digits(at + strlen(" rbytes="));
	for (at = text; (at = strstr(at, " wbytes=")); at++)
		out += view_digits(at + strlen(" wbytes="));
	seq_printf(m, "pgpgin %llu\npgpgout %llu\n", in >> 10, out >> 10);
}

int view_show_vmstat(struct seq_file *m, struct view_ct *ct)
{
	u64 total, used;
	char *text;

	view_memory(ct, &total, &used);
	seq_printf(m, "nr_free_pages %llu\n", (total - used) >> PAGE_SHIFT);
	text = view_text(&ct->dir, "memory.stat");
	if (IS_ERR(text))
		return PTR_ERR(text);
	show_memory(m, text);
	kfree(text);

	text = view_text(&ct->dir, "io.stat");
	/* The kernel may be without that controller. */
	if (IS_ERR(text))
		return text == ERR_PTR(-ENOENT) ? 0 : PTR_ERR(text);
	show_io(m, text);
	kfree(text);
	return 0;
}
