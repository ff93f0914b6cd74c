// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the test of the debug kernel: loading it does one thing that is wrong, the
 * one named by the parameter. What the kernel says to that is the test.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>

static char *flaw = "";
module_param(flaw, charp, 0444);

static DEFINE_MUTEX(lock_a);
static DEFINE_MUTEX(lock_b);
static DEFINE_SPINLOCK(spin);

static void use_after_free(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
	pr_info("cloison_flaw: read %d\n", READ_ONCE(*p));
}

static void out_of_bounds(void)
{
	size_t size = 40;
	char *p;

	OPTIMIZER_HIDE_VAR(size);
	p = kmalloc(size, GFP_KERNEL);
	if (!p)
		return;
	WRITE_ONCE(p[size], 0);
	kfree(p);
}

static void leak(void)
{
	void *p;
	int i;

	/* Stacks and registers may still point to the last few of them. */
	for (i = 0; i < 16; i++) {
		p = kmalloc(333, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(p);
	}
}

static void lock_order(void)
{
	mutex_lock(&lock_a);
	mutex_lock(&lock_b);
	mutex_unlock(&lock_b);
	mutex_unlock(&lock_a);

	mutex_lock(&lock_b);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	mutex_unlock(&lock_b);
}

static void sleep_in_atomic(void)
{
	spin_lock(&spin);
	kfree(kmalloc(8, GFP_KERNEL));
	spin_unlock(&spin);
}

static void shift(void)
{
	int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	pr_info("cloison_flaw: shifted %d\n", 1 << by);
}

static void live_timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, NULL, 0);
	mod_timer(timer, jiffies + HZ);
	kfree(timer);
}

static const struct {
	const char *name;
	void (*fn)(void);
} flaws[] = {
	{ "use-after-free", use_after_free },
	{ "out-of-bounds", out_of_bounds },
	{ "leak", leak },
	{ "lock-order", lock_order },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "shift", shift },
	{ "live-timer", live_timer },
};

static int __init cloison_flaw_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(flaws); i++)
		if (!strcmp(flaw, flaws[i].name))
			break;
	if (i == ARRAY_SIZE(flaws))
		return -EINVAL;
	flaws[i].fn();
	return 0;
}

static void __exit cloison_flaw_exit(void)
{
}

module_init(cloison_flaw_init);
module_exit(cloison_flaw_exit);

MODULE_DESCRIPTION("Cloison: what a debug kernel must complain of");
MODULE_LICENSE("GPL");
