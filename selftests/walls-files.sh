#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Walls: ways out of the root.

. "$(dirname "$0")/walls-lib.sh"

open_by_handle() {
	works shocker / etc/cloison-marker
	refused shocker / etc/cloison-marker
	refused syscall open_by_handle_at
}

chroot_twice() {
	mkdir "$KTAP_TMP/jail"
	cp "$escape" "$KTAP_TMP/jail/escape"
	chroot "$KTAP_TMP/jail" /escape chroot "$marker"
	refused chroot "$marker"
}

under_the_root() {
	refused under-root "$marker"
	in900 true
}

propagation() {
	in900 '/escape propagate /tmp/shared /tmp/shared/file'
	not grep -q walls /proc/self/mountinfo
	not grep -q walls "/proc/$(init_of 901)/mountinfo"
	[[ ! -e $state/root/900/tmp/shared/file ]]
	in900 'for i in 1 2 3 4; do umount /tmp/shared; done'
}

# The host sees the files at VE_ROOT: without set-user-ID and devices, closed to all but root.
seen_by_host() {
	in900 'cp /escape /tmp/su && chmod 6755 /tmp/su'
	findmnt -no OPTIONS "$state/root/900" | grep -q nosuid,nodev
	[[ $(stat -c %a:%u "$state/private/900") == 700:0 ]]
	not setpriv --reuid 1000 --regid 1000 --clear-groups ls "$state/root/900"
	not setpriv --reuid 1000 --regid 1000 --clear-groups ls "$state/private/900/fs"
	rm "$state/private/900/fs/tmp/su"
}

# Of its own files it may be told, of the file system that they are on not.
events() {
	works fanotify /
	refused fanotify /
}

# Backups and migrations, which open all its files, do not wait for it.
leases() {
	works lease "$KTAP_TMP/leased"
	refused lease /tmp/leased
}

# What a mount script mounts read-only stays so, also where the files are the container's own, and below that.
read_only_mounts() {
	local data=$KTAP_TMP/data base
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc/conf/900.conf")
	mkdir -p "$data/below" "$state/private/900/fs/srv/ro" "$state/private/900/fs/srv/with blank"
	touch "$data/f" && chown -R "$base:$base" "$data" "$state/private/900/fs/srv"
	printf '%s\n' '#!/bin/sh' "mount --bind -o ro $data \$VE_ROOT/srv/ro && mount -t tmpfs -o ro,nosuid,noexec t \$VE_ROOT/srv/ro/below &&" \
		"mount --bind $data '\$VE_ROOT/srv/with blank'" | sed "s/'\(.*\)'\$/\"\1\"/" >"$etc/conf/900.mount"
	chmod 755 "$etc/conf/900.mount"
	cloisonctl --quiet restart 900 --fast --wait
	in900 'touch "/srv/with blank/f" && cd /srv && mkdir -p own again /mnt && mount --bind own own && mount -o remount,bind,ro own &&
		not() { "$@" && echo "worked: $*" >&2 && exit 1; true; }
		not touch own/f && mount -o remount,bind,rw own && touch own/f &&
		mount -o rbind ro again && mount -o rbind /srv /mnt &&
		for m in ro ro/below again /mnt/ro /mnt/ro/below; do
			not mount -o remount,bind,rw $m && not touch $m/f || exit 1
		done && not mount -o remount,bind,ro,exec ro/below && not mount -o remount,bind,ro,suid ro/below &&
		not umount ro/below && grep -q " /srv/ro/below tmpfs ro,nosuid,nodev,noexec" /proc/mounts &&
		grep " /srv/with" /proc/mounts | grep -q nodev'
	rm "$etc/conf/900.mount"
	cloisonctl --quiet restart 900 --fast --wait
}

guest 900
guest 901
ktap_plan 8
wall "open_by_handle_at" open_by_handle
wall "leaving a chroot" chroot_twice
wall "what is under the root" under_the_root
wall "mounts do not propagate" propagation
wall "what the host sees of the files" seen_by_host
wall "what scripts mount read-only" read_only_mounts
wall "events of the whole file system" events
wall "leases" leases
ktap_finish
