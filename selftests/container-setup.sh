#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a container is made of, seen from inside and from outside.

. "$(dirname "$0")/cli-lib.sh"

in900() {
	cloisonctl exec2 900 "$@"
}

own_namespaces() {
	local ns init
	make_running 900 --hostname one
	make_running 901
	init=$(init_of 900)
	for ns in user mnt pid net uts ipc cgroup time; do
		echo "$ns"
		[[ "$(readlink "/proc/$init/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]]
		[[ "$(readlink "/proc/$init/ns/$ns")" != "$(readlink "/proc/$(init_of 901)/ns/$ns")" ]]
		# what exec runs is in the same ones
		[[ "$(in900 readlink "/proc/self/ns/$ns")" == "$(readlink "/proc/$init/ns/$ns")" ]]
	done
}

own_ids() {
	local base
	make_running 900
	base=$(sed -n 's/^LOCAL_UID="\(.*\)"/\1/p' "$etc"/conf/900.conf)
	[[ $(in900 cat /proc/self/uid_map | tr -s ' ') == " 0 $base 65536" ]]
	[[ $(in900 cat /proc/self/gid_map | tr -s ' ') == " 0 $base 65536" ]]
	[[ $(in900 id -u) == 0 && $(in900 id -G) == 0 ]]
	[[ $(stat -c %u "/proc/$(init_of 900)") == "$base" ]]
	in900 touch /root/new
	[[ $(stat -c %u "$state"/private/900/fs/root/new) == "$base" ]]
	# set-user-ID works inside, and is dead where the host sees the files
	in900 'cp /bin/busybox /tmp/su && chmod 4755 /tmp/su'
	[[ $(in900 'awk "\$2 == \"/\" { print \$4 }" /proc/mounts') != *nosuid* ]]
	findmnt -no OPTIONS "$state"/root/900 | grep -q nosuid,nodev
}

own_clock() {
	make_running 900
	[[ $(in900 cut -d . -f 1 /proc/uptime) -lt $(($(cut -d . -f 1 /proc/uptime) - 1)) ]]
	[[ $(in900 date +%s) -ge $(($(date +%s) - 60)) ]]
	in900 date -s 2001-01-01 || true
	[[ $(date +%Y) -gt 2001 && $(in900 date +%Y) -gt 2001 ]]
}

mounts() {
	local mounts
	make_running 900
	mounts=$(in900 cat /proc/mounts)
	not grep -q /sys/fs/cgroup/cloison <<<"$mounts"
	grep -qE '^[a-z]+ /sys sysfs ro,' <<<"$mounts"
	grep -qE '^[a-z0-9]+ /sys/fs/cgroup cgroup2 rw' <<<"$mounts"
	grep -qE '/dev/pts devpts .*ptmxmode=666' <<<"$mounts"
	# nothing of the host's tree is left in sight
	not grep -q "$state" <<<"$mounts"
	[[ $(in900 ls -a / | grep -cE '^(boot|lost.found)$') == 0 ]]
	expect_exit 1 cloisonctl exec2 900 'echo 1 >/proc/sys/kernel/panic'
	expect_exit 1 cloisonctl exec2 900 'echo b >/proc/sysrq-trigger'
	expect_exit 0 cloisonctl exec2 900 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	[[ $(in900 'cat /proc/kcore 2>/dev/null | wc -c') == 0 ]]
	not in900 ls /sys/firmware/acpi
}

devices() {
	make_running 900
	[[ $(in900 'ls /dev' | tr '\n' ' ') == "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " ]]
	in900 'echo x >/dev/null && head -c 4 /dev/zero >/dev/null && head -c 4 /dev/urandom >/dev/null'
	not in900 mknod /tmp/vda b 254 0
	not in900 mknod /tmp/kmsg c 1 11
	# a node that found its way in does not help
	mknod "$state"/private/900/fs/root/vda b "$(($(stat -c 0x%t /dev/vda)))" "$(($(stat -c 0x%T /dev/vda)))"
	chmod 666 "$state"/private/900/fs/root/vda
	not in900 head -c 1 /root/vda
	rm "$state"/private/900/fs/root/vda
}

no_power() {
	local bounding
	make_running 900
	bounding=$(in900 "sed -n 's/^CapBnd:\t//p' /proc/self/status")
	for cap in 16 17 24 25 32 33 34 38 39; do	# module rawio resource time mac mac syslog perfmon bpf
		[[ $((0x$bounding >> cap & 1)) == 0 ]]
	done
	[[ $(in900 "sed -n 's/^Seccomp:\t//p' /proc/self/status") == 2 ]]
	[[ $(in900 "sed -n 's/^Seccomp:\t//p' /proc/1/status") == 2 ]]
	not in900 unshare -U true
	not in900 dmesg
	not in900 swapon /tmp
	# no other container is to be seen or signalled
	make_running 901
	[[ $(in900 'ls -d /proc/[0-9]*' | wc -l) -le 4 ]]
}

cgroup_delegation() {
	make_running 900 --ram 64M
	[[ $(in900 cat /proc/1/cgroup) == 0::/init.scope ]]
	[[ $(in900 cat /proc/self/cgroup) == 0::/cloison-exec ]]
	in900 'mkdir /sys/fs/cgroup/mine && echo +memory +pids >/sys/fs/cgroup/cgroup.subtree_control'
	in900 'echo $$ >/sys/fs/cgroup/mine/cgroup.procs && cat /proc/self/cgroup' | grep -qx 0::/mine
	not in900 'echo max >/sys/fs/cgroup/memory.max'
	not in900 'echo $$ >/sys/fs/cgroup/../cgroup.procs'
	[[ $(cgroup_file 900 memory.max) == 67108864 ]]
	cloisonctl --quiet stop 900
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
}

hostile_cgroups() {
	local name
	make_running 900
	# deeper than a path can name
	name=$(printf 'x%.0s' $(seq 250))
	in900 "cd /sys/fs/cgroup && i=0; while [ \$i -lt 30 ] && mkdir $name && cd $name; do i=\$((i + 1)); done" || true
	# the visitors' group is taken, and frozen
	in900 'echo $$ >/sys/fs/cgroup/init.scope/cgroup.procs && rmdir /sys/fs/cgroup/cloison-exec &&
	       mkdir /sys/fs/cgroup/cloison-exec && echo 1 >/sys/fs/cgroup/cloison-exec/cgroup.freeze'
	[[ $(stat -c %u /sys/fs/cgroup/cloison/900/cloison-exec) != 0 ]]
	[[ $(timeout 60 cloisonctl exec2 900 echo in) == in ]]
	cloisonctl --quiet stop 900
	[[ ! -e /sys/fs/cgroup/cloison/900 ]]
}

# Not the operator's, who may be all but exempt from the OOM killer.
oom_score() {
	make 900
	echo -900 >/proc/self/oom_score_adj
	cloisonctl --quiet start 900 --wait
	[[ $(in900 cat /proc/1/oom_score_adj) == 0 ]]
	[[ $(in900 cat /proc/self/oom_score_adj) == 0 ]]
	not in900 'echo -1 >/proc/self/oom_score_adj'
}

nothing_inherited() {
	local fds
	make 900
	# descriptors, environment, signals, keys of the operator stay outside
	(
		exec 7</etc/passwd 8</root
		trap '' USR1 HUP
		SECRET=x cloisonctl --quiet start 900 --wait
		SECRET=x cloisonctl exec2 900 'ls -l /proc/self/fd; env; grep Sig /proc/self/status' >"$KTAP_TMP/seen"
	)
	not grep -qE 'SECRET|passwd|-> /root$' "$KTAP_TMP/seen"
	# (busybox's shell ignores SIGQUIT itself)
	[[ $((0x$(sed -n 's/^SigIgn:\t//p' "$KTAP_TMP/seen") & 0x201)) == 0 ]]
	fds=$(in900 'ls -l /proc/1/fd' | grep -c -- '->')
	in900 ls -l /proc/1/fd
	[[ $fds -le 4 ]]
	not in900 'tr "\0" "\n" </proc/1/environ | grep SECRET'
	[[ $((0x$(in900 "sed -n 's/^SigIgn:\t//p' /proc/1/status") & 0x201)) == 0 ]]
	# no process of the tool's is left
	not pgrep -x cloisonctl
}

hostile_root() {
	make 900
	# links that would lead out if they were followed from outside
	rm -rf "$state"/private/900/fs/{proc,sys,dev,run}
	mkdir -p /tmp/outside
	ln -s /../../../../tmp/outside "$state"/private/900/fs/run
	ln -s ../../../../../../tmp/outside "$state"/private/900/fs/dev
	mkdir "$state"/private/900/fs/{proc,sys}
	cloisonctl --quiet start 900 || true
	[[ -z $(ls -A /tmp/outside) ]]
	not findmnt -n /tmp/outside
	rmdir /tmp/outside
}

ktap_plan 11
run_case "namespaces of its own" own_namespaces
run_case "user ids of its own" own_ids
run_case "a clock of its own" own_clock
run_case "mounts" mounts
run_case "devices" devices
run_case "capabilities and system calls given up" no_power
run_case "a delegated cgroup" cgroup_delegation
run_case "hostile cgroups" hostile_cgroups
run_case "the OOM killer's score" oom_score
run_case "nothing is inherited from the operator" nothing_inherited
run_case "a hostile root file system" hostile_root
ktap_finish
