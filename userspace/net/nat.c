// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "error.h"
#include "nat.h"
#include "nft.h"
#include "note.h"
#include "util.h"
#include "value.h"
#include "venet.h"

#define KIND	".nat"

/* The first word of the note. */
#define ASKED	"asked"

/*
 * Made anew, in one transaction, by each that needs it: it is always complete. The nat
 * hooks see the first packet of a connection only. To a port of the host's: from outside
 * and from containers (prerouting), and from the host itself (output). An answer to a
 * link-local address is not forwarded. What a container sends to another's port, or to its own,
 * comes from the host: the answer must be led back, past no short cut, and nobody takes
 * packets from himself.
 */
static const char table[] =
	"add table inet cloison\n"
	"add set inet cloison nat4 { type ipv4_addr; flags interval; }\n"
	"add set inet cloison nat6 { type ipv6_addr; flags interval; }\n"
	"add map inet cloison ports { type inet_proto . inet_service : "
		"ipv4_addr . inet_service; }\n"
	"add map inet cloison ports6 { type inet_proto . inet_service : "
		"ipv6_addr . inet_service; }\n"
	"add chain inet cloison out { type nat hook postrouting priority srcnat; }\n"
	"flush chain inet cloison out\n"
	"add rule inet cloison out oifname != \"" VENET "\" ip saddr @nat4 masquerade\n"
	"add rule inet cloison out oifname != \"" VENET "\" ip6 saddr @nat6 masquerade\n"
	"add rule inet cloison out iifname \"" VENET "\" oifname \"" VENET "\" "
		"ct status dnat masquerade\n"
	"add chain inet cloison in { type nat hook prerouting priority dstnat; }\n"
	"flush chain inet cloison in\n"
	"add rule inet cloison in fib daddr type local "
		"dnat ip to meta l4proto . th dport map @ports\n"
	"add rule inet cloison in ip6 daddr != fe80::/10 fib daddr type local "
		"dnat ip6 to meta l4proto . th dport map @ports6\n"
	"add chain inet cloison own { type nat hook output priority -100; }\n"
	"flush chain inet cloison own\n"
	"add rule inet cloison own ip daddr != 127.0.0.0/8 fib daddr type local "
		"dnat ip to meta l4proto . th dport map @ports\n"
	"add rule inet cloison own ip6 daddr != { ::1, fe80::/10 } fib daddr type local "
		"dnat ip6 to meta l4proto . th dport map @ports6\n";

struct port {
	char protocol[4];
	unsigned int host, guest;
};

static bool parse_number_at(const char *s, unsigned int *out)
{
	uint64_t n;

	if (!parse_number(s, 1, 65535, &n))
		return false;
	*out = n;
	return true;
}

/* With or without the container's port. */
static bool parse_port(const char *s, bool whole, struct port *p)
{
	cleanup_free char *copy = xstrdup(s);
	char *rest = copy;
	const char *protocol = strsep(&rest, ":"), *host = strsep(&rest, ":");
	const char *guest = strsep(&rest, ":");

	if ((strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0) || rest || !host ||
	    !!guest != whole || !parse_number_at(host, &p->host) ||
	    (whole && !parse_number_at(guest, &p->guest)))
		return false;
	memcpy(p->protocol, protocol, sizeof(p->protocol));
	return true;
}

/* @old without the line of @p. */
static char *without(const char *old, const struct port *p)
{
	cleanup_free char *copy = xstrdup(old ? old : "");
	char *list = xstrdup(""), *rest = copy, *word;
	struct port has;

	while ((word = strsep(&rest, " "))) {
		if (!*word || (parse_port(word, true, &has) && has.host == p->host &&
			       strcmp(has.protocol, p->protocol) == 0))
			continue;
		text_append(&list, "%s%s", *list ? " " : "", word);
	}
	return list;
}

char *nat_port_add(const char *arg, const char *old)
{
	cleanup_free char *others = NULL;
	struct port p;

	if (!parse_port(arg, true, &p))
		return NULL;
	others = without(old, &p);
	return xasprintf("%s%s%s:%u:%u", others, *others ? " " : "", p.protocol, p.host, p.guest);
}

char *nat_port_del(const char *arg, const char *old)
{
	struct port p;

	if (strcmp(arg, "all") == 0)
		return xstrdup("");
	return parse_port(arg, false, &p) ? without(old, &p) : NULL;
}

bool nat_wanted(const struct conf *conf)
{
	const char *value = conf ? conf_get(conf, "NAT") : NULL;

	return value && strcmp(value, "yes") == 0;
}

/* @address may be NULL. */
static void put_port(FILE *f, const char *map, const struct port *p, const char *address)
{
	if (address)
		fprintf(f, "%s %s . %u : %s . %u\n", map, p->protocol, p->host, address, p->guest);
}

/*
 * What the container is to have, as it is noted: what was asked for, NAT and PORTS; and its
 * elements, a line for each: the set, and key or key : value.
 */
static int wanted(const struct conf *conf, const struct addresses *all, char **text)
{
	cleanup_free char *ports = xstrdup(conf_get(conf, "PORTS") ? conf_get(conf, "PORTS") : "");
	cleanup_free char *first4 = NULL, *first6 = NULL;
	char *rest = ports, *word;
	size_t size;
	FILE *f = open_memstream(text, &size);
	struct port p;
	int ret = 0;

	if (!f)
		return fail_errno(EXIT_SYSTEM, "Cannot write in memory");
	if (nat_wanted(conf) || *ports)
		fprintf(f, ASKED " %s %s\n", nat_wanted(conf) ? "yes" : "no", ports);
	for (size_t i = 0; i < all->count; i++) {
		const struct address *a = &all->list[i];
		char **first = a->family == AF_INET ? &first4 : &first6;
		cleanup_free char *owned = address_owned(a);

		/* nftables wants no element of a set within another one */
		if (nat_wanted(conf) && !addresses_cover(all, a))
			fprintf(f, "%s %s\n", a->family == AF_INET ? "nat4" : "nat6", owned);
		if (!*first && address_is_single(a))
			*first = xstrdup(owned);
	}
	while (!ret && (word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		if (!parse_port(word, true, &p)) {
			ret = fail(EXIT_BAD_VALUE, "PORTS: %s is not PROTOCOL:PORT:PORT", word);
		} else if (!first4 && !first6) {
			ret = fail(EXIT_BAD_VALUE, "PORTS: %s needs an address to lead to", word);
		} else {
			put_port(f, "ports", &p, first4);
			put_port(f, "ports6", &p, first6);
		}
	}
	fclose(f);
	return ret;
}

int nat_check(const struct conf *conf, const struct addresses *all)
{
	cleanup_free char *text = NULL;

	return wanted(conf, all, &text);
}

static bool next(char **text, char **word, char **rest)
{
	*word = strsep(text, "\n");
	if (!*word || !**word)
		return false;
	*rest = strchr(*word, ' ');
	if (!*rest)
		return false;
	*(*rest)++ = '\0';
	return true;
}

/* Takes the elements that are noted in @text one by one. */
static bool next_element(char **text, char **set, char **element)
{
	bool good = next(text, set, element);

	return good && strcmp(*set, ASKED) == 0 ? next(text, set, element) : good;
}

static bool has_line(const char *text, const char *set, const char *element)
{
	cleanup_free char *all = xasprintf("\n%s", text);
	cleanup_free char *line = xasprintf("\n%s %s\n", set, element);

	return strstr(all, line);
}

static bool is_port(const char *set)
{
	return strcmp(set, "ports") == 0 || strcmp(set, "ports6") == 0;
}

/* Of "key : value" in a map; in a set there is nothing else, and colons are of IPv6. */
static char *key_of(const char *set, const char *element)
{
	return xstrndup(element, is_port(set) ? strcspn(element, ":") : strlen(element));
}

/* Is the element there, as we have it? A port may have become another's. What nft prints
 * of the key depends on the host's /etc/protocols.
 */
static bool is_ours(const char *set, const char *key, const char *element)
{
	cleanup_free char *command = xasprintf("get element inet cloison %s { %s }\n", set, key);
	cleanup_free char *output = NULL;
	bool ours = nft_run(command, &output, EXIT_ADD_IP, "") == 0 &&
		    (!is_port(set) || strstr(output, strchr(element, ':')));

	error_clear();
	return ours;
}

/* Adds to @commands. */
static void command(char **commands, const char *verb, const char *set, const char *element)
{
	text_append(commands, "%s element inet cloison %s { %s }\n", verb, set, element);
}

/* In one transaction: what stays is there all the time. Others may have taken what is noted. */
static int exchange(const char *old, const char *new)
{
	cleanup_free char *commands = xstrdup(*new ? table : "");
	cleanup_free char *from = xstrdup(old), *to = xstrdup(new);
	char *rest = from, *set, *element;

	while (next_element(&rest, &set, &element)) {
		cleanup_free char *key = key_of(set, element);

		if (!has_line(new, set, element) && is_ours(set, key, element))
			command(&commands, "delete", set, key);
	}
	for (rest = to; next_element(&rest, &set, &element);) {
		cleanup_free char *key = key_of(set, element);

		if (!has_line(old, set, element) || !is_ours(set, key, element))
			command(&commands, "add", set, element);
	}
	return *commands ? nft_run(commands, NULL, EXIT_ADD_IP, "Cannot set up NAT") : 0;
}

int nat_clear(uint32_t id)
{
	cleanup_free char *old = note_load(id, KIND);
	int ret = *old ? exchange(old, "") : 0;

	return ret ? ret : note_save(id, KIND, "");
}

struct conf *nat_noted(uint32_t id)
{
	cleanup_free char *text = note_load(id, KIND);
	struct conf *conf = conf_new();
	char *rest = text, *word, *nat, *ports;

	if (!next(&rest, &word, &nat) || strcmp(word, ASKED) != 0)
		return conf;
	ports = strchr(nat, ' ');
	if (ports)
		*ports++ = '\0';
	conf_set(conf, "NAT", nat);
	conf_set(conf, "PORTS", ports);
	return conf;
}

bool nat_whole(uint32_t id, const struct addresses *all, bool runs)
{
	cleanup_free char *old = note_load(id, KIND), *new = NULL;
	cleanup_conf struct conf *conf = nat_noted(id);
	char *rest = old, *set, *element;
	bool whole = runs || !*old;

	if (!*old || !whole)
		return whole;
	/* which of its addresses ports lead to is a matter of order */
	if (wanted(conf, all, &new))
		return false;
	for (char *more = new; whole && next_element(&more, &set, &element);)
		whole = is_port(set) || has_line(old, set, element);
	while (whole && next_element(&rest, &set, &element)) {
		cleanup_free char *key = key_of(set, element);

		whole = is_ours(set, key, element);
	}
	return whole;
}

/* Does port @key of @map lead where one that is noted says? */
static bool has_port(const char *noted, const char *map, const char *key)
{
	cleanup_free char *copy = xstrdup(noted);
	char *rest = copy, *set, *element;
	bool has = false;

	while (!has && next_element(&rest, &set, &element)) {
		cleanup_free char *own = key_of(set, element);

		has = strcmp(set, map) == 0 && strcmp(own, key) == 0 &&
		      is_ours(set, key, element);
	}
	return has;
}

/*
 * Does a program of the host's wait at such a port, over IPv4 or with @v6? At an address of
 * the loopback's, to which no port leads, it may.
 */
static bool host_listens(const char *protocol, unsigned int port, bool v6)
{
	cleanup_free char *path = xasprintf("/proc/net/%s%s", protocol, v6 ? "6" : "");
	unsigned int state = strcmp(protocol, "tcp") == 0 ? TCP_LISTEN : TCP_CLOSE;
	cleanup_file FILE *f = fopen(path, "re");
	cleanup_free char *line = NULL;
	unsigned int at, is;
	char local[33];
	size_t size = 0;

	while (f && getline(&line, &size, f) >= 0) {
		if (sscanf(line, " %*d: %32[0-9A-F]:%x %*[0-9A-F:] %x", local, &at, &is) != 3 ||
		    at != port || is != state)
			continue;
		/* 127.0.0.0/8 and ::1, as words of the processor's */
		if (strcmp(v6 ? local : local + 6,
			   v6 ? "00000000000000000000000001000000" : "7F") != 0)
			return true;
	}
	return false;
}

/* A port that the host has itself. One that a container has already is its own. */
static int check_host(const char *old, const char *set, const char *element)
{
	bool v6 = strcmp(set, "ports6") == 0;
	unsigned int port;
	char protocol[4];

	if (has_line(old, set, element) ||
	    sscanf(element, "%3s . %u", protocol, &port) != 2 ||
	    (!host_listens(protocol, port, v6) &&
	     /* [::] is both, unless the program says otherwise */
	     (v6 || !host_listens(protocol, port, true))))
		return 0;
	return fail(EXIT_IP_IN_USE,
		    "Port %s %u: a program of the host's waits there, which nobody would reach "
		    "any more: see ss -lntup; take another port of the host's", protocol, port);
}

/* A port that leads to another container, or to the host. */
static int check_taken(const char *old, const char *new)
{
	cleanup_free char *copy = xstrdup(new);
	char *rest = copy, *set, *element;
	int ret = 0;

	while (!ret && next_element(&rest, &set, &element)) {
		cleanup_free char *key = key_of(set, element);
		cleanup_free char *get = NULL, *output = NULL;

		if (!is_port(set) || has_port(old, set, key))
			continue;
		ret = check_host(old, set, element);
		if (ret)
			break;
		get = xasprintf("get element inet cloison %s { %s }\n", set, key);
		if (nft_run(get, &output, EXIT_ADD_IP, "") == 0)
			ret = fail(EXIT_IP_IN_USE,
				   "Port %sleads to another container: see nft list map inet cloison %s",
				   key, set);
		else
			error_clear();
	}
	return ret;
}

/* What was noted, and what of @new is not among it. */
static char *join(const char *old, const char *new)
{
	cleanup_free char *copy = xstrdup(new);
	char *rest = copy, *set, *element, *both = xstrdup(old);

	while (next_element(&rest, &set, &element))
		text_append(&both, "%s %s\n", set, element);
	return both;
}

int nat_set(uint32_t id, const struct conf *conf, const struct addresses *all)
{
	cleanup_free char *old = note_load(id, KIND), *new = NULL, *both = NULL, *why = NULL;
	int ret = wanted(conf, all, &new);

	if (!ret)
		ret = check_taken(old, new);
	if (ret || (!*old && !*new))
		return ret;
	both = join(old, new);
	ret = note_save(id, KIND, both);
	if (!ret)
		ret = exchange(old, new);
	if (!ret)
		return note_save(id, KIND, new);
	/* it has what it had */
	why = xstrdup(error_text());
	note_save(id, KIND, old);
	return fail(ret, "%s", why);
}
