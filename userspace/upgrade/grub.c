// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "grub.h"
#include "util.h"

#define GRUB_CFG	"/boot/grub/grub.cfg"
#define GRUB_ENV	"/boot/grub/grubenv"

/* Before the id, in single quotes, of an entry or a menu of entries. */
#define ID		"$menuentry_id_option '"

bool grub_there(void)
{
	return access(GRUB_CFG, F_OK) == 0;
}

/* To be freed; NULL if the line has none. */
static char *id_in(const char *line)
{
	const char *id = strstr(line, ID);

	if (!id)
		return NULL;
	id += strlen(ID);
	return xstrndup(id, strcspn(id, "'\n"));
}

/*
 * Entries are "menuentry", most of them in a "submenu" that ends with a brace in the first
 * column. That of a version, and of no other mode of it, is gnulinux-VERSION-advanced-DISK.
 */
int grub_find(const char *version, char **entry)
{
	cleanup_file FILE *f = fopen(GRUB_CFG, "re");
	cleanup_free char *want = xasprintf("gnulinux-%s-advanced-", version);
	char *line = NULL, *menu = NULL;
	size_t size = 0;

	*entry = NULL;
	while (f && !*entry && getline(&line, &size, f) > 0) {
		const char *word = line + strspn(line, " \t");
		cleanup_free char *id = NULL;

		if (strncmp(word, "submenu ", 8) == 0) {
			free(menu);
			menu = id_in(word);
		} else if (*line == '}') {
			free(menu);
			menu = NULL;
		} else if (strncmp(word, "menuentry ", 10) == 0) {
			id = id_in(word);
			if (id && strncmp(id, want, strlen(want)) == 0)
				*entry = xasprintf("%s%s%s", menu ? menu : "", menu ? ">" : "", id);
		}
	}
	free(line);
	free(menu);
	return *entry ? 0 :
	       fail(EXIT_KERNEL, GRUB_CFG " has no entry for Linux %s: run update-grub", version);
}

int grub_once(const char *entry)
{
	const char *const set[] = { "grub-reboot", entry, NULL };
	const char *const unset[] = { "grub-editenv", GRUB_ENV, "unset", "next_entry", NULL };

	if (run_program(entry ? set : unset, -1))
		return fail(EXIT_KERNEL, "%s failed: GRUB cannot be told what to boot",
			    entry ? "grub-reboot" : "grub-editenv");
	return 0;
}
