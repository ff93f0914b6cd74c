// SPDX-License-Identifier: GPL-2.0-only
/*
 * Put into a container's /etc/ld.so.preload; the container's /bin/sh says
 * #!/proc/self/exe, so that what exec runs is the operator's own binary, from
 * the host's file system. From within it, try to write to it (CVE-2019-5736).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((constructor)) static void overwrite(void)
{
	FILE *out = fopen("/tmp/exe-result", "a");
	char path[64], exe[256] = "";
	int fd = open("/proc/self/exe", O_RDONLY);

	if (!out)
		return;
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		fprintf(out, "no link: %s\n", strerror(errno));
	fprintf(out, "exe %s\n", exe);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fork() == 0) {
		/* until nobody runs it any more, when ETXTBSY would end */
		for (int i = 0; i < 20; i++) {
			int w = open(path, O_WRONLY);

			if (w >= 0) {
				fprintf(out, "opened for writing\n");
				break;
			}
			fprintf(out, "open: %s\n", strerror(errno));
			usleep(50000);
		}
		if (fchmod(fd, 04777) == 0)
			fprintf(out, "changed its mode\n");
		if (futimens(fd, NULL) == 0)
			fprintf(out, "changed its times\n");
		if (openat(fd, "..", O_PATH) >= 0)
			fprintf(out, "climbed\n");
		fprintf(out, "done\n");
		fclose(out);
		_exit(0);
	}
	fclose(out);
}
