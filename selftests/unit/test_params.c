// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "error.h"
#include "limits.h"
#include "params.h"
#include "tap.h"
#include "value.h"

static const struct option none[] = { {} };

static int set(struct params *p, const char *option, const char *arg)
{
	cleanup_free struct option *options = params_options(none);

	for (struct option *o = options; o->name; o++)
		if (strcmp(o->name, option) == 0)
			return params_set(p, o->val, arg);
	return -1;
}

static void test_text(void)
{
	static const struct {
		const char *option, *arg, *key, *text;	/* text NULL: refused */
	} cases[] = {
		{ "ram", "256M", "PHYSPAGES", "0:256M" },
		{ "ram", "1024M", "PHYSPAGES", "0:1G" },
		{ "ram", "268435456", "PHYSPAGES", "0:256M" },
		{ "ram", "1000", "PHYSPAGES", "0:1000B" },
		{ "ram", "unlimited", "PHYSPAGES", "0:unlimited" },
		{ "ram", "1.5G", "PHYSPAGES", "0:1536M" },
		{ "ram", "0.0G", "PHYSPAGES", NULL },
		{ "ram", "lots", "PHYSPAGES", NULL },
		{ "ram", "", "PHYSPAGES", NULL },
		{ "swap", "0", "SWAPPAGES", "0:0B" },
		{ "numproc", "200", "NUMPROC", "200:200" },
		{ "numproc", "100:200", "NUMPROC", "100:200" },
		{ "numproc", "unlimited", "NUMPROC", "unlimited:unlimited" },
		{ "numproc", "0", "NUMPROC", NULL },
		{ "numproc", "2K", "NUMPROC", NULL },
		{ "cpuunits", "8", "CPUUNITS", "8" },
		{ "cpuunits", "7", "CPUUNITS", NULL },
		{ "cpuunits", "500001", "CPUUNITS", NULL },
		{ "cpulimit", "50%", "CPULIMIT", "50" },
		{ "cpulimit", "250", "CPULIMIT", "250" },
		{ "cpulimit", "%", "CPULIMIT", NULL },
		{ "cpulimit", "-1", "CPULIMIT", NULL },
		{ "cpus", "2", "CPUS", "2" },
		{ "cpus", "two", "CPUS", NULL },
		{ "sched", "latency", "SCHED", "latency" },
		{ "sched", "default", "SCHED", "default" },
		{ "sched", "late", "SCHED", NULL },
		{ "sched", "", "SCHED", NULL },
		{ "diskspace", "2G:2.2G", "DISKSPACE", "2G:2.2G" },
		{ "diskspace", "1048576", "DISKSPACE", "1048576:1048576" },
		{ "diskspace", "2G:2X", "DISKSPACE", NULL },
		{ "diskspace", "2G:1G", "DISKSPACE", NULL },
		{ "diskspace", "2G:0", "DISKSPACE", "2G:0" },
		{ "diskinodes", "2000:1999", "DISKINODES", NULL },
		{ "diskinodes", "unlimited", "DISKINODES", "unlimited:unlimited" },
		{ "diskinodes", "", "DISKINODES", NULL },
		{ "netfilter", "full", "NETFILTER", "full" },
		{ "netfilter", "fully", "NETFILTER", NULL },
		{ "meminfo", "none", "MEMINFO", "none" },
		{ "meminfo", "privvmpages:3", "MEMINFO", "privvmpages:3" },
		{ "meminfo", "none:3", "MEMINFO", NULL },
		{ "meminfo", "pages:0", "MEMINFO", NULL },
		{ "private", "/vz/private/$VEID", "VE_PRIVATE", "/vz/private/$VEID" },
		{ "root", "vz/root", "VE_ROOT", NULL },
		{ "ostemplate", "../debian", "OSTEMPLATE", NULL },
		{ "hostname", "web1", "HOSTNAME", "web1" },
		{ "hostname", "vps_1", "HOSTNAME", "vps_1" },
		{ "hostname", "web 1", "HOSTNAME", NULL },
		{ "privvmpages", "256M", "PRIVVMPAGES", "256M:256M" },
		{ "privvmpages", "65536:69632", "PRIVVMPAGES", "65536:69632" },
		{ "kmemsize", "12M:16M", "KMEMSIZE", "12M:16M" },
		{ "numfile", "9312", "NUMFILE", "9312:9312" },
		{ "numfile", "9K", "NUMFILE", NULL },
		{ "physpages", "0:65536", "PHYSPAGES", "0:65536" },
		{ "physpages", "0", "PHYSPAGES", NULL },
		{ "physpages", "65536:0", "PHYSPAGES", NULL },
		{ "onboot", "yes", "ONBOOT", "yes" },
		{ "onboot", "maybe", "ONBOOT", NULL },
		{ "bootorder", "10", "BOOTORDER", "10" },
		{ "stop-timeout", "5", "STOP_TIMEOUT", "5" },
		{ "stop-timeout", "-5", "STOP_TIMEOUT", NULL },
		{ "iolimit", "5", "IOLIMIT", "5242880" },
		{ "iolimit", "512K", "IOLIMIT", "524288" },
		{ "iolimit", "3G", "IOLIMIT", NULL },
		{ "iolimit", "unlimited", "IOLIMIT", "0" },
		{ "iopslimit", "100", "IOPSLIMIT", "100" },
		{ "rate", "100M", "RATE", "100M" },
		{ "rate", "8000", "RATE", "8000" },
		{ "rate", "1t", "RATE", "1t" },
		{ "rate", "none", "RATE", "none" },
		{ "rate", "in=4M,out_pps=300", "RATE", "in=4M,out_pps=300" },
		{ "rate", "out=1G,out_burst=16K,in_pps=5,in_pps_burst=9", "RATE",
		  "out=1G,out_burst=16K,in_pps=5,in_pps_burst=9" },
		{ "rate", "4M,in_burst=1G", "RATE", "4M,in_burst=1G" },
		{ "rate", "", "RATE", NULL },
		{ "rate", "7999", "RATE", NULL },
		{ "rate", "1001G", "RATE", NULL },
		{ "rate", "99999999999999999999T", "RATE", NULL },
		{ "rate", "1.5M", "RATE", NULL },
		{ "rate", "-1M", "RATE", NULL },
		{ "rate", "4Mx", "RATE", NULL },
		{ "rate", "4M,5M", "RATE", NULL },
		{ "rate", "4M,", "RATE", NULL },
		{ "rate", "in=", "RATE", NULL },
		{ "rate", "in=4M,in=5M", "RATE", NULL },
		{ "rate", "4M,in=5M", "RATE", NULL },
		{ "rate", "inner=4M", "RATE", NULL },
		{ "rate", "both=4M", "RATE", NULL },
		{ "rate", "in=none", "RATE", NULL },
		{ "rate", "in_pps=0", "RATE", NULL },
		{ "rate", "in_burst=64K", "RATE", NULL },
		{ "rate", "in=4M,out_burst=64K", "RATE", NULL },
		{ "rate", "in=4M,in_burst=1K", "RATE", NULL },
		{ "rate", "in=4M,in_burst=2G", "RATE", NULL },
		{ "rate", "in=4M,in_burst=unlimited", "RATE", NULL },
		{ "rate", "in_pps_burst=5", "RATE", NULL },
		{ "rate", "eth0:1:8000", "RATE", NULL },
		{ "ioprio", "7", "IOPRIO", "7" },
		{ "ioprio", "8", "IOPRIO", NULL },
		{ "cpumask", "0-3,5", "CPUMASK", "0-3,5" },
		{ "cpumask", "3-0", "CPUMASK", NULL },
		{ "cpumask", "0,", "CPUMASK", NULL },
		{ "cpumask", "auto", "CPUMASK", "auto" },
		{ "nodemask", "auto", "NODEMASK", NULL },
		{ "vm_overcommit", "1.5", "VM_OVERCOMMIT", "1.5" },
		{ "vm_overcommit", "1.5x", "VM_OVERCOMMIT", NULL },
		{ "name", "web server-1", "NAME", "web server-1" },
		{ "name", "c++", "NAME", "c++" },
		{ "name", "101", "NAME", NULL },
		{ "name", "../x", "NAME", NULL },
		{ "nameserver", "8.8.8.8", "NAMESERVER", "8.8.8.8" },
		{ "nameserver", "fd00::1 10.0.0.1", "NAMESERVER", "fd00::1 10.0.0.1" },
		{ "nameserver", "8.8.8", "NAMESERVER", NULL },
		{ "nameserver", "inherit", "NAMESERVER", "inherit" },
		{ "nameserver", "10.0.0.1 inherit", "NAMESERVER", NULL },
		{ "searchdomain", "inherit example.com", "SEARCHDOMAIN", NULL },
		{ "ipadd", "10.0.0.1 0.0.0.0 ::", "IP_ADDRESS", "10.0.0.1" },
		{ "ipadd", "0.0.0.0", "IP_ADDRESS", NULL },
		{ "ipadd", "10.0.0.1 0.0.0.1", "IP_ADDRESS", NULL },
		{ "searchdomain", "example.com.", "SEARCHDOMAIN", "example.com." },
		{ "capability", "net_admin:off", "CAPABILITY", "net_admin:off" },
		{ "capability", "fly:on", "CAPABILITY", NULL },
		{ "capability", "net_admin:maybe", "CAPABILITY", NULL },
		{ "features", "ppp:on", "FEATURES", "ppp:on" },
		{ "features", "sysfs:on,wireguard:on", "FEATURES", "sysfs:on wireguard:on" },
		{ "features", "sit:on,ipip:on,ipgre:on,bridge:off", "FEATURES",
		  "sit:on ipip:on ipgre:on bridge:off" },
		{ "features", "fly:on", "FEATURES", NULL },
		{ "features", "ppp:perhaps", "FEATURES", NULL },
		{ "features", "nfsd:on", "FEATURES", NULL },
		{ "features", "nfs:on", "FEATURES", NULL },
		{ "features", "nfs:off", "FEATURES", "nfs:off" },
		{ "devices", "c:10:200:rw", "DEVICES", "c:10:200:rw" },
		{ "devices", "c:10:all:r", "DEVICES", "c:10:all:r" },
		{ "devices", "c:10:rw", "DEVICES", NULL },
		{ "devices", "c:10:200:x", "DEVICES", NULL },
		{ "devnodes", "net/tun:rw", "DEVNODES", "net/tun:rw" },
		{ "devnodes", "../etc/passwd:rw", "DEVNODES", NULL },
		{ "description", "two\nlines", "DESCRIPTION", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_conf struct conf *conf = conf_new();
		struct params p = { .conf = conf };
		int ret = set(&p, cases[i].option, cases[i].arg);
		const char *got = conf_get(conf, cases[i].key);

		if (cases[i].text)
			ok(ret == 0 && got && strcmp(got, cases[i].text) == 0, "--%s %s is %s",
			   cases[i].option, cases[i].arg, cases[i].text);
		else
			ok(ret == EXIT_BAD_VALUE && !got && strstr(error_text(), cases[i].option),
			   "--%s %s is refused by name", cases[i].option, cases[i].arg);
	}
}

/* What adds to a list, and what begins a new one. */
static void test_lists(void)
{
	cleanup_conf struct conf *conf = conf_new();
	struct params first = { .conf = conf }, second = { .conf = conf };
	struct params third = { .conf = conf }, fourth = { .conf = conf };

	set(&first, "nameserver", "10.0.0.1");
	set(&first, "nameserver", "10.0.0.2");
	ok(strcmp(conf_get(conf, "NAMESERVER"), "10.0.0.1 10.0.0.2") == 0,
	   "an option used twice adds");
	set(&second, "nameserver", "10.0.0.3");
	ok(strcmp(conf_get(conf, "NAMESERVER"), "10.0.0.3") == 0, "a new command begins anew");
	set(&fourth, "nameserver", "inherit");
	ok(set(&fourth, "nameserver", "10.0.0.4") && set(&third, "nameserver", "10.0.0.4") == 0 &&
	   set(&third, "nameserver", "inherit") &&
	   strcmp(conf_get(conf, "NAMESERVER"), "10.0.0.4") == 0,
	   "the host's resolvers go with no others");
	conf_set(conf, "IP_ADDRESS", "10.0.0.1 10.0.0.300 10.0.0.2");
	set(&first, "ipadd", "10.0.0.9");
	ok(strcmp(conf_get(conf, "IP_ADDRESS"), "10.0.0.1 10.0.0.2 10.0.0.9") == 0,
	   "a word that is no address leaves the others there: %s", conf_get(conf, "IP_ADDRESS"));
	conf_set(conf, "IP_ADDRESS", "0.0.0.0 10.0.0.1 10.0.0.300 10.0.0.2");
	set(&first, "ipdel", "10.0.0.1");
	ok(strcmp(conf_get(conf, "IP_ADDRESS"), "10.0.0.2") == 0,
	   "and when one is taken away: %s", conf_get(conf, "IP_ADDRESS"));
	set(&first, "capability", "net_admin:off");
	set(&second, "capability", "SYS_TIME:on,NET_ADMIN:on");
	ok(strcmp(conf_get(conf, "CAPABILITY"), "NET_ADMIN:on SYS_TIME:on") == 0,
	   "a capability is changed in its place: %s", conf_get(conf, "CAPABILITY"));
	set(&first, "devices", "c:10:200:rw");
	set(&second, "devices", "b:8:1:r");
	set(&second, "devices", "c:10:200:none");
	ok(strcmp(conf_get(conf, "DEVICES"), "b:8:1:r") == 0, "none takes a device away: %s",
	   conf_get(conf, "DEVICES"));
}

static void test_limits(void)
{
	cleanup_conf struct conf *conf = conf_new();
	struct limits l;

	ok(limits_read(conf, &l) == 0 && l.ram == VALUE_UNLIMITED && l.swap == VALUE_UNLIMITED &&
	   l.numproc == VALUE_UNLIMITED && l.cpuunits == 1000 && !l.cpulimit && !l.cpus,
	   "an empty configuration limits nothing");
	conf_parse(conf, "PHYSPAGES=\"0:65536\"\nSWAPPAGES=\"0:512M\"\nNUMPROC=\"240:240\"\n"
		   "CPUUNITS=\"2000\"\nCPULIMIT=\"150\"\nCPUS=\"1\"\n", "test");
	ok(limits_read(conf, &l) == 0 && l.ram == 268435456 && l.swap == 536870912 &&
	   l.numproc == 240 && l.cpuunits == 2000, "OpenVZ's lines, pages where it has pages");
	ok(l.given == (LIMIT_RAM | LIMIT_SWAP | LIMIT_NUMPROC | LIMIT_CPUUNITS | LIMIT_CPU_TIME),
	   "and what they speak of");
	ok(limits_cpu_percent(&l) == 100, "of two CPU limits the smaller one counts");
	l.cpus = 0;
	ok(limits_cpu_percent(&l) == 150, "cpulimit alone");
	l.cpulimit = 0;
	l.cpus = 3;
	ok(limits_cpu_percent(&l) == 300, "cpus alone");
	conf_set(conf, "CPUUNITS", "many");
	ok(limits_read(conf, &l) == EXIT_BAD_VALUE && strstr(error_text(), "CPUUNITS"),
	   "a bad line is named");
	ok(limits_weight(8) == 1 && limits_weight(1000) == 100 && limits_weight(500000) == 10000,
	   "cpuunits as cpu.weight, within its bounds");
}

int main(void)
{
	test_text();
	test_lists();
	test_limits();
	return tap_done();
}
