#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# From the birth of a container's init to its death, in every order in which things can go.

. "$(dirname "$0")/core-lib.sh"

starts() {
	new 5 name=five
	[[ $(running) == 0 ]]
	spawn 5 exit=0
	"$nl" set id=5 "init=${init[5]}"
	[[ $(running) == 1 ]]
	expect_out "^id 5 name five cgroup $(cgroup 5) state running init ${init[5]} started [0-9]+$" "$nl" get id=5
	# Who does not see the process is not told its number.
	expect_out "^id 5 name five cgroup $(cgroup 5) state running started [0-9]+$" \
		unshare --pid --fork "$nl" get id=5
	# Started after this machine and before now, on the clock of /proc/uptime.
	local started
	started=$(field 5 started)
	[[ $started -gt 0 && $((started / 1000000000)) -le $(cut -d. -f1 /proc/uptime) ]]
	go 5
	dies 5 0
	[[ $(running) == 0 ]]
	expect_out "^id 5 name five cgroup $(cgroup 5) state dead started $started exit 0$" "$nl" get id=5
}

init_below_the_cgroup() {
	new 5
	mkdir "$base/5/init.scope"
	spawn 5/init.scope exit=0
	"$nl" set id=5 "init=${init[5]}"
	kill -9 "${init[5]}"
	dies 5 9
}

exit_code() {
	run 5 exit=42
	go 5
	dies 5 $((42 << 8))
}

killed() {
	run 5
	kill -9 "${init[5]}"
	dies 5 9
}

fault() {
	run 5 fault
	go 5
	dies 5 4
}

last_thread() {
	run 5 thread=7
	go 5
	dies 5 $((7 << 8))
}

restart() {
	run 5 reboot
	go 5
	dies 5 1
}

halt() {
	run 5 halt
	go 5
	dies 5 2
}

is_sleep() {
	[[ $(<"/proc/${init[5]}/comm") == sleep ]]
}

# The thread that calls execve(2) takes the place of the first one, which ends: no death.
exec_in_thread() {
	run 5 exec
	go 5
	wait_for is_sleep
	is_in_state 5 running
	kill -9 "${init[5]}"
	dies 5 9
}

# With and without a process: those that cannot be the init.
wrong_init() {
	new 5
	new 6
	spawn 6 exit=0
	expect_out '^ENOENT: no such container$' "$nl" set id=7 "init=${init[6]}"
	expect_out '^EINVAL: the process is not in the cgroup' "$nl" set id=5 "init=${init[6]}"
	expect_out '^EINVAL: the process is not the init of a pid namespace' "$nl" set id=5 init=$$
	expect_out '^EINVAL: the process is not the init of a pid namespace' "$nl" set id=5 init=1
	expect_out '^EINVAL: the process is not the init of a pid namespace' \
		unshare --pid --fork --mount-proc sh -c "$nl set id=5 init=1; exit"
	expect_out '^EINVAL: the process is not the init of a pid namespace' "$nl" set id=5 init=2
	expect_out '^ESRCH: no such process$' "$nl" set id=5 init=4194304
	# A name that came along with a wrong init is not taken.
	expect_out '^EINVAL: the process is not in the cgroup' "$nl" set id=5 "init=${init[6]}" name=five
	expect_out '^id 5 cgroup [0-9]+ state created$' "$nl" get id=5
	[[ $(running) == 0 ]]
}

moved_init() {
	run 5
	new 6
	echo "${init[5]}" >"$base/6/cgroup.procs"
	expect_out '^EINVAL: the process is the init of another container$' "$nl" set id=6 "init=${init[5]}"
	kill -9 "${init[5]}"
	dies 5 9
}

only_once() {
	run 5
	expect_out '^EBUSY: the container had its init already$' "$nl" set id=5 "init=${init[5]}"
	kill -9 "${init[5]}"
	dies 5 9
	spawn 5 exit=0
	expect_out '^EBUSY: the container had its init already$' "$nl" set id=5 "init=${init[5]}"
}

# Dead, but not yet waited for, when it is registered: it died later.
zombie() {
	new 5
	spawn 5 exit=3 zombie
	go 5
	wait_for grep -q dead "$tmp/5.out"
	listen 2
	"$nl" set id=5 "init=${init[5]}"
	wait "$listener"
	expect_out '^started id 5 .* state running .*init' sed -n 2p "$tmp/events"
	expect_out '^exited id 5 .* state dead .* exit 768$' sed -n 3p "$tmp/events"
	go 5
	dies 5 768
	[[ $(running) == 0 ]]
}

reaped() {
	new 5
	spawn 5 exit=3
	go 5
	status 5
	expect_out '^ESRCH: no such process$' "$nl" set id=5 "init=${init[5]}"
	expect_out 'state created$' "$nl" get id=5
}

events() {
	listen 4
	new 5 name=five
	spawn 5 exit=1
	"$nl" set id=5 "init=${init[5]}"
	go 5
	dies 5 256
	"$nl" del id=5
	wait "$listener"
	local c
	c="id 5 name five cgroup $(cgroup 5)"
	[[ $(sed 's/ started [0-9]*//' "$tmp/events") == "ready
created $c state created
started $c state running init ${init[5]}
exited $c state dead exit 256
deleted $c state dead exit 256" ]]
}

# The entry is forgotten, the processes are left alone, and their death tells nobody.
delete_running() {
	run 5
	listen 2
	"$nl" del id=5
	[[ $(running) == 0 ]]
	kill -0 "${init[5]}"
	expect_out '^id 0$' "$nl" resolve "pid=${init[5]}"
	kill -9 "${init[5]}"
	[[ $(status 5) == 9 ]]
	new 6
	wait "$listener"
	expect_out '^deleted id 5 .* state running' sed -n 2p "$tmp/events"
	expect_out '^created id 6 ' sed -n 3p "$tmp/events"
}

# The number is free at once for the next life.
restart_same_id() {
	run 5
	"$nl" del id=5
	kill -9 "${init[5]}"
	run 5 exit=5
	is_in_state 5 running
	go 5
	dies 5 $((5 << 8))
}

cgroup_goes_first() {
	run 5
	mkdir "$base/other"
	echo "${init[5]}" >"$base/other/cgroup.procs"
	rmdir "$base/5"
	is_in_state 5 running
	[[ $(running) == 1 ]]
	kill -9 "${init[5]}"
	dies 5 9
	"$nl" del id=5
}

# Its namespaces are held by bind mounts and outlive it, or it outlives what made them.
namespaces() {
	local ns
	new 5
	unshare --user --map-root-user --net --uts --ipc --mount --cgroup --pid --fork --kill-child \
		sleep infinity &
	local outer=$!
	wait_for grep -q . "/proc/$outer/task/$outer/children"
	local inner
	inner=$(tr -d ' ' <"/proc/$outer/task/$outer/children")
	echo "$inner" >"$base/5/cgroup.procs"
	"$nl" set id=5 "init=$inner"
	for ns in user net uts ipc pid cgroup; do
		touch "$tmp/$ns"
		mount --bind "/proc/$inner/ns/$ns" "$tmp/$ns"
	done
	kill -9 "$inner"
	wait_for is_in_state 5 dead
	[[ $(field 5 exit) == 9 ]]
	rmdir "$base/5"
	for ns in pid user cgroup net ipc uts; do
		umount "$tmp/$ns"
	done
	is_in_state 5 dead
	"$nl" del id=5
	[[ $(running) == 0 ]]
	wait "$outer" || true
}

many_at_once() {
	local id
	for ((id = 1; id <= 20; id++)); do
		run "$id" "exit=$id"
	done
	[[ $(running) == 20 ]]
	for ((id = 1; id <= 20; id++)); do
		go "$id"
	done
	for ((id = 1; id <= 20; id++)); do
		dies "$id" $((id << 8))
	done
	[[ $(running) == 0 ]]
}

# Four at a time: inits that die before, during and after their registration. See nl/storm.c.
storm() {
	local n pids=() failed=
	for ((n = 0; n < 4; n++)); do
		"$here/nl/storm" "$base" "$((n + 1))0001" 70 &
		pids[n]=$!
	done
	for ((n = 0; n < 4; n++)); do
		wait "${pids[n]}" || failed=1
	done
	[[ ! $failed ]]
	[[ ! $(ids) ]]
	[[ $(running) == 0 ]]
}

rmmod_now() {
	modprobe -r cloison
}

start_core
ktap_plan 23
check "start and normal end" starts
check "init in a cgroup below" init_below_the_cgroup
check "exit code" exit_code
check "killed" killed
check "fault" fault
check "exit code of the last thread" last_thread
check "restart asked for from inside" restart
check "halt asked for from inside" halt
check "exec by another thread is no death" exec_in_thread
check "processes that cannot be the init" wrong_init
check "init of another container" moved_init
check "one init in a life" only_once
check "init is a zombie at its registration" zombie
check "init is gone at its registration" reaped
check "events" events
check "delete while it runs" delete_running
check "same id again while the old init dies" restart_same_id
check "cgroup goes first" cgroup_goes_first
check "namespaces go in any order" namespaces
check "twenty at once" many_at_once
check "storm of deaths" storm
check "storm of deaths, once more" storm
check "nothing holds the module" rmmod_now
ktap_finish
