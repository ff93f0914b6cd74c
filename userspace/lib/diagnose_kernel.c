// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "container.h"
#include "diagnose.h"
#include "scx.h"
#include "util.h"
#include "value.h"

#define LSM_LIST	"/sys/kernel/security/lsm"

#define SYSCTL_MEND	"sysctl -w %s=%" PRIu64 \
			"; and write it to /etc/sysctl.d/cloison.conf for the next boot"

static bool has_word(const char *text, const char *word)
{
	cleanup_free char *copy = xstrdup(text);
	char *rest = copy, *w;

	while ((w = strsep(&rest, "\n ,")))
		if (strcmp(w, word) == 0)
			return true;
	return false;
}

static bool read_number(const char *path, uint64_t *n)
{
	cleanup_free char *text = read_file(path, 64);

	if (!text)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return parse_number(text, 0, UINT64_MAX, n);
}

static size_t count_containers(void)
{
	cleanup_free uint32_t *ids = NULL;
	size_t count = 0;

	if (container_ids_configured(&ids, &count))
		error_clear();
	return count;
}

/* Each container takes one of each kind; the host's own programs take some too. */
static void namespaces(struct findings *f)
{
	static const char *const kinds[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup",
					     "time" };
	uint64_t want = 1024 + 2 * count_containers(), n;
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		cleanup_free char *key = xasprintf("user.max_%s_namespaces", kinds[i]);
		cleanup_free char *path = xasprintf("/proc/sys/user/max_%s_namespaces", kinds[i]);
		cleanup_free char *mend = xasprintf(SYSCTL_MEND, key, want);
		cleanup_free char *ns = xasprintf("/proc/self/ns/%s", kinds[i]);

		if (access(ns, F_OK)) {
			finding(f, FINDING_BAD, "boot a kernel that Debian ships",
				"the kernel has no %s namespaces", kinds[i]);
			good = false;
		} else if (read_number(path, &n) && n < want) {
			finding(f, n ? FINDING_HINT : FINDING_BAD, mend,
				n ? "%s is %" PRIu64 ": little for %zu containers" :
				    "%s is %" PRIu64 ": containers cannot be started", key, n,
				count_containers());
			good = false;
		}
	}
	if (good)
		finding(f, FINDING_OK, NULL, "namespaces");
}

/* Without it the guards of guard.c are put up as ever, and never asked. */
static void bpf_lsm(struct findings *f)
{
	cleanup_free char *list = read_file(LSM_LIST, 1024);
	cleanup_free char *mend = NULL;

	if (!list) {
		finding(f, FINDING_HINT, "mount -t securityfs none /sys/kernel/security",
			"cannot read " LSM_LIST ": whether the BPF guards work is not known");
		return;
	}
	list[strcspn(list, "\n")] = '\0';
	if (has_word(list, "bpf")) {
		finding(f, FINDING_OK, NULL, "the BPF LSM, for the guards of containers");
		return;
	}
	mend = xasprintf("put lsm=%s,bpf on the kernel's command line, and reboot", list);
	finding(f, FINDING_HINT, mend,
		"the BPF LSM is off: containers have the kernel load modules for them, and their 32 bit programs get sockets of all kinds");
}

static void scheduler(struct findings *f)
{
	struct scx_status s;

	scx_look(&s);
	switch (s.state) {
	case SCX_MISSING:
		finding(f, FINDING_OK, NULL,
			"no sched_ext in this kernel: its own group scheduling shares out the CPU");
		break;
	case SCX_OFF:
		finding(f, FINDING_OK, NULL,
			"the kernel's own group scheduling shares out the CPU; sched_ext is there");
		break;
	case SCX_ON:
		if (s.other)
			finding(f, FINDING_HINT, SCX_REPLACE,
				"Cloison's scheduler shares out the CPU, but is another version's than the tool");
		else
			finding(f, FINDING_OK, NULL, "Cloison's scheduler shares out the CPU");
		break;
	case SCX_FOREIGN:
		finding(f, FINDING_HINT, "end that scheduler, then: cloisonctl sched enable",
			"the scheduler %s is in charge, which need not know containers", s.name);
		break;
	case SCX_EJECTED:
		finding(f, FINDING_HINT, "cloisonctl sched enable, or cloisonctl sched disable",
			"the kernel ejected Cloison's scheduler, and shares out the CPU itself: %s: %s",
			s.reason, s.message);
		break;
	}
}

void diagnose_kernel(struct findings *f)
{
	struct utsname un;

	uname(&un);
	finding(f, FINDING_OK, NULL, "kernel %s", un.release);
	namespaces(f);
	bpf_lsm(f);
	scheduler(f);
}

void diagnose_cgroups(struct findings *f)
{
	static const struct {
		const char *name;
		enum verdict missing;
	} controllers[] = {
		{ "memory", FINDING_BAD }, { "pids", FINDING_BAD }, { "cpu", FINDING_BAD },
		{ "cpuset", FINDING_HINT }, { "io", FINDING_HINT },
	};
	cleanup_free char *have = NULL;
	bool good = true;

	if (cgroup_check()) {
		finding_error(f, FINDING_BAD, NULL);
		return;
	}
	have = read_file("/sys/fs/cgroup/cgroup.controllers", 4096);
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (have && has_word(have, controllers[i].name))
			continue;
		finding(f, controllers[i].missing,
			"remove cgroup_disable= from the kernel's command line, and unmount the cgroup v1 hierarchy that has it",
			"the %s controller is not in cgroup v2", controllers[i].name);
		good = false;
	}
	if (good)
		finding(f, FINDING_OK, NULL, "cgroup v2 with all controllers");
}

void diagnose_settings(struct findings *f)
{
	/* What hundreds of systems on one kernel run into first. */
	static const struct {
		const char *key, *path;
		uint64_t want;
		const char *why;
	} settings[] = {
		{ "fs.inotify.max_user_instances", "/proc/sys/fs/inotify/max_user_instances", 8192,
		  "for each container; a systemd takes a dozen instances" },
		{ "fs.inotify.max_user_watches", "/proc/sys/fs/inotify/max_user_watches", 262144,
		  "for each container" },
		{ "kernel.keys.maxkeys", "/proc/sys/kernel/keys/maxkeys", 2000,
		  "for each user of a container; each service takes a key" },
		{ "kernel.keys.maxbytes", "/proc/sys/kernel/keys/maxbytes", 200000,
		  "for the keys of each user of a container" },
		{ "kernel.pid_max", "/proc/sys/kernel/pid_max", 1048576,
		  "for the processes and threads of all containers together" },
		{ "kernel.pty.max", "/proc/sys/kernel/pty/max", 4096,
		  "for the terminals of all containers together" },
		{ "fs.aio-max-nr", "/proc/sys/fs/aio-max-nr", 1048576,
		  "for all containers together; each database takes thousands" },
	};
	bool good = true;
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		cleanup_free char *mend = xasprintf(SYSCTL_MEND, settings[i].key,
						    settings[i].want);

		if (!read_number(settings[i].path, &n) || n >= settings[i].want)
			continue;
		finding(f, FINDING_HINT, mend, "%s is %" PRIu64 ": %s", settings[i].key, n,
			settings[i].why);
		good = false;
	}
	if (good)
		finding(f, FINDING_OK, NULL, "sysctls for many containers");
}
