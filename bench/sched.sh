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

# off WANTED...: by how many points the worst of the shares of 101, 102 and 103 is off, while they use 20 s: that is 10 s on
# two CPUs
off() {
	local id a=() b=()
	for id in 101 102 103; do a+=("$(used "$id")"); done
	has_used $(($(used 101 102 103) + 20000000)) 101 102 103
	for id in 101 102 103; do b+=("$(used "$id")"); done
	awk -v a="${a[*]}" -v b="${b[*]}" -v want="$*" 'BEGIN {
		split(a, x); split(b, y); split(want, w)
		for (i = 1; i <= 3; i++) all += y[i] - x[i]
		for (i = 1; i <= 3; i++) {
			d = 100 * (y[i] - x[i]) / all - w[i]
			printf "%.2f ", 100 * (y[i] - x[i]) / all >"/dev/stderr"
			d = d < 0 ? -d : d
			if (d > most) most = d
		}
		printf "\n" >"/dev/stderr"
		printf "%.2f\n", most < 0.01 ? 0.01 : most
	}'
}

# fair NUMBER NUMBER NUMBER WANTED...
fair() {
	busy "${@:1:3}"
	off "${@:4}"
	empty 101 102 103
}

# cap PERCENT: by how many points it is missed over 5 s, by three tasks that could use more
cap() {
	local before start spent
	echo "$(($1 * 1000)) 100000" >$cgroups/101/cpu.max
	busy 3
	before=$(used 101)
	start=$(now_us)
	has_used $((before + 50000 * $1)) 101
	spent=$(($(used 101) - before))
	awk "BEGIN { d = 100 * $spent / $(($(now_us) - start)) - $1; d = d < 0 ? -d : d; printf \"%.2f\", d < 0.01 ? 0.01 : d }"
	echo max >$cgroups/101/cpu.max
	empty 101
}

# at_once: the most CPUs that a container with --cpus 1 and four busy tasks ever had, by the count of the module; and what
# was left to 101 beside it, in percent of a CPU
at_once() {
	local start before
	once cloisonctl start 900 --wait
	cloisonctl exec 900 'exec /spin 4' &
	busy 2
	has_used 500000 900
	start=$(now_us)
	before=$(used 101)
	has_used $((before + 5000000)) 101
	rest=$((100 * ($(used 101) - before) / ($(now_us) - start)))
	cloisonctl metrics | awk -v rest=$rest 'index($1, "cloison_sched_peak{ctid=\"900\"") == 1 { print $NF, rest }'
	empty 101
	once cloisonctl stop 900 --fast
	{ wait; } 2>/dev/null
}

once cloisonctl create 900 --ostemplate busybox --cpus 1 --cpuunits 10000
install -m 755 "$spin" /var/lib/cloison/private/900/fs/spin
once modprobe cloison_sched
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

# two CPUs: who cannot use what it is entitled to leaves the rest to the others
declare -A want=([1.2.8]="14.29 28.57 57.14" [50.8.2]="14.29 28.57 57.14" [2.8.50]="14.29 28.57 57.14" [8.50.1]="16.67 33.33 50.00")
for ((round = 0; round < 2; round++)); do
	for who in kernel ours; do
		$who
		for mix in "${!want[@]}"; do
			# shellcheck disable=SC2086
			worst $who.fair.$mix fair ${mix//./ } ${want[$mix]}
		done
		for percent in 10 25 150; do
			worst "$who.cap.$percent" cap $percent
		done
		worst "$who.cpus" at_once
	done
done
for mix in "${!want[@]}"; do
	result "sched.fair.$mix" "${x[ours.fair.$mix]}" "${x[kernel.fair.$mix]}" kernel points lower
done
for percent in 10 25 150; do
	result "sched.cap.$percent" "${x[ours.cap.$percent]}" "${x[kernel.cap.$percent]}" kernel points lower
done
read -r most rest <<<"${x[ours.cpus]}"
read -r kmost krest <<<"${x[kernel.cpus]}"
result sched.cpus "$most" "$kmost" kernel CPUs lower
result sched.cpus.rest "$rest" "$krest" kernel percent higher
kernel
finish
