// SPDX-License-Identifier: GPL-2.0-only
/* What a migration takes for changed. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "changed.h"

#include "tap.h"

static char dir[] = "/tmp/changed-XXXXXX";

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is listed of @dir, sorted, with a blank after each. */
static char *listed(const struct moment *since)
{
	static char text[4096], sorted[4096];
	FILE *f = tmpfile();
	char *names[64];
	size_t n = 0, len;

	if (changed_write(dir, since, fileno(f)))
		return NULL;
	rewind(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	for (char *p = text; p < text + len; p += strlen(p) + 1)
		names[n++] = p;
	qsort(names, n, sizeof(*names), compare);
	*sorted = '\0';
	for (size_t i = 0; i < n; i++) {
		strcat(sorted, names[i]);
		strcat(sorted, " ");
	}
	return sorted;
}

static void is(const struct moment *since, const char *want, const char *name)
{
	const char *has = listed(since);

	if (!ok(has && strcmp(has, want) == 0, "%s", name))
		printf("# \"%s\"\n", has ? has : "");
}

static void run(const char *command)
{
	if (system(command))
		exit(1);
}

int main(void)
{
	struct moment since;

	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	run("mkdir -p a/b/c d/e; echo x >a/b/c/f; echo x >d/e/f; echo x >g; ln g d/h; ln -s g s");
	sleep(2);
	changed_begin(&since);
	since.seconds += 2;
	is(&since, "./ ", "nothing");
	run("echo y >>g; rm s");
	is(&since, "./ d/h g ", "a file by all its names, and the root always");
	run("mv a/b d/b; echo z >d/e/new");
	is(&since, "./ a/ d/ d/b/ d/b/c/ d/b/c/f d/e/ d/e/f d/e/new d/h g ",
	   "what was moved, with all below it");
	run("touch -d '2037-01-01' a");
	since.seconds += 1000000;
	is(&since, "./ a/ ", "what is from the future");
	since.ahead += 1000;
	is(&since, "./ a/ d/ d/b/ d/b/c/ d/b/c/f d/e/ d/e/f d/e/new d/h g ",
	   "all, if the clock was set");
	chdir("/");
	run("rm -r /tmp/changed-??????");
	ok(changed_write(dir, &since, 1) != 0, "nothing there is an error");
	return tap_done();
}
