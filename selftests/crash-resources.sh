#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Disks that are full, memory that is not enough, and inits that are not what they should be: each fails with a message, and
# leaves nothing behind.

. "$(dirname "$0")/cli-lib.sh"

# no_trace: of container 900, on the host's side.
no_trace() {
	[[ ! -e $state/private/900 && ! -e $state/private/900.creating && ! -e $etc/conf/900.conf ]]
	[[ ! -e $etc/conf/900.conf.tmp && ! -e /sys/fs/cgroup/cloison/900 ]]
	[[ $(status 900) == "CTID 900 deleted unmounted down" ]]
	expect_out 'nothing is left' cloisonctl check --repair
}

# small_disk TYPE: mounts one of two megabytes.
small_disk() {
	small=$KTAP_TMP/small
	mkdir -p "$small"
	if [[ $1 == ext4 ]]; then
		truncate -s 2M "$KTAP_TMP/disk"
		mkfs.ext4 -q "$KTAP_TMP/disk"
		mount -o loop "$KTAP_TMP/disk" "$small"
	else
		mount -t tmpfs -o size=2m tmpfs "$small"
	fi
	trap 'umount -l "$small"' EXIT
}

# The static busybox alone fills it.
private_full() {
	small_disk "$1"
	head -c 8M /dev/zero >"$small/other" 2>/dev/null || true
	truncate -s -300K "$small/other"
	expect_exit 46 cloisonctl create 900 --ostemplate busybox --private "$small/900"
	expect_out 'no space left on the disk for' cloisonctl create 900 --ostemplate busybox --private "$small/900"
	[[ ! -e $small/900 && ! -e $small/900.creating ]]
	no_trace
	# no room for a single file, nor for a directory
	head -c 8M /dev/zero >"$small/all" 2>/dev/null || true
	expect_exit 46 cloisonctl create 900 --ostemplate busybox --private "$small/900"
	no_trace
	rm "$small"/{all,other}
	cloisonctl --quiet create 900 --ostemplate busybox
}

conf_full() {
	make_running 900
	make 901
	cp -a "$etc/conf" "$KTAP_TMP/conf"
	mount -t tmpfs -o size=64k tmpfs "$etc/conf"
	trap 'umount -l "$etc/conf"' EXIT
	cp -a "$KTAP_TMP/conf/." "$etc/conf/"
	head -c 1M /dev/zero >"$etc/conf/filler" 2>/dev/null || true
	cp "$etc/conf/900.conf" "$KTAP_TMP/before"
	expect_exit 139 cloisonctl set 900 --hostname longer.example.org --save
	expect_out 'Cannot write .*900.conf: No space left' cloisonctl set 900 --hostname longer.example.org --save
	cmp "$etc/conf/900.conf" "$KTAP_TMP/before"
	[[ ! -e $etc/conf/900.conf.tmp ]]
	is_running 900
	expect_exit 139 cloisonctl create 902 --ostemplate busybox
	[[ ! -e $etc/conf/902.conf && ! -e $etc/conf/902.conf.tmp && ! -e $state/private/902 && ! -e $state/private/902.creating ]]
	# a rename needs no room
	cloisonctl --quiet destroy 901
	rm "$etc/conf/filler"
	cloisonctl --quiet set 900 --hostname longer.example.org --save
	grep -qx 'HOSTNAME="longer.example.org"' "$etc/conf/900.conf"
	cloisonctl --quiet stop 900 --fast
	cloisonctl --quiet destroy 900
}

# Too little even for init's first page, and enough for that but not for more.
no_memory() {
	local size
	make 900
	for size in 4K 100K; do
		cloisonctl --quiet set 900 --ram "$size" --swap 0 --save
		echo "with $size"
		not cloisonctl start 900 --wait >"$KTAP_TMP/out" 2>&1
		cat "$KTAP_TMP/out"
		grep -qE 'killed|died|ended|memory' "$KTAP_TMP/out"
		wait_for is_down 900
		cloisonctl stop 900
		[[ $(status 900) == "CTID 900 exist unmounted down" && ! -e /sys/fs/cgroup/cloison/900 ]]
	done
	cloisonctl --quiet set 900 --ram 64M --save
	cloisonctl --quiet start 900 --wait
}

# init_is TEXT: its init is that file.
init_is() {
	rm -f "$state/private/900/fs/sbin/init"
	printf '%b' "$1" >"$state/private/900/fs/sbin/init"
	chmod 755 "$state/private/900/fs/sbin/init"
}

not_started() {
	expect_exit 61 cloisonctl start 900
	expect_out "Cannot run the container's /sbin/init: $1" cloisonctl start 900
	[[ $(status 900) == "CTID 900 exist unmounted down" && ! -e /sys/fs/cgroup/cloison/900 ]]
}

inits_that_do_not_run() {
	make 900
	init_is 'neither a script nor a program\0\0\0\0'
	not_started 'Exec format error'
	init_is '#!/no/such/interpreter\n'
	not_started 'No such file'
	chmod 644 "$state/private/900/fs/sbin/init"
	not_started 'Permission denied'
	rm "$state/private/900/fs/sbin/init"
	mkdir "$state/private/900/fs/sbin/init"
	not_started 'Permission denied'
	rmdir "$state/private/900/fs/sbin/init"
	ln -s init "$state/private/900/fs/sbin/init"
	not_started 'Too many levels'
}

init_that_ends_at_once() {
	make 900
	init_is '#!/bin/sh\nexit 3\n'
	expect_exit 133 cloisonctl start 900 --wait
	expect_out 'init ended: status 3' cloisonctl start 900 --wait
	wait_for is_down 900
	expect_out 'mended.*ended by itself' cloisonctl check --repair 900
	[[ $(status 900) == "CTID 900 exist unmounted down" && ! -e /sys/fs/cgroup/cloison/900 ]]
}

init_that_forks() {
	make 900 --numproc 40 --ram 64M
	init_is '#!/bin/sh\n: >/run/cloison/up\nbomb() { while :; do bomb & done; }\nbomb 2>/dev/null &\nexec /bin/busybox sleep 100000\n'
	cloisonctl --quiet start 900 --wait
	sleep 1
	is_running 900
	cloisonctl list 900
	echo 'STOP_TIMEOUT="2"' >>"$etc/conf/900.conf"
	cloisonctl --quiet stop 900
	[[ $(status 900) == "CTID 900 exist unmounted down" && ! -e /sys/fs/cgroup/cloison/900 ]]
}

init_that_stays() {
	make 900
	init_is '#!/bin/sh\ntrap "" TERM INT HUP USR1 USR2 PWR\n: >/run/cloison/up\nwhile :; do sleep 1; done\n'
	echo 'STOP_TIMEOUT="1"' >>"$etc/conf/900.conf"
	cloisonctl --quiet start 900 --wait
	expect_out 'killing it' cloisonctl stop 900
	[[ $(status 900) == "CTID 900 exist unmounted down" && ! -e /sys/fs/cgroup/cloison/900 ]]
}

ktap_plan 9
run_case "a full disk for private areas: tmpfs" private_full tmpfs
run_case "a full disk for private areas: ext4" private_full ext4
run_case "a full disk for configuration files" conf_full
run_case "no memory for init" no_memory
run_case "inits that cannot be run" inits_that_do_not_run
run_case "an init that ends at once" init_that_ends_at_once
run_case "an init that forks without end" init_that_forks
run_case "an init that hears nothing" init_that_stays
run_case "nothing is left" no_trace
ktap_finish
