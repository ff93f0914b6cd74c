// SPDX-License-Identifier: GPL-2.0-only
/* What sysinfo(2) says: a name and a number a line, memory in kB, loads in hundredths. */
#include <err.h>
#include <stdio.h>
#include <sys/sysinfo.h>

static void kb(const char *name, unsigned long n, const struct sysinfo *si)
{
	printf("%s %lu\n", name, n * si->mem_unit / 1024);
}

int main(void)
{
	struct sysinfo si;

	if (sysinfo(&si))
		err(1, "sysinfo");
	kb("totalram", si.totalram, &si);
	kb("freeram", si.freeram, &si);
	kb("sharedram", si.sharedram, &si);
	kb("bufferram", si.bufferram, &si);
	kb("totalswap", si.totalswap, &si);
	kb("freeswap", si.freeswap, &si);
	printf("uptime %ld\nprocs %u\n", si.uptime, si.procs);
	for (int i = 0; i < 3; i++)
		printf("load%d %lu\n", i, si.loads[i] * 100 >> SI_LOAD_SHIFT);
	return 0;
}
