// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "error.h"
#include "kernel.h"
#include "newkernel.h"
#include "util.h"

#define MODULES	"/lib/modules"

/* The header of a bzImage: the kernel's Documentation/arch/x86/boot.rst. */
#define HEADER_MAGIC	0x202
#define HEADER_VERSION	0x20e	/* where the text is, from 0x200 on */
#define HEADER_BASE	0x200
#define HEADER_SIZE	0x10000

/* Without these what was dumped cannot be restored. */
static const char *const options[] = {
	"CHECKPOINT_RESTORE", "USER_NS", "PID_NS", "NET_NS", "TIME_NS", "MODULES",
};

static int read_version(const char *image, char **version)
{
	cleanup_close int fd = open(image, O_RDONLY | O_CLOEXEC);
	cleanup_free char *head = xcalloc(1, HEADER_SIZE + 1);
	ssize_t len = fd < 0 ? -1 : read(fd, head, HEADER_SIZE);
	uint16_t at;

	if (len < 0)
		return fail_errno(EXIT_KERNEL, "Cannot read %s", image);
	memcpy(&at, head + HEADER_VERSION, sizeof(at));
	at = le16toh(at);
	if (len < HEADER_MAGIC + 4 || memcmp(head + HEADER_MAGIC, "HdrS", 4) != 0 || !at ||
	    HEADER_BASE + at >= len)
		return fail(EXIT_KERNEL, "%s is not a kernel that can be booted (bzImage)", image);
	/* the version, then who built it */
	*version = xstrndup(head + HEADER_BASE + at, strcspn(head + HEADER_BASE + at, " "));
	return 0;
}

/* Of an installed version; NULL if it has no image. */
static char *image_of(const char *version)
{
	static const char *const places[] = { "/boot/vmlinuz-%s", MODULES "/%s/vmlinuz" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		cleanup_free char *path = xasprintf(places[i], version);

		if (access(path, F_OK) == 0)
			return xstrdup(path);
	}
	return NULL;
}

/* What belongs to an image /DIR/vmlinuz-REST: /DIR/initrd.img-REST, or that of its version. */
static char *initrd_of(const char *image, const char *version)
{
	const char *slash = strrchr(image, '/'), *name = slash ? slash + 1 : image;
	cleanup_free char *beside = NULL;
	cleanup_free char *usual = xasprintf("/boot/initrd.img-%s", version);

	if (strncmp(name, "vmlinuz-", 8) == 0) {
		beside = xasprintf("%.*sinitrd.img-%s", (int)(name - image), image, name + 8);
		if (access(beside, F_OK) == 0)
			return xstrdup(beside);
	}
	return access(usual, F_OK) == 0 ? xstrdup(usual) : NULL;
}

/* The newest with modules and an image; NULL: none. */
static char *newest(void)
{
	cleanup_dir DIR *dir = opendir(MODULES);
	char *best = NULL;
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		cleanup_free char *image = *de->d_name == '.' ? NULL : image_of(de->d_name);

		if (!image || (best && strverscmp(de->d_name, best) <= 0))
			continue;
		free(best);
		best = xstrdup(de->d_name);
	}
	return best;
}

static int choose(char **version)
{
	struct utsname un;

	uname(&un);
	*version = newest();
	if (!*version)
		return fail(EXIT_KERNEL,
			    "No kernel is installed: there is no /boot/vmlinuz-VERSION");
	if (strverscmp(*version, un.release) > 0)
		return 0;
	return fail(EXIT_KERNEL,
		    "Linux %s, which runs, is the newest that is installed: install the newer, or name one with --kernel",
		    un.release);
}

static int find_image(const char *wanted, struct newkernel *k)
{
	cleanup_free char *version = NULL;
	int ret = 0;

	if (wanted && strchr(wanted, '/')) {
		k->image = xstrdup(wanted);
		return 0;
	}
	if (wanted)
		version = xstrdup(wanted);
	else
		ret = choose(&version);
	if (ret)
		return ret;
	k->image = *version && *version != '.' ? image_of(version) : NULL;
	return k->image ? 0 :
	       fail(EXIT_KERNEL, "Linux %s is not installed: there is no /boot/vmlinuz-%s", version,
		    version);
}

int newkernel_find(const char *wanted, struct newkernel *k)
{
	int ret;

	*k = (struct newkernel){};
	ret = find_image(wanted, k);
	if (!ret)
		ret = read_version(k->image, &k->version);
	if (ret)
		return ret;
	if (!*k->version || *k->version == '.' || strchr(k->version, '/'))
		return fail(EXIT_KERNEL, "%s says no version", k->image);
	k->initrd = initrd_of(k->image, k->version);
	return 0;
}

void newkernel_free(struct newkernel *k)
{
	free(k->version);
	free(k->image);
	free(k->initrd);
	*k = (struct newkernel){};
}

char *newkernel_modules(void)
{
	cleanup_dir DIR *dir = opendir("/sys/module");
	char *all = xstrdup("");
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		if (strcmp(de->d_name, "cloison") != 0 && strncmp(de->d_name, "cloison_", 8) != 0)
			continue;
		text_append(&all, "%s%s", *all ? " " : "", de->d_name);
	}
	return all;
}

/* Only built for kernels that have no UDP-Lite. */
#define MAY_LACK	"cloison_diag"

static int check_modules(const struct newkernel *k)
{
	cleanup_free char *dep = xasprintf(MODULES "/%s/modules.dep", k->version);
	cleanup_free char *loaded = newkernel_modules();
	char *rest = loaded, *module;

	if (access(dep, F_OK))
		return fail(EXIT_KERNEL,
			    "Linux %s has no modules: there is no %s; install its package, or run depmod %s",
			    k->version, dep, k->version);
	while ((module = strsep(&rest, " "))) {
		if (!*module || strcmp(module, MAY_LACK) == 0 ||
		    kernel_module_installed(k->version, module))
			continue;
		return fail(EXIT_KERNEL,
			    "There is no module %s for Linux %s: dkms autoinstall -k %s, or in Cloison's "
			    "sources make install-modules KDIR=" MODULES "/%s/build",
			    module, k->version, k->version, k->version);
	}
	return 0;
}

/* Where a distribution says how it was built; one that does not is believed. */
static char *config_of(const char *version)
{
	cleanup_free char *boot = xasprintf("/boot/config-%s", version);
	cleanup_free char *beside = xasprintf(MODULES "/%s/config", version);
	char *text = read_file(boot, 4 << 20);

	return text ? text : read_file(beside, 4 << 20);
}

static int check_options(const struct newkernel *k)
{
	cleanup_free char *config = config_of(k->version);

	for (size_t i = 0; config && i < ARRAY_SIZE(options); i++) {
		cleanup_free char *line = xasprintf("\nCONFIG_%s=y\n", options[i]);

		if (!strstr(config, line))
			return fail(EXIT_KERNEL,
				    "Linux %s was built without CONFIG_%s: nothing can be restored there",
				    k->version, options[i]);
	}
	return 0;
}

int newkernel_check(const struct newkernel *k)
{
	int ret = check_modules(k);

	return ret ? ret : check_options(k);
}
