// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the tests: attaches twice to the core and tells what it was called for,
 * in /sys/module/cloison_test/parameters:
 *
 *	attached, started, exited, detached	how often, both together
 *	log	the calls since it was last read, "attach.a:ID attach.b:ID ..."
 *	fail	errno for an attach to fail with, once
 *	skip	how many attaches succeed before that
 *	whoami	id of the reader's container, and what its private data say
 *	seen	context switches to a task of a container
 *	bad	those where the private data were not those of that container
 */
#include <linux/module.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "../../kmod/core/cloison.h"

#define MAGIC_A	0xa110ca7ed00dULL
#define MAGIC_B	0xb0770c0ffeeULL

struct test_data {
	u64 magic;
	u32 id;
};

/* Written in callbacks, which the core serializes. */
static unsigned int attached, started, exited, detached;
module_param(attached, uint, 0444);
module_param(started, uint, 0444);
module_param(exited, uint, 0444);
module_param(detached, uint, 0444);

static int fail;
static unsigned int skip;
module_param(fail, int, 0644);
module_param(skip, uint, 0644);

static DEFINE_MUTEX(log_mutex);	/* the log and its reader */
static char log[3072];
static size_t log_len;

static atomic_t seen, bad;
static struct tracepoint *switch_tp;

static void note(const char *what, const char *who, u32 id)
{
	mutex_lock(&log_mutex);
	log_len += scnprintf(log + log_len, sizeof(log) - log_len, "%s%s.%s:%u",
			     log_len ? " " : "", what, who, id);
	mutex_unlock(&log_mutex);
}

static int test_attach(struct cloison_container *c, struct test_data *data,
		       u64 magic, const char *who,
		       struct netlink_ext_ack *extack)
{
	int err = -fail;

	note("attach", who, c->id);
	if (err && !skip--) {
		fail = 0;
		skip = 0;
		NL_SET_ERR_MSG(extack, "the test wants it to fail");
		return err;
	}
	if (!err)
		skip = 0;
	if (data->magic || data->id)
		atomic_inc(&bad);
	data->magic = magic;
	data->id = c->id;
	attached++;
	return 0;
}

/* A reader that comes too late finds no magic. */
static void test_detach(struct cloison_container *c, struct test_data *data,
			const char *who)
{
	note("detach", who, c->id);
	data->magic = 0;
	detached++;
}

static int attach_a(struct cloison_container *c, void *priv,
		    struct netlink_ext_ack *extack)
{
	return test_attach(c, priv, MAGIC_A, "a", extack);
}

static void start_a(struct cloison_container *c, void *priv)
{
	note("start", "a", c->id);
	started++;
}

static void exit_a(struct cloison_container *c, void *priv)
{
	note("exit", "a", c->id);
	exited++;
}

static void detach_a(struct cloison_container *c, void *priv)
{
	test_detach(c, priv, "a");
}

static int attach_b(struct cloison_container *c, void *priv,
		    struct netlink_ext_ack *extack)
{
	return test_attach(c, priv, MAGIC_B, "b", extack);
}

static void start_b(struct cloison_container *c, void *priv)
{
	note("start", "b", c->id);
	started++;
}

static void exit_b(struct cloison_container *c, void *priv)
{
	note("exit", "b", c->id);
	exited++;
}

static void detach_b(struct cloison_container *c, void *priv)
{
	test_detach(c, priv, "b");
}

static struct cloison_ops ops_a = {
	.name	= "test a",
	.size	= sizeof(struct test_data),
	.attach	= attach_a,
	.start	= start_a,
	.exit	= exit_a,
	.detach	= detach_a,
};

static struct cloison_ops ops_b = {
	.name	= "test b",
	.size	= sizeof(struct test_data),
	.attach	= attach_b,
	.start	= start_b,
	.exit	= exit_b,
	.detach	= detach_b,
};

/* Of the private data that are there, are these the right ones? Under RCU. */
static bool is_good(struct cloison_container *c)
{
	struct test_data *a = cloison_priv(c, &ops_a);
	struct test_data *b = cloison_priv(c, &ops_b);

	return (!a || (a->magic == MAGIC_A && a->id == c->id)) &&
	       (!b || (b->magic == MAGIC_B && b->id == c->id));
}

static void test_switch(void *data, bool preempt, struct task_struct *prev,
			struct task_struct *next, unsigned int prev_state)
{
	struct cloison_container *c;

	rcu_read_lock();
	c = cloison_of_task(next);
	if (c) {
		atomic_inc(&seen);
		if (!is_good(c))
			atomic_inc(&bad);
	}
	rcu_read_unlock();
}

static int read_only(const char *val, const struct kernel_param *kp)
{
	return -EPERM;
}

static int get_log(char *buffer, const struct kernel_param *kp)
{
	int len;

	mutex_lock(&log_mutex);
	len = scnprintf(buffer, PAGE_SIZE, "%s\n", log);
	log[0] = '\0';
	log_len = 0;
	mutex_unlock(&log_mutex);
	return len;
}

static int get_whoami(char *buffer, const struct kernel_param *kp)
{
	struct cloison_container *c;
	struct test_data *a = NULL;
	int len;

	rcu_read_lock();
	c = cloison_of_task(current);
	if (c)
		a = cloison_priv(c, &ops_a);
	len = scnprintf(buffer, PAGE_SIZE, "%u %u\n", c ? c->id : 0,
			a ? a->id : 0);
	rcu_read_unlock();
	return len;
}

static int get_atomic(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%d\n",
			 atomic_read((atomic_t *)kp->arg));
}

static const struct kernel_param_ops log_ops = {
	.set = read_only,
	.get = get_log,
};

static const struct kernel_param_ops whoami_ops = {
	.set = read_only,
	.get = get_whoami,
};

static const struct kernel_param_ops atomic_ops = {
	.set = read_only,
	.get = get_atomic,
};

module_param_cb(log, &log_ops, NULL, 0444);
module_param_cb(whoami, &whoami_ops, NULL, 0444);
module_param_cb(seen, &atomic_ops, &seen, 0444);
module_param_cb(bad, &atomic_ops, &bad, 0444);

static void match_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sched_switch"))
		switch_tp = tp;
}

static int __init cloison_test_init(void)
{
	int err;

	for_each_kernel_tracepoint(match_tracepoint, NULL);
	if (!switch_tp)
		return -ENOENT;
	check_trace_callback_type_sched_switch(test_switch);

	err = cloison_register_ops(&ops_a);
	if (err)
		return err;
	err = cloison_register_ops(&ops_b);
	if (err)
		goto unregister_a;
	err = tracepoint_probe_register(switch_tp, test_switch, NULL);
	if (err)
		goto unregister_b;
	return 0;

unregister_b:
	cloison_unregister_ops(&ops_b);
unregister_a:
	cloison_unregister_ops(&ops_a);
	return err;
}

static void __exit cloison_test_exit(void)
{
	tracepoint_probe_unregister(switch_tp, test_switch, NULL);
	tracepoint_synchronize_unregister();
	cloison_unregister_ops(&ops_b);
	cloison_unregister_ops(&ops_a);
	if (attached != detached || atomic_read(&bad))
		pr_err("cloison_test: attached %u, detached %u, bad %d\n",
		       attached, detached, atomic_read(&bad));
}

module_init(cloison_test_init);
module_exit(cloison_test_exit);

MODULE_DESCRIPTION("Cloison: test module");
MODULE_LICENSE("GPL");
