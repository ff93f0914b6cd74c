#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# kernels: newest
# alone: newest
# The scheduler on top of sched_ext: shares, limits, and that nothing that happens to tasks, cgroups and CPUs gets it ejected.

. "$(dirname "$0")/sched-lib.sh"

takes_over() {
	cloisonctl sched enable
	ours
	expect_exit 0 cloisonctl sched enable
	expect_out '^in charge: cloison \(enabled\)$' cloisonctl sched status
	expect_out 'scheduler shares out the CPU' cloisonctl check kernel
	# to be dumped and restored, tasks must be what they were
	[[ $(chrt -p $$) == *SCHED_OTHER* ]]
}

# The one with a single task is entitled to more than a CPU, and gets one; the others share the other one.
unequal() {
	group 951 100
	group 952 200
	group 953 400
	inside 951 "$spin" 20
	inside 952 "$spin" 8
	inside 953 "$spin" 1
	wait_for has_used 200000 951 952 953
	shares 4000 951 952 953
	# the host, which polls, takes some of it
	[[ ${share[953]} -gt 400 && ${share[953]} -lt 600 ]]
	near $((share[951] * 1000 / (share[951] + share[952]))) 333 50
	# while they run
	echo 200 >"$cgroups/951/cpu.weight"
	shares 3000 951 952
	near "${share[951]}" 500 60
}

# A tool that is newer than what is in charge: it reads nothing of another size, says so, and "enable" replaces it.
replaced() {
	local pins=/sys/fs/bpf/cloison since name
	for name in state ended; do
		rm "$pins/sched_$name"
		"$pinned" make "$pins/sched_$name" 4000000
		expect_exit 0 cloisonctl sched status
		[[ $name == ended ]] || expect_exit 5 cloisonctl sched status --json
	done
	expect_out "another version's" cloisonctl sched status
	[[ $(sched_says other_version) == true ]]
	expect_out 'hint.*another version' cloisonctl check kernel
	make_running 900
	expect_out "another version's" cloisonctl set 900 --cpus 1
	expect_exit 0 cloisonctl sched enable
	[[ $(sched_says other_version) == false ]]
	[[ $(sched_says cpus 900) == 1 ]]
	since=$(stat -c %i "$pins/sched")
	expect_exit 0 cloisonctl sched enable
	[[ $(stat -c %i "$pins/sched") == "$since" ]]
	# what it was made with has changed
	configure VE0CPUUNITS 3000
	expect_exit 0 cloisonctl sched enable
	[[ $(sched_says weight 0) == 300 ]]
	configure VE0CPUUNITS
	expect_exit 0 cloisonctl sched enable
	[[ $(sched_says weight 0) == 100 ]]
}

# ticks PID: of CPU time
ticks() {
	awk '{ print $14 }' "/proc/$1/stat"
}

has_ticks() {
	[[ $(ticks "$1") -ge $2 ]]
}

inside_by_nice() {
	local pids=() first=() ticks=() i
	group 951
	inside 951 taskset 1 "$spin" 1 0
	pids+=($!)
	inside 951 taskset 1 "$spin" 1 5
	pids+=($!)
	# the first one was alone for a while
	wait_for has_ticks "${pids[1]}" 10
	for i in 0 1; do
		first+=("$(ticks "${pids[i]}")")
	done
	wait_for has_used $(($(used 951) + 6000000)) 951
	for i in 0 1; do
		ticks+=($(($(ticks "${pids[i]}") - first[i])))
	done
	echo "${ticks[*]}"
	# weights 1024 and 335
	near $((ticks[1] * 1000 / (ticks[0] + ticks[1]))) 247 60
}

capped() {
	local start spent
	group 951
	group 952
	echo 30000 100000 >"$cgroups/951/cpu.max"
	inside 951 "$spin" 3
	inside 952 "$spin" 1
	wait_for has_used 200000 951
	spent=$(used 951)
	start=${EPOCHREALTIME/./}
	sleep 4
	spent=$(($(used 951) - spent))
	start=$((${EPOCHREALTIME/./} - start))
	echo "$spent of $start us"
	# of machines that stand still for a while, the pause counts as used before or after
	[[ $((spent * 1000 / start)) -gt 150 && $((spent * 1000 / start)) -lt 400 ]]
	[[ $(sched_says throttled_us 951) -gt 0 ]]
	echo max >"$cgroups/951/cpu.max"
	shares 1000 951 952
	[[ ${share[951]} -gt 400 ]]
}

# figure NAME: of container 900, from stat
figure() {
	cloisonctl stat 900 --json | tr -d ' \n' | sed -nE "s/.*\"$1\":([0-9]+).*/\1/p"
}

has_throttled() {
	[[ $(figure throttled_us) -gt $1 && $(figure throttles) -gt 0 ]]
}

# What stat shows is what ours counts, as long as it does.
denied() {
	make_running 900 --cpulimit 10
	cp "$spin" "$state"/private/900/fs/spin
	cloisonctl exec 900 'exec /spin 2' &
	wait_for has_throttled 1000000
	[[ $(sched_says throttles 900) -gt 0 ]]
	grep -qx 'throttled_usec 0' "$cgroups/900/cpu.stat"
	cloisonctl --quiet stop 900 --fast
	wait
}

has_two() {
	[[ $(sched_says most_cpus 900) == 2 ]]
}

# permille ID: of a CPU that it uses over 3 s
permille() {
	local spent start=${EPOCHREALTIME/./}
	spent=$(used "$1")
	sleep 3
	spent=$(($(used "$1") - spent))
	echo $((spent * 1000 / (${EPOCHREALTIME/./} - start)))
}

# Of a container, and what it was set to stays when the scheduler goes and comes
cpus_at_once() {
	make_running 900 --cpus 1
	cp "$spin" "$state"/private/900/fs/spin
	[[ $(cgroup_file 900 cpu.max) == "100000 100000" ]]
	cloisonctl exec 900 'exec /spin 4' &
	wait_for has_used 1000000 900
	[[ $(sched_says most_cpus 900) == 1 ]]
	[[ $(sched_says cpus 900) == 1 ]]
	# what the kernel says: not two at once but for the moment of a switch
	near "$(permille 900)" 900 150
	cloisonctl set 900 --cpus 2
	wait_for has_two
	[[ $(permille 900) -gt 1200 ]]
	cloisonctl set 900 --cpus 1
	cloisonctl sched disable
	[[ $(cgroup_file 900 cpu.max) == "100000 100000" ]]
	cloisonctl sched enable
	[[ $(sched_says cpus 900) == 1 ]]
	wait_for has_used $(($(used 900) + 500000)) 900
	[[ $(sched_says most_cpus 900) == 1 ]]
	cloisonctl --quiet stop 900 --fast
	wait
}

# Those bound to one CPU do not wait for the other one, and those bound to the other one go on.
bound() {
	local i pid
	group 951 100
	group 952 200
	group 953 10000
	inside 951 taskset 1 "$spin" 3
	inside 952 taskset 1 "$spin" 1
	inside 953 taskset 2 "$spin" 2
	wait_for has_used 200000 951 952
	shares 4000 951 952
	near "${share[952]}" 667 80
	shares 2000 951 952 953
	# nobody but them is on the other CPU; the host is, where it likes
	[[ ${share[953]} -gt 450 ]]
	for i in 2 1 3 2 1 3; do
		while read -r pid; do
			taskset -p "$i" "$pid"
		done < <(cat "$cgroups"/95[123]/cgroup.procs)
	done
}

# More than a CPU looks at, which may not run there, do not keep it from those that may.
many_bound() {
	local i
	for ((i = 960; i < 1000; i++)); do
		group "$i" 100
		inside "$i" taskset 1 "$spin" 1
	done
	group 951 100
	inside 951 taskset 2 "$spin" 1
	group 952 100
	inside 952 taskset 2 "$spin" 1
	shares 1000 951 952
	near "${share[951]}" 500 250
	for ((i = 960; i < 1000; i++)); do
		empty "$i"
	done
}

is_working() {
	wait_for has_used $(($(used "$1") + 100000)) "$1"
}

hotplug() {
	group 951
	inside 951 "$spin" 5
	for _ in 1 2 3; do
		echo 0 >/sys/devices/system/cpu/cpu1/online
		is_working 951
		echo 1 >/sys/devices/system/cpu/cpu1/online
		is_working 951
	done
	ours
	cloisonctl sched disable
	is_working 951
	cloisonctl sched enable
	is_working 951
}

stopped_and_frozen() {
	local pid
	group 951
	group 952
	inside 951 "$spin" 1
	pid=$!
	inside 952 "$spin" 3
	is_working 951
	for _ in 1 2 3 4 5; do
		kill -STOP "$pid"
		kill -CONT "$pid"
		echo 1 >"$cgroups/952/cgroup.freeze"
		wait_for grep -q 'frozen 1' "$cgroups/952/cgroup.events"
		echo 0 >"$cgroups/952/cgroup.freeze"
	done
	for _ in 1 2 3; do
		timeout 1 strace -o /dev/null -p "$pid" || true
	done
	is_working 951
	is_working 952
	# from class to class
	for _ in 1 2 3 4 5; do
		chrt -f -p 10 "$pid"
		chrt -o -p 0 "$pid"
		renice -n 5 -p "$pid"
		renice -n 0 -p "$pid"
	done
	is_working 951
	is_working 952
}

realtime() {
	local pid
	group 951
	inside 951 "$spin" 4
	taskset 2 chrt -f 10 "$spin" 1 &
	pid=$!
	is_working 951
	kill "$pid"
	chrt -d -T 20000000 -D 100000000 -P 100000000 0 sh -c 'while :; do :; done' &
	pid=$!
	is_working 951
	[[ $(chrt -p "$pid") == *SCHED_DEADLINE* ]]
	kill "$pid"
	ours
}

# Half the weight of the host, which computes as well, is a third of two CPUs.
beside_host() {
	local hosts=() i
	configure VE0CPUUNITS 2000
	cloisonctl sched enable
	configure VE0CPUUNITS
	group 951 100
	inside 951 "$spin" 4
	for i in 1 2 3 4; do
		timeout 100 "$spin" 1 &
		hosts+=($!)
	done
	is_working 951
	near "$(permille 951)" 667 120
	kill "${hosts[@]}"
	cloisonctl sched enable
}

# At boot, by the unit.
unit() {
	cloisonctl sched disable
	systemctl start cloison-sched
	ours
	systemctl stop cloison-sched
	[[ $(sched_says in_charge) == kernel ]]
	configure SCHED kernel
	expect_out 'group scheduling is in charge' cloisonctl sched enable --auto
	configure SCHED
	cloisonctl sched enable --auto
}

# What it asks of the module keeps that where it is.
with_module() {
	cloisonctl sched disable
	modprobe cloison_sched
	cloisonctl sched enable
	expect_exit 1 rmmod cloison_sched
	group 951
	inside 951 "$spin" 2
	is_working 951
	cloisonctl sched disable
	wait_for rmmod cloison_sched
	is_working 951
	cloisonctl sched enable
}

# One that is in charge by somebody else's doing is left alone.
foreign() {
	local link=/sys/fs/bpf/cloison/sched
	mv "$link" /sys/fs/bpf/other
	[[ $(sched_says state) == foreign ]]
	expect_out 'Another scheduler is in charge' cloisonctl sched enable
	expect_exit 5 cloisonctl sched enable
	expect_out 'end that scheduler, then: cloisonctl sched enable' cloisonctl check kernel
	mv /sys/fs/bpf/other "$link"
}

fork_bomb() {
	group 951
	group 952
	echo 150 >"$cgroups/951/pids.max"
	echo 20000 100000 >"$cgroups/951/cpu.max"
	inside 952 "$spin" 1
	inside 951 "$spin" bomb
	wait_for has_used 1000000 951
	is_working 952
	ours
	# they need time to end
	echo max >"$cgroups/951/cpu.max"
}

# move FROM TO: all processes
move() {
	local pid
	while read -r pid; do
		echo "$pid" >"$cgroups/$2/cgroup.procs"
	done < <(cat "$cgroups/$1/cgroup.procs")
}

# Tasks go from container to container, and containers go with tasks that end.
moves() {
	local i
	group 951
	group 952
	inside 951 "$spin" 10
	is_working 951
	for i in 1 2 3 4; do
		move 951 952
		move 952 951
	done
	is_working 951
	for i in 1 2 3 4 5 6 7 8; do
		group 953
		mkdir "$cgroups/953/below"
		inside 953/below "$spin" 3
		inside 953 "$spin" 3
		empty 953
	done
	is_working 951
	[[ $(($(sched_says waiting 951) + $(sched_says running 951))) -ge 9 ]]
}

# SCHED_SWITCHES=N: so often, 3 without.
on_and_off() {
	local i
	group 951 100
	group 952 300
	inside 951 "$spin" 5
	inside 952 "$spin" 5
	is_working 951
	for ((i = 0; i < ${SCHED_SWITCHES:-3}; i++)); do
		cloisonctl --quiet sched disable
		cloisonctl --quiet sched enable
	done
	[[ $(cat "$cgroups"/952/cpu.weight) == 300 ]]
	[[ $(wc -l <"$cgroups/951/cgroup.procs") == 5 ]]
	shares 2000 951 952
	near "${share[952]}" 750 50
}

# SCHED_STRESS=SECONDS: all that changes, for so long, 10 without.
stress() {
	local end=$((SECONDS + ${SCHED_STRESS:-10})) i=0
	group 951 100
	group 952 300
	inside 951 "$spin" 10
	inside 952 "$spin" 5
	while [[ $SECONDS -lt $end ]]; do
		group 953
		inside 953 "$spin" 3
		echo $((100 + i++ % 7 * 100)) >"$cgroups/951/cpu.weight"
		echo $((20000 + i % 3 * 40000)) 100000 >"$cgroups/952/cpu.max"
		echo $((i % 2)) >"$cgroups/953/cpuset.cpus"
		move 953 952
		move 952 951
		echo max >"$cgroups/952/cpu.max"
		empty 953
	done
	ours
	is_working 951
}

# The kernel ends it: that is seen, and said.
ejected() {
	local ended=/sys/fs/bpf/cloison/sched_ended watch
	events_begin
	echo 1 >/proc/sys/kernel/sysrq
	echo S >/proc/sysrq-trigger
	wait_for expect_exit 5 cloisonctl sched status
	[[ $(sched_says state) == ejected && $(sched_says in_charge) == kernel ]]
	[[ $(sched_says reason) && $(sched_says ejections) == 1 ]]
	expect_out 'ejected' cloisonctl check kernel
	# after five more, and as if it had been in charge for more than an hour
	"$pinned" put "$ended" 24 $((5 + (1024 << 32)))
	[[ $(sched_says ejections) == 6 ]]
	"$pinned" put "$ended" 8 7200000000000
	"$pinned" put "$ended" 0 1
	[[ $(sched_says ejections) == 1 ]]
	# a minute ago
	"$pinned" put "$ended" 24 $((1024 << 32))
	"$pinned" put "$ended" 8 2
	cloisonctl watch >"$KTAP_TMP/watch" 2>&1 &
	watch=$!
	wait_for ours
	wait_for grep -q 'scheduler-enabled' "$KTAP_TMP/events"
	grep -q 'scheduler-ejected' "$KTAP_TMP/events"
	kill "$watch" "$listener"
	wait "$watch" || true
	grep -q 'in charge again, after' "$KTAP_TMP/watch"
}

ktap_plan 22
sched_case "takes over" takes_over
sched_case "another version's" replaced
sched_case "shares of unequal containers" unequal
sched_case "inside by nice" inside_by_nice
sched_case "cap" capped
sched_case "denied, in stat" denied
sched_case "CPUs at once" cpus_at_once
sched_case "bound to CPUs" bound
sched_case "many bound elsewhere" many_bound
sched_case "stopped, frozen, of other classes" stopped_and_frozen
sched_case "beside realtime" realtime
sched_case "beside the host" beside_host
sched_case "unit" unit
sched_case "with the module" with_module
sched_case "foreign" foreign
sched_case "fork bomb" fork_bomb
sched_case "moves and ends" moves
sched_case "on and off" on_and_off
sched_case "stress" stress
sched_case "ejected" ejected
sched_case "and still" ours
sched_case "CPUs go and come" hotplug
ktap_finish
