#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What it costs that two tasks wake one another, by pipes: in one container and between two, alone and beside so many
# containers that compute, with Cloison's scheduler and with the kernel's group scheduling at the same depth. It is the CPU
# time that their containers are charged, which the others' has no part in.

here=$(dirname "$0")
. "$here/parts/sched-lib.sh"

# spent ROUNDS THING: in us
spent() {
	local before
	before=$(used 101 102)
	inside 101 "$work" "$2" "$1" $cgroups/102/cgroup.procs >/dev/null
	echo $(($(used 101 102) - before))
}

# ping_pong THING: of a round, there and back, in ns; what it takes to begin and to end does not count
ping_pong() {
	local few
	few=$(spent 200 "$1")
	# a tenth is done in advance
	echo $((($(spent 1200 "$1") - few) * 1000 / 1100))
}

# beside NUMBER: as many containers compute as that
declare -i others=0
beside() {
	local pids=() procs=$cgroups/999/cgroup.procs
	[[ $1 -gt $others ]] || return 0
	inside 999 "$spin" $(($1 - others)) &
	until mapfile -t pids <$procs && [[ ${#pids[@]} -eq $(($1 - others)) ]]; do
		pause
	done
	(cd $cgroups && seq $((1000 + others)) $((999 + $1)) | xargs mkdir)
	for pid in "${pids[@]}"; do
		echo 1 >$cgroups/$((1000 + others))/cpu.weight
		echo "$pid" >$cgroups/$((1000 + others))/cgroup.procs
		others+=1
	done
}

# moving a process waits for a grace period otherwise
mount -o remount,favordynmods /sys/fs/cgroup
group 101 10000
group 102 10000
group 999 1
declare -A x
for who in kernel ours; do
	$who
	for n in 0 2 50 500; do
		beside $n
		x[$who.one.$n]=$(least 2 ping_pong ctx_switch)
		x[$who.two.$n]=$(least 2 ping_pong ctx_between)
		echo "# $who beside $n: ${x[$who.one.$n]} ${x[$who.two.$n]} $(date +%T)"
	done
	empty {1000..1499}
	until rmdir $cgroups/1??? 2>/dev/null; do
		pause
	done
	others=0
done
for n in 0 2 50 500; do
	for containers in one two; do
		result "sched.cost.$containers.$n" "${x[ours.$containers.$n]}" "${x[kernel.$containers.$n]}" kernel ns lower 1.10
	done
done
for n in 50 500; do
	# no faster than the logarithm of the containers there are
	result "sched.scale.$n" "${x[ours.one.$n]}" "${x[ours.one.2]}" "beside 2" ns lower \
		"$(awk "BEGIN { printf \"%.2f\", log($n + 2) / log(4) }")"
	result "sched.scale.kernel.$n" "${x[kernel.one.$n]}" "${x[kernel.one.2]}" "beside 2" ns lower
done
kernel
finish
