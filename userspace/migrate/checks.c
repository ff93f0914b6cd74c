// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../lib/action.h"
#include "../lib/cgroup.h"
#include "../lib/devices.h"
#include "../lib/error.h"
#include "../lib/global.h"
#include "../lib/limits.h"
#include "../lib/names.h"
#include "../lib/template.h"
#include "../lib/util.h"
#include "../net/address.h"
#include "../net/netif.h"
#include "../net/network.h"
#include "../storage/layout.h"
#include "checks.h"
#include "images.h"
#include "link.h"
#include "status.h"

/* Room that is left to the host. */
#define SPARE	(64ULL << 20)

static int check_kernel(struct container *ct, const struct offer *o)
{
	(void)ct;
	(void)o;
	if (kernel_load())
		return 0;
	return fail(MIGRATE_NOT_RUNNING, "The kernel module cloison cannot be loaded");
}

static int check_id(struct container *ct, const struct offer *o)
{
	struct kernel_container kc;
	int ret = kernel_get(ct->id, &kc);

	if (ret)
		return fail_wrap(MIGRATE_NOT_RUNNING, "The kernel");
	if (ct->conf || kc.id || cgroup_exists(ct->id) || access(ct->private, F_OK) == 0)
		return fail(MIGRATE_EXISTS, "There is a container %u already", o->ctid);
	return 0;
}

/* An attempt that is undone removes what has come, and could not tell them from those. */
static int check_scripts(struct container *ct, const struct offer *o)
{
	cleanup_free char *path = action_find(ct);

	(void)o;
	return path ? fail(MIGRATE_EXISTS,
			   "There is an action script %s already, and the container brings its own: move it away",
			   path) : 0;
}

static int check_name(struct container *ct, const struct offer *o)
{
	const char *name = conf_get(o->conf, "NAME");
	uint32_t holder;

	if (!name || !*name || !names_find(name, &holder) || holder == ct->id)
		return 0;
	return fail(MIGRATE_EXISTS, "Container %u has the name %s already", holder, name);
}

static int compare(const struct addresses *wanted, const struct addresses *has, uint32_t id)
{
	for (size_t i = 0; i < has->count; i++) {
		cleanup_free char *text = NULL;

		if (!addresses_touch(wanted, &has->list[i]))
			continue;
		text = address_owned(&has->list[i]);
		return fail(MIGRATE_IP, "Container %u has the address %s already", id, text);
	}
	return 0;
}

static int check_addresses(struct container *ct, const struct offer *o)
{
	cleanup_addresses struct addresses wanted = {};
	cleanup_free struct container_entry *list = NULL;
	size_t count;
	int ret = network_configured(o->conf, &wanted);

	if (ret)
		return MIGRATE_CONFIG;
	ret = wanted.count ? container_list(true, &list, &count) : 0;
	for (size_t i = 0; !ret && wanted.count && i < count; i++) {
		cleanup_container struct container other = CONTAINER_INIT;
		cleanup_addresses struct addresses has = {}, now = {};

		if (list[i].id == ct->id || container_open_id(&other, list[i].id, NEED_NOTHING))
			continue;
		if (other.conf && network_configured(other.conf, &has) == 0)
			ret = compare(&wanted, &has, other.id);
		/* and what was set without --save */
		if (!ret && kernel_runs(&list[i].kc) && network_addresses(other.id, &now) == 0)
			ret = compare(&wanted, &now, other.id);
		if (!ret)
			error_clear();
	}
	return ret;
}

/* Bridges and links that its interfaces are put on are the administrator's to make. */
static int check_networks(struct container *ct, const struct offer *o)
{
	cleanup_netifs struct netifs netifs = {};

	(void)ct;
	if (netifs_parse(conf_get(o->conf, "NETIF"), &netifs))
		return MIGRATE_CONFIG;
	for (size_t i = 0; i < netifs.count; i++) {
		const struct netif *n = &netifs.list[i];
		const char *on = n->bridge[0] ? n->bridge : n->link;

		if (*on && !link_index(on))
			return fail(MIGRATE_CONFIG,
				    "Its interface %s is on %s, which does not exist", n->ifname,
				    on);
	}
	return 0;
}

static int check_settings(struct container *ct, const struct offer *o)
{
	cleanup_devices struct device_set set = {};
	struct limits limits;
	uint32_t base;

	if (limits_read(o->conf, &limits) || devices_read(o->conf, &set))
		return fail_wrap(MIGRATE_CONFIG, "Container %u", ct->id);
	offer_apply(o, ct);
	if (conf_get(ct->conf, "LOCAL_UID"))
		return 0;
	/* files are given others, if not all are taken; what runs has those it was made with */
	if (o->live)
		return fail(MIGRATE_CONFIG,
			    "Its user ids belong to another container here: it can only be migrated without --live");
	return container_choose_ids(ct->id, &base) ? MIGRATE_CONFIG : 0;
}

static int check_space(struct container *ct, const struct offer *o)
{
	cleanup_free char *path = xstrdup(ct->private);
	uint64_t free_bytes;
	struct statvfs st;

	while (statvfs(path, &st)) {
		char *slash = strrchr(path, '/');

		if (errno != ENOENT || !slash || slash == path)
			return fail_errno(MIGRATE_COPY, "Cannot look at %s", ct->private);
		*slash = '\0';
	}
	free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	if (free_bytes >= o->bytes + SPARE)
		return 0;
	return fail(MIGRATE_COPY, "Its files take %llu MB, and %s has room for %llu",
		    (unsigned long long)o->bytes >> 20, path,
		    (unsigned long long)(free_bytes > SPARE ? (free_bytes - SPARE) >> 20 : 0));
}

/* The images, and what becomes of them. */
static int check_memory(struct container *ct, const struct offer *o)
{
	uint64_t room = images_room() / 2;

	(void)ct;
	if (o->memory <= room)
		return 0;
	return fail(MIGRATE_COPY, "Its processes take %llu MB, and there is memory for %llu",
		    (unsigned long long)o->memory >> 20, (unsigned long long)room >> 20);
}

/* An overlay is what differs from its template. */
static int check_layout(struct container *ct, const struct offer *o)
{
	const char *name = conf_get(o->conf, "OSTEMPLATE");
	cleanup_free char *archive = NULL;

	if (o->layout == &layout_overlay && template_find(name ?: "", &archive))
		return fail(MIGRATE_CONFIG,
			    "Its files lie over template %s, which is not here: build it here, or first, there: cloisonctl convert %u --layout dir",
			    name ?: "(none)", ct->id);
	return 0;
}

static int check_programs(struct container *ct, const struct offer *o)
{
	static const char *const places[] = { "/usr/bin/rsync", "/usr/local/bin/rsync",
					      "/bin/rsync" };

	(void)ct;
	(void)o;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], X_OK) == 0)
			return 0;
	return fail(MIGRATE_COPY, "rsync is not installed: apt install rsync");
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += len)
		if ((p == text || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return true;
	return false;
}

/* What its programs have found the processor to have, they use. */
static int check_cpu(struct container *ct, const struct offer *o)
{
	cleanup_free char *ours = offer_cpu_flags();
	cleanup_free char *theirs = xstrdup(o->flags);
	char *rest = theirs, *word;

	(void)ct;
	while (o->live && !o->force && (word = strsep(&rest, " ")))
		if (*word && !has_word(ours, word))
			return fail(MIGRATE_CPU,
				    "The processor has no %s, which the source's has; --force migrates all the same",
				    word);
	return 0;
}

int checks_run(struct container *ct, const struct offer *o)
{
	static int (*const checks[])(struct container *ct, const struct offer *o) = {
		check_kernel, check_id, check_scripts, check_name, check_addresses,
		check_networks, check_settings, check_layout, check_programs, check_space,
		check_memory, check_cpu,
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(checks); i++)
		ret = checks[i](ct, o);
	return ret;
}
