#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cloison's scheduler against the kernel's group scheduling with the same weights, in one machine with two CPUs: shares of
# containers with unequal numbers of busy tasks, caps, CPUs at once, and how late one wakes up that sleeps beside burners.
# timeout: 3600
# icount: no

here=$(dirname "$0")
. "$here/parts/lib.sh"

cgroups=/sys/fs/cgroup/cloison
spin=/usr/lib/cloison/selftests/sched/spin

used() { sed -n 's/^usage_usec //p' "$cgroups/$1/cpu.stat"; }

# inside ID COMMAND...: in the background
inside() {
	local id=$1
	shift
	(
		echo "$BASHPID" >"$cgroups/$id/cgroup.procs"
		exec "$@"
	) &
}

empty() {
	local id
	for id in 101 102 103; do
		echo 1 >"$cgroups/$id/cgroup.kill"
	done
	wait
}

kernel() { once cloisonctl sched disable; }
ours() { once cloisonctl sched enable; }

# shares SECONDS: what 101, 102 and 103 use of what they use together, in percent
shares() {
	local id a=() b=()
	for id in 101 102 103; do a+=("$(used "$id")"); done
	sleep "$1"
	for id in 101 102 103; do b+=("$(used "$id")"); done
	awk -v a="${a[*]}" -v b="${b[*]}" 'BEGIN {
		split(a, x); split(b, y)
		for (i = 1; i <= 3; i++) all += y[i] - x[i]
		for (i = 1; i <= 3; i++) printf "%.2f ", 100 * (y[i] - x[i]) / all
	}'
}

# off WANTED...: by how many points the worst of the shares is off
off() {
	shares 10 | awk -v want="$*" '{
		split(want, w)
		for (i = 1; i <= 3; i++) { d = $i - w[i]; d = d < 0 ? -d : d; if (d > most) most = d }
		printf "%.2f\n", most + 0.005
	}'
}

# fair NUMBER NUMBER NUMBER WANTED...: of busy tasks in each
fair() {
	inside 101 "$spin" "$1"
	inside 102 "$spin" "$2"
	inside 103 "$spin" "$3"
	sleep 1
	off "${@:4}"
	empty
}

# cap PERCENT: what it is held to
cap() {
	local before start spent
	echo "$(($1 * 1000)) 100000" >$cgroups/101/cpu.max
	inside 101 "$spin" 3
	sleep 1
	before=$(used 101)
	start=$(now_us)
	sleep 10
	spent=$(($(used 101) - before))
	awk "BEGIN { d = 100 * $spent / $(($(now_us) - start)) - $1; printf \"%.2f\", (d < 0 ? -d : d) + 0.005 }"
	echo max >$cgroups/101/cpu.max
	empty
}

# late BURNERS: median and 99th percentile in us
late() {
	inside 101 "$spin" "$1"
	sleep 1
	(
		echo "$BASHPID" >"$cgroups/102/cgroup.procs"
		exec "$spin" wake 1500
	)
	empty
}

mkdir -p $cgroups
echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
echo +cpu >$cgroups/cgroup.subtree_control
for id in 101 102 103; do
	mkdir $cgroups/$id
done
echo 100 >$cgroups/101/cpu.weight
echo 200 >$cgroups/102/cpu.weight
echo 400 >$cgroups/103/cpu.weight

declare -A x
for who in kernel ours; do
	$who
	# two CPUs: who cannot use what it is entitled to leaves the rest to the others
	x[$who.2.2.2]=$(fair 2 2 2 14.29 28.57 57.14)
	x[$who.50.8.2]=$(fair 50 8 2 14.29 28.57 57.14)
	x[$who.2.8.50]=$(fair 2 8 50 14.29 28.57 57.14)
	x[$who.50.8.1]=$(fair 50 8 1 16.67 33.33 50.00)
	for percent in 10 25 150; do
		x[$who.cap.$percent]=$(cap $percent)
	done
	for burners in 2 4 20; do
		x[$who.late.$burners]=$(late $burners)
	done
done
for mix in 2.2.2 50.8.2 2.8.50 50.8.1; do
	result "sched.fair.$mix" "${x[ours.$mix]}" "${x[kernel.$mix]}" kernel points lower
done
for percent in 10 25 150; do
	result "sched.cap.$percent" "${x[ours.cap.$percent]}" "${x[kernel.cap.$percent]}" kernel points lower
done
for burners in 2 4 20; do
	read -r p50 p99 _ <<<"${x[ours.late.$burners]}"
	read -r k50 k99 _ <<<"${x[kernel.late.$burners]}"
	result "sched.latency.p50.$burners" "$p50" "$k50" kernel us lower
	result "sched.latency.p99.$burners" "$p99" "$k99" kernel us lower
done
kernel
finish
