#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: newest 6.12
# A container with views goes through dump and restore: they are there again, and are still its own. (A dump may end a sleep.)

. "$(dirname "$0")/criu/lib.sh"

view_unload() {
	! mountpoint -q /sys/fs/cloison || umount /sys/fs/cloison
	[[ ! -e /sys/module/cloison_view ]] || rmmod cloison_view
}

trap 'clean >/dev/null 2>&1; wait_for view_unload; rm -rf "$tmp"' EXIT

starts() {
	modprobe cloison_view
	start busybox
	cloisonctl set $ct --ram 64M
	# one that has it open
	inside 'exec 3</proc/meminfo; read -r line <&3; (while read -r line; do echo "$line"; done; while :; do sleep 9999; done) <&3 >/tmp/lines &'
	wait_for grep FileHugePages "$fs/tmp/lines"
	seen
}

seen() {
	[[ $(inside 'head -n 1 /proc/meminfo') == *" 65536 kB" ]]
	[[ $(inside 'grep -c cloisonview /proc/mounts') -ge 10 ]]
	inside 'cut -d . -f 1 /proc/uptime' >"$tmp/uptime"
}

goes_on() {
	local before
	before=$(<"$tmp/uptime")
	register
	seen
	[[ $(<"$tmp/uptime") -ge $before ]]
	inside 'pidof sleep'
}

ktap_plan 5
check "start" starts
check "dump" dump
check "restore" restore
check "still its own" goes_on
check "nothing is left" ends
ktap_finish
