/* SPDX-License-Identifier: GPL-2.0-only */
/* Containers in the order of the host's start, BOOTORDER, and work on them in that order. */
#ifndef CLOISON_ORDER_H
#define CLOISON_ORDER_H

#include "../lib/container.h"

struct ordered {
	uint32_t id;
	int64_t order;	/* BOOTORDER; the higher the earlier. -1: none, last */
};

/* Of those with a file, and those that run without one; free() *list. */
int order_choose(bool (*wanted)(const struct container *ct, const struct kernel_container *kc,
				const void *arg),
		 const void *arg, struct ordered **list, size_t *count);
void order_reverse(struct ordered *list, size_t count);

/*
 * Those of the same order at once, at most @width of them, then the next. How many failed;
 * each says itself why.
 */
size_t order_work(const struct ordered *list, size_t count, size_t width,
		  int (*work)(uint32_t id, void *arg), void *arg);
/* The next of them, from @from on, that have the same order: their ids in *@ids, how many. */
size_t order_group(const struct ordered *list, size_t count, size_t from, uint32_t *ids);

/* What work that needs the CPU is worth doing at once. */
size_t order_width(void);

#endif
