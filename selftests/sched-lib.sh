# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the scheduler share: cgroups that it takes for containers, with busy tasks in them, and what they get.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/cli-lib.sh"

cgroups=/sys/fs/cgroup/cloison
export spin=$here/sched/spin pinned=$here/sched/pinned

# group ID [WEIGHT]
group() {
	mkdir -p "$cgroups"
	echo +cpu +cpuset +pids >/sys/fs/cgroup/cgroup.subtree_control
	echo +cpu +cpuset +pids >"$cgroups/cgroup.subtree_control"
	mkdir "$cgroups/$1"
	echo "${2:-100}" >"$cgroups/$1/cpu.weight"
}

# inside ID COMMAND...: in the background
inside() {
	local id=$1
	shift
	(
		echo "$BASHPID" >"$cgroups/$id/cgroup.procs" && exec "$@"
	) &
	# or its group may be killed before it is in there
	wait_for has_joined $! "$id"
}

has_joined() {
	[[ ! -e /proc/$1 ]] || grep -q "/cloison/$2\$" "/proc/$1/cgroup"
}

# used ID: CPU time in us. Without a process: it must not take the CPU from whom it measures.
used() {
	local key value
	while read -r key value; do
		[[ $key != usage_usec ]] || echo "$value"
	done <"$cgroups/$1/cpu.stat"
}

used_all() {
	local id sum=0
	for id in "$@"; do
		sum=$((sum + $(used "$id")))
	done
	echo $sum
}

has_used() {
	[[ $(used_all "${@:2}") -ge $1 ]]
}

# shares MS ID...: in which proportion they use the next so many ms of CPU time together, in tenths of a percent, to
# $share[ID].
declare -A share
shares() {
	local ms=$1 id all
	local -A before
	shift
	for id in "$@"; do
		before[$id]=$(used "$id")
	done
	all=$(used_all "$@")
	wait_for has_used $((all + ms * 1000)) "$@"
	all=0
	for id in "$@"; do
		share[$id]=$(($(used "$id") - before[$id]))
		all=$((all + share[$id]))
	done
	for id in "$@"; do
		share[$id]=$((share[$id] * 1000 / all))
		echo "$id: ${share[$id]} of 1000"
	done
}

# near VALUE WANTED TOLERANCE
near() {
	[[ $(($1 - $2)) -le $3 && $(($2 - $1)) -le $3 ]]
}

# sched_says KEY [ID]: from cloisonctl sched status --json, of a container
sched_says() {
	local all
	all=$(cloisonctl sched status --json 2>/dev/null | tr -d ' \n')
	[[ ! ${2:-} ]] || all=$(grep -o "{\"ctid\":$2,[^}]*}" <<<"$all")
	sed -nE "s/.*\"$1\":\"?([^\",}]*).*/\1/p" <<<"$all"
}

ours() {
	[[ $(sched_says in_charge) == cloison ]]
}

# empty ID...: nothing is left of them
empty() {
	local id
	for id in "$@"; do
		[[ -e $cgroups/$id ]] || continue
		echo 1 >"$cgroups/$id/cgroup.kill"
		wait_for grep -q 'populated 0' "$cgroups/$id/cgroup.events"
		find "$cgroups/$id" -depth -mindepth 1 -type d -exec rmdir {} +
		rmdir "$cgroups/$id"
	done
}

sched_clean() {
	empty 951 952 953 {960..999}
	wait
	echo 1 >/sys/devices/system/cpu/cpu1/online
}
# Nothing else runs in this machine: our scheduler stays in charge.
trap 'sched_clean; clean; rm -rf "$KTAP_TMP"' EXIT

# sched_case NAME FUNCTION: one that ends with our scheduler in charge.
sched_case() {
	ktap_run "$@"
	{ sched_clean; clean; } >/dev/null 2>&1
	if [[ $(cloisonctl sched status 2>&1) != *"(enabled)"* ]]; then
		cloisonctl sched status 2>&1 | sed 's/^/# /'
		dmesg | grep -A 80 'sched_ext:' | tail -n 100 | sed 's/^/# /'
	fi
}
