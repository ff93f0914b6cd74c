// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <linux/bpf.h>

#include "assignments.h"
#include "devices.h"
#include "error.h"
#include "features.h"
#include "util.h"
#include "value.h"

const char *const device_names[] = { "null", "zero", "full", "random", "urandom", "tty", NULL };

/* Linux 2.6 has 12 bits of major and 20 of minor numbers. */
#define MAJOR_MAX	((1 << 12) - 1)
#define MINOR_MAX	((1 << 20) - 1)

/* r, w, and q, which was OpenVZ's quota and means nothing here. 0: bad. */
static unsigned int parse_access(const char *s)
{
	unsigned int access = 0;

	for (; *s; s++) {
		if (*s == 'r')
			access |= BPF_DEVCG_ACC_READ;
		else if (*s == 'w')
			access |= BPF_DEVCG_ACC_WRITE;
		else if (*s != 'q')
			return 0;
	}
	/* making a node is not using the device; whether one may is the user
	 * namespace's affair (no)
	 */
	return access ? access | BPF_DEVCG_ACC_MKNOD : 0;
}

/* b:MAJOR:MINOR or c:MAJOR:all */
static bool parse_device(const char *s, struct device_rule *rule)
{
	const char *minor;
	cleanup_free char *major = NULL;
	uint64_t n;

	if ((*s != 'b' && *s != 'c') || s[1] != ':')
		return false;
	rule->block = *s == 'b';
	minor = strchr(s + 2, ':');
	if (!minor)
		return false;
	major = xstrndup(s + 2, minor - (s + 2));
	if (!parse_number(major, 1, MAJOR_MAX, &n))
		return false;
	rule->major = n;
	rule->minor = DEVICE_MINOR_ANY;
	if (strcmp(minor + 1, "all") == 0)
		return true;
	if (!parse_number(minor + 1, 0, MINOR_MAX, &n))
		return false;
	rule->minor = n;
	return true;
}

/* A path below /dev that stays there. */
static bool valid_node(const char *s)
{
	cleanup_free char *path = xasprintf("/dev/%s", s);

	return *s && *s != '/' && valid_path(path) && !strstr(path, "/.") && !strstr(path, "//");
}

static bool accept_access(const char **access)
{
	if (strcasecmp(*access, "none") != 0)
		return parse_access(*access);
	*access = NULL;
	return true;
}

static bool accept_device(const char *name, const char **access)
{
	struct device_rule rule;

	return parse_device(name, &rule) && accept_access(access);
}

static bool accept_node(const char *name, const char **access)
{
	return valid_node(name) && accept_access(access);
}

char *devices_merge(const char *arg, const char *old)
{
	return assignments_merge(arg, old, accept_device);
}

char *devnodes_merge(const char *arg, const char *old)
{
	return assignments_merge(arg, old, accept_node);
}

static int too_many(void)
{
	return fail(EXIT_BAD_VALUE, "More than %d devices", DEVICES_MAX);
}

static int add_rule(struct device_set *set, const struct device_rule *rule)
{
	if (set->rules_count == DEVICES_MAX)
		return too_many();
	set->rules[set->rules_count++] = *rule;
	return 0;
}

static int add_node(struct device_set *set, const char *name, unsigned int access)
{
	cleanup_free char *path = xasprintf("/dev/%s", name);
	struct device_rule rule = { .access = access };
	struct stat st;

	if (stat(path, &st))
		return fail_errno(EXIT_DEVICES, "The host has no device %s", path);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return fail(EXIT_DEVICES, "%s is not a device", path);
	if (set->nodes_count == DEVICES_MAX)
		return too_many();
	set->nodes[set->nodes_count++] = (struct device_node) {
		.name = xstrdup(name), .dev = st.st_rdev, .mode = st.st_mode,
	};
	rule.block = S_ISBLK(st.st_mode);
	rule.major = major(st.st_rdev);
	rule.minor = minor(st.st_rdev);
	return add_rule(set, &rule);
}

static int bad(const char *key, const char *name, const char *value, const char *form)
{
	return fail(EXIT_BAD_VALUE, "%s: \"%s:%s\" is not %s", key, name, value, form);
}

static int read_devices(const char *list, struct device_set *set)
{
	struct device_rule rule;
	char *name, *value;
	int ret = 0;

	while (!ret && list && assignment_next(&list, &name, &value)) {
		rule = (struct device_rule){ .access = parse_access(value) };
		if (parse_device(name, &rule) && rule.access)
			ret = add_rule(set, &rule);
		else if (strcasecmp(value, "none") != 0)
			ret = bad("DEVICES", name, value, "such as c:10:200:rw");
		free(name);
		free(value);
	}
	return ret;
}

static int read_devnodes(const char *list, struct device_set *set)
{
	char *name, *value;
	int ret = 0;

	while (!ret && list && assignment_next(&list, &name, &value)) {
		unsigned int access = parse_access(value);

		if (valid_node(name) && access)
			ret = add_node(set, name, access);
		else if (strcasecmp(value, "none") != 0)
			ret = bad("DEVNODES", name, value, "such as net/tun:rw");
		free(name);
		free(value);
	}
	return ret;
}

int devices_read(const struct conf *conf, struct device_set *set)
{
	int ret;

	*set = (struct device_set){};
	if (!conf)
		return 0;
	ret = read_devices(conf_get(conf, "DEVICES"), set);
	if (!ret)
		ret = read_devnodes(conf_get(conf, "DEVNODES"), set);
	if (!ret && feature_on(conf, "ppp"))
		ret = add_node(set, "ppp", parse_access("rw"));
	if (ret)
		devices_free(set);
	return ret;
}

void devices_free(struct device_set *set)
{
	while (set->nodes_count)
		free(set->nodes[--set->nodes_count].name);
	set->rules_count = 0;
}
