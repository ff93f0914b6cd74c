// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/meminfo: what a container may use and uses.
 *
 * Total, free and swap come from the counters that the limits are enforced by,
 * and are exact; what kind of memory it is comes from memory.stat, which the
 * kernel brings up to date every other second. To add up nevertheless, no kind
 * is shown as more than is used. That file is half of what a read costs: what it
 * said is kept for a tenth of a second, for those who ask again and again, and for a
 * second while as much is used as then.
 */
#include <linux/mm.h>
#include <linux/page_counter.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/timekeeping.h>

#include "view.h"

/* What memory.stat tells, in its order; then what is computed. */
enum value {
	ANON, FILES, KERNEL_STACK, PAGETABLES, SEC_PAGETABLES, PERCPU, VMALLOC, SHMEM, ZSWAP,
	ZSWAPPED, MAPPED, DIRTY, WRITEBACK, SWAPCACHED, ANON_THP, FILE_THP, SHMEM_THP,
	INACTIVE_ANON, ACTIVE_ANON, INACTIVE_FILE, ACTIVE_FILE, UNEVICTABLE,
	SLAB_RECLAIMABLE, SLAB_UNRECLAIMABLE,
	FROM_STAT,

	TOTAL = FROM_STAT, FREE, AVAILABLE, BUFFERS, CACHED, ACTIVE, INACTIVE, SLAB,
	SWAP_TOTAL, SWAP_FREE,
	VALUES
};

static const char *const keys[FROM_STAT] = {
	"anon", "file", "kernel_stack", "pagetables", "sec_pagetables", "percpu", "vmalloc",
	"shmem", "zswap", "zswapped", "file_mapped", "file_dirty", "file_writeback",
	"swapcached", "anon_thp", "file_thp", "shmem_thp",
	"inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable",
	"slab_reclaimable", "slab_unreclaimable",
};

/* In the order of /proc/meminfo. What is not counted by container is not there. */
static const struct {
	const char *name;
	enum value value;
} lines[] = {
	{ "MemTotal:", TOTAL }, { "MemFree:", FREE }, { "MemAvailable:", AVAILABLE },
	{ "Buffers:", BUFFERS }, { "Cached:", CACHED }, { "SwapCached:", SWAPCACHED },
	{ "Active:", ACTIVE }, { "Inactive:", INACTIVE },
	{ "Active(anon):", ACTIVE_ANON }, { "Inactive(anon):", INACTIVE_ANON },
	{ "Active(file):", ACTIVE_FILE }, { "Inactive(file):", INACTIVE_FILE },
	{ "Unevictable:", UNEVICTABLE },
	{ "SwapTotal:", SWAP_TOTAL }, { "SwapFree:", SWAP_FREE },
	{ "Zswap:", ZSWAP }, { "Zswapped:", ZSWAPPED },
	{ "Dirty:", DIRTY }, { "Writeback:", WRITEBACK },
	{ "AnonPages:", ANON }, { "Mapped:", MAPPED }, { "Shmem:", SHMEM },
	{ "KReclaimable:", SLAB_RECLAIMABLE }, { "Slab:", SLAB },
	{ "SReclaimable:", SLAB_RECLAIMABLE }, { "SUnreclaim:", SLAB_UNRECLAIMABLE },
	{ "KernelStack:", KERNEL_STACK }, { "PageTables:", PAGETABLES },
	{ "SecPageTables:", SEC_PAGETABLES }, { "VmallocUsed:", VMALLOC },
	{ "Percpu:", PERCPU },
	{ "AnonHugePages:", ANON_THP }, { "ShmemHugePages:", SHMEM_THP },
	{ "FileHugePages:", FILE_THP },
};

/* Where in the text @key is asked for it mostly comes next. */
static int find_key(const char *line, size_t len, int guess)
{
	int i, n;

	for (n = 0; n < FROM_STAT; n++) {
		i = (guess + n) % FROM_STAT;
		if (!strncmp(line, keys[i], len) && !keys[i][len])
			return i;
	}
	return -1;
}

/* What comes after the last key is none of ours, and is half of it. */
static void parse_stat(const char *text, u64 v[FROM_STAT])
{
	const char *line, *space;
	int next = 0, found = 0, i;

	for (line = text; found < FROM_STAT && (space = strchr(line, ' ')); line += *line == '\n') {
		i = find_key(line, space - line, next);
		if (i >= 0) {
			v[i] = view_digits(space + 1);
			next = i + 1;
			found++;
		}
		line = strchrnul(space, '\n');
	}
}

#define STAT_KEPT	(NSEC_PER_SEC / 10)
#define STAT_KEPT_SAME	NSEC_PER_SEC

static bool kept_stat(struct view_ct *ct, u64 now, unsigned long used, u64 v[FROM_STAT])
{
	bool fresh;

	spin_lock(&ct->lock);
	fresh = ct->stat_read &&
		now < ct->stat_read + (used == ct->stat_used ? STAT_KEPT_SAME : STAT_KEPT);
	if (fresh)
		memcpy(v, ct->stat, sizeof(ct->stat));
	spin_unlock(&ct->lock);
	return fresh;
}

static int read_stat(struct view_ct *ct, u64 v[FROM_STAT])
{
	unsigned long used = page_counter_read(&ct->memcg->memory);
	u64 now = ktime_get_boottime_ns();
	char *text;

	BUILD_BUG_ON(ARRAY_SIZE(ct->stat) != FROM_STAT);
	if (kept_stat(ct, now, used, v))
		return 0;
	text = view_text(&ct->dir, "memory.stat");
	if (IS_ERR(text))	/* there may be no memory controller */
		return text == ERR_PTR(-ENOENT) ? 0 : PTR_ERR(text);
	parse_stat(text, v);
	kfree(text);
	spin_lock(&ct->lock);
	/* not over what somebody read who came later and was faster */
	if (now > ct->stat_read) {
		memcpy(ct->stat, v, sizeof(ct->stat));
		ct->stat_read = now;
		ct->stat_used = used;
	}
	spin_unlock(&ct->lock);
	return 0;
}

/* By the container's limit, or one further up, or all there is. */
static u64 limit(const struct page_counter *counter, u64 pages)
{
	for (; counter; counter = counter->parent)
		pages = min_t(u64, pages, READ_ONCE(counter->max));
	return pages << PAGE_SHIFT;
}

static u64 usage(const struct page_counter *counter, u64 total)
{
	return min((u64)page_counter_read((struct page_counter *)counter) << PAGE_SHIFT, total);
}

void view_memory(struct view_ct *ct, u64 *total, u64 *used)
{
	*total = limit(&ct->memcg->memory, totalram_pages());
	*used = usage(&ct->memcg->memory, *total);
}

/* What no limit forbids must also be there. */
void view_swap(struct view_ct *ct, u64 *total, u64 *used)
{
	*total = limit(&ct->memcg->swap, view_host_swap() >> PAGE_SHIFT);
	*used = usage(&ct->memcg->swap, *total);
}

/* As of the last look at memory.stat; nothing if nobody has looked. Does not sleep. */
u64 view_shmem(struct view_ct *ct)
{
	u64 shmem;

	spin_lock(&ct->lock);
	shmem = ct->stat[SHMEM];
	spin_unlock(&ct->lock);
	return shmem;
}

static void compute(struct view_ct *ct, u64 used, u64 *v)
{
	u64 swapped;

	v[BUFFERS] = 0;	/* they are among the files */
	v[CACHED] = v[FILES] - min(v[FILES], v[SWAPCACHED]);
	v[SLAB_RECLAIMABLE] = min(v[SLAB_RECLAIMABLE], used - v[CACHED]);
	v[SLAB] = v[SLAB_RECLAIMABLE] + v[SLAB_UNRECLAIMABLE];
	v[ACTIVE] = v[ACTIVE_ANON] + v[ACTIVE_FILE];
	v[INACTIVE] = v[INACTIVE_ANON] + v[INACTIVE_FILE];
	v[FREE] = v[TOTAL] - used;
	v[AVAILABLE] = v[FREE] +
		min(v[ACTIVE_FILE] + v[INACTIVE_FILE] + v[SLAB_RECLAIMABLE], used);
	view_swap(ct, &v[SWAP_TOTAL], &swapped);
	v[SWAP_FREE] = v[SWAP_TOTAL] - swapped;
}

int view_show_meminfo(struct seq_file *m, struct view_ct *ct)
{
	u64 v[VALUES] = {}, used;
	unsigned int i;
	int err;

	err = read_stat(ct, v);
	if (err)
		return err;
	view_memory(ct, &v[TOTAL], &used);
	for (i = 0; i < FROM_STAT; i++)
		/* in whole kB, as they are shown: or sums would not add up */
		v[i] = round_down(min(v[i], used), 1024);
	compute(ct, used, v);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		seq_printf(m, "%-16s%8llu kB\n", lines[i].name, v[lines[i].value] >> 10);
	return 0;
}
