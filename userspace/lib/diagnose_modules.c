// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "acct.h"
#include "cleanup.h"
#include "diagnose.h"
#include "enforce.h"
#include "global.h"
#include "kernel.h"
#include "util.h"
#include "venet.h"
#include "view.h"

#define SECURE_BOOT \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

#define ENROL_MEND \
	"sign them with a key the firmware knows: DKMS does, with /var/lib/dkms/mok.key; " \
	"enrol it by mokutil --import /var/lib/dkms/mok.pub, then reboot and confirm"

/* Why the kernel takes signed modules only; NULL if it takes all. */
static const char *signature_wanted(void)
{
	cleanup_free char *enforce = read_file("/sys/module/module/parameters/sig_enforce", 16);
	cleanup_free char *lockdown = read_file("/sys/kernel/security/lockdown", 256);
	cleanup_close int efi = open(SECURE_BOOT, O_RDONLY | O_CLOEXEC);
	/* four bytes of attributes, then the value */
	unsigned char variable[5] = {};

	if (efi >= 0 && read(efi, variable, 5) == 5 && variable[4] == 1)
		return "Secure Boot is on";
	if (lockdown && !strstr(lockdown, "[none]"))
		return "the kernel is locked down";
	if (enforce && *enforce == 'Y')
		return "module.sig_enforce is set";
	return NULL;
}

static void not_loaded(struct findings *f)
{
	const char *why = signature_wanted();
	cleanup_free char *build = NULL;
	struct utsname un;

	uname(&un);
	if (!kernel_module_installed(un.release, "cloison")) {
		build = xasprintf("apt install linux-headers-%s, then build and install Cloison",
				  un.release);
		finding(f, FINDING_BAD, build, "there is no module cloison for the kernel %s",
			un.release);
	} else {
		finding(f, FINDING_BAD, "modprobe cloison", "the module cloison is not loaded");
	}
	if (why)
		finding(f, FINDING_BAD, ENROL_MEND, "%s: the kernel refuses unsigned modules", why);
}

static void loaded(struct findings *f, const char *name)
{
	cleanup_free char *version = kernel_module_version(name);
	cleanup_free char *path = xasprintf("/sys/module/%s/taint", name);
	cleanup_free char *taint = read_file(path, 64);
	bool is_signed = taint && !strchr(taint, 'E');
	const char *why = signature_wanted();

	if (!version || strcmp(version, VERSION) != 0)
		finding(f, FINDING_HINT,
			"stop the containers, unload the cloison modules and load them again; or reboot",
			"the module %s is of version %s, the tool of version " VERSION, name,
			version ? version : "(none)");
	else
		finding(f, FINDING_OK, NULL, "module %s %s, %s", name, version,
			is_signed ? "signed" : "not signed");
	if (!is_signed && why)
		finding(f, FINDING_HINT, ENROL_MEND,
			"%s: at the next boot the kernel refuses unsigned modules", why);
}

static void views(struct findings *f)
{
	struct utsname un;

	if (view_loaded())
		return;
	uname(&un);
	if (!global.load_view)
		finding(f, FINDING_HINT,
			"LOAD_VIEW=\"yes\" in cloison.conf, then restart the containers",
			"the module cloison_view is not loaded: containers see the memory, CPUs and load of the host");
	else if (!kernel_module_installed(un.release, "cloison_view"))
		finding(f, FINDING_HINT, "build and install Cloison",
			"there is no module cloison_view for the kernel %s: containers see the memory, CPUs and load of the host",
			un.release);
	else
		finding(f, FINDING_OK, NULL,
			"the module cloison_view is not loaded: start does that");
}

static void beancounter_limits(struct findings *f)
{
	const char *what = "limits of numfile, numflock, numothersock, numpty, numtcpsock";
	const char *missing;

	if (!acct_loaded()) {
		if (global.load_acct)
			finding(f, FINDING_OK, NULL,
				"the module cloison_acct is not loaded: start does that for %s",
				what);
		else
			finding(f, FINDING_HINT,
				"modprobe cloison_acct, or LOAD_ACCT=\"yes\" in cloison.conf",
				"the module cloison_acct is not loaded: %s are recorded only",
				what);
		return;
	}
	missing = enforce_missing();
	if (missing)
		finding(f, FINDING_HINT, "containers run all the same; with Linux 6.12 or newer "
			"build the modules where pahole and the kernel's headers are installed",
			"%s are recorded only: %s", what, missing);
	else
		finding(f, FINDING_OK, NULL, "%s are held", what);
}

void diagnose_modules(struct findings *f)
{
	cleanup_free struct kernel_container *list = NULL;
	cleanup_dir DIR *dir = opendir("/sys/module");
	size_t count, running = 0;
	struct dirent *de;

	if (!kernel_loaded()) {
		not_loaded(f);
		return;
	}
	while (dir && (de = readdir(dir)))
		if (strcmp(de->d_name, "cloison") == 0 || strncmp(de->d_name, "cloison_", 8) == 0)
			loaded(f, de->d_name);
	if (!venet_loaded())
		finding(f, FINDING_OK, NULL,
			"the module cloison_net is not loaded: start does that for containers with addresses");
	views(f);
	beancounter_limits(f);
	if (kernel_list(&list, &count)) {
		finding_error(f, FINDING_BAD, NULL);
		return;
	}
	for (size_t i = 0; i < count; i++)
		running += list[i].state == CLOISON_STATE_RUNNING;
	finding(f, FINDING_OK, NULL, "containers running: %zu", running);
}
