// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "error.h"
#include "netif.h"
#include "tap.h"

/* @made is what --netif_add makes of @arg, but for MAC addresses; NULL: it is refused. */
static void test_add(void)
{
	static const struct {
		const char *arg, *made;
	} cases[] = {
		{ "eth0", "ifname=eth0" },
		{ "eth0,,,,br0", "ifname=eth0,bridge=br0" },
		{ "eth0,,host0,,br0,7", "ifname=eth0,host_ifname=host0,bridge=br0,vlan=7" },
		{ "eth0,bridge=br0,vlan=7", "ifname=eth0,bridge=br0,vlan=7" },
		{ "eth0,,host0,bridge=br0", "ifname=eth0,host_ifname=host0,bridge=br0" },
		{ "eth0,type=veth", "ifname=eth0" },
		{ "eth0,type=routed,ip=10.0.0.2,ip=fd00::2",
		  "ifname=eth0,type=routed,ip=10.0.0.2 fd00::2" },
		{ "eth0,type=routed,ip=10.0.0.2 10.0.1.0/28 10.0.0.2",
		  "ifname=eth0,type=routed,ip=10.0.0.2 10.0.1.0/28" },
		{ "eth0,type=macvlan,link=eth1,vlan=7",
		  "ifname=eth0,type=macvlan,link=eth1,vlan=7" },
		{ "eth0,type=ipvlan,link=eth1,mac_filter=off",
		  "ifname=eth0,type=ipvlan,link=eth1,mac_filter=off" },
		{ "eth0,type=ipvlan-l3,link=eth1", "ifname=eth0,type=ipvlan-l3,link=eth1" },
		{ "ifname=eth0", NULL },
		{ "type=routed", NULL },
		{ "eth0,type=bridge", NULL },
		{ "eth0,type=", NULL },
		{ "eth0,bridge=br0,br1", NULL },
		{ "eth0,,,,br0,7,8", NULL },
		{ "eth0,type=routed,ip=fe80::1", NULL },
		{ "eth0,type=routed,ip=10.0.0.256", NULL },
		{ "eth0,link=a/b", NULL },
		{ "eth0,colour=red", NULL },
		{ "eth0;ifname=eth1", NULL },
		{ "eth0,ip=10.0.0.2;ifname=eth1", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_free char *got = netif_add(cases[i].arg, NULL), *again = NULL;
		cleanup_netifs struct netifs all = {};

		if (!cases[i].made) {
			ok(!got, "%s is refused", cases[i].arg);
			continue;
		}
		ok(got && netifs_parse(got, &all) == 0, "%s can be read again", cases[i].arg);
		if (all.count) {
			memset(all.list[0].mac, 0, sizeof(all.list[0].mac));
			memset(all.list[0].host_mac, 0, sizeof(all.list[0].host_mac));
		}
		again = netifs_text(&all);
		ok(strcmp(again, cases[i].made) == 0, "it is %s: %s", cases[i].made, again);
	}
}

static void test_fits(void)
{
	static const struct {
		const char *text;
		bool fits;
	} cases[] = {
		{ "ifname=eth0", true },
		{ "ifname=eth0,vlan=7", false },
		{ "ifname=eth0,link=eth0", false },
		{ "ifname=eth0,bridge=br0,ip=10.0.0.2 fd00::2", true },
		{ "ifname=eth0,bridge=br0,ip=10.0.0.2,mac_filter=off", false },
		{ "ifname=eth0,ip=10.0.0.2", false },
		{ "ifname=eth0,type=routed,ip=10.0.0.2", true },
		{ "ifname=eth0,type=routed", false },
		{ "ifname=eth0,type=routed,ip=10.0.0.2,bridge=br0", false },
		{ "ifname=eth0,type=macvlan,link=eth0,vlan=7", true },
		{ "ifname=eth0,type=macvlan,link=eth0", false },
		{ "ifname=eth0,type=macvlan,link=eth0,mac_filter=off", true },
		{ "ifname=eth0,type=macvlan,vlan=7", false },
		{ "ifname=eth0,type=macvlan,link=eth0,vlan=7,host_ifname=x", false },
		{ "ifname=eth0,type=ipvlan,link=eth0,vlan=7,ip=10.0.0.2", true },
		{ "ifname=eth0,type=ipvlan,link=eth0,vlan=7", false },
		{ "ifname=eth0,type=ipvlan,link=eth0,vlan=7,ip=10.0.0.2,mac=02:00:00:00:00:01",
		  false },
		{ "ifname=eth0,type=ipvlan-l3,link=eth0,vlan=7,ip=10.0.0.2", false },
		{ "ifname=eth0,type=ipvlan-l3,link=eth0,ip=10.0.0.2,mac_filter=off", true },
		{ "ifname=eth0;ifname=eth1,type=macvlan", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_netifs struct netifs all = {};
		int ret = netifs_parse(cases[i].text, &all);

		ok(ret == 0, "%s is read", cases[i].text);
		ret = netifs_check(&all);
		if (cases[i].fits)
			ok(ret == 0, "it fits");
		else
			ok(ret == EXIT_NETIF && strstr(error_text(), "Interface eth"),
			   "it does not fit");
	}
}

static void test_change(void)
{
	cleanup_free char *made = netif_add("eth0,type=routed,ip=10.0.0.2", NULL);
	cleanup_free char *selected = netif_select("eth0", made);
	cleanup_free char *other = netif_set("ip=10.0.0.3 fd00::3", selected);
	cleanup_free char *none = netif_set("ip=", other), *name = netif_set("ifname=eth1", other);
	cleanup_free char *veth = netif_set("type=veth", none);

	cleanup_free char *random = netif_add("eth0,,host0,,br0", NULL);
	cleanup_free char *picked = netif_select("eth0", random);
	cleanup_free char *unnamed = netif_set("host_ifname=", picked);
	cleanup_free char *unmarked = netif_set("host_mac=", unnamed);
	cleanup_free char *upper = netif_set("type=macvlan", random);
	cleanup_free char *ipvlan = netif_set("type=ipvlan", random);

	ok(unmarked && !strstr(unmarked, "host_ifname") && !strstr(unmarked, "host_mac="),
	   "what is empty is none: %s", unmarked);
	ok(upper && !strstr(upper, "host_") && strstr(upper, ",mac="),
	   "macvlan has no end on the host: %s", upper);
	ok(ipvlan && !strstr(ipvlan, "mac="), "ipvlan has no MAC address: %s", ipvlan);
	ok(other && strstr(other, ",ip=10.0.0.3 fd00::3") && !strstr(other, "10.0.0.2"),
	   "addresses instead of others: %s", other);
	ok(none && !strstr(none, "ip="), "and none: %s", none);
	ok(!name, "a name stays");
	ok(veth && !strstr(veth, "type="), "the usual type goes without saying: %s", veth);
}

static void test_complete(void)
{
	cleanup_netifs struct netifs all = {}, has = {};
	cleanup_free char *text = NULL;

	netifs_parse("ifname=eth0;ifname=eth1,type=macvlan,link=eth0,vlan=7;"
		     "ifname=eth2,type=ipvlan,link=eth0,vlan=7,ip=10.0.0.2", &all);
	netifs_complete(&all, &has, 101);
	text = netifs_text(&all);
	ok(strcmp(all.list[0].host_ifname, "veth101.0") == 0, "a name on the host: %s", text);
	ok(!all.list[1].host_ifname[0] && memcmp(all.list[1].mac, "\0\0\0\0\0", 6) != 0,
	   "macvlan has a MAC address and no name there");
	ok(memcmp(all.list[2].mac, "\0\0\0\0\0", 6) == 0, "ipvlan has no MAC address");
	ok(netifs_check(&all) == 0, "they still fit");
}

int main(void)
{
	test_add();
	test_fits();
	test_change();
	test_complete();
	return tap_done();
}
