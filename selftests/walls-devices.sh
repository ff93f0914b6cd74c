#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Walls: devices, and file systems that come from them.

. "$(dirname "$0")/walls-lib.sh"

disk=$(($(stat -c 0x%t /dev/vda))):$(($(stat -c 0x%T /dev/vda)))

make_nodes() {
	local node
	works mknod b "${disk%:*}" "${disk#*:}"
	for node in "b ${disk/:/ }" "b 7 0" "b 8 0" "c 1 1" "c 1 2" "c 1 4" "c 1 11" "c 10 229" "c 10 237" "c 10 200"; do
		echo "mknod $node"
	done | refused_each
	# also where a new file system would allow it
	in900 'mkdir -p /tmp/t && mount -t tmpfs -o dev t /tmp/t && mount -o bind /tmp/t /tmp'
	refused mknod "b ${disk/:/ }"
	in900 'umount /tmp; umount /tmp/t'
}

# A node that found its way in, from a backup say, is refused by the filter on the cgroup, even when its mount is not.
open_nodes() {
	local fs=$state/private/900/fs
	mknod -m 666 "$fs/disk" b "${disk%:*}" "${disk#*:}"
	mknod -m 666 "$fs/mem" c 1 1
	mknod -m 666 "$fs/kmsg" c 1 11
	mknod -m 666 "$fs/nvram" c 10 144
	works open "$fs/disk"
	works open "$fs/kmsg"
	printf 'open %s\n' /disk /mem /kmsg | refused_each
	in900 'mount -o remount,bind,dev /'
	[[ $(in900 'awk "\$2 == \"/\" { print \$4 }" /proc/mounts') != *nodev* ]]
	printf 'open %s\n' /disk /mem /kmsg /nvram | refused_each
	refused open-write /disk
	in900 'mount -o remount,bind,nodev /'
	rm "$fs"/{disk,mem,kmsg,nvram}
}

# All that a kernel may have: only those that it trusts with a user namespace are mounted.
file_systems() {
	local fs=$state/private/900/fs
	truncate -s 8M "$fs/image"
	mkfs.ext4 -q "$fs/image"
	mkdir -p /mnt
	works mount ext4 "$(losetup --show -f "$fs/image")"
	umount /tmp
	losetup -D
	in900 'for type in ext4 ext3 ext2 xfs btrfs vfat exfat iso9660 udf squashfs erofs f2fs ntfs3 hfsplus minix jfs \
			nfs nfs4 cifs 9p virtiofs ceph debugfs tracefs securityfs configfs pstore efivarfs hugetlbfs \
			devtmpfs autofs binder nullfs selinuxfs; do
		/escape mount $type /image >/tmp/said 2>&1
		echo "$type $?"
	done' >"$KTAP_TMP/types"
	cat "$KTAP_TMP/types"
	[[ $(wc -l <"$KTAP_TMP/types") -ge 30 ]]
	not grep -vE ' (1|3)$' "$KTAP_TMP/types"
	# of those that are there at all there are some
	grep -q '^ext4 1$' "$KTAP_TMP/types"
	modprobe cloison_view
	refused keep cloisonview sysinfo
	refused mount cloisonview none
	rm "$fs/image"
}

loop_devices() {
	not in900 'ls /dev/loop-control'
	in900 'dd if=/dev/zero of=/image bs=1M count=1 2>/dev/null'
	not in900 'mount -o loop /image /mnt'
	refused mknod b 7 0
	refused mknod c 10 237
	rm "$state/private/900/fs/image"
}

# The file system that the container's files are on is the host's.
own_file_system() {
	refused remount /
	refused fsctl /
	touch "$state/private/900/touched"
	rm "$state/private/900/touched"
}

memory() {
	in900 'mkdir -p /tmp/proc && mount -t proc p /tmp/proc'
	works open /proc/kcore
	works open /dev/mem
	refused_each <<-EOF
		open /tmp/proc/kcore
		open /tmp/proc/kmsg
		open /tmp/proc/kpagecount
		open /tmp/proc/vmallocinfo
		open-write /tmp/proc/sysrq-trigger
		write /tmp/proc/sysrq-trigger s
	EOF
	in900 'umount /tmp/proc'
}

swap_and_quota() {
	in900 'dd if=/dev/zero of=/swap bs=1M count=1 2>/dev/null && mkswap /swap' >/dev/null
	not in900 'swapon /swap'
	printf 'syscall %s\n' swapon quotactl acct | refused_each
	rm "$state/private/900/fs/swap"
}

# The nodes of /dev are the host's own inodes.
shared_nodes() {
	in900 'for n in null zero full random urandom tty; do chmod 777 /dev/$n && echo $n; chown 1 /dev/$n && echo $n; done; true' >"$KTAP_TMP/changed"
	[[ ! -s $KTAP_TMP/changed ]]
	in900 'umount -l /dev/null && rm /dev/null && echo mine >/dev/null'
	[[ $(cat /dev/null) == "" && -c /dev/null ]]
	cloisonctl --quiet restart 900 --fast --wait
	in900 'test -c /dev/null'
}

# A node that the operator takes away is gone, whatever stands in the way of another one.
taken_away() {
	cloisonctl --quiet set 900 --devnodes kmsg:r --devnodes net/tun:rw --save
	in900 '/escape open /dev/net/tun'
	in900 'umount /dev/kmsg && rm /dev/kmsg && ln -s kmsg /dev/kmsg'
	cloisonctl --quiet set 900 --devnodes net/tun:none --save 2>"$KTAP_TMP/said"
	grep 'Cannot mount /dev/kmsg in the container' "$KTAP_TMP/said"
	in900 'test -c /dev/net/tun'
	refused open /dev/net/tun
	cloisonctl --quiet set 900 --devnodes kmsg:none --save
}

guest 900
ktap_plan 9
wall "no device node can be made" make_nodes
wall "nor opened where there is one" open_nodes
wall "no file system but those made for user namespaces" file_systems
wall "no loop devices" loop_devices
wall "the file system below the root is not its own" own_file_system
wall "memory of the kernel and of the machine" memory
wall "swap, quota, accounting" swap_and_quota
wall "the nodes in /dev cannot be changed for others" shared_nodes
wall "a node that is taken away" taken_away
ktap_finish
