// SPDX-License-Identifier: GPL-2.0-only
/* A file system on a partition or logical volume that the container has for itself. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block.h"
#include "device.h"
#include "error.h"
#include "fs.h"
#include "global.h"
#include "layout.h"
#include "snapshot.h"
#include "users.h"
#include "util.h"

/*
 * At the end of a device RAIDs, ZFS and tables of partitions have their marks: a container that
 * could write there could have the host take its files for one.
 */
#define END_UNUSED	(1ULL << 20)

static const char *device_of(const struct conf *record)
{
	return conf_get(record, "DEVICE") ?: "";
}

static bool is_its(const struct conf *record, const struct device_id *id)
{
	const char *uuid = conf_get(record, "UUID");

	return uuid && *uuid && strcmp(uuid, id->uuid) == 0;
}

static int read_record(const char *path, struct conf **record)
{
	int ret = conf_load(path, record);

	return ret == EXIT_NO_CONF ? fail_errno(EXIT_MOUNT_IMAGE, "Cannot read %s", path) : ret;
}

static bool same_device(const char *path, int fd)
{
	struct stat a, b;

	return stat(path, &a) == 0 && S_ISBLK(a.st_mode) && fstat(fd, &b) == 0 &&
	       a.st_rdev == b.st_rdev;
}

/*
 * Whatever is asked for, another container's files are not overwritten: neither those that its
 * record names, nor what its configuration does, for the record may not be mounted now.
 */
static int check_others(uint32_t self, const char *device, int fd, const struct device_id *id)
{
	cleanup_free uint32_t *ids = NULL;
	size_t count;
	int ret = container_ids_configured(&ids, &count);

	for (size_t i = 0; !ret && i < count; i++) {
		cleanup_container struct container other = CONTAINER_INIT;
		cleanup_conf struct conf *record = NULL;

		if (container_open_id(&other, ids[i], NEED_NOTHING)) {
			error_clear();
			continue;
		}
		if (other.layout != &layout_block || read_record(other.fs, &record)) {
			error_clear();
			if (ids[i] != self && other.conf &&
			    same_device(conf_get(other.conf, "VE_DEVICE") ?: "", fd))
				ret = fail(EXIT_DEVICES, "%s is the device of container %u",
					   device, ids[i]);
			continue;
		}
		if (is_its(record, id))
			ret = fail(EXIT_DEVICES, "%s has the files of container %u", device,
				   ids[i]);
		else if (same_device(device_of(record), fd))
			ret = fail(EXIT_DEVICES, "%s is where container %u looks for its files: "
				   "cloisonctl set %u --device says where they are now", device,
				   ids[i], ids[i]);
	}
	return ret;
}

static int check_device(uint32_t self, const char *device, int fd)
{
	struct device_id id;
	int ret;

	if (!device_identify(fd, &id))
		return fail_errno(EXIT_DEVICES, "Cannot read %s", device);
	ret = check_others(self, device, fd, &id);
	if (ret)
		return ret;
	ret = device_divided(fd);
	if (ret < 0)
		return fail_errno(EXIT_DEVICES, "Cannot find out in /sys whether %s has partitions",
				  device);
	if (ret)
		return fail(EXIT_DEVICES, "%s has partitions: give one of them", device);
	if (*id.type && !global.overwrite_device)
		return fail(EXIT_DEVICES, "%s is not empty, there is %s on it: --force overwrites "
			    "it", device, id.type);
	return 0;
}

static uint64_t room_on(int fd)
{
	uint64_t has = device_size(fd);

	return has < END_UNUSED ? 0 : (has - END_UNUSED) / FS_BLOCK * FS_BLOCK;
}

/* As large as DISKSPACE says, or the device; who says all of the device means what can be used. */
static int choose_size(const char *device, int fd, const struct disk_limits *limits,
		       uint64_t *size)
{
	uint64_t has = device_size(fd), room = room_on(fd);
	int ret = fs_size_wanted(&fs_ext4, limits, size);

	if (ret)
		return ret;
	if (!room)
		return fail(EXIT_NO_SPACE, "%s has no room for a file system", device);
	if (*size > has)
		return fail(EXIT_NO_SPACE, "DISKSPACE is %lluM, and %s has %lluM (lvextend makes a "
			    "logical volume larger)", (unsigned long long)*size >> 20, device,
			    (unsigned long long)has >> 20);
	if (!*size || *size > room)
		*size = room;
	return 0;
}

/* Nothing is overwritten for what cannot fit in any case: unpacked it is larger. */
static int check_room(const char *device, uint64_t size, const char *archive)
{
	struct stat st;

	if (!archive || stat(archive, &st) || size > (uint64_t)st.st_size)
		return 0;
	return fail(EXIT_NO_SPACE, "%s is too small for this template: it has %lluM", device,
		    (unsigned long long)size >> 20);
}

static struct conf *new_record(const char *device)
{
	char uuid[SNAPSHOT_UUID_SIZE];
	struct conf *record = conf_new();

	snapshot_new_uuid(uuid);
	uuid[strlen(uuid) - 1] = '\0';
	conf_set(record, "DEVICE", device);
	conf_set(record, "UUID", uuid + 1);
	return record;
}

/* -1 and an error if the container's files are not on @device. */
static int open_its(const struct conf *record, const char *device)
{
	cleanup_close int fd = device_open(device);
	struct device_id id;

	if (fd < 0)
		return -1;
	if (device_identify(fd, &id) && is_its(record, &id))
		return take_fd(&fd);
	fail(EXIT_DEVICES, "%s has not the container's file system, UUID %s: if that is elsewhere "
	     "now (blkid), say where with set --device", device, conf_get(record, "UUID") ?: "");
	return -1;
}

/* Mounted is what is open, whatever became of its name: the device with the UUID. */
static int mount_record(const struct conf *record, uint32_t base)
{
	const char *device = device_of(record);
	cleanup_close int fd = open_its(record, device);
	cleanup_close int mnt = -1;
	struct stat st, at;

	if (fd < 0)
		return -1;
	mnt = fs_mount(device, device, false, base);
	if (mnt < 0)
		return -1;
	if (fstat(fd, &st) || fstat(mnt, &at) || at.st_dev != st.st_rdev) {
		fail(EXIT_MOUNT_IMAGE, "%s has become another device", device);
		return -1;
	}
	return take_fd(&mnt);
}

/*
 * First what says whose it is: whatever cuts this off, it can be undone. Made is it on what is
 * open and was looked at, whatever its name has become.
 */
static int make(const struct container *ct, int fd, const char *path, const struct conf *record,
		const struct fs_wish *wish)
{
	cleanup_free char *held = xasprintf("/proc/%d/fd/%d", (int)getpid(), fd);
	struct device_id id;
	int ret = conf_save(record, path);

	/* what else is on it, at its end maybe, would be taken for more than ours */
	if (!ret && global.overwrite_device && device_identify(fd, &id) && *id.type &&
	    device_wipe(fd))
		ret = fail_errno(EXIT_DEVICES, "Cannot wipe %s", device_of(record));
	return ret ? ret : wish->type->make(ct, held, wish);
}

static int make_on(const struct container *ct, const char *device, int fd, const char *path,
		   const char *archive)
{
	cleanup_conf struct conf *record = new_record(device);
	struct fs_wish wish = { .type = &fs_ext4, .uuid = conf_get(record, "UUID") };
	struct disk_limits limits;
	int ret = disk_limits_read(ct->conf, &limits);

	if (!ret)
		ret = choose_size(device, fd, &limits, &wish.size);
	if (!ret)
		ret = check_room(device, wish.size, archive);
	if (ret)
		return ret;
	wish.inodes = limits.inodes_hard;
	wish.users = limits.users;
	return make(ct, fd, path, record, &wish);
}

static int fill(const char *path, const char *archive, uint32_t base)
{
	cleanup_conf struct conf *record = NULL;
	cleanup_close int mnt = -1;
	int ret = read_record(path, &record);

	if (ret)
		return ret;
	mnt = mount_record(record, base);
	return mnt < 0 ? EXIT_MOUNT_IMAGE : fs_unpack(mnt, device_of(record), archive, base);
}

static int block_create(const struct container *ct, const char *dir, const char *archive)
{
	const char *given = conf_get(ct->conf, "VE_DEVICE");
	cleanup_free char *device = xstrdup(given ? given : "");
	cleanup_free char *path = xasprintf("%s/block", dir);
	cleanup_close int fd = -1;
	uint32_t base;
	int ret = container_ids(ct, &base);

	if (!ret && !*device)
		ret = fail(EXIT_BAD_OPTION, "A container of the layout block has a device: say "
			   "which with --device");
	if (!ret)
		ret = device_take(device, &fd);
	if (!ret)
		ret = check_device(ct->id, device, fd);
	if (!ret)
		ret = make_on(ct, device, fd, path, archive);
	return ret || !archive ? ret : fill(path, archive, base);
}

static int block_mount(const struct container *ct)
{
	cleanup_conf struct conf *record = NULL;
	uint32_t base;

	if (container_ids(ct, &base) || read_record(ct->fs, &record))
		return -1;
	return mount_record(record, base);
}

static int block_resize(const struct container *ct)
{
	cleanup_conf struct conf *record = NULL;
	cleanup_close int fd = -1, root = -1;
	struct disk_limits limits;
	uint64_t size, has;
	int ret = disk_limits_read(ct->conf, &limits);

	if (!ret)
		ret = read_record(ct->fs, &record);
	if (ret)
		return ret;
	fd = open_its(record, device_of(record));
	if (fd < 0)
		return EXIT_RESIZE_IMAGE;
	ret = users_limit(ct, fd, limits.users);
	if (ret)
		return ret;
	ret = choose_size(device_of(record), fd, &limits, &size);
	if (ret)
		return fail_wrap(EXIT_RESIZE_IMAGE, "Cannot resize the file system");
	root = fs_open(ct);
	if (root < 0)
		return EXIT_RESIZE_IMAGE;
	has = ext4_size(fd);
	/* resize2fs does that, for who calls it himself */
	if (has > room_on(fd))
		warn("The file system on %s reaches the end of it, where a container can write "
		     "what looks like a RAID's: cloisonctl convert %u --device takes it to another",
		     device_of(record), ct->id);
	if (size < has && size < room_on(fd))
		return fail(EXIT_RESIZE_IMAGE, "What is on a device cannot be made smaller, here "
			    "from %lluM to %lluM: cloisonctl convert %u --device takes it to another",
			    (unsigned long long)has >> 20, (unsigned long long)size >> 20, ct->id);
	return size > has && fs_grow(root, size) ?
	       fail_errno(EXIT_RESIZE_IMAGE, "Cannot extend the file system on %s",
			  device_of(record)) : 0;
}

static const char *block_unenforced(const struct container *ct)
{
	(void)ct;
	return NULL;
}

static bool block_own_fs(const struct container *ct, dev_t dev)
{
	cleanup_conf struct conf *record = NULL;
	struct stat st;

	if (read_record(ct->fs, &record)) {
		error_clear();
		return false;
	}
	return stat(device_of(record), &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == dev;
}

/* One that is not there, or has another's files by now, is nothing to wait for. */
static void block_discard(const char *dir)
{
	cleanup_free char *path = xasprintf("%s/block", dir);
	cleanup_conf struct conf *record = NULL;
	cleanup_close int fd = -1;
	struct device_id id;

	if (read_record(path, &record) || device_take(device_of(record), &fd)) {
		warn("%s; its files stay on the device", error_text());
		error_clear();
		return;
	}
	if (!device_identify(fd, &id) || !is_its(record, &id)) {
		detail("%s has not the container's files (any more)", device_of(record));
		return;
	}
	if (device_wipe(fd))
		warn("Cannot wipe %s: wipefs -a %s", device_of(record), device_of(record));
	else
		say("%s was wiped, and is free", device_of(record));
}

int block_rename(const struct container *ct, const char *device)
{
	cleanup_conf struct conf *record = NULL;
	cleanup_close int fd = -1;
	int ret;

	if (ct->layout != &layout_block)
		return fail(EXIT_BAD_VALUE, "Container %u has no device: cloisonctl convert %u "
			    "--layout block --device takes its files to one", ct->id, ct->id);
	ret = read_record(ct->fs, &record);
	if (ret)
		return ret;
	fd = open_its(record, device);
	if (fd < 0)
		return EXIT_DEVICES;
	conf_set(record, "DEVICE", device);
	return conf_save(record, ct->fs);
}

const struct layout layout_block = {
	.name = "block", .files = "block",
	.create = block_create, .mount = block_mount, .resize = block_resize,
	.usage = fs_usage, .unenforced = block_unenforced, .own_fs = block_own_fs,
	.discard = block_discard,
};
