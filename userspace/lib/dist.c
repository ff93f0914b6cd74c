// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "attach.h"
#include "cgroup.h"
#include "conf.h"
#include "dist.h"
#include "error.h"
#include "ethernet.h"
#include "kernel.h"
#include "network.h"
#include "private.h"
#include "script.h"
#include "util.h"
#include "value.h"
#include "visit.h"

#define DISTS	"/dists"

/* A script may wait for locks of the container's programs, not for ever. */
#define SCRIPT_SECONDS	60

/* Room for the variables of a script, and the end. */
#define ENV_MAX	6

/* The administrator's own first. */
static const char *const dirs[] = { SYSCONFDIR DISTS, DATADIR DISTS };

static int load_named(const char *name, struct conf **conf)
{
	int ret = EXIT_NO_CONF;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && ret == EXIT_NO_CONF; i++) {
		cleanup_free char *path = xasprintf("%s/%s.conf", dirs[i], name);

		ret = conf_load(path, conf);
	}
	return ret;
}

/* debian-13-minimal, debian-13, debian, default: the first that is there. */
static int load_conf(const struct container *ct, struct conf **conf)
{
	const char *template = conf_get(ct->conf, "OSTEMPLATE");
	cleanup_free char *name = xstrdup(template && valid_template_name(template) ? template :
										       "default");
	int ret;

	for (;;) {
		char *dash = strrchr(name, '-');

		ret = load_named(name, conf);
		if (ret != EXIT_NO_CONF)
			return ret;
		if (!dash)
			break;
		*dash = '\0';
	}
	ret = load_named("default", conf);
	return ret == EXIT_NO_CONF ? fail(EXIT_DIST_CONF, "There is no %s/default.conf", dirs[1]) :
				     ret;
}

static char *script_path(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		char *path = xasprintf("%s/scripts/%s", dirs[i], name);

		if (access(path, F_OK) == 0 || i == ARRAY_SIZE(dirs) - 1)
			return path;
		free(path);
	}
	return NULL;
}

/* Run the script for @action; nothing if the distribution has none. */
static int run(const struct attached *in, const struct conf *dist, const char *action,
	       const char *const *env, const char *input)
{
	const char *name = conf_get(dist, action);
	cleanup_free char *path = NULL;
	cleanup_free char *text = NULL;
	struct script script = { .env = env, .input = input, .seconds = SCRIPT_SECONDS };
	int ret;

	if (!name || !*name)
		return 0;
	if (strchr(name, '/'))
		return fail(EXIT_DIST_CONF, "%s=\"%s\" must be the name of a file in dists/scripts",
			    action, name);
	path = script_path(name);
	ret = script_load(path, &text);
	if (ret)
		return fail_wrap(EXIT_DIST_SCRIPT, "%s", action);
	script.name = name;
	script.text = text;
	return script_run(in, &script);
}

/* The words after @key in the host's resolv.conf: all lines, or the last one. */
static char *host_resolver(const char *key, bool all)
{
	cleanup_free char *text = read_file("/etc/resolv.conf", 65536);
	char *words = xstrdup(""), *rest = text, *line;
	size_t len = strlen(key);

	while ((line = strsep(&rest, "\n"))) {
		char *more;

		if (strncmp(line, key, len) != 0 || !strchr(" \t", line[len]) || !line[len])
			continue;
		line += len + strspn(line + len, " \t");
		more = all && *words ? xasprintf("%s %s", words, line) : xstrdup(line);
		free(words);
		words = more;
	}
	return words;
}

static char *resolver(const char *value, const char *key)
{
	if (value && strcmp(value, "inherit") == 0)
		return host_resolver(key, strcmp(key, "nameserver") == 0);
	return xstrdup(value ? value : "");
}

static int set_dns(const struct attached *in, const struct conf *dist, const char *state,
		   const char *nameserver, const char *searchdomain)
{
	cleanup_free char *servers = resolver(nameserver, "nameserver");
	cleanup_free char *domains = resolver(searchdomain, "search");
	cleanup_free char *env_servers = xasprintf("NAMESERVER=%s", servers);
	cleanup_free char *env_domains = xasprintf("SEARCHDOMAIN=%s", domains);
	const char *const env[ENV_MAX] = { state, env_servers, env_domains };

	if (!*servers && !*domains)
		return 0;
	return run(in, dist, "SET_DNS", env, NULL);
}

static int set_hostname(const struct attached *in, const struct conf *dist, const char *state,
			const char *name)
{
	cleanup_free char *env_name = xasprintf("HOSTNM=%s", name);
	const char *const env[ENV_MAX] = { state, env_name };

	return run(in, dist, "SET_HOSTNAME", env, NULL);
}

/* A prefix is no address. */
static char *singles_text(const struct addresses *all)
{
	cleanup_addresses struct addresses singles = {};

	for (size_t i = 0; i < all->count; i++)
		if (address_is_single(&all->list[i]))
			addresses_add(&singles, &all->list[i]);
	return addresses_text(&singles);
}

static int set_addresses(const struct attached *in, const struct conf *dist, const char *state,
			 const struct addresses *addresses, const struct netifs *netifs)
{
	cleanup_free char *text = singles_text(addresses);
	cleanup_free char *env_addresses = xasprintf("IP_ADDR=%s", text);
	cleanup_free char *env_netif = xstrdup("NETIF=");
	const char *env[ENV_MAX] = { state, env_addresses };

	for (size_t i = 0; i < netifs->count; i++) {
		const struct netif *n = &netifs->list[i];
		cleanup_free char *words = singles_text(&n->ip);

		/* one in a bridge may take them, and has them from elsewhere */
		if (*words && n->type != NETIF_VETH)
			text_append(&env_netif, "%s %s %s;", n->ifname, netif_type_text(n), words);
	}
	env[2] = env_netif;
	return run(in, dist, "SET_IP", env, NULL);
}

/* 1: it does not run. */
static int enter_running(struct container *ct, struct attached *in, struct conf **dist)
{
	struct kernel_container kc;
	int ret = kernel_loaded() ? kernel_get(ct->id, &kc) : 1;

	if (ret)
		return ret;
	if (!kernel_runs(&kc))
		return 1;
	/* before half of it is done */
	if (cgroup_frozen(ct->id))
		return fail(EXIT_NOT_RUNNING, "Container is paused: cloisonctl unpause %u", ct->id);
	ret = load_conf(ct, dist);
	return ret ? ret : attach_open(ct, &kc, in);
}

int dist_set_hostname(struct container *ct, const char *name)
{
	cleanup_conf struct conf *dist = NULL;
	struct attached in;
	int ret = enter_running(ct, &in, &dist);

	if (ret)
		return ret == 1 ? 0 : ret;
	ret = attach_sethostname(&in, name);
	if (!ret)
		ret = set_hostname(&in, dist, "VE_STATE=running", name);
	attach_close(&in);
	return ret == EXIT_COMMAND ? EXIT_DIST_SCRIPT : ret;
}

int dist_set_dns(struct container *ct, const char *nameserver, const char *searchdomain)
{
	cleanup_conf struct conf *dist = NULL;
	struct attached in;
	int ret = enter_running(ct, &in, &dist);

	if (ret)
		return ret == 1 ? 0 : ret;
	ret = set_dns(&in, dist, "VE_STATE=running", nameserver, searchdomain);
	attach_close(&in);
	return ret == EXIT_COMMAND ? EXIT_DIST_SCRIPT : ret;
}

int dist_set_addresses(struct container *ct)
{
	cleanup_addresses struct addresses addresses = {};
	cleanup_netifs struct netifs netifs = {};
	cleanup_conf struct conf *dist = NULL;
	struct attached in;
	int ret = enter_running(ct, &in, &dist);

	if (ret)
		return ret == 1 ? 0 : ret;
	ret = network_addresses(ct->id, &addresses);
	if (!ret)
		ret = ethernet_noted(ct->id, &netifs);
	if (!ret)
		ret = set_addresses(&in, dist, "VE_STATE=running", &addresses, &netifs);
	attach_close(&in);
	return ret == EXIT_COMMAND ? EXIT_DIST_SCRIPT : ret;
}

/* One line of passwd(5) and nothing else can come of it. */
int dist_check_password(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (len && len <= 32 && *s != '-' && s[len] == ':' && s[len + 1] &&
	    strlen(s) < 1024 && !s[strcspn(s, "\n\r")])
		return 0;
	return fail(EXIT_BAD_VALUE, "Bad value for --userpasswd; it takes USER:PASSWORD");
}

static int visit_and_run(struct container *ct, const char *action, const char *input)
{
	cleanup_conf struct conf *dist = NULL;
	cleanup_free char *why = NULL;
	const char *env[ENV_MAX] = { "VE_STATE=stopped" };
	struct visit visit;
	int ret, end;

	ret = load_conf(ct, &dist);
	if (!ret && !conf_get(dist, action))
		ret = fail(EXIT_DIST_SCRIPT, "The container's distribution has no %s", action);
	if (ret)
		return ret;
	ret = visit_begin(ct, &visit);
	if (ret)
		return ret;
	if (!visit.in.stopped)
		env[0] = "VE_STATE=running";
	ret = run(&visit.in, dist, action, env, input);
	why = xstrdup(error_text());
	end = visit_end(&visit);
	if (ret)
		return fail(ret, "%s", why);
	return end;
}

int dist_set_password(struct container *ct, const char *user_password)
{
	cleanup_free char *line = NULL;
	int ret;

	line = xasprintf("%s\n", user_password);
	ret = visit_and_run(ct, "SET_USERPASS", line);
	explicit_bzero(line, strlen(line));
	return ret == EXIT_COMMAND ? EXIT_USERPASSWD : ret;
}

static const char *set_in(const struct container *ct, const char *key)
{
	const char *value = conf_get(ct->conf, key);

	return value && *value ? value : NULL;
}

/* Once in its life; when it is cut off, again. */
static int run_first(const struct container *ct, const struct attached *in,
		     const struct conf *dist, const char *const *env)
{
	cleanup_free char *fresh = xasprintf("%s/" PRIVATE_FRESH, ct->private);
	int ret;

	if (!private_is_fresh(ct->private))
		return 0;
	ret = run(in, dist, "POST_CREATE", env, NULL);
	if (!ret)
		unlink(fresh);
	return ret;
}

static int start_addresses(const struct attached *in, const struct conf *dist, const char *state,
			   const char *addresses, const char *netif)
{
	cleanup_addresses struct addresses all = {};
	cleanup_netifs struct netifs netifs = {};
	int ret = addresses_parse(addresses, &all);

	if (!ret)
		ret = netifs_parse(netif, &netifs);
	return ret ? ret : set_addresses(in, dist, state, &all, &netifs);
}

void dist_start(const struct container *ct, pid_t first)
{
	static const char state[] = "VE_STATE=starting";
	const char *hostname = set_in(ct, "HOSTNAME");
	const char *nameserver = set_in(ct, "NAMESERVER");
	const char *searchdomain = set_in(ct, "SEARCHDOMAIN");
	/* an empty list too: those it had may be in its files */
	const char *addresses = conf_get(ct->conf, "IP_ADDRESS");
	const char *netif = conf_get(ct->conf, "NETIF");
	const char *const env[ENV_MAX] = { state };
	cleanup_conf struct conf *dist = NULL;
	struct attached in = { .pidfd = -1 };
	int ret = load_conf(ct, &dist);

	if (!ret)
		ret = attach_open_first(ct, first, &in);
	if (!ret)
		ret = run_first(ct, &in, dist, env);
	if (!ret)
		ret = run(&in, dist, "PRE_START", env, NULL);
	if (!ret && hostname)
		ret = set_hostname(&in, dist, state, hostname);
	if (!ret)
		ret = set_dns(&in, dist, state, nameserver, searchdomain);
	if (!ret && (addresses || netif))
		ret = start_addresses(&in, dist, state, addresses, netif);
	attach_close(&in);
	if (ret)
		warn("%s", error_text());
	error_clear();
}
