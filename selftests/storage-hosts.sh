#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1200
# kernels: newest
# Hosts whose containers are on xfs or btrfs: all layouts, snapshots and clones that share blocks, limits where there are
# project quotas, and what is said where there are none.

. "$(dirname "$0")/storage-lib.sh"

# Templates are on a disk of the test machine's, which is there too.
mkdir "$KTAP_TMP/cache"
mount --bind "$state/template/cache" "$KTAP_TMP/cache"

# on TYPE OPTIONS: all that Cloison keeps is on an empty file system of that type
on() {
	truncate -s 0 "$KTAP_TMP/disk"
	truncate -s 1G "$KTAP_TMP/disk"
	"mkfs.$1" -q "$KTAP_TMP/disk" >/dev/null && mount -o "loop,$2" "$KTAP_TMP/disk" "$state" || return 1
	mkdir -p "$state"/{private,root,template/cache}
	mount --bind "$KTAP_TMP/cache" "$state/template/cache"
}

off() {
	clean
	umount "$state/template/cache" "$state"
}

finally() {
	clean
	[[ $(stat -f -c %T "$state") == ext* ]] || off
	umount "$KTAP_TMP/cache"
	rm -rf "$KTAP_TMP"
}
trap finally EXIT

# host_case TYPE OPTIONS NAME FUNCTION...
host_case() {
	local type=$1 options=$2
	shift 2
	if on "$type" "$options"; then
		run_case "$type: $1" "${@:2}"
		off
	else
		ktap_fail "$type: $1"
	fi
}

used_k() {
	sync -f "$state"
	df -k --output=used "$state" | tail -n 1
}

inside() {
	cloisonctl exec2 900 "$@"
}

lives() {
	local layout
	for layout in dir overlay image; do
		make 900 --layout "$layout" --diskspace 64M 2>/dev/null
		cloisonctl --quiet start 900 --wait
		inside 'echo kept >/file; chown 1000:50 /file; mv /etc /etc.old; mkdir /etc; mv /etc.old/* /etc'
		cloisonctl --quiet stop 900 --fast
		cloisonctl --quiet start 900 --wait
		[[ $(inside 'cat /file; stat -c %u:%g /file') == $'kept\n1000:50' ]]
		if [[ $layout == image ]]; then
			cloisonctl --quiet set 900 --diskspace 80M --save
			cloisonctl compact 900
		fi
		cloisonctl --quiet stop 900 --fast
		[[ $layout != image ]] || cloisonctl --quiet set 900 --diskspace 40M --save
		# to another one and back
		cloisonctl --quiet convert 900 --layout overlay
		cloisonctl --quiet convert 900 --layout "$layout"
		cloisonctl --quiet start 900 --wait
		[[ $(inside 'cat /file; stat -c %u:%g /file') == $'kept\n1000:50' ]]
		cloisonctl --quiet stop 900 --fast
		cloisonctl --quiet destroy 900
		wait_for no_loops
		[[ -z $(find "$state/private" "$state/root" -mindepth 1) ]]
	done
	expect_out 'nothing is left' cloisonctl check --repair
}

# A snapshot, a clone, and a switch need next to no room; of what it may have, the files take more than half.
shares_blocks() {
	local layout used sum
	for layout in dir overlay image; do
		make_running 900 --layout "$layout" --diskspace 128M 2>/dev/null
		inside dd if=/dev/urandom of=/big bs=1M count=80
		sum=$(inside md5sum /big)
		used=$(used_k)
		cloisonctl --quiet snapshot 900 --skip-suspend --name one
		[[ $(used_k) -lt $((used + 10000)) ]]
		inside dd if=/dev/zero of=/big bs=1M count=1 conv=notrunc
		[[ $(inside md5sum /big) != "$sum" ]]
		cloisonctl --quiet clone 900 901 --id one
		[[ $(used_k) -lt $((used + 20000)) ]]
		cloisonctl --quiet start 901 --wait
		[[ $(cloisonctl exec2 901 md5sum /big) == "$sum" ]]
		cloisonctl --quiet stop 901 --fast
		cloisonctl --quiet snapshot-switch 900 --id one
		cloisonctl --quiet start 900 --wait
		[[ $(inside md5sum /big) == "$sum" && $(used_k) -lt $((used + 30000)) ]]
		cloisonctl --quiet stop 900 --fast
		cloisonctl --quiet destroy 901
		cloisonctl --quiet destroy 900
		wait_for no_loops
	done
}

# Images are not copied on write, nor are copies of them; those of before share blocks as well.
nocow() {
	local used image=$state/private/900/image
	make 900 --layout image --diskspace 64M
	cloisonctl --quiet snapshot 900 --name one
	cloisonctl --quiet clone 900 901
	cloisonctl --quiet set 900 --diskspace 40M --save
	lsattr "$image" "$state/private/901/image" "$state"/private/900.snapshots/*/image >"$KTAP_TMP/flags"
	[[ $(wc -l <"$KTAP_TMP/flags") == 3 && $(grep -c '^[^ ]*C' "$KTAP_TMP/flags") == 3 ]]
	cloisonctl --quiet snapshot-switch 900 --id one
	lsattr "$image" | grep '^[^ ]*C'
	cloisonctl --quiet convert 900 --layout dir
	not grep '^[^ ]*C' <<<"$(lsattr -d "$state/private/900/fs/bin")"
	cloisonctl --quiet convert 900 --layout image
	cloisonctl --quiet start 900 --wait
	[[ $(losetup -n -O DIO,BACK-FILE | grep -c "1 $image") == 1 ]]
	inside dd if=/dev/urandom of=/big bs=1M count=30 conv=fsync
	cloisonctl --quiet stop 900 --fast
	wait_for no_loops
	chattr -C "$state/private/900"
	cp "$image" "$image.new"
	mv "$image.new" "$image"
	not grep '^[^ ]*C' <<<"$(lsattr "$image")"
	used=$(used_k)
	cloisonctl --quiet snapshot 900 --name two
	cloisonctl --quiet clone 900 902
	[[ $(used_k) -lt $((used + 10000)) ]]
}

# A full one and an incremental one, of what runs: over it, and as another.
backups() {
	local layout last
	for layout in dir overlay image; do
		make_running 900 --layout "$layout" --diskspace 64M 2>/dev/null
		inside 'echo one >/file; chown 1000:50 /file; mkdir /gone; busybox truncate -s 8M /sparse'
		cloisonctl --quiet backup 900
		inside 'echo two >/file; rmdir /gone'
		cloisonctl --quiet backup 900 --incremental
		cloisonctl backup-list --verify 900
		last=$(cloisonctl backup-list -H 900 | awk 'END { print $1 }')
		cloisonctl --quiet restore-backup "$last" --ctid 901
		cloisonctl --quiet start 901 --wait
		[[ $(cloisonctl exec2 901 'cat /file; stat -c %u:%g /file; ls -d /gone' 2>&1) == $'two\n1000:50\n'*'No such file'* ]]
		[[ $(cloisonctl exec2 901 stat -c %s:%b /sparse) == 8388608:0 ]]
		cloisonctl --quiet stop 901 --fast
		cloisonctl --quiet stop 900 --fast
		cloisonctl --quiet restore-backup "$(cloisonctl backup-list -H 900 | awk 'NR == 1 { print $1 }')"
		cloisonctl --quiet start 900 --wait
		[[ $(inside 'cat /file; ls -d /gone') == $'one\n/gone' ]]
		cloisonctl --quiet stop 900 --fast
		cloisonctl --quiet destroy 901
		cloisonctl --quiet destroy 900
		rm -r "$state/backup/900"
		wait_for no_loops
	done
}

df_k() {
	inside busybox df -k / | awk -v column="$1" 'END { print $column }'
}

listed() {
	cloisonctl list -aH -o "$1" 900 | tr -d ' '
}

is_used_below() {
	sync -f "$state"
	[[ $(listed diskspace) -lt $1 ]]
}

limits() {
	local layout before n
	for layout in dir overlay; do
		make_running 900 --layout "$layout" --diskspace 20M:30M --quotatime 604800 2>"$KTAP_TMP/said"
		not grep enforced "$KTAP_TMP/said"
		before=$(listed diskspace)
		[[ $before -ge 0 && $before -lt 20000 && $(df_k 2) == 20480 ]]
		expect_out 'quota exceeded|No space left' inside dd if=/dev/zero of=/big bs=1M count=60
		[[ $(inside stat -c %s /big) -gt $((15 << 20)) && $(inside stat -c %s /big) -le $((30 << 20)) ]]
		[[ $(listed diskspace) -le 30720 && $(df_k 4) == 0 ]]
		cloisonctl --quiet set 900 --diskspace 50M:50M --save
		[[ $(df_k 2) == 51200 ]]
		inside dd if=/dev/zero of=/more bs=1M count=10
		inside rm /big /more
		wait_for is_used_below $((before + 3000))
		n=$(listed diskinodes)
		cloisonctl --quiet set 900 --diskinodes $((n + 50)):$((n + 50)) --save
		expect_out 'quota exceeded|No space left' inside 'mkdir /many; for i in $(seq 100); do : >/many/$i || exit 1; done'
		[[ $(inside ls /many | wc -l) -le 50 ]]
		# a customer cannot leave his project
		for file in /usr/bin/chattr $(ldd /usr/bin/chattr | grep -o '/[^ ]*'); do
			cloisonctl --quiet set 900 --diskinodes 0:0 --save
			install -D "$file" "$state/root/900/$file"
		done
		inside 'mkdir /d; : >/d/f'
		expect_exit 1 inside chattr -p 0 /d/f
		expect_exit 1 inside chattr -P /d
		cloisonctl --quiet stop 900 --fast
		cloisonctl --quiet destroy 900
	done
}

# Files in an image do not share blocks, or, where others made it, do not become more than it has room for.
shared_inside() {
	local share='head -c 40M /dev/urandom >tmp/big; for i in 1 2 3 4 5 6 7; do cp --reflink=always tmp/big tmp/$i; done'
	make 900 --layout image:xfs --diskspace 300M 2>/dev/null
	expect_out 'failed to clone' as_root 900 "$share"
	cloisonctl --quiet destroy 900
	mkdir "$KTAP_TMP/bin"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nexec %s $(echo "$@" | sed s/reflink=0/reflink=1/)\n' "$(type -P mkfs.xfs)" >"$KTAP_TMP/bin/mkfs.xfs"
	chmod +x "$KTAP_TMP/bin/mkfs.xfs"
	PATH=$KTAP_TMP/bin:$PATH make 900 --layout image:xfs --diskspace 300M 2>/dev/null
	as_root 900 "$share"
	expect_exit 155 cloisonctl convert 900 --layout dir
	[[ -e $state/private/900/image && ! -e $state/private/900.converting ]]
	as_root 900 'rm tmp/[1-5]'
	cloisonctl --quiet convert 900 --layout dir
	cloisonctl --quiet mount 900
	[[ $(stat -c %s "$state/root/900/tmp/7") == $((40 << 20)) && $(listed diskspace) -gt 120000 ]]
}

# A customer makes none, for copies would not have what is in it, and not all of it could be removed.
no_subvolumes() {
	local file layout
	for layout in dir overlay; do
		make_running 900 --layout "$layout" 2>/dev/null
		for file in /usr/bin/btrfs $(ldd /usr/bin/btrfs | grep -o '/[^ ]*'); do
			install -D "$file" "$state/root/900/$file"
		done
		expect_out 'Inappropriate ioctl' inside btrfs subvolume create /sub
		expect_exit 1 inside btrfs subvolume create /sub
		expect_exit 1 inside btrfs subvolume snapshot / /snapshot
		inside 'mkdir /sub && echo kept >/sub/file'
		cloisonctl --quiet clone 900 901
		cloisonctl --quiet mount 901
		[[ $(<"$state/root/901/sub/file") == kept ]]
		cloisonctl --quiet umount 901
		cloisonctl --quiet stop 900 --fast
		cloisonctl --quiet destroy 900
		cloisonctl --quiet destroy 901
		[[ -z $(find "$state/private" -mindepth 1) ]]
	done
}

# not_limited REGEX: said, recorded; all else works.
not_limited() {
	make 900 --diskspace 20M 2>"$KTAP_TMP/said"
	grep -E "not enforced: $1" "$KTAP_TMP/said"
	expect_out "^hint .*container 900: disk limits are not enforced: $1" cloisonctl check containers
	cloisonctl --quiet start 900 --wait
	inside dd if=/dev/zero of=/big bs=1M count=30
	[[ $(listed diskspace) == - ]]
	cloisonctl --quiet stop 900 --fast
}

ktap_plan 12
host_case xfs prjquota "lives" lives
host_case xfs prjquota "blocks are shared" shares_blocks
host_case xfs prjquota "backups" backups
host_case xfs prjquota "limits" limits
host_case xfs noquota "no limits" not_limited 'its file system is mounted without prjquota'
host_case xfs prjquota "files in an image that share blocks" shared_inside
host_case btrfs compress=no "lives" lives
host_case btrfs compress=no "blocks are shared" shares_blocks
host_case btrfs compress=no "backups" backups
host_case btrfs compress=no "images" nocow
host_case btrfs compress=no "no subvolumes" no_subvolumes
host_case btrfs compress=no "no limits" not_limited 'its file system has no project quotas'
ktap_finish
