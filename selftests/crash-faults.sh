#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# System calls that fail where the tool could take it for something else: that the kernel has no such thing, that there is
# none yet, that a container does not run. crash-errors.sh tries all calls; here is what they must lead to, on each kernel.

. "$(dirname "$0")/crash/lib.sh"

cgroups=/sys/fs/cgroup/cloison

# calls NAME COMMAND...: the points at which the command itself makes that call.
calls() {
	"$inject" --own --list "$KTAP_TMP/points" "${@:2}" >/dev/null
	sed -n "s/^\(1\.[0-9]*\) [0-9]* $1 .*/\1/p" "$KTAP_TMP/points" >"$KTAP_TMP/$1"
	[[ -s $KTAP_TMP/$1 ]]
}

# failing ERRNO POINT COMMAND...: its output goes to $KTAP_TMP/said, its status to $status.
failing() {
	status=0
	"$inject" --own --report "$KTAP_TMP/report" --error "$1" "$2" "${@:3}" >"$KTAP_TMP/said" 2>&1 || status=$?
	echo "$1 at $2: $(<"$KTAP_TMP/report"): status $status: $(<"$KTAP_TMP/said")"
	[[ $(<"$KTAP_TMP/report") == hit* ]]
}

# no_guards: they go with the group.
no_guards() {
	rmdir "$cgroups"/shut-in "$cgroups" || [[ ! -e $cgroups ]]
}

# programs: how many BPF programs container 900 and all containers have.
programs() {
	"$here/crash/picture" 900 | grep -E '^(device filters|guards of settings|other guards) '
}

no_start() {
	[[ $status -ne 0 && $(status 900) == "$exists" && ! -e $cgroups/900 ]]
}

# All of them are put up, or the container does not start; but a kernel may have none.
guards() {
	local point all
	# the first start of all loads modules, too
	make_running 900
	cloisonctl --quiet stop 900 --fast
	no_guards
	calls bpf cloisonctl --quiet start 900
	all=$(programs)
	cloisonctl --quiet stop 900 --fast
	echo "$all"
	grep -qx 'device filters 1' <<<"$all"
	grep -qx 'guards of settings 1' <<<"$all"
	while read -r point; do
		no_guards
		failing ENOMEM "$point" cloisonctl start 900
		[[ $status -eq 5 ]]
		grep -qE '(guard|device filter).*: Cannot allocate memory' "$KTAP_TMP/said"
		no_start
		cloisonctl --quiet start 900
		[[ $(programs) == "$all" ]]
		cloisonctl --quiet stop 900 --fast
	done <"$KTAP_TMP/bpf"
	# the first call asks, the second one loads
	no_guards
	failing EINVAL "$(sed -n 2p "$KTAP_TMP/bpf")" cloisonctl --verbose start 900
	[[ $status -eq 0 ]]
	grep -q '^no guard on sockets: Invalid argument' "$KTAP_TMP/said"
	cloisonctl --quiet stop 900 --fast
	no_guards
}

device_filter() {
	local point
	make_running 900
	calls bpf cloisonctl --quiet set 900 --devices c:10:200:rw --save
	while read -r point; do
		failing ENOMEM "$point" cloisonctl set 900 --devices c:10:200:none --save
		[[ $status -eq 5 ]]
		grep -q 'device filter: Cannot allocate memory' "$KTAP_TMP/said"
		programs | grep -qx 'device filters 1'
	done <"$KTAP_TMP/bpf"
	cloisonctl --quiet set 900 --devices c:10:200:none --save
	programs | grep -qx 'device filters 1'
}

# It is neither gone nor too slow.
process_descriptors() {
	local point
	make_running 900
	calls pidfd_open cloisonctl --quiet set 900 --hostname one --save
	while read -r point; do
		failing EMFILE "$point" cloisonctl set 900 --hostname two --save
		[[ $status -eq 3 ]]
		grep -q 'Too many open files' "$KTAP_TMP/said"
		# the container is not asked whether the file is saved
		grep -q 'HOSTNAME="two"' "$etc/conf/900.conf"
	done <"$KTAP_TMP/pidfd_open"
	failing ESRCH "$(head -n 1 "$KTAP_TMP/pidfd_open")" cloisonctl set 900 --hostname two --save
	[[ $status -eq 31 ]]
	# what cannot be run in a container that starts is said, and it starts
	cloisonctl --quiet stop 900 --fast
	calls pidfd_open cloisonctl --quiet start 900
	while read -r point; do
		cloisonctl --quiet stop 900 --fast
		failing EMFILE "$point" cloisonctl start 900
		[[ $status -eq 0 ]]
		grep -q '^Warning: .*Too many open files' "$KTAP_TMP/said"
	done <"$KTAP_TMP/pidfd_open"
}

# Nor has a container that the registry lost just ended.
adopted() {
	make_running 900
	"$here/nl/nl_test" del id=900
	calls pidfd_open cloisonctl check --repair 900
	"$here/nl/nl_test" del id=900
	failing EMFILE "$(head -n 1 "$KTAP_TMP/pidfd_open")" cloisonctl check --repair 900
	[[ $status -eq 3 ]]
	grep -q '^FAILED .*Too many open files' "$KTAP_TMP/said"
	cloisonctl check --repair 900
	is_running 900
}

# What the kernel was told before is taken back all the same.
requests() {
	local point
	make 900
	calls sendmsg cloisonctl --quiet start 900
	cloisonctl --quiet stop 900 --fast
	while read -r point; do
		failing ENOMEM "$point" cloisonctl start 900
		not grep -q 'cleaning up failed' "$KTAP_TMP/said"
		no_start
	done <"$KTAP_TMP/sendmsg"
}

# Nobody waits in a container for a tool that has been killed, with the container's lock.
visitor_of_nobody() {
	local point
	make_running 900
	calls write cloisonctl --quiet set 900 --hostname one
	while read -r point; do
		expect_exit 137 "$inject" --own --kill "$point" cloisonctl set 900 --hostname one
		flock -n /run/cloison/lock/900.lck true
	done <"$KTAP_TMP/write"
	[[ -z $(<"$cgroups/900/cloison-exec/cgroup.procs") ]]
}

# It is told why it ends, and says so.
visitor_not_let_go() {
	local point
	make_running 900
	calls sendto cloisonctl exec 900 true
	while read -r point; do
		failing ENOMEM "$point" cloisonctl exec 900 true
		[[ $status -ne 0 ]]
		grep -q heard "$KTAP_TMP/said"
	done <"$KTAP_TMP/sendto"
}

ktap_plan 7
run_case "the guards of all containers" guards
run_case "a container's device filter" device_filter
run_case "descriptors of processes" process_descriptors
run_case "the same of one to be registered again" adopted
run_case "requests to the kernel" requests
run_case "a tool that is killed while its visitor waits" visitor_of_nobody
run_case "a visitor that is not let go" visitor_not_let_go
ktap_finish
