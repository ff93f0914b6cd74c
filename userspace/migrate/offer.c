// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/action.h"
#include "../lib/cgroup.h"
#include "../lib/error.h"
#include "../lib/private.h"
#include "../lib/rootfs.h"
#include "../lib/shut_in.h"
#include "../lib/util.h"
#include "../storage/layout.h"
#include "images.h"
#include "offer.h"
#include "status.h"

#define TEXT_MAX	(1 << 20)

char *offer_cpu_flags(void)
{
	cleanup_free char *text = read_file("/proc/cpuinfo", 1 << 24);
	char *line = text ? strstr(text, "\nflags") : NULL, *end;

	line = line ? strchr(line, ':') : NULL;
	if (!line)
		return xstrdup("");
	end = strchr(line, '\n');
	return xstrndup(line + 1, end ? (size_t)(end - line - 1) : strlen(line + 1));
}

/* The tree may be of any depth, and may change meanwhile: no walk for root of the host. */
static int count(const struct container *ct, uint32_t base, uint64_t *bytes)
{
	static const char *const argv[] = { "sh", "-c", "du -sxk . 2>/dev/null", NULL };
	cleanup_free char *files = xasprintf("%s%s", ct->fs, ct->layout == &layout_overlay ?
					     "/upper" : "");
	cleanup_close int from = -1, mnt = rootfs_detach_alone(files);
	char text[32] = "";
	int ends[2], ret;
	pid_t pid;

	if (mnt < 0)
		return MIGRATE_COPY;
	if (pipe2(ends, O_CLOEXEC))
		return fail_errno(MIGRATE_COPY, "Cannot make a pipe");
	from = ends[0];
	ret = shut_in_start(&(struct shut_in){
		.argv = argv, .dir = mnt, .base = base, .stdio = { -1, ends[1] }, .keep = -1,
		.status = MIGRATE_COPY,
	}, &pid);
	close(ends[1]);
	if (ret)
		return MIGRATE_COPY;
	/* less than a pipe holds; what du could not see is not counted */
	shut_in_wait(pid);
	if (read(from, text, sizeof(text) - 1) > 0)
		*bytes = strtoull(text, NULL, 10) * 1024;
	return 0;
}

/* A guess, for the target to see whether there is room. */
static int size_of(const struct container *ct, uint32_t base, uint64_t *bytes)
{
	struct stat st;

	*bytes = 0;
	if (lstat(ct->fs, &st))
		return fail_errno(MIGRATE_COPY, "Cannot look at %s", ct->fs);
	if (S_ISDIR(st.st_mode))
		return count(ct, base, bytes);
	*bytes = st.st_blocks * 512ULL;
	return 0;
}

/* What a dump writes. */
static uint64_t memory_of(uint32_t ctid)
{
	cleanup_free char *path = cgroup_path(ctid);

	return cgroup_memory(path);
}

int offer_make(const struct container *ct, uint32_t base, bool running, bool live, bool force,
	       json_t **out)
{
	cleanup_free char *text = read_file(ct->conf_path, TEXT_MAX);
	cleanup_free char *flags = offer_cpu_flags();
	cleanup_free char *layout = layout_label(ct->private);
	uint64_t memory = live ? memory_of(ct->id) : 0, bytes;
	json_t *found;
	int ret;

	if (memory > images_room())
		return fail(MIGRATE_STOP,
			    "Its processes take %llu MB, and here is room for images of %llu",
			    (unsigned long long)memory >> 20,
			    (unsigned long long)images_room() >> 20);
	if (ct->layout == &layout_block)
		return fail(MIGRATE_COPY, "A device does not migrate: first "
			    "cloisonctl convert %u --layout image", ct->id);
	found = json_object();
	ret = action_collect(ct, found) ? MIGRATE_CONFIG : 0;
	if (!ret && !text)
		ret = fail_errno(MIGRATE_CONFIG, "Cannot read %s", ct->conf_path);
	if (!ret)
		ret = size_of(ct, base, &bytes);
	if (ret) {
		json_decref(found);
		return ret;
	}
	*out = json_pack("{s:i, s:s, s:o, s:s, s:I, s:I, s:b, s:b, s:b, s:b, s:s}", "ctid",
			 (int)ct->id, "conf", text, "scripts", found, "layout", layout, "bytes",
			 (json_int_t)bytes, "memory", (json_int_t)memory, "fresh",
			 private_is_fresh(ct->private), "running", running, "live", live, "force",
			 force, "flags", flags);
	return *out ? 0 : fail(MIGRATE_CONFIG, "%s is not UTF-8", ct->conf_path);
}

int offer_read(json_t *json, struct offer *o)
{
	const char *text, *flags, *layout;
	int ctid, fresh, running, live, force;
	json_int_t bytes, memory;
	json_t *found;

	*o = (struct offer){};
	if (json_unpack(json, "{s:i, s:s, s:o, s:s, s:I, s:I, s:b, s:b, s:b, s:b, s:s}", "ctid",
			&ctid, "conf", &text, "scripts", &found, "layout", &layout, "bytes",
			&bytes, "memory", &memory, "fresh", &fresh, "running", &running, "live",
			&live, "force", &force, "flags", &flags) ||
	    ctid <= 0 || (uint32_t)ctid > CLOISON_ID_MAX || !layout_named(layout) ||
	    bytes < 0 || memory < 0)
		return fail(MIGRATE_VERSION, "The offer cannot be understood");
	*o = (struct offer){
		.ctid = ctid, .conf = conf_new(), .scripts = found, .bytes = bytes,
		.layout = layout_named(layout),
		.memory = memory, .fresh = fresh, .running = running, .live = live, .force = force,
		.flags = flags, .json = json_incref(json),
	};
	if (conf_parse(o->conf, text, "its configuration file"))
		return MIGRATE_CONFIG;
	/* what its file system is to be, for who makes it */
	layout_note(o->conf, layout);
	return 0;
}

void offer_free(struct offer *o)
{
	conf_free(o->conf);
	json_decref(o->json);
	*o = (struct offer){};
}

void offer_apply(const struct offer *o, struct container *ct)
{
	uint32_t base;
	int ret;

	conf_free(ct->conf);
	ct->conf = conf_copy(o->conf);
	conf_set(ct->conf, "VE_ROOT", NULL);
	conf_set(ct->conf, "VE_PRIVATE", NULL);
	ret = container_ids(ct, &base);
	if (!ret)
		ret = container_check_ids(ct->id, base);
	if (!ret)
		ret = container_check_running_ids(ct->id, base, 0);
	if (ret) {
		/* private.c chooses others, and so files get them */
		conf_set(ct->conf, "LOCAL_UID", NULL);
		conf_set(ct->conf, "LOCAL_GID", NULL);
		error_clear();
	}
	container_paths(ct);
}
