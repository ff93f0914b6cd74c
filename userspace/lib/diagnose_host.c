// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "diagnose.h"
#include "template.h"
#include "util.h"

/* With older ones dumps of whole systems were not tried. */
#define CRIU_MAJOR	4
#define CRIU_MINOR	1

static bool in_path(const char *program)
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					    "/usr/bin", "/sbin", "/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		cleanup_free char *path = xasprintf("%s/%s", dirs[i], program);

		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

void diagnose_programs(struct findings *f)
{
	static const struct {
		const char *name, *package, *use;
		enum verdict missing;
	} programs[] = {
		{ "tar", "tar", "unpacks templates", FINDING_BAD },
		{ "zstd", "zstd", "unpacks templates", FINDING_BAD },
		{ "mmdebstrap", "mmdebstrap", "builds Debian templates", FINDING_HINT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		cleanup_free char *mend = xasprintf("apt install %s", programs[i].package);

		if (in_path(programs[i].name))
			finding(f, FINDING_OK, NULL, "%s", programs[i].name);
		else
			finding(f, programs[i].missing, mend, "%s, which %s, is missing",
				programs[i].name, programs[i].use);
	}
}

/* The last line that the shell's @command prints, as long as it fits; its wait status. */
static int last_line(const char *command, char *line, size_t size)
{
	FILE *out = popen(command, "re");
	char text[512];

	*line = '\0';
	if (!out)
		return -1;
	while (fgets(text, sizeof(text), out)) {
		text[strcspn(text, "\n")] = '\0';
		if (*text)
			snprintf(line, size, "%.*s", (int)size - 1, text);
	}
	return pclose(out);
}

void diagnose_criu(struct findings *f)
{
	unsigned int major = 0, minor = 0;
	char line[256];

	if (!in_path("criu")) {
		finding(f, FINDING_HINT, "apt install criu",
			"criu, which checkpoints containers, is missing");
		return;
	}
	last_line("criu --version 2>/dev/null | head -n 1", line, sizeof(line));
	if (sscanf(line, "Version: %u.%u", &major, &minor) != 2) {
		finding(f, FINDING_HINT, "see what is wrong with: criu --version",
			"criu does not say its version");
		return;
	}
	if (major < CRIU_MAJOR || (major == CRIU_MAJOR && minor < CRIU_MINOR))
		finding(f, FINDING_HINT, "install the criu of Debian 13 or newer",
			"criu %u.%u is older than %u.%u, with which checkpoints were tried", major,
			minor, CRIU_MAJOR, CRIU_MINOR);
	else
		finding(f, FINDING_OK, NULL, "criu %u.%u", major, minor);
	/* it asks the kernel for each feature it uses; never for long */
	if (last_line("timeout -k 1 20 criu check 2>&1", line, sizeof(line)))
		finding(f, FINDING_HINT, "see all of it with: criu check",
			"criu finds that the kernel lacks something: %s", line);
	else
		finding(f, FINDING_OK, NULL, "criu finds all it needs in the kernel");
}

void diagnose_templates(struct findings *f)
{
	struct template *list;
	size_t count, archives = 0;

	if (template_list(&list, &count)) {
		finding_error(f, FINDING_HINT, NULL);
		return;
	}
	for (size_t i = 0; i < count; i++)
		archives += !!list[i].archive;
	template_list_free(list, count);
	if (archives)
		finding(f, FINDING_OK, NULL, "templates: %zu", archives);
	else
		finding(f, FINDING_HINT, "cloisonctl template build busybox",
			"there is no template yet");
}
