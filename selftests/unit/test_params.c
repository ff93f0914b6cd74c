// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "error.h"
#include "limits.h"
#include "params.h"
#include "tap.h"
#include "value.h"

static const struct option none[] = { {} };

static int set(struct conf *conf, const char *option, const char *arg)
{
	cleanup_free struct option *options = params_options(none);
	unsigned int applies = 0;

	for (struct option *o = options; o->name; o++)
		if (strcmp(o->name, option) == 0)
			return params_set(conf, o->val, arg, &applies);
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
		{ "hostname", "web1", "HOSTNAME", "web1" },
		{ "hostname", "web 1", "HOSTNAME", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_conf struct conf *conf = conf_new();
		int ret = set(conf, cases[i].option, cases[i].arg);
		const char *got = conf_get(conf, cases[i].key);

		if (cases[i].text)
			ok(ret == 0 && got && strcmp(got, cases[i].text) == 0, "--%s %s is %s",
			   cases[i].option, cases[i].arg, cases[i].text);
		else
			ok(ret == EXIT_BAD_VALUE && !got && strstr(error_text(), cases[i].option),
			   "--%s %s is refused by name", cases[i].option, cases[i].arg);
	}
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
	test_limits();
	return tap_done();
}
