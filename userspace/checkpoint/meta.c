// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "affinity.h"
#include "carried.h"
#include "cgroup.h"
#include "criu.h"
#include "error.h"
#include "ethernet.h"
#include "json.h"
#include "meta.h"
#include "network.h"
#include "util.h"
#include "view.h"

#define FILE_NAME	"container.json"
#define FORMAT		1

/*
 * What programs choose their code by when they begin, and would miss on another
 * processor: flags of /proc/cpuinfo that begin so.
 */
static const char *const features[] = {
	"abm", "adx", "aes", "amx", "avx", "bmi", "clflushopt", "clwb", "cx16", "f16c", "fma",
	"fsgsbase", "gfni", "lahf_lm", "movbe", "mmx", "pclmulqdq", "pku", "popcnt", "rdpid",
	"rdrand", "rdseed", "rdtscp", "sha", "sse", "ssse", "vaes", "vpclmulqdq", "xsave",
};

static char *read_flags(void)
{
	cleanup_free char *text = read_file("/proc/cpuinfo", 16 << 20);
	char *line = text ? strstr(text, "\nflags") : NULL;
	char *colon = line ? strchr(line, ':') : NULL;

	return colon ? xstrndup(colon + 1, strcspn(colon, "\n") - 1) : xstrdup("");
}

static bool matters(const char *flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (strncmp(flag, features[i], strlen(features[i])) == 0)
			return true;
	return false;
}

static json_t *cpu_features(void)
{
	cleanup_free char *flags = read_flags();
	json_t *list = json_array();
	char *rest = flags, *flag;

	while ((flag = strsep(&rest, " ")))
		if (*flag && matters(flag))
			json_array_append_new(list, json_string(flag));
	return list;
}

static bool has_string(json_t *list, const char *s)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), s) == 0)
			return true;
	return false;
}

static int check_cpu(json_t *needed)
{
	json_t *has = cpu_features(), *one;
	int ret = 0;
	size_t i;

	json_array_foreach(needed, i, one)
		if (!ret && json_is_string(one) && !has_string(has, json_string_value(one)))
			ret = fail(EXIT_KERNEL, "This processor lacks what it may use: %s",
				   json_string_value(one));
	json_decref(has);
	return ret;
}

static json_t *externals_json(const struct externals *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++)
		json_array_append_new(list, json_pack("[o, o, o]", json_text(all->list[i].point),
						      json_text(all->list[i].name),
						      json_text(all->list[i].source)));
	return list;
}

static bool read_externals(json_t *list, struct externals *out)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *point, *name, *source;

		if (json_unpack(one, "[s, s, s]", &point, &name, &source))
			return false;
		out->list = xrealloc(out->list, (out->count + 1) * sizeof(*out->list));
		out->list[out->count++] = (struct external){ xstrdup(point), xstrdup(name),
							     xstrdup(source) };
	}
	return true;
}

int meta_write(const struct container *ct, const struct externals *externals, const char *rates,
	       int images)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	cleanup_close int fd = openat(images, FILE_NAME, flags, 0600);
	cleanup_addresses struct addresses all = {};
	cleanup_free char *conf = read_file(ct->conf_path, 1 << 20);
	cleanup_netifs struct netifs links = {};
	cleanup_free char *text = NULL;
	cleanup_free char *netif = NULL;
	struct kernel_container kc;
	struct utsname host;
	uint32_t base;
	json_t *json;
	int ret = network_addresses(ct->id, &all);

	if (!ret)
		ret = ethernet_noted(ct->id, &links);
	if (!ret)
		ret = container_running(ct, &kc);
	if (!ret && !container_mapped_ids(kc.init, &base))
		ret = fail(EXIT_PAUSE, "Cannot see which user ids the container has");
	if (ret)
		return ret;
	uname(&host);
	text = addresses_text(&all);
	netif = netifs_text(&links);
	json = json_pack("{s:i, s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:i, s:i, "
			 "s:s*, s:o*, s:o*, s:o}", "format", FORMAT, "ctid", (int)ct->id,
			 "tool", VERSION, "criu", criu_version(), "kernel", host.release,
			 "machine", host.machine, "cpu", cpu_features(),
			 "mounts", externals_json(externals),
			 "addresses", json_text(text), "netif", json_text(netif),
			 "conf", json_text(conf), "base", (json_int_t)base,
			 "cpus", (int)cgroup_noted(ct->id, CGROUP_CPUS),
			 "sched", (int)cgroup_noted(ct->id, CGROUP_SCHED), "rates", rates,
			 "beancounters", carried_beancounters(ct->id),
			 "view", carried_view(ct->id), "affinity", affinity_record(ct->id));
	if (fd < 0 || !json || json_dumpfd(json, fd, JSON_INDENT(1)))
		ret = fail_errno(EXIT_PAUSE, "Cannot write " FILE_NAME);
	json_decref(json);
	return ret;
}

/* After a boot nobody may have asked for the views yet. */
static int check_sources(const struct externals *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const char *source = all->list[i].source;

		/* the others are made with the container */
		if (*source != '/')
			continue;
		if (access(source, F_OK) && view_has(source) && view_load())
			return EXIT_KERNEL;
		if (access(source, F_OK))
			return fail(EXIT_KERNEL, "This host lacks what the container has: %s%s",
				    source, view_has(source) ? ": modprobe cloison_view" : "");
	}
	return 0;
}

/* A newer CRIU reads what an older one wrote. */
static int check_versions(const char *criu, const char *machine)
{
	struct utsname host;

	uname(&host);
	if (strcmp(machine, host.machine) != 0)
		return fail(EXIT_KERNEL, "It was dumped on a machine of type %s", machine);
	if (strverscmp(criu, criu_version()) > 0)
		return fail(EXIT_KERNEL, "It was dumped by CRIU %s, here is %s: install the newer",
			    criu, criu_version());
	return 0;
}

int meta_read(int images, bool any_cpu, struct meta *meta)
{
	cleanup_close int fd = openat(images, FILE_NAME, O_RDONLY | O_CLOEXEC);
	const char *criu, *machine;
	json_t *cpu, *mounts;
	json_int_t base = 0;
	int format = 0, ret;

	*meta = (struct meta){ .json = fd < 0 ? NULL : json_read(fd) };
	if (!meta->json || json_unpack(meta->json, "{s:i}", "format", &format))
		return fail(EXIT_UNPAUSE, "The images have no " FILE_NAME " that can be read");
	if (format != FORMAT)
		return fail(EXIT_UNPAUSE, "The images are another Cloison's (format %d)", format);
	if (json_unpack(meta->json, "{s:s, s:s, s:o, s:o, s?s, s?s, s?s, s?I, s?i, s?i, s?s, s?o, "
			"s?o, s?o}",
			"criu", &criu, "machine", &machine, "cpu", &cpu, "mounts", &mounts,
			"addresses", &meta->addresses, "netif", &meta->netif, "conf", &meta->conf,
			"base", &base, "cpus", &meta->cpus, "sched", &meta->sched,
			"rates", &meta->rates, "beancounters", &meta->beancounters,
			"view", &meta->view, "affinity", &meta->affinity) ||
	    !read_externals(mounts, &meta->externals))
		return fail(EXIT_UNPAUSE, FILE_NAME " among the images is not complete");
	meta->base = base;
	ret = check_versions(criu, machine);
	if (!ret && !any_cpu)
		ret = check_cpu(cpu);
	return ret ? ret : check_sources(&meta->externals);
}

void meta_close(struct meta *meta)
{
	json_decref(meta->json);
	externals_free(&meta->externals);
	*meta = (struct meta){};
}
