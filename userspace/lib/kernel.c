// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/netlink.h>

#include "cleanup.h"
#include "decode.h"
#include "error.h"
#include "genl.h"
#include "kernel.h"
#include "module.h"
#include "util.h"

static struct genl_family cloison = {
	.name = CLOISON_GENL_NAME,
	.version = CLOISON_GENL_VERSION,
};

bool kernel_loaded(void)
{
	return genl_loaded(&cloison);
}

bool kernel_load(void)
{
	return kernel_loaded() || module_load("cloison", NULL);
}

char *kernel_module_version(const char *module)
{
	cleanup_free char *path = xasprintf("/sys/module/%s/version", module);
	char *text = read_file(path, 256);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

bool kernel_module_installed(const char *release, const char *module)
{
	cleanup_free char *path = xasprintf("/lib/modules/%s/modules.dep", release);
	cleanup_free char *file = xasprintf("/%s.ko", module);
	cleanup_file FILE *dep = fopen(path, "re");
	char *line = NULL;
	bool found = false;
	size_t size = 0;

	while (dep && !found && getline(&line, &size, dep) > 0) {
		line[strcspn(line, ":\n")] = '\0';
		found = strstr(line, file);
	}
	free(line);
	return found;
}

int kernel_not_there(void)
{
	return genl_not_there(&cloison);
}

int kernel_new(uint32_t id, uint64_t cgroup_id, const char *name)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison, CLOISON_CMD_NEW, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_A_ID, id);
	put_u64(msg, CLOISON_A_CGROUP_ID, cgroup_id);
	if (name && *name)
		put_string(msg, CLOISON_A_NAME, name);
	ret = genl_transact(msg, NULL, NULL);
	return ret ? genl_refused("Cannot register container %u", id) : 0;
}

int kernel_set_init(uint32_t id, pid_t init)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison, CLOISON_CMD_SET, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_A_ID, id);
	put_u32(msg, CLOISON_A_INIT_PID, init);
	ret = genl_transact(msg, NULL, NULL);
	return ret ? genl_refused("Cannot give its init to container %u", id) : 0;
}

int kernel_set_name(uint32_t id, const char *name)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison, CLOISON_CMD_SET, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_A_ID, id);
	put_string(msg, CLOISON_A_NAME, name);
	ret = genl_transact(msg, NULL, NULL);
	return ret ? genl_refused("Cannot name container %u", id) : 0;
}

int kernel_del(uint32_t id)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison, CLOISON_CMD_DEL, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_A_ID, id);
	if (genl_transact(msg, NULL, NULL) && genl_answer.error != ENOENT)
		return genl_refused("Cannot delete container %u", id);
	return 0;
}

struct collection {
	struct kernel_container *list;
	size_t count;
};

static int on_container(struct nl_msg *msg, void *arg)
{
	struct collection *all = arg;
	struct kernel_container one;

	if (!decode_container(nlmsg_hdr(msg), &one))
		return NL_SKIP;
	all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
	all->list[all->count++] = one;
	return NL_OK;
}

int kernel_get(uint32_t id, struct kernel_container *out)
{
	struct collection one = {};
	struct nl_msg *msg;
	int ret = genl_request(&cloison, CLOISON_CMD_GET, NLM_F_ACK, &msg);

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	put_u32(msg, CLOISON_A_ID, id);
	if (genl_transact(msg, on_container, &one) && genl_answer.error != ENOENT)
		ret = genl_refused("Cannot look up container %u", id);
	else if (one.count)
		*out = one.list[0];
	free(one.list);
	return ret;
}

int kernel_look(uint32_t id, struct kernel_container *out)
{
	memset(out, 0, sizeof(*out));
	return kernel_loaded() ? kernel_get(id, out) : 0;
}

int kernel_list(struct kernel_container **list, size_t *count)
{
	struct collection all = {};
	int ret, tries = 100;
	struct nl_msg *msg;

	do {
		all.count = 0;
		ret = genl_request(&cloison, CLOISON_CMD_GET, NLM_F_DUMP, &msg);
		if (ret) {
			free(all.list);
			return ret;
		}
		ret = genl_transact(msg, on_container, &all);
	} while (ret && genl_answer.interrupted && tries--);
	if (ret) {
		free(all.list);
		return genl_refused("Cannot list containers");
	}
	error_clear();
	*list = all.list;
	*count = all.count;
	return 0;
}

static int on_id(struct nl_msg *msg, void *arg)
{
	return decode_id(nlmsg_hdr(msg), arg) ? NL_OK : NL_SKIP;
}

int kernel_resolve(pid_t pid, uint32_t *id)
{
	struct nl_msg *msg;
	int ret = genl_request(&cloison, CLOISON_CMD_RESOLVE, NLM_F_ACK, &msg);

	if (ret)
		return ret;
	put_u32(msg, CLOISON_A_PID, pid);
	if (!genl_transact(msg, on_id, id))
		return 0;
	if (genl_answer.error == ESRCH)
		return fail(EXIT_SYSTEM, "There is no process %d", (int)pid);
	return genl_refused("Cannot resolve process %d", (int)pid);
}
