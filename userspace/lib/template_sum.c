// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "sum.h"
#include "template_sum.h"
#include "util.h"

static char *path_of(const char *archive)
{
	return xasprintf("%s.sha256", archive);
}

int template_sum_write(const char *archive, const char *sum)
{
	cleanup_free char *path = path_of(archive);
	cleanup_free char *text = xasprintf("%s  %s\n", sum, basename(archive));

	return write_file_atomic(path, text, 0644) ?
	       fail_errno(EXIT_SYSTEM, "Cannot write %s", path) : 0;
}

int template_sum_remove(const char *archive)
{
	cleanup_free char *path = path_of(archive);

	if (unlink(path) == 0 ? sync_parent(path) : errno != ENOENT)
		return fail_errno(EXIT_SYSTEM, "Cannot remove %s", path);
	return 0;
}

int template_sum_check(const char *archive, int fd, bool *known)
{
	cleanup_free char *path = path_of(archive);
	cleanup_free char *what = xasprintf("Checking %s", basename(archive));
	cleanup_free char *text = read_file(path, 4096);
	char sum[SUM_SIZE];
	int ret;

	*known = text || errno != ENOENT;
	if (!*known)
		return 0;
	if (!text)
		return fail_errno(EXIT_BAD_TEMPLATE, "Cannot read %s", path);
	ret = sum_file(fd, what, sum);
	if (!ret && strncasecmp(text, sum, SUM_SIZE - 1) != 0)
		ret = fail(EXIT_BAD_TEMPLATE,
			   "%s is damaged: it is not what %s says. Build or import it anew; if it was put there by hand, remove the checksum",
			   archive, path);
	return ret;
}
