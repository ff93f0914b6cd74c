// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <unistd.h>

#include "../lib/error.h"
#include "../lib/parallel.h"
#include "../lib/util.h"
#include "../lib/value.h"
#include "order.h"

static int64_t order_of(const struct container *ct)
{
	const char *value = ct->conf ? conf_get(ct->conf, "BOOTORDER") : NULL;
	uint64_t order;

	return value && parse_number(value, 0, INT64_MAX, &order) ? (int64_t)order : -1;
}

static int earlier_first(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

int order_choose(bool (*wanted)(const struct container *ct, const struct kernel_container *kc,
				const void *arg),
		 const void *arg, struct ordered **list, size_t *count)
{
	cleanup_free struct container_entry *all = NULL;
	size_t n;
	int ret = container_list(true, &all, &n);

	*count = 0;
	if (ret)
		return ret;
	*list = xcalloc(n + 1, sizeof(**list));
	for (size_t i = 0; i < n; i++) {
		cleanup_container struct container ct = CONTAINER_INIT;

		/* a file that nobody can read is warned of */
		if (container_open_id(&ct, all[i].id, NEED_NOTHING) == 0 &&
		    wanted(&ct, &all[i].kc, arg))
			(*list)[(*count)++] = (struct ordered){ ct.id, order_of(&ct) };
		error_clear();
	}
	qsort(*list, *count, sizeof(**list), earlier_first);
	return 0;
}

void order_reverse(struct ordered *list, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct ordered swap = list[i];

		list[i] = list[count - 1 - i];
		list[count - 1 - i] = swap;
	}
}

size_t order_group(const struct ordered *list, size_t count, size_t from, uint32_t *ids)
{
	size_t n = 0;

	for (size_t i = from; i < count && list[i].order == list[from].order; i++)
		ids[n++] = list[i].id;
	return n;
}

size_t order_work(const struct ordered *list, size_t count, size_t width,
		  int (*work)(uint32_t id, void *arg), void *arg)
{
	cleanup_free uint32_t *ids = xcalloc(count + 1, sizeof(*ids));
	size_t failed = 0, n;
	bool was = quiet;

	/* each says only what went wrong: they all speak at once */
	quiet = true;
	for (size_t i = 0; i < count; i += n) {
		n = order_group(list, count, i, ids);
		failed += parallel_run(ids, n, width, work, arg);
	}
	quiet = was;
	return failed;
}

size_t order_width(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus > 1 ? cpus : 1;
}
