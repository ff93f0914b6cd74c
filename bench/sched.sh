#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cloison's scheduler against the kernel's group scheduling with the same weights, on two CPUs: shares of containers with
# unequal numbers of busy tasks, caps, and CPUs at once. By CPU time that was used, in turn, and the worst of two times.
# icount: no

here=$(dirname "$0")
. "$here/parts/sched-lib.sh"

# busy NUMBER...: of busy tasks in 101, 102, ...
busy() {
	local id=101 n
	for n in "$@"; do
		inside $id "$spin" "$n" &
		id=$((id + 1))
	done
	has_used $(($(used 101) + 200000)) 101
}

# look_host: into $host: the CPU time in us that all but the containers have used
look_host() {
	local all ours
	read -r _ all </sys/fs/cgroup/cpu.stat
	read -r _ ours <$cgroups/cpu.stat
	host=$((all - ours))
}

# fair NUMBER NUMBER NUMBER: by how many points the worst of the shares of 101, 102 and 103 is off, with so many busy tasks
# each, while they use 20 s: that is 10 s on two CPUs. What the host takes for itself, for measuring too, is theirs no more.
# Of the rest each is entitled to its weight's part, but at most to a CPU for each task: what that leaves is the others'.
fair() {
	local looked sum before host host_before
	busy "$@"
	look 101 102 103
	before=("${looked[@]}")
	look_host
	host_before=$host
	has_used $((sum + 20000000)) 101 102 103
	look 101 102 103
	look_host
	awk -v a="${before[*]}" -v b="${looked[*]}" -v tasks="$*" -v host=$((host - host_before)) 'BEGIN {
		split(a, x); split(b, y); split(tasks, n)
		time = y[1] - x[1]
		left = all = 2 * time - host
		for (i = 1; i <= 3; i++) {
			weight[i] = 2 ^ (i - 1); weights += weight[i]
			used += y[i + 1] - x[i + 1]
		}
		do {
			full = 0
			for (i = 1; i <= 3; i++)
				if (!(i in want) && left * weight[i] / weights > n[i] * time) {
					want[i] = n[i] * time; left -= want[i]; weights -= weight[i]
					full = 1
				}
		} while (full)
		for (i = 1; i <= 3; i++) {
			if (!(i in want))
				want[i] = left * weight[i] / weights
			share = 100 * (y[i + 1] - x[i + 1]) / used
			printf "%.2f (%.2f) ", share, 100 * want[i] / all >"/dev/stderr"
			d = share - 100 * want[i] / all
			d = d < 0 ? -d : d
			if (d > most) most = d
		}
		printf "host %.2f\n", 100 * host / 2 / time >"/dev/stderr"
		printf "%.2f\n", most < 0.01 ? 0.01 : most
	}'
	empty 101 102 103
}

# cap PERCENT: by how many points it is missed over 5 s, by three tasks that could use more. Not in the first second: what
# was idle has saved up for a tenth of one.
cap() {
	local looked sum before
	echo "$(($1 * 1000)) 100000" >$cgroups/101/cpu.max
	busy 3
	look 101
	has_used $((sum + 10000 * $1)) 101
	look 101
	before=("${looked[@]}")
	has_used $((before[1] + 50000 * $1)) 101
	look 101
	awk "BEGIN { d = 100 * $((looked[1] - before[1])) / $((looked[0] - before[0])) - $1; d = d < 0 ? -d : d; printf \"%.2f\", d < 0.01 ? 0.01 : d }"
	echo max >$cgroups/101/cpu.max
	empty 101
}

# at_once: what a container with --cpus 1 and four busy tasks has, in percent of a CPU; and what of the other one 101 beside
# it does not get
at_once() {
	local looked sum before time spent got
	once cloisonctl start 900 --wait
	cloisonctl exec 900 'exec /spin 4' &
	busy 2
	has_used 500000 900
	look 900 101
	before=("${looked[@]}")
	has_used $((before[2] + 5000000)) 101
	look 900 101
	time=$((looked[0] - before[0]))
	spent=$((100 * (looked[1] - before[1]) / time))
	got=$((100 * (looked[2] - before[2]) / time))
	echo "$spent $((got < 99 ? 100 - got : 1))"
	# first: who waits for one waits for all
	once cloisonctl stop 900 --fast
	empty 101
}

once cloisonctl create 900 --ostemplate busybox --cpus 1 --cpuunits 10000
install -m 755 "$spin" /var/lib/cloison/private/900/fs/spin
for id in 101 102 103; do
	group $id $((100 << (id - 101)))
done

# worst KEY COMMAND...: keeps the largest
declare -A x
worst() {
	local got
	got=$("${@:2}")
	echo "$1 $got"
	[[ ${x[$1]:-} ]] && awk "BEGIN { exit !(${got%% *} <= ${x[$1]%% *}) }" || x[$1]=$got
}

mixes="1.2.8 2.8.50 50.8.2 8.50.1"
for ((round = 0; round < 2; round++)); do
	for who in kernel ours; do
		$who
		for mix in $mixes; do
			# shellcheck disable=SC2086
			worst $who.fair.$mix fair ${mix//./ }
		done
		for percent in 10 25 150; do
			worst "$who.cap.$percent" cap $percent
		done
		got=$(at_once)
		worst "$who.cpus" echo "${got% *}"
		worst "$who.unused" echo "${got#* }"
	done
done
for mix in $mixes; do
	result "sched.fair.$mix" "${x[ours.fair.$mix]}" "${x[kernel.fair.$mix]}" kernel points lower
	result "sched.fair.$mix.goal" "${x[ours.fair.$mix]}" 1.00 goal points lower 1
done
for percent in 10 25 150; do
	result "sched.cap.$percent" "${x[ours.cap.$percent]}" "${x[kernel.cap.$percent]}" kernel points lower
	result "sched.cap.$percent.goal" "${x[ours.cap.$percent]}" 0.50 goal points lower 1
done
result sched.cpus "${x[ours.cpus]}" "${x[kernel.cpus]}" kernel percent lower
result sched.cpus.goal "${x[ours.cpus]}" 100 goal percent lower 1.01
result sched.cpus.unused "${x[ours.unused]}" "${x[kernel.unused]}" kernel percent lower
kernel
finish
