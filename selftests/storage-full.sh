#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# about: tool
# The host's disk is full: what was begun is undone, the container is as it was and runs on, and nobody's files are lost.

. "$(dirname "$0")/storage-lib.sh"

host=$KTAP_TMP/host
mkdir "$host"
truncate -s 300M "$KTAP_TMP/disk"
mkfs.ext4 -q -m 0 -O quota,project -E quotatype=prjquota "$KTAP_TMP/disk"
mount -o loop,prjquota "$KTAP_TMP/disk" "$host"
trap 'clean; umount "$host"; rm -rf "$KTAP_TMP"' EXIT

inside() {
	cloisonctl exec2 900 "$@"
}

# fill_but KIB: leaves so much of the host's disk.
fill_but() {
	sync -f "$host"
	fallocate -l "$(($(stat -fc %a "$host") * $(stat -fc %S "$host") - ($1 << 10)))" "$host/fill"
}

# A full host disk: create leaves nothing.
full_disk() {
	local layout
	fill_but 600
	for layout in dir image; do
		expect_exit 46 cloisonctl create 900 --ostemplate busybox --layout "$layout" --private "$host/900" --diskspace 64M
		[[ -z $(find "$host" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name fill) && ! -e $etc/conf/900.conf ]]
	done
	# nor within its limit
	rm "$host/fill"
	expect_exit 46 cloisonctl create 900 --ostemplate busybox --private "$host/900" --diskspace 300K
	expect_exit 46 cloisonctl create 900 --ostemplate debian-13 --layout image --private "$host/900" --diskspace 32M
	[[ -z $(find "$host" -mindepth 1 -maxdepth 1 ! -name lost+found) && ! -e $etc/conf/900.conf ]]
}

# What an image has promised and the host has not.
overcommitted() {
	make 900 --layout image --private "$host/900" --diskspace 64M
	make 902 --layout image --private "$host/902" --diskspace 64M
	not grep 'images may still grow' <<<"$(cloisonctl check containers)"
	cloisonctl --quiet set 900 --diskspace 250M --save
	expect_out "^hint .*images may still grow by 3[01][0-9]M, and the file system of $host/90[02] has 2[0-9]*M" cloisonctl check containers
	cloisonctl --quiet set 900 --diskspace 400M --save
	make 901 --private "$host/901"
	head -c 1M /dev/urandom >"$host/901/fs/theirs"
	cp "$host/901/fs/theirs" "$KTAP_TMP/theirs"
	cloisonctl --quiet start 900 --wait
	inside 'echo kept >/kept; sync'
	fill_but 20480
	not inside dd if=/dev/zero of=/big bs=1M count=60 conv=fsync
	[[ $(inside cat /kept) == kept ]]
	cloisonctl --quiet stop 900 --fast
	rm "$host/fill"
	cloisonctl --quiet start 900 --wait
	inside 'rm -f /big; dd if=/dev/zero of=/big bs=1M count=60 conv=fsync'
	[[ $(inside cat /kept) == kept ]]
	cloisonctl --quiet stop 900 --fast
	wait_for no_loops "$host/900"
	e2fsck -fn "$host/900/image"
	cmp "$host/901/fs/theirs" "$KTAP_TMP/theirs"
}

# What there is on the host's disk, by names, and what the container is.
as_it_is() {
	find "$host" -maxdepth 3 ! -path "$host/*/fs/*" ! -path "$host/*/overlay/*" | sort
	status 900
	cloisonctl snapshot-list 900 -H -o name
	cat "$etc/conf/900.conf"
}

# in_vain STATUS COMMAND...: for want of space, and all is as it was
in_vain() {
	expect_exit "$@"
	as_it_is | diff "$KTAP_TMP/before" -
	[[ ! -e /run/cloison/still/900 ]]
	if is_running 900; then
		[[ $(cgroup_file 900 cgroup.freeze) == 0 && $(inside md5sum /big) == "$sum" ]]
		inside 'echo on >>/written'
	fi
}

verbs() {
	local sum
	make_running 900 --layout "$1" --private "$host/900" --diskspace 96M
	inside 'dd if=/dev/urandom of=/big bs=1M count=24; echo on >/written; sync'
	sum=$(inside md5sum /big)
	cloisonctl --quiet snapshot 900 --skip-suspend --name before
	mkdir "$host/backups"
	fill_but 8192
	as_it_is >"$KTAP_TMP/before"
	in_vain 156 cloisonctl snapshot 900 --skip-suspend --name second
	# with memory, where there are checkpoints
	[[ $(uname -r) == 6.1.* ]] || in_vain 156 cloisonctl snapshot 900 --name second
	in_vain 159 cloisonctl snapshot-switch 900 --id before
	in_vain 48 cloisonctl clone 900 901 --private "$host/901"
	[[ ! -e $etc/conf/901.conf && $(status 901) == *deleted* ]]
	in_vain 46 cloisonctl backup 900 --to "$host/backups"
	cloisonctl --quiet stop 900 --fast
	as_it_is >"$KTAP_TMP/before"
	case $1 in
	dir) in_vain 155 cloisonctl convert 900 --layout overlay ;;
	overlay) in_vain 46 cloisonctl convert 900 --layout image ;;
	image)
		in_vain 155 cloisonctl convert 900 --layout dir
		wait_for no_loops "$host/900"
		in_vain 154 cloisonctl set 900 --diskspace 64M --save
		;;
	esac
	expect_out 'nothing is left' cloisonctl check --repair
	rm "$host/fill"
	cloisonctl --quiet start 900 --wait
	[[ $(inside md5sum /big) == "$sum" && $(inside 'wc -l </written') -ge 4 ]]
	cloisonctl --quiet snapshot-switch 900 --id before
	cloisonctl --quiet start 900 --wait
	[[ $(inside md5sum /big) == "$sum" && $(inside cat /written) == on ]]
}

# full_case NAME FUNCTION...: begins with an empty disk
full_case() {
	run_case "$@"
	rm -rf "${host:?}"/{fill,backups,9*}
}

ktap_plan 5
full_case "create" full_disk
full_case "under an image" overcommitted
for layout in dir overlay image; do
	full_case "$layout: verbs" verbs "$layout"
done
ktap_finish
