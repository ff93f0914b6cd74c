// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/cloison_net.h>
#include <linux/neighbour.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "../nl/nl.h"
#include "network.h"

#define NOTES	"/run/cloison/net"
#define LINKS	"/sys/class/net"

/* A link's number differs each time. */
static const char *word_of(const char *word)
{
	static char text[IF_NAMESIZE + 1];
	const char *digits = word + (*word == '-');
	char name[IF_NAMESIZE];

	if (!*digits || digits[strspn(digits, "0123456789")])
		return word;
	snprintf(text, sizeof(text), "%s%s", digits > word ? "-" : "",
		 if_indextoname(atoi(digits), name) ? name : "gone");
	return text;
}

static void note(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[4096], *word, *rest;

	while (f && fgets(line, sizeof(line), f)) {
		printf("net note %s:", strrchr(path, '/') + 1);
		rest = line;
		while ((word = strsep(&rest, "\n ")))
			printf(" %s", word_of(word));
		putchar('\n');
	}
	if (f)
		fclose(f);
}

static void link_of_host(const char *path)
{
	char flags[4096 + 8], master[4096 + 8], bridge[4096] = "/-", text[32] = "";
	FILE *f;

	snprintf(flags, sizeof(flags), "%s/flags", path);
	snprintf(master, sizeof(master), "%s/master", path);
	f = fopen(flags, "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	if (readlink(master, bridge, sizeof(bridge) - 1) < 0 && errno != ENOENT)
		err(3, "%s", master);
	printf("net link %s %s in %s\n", strrchr(path, '/') + 1,
	       strtoul(text, NULL, 0) & IFF_UP ? "up" : "down", strrchr(bridge, '/') + 1);
}

/* Each entry of directory @path that begins with @begin and goes on with no digit. */
static void each(const char *path, const char *begin, void (*show)(const char *path))
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);
	size_t len = strlen(begin);
	char below[4096];

	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		snprintf(below, sizeof(below), "%s/%s", path, name);
		if (strncmp(name, begin, len) == 0 && !(name[len] >= '0' && name[len] <= '9'))
			show(below);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* IPv4 routes of this network namespace out of links whose names begin with one of @links. */
static void routes(const char *what, const char *const links[], size_t count)
{
	FILE *f = fopen("/proc/thread-self/net/route", "re");
	char name[IF_NAMESIZE + 1], line[512];
	struct in_addr to, mask;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%16s %x %*x %*x %*d %*d %*d %x", name, &to.s_addr,
			   &mask.s_addr) != 3)
			continue;
		for (size_t i = 0; i < count; i++)
			if (strncmp(name, links[i], strlen(links[i])) == 0)
				printf("net %s route %s/%d %s\n", what, inet_ntoa(to),
				       __builtin_popcount(mask.s_addr), name);
	}
	if (f)
		fclose(f);
}

/* All messages that answer a request of type @type. */
static void dump(int protocol, int type, void *head, size_t len, nl_recvmsg_msg_cb_t show,
		 const char *id)
{
	struct nl_sock *sk = nl_socket_alloc();

	if (!sk || nl_connect(sk, protocol) < 0 ||
	    nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, show, (void *)id) < 0 ||
	    nl_send_simple(sk, type, NLM_F_DUMP, head, len) < 0 || nl_recvmsgs_default(sk) < 0)
		errx(3, "the kernel does not answer");
	nl_socket_free(sk);
}

static int show_neighbour(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[NDA_MAX + 1];
	const struct ndmsg *ndm = nlmsg_data(nlmsg_hdr(msg));
	char name[IF_NAMESIZE] = "?", text[INET_ADDRSTRLEN];

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(*ndm), tb, NDA_MAX, NULL) < 0 || !tb[NDA_DST])
		errx(3, "the kernel sent what cannot be parsed");
	if_indextoname(ndm->ndm_ifindex, name);
	printf("net answers for %s on %s\n",
	       inet_ntop(AF_INET, nla_data(tb[NDA_DST]), text, sizeof(text)), name);
	return NL_OK;
}

static int show_rule(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[NFTA_RULE_MAX + 1];
	char table[32];

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(struct nfgenmsg), tb, NFTA_RULE_MAX, NULL) < 0 ||
	    !tb[NFTA_RULE_TABLE] || !tb[NFTA_RULE_CHAIN])
		errx(3, "the kernel sent what cannot be parsed");
	snprintf(table, sizeof(table), "cloison_%s", (const char *)arg);
	if (strcmp(nla_get_string(tb[NFTA_RULE_TABLE]), table) == 0)
		printf("net rule of %s\n", nla_get_string(tb[NFTA_RULE_CHAIN]));
	return NL_OK;
}

static void print_address(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[CLOISON_NET_A_MAX + 1];
	char text[INET6_ADDRSTRLEN];

	if (genlmsg_parse(hdr, 0, tb, CLOISON_NET_A_MAX, NULL) || !tb[CLOISON_NET_A_ADDR])
		errx(3, "the kernel sent what cannot be parsed");
	inet_ntop(nla_len(tb[CLOISON_NET_A_ADDR]) == 4 ? AF_INET : AF_INET6,
		  nla_data(tb[CLOISON_NET_A_ADDR]), text, sizeof(text));
	printf("net address %u %s\n", nla_get_u32(tb[CLOISON_NET_A_ID]), text);
}

/* Those of all containers: there is one. */
static void table(void)
{
	struct nl_sock *sk;

	if (access("/sys/module/cloison_net", F_OK))
		return;
	sk = nl_open_family(CLOISON_NET_GENL_NAME);
	nl_ask(sk, nl_request(CLOISON_NET_CMD_ADDR_GET, NLM_F_DUMP), print_address, NULL);
	nl_socket_free(sk);
}

static void inside(pid_t init)
{
	static const char *const links[] = { "eth", "venet" };
	struct ifaddrs *list, *a;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)init);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* it may have ended just now */
	if (fd < 0 || setns(fd, CLONE_NEWNET) || getifaddrs(&list))
		return;
	close(fd);
	for (a = list; a; a = a->ifa_next) {
		struct sockaddr_in *in = (struct sockaddr_in *)a->ifa_addr;

		if (!in || in->sin_family == AF_PACKET)
			printf("net inside %s %s\n", a->ifa_name,
			       a->ifa_flags & IFF_UP ? "up" : "down");
		else if (in->sin_family == AF_INET)
			printf("net inside %s %s\n", a->ifa_name, inet_ntoa(in->sin_addr));
	}
	freeifaddrs(list);
	routes("inside", links, 2);
}

void network(const char *id, pid_t init)
{
	struct ndmsg proxies = { .ndm_family = AF_INET, .ndm_flags = NTF_PROXY };
	struct nfgenmsg rules = { .nfgen_family = NFPROTO_NETDEV };
	char own[32];
	const char *const links[] = { "venet", own };

	snprintf(own, sizeof(own), "veth%s.", id);
	each(NOTES, id, note);
	each(LINKS, own, link_of_host);
	routes("host", links, 2);
	dump(NETLINK_ROUTE, RTM_GETNEIGH, &proxies, sizeof(proxies), show_neighbour, id);
	dump(NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, &rules,
	     sizeof(rules), show_rule, id);
	table();
	if (init)
		inside(init);
}
