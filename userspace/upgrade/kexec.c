// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "kexec.h"
#include "util.h"

static int file_load(int kernel, int initrd, const char *line, unsigned long flags)
{
	return syscall(SYS_kexec_file_load, kernel, initrd, line ? strlen(line) + 1 : 0, line,
		       flags);
}

/* What the boot loader put there is about the kernel that runs. */
static char *command_line(void)
{
	cleanup_free char *text = read_file("/proc/cmdline", 65536);
	char *rest = text, *word, *line = xstrdup("");

	if (text)
		text[strcspn(text, "\n")] = '\0';
	while ((word = strsep(&rest, " "))) {
		if (!*word || strncmp(word, "BOOT_IMAGE=", 11) == 0 ||
		    strncmp(word, "initrd=", 7) == 0)
			continue;
		text_append(&line, "%s%s", *line ? " " : "", word);
	}
	return line;
}

static int refused(const struct newkernel *k)
{
	int error = errno;

	switch (error) {
	case EPERM:
		return fail(EXIT_KERNEL,
			    "The kernel does not take another by kexec: it is locked down (Secure Boot), or kernel.kexec_load_disabled is 1; use --reboot");
	case EKEYREJECTED:
	case ENOKEY:
	case ENODATA:
	case EBADMSG:
	case ENOPKG:
		return fail(EXIT_KERNEL,
			    "The kernel does not take %s by kexec: it wants a signature that it knows; use --reboot",
			    k->image);
	case ENOSYS:
		return fail(EXIT_KERNEL,
			    "The kernel was built without kexec (CONFIG_KEXEC_FILE); use --reboot");
	default:
		return fail_errno(EXIT_KERNEL, "%s cannot be loaded by kexec; use --reboot",
				  k->image);
	}
}

int kexec_load_kernel(const struct newkernel *k)
{
	cleanup_close int image = open(k->image, O_RDONLY | O_CLOEXEC);
	cleanup_close int initrd = k->initrd ? open(k->initrd, O_RDONLY | O_CLOEXEC) : -1;
	cleanup_free char *line = command_line();

	if (image < 0)
		return fail_errno(EXIT_KERNEL, "Cannot open %s", k->image);
	if (k->initrd && initrd < 0)
		return fail_errno(EXIT_KERNEL, "Cannot open %s", k->initrd);
	return file_load(image, initrd, line, k->initrd ? 0 : KEXEC_FILE_NO_INITRAMFS) ?
	       refused(k) : 0;
}

bool kexec_loaded(void)
{
	cleanup_free char *text = read_file("/sys/kernel/kexec_loaded", 16);

	return text && *text == '1';
}

void kexec_unload(void)
{
	if (kexec_loaded() && file_load(-1, -1, NULL, KEXEC_FILE_UNLOAD))
		warn("The kernel that is loaded for kexec cannot be unloaded");
}
