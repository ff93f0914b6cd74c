#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How other modules attach to the containers: who is called when, and what happens when one refuses.

. "$(dirname "$0")/core-lib.sh"

# See kmod/cloison_test.c. It attaches twice, as "a" and as "b".
test_module=$here/kmod/cloison_test.ko
params=/sys/module/cloison_test/parameters

load() {
	insmod "$test_module"
}

# unload: and all that was attached was detached, with the data that it got.
unload() {
	[[ $(<"$params/bad") == 0 ]]
	rmmod cloison_test
	expect_out '^$' dmesg_complaints
}

dmesg_complaints() {
	dmesg | sed -n '/cloison_test: attached/p'
}

# calls STRING: what the module was called for since the last time.
calls() {
	local log
	log=$(<"$params/log")
	[[ $log == "$1" ]] || { echo "calls: $log, wanted: $1"; return 1; }
}

life() {
	load
	new 5
	calls "attach.a:5 attach.b:5"
	spawn 5 exit=0
	"$nl" set id=5 "init=${init[5]}"
	calls "start.a:5 start.b:5"
	go 5
	dies 5 0
	calls "exit.b:5 exit.a:5"
	"$nl" del id=5
	calls "detach.b:5 detach.a:5"
	unload
}

# Those that were there before: attached, and started if they run.
late() {
	new 5
	run 6
	run 7
	kill -9 "${init[7]}"
	dies 7 9
	load
	calls "attach.a:5 attach.a:6 start.a:6 attach.a:7 attach.b:5 attach.b:6 start.b:6 attach.b:7"
	kill -9 "${init[6]}"
	dies 6 9
	calls "exit.b:6 exit.a:6"
	unload
	[[ $(ids) == $'5\n6\n7' ]]
}

# The module goes while containers run, and comes again.
comes_and_goes() {
	local n
	run 5
	for ((n = 0; n < 10; n++)); do
		load
		calls "attach.a:5 start.a:5 attach.b:5 start.b:5"
		unload
	done
	is_in_state 5 running
	go 5
	dies 5 0
}

delete_running() {
	load
	run 5
	calls "attach.a:5 attach.b:5 start.a:5 start.b:5"
	"$nl" del id=5
	calls "detach.b:5 detach.a:5"
	kill -9 "${init[5]}"
	status 5
	calls ""
	unload
}

# What was attached before the refusal is detached, and the container is not there.
refusal_in_new() {
	load
	echo 28 >"$params/fail"
	expect_out '^ENOSPC: the test wants it to fail$' new 5
	calls "attach.a:5"
	echo 1 >"$params/skip"
	echo 12 >"$params/fail"
	expect_out '^ENOMEM: the test wants it to fail$' new 5
	calls "attach.a:5 attach.b:5 detach.a:5"
	[[ ! $(ids) ]]
	new 5
	calls "attach.a:5 attach.b:5"
	unload
}

# The module is refused, those containers that were attached already are detached.
refusal_at_registration() {
	local id
	for id in 1 2 3; do
		new "$id"
	done
	expect_exit 1 insmod "$test_module" fail=12 skip=1
	expect_exit 1 insmod "$test_module" fail=12 skip=5
	[[ ! -e $params ]]
	[[ $(ids) == $'1\n2\n3' ]]
	load
	calls "attach.a:1 attach.a:2 attach.a:3 attach.b:1 attach.b:2 attach.b:3"
	unload
}

# A process finds its own container and the module's data.
whoami() {
	new 5
	load
	[[ $(<"$params/whoami") == "0 0" ]]
	expect_out '^5 5$' sh -c "echo \$\$ >$base/5/cgroup.procs; cat $params/whoami"
	mkdir "$base/5/below"
	expect_out '^5 5$' sh -c "echo \$\$ >$base/5/below/cgroup.procs; cat $params/whoami"
	"$nl" del id=5
	expect_out '^0 0$' sh -c "echo \$\$ >$base/5/cgroup.procs; cat $params/whoami"
	unload
}

is_seen() {
	[[ $(<"$params/seen") -gt 1000 ]]
}

# A task of a container that sleeps and wakes all the time.
busy() {
	echo "$BASHPID" >"$base/$1/cgroup.procs"
	while :; do
		read -rt 0.001 <>"$tmp/never" || true
	done
}

# Every context switch looks for the container and its data while containers come and go.
storm() {
	local n pids=() failed=
	load
	mkfifo "$tmp/never"
	new 1
	busy 1 &
	for ((n = 0; n < 3; n++)); do
		"$here/nl/storm" "$base" "$((n + 1))0001" 70 &
		pids[n]=$!
	done
	for ((n = 0; n < 3; n++)); do
		wait "${pids[n]}" || failed=1
	done
	wait_for is_seen
	[[ ! $failed ]]
	[[ $(<"$params/attached") == 422 ]]
	[[ $(<"$params/detached") == 420 ]]
	[[ $(<"$params/started") == 360 ]]
	unload
}

# The core stays while somebody uses it.
used() {
	load
	expect_exit 1 rmmod cloison
	unload
	modprobe -r cloison
}

start_core
ktap_plan 9
check "calls in the life of a container" life
check "containers older than the module" late
check "module comes and goes" comes_and_goes
check "container deleted while it runs" delete_running
check "refusal of a container" refusal_in_new
check "refusal of a module" refusal_at_registration
check "container of a task, with its data" whoami
check "storm under a probe" storm
check "a user holds the core" used
ktap_finish
