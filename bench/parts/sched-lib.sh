# SPDX-License-Identifier: GPL-2.0-only
# What the measurements of the scheduler share: cgroups that it takes for containers, with tasks in them.
# shellcheck shell=bash

. "${BASH_SOURCE[0]%/*}/lib.sh"

cgroups=/sys/fs/cgroup/cloison
export work=/usr/lib/cloison/selftests/acct/work
export spin=/usr/lib/cloison/selftests/sched/spin

mkdir -p $cgroups
echo +cpu +cpuset >/sys/fs/cgroup/cgroup.subtree_control
echo +cpu +cpuset >$cgroups/cgroup.subtree_control

kernel() { once cloisonctl sched disable; }
ours() { once cloisonctl sched enable; }

# group ID WEIGHT
group() {
	mkdir "$cgroups/$1"
	echo "$2" >"$cgroups/$1/cpu.weight"
}

# inside ID COMMAND...
inside() {
	local id=$1
	shift
	(
		echo "$BASHPID" >"$cgroups/$id/cgroup.procs"
		exec "$@"
	)
}

# look ID...: into $looked: the time in us, and the CPU time in us that each has used; into $sum that of all. Without a
# process: it would take some of that, and be late where the CPUs are busy.
look() {
	local key value id
	looked=("${EPOCHREALTIME/./}")
	sum=0
	for id in "$@"; do
		while read -r key value; do
			[[ $key != usage_usec ]] || { looked+=("$value"); sum=$((sum + value)); }
		done <"$cgroups/$id/cpu.stat"
	done
}

# used ID...: CPU time in us, together
used() {
	local looked sum
	look "$@"
	echo "$sum"
}

# pause: without a process
pause() {
	read -rt 0.2 -u "$nothing" || true
}
exec {nothing}<> <(:)

# has_used US ID...: waits until they have, together
has_used() {
	local looked sum=0 most=$1
	shift
	while [[ $sum -lt $most ]]; do
		pause
		look "$@"
	done
}

# empty ID...: of their tasks, which are this shell's children
empty() {
	local id
	for id in "$@"; do
		[[ ! -e $cgroups/$id ]] || echo 1 >"$cgroups/$id/cgroup.kill"
	done
	# the shell would say who was killed
	{ wait; } 2>/dev/null
}
