// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "json.h"
#include "oci.h"
#include "rootfs.h"
#include "sum.h"
#include "tarball.h"
#include "util.h"

/* An index may have an index in it, for several processors. */
#define INDEX_DEPTH	3
#define JSON_MAX	(4 << 20)

/*
 * In the directory, which may be a stranger's: no link leads out, and nothing is opened that waits
 * for somebody. -1 and an error.
 */
static int open_file(int dir, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_BENEATH,
	};
	cleanup_close int fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		fail_errno(EXIT_BAD_TEMPLATE, "Cannot open %s of the image", path);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		fail(EXIT_BAD_TEMPLATE, "%s of the image is no file", path);
		return -1;
	}
	return take_fd(&fd);
}

/* What @descriptor says, checked; -1 and an error. */
static int open_blob(int dir, const json_t *descriptor)
{
	const char *digest = json_string_value(json_object_get(descriptor, "digest")) ?: "";
	const char *hex = digest + strlen("sha256:");
	cleanup_free char *path = NULL;
	cleanup_close int fd = -1;
	char sum[SUM_SIZE];

	if (strncmp(digest, "sha256:", strlen("sha256:")) != 0 ||
	    strspn(hex, "0123456789abcdef") != SUM_SIZE - 1 || strlen(hex) != SUM_SIZE - 1) {
		fail(EXIT_BAD_TEMPLATE, "The image has a digest that is no SHA-256");
		return -1;
	}
	path = xasprintf("blobs/sha256/%s", hex);
	fd = open_file(dir, path);
	if (fd < 0 || sum_file(fd, "Checking the image", sum))
		return -1;
	if (strcmp(sum, hex) != 0) {
		fail(EXIT_BAD_TEMPLATE, "The image is damaged: %s has the SHA-256 %s", path, sum);
		return -1;
	}
	return take_fd(&fd);
}

/* NULL and an error. */
static json_t *read_json(int fd, const char *what)
{
	struct stat st;
	json_t *json = fstat(fd, &st) == 0 && st.st_size < JSON_MAX ?
		       json_read(fd) : NULL;

	if (!json)
		fail(EXIT_BAD_TEMPLATE, "The %s of the image is not good JSON", what);
	return json;
}

/* Of @index, which has it for several processors, or for none in particular. */
static const json_t *choose(const json_t *index)
{
	static const struct {
		const char *ours, *theirs;
	} machines[] = { { "x86_64", "amd64" }, { "aarch64", "arm64" } };
	const json_t *all = json_object_get(index, "manifests");
	const json_t *one;
	const char *machine;
	struct utsname u;
	size_t i;

	uname(&u);
	machine = u.machine;
	for (i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(machine, machines[i].ours) == 0)
			machine = machines[i].theirs;
	json_array_foreach(all, i, one) {
		const json_t *on = json_object_get(one, "platform");
		const char *of = json_string_value(json_object_get(on, "architecture"));
		const char *os = json_string_value(json_object_get(on, "os"));

		if ((!of || strcmp(of, machine) == 0) && (!os || strcmp(os, "linux") == 0))
			return one;
	}
	fail(EXIT_BAD_TEMPLATE, "The image has nothing for Linux on %s", machine);
	return NULL;
}

/* Its manifest: to be let go of. NULL and an error. */
static json_t *manifest(int dir)
{
	cleanup_close int fd = open_file(dir, "index.json");
	json_t *json = fd < 0 ? NULL : read_json(fd, "index");

	for (int depth = 0; json && json_object_get(json, "manifests"); depth++) {
		const json_t *next = choose(json);
		cleanup_close int blob = next && depth < INDEX_DEPTH ? open_blob(dir, next) : -1;

		if (next && depth == INDEX_DEPTH)
			fail(EXIT_BAD_TEMPLATE, "The image has an index in an index in an index");
		json_decref(json);
		json = blob < 0 ? NULL : read_json(blob, "manifest");
	}
	return json;
}

/*
 * What the layer says is gone of those before: .wh.NAME, and all by .wh..wh..opq; and directories
 * in whose place it has something else, which tar would not remove. Those that it has end in /.
 */
static int apply_whiteouts(int fd, const struct tarball_format *format, const char *to,
			   uint32_t base)
{
	static const char script[] =
		"tar --list --file=- --quoting-style=literal \"$@\" | while IFS= read -r path; do\n"
		"	case $path in */*) dir=./${path%/*} ;; *) dir=. ;; esac\n"
		"	name=${path##*/}\n"
		"	case $name in\n"
		"	.wh..wh..opq) [ ! -d \"$dir\" ] || find \"$dir/\" -mindepth 1 -delete ;;\n"
		"	.wh.?*) rm -rf -- \"$dir/${name#.wh.}\" ;;\n"
		"	?*) [ ! -d \"./$path\" ] || [ -L \"./$path\" ] || rm -rf -- \"./$path\" ;;\n"
		"	esac || exit\n"
		"done";
	const char *const argv[] = { "sh", "-c", script, "sh", format->option, NULL };

	return tarball_run(fd, to, base, argv);
}

static int unpack_layer(int dir, const json_t *descriptor, const char *name, const char *to,
			uint32_t base, const struct room *room)
{
	cleanup_close int mnt = -1;
	cleanup_close int fd = open_blob(dir, descriptor);
	const struct tarball_format *format = fd < 0 ? NULL : tarball_format(fd);
	int ret;

	if (fd < 0)
		return EXIT_BAD_TEMPLATE;
	if (!format)
		return fail(EXIT_BAD_TEMPLATE, "Cannot read %s: it is no archive of tar", name);
	ret = apply_whiteouts(fd, format, to, base);
	if (ret)
		return ret;
	mnt = rootfs_detach(to);
	return mnt < 0 ? EXIT_MOUNT : tarball_unpack(fd, format, mnt, base, name, true, room);
}

int oci_unpack(const char *layout, const char *to, uint32_t base, const struct room *room)
{
	cleanup_close int dir = open(layout, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_json json_t *image = NULL;
	const json_t *layers, *layer;
	int ret = 0;
	size_t i;

	if (dir < 0)
		return fail_errno(EXIT_SYSTEM, "Cannot open %s", layout);
	if (faccessat(dir, "oci-layout", F_OK, AT_SYMLINK_NOFOLLOW))
		return fail(EXIT_BAD_TEMPLATE, "%s is no OCI image: it has no file oci-layout",
			    layout);
	image = manifest(dir);
	if (!image)
		return EXIT_BAD_TEMPLATE;
	layers = json_object_get(image, "layers");
	if (!json_array_size(layers))
		return fail(EXIT_BAD_TEMPLATE, "The image has no layers");
	json_array_foreach(layers, i, layer) {
		cleanup_free char *name = xasprintf("layer %zu of the image", i + 1);

		ret = unpack_layer(dir, layer, name, to, base, room);
		if (ret)
			break;
	}
	return ret;
}
