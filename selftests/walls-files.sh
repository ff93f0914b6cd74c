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

guest 900
guest 901
ktap_plan 6
wall "open_by_handle_at" open_by_handle
wall "leaving a chroot" chroot_twice
wall "what is under the root" under_the_root
wall "mounts do not propagate" propagation
wall "what the host sees of the files" seen_by_host
wall "events of the whole file system" events
ktap_finish
