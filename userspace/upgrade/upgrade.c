// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "error.h"
#include "upgrade.h"
#include "util.h"
#include "value.h"

#define NOTE	STATEDIR "/host-upgrade"

static bool yes(const struct conf *conf, const char *key)
{
	const char *value = conf_get(conf, key);

	return value && strcmp(value, "yes") == 0;
}

static int bad(void)
{
	return fail(EXIT_BAD_VALUE,
		    NOTE " cannot be understood: remove it, and resume by hand what "
		    "cloisonctl list -S shows as suspended");
}

/* True if all words are numbers of containers. */
static bool read_stopped(const char *text, struct upgrade *u)
{
	cleanup_free char *copy = xstrdup(text);
	char *rest = copy, *word;

	while ((word = strsep(&rest, " "))) {
		uint32_t id;

		if (!*word)
			continue;
		if (!parse_ctid(word, &id))
			return false;
		u->stopped = xrealloc(u->stopped, (u->stopped_count + 1) * sizeof(*u->stopped));
		u->stopped[u->stopped_count++] = id;
	}
	return true;
}

int upgrade_read(struct upgrade *u)
{
	cleanup_conf struct conf *conf = NULL;
	const char *kernel, *boot, *stopped, *text;
	int ret = conf_load(NOTE, &conf);

	*u = (struct upgrade){};
	if (ret == EXIT_NO_CONF)
		return 0;
	if (ret)
		return bad();
	kernel = conf_get(conf, "KERNEL");
	boot = conf_get(conf, "BOOT");
	stopped = conf_get(conf, "STOPPED");
	if (!kernel || !*kernel || !boot || !read_stopped(stopped ? stopped : "", u))
		return bad();
	u->kernel = xstrdup(kernel);
	u->boot = xstrdup(boot);
	text = conf_get(conf, "TIME");
	u->time = xstrdup(text ? text : "?");
	text = conf_get(conf, "MODULES");
	u->modules = xstrdup(text ? text : "");
	u->kexec = yes(conf, "KEXEC");
	u->leaving = yes(conf, "LEAVING");
	return 0;
}

void upgrade_free(struct upgrade *u)
{
	free(u->kernel);
	free(u->boot);
	free(u->time);
	free(u->modules);
	free(u->stopped);
	*u = (struct upgrade){};
}

static char *stopped_text(const struct upgrade *u)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < u->stopped_count; i++)
		text_append(&text, "%s%u", *text ? " " : "", u->stopped[i]);
	return text;
}

int upgrade_write(const struct upgrade *u)
{
	cleanup_conf struct conf *conf = conf_new();
	cleanup_free char *stopped = stopped_text(u);

	conf_set(conf, "KERNEL", u->kernel);
	conf_set(conf, "BOOT", u->boot);
	conf_set(conf, "TIME", u->time);
	conf_set(conf, "MODULES", u->modules);
	conf_set(conf, "KEXEC", u->kexec ? "yes" : "no");
	conf_set(conf, "LEAVING", u->leaving ? "yes" : "no");
	conf_set(conf, "STOPPED", stopped);
	return conf_save(conf, NOTE);
}

int upgrade_remove(void)
{
	if (unlink(NOTE) && errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot remove " NOTE);
	return sync_file(STATEDIR) ?
	       fail_errno(EXIT_SYSTEM, "Cannot write " STATEDIR " to disk") : 0;
}

char *upgrade_boot_id(void)
{
	char *text = read_file("/proc/sys/kernel/random/boot_id", 64);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text ? text : xstrdup("");
}

char *upgrade_now(void)
{
	char text[64] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm);
	return xstrdup(text);
}

bool upgrade_same_boot(const struct upgrade *u)
{
	cleanup_free char *now = upgrade_boot_id();

	return strcmp(u->boot, now) == 0;
}

bool upgrade_stopped(const struct upgrade *u, uint32_t id)
{
	for (size_t i = 0; i < u->stopped_count; i++)
		if (u->stopped[i] == id)
			return true;
	return false;
}
