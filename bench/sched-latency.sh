#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How late a container wakes up that sleeps most of the time, beside one with so many tasks that compute; and what is left
# to three containers when a fourth one computes with fifty tasks. Cloison's scheduler and the kernel's group scheduling.

here=$(dirname "$0")
. "$here/parts/sched-lib.sh"

results=$(mktemp -d)

# late BURNERS: median, 99th percentile and worst, in us
late() {
	inside 104 "$spin" "$1" &
	has_used $(($(used 104) + 20000)) 104
	inside 101 "$spin" wake 300
	empty 104
}

# served THING ROUNDS: the mean time of a round of each of three, in ns, when all are at work
served() {
	local id
	for id in 101 102 103; do
		inside "$id" "$work" "$1" "$2" >"$results/$id" &
		victims+=($!)
	done
	wait "${victims[@]}"
	cat "$results"/10[123] | awk '{ n += $1 } END { printf "%.0f\n", n / NR }'
}

# beside BURNERS THING ROUNDS
beside() {
	local victims=()
	inside 104 "$spin" "$1" &
	has_used $(($(used 104) + 20000)) 104
	served "$2" "$3"
	empty 104
}

for id in 101 102 103 104; do
	group $id 100
done
declare -A x rounds=([page_fault]=10000 [ctx_switch]=1000)
for who in kernel ours; do
	$who
	for burners in 1 3 20; do
		x[$who.late.$burners]=$(late $burners)
		echo "# $who late $burners: ${x[$who.late.$burners]}"
	done
	for thing in page_fault ctx_switch; do
		x[$who.$thing.alone]=$(inside 101 "$work" $thing "${rounds[$thing]}")
		for burners in 1 50; do
			x[$who.$thing.$burners]=$(beside $burners $thing "${rounds[$thing]}")
		done
		echo "# $who $thing: ${x[$who.$thing.alone]} ${x[$who.$thing.1]} ${x[$who.$thing.50]}"
	done
done
for burners in 1 3 20; do
	read -r p50 p99 most <<<"${x[ours.late.$burners]}"
	read -r k50 k99 kmost <<<"${x[kernel.late.$burners]}"
	result "sched.latency.p50.$burners" "$p50" "$k50" kernel us lower
	result "sched.latency.p99.$burners" "$p99" "$k99" kernel us lower 1.00
	result "sched.latency.max.$burners" "$most" "$kmost" kernel us lower
done
for thing in page_fault ctx_switch; do
	for who in ours kernel; do
		most=
		[[ $who != ours ]] || most=1.01
		# a quarter of the processor is theirs
		result "sched.isolation.$thing.$who.entitled" "${x[$who.$thing.50]}" "$((4 * ${x[$who.$thing.alone]}))" "4 times alone" ns lower $most
		result "sched.isolation.$thing.$who.one" "${x[$who.$thing.50]}" "${x[$who.$thing.1]}" "beside 1" ns lower $most
	done
done
kernel
finish
