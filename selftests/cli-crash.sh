#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# The tool is killed in the middle: the same command again goes on, and nothing is left over. strace kills it at its Nth
# system call, for N over the whole run.

. "$(dirname "$0")/cli-lib.sh"

# calls COMMAND...: how many system calls it makes
calls() {
	strace -qq -o "$KTAP_TMP/strace" "$@" >/dev/null 2>&1
	wc -l <"$KTAP_TMP/strace"
}

# killed_at N COMMAND...
killed_at() {
	local n=$1
	shift
	strace -qq -o /dev/null -e "inject=all:signal=KILL:when=$n" "$@" >/dev/null 2>&1 || true
}

# points COUNT: where to kill, spread over the run; always the last ones, where most happens.
points() {
	seq 1 $((($1 + 5) / 6)) "$1"
	seq $(($1 - 2)) "$1"
}

create_killed() {
	local total n
	total=$(calls cloisonctl create 900 --ostemplate busybox)
	cloisonctl --quiet destroy 900
	echo "$total calls"
	for n in $(points "$total"); do
		echo "killed at call $n"
		killed_at "$n" cloisonctl create 900 --ostemplate busybox
		if [[ $(status 900) != *" exist "* ]]; then
			cloisonctl --quiet create 900 --ostemplate busybox
		fi
		[[ -x $state/private/900/fs/bin/busybox ]]
		cloisonctl --quiet destroy 900
		[[ -z $(ls -A "$state"/private) ]]
	done
}

start_killed() {
	local total n
	make 900
	total=$(calls cloisonctl start 900)
	cloisonctl --quiet stop 900 --fast
	echo "$total calls"
	for n in $(points "$total"); do
		echo "killed at call $n"
		killed_at "$n" cloisonctl start 900
		# the half-made one ends by itself, or it was made
		wait_for settled 900
		if is_down 900; then
			cloisonctl --quiet start 900 --wait
		fi
		[[ $(cloisonctl exec2 900 echo alive) == alive ]]
		cloisonctl --quiet stop 900 --fast
		[[ ! -e /sys/fs/cgroup/cloison/900 ]]
		[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	done
}

# settled ID: all of it is dead, or its init runs the container's program.
settled() {
	local init
	[[ -e /sys/fs/cgroup/cloison/$1 ]] || return 0
	grep -q 'populated 0' /sys/fs/cgroup/cloison/"$1"/cgroup.events && return 0
	init=$(init_of "$1") && [[ $(readlink "/proc/$init/exe") == */busybox ]]
}

stop_killed() {
	local total n
	make_running 900
	total=$(calls cloisonctl stop 900 --fast)
	for n in $(points "$total"); do
		echo "killed at call $n"
		is_running 900 || cloisonctl --quiet start 900
		killed_at "$n" cloisonctl stop 900 --fast
		cloisonctl --quiet stop 900 --fast
		[[ $(status 900) == "CTID 900 exist unmounted down" ]]
		[[ ! -e /sys/fs/cgroup/cloison/900 ]]
	done
}

destroy_killed() {
	local total n
	make 900
	total=$(calls cloisonctl destroy 900)
	for n in $(points "$total"); do
		echo "killed at call $n"
		[[ -e $etc/conf/900.conf ]] || make 900
		killed_at "$n" cloisonctl destroy 900
		if [[ -e $etc/conf/900.conf ]]; then
			cloisonctl --quiet destroy 900
		fi
		[[ -z $(ls -A "$state"/private) ]]
	done
}

all_at_once() {
	local _
	for _ in 1 2 3 4 5 6; do
		cloisonctl create 900 --ostemplate busybox >/dev/null 2>&1 &
	done
	wait
	[[ $(status 900) == "CTID 900 exist unmounted down" ]]
	for _ in 1 2 3 4 5 6; do
		cloisonctl start 900 --wait >/dev/null 2>&1 &
		cloisonctl stop 900 --fast >/dev/null 2>&1 &
	done
	wait
	is_running 900 || cloisonctl --quiet start 900
	[[ $(cloisonctl exec2 900 echo alive) == alive ]]
}

ktap_plan 5
run_case "create" create_killed
run_case "start" start_killed
run_case "stop" stop_killed
run_case "destroy" destroy_killed
run_case "several on one container at once" all_at_once
ktap_finish
