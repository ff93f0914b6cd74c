#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Walls: the cgroup, whose limits a container has but not owns.

. "$(dirname "$0")/walls-lib.sh"

cg=/sys/fs/cgroup

delegated_files() {
	# also where it is mounted anew
	in900 "mkdir -p /tmp/cg && mount -t cgroup2 c /tmp/cg
		cd $cg && find . -maxdepth 1 -type f -exec /escape open-write {} \; | sed -n 's,^\./\(.*\): worked.*,\1,p'
		cd /tmp/cg && find . -maxdepth 1 -type f -exec /escape open-write {} \; | sed -n 's,^\./\(.*\): worked.*,\1,p'" |
		sort -u >"$KTAP_TMP/writable"
	cat "$KTAP_TMP/writable"
	[[ $(tr '\n' ' ' <"$KTAP_TMP/writable") == "cgroup.procs cgroup.subtree_control cgroup.threads " ]]
	in900 'umount /tmp/cg'
}

limits() {
	refused_each <<-EOF
		write $cg/memory.max max
		write $cg/memory.swap.max max
		write $cg/pids.max max
		write $cg/cpu.max max
		write $cg/cpu.weight 10000
		write $cg/cgroup.max.descendants max
		write $cg/cgroup.max.depth max
		write $cg/cgroup.freeze 1
		write $cg/cgroup.kill 1
		write $cg/cgroup.type threaded
	EOF
	# giving itself the ownership or the permission
	not in900 "chmod 666 $cg/memory.max"
	not in900 "chown 0 $cg/memory.max"
	# the files of a group below count only below
	in900 "mkdir $cg/sub; echo +memory >$cg/cgroup.subtree_control" || true
	[[ $(cat "$cg/cloison/900/memory.max") == 67108864 ]]
	in900 "rmdir $cg/sub" || true
}

# Above and beside: by name, by a descriptor from before, by a mount from another place.
out_of_it() {
	local pid
	# its root is where it is mounted: there is nothing above but /sys
	in900 "cd $cg && for up in .. ../.. ../../..; do ls \$up/cgroup.procs \$up/cloison/* \$up/901; done" >"$KTAP_TMP/seen" 2>/dev/null || true
	[[ ! -s $KTAP_TMP/seen ]]
	not in900 "ls $cg/901"
	# a process of a neighbour's is nobody inside
	not in900 "mkdir $cg/new && echo $(init_of 901) >$cg/new/cgroup.procs"
	in900 "rmdir $cg/new"
	in900 'mkdir -p /tmp/v1'
	for what in 'cgroup2 c' 'cgroup -o none,name=walls c' 'cgroup -o memory c' 'cgroup -o cpuset c' 'cgroup -o devices c'; do
		in900 "mount -t $what /tmp/v1 && ls /tmp/v1 && cat /tmp/v1/release_agent /tmp/v1/cloison" >"$KTAP_TMP/seen" 2>/dev/null || true
		not grep -qE '901|/|release_agent' "$KTAP_TMP/seen"
		in900 'umount /tmp/v1' 2>/dev/null || true
	done
	# its own view begins at its own root
	pid=$(init_of 900)
	[[ $(in900 cat /proc/1/cgroup) == 0::/init.scope ]]
	grep -qx 0::/cloison/900/init.scope "/proc/$pid/cgroup"
	# nobody got away
	[[ $(cat "$cg/cloison/901/pids.current") == 1 ]]
}

# A host that has a hierarchy of version 1 mounted, for some service of its own: no release agent runs for a container.
release_agent() {
	mkdir -p /tmp/v1
	mount -t cgroup -o none,name=walls v1 /tmp/v1 2>/dev/null || return "$KTAP_SKIP"
	in900 'mkdir -p /tmp/v1 && mount -t cgroup -o none,name=walls c /tmp/v1 && echo /escape >/tmp/v1/release_agent' && return 1
	in900 'umount /tmp/v1' || true
	[[ -z $(cat /tmp/v1/release_agent) ]]
	umount /tmp/v1
	rmdir /tmp/v1
	in900 'rmdir /tmp/v1'
}

# Threaded mode, frozen groups, the visitors' group taken: an operator may be kept out by it, but stop works.
hostile_groups() {
	make_running 902
	cloisonctl exec2 902 'cd /sys/fs/cgroup; for p in $(cat init.scope/cgroup.procs cloison-exec/cgroup.procs); do echo $p >cgroup.procs; done
		mkdir -p t; echo threaded >t/cgroup.type; cat t/cgroup.type' >"$KTAP_TMP/type" || true
	cat "$KTAP_TMP/type"
	timeout 60 cloisonctl exec2 902 true || true
	timeout 100 cloisonctl --quiet stop 902 --fast
	[[ ! -e $cg/cloison/902 ]]
	cloisonctl --quiet start 902 --wait
	# a program that does not end when it is told to, or is frozen: the operator's command does
	start_until "$KTAP_TMP/out" begun cloisonctl exec2 902 'trap "" TERM; echo begun; sleep 1000'
	kill "$!"
	status_of wait "$!"
	[[ $status -eq 143 ]]
	cloisonctl exec2 902 'cd /sys/fs/cgroup && mkdir f && echo $$ >f/cgroup.procs && echo 1 >f/cgroup.freeze; sleep 1000' &
	wait_for grep -qx 'frozen 1' "$cg/cloison/902/f/cgroup.events"
	kill "$!"
	status_of wait "$!"
	[[ $status -eq 143 ]]
	# nor do visitors keep it that are moved and frozen as they come
	cloisonctl exec2 902 'cd /sys/fs/cgroup; mkdir f; echo 1 >f/cgroup.freeze; while :; do for p in $(cat cloison-exec/cgroup.procs); do
		[ $p = $$ ] || echo $p >f/cgroup.procs; done; done 2>/dev/null >/dev/null </dev/null &'
	timeout 5 cloisonctl exec2 902 'sleep 1; echo out' || true
	timeout 100 cloisonctl --quiet stop 902 --fast
	[[ ! -e $cg/cloison/902 ]]
	cloisonctl --quiet destroy 902
}

# No more groups than it may have: kernel memory, and time to remove them.
many_groups() {
	[[ $(cat "$cg/cloison/900/cgroup.max.descendants") == 4096 ]]
	echo 40 >"$cg/cloison/900/cgroup.max.descendants"
	in900 "cd $cg && i=0; while [ \$i -lt 60 ] && mkdir g\$i; do i=\$((i + 1)); done 2>/dev/null; echo \$i" >"$KTAP_TMP/made"
	[[ $(cat "$KTAP_TMP/made") -lt 40 && $(cat "$KTAP_TMP/made") -gt 20 ]]
	# nor deeper than the host can name
	in900 "cd $cg/g0 && i=0; while [ \$i -lt 20 ] && mkdir d && cd d; do i=\$((i + 1)); done 2>/dev/null; echo \$i" >"$KTAP_TMP/made"
	[[ $(cat "$KTAP_TMP/made") -lt 20 ]]
	cloisonctl --quiet stop 900 --fast
	[[ ! -e $cg/cloison/900 ]]
}

guest 900 --ram 64M --numproc 100
guest 901
ktap_plan 6
wall "files that are delegated" delegated_files
wall "its own limits" limits
wall "groups above and beside" out_of_it
wall "release agents" release_agent
ktap_run "hostile groups do not keep it from being stopped" hostile_groups
ktap_run "groups without end" many_groups
ktap_finish
