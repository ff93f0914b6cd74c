#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# kernels: newest
# alone: newest
# set --sched: in which order the tasks of a container run, and that nobody else notices.

. "$(dirname "$0")/sched-lib.sh"

# runs_as POLICY: container 900, to the scheduler's knowledge
runs_as() {
	[[ $(sched_says policy 900) == "$1" ]]
}

refused() {
	make 900
	expect_exit 21 cloisonctl set 900 --sched fast --save
	expect_out 'it takes default, latency or batch' cloisonctl set 900 --sched fast --save
	not grep -q SCHED "$etc/conf/900.conf"
	echo 'SCHED="fast"' >>"$etc/conf/900.conf"
	expect_exit 21 cloisonctl start 900
	expect_out 'SCHED="fast" in the configuration' cloisonctl start 900
}

# Set before the scheduler is there, while it is, and gone and come; of one that runs and one that starts.
kept() {
	cloisonctl --quiet sched disable
	make_running 900
	expect_exit 0 cloisonctl set 900 --sched batch --save
	expect_out 'batch" of container 900 counts while .*: cloisonctl sched enable' cloisonctl set 900 --sched batch
	cloisonctl --quiet sched enable
	runs_as batch
	not expect_out 'counts while' cloisonctl set 900 --sched latency
	runs_as latency
	[[ $(cloisonctl list -Ho sched 900) == latency* ]]
	# and what else is noted there
	cloisonctl --quiet set 900 --cpus 1
	runs_as latency
	cloisonctl --quiet sched disable
	cloisonctl --quiet sched enable
	runs_as latency
	[[ $(sched_says cpus 900) == 1 ]]
	# the file has the other one
	cloisonctl --quiet stop 900 --fast
	cloisonctl start 900 --wait >"$KTAP_TMP/out"
	grep -qx 'Setting scheduling policy: batch' "$KTAP_TMP/out"
	runs_as batch
	cloisonctl --quiet set 900 --sched default --save
	runs_as default
}

dumped() {
	make_running 900 --sched batch
	cloisonctl --quiet set 900 --sched latency
	cloisonctl --quiet suspend 900
	cloisonctl --quiet resume 900
	runs_as latency
}

# waker POLICY: how late it is that wants more than its part of a CPU, in small bits, beside burners: the median, in us
waker() {
	local all
	cloisonctl --quiet set 900 --sched "$1"
	runs_as "$1"
	inside 900/test taskset 1 "$spin" wake 200 500 >"$KTAP_TMP/late"
	wait $!
	read -r -a all <"$KTAP_TMP/late"
	echo "$1: ${all[*]} us" >&2
	echo "${all[0]}"
}

latency_first() {
	local fair first
	make_running 900
	mkdir "$cgroups/900/test"
	inside 900/test taskset 1 "$spin" 20
	wait_for has_used 300000 900
	fair=$(waker default)
	first=$(waker latency)
	[[ $first -lt $((fair / 3)) ]]
	fair=$(waker batch)
	[[ $first -lt $((fair / 3)) ]]
	cloisonctl --quiet stop 900 --fast
}

# turns POLICY: how often four that compute for half a second each take over from one another, on one CPU
turns() {
	cloisonctl --quiet set 900 --sched "$1" 2>/dev/null
	inside 900/test taskset 1 "$spin" turns 4 500 >"$KTAP_TMP/turns"
	wait $!
	cat "$KTAP_TMP/turns"
}

# Alone, and beside another container, whose slices in between end no turn. A machine that stands still now and then takes
# the slices of either longer.
fewer_switches() {
	local fair batch
	make_running 900
	mkdir "$cgroups/900/test"
	fair=$(turns default)
	batch=$(turns batch)
	echo "alone, default: $fair, batch: $batch"
	[[ $((batch * 4)) -lt $((fair * 3)) ]]
	group 951
	inside 951 taskset 1 "$spin" 2
	fair=$(turns default)
	batch=$(turns batch)
	echo "beside another, default: $fair, batch: $batch"
	[[ $((batch * 4)) -lt $((fair * 3)) ]]
	cloisonctl --quiet stop 900 --fast
}

# What it gets beside others does not depend on it, nor what they get.
same_shares() {
	local policy
	make_running 900 --cpuunits 1000
	mkdir "$cgroups/900/test"
	group 951 200
	inside 900/test taskset 1 "$spin" 5
	inside 951 taskset 1 "$spin" 3
	inside 900/test taskset 1 "$spin" wake 1000000 1500 >/dev/null
	wait_for has_used 300000 900 951
	for policy in default latency batch; do
		cloisonctl --quiet set 900 --sched "$policy"
		shares 3000 900 951
		near "${share[951]}" 667 50
	done
	# nor whether it is limited
	cloisonctl --quiet set 900 --sched latency --cpulimit 20
	shares 2000 900 951
	[[ ${share[900]} -lt 270 ]]
	cloisonctl --quiet stop 900 --fast
}

# Not even by one that gives the others no rest are they starved, whoever is first.
nobody_starves() {
	local pid first
	make_running 900 --sched latency
	mkdir "$cgroups/900/test"
	inside 900/test taskset 1 "$spin" 1
	pid=$!
	for _ in 1 2 3; do
		inside 900/test taskset 1 "$spin" wake 1000000 3000 >/dev/null
	done
	first=$(awk '{ print $14 }' "/proc/$pid/stat")
	wait_for has_used $(($(used 900) + 3000000)) 900
	# in ticks of 10 ms
	[[ $(($(awk '{ print $14 }' "/proc/$pid/stat") - first)) -ge 3 ]]
	cloisonctl --quiet stop 900 --fast
}

# The kernel's own goes on, the policy is noted, and counts again when ours comes back.
ejected() {
	make_running 900 --sched latency
	echo 1 >/proc/sys/kernel/sysrq
	echo S >/proc/sysrq-trigger
	wait_for expect_exit 5 cloisonctl sched status
	expect_out 'counts while .*: the kernel has ended it' cloisonctl set 900 --sched batch
	[[ $(cloisonctl list -Ho sched 900) == batch* ]]
	cloisonctl --quiet sched enable
	runs_as batch
}

policy_case() {
	run_case "$@"
	sched_clean >/dev/null 2>&1
}

ktap_plan 8
policy_case "refused" refused
policy_case "kept" kept
policy_case "suspended and resumed" dumped
policy_case "latency first" latency_first
policy_case "batch switches less" fewer_switches
policy_case "the same shares" same_shares
policy_case "nobody starves" nobody_starves
policy_case "ejected" ejected
ktap_finish
