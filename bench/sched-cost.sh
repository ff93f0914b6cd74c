#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a switch between two tasks costs that wake one another, by pipes: in one container, beside so many others that
# compute, with Cloison's scheduler and with the kernel's group scheduling at the same depth.

here=$(dirname "$0")
. "$here/parts/lib.sh"

cgroups=/sys/fs/cgroup/cloison
work=/usr/lib/cloison/selftests/acct/work
spin=/usr/lib/cloison/selftests/sched/spin

kernel() { once cloisonctl sched disable; }
ours() { once cloisonctl sched enable; }

ping_pong() {
	(
		echo "$BASHPID" >$cgroups/101/cgroup.procs
		exec "$work" ctx_switch 3000
	)
}

# of the time that the processor was there for: the others' is not counted
beside() {
	local n
	for ((n = 0; n < $1; n++)); do
		mkdir -p "$cgroups/$((200 + n))"
		(
			echo "$BASHPID" >"$cgroups/$((200 + n))/cgroup.procs"
			exec "$spin"
		) &
	done
	least 3 ping_pong
	for ((n = 0; n < $1; n++)); do
		echo 1 >"$cgroups/$((200 + n))/cgroup.kill"
	done
	wait
}

mkdir -p $cgroups
echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
echo +cpu >$cgroups/cgroup.subtree_control
mkdir $cgroups/101
echo 10000 >$cgroups/101/cpu.weight
declare -A x
for who in kernel ours; do
	$who
	for others in 0 2 50; do
		x[$who.$others]=$(beside $others)
	done
done
for others in 0 2 50; do
	result "sched.cost.$others" "${x[ours.$others]}" "${x[kernel.$others]}" kernel ns lower
done
kernel
finish
