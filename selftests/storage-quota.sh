#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Disk limits of directories and overlays: project quotas of the file system below.

. "$(dirname "$0")/cli-lib.sh"

# Blocks that ext4 needs for a file's own tables are not refused, KiB.
tables=128
host=$KTAP_TMP/host
mkdir "$host"

# host_disk OPTION...: the file system of private areas, mounted with these options.
host_disk() {
	[[ -e $KTAP_TMP/disk ]] || {
		truncate -s 300M "$KTAP_TMP/disk"
		mkfs.ext4 -q -m 0 -O quota,project -E quotatype=prjquota "$KTAP_TMP/disk"
	}
	! mountpoint -q "$host" || umount "$host"
	mount -o "loop,$1" "$KTAP_TMP/disk" "$host"
}
trap 'clean; umount "$host"; rm -rf "$KTAP_TMP"' EXIT

# make_limited LAYOUT OPTION...: running
make_limited() {
	make_running 900 --layout "$1" --private "$host/900" "${@:2}"
}

inside() {
	cloisonctl exec2 900 "$@"
}

# df_k COLUMN: as the container sees it
df_k() {
	inside busybox df -k / | awk -v column="$1" 'END { print $column }'
}

listed() {
	cloisonctl list -aH -o "$1" 900
}

used_k() {
	listed diskspace | tr -d ' '
}

is_used_below() {
	sync
	[[ $(used_k) -lt $1 ]]
}

space() {
	local before
	make_limited "$1" --diskspace 20M:30M --diskinodes 2000:3000 --quotatime 604800
	[[ $(listed diskspace.s,diskspace.h,diskinodes.h | tr -s ' ' | sed 's/^ //') == "20480 30720 3000" ]]
	before=$(used_k)
	[[ $before -ge 0 && $before -lt 20000 ]]
	[[ $(df_k 2) == 20480 ]]
	# what it was is not what it has
	cloisonctl --quiet snapshot 900 --skip-suspend --name small
	[[ $(used_k) -lt $((before + 2000)) ]]
	# beyond the soft limit, not beyond the hard one; root of the container is no exception
	expect_out 'quota exceeded|No space left' inside dd if=/dev/zero of=/big bs=1M count=60
	[[ $(inside stat -c %s /big) -gt $((15 << 20)) && $(inside stat -c %s /big) -le $((30 << 20)) ]]
	[[ $(used_k) -gt 20480 && $(used_k) -le $((30720 + tables)) ]]
	[[ $(df_k 4) == 0 ]]
	[[ $(cloisonctl list -aj -o diskspace 900 | tr -d ' \n') == *'"usage":'[0-9]* ]]
	[[ $(cloisonctl stat --json 900 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["disk"]["limit_bytes"])') == 31457280 ]]
	# larger, while it runs, and not for good without --save
	cloisonctl --quiet set 900 --diskspace 50M:50M 2>/dev/null
	[[ $(df_k 2) == 51200 ]]
	inside dd if=/dev/zero of=/more bs=1M count=10
	cloisonctl --quiet set 900 --diskspace 60M:60M --save
	inside rm /big /more
	wait_for is_used_below $((before + 2000))
	inside dd if=/dev/zero of=/more bs=1M count=10
	# a switch for which there is no room changes nothing
	head -c 1G /dev/zero >"$host/fill" 2>/dev/null || true
	not cloisonctl --quiet snapshot-switch 900 --id small --skip-config
	rm "$host/fill"
	[[ $(status 900) == *running* && $(df_k 2) == 61440 ]]
	cloisonctl --quiet snapshot-switch 900 --id small --skip-config
	wait_for is_used_below $((before + 2000))
	[[ $(used_k) -ge $((before / 2)) ]]
	cloisonctl --quiet start 900 --wait
	[[ $(df_k 2) == 61440 ]]
	# nor are there limits for ever: the next one with that number has none, whatever this one became
	cloisonctl --quiet stop 900 --fast
	[[ $1 != dir ]] || cloisonctl --quiet convert 900 --layout image
	cloisonctl --quiet destroy 900
	mkdir "$host/next"
	chattr -p $((0x80000000 | 900)) +P "$host/next"
	[[ $(df -k --output=size "$host/next" | tail -n 1) -gt 200000 ]]
	rmdir "$host/next"
	make_limited "$1"
	[[ $(df_k 2) -gt 200000 ]]
}

# What runs on has the limits it had though a switch was killed, and so was the next one.
switches_killed() {
	local staging=$host/900.converting switch=(cloisonctl --quiet snapshot-switch 900 --id one --skip-config)
	make_limited dir --diskspace 60M:60M
	cloisonctl --quiet snapshot 900 --skip-suspend --name one
	mkdir "$KTAP_TMP/bin"
	printf '#!/bin/sh\nkill -9 $PPID\n' >"$KTAP_TMP/bin/cp"
	chmod +x "$KTAP_TMP/bin/cp"
	expect_exit 137 env PATH="$KTAP_TMP/bin:$PATH" "${switch[@]}"
	[[ -e $staging && $(df_k 2) -gt 61440 ]]
	expect_exit 137 strace -o "$KTAP_TMP/trace" -P "$staging" -e trace=mkdir -e inject=mkdir:signal=KILL "${switch[@]}"
	[[ ! -e $staging && $(df_k 2) == 61440 ]]
}

inodes() {
	local n
	make_limited "$1" --diskinodes 10000:10000
	n=$(listed diskinodes | tr -d ' ')
	[[ $n -gt 0 ]]
	cloisonctl --quiet set 900 --diskinodes $((n + 50)):$((n + 50)) --save
	expect_out 'quota exceeded|No space left' inside 'mkdir /many; for i in $(seq 100); do : >/many/$i || exit 1; done'
	[[ $(inside ls /many | wc -l) -le 50 && $(listed diskinodes | tr -d ' ') -le $((n + 50)) ]]
	inside rm -r /many
	inside touch /file
}

# With QUOTATIME="0", as OpenVZ's samples have it, there is no grace.
no_grace() {
	make_limited dir --diskspace 20M:60M --quotatime 0
	expect_out 'quota exceeded|No space left' inside dd if=/dev/zero of=/big bs=1M count=50
	[[ $(used_k) -le $((20480 + tables)) ]]
	not grep 'no disk limit' <<<"$(cloisonctl check containers)"
	cloisonctl --quiet set 900 --diskquota no --save
	expect_out '^hint .*container 900 has no disk limit' cloisonctl check containers
	inside dd if=/dev/zero of=/big bs=1M count=50
}

# write_outside MB: as somebody on the host whom quotas bind
write_outside() {
	setpriv --bounding-set -sys_resource dd if=/dev/zero of="$host/900/fs/big" bs=1M count="$1"
}

# OpenVZ's verbs.
verbs() {
	make 900 --layout dir --private "$host/900" --diskspace 20M:20M
	expect_out 'Nothing to count' cloisonctl quotainit 900
	expect_exit 0 cloisonctl quotaon 900
	expect_out 'quota exceeded|No space left' write_outside 40
	expect_exit 0 cloisonctl quotaoff 900
	write_outside 40
	cloisonctl --quiet quotaon 900
	expect_out 'quota exceeded|No space left' write_outside 40
	cloisonctl --quiet quotaoff 900
	rm "$host/900/fs/big"
	cloisonctl --quiet start 900 --wait
	[[ $(df_k 2) == 20480 ]]
	expect_exit 41 cloisonctl quotaoff 900
	expect_exit 0 cloisonctl quotaon 900
	expect_exit 14 cloisonctl quotaon 901
	expect_exit 20 cloisonctl quotaon 900 now
	make 902
	expect_out 'not enforced' cloisonctl quotaon 902
	# nothing else takes the lock meanwhile
	(
		exec {fd}>/run/cloison/lock/902.lck
		flock "$fd"
		expect_exit 9 cloisonctl quotaoff 902
	)
}

# backup_of FILE SIZE: of a container without limits, as one comes from anywhere, in $archive
backup_of() {
	head -c "$2" "$1" >"$state/private/901/fs/big"
	rm -rf "$KTAP_TMP/backups"
	cloisonctl --quiet backup 901 --to "$KTAP_TMP/backups"
	archive=$(echo "$KTAP_TMP"/backups/*.tar.zst)
}

# Files that come take the place of others, and both count meanwhile: that is no way past the limit.
replaced() {
	local archive
	make 900 --private "$host/900" --diskspace 20M:20M
	make 901 --diskspace 250M 2>/dev/null
	head -c 12M /dev/zero >"$host/900/fs/own"
	cp "$etc/conf/900.conf" "$KTAP_TMP/conf"
	backup_of /dev/zero 100M
	expect_exit 46 cloisonctl restore-backup "$archive" --ctid 900 --force
	[[ -e $host/900/fs/own && ! -e $host/900/fs/big && ! -e $host/900.converting ]]
	cmp "$KTAP_TMP/conf" "$etc/conf/900.conf"
	backup_of /dev/urandom 12M
	cloisonctl --quiet restore-backup "$archive" --ctid 900 --force
	[[ ! -e $host/900/fs/own && $(stat -c %s "$host/900/fs/big") == $((12 << 20)) ]]
	grep -qx 'DISKSPACE="20M:20M"' "$etc/conf/900.conf"
	cloisonctl --quiet start 900 --wait
	[[ $(df_k 2) == 20480 ]]
	expect_out 'quota exceeded|No space left' inside dd if=/dev/zero of=/more bs=1M count=20
}

# An overlay's limit is for what it has of its own; on the way back all its files are there.
overlay_replaced() {
	local tree=$KTAP_TMP/tree archive
	mkdir "$tree"
	zstd -dqc "$state/template/cache/busybox.tar.zst" | tar -C "$tree" -xf -
	head -c 20M /dev/urandom >"$tree/root/large"
	tar -C "$tree" --numeric-owner -cf - . | zstd -q -1 >"$state/template/cache/qu-large.tar.zst"
	cloisonctl --quiet create 900 --ostemplate qu-large --layout overlay --private "$host/900" --diskspace 8M:8M
	cloisonctl --quiet start 900 --wait
	inside dd if=/dev/urandom of=/own bs=1M count=3
	cloisonctl --quiet backup 900 --to "$KTAP_TMP/overlay"
	inside rm /own
	cloisonctl --quiet stop 900 --fast
	archive=$(echo "$KTAP_TMP"/overlay/*.tar.zst)
	# a stranger's is held to the limit
	expect_exit 46 cloisonctl restore-backup "$archive" --ctid 900 --force
	cloisonctl --quiet restore-backup "$archive" --ctid 900 --force --trust
	[[ -d $host/900/overlay ]]
	cloisonctl --quiet start 900 --wait
	[[ $(inside stat -c %s /own /root/large) == $'3145728\n20971520' && $(df_k 2) == 8192 ]]
	expect_out 'quota exceeded|No space left' inside dd if=/dev/zero of=/more bs=1M count=8
	cloisonctl --quiet stop 900 --fast
	cloisonctl --quiet destroy 900
	# nor where there is nothing of it
	echo "VE_PRIVATE=\"$host/900\"" >"$etc/conf/900.conf"
	cloisonctl --quiet restore-backup "$archive" --trust
	[[ -d $host/900/overlay && $(stat -c %s "$host/900/overlay/upper/own") == 3145728 ]]
	cloisonctl --quiet destroy 900
	cloisonctl --quiet template remove qu-large
}

# A customer does not get at what counts him: not by the project of a file, nor by what leads out of it.
no_escape() {
	local file
	make_limited "$1" --diskspace 20M:20M
	inside 'mkdir /d; : >/d/f; mknod /d/n p'
	# busybox has none
	for file in /usr/bin/chattr /usr/bin/lsattr $(ldd /usr/bin/chattr | grep -o '/[^ ]*'); do
		install -D "$file" "$state/root/900/$file"
	done
	inside chattr +A /d
	expect_exit 1 inside chattr -p 0 /d/f
	expect_exit 1 inside chattr -p 0 /d
	expect_exit 1 inside chattr -P /d
	expect_exit 1 inside chattr -P /
	[[ $(inside lsattr -dp / | awk '{ print $1 }') == $((0x80000000 | 900)) ]]
	[[ $(inside lsattr -p /d | awk '/\/f$/ { print $1 }') == $((0x80000000 | 900)) ]]
	expect_out 'quota exceeded|No space left' inside dd if=/dev/zero of=/d/f bs=1M count=30
	[[ $(used_k) -le $((20480 + tables)) ]]
}

# Where it is not enforced that is said, where it is looked for.
not_enforced() {
	host_disk noquota
	expect_out 'not enforced: its file system counts only: mount it with prjquota' \
		cloisonctl create 900 --ostemplate busybox --private "$host/900" --diskspace 20M
	expect_out '^hint .*container 900: disk limits are not enforced' cloisonctl check containers
	cloisonctl --quiet start 900 --wait
	inside dd if=/dev/zero of=/big bs=1M count=30
	[[ $(used_k) -gt 30000 ]]
	make 901 --diskspace 20M 2>"$KTAP_TMP/said"
	grep 'not enforced: its files are of no project' "$KTAP_TMP/said"
	[[ $(cloisonctl list -aH -o diskspace 901 | tr -d ' ') == - ]]
	cloisonctl set 901 --diskspace 30M --save 2>&1 | grep 'not enforced'
	# an image needs nobody's quota
	make 902 --layout image --diskspace 64M 2>"$KTAP_TMP/said"
	not grep enforced "$KTAP_TMP/said"
}

# What ext4 keeps for root is kept for the host's.
reserve() {
	tune2fs -m 20 "$(findmnt -no SOURCE "$host")"
	make_limited "$1"
	expect_out 'No space left' inside dd if=/dev/zero of=/big bs=1M count=400
	sync
	tune2fs -m 0 "$(findmnt -no SOURCE "$host")"
	[[ $(stat -fc '%f * %S' "$host") -ge $((55 << 20)) ]]
}

# The samples limit, without a word on the line; and what they say of files among the host's is no image's size.
samples() {
	host_disk prjquota
	truncate -s 8G "$KTAP_TMP/large"
	umount "$host"
	mkfs.ext4 -q -m 0 -O quota,project -E quotatype=prjquota "$KTAP_TMP/large"
	mount -o loop,prjquota "$KTAP_TMP/large" "$host"
	cloisonctl create 900 --ostemplate busybox --private "$host/900" 2>"$KTAP_TMP/said"
	not grep enforced "$KTAP_TMP/said"
	cloisonctl --quiet start 900 --wait
	[[ $(listed diskspace.s,diskinodes.s | tr -s ' ' | sed 's/^ //') == "2097152 131072" && $(df_k 2) == 2097152 ]]
	inside fallocate -l 1900M /big
	expect_out 'quota exceeded|No space left' inside fallocate -l 200M /more
	not grep 'container 900 has no disk limit' <<<"$(cloisonctl check containers)"
	make 901 --config unlimited --private "$host/901"
	expect_out '^hint .*container 901 has no disk limit' cloisonctl check containers
	# as large as the sample says, with room for as many files as that takes
	make 902 --layout image --private "$host/902"
	[[ $(stat -c %s "$host/902/image") -gt $((2200 << 20)) ]]
	not grep DISKINODES "$etc/conf/902.conf"
	cloisonctl --quiet set 902 --applyconfig vswap-4g --diskspace 3G --save
	[[ $(stat -c %s "$host/902/image") == $((3 << 30)) ]]
	cloisonctl --quiet set 902 --applyconfig vswap-1g --save
	[[ $(stat -c %s "$host/902/image") == $((3 << 30)) ]]
	grep -qx 'PHYSPAGES="0:1G"' "$etc/conf/902.conf"
	clean
	# where they cannot, all else works, and it is said
	host_disk noquota
	expect_out 'not enforced: its file system counts only' cloisonctl create 903 --ostemplate busybox --private "$host/903"
	cloisonctl --quiet start 903 --wait
	expect_out '^hint .*container 903: disk limits are not enforced' cloisonctl check containers
	clean
	host_disk prjquota
}

# Nothing is said to be gone that comes again with its disk.
unmounted() {
	cloisonctl --quiet create 903 --ostemplate busybox --private "$host/deep/903"
	umount "$host"
	expect_out 'is its disk mounted' cloisonctl destroy 903
	expect_exit 52 cloisonctl destroy 903
	[[ -e $etc/conf/903.conf ]]
	host_disk prjquota
	cloisonctl --quiet destroy 903
	[[ ! -e $host/deep/903 && ! -e $etc/conf/903.conf ]]
	# there is none, and that can be seen
	echo "VE_PRIVATE=\"$host/deep/903\"" >"$etc/conf/903.conf"
	cloisonctl --quiet destroy 903
}

host_disk prjquota
ktap_plan 16
for layout in dir overlay; do
	run_case "$layout: space" space "$layout"
	run_case "$layout: inodes" inodes "$layout"
	run_case "$layout: from inside" no_escape "$layout"
	run_case "$layout: what is kept for root" reserve "$layout"
done
run_case "killed switches" switches_killed
run_case "no grace, no limits" no_grace
run_case "quotaon, quotaoff, quotainit" verbs
run_case "replaced" replaced
run_case "an overlay replaced" overlay_replaced
run_case "samples" samples
run_case "not enforced" not_enforced
run_case "not mounted" unmounted
ktap_finish
