#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The registry: who is in it, under which number, name and cgroup, and which container a process is in.

. "$(dirname "$0")/core-lib.sh"

new_and_get() {
	new 5 name=five
	expect_out "^id 5 name five cgroup $(cgroup 5) state created$" "$nl" get id=5
	expect_out "^id 5 name five cgroup $(cgroup 5) state created$" "$nl" get name=five
	"$nl" del id=5
	expect_out '^ENOENT: no such container$' "$nl" get id=5
	expect_out '^ENOENT: no such container$' "$nl" get name=five
	expect_out '^ENOENT: no such container$' "$nl" del id=5
}

limits_of_ids() {
	new 1
	new 2147483644
	[[ $(ids) == $'1\n2147483644' ]]
}

dump_in_order() {
	local id
	for id in 7 3 100 2; do
		new "$id"
	done
	[[ $(ids) == $'2\n3\n7\n100' ]]
	"$nl" del id=3
	[[ $(ids) == $'2\n7\n100' ]]
}

# Several messages of several containers each.
dump_of_many() {
	new_many a-long-name-so-that-the-dump-takes-several-messages {1..150}
	[[ $(ids) == "$(seq 150)" ]]
}

churn() {
	while [[ -e $tmp/churn ]]; do
		echo "new id=50 cgroup=$1"
		echo "del id=50"
	done | "$nl" batch
}

# Those that stay are in every dump, once; a dump with a change in the middle says so, or is of one moment.
dump_while_changing() {
	local n
	new_many a-long-name-so-that-a-dump-takes-several-messages {1..49} {51..120}
	touch "$tmp/churn"
	churn "$(cgroup 50)" &
	for ((n = 0; n < 30; n++)); do
		[[ $(ids | grep -vx 50) == "$(seq 120 | grep -vx 50)" ]]
	done
	rm "$tmp/churn"
	wait $!
}

taken() {
	new 5 name=five
	cgroup 6
	expect_out '^EEXIST: another container has that id$' "$nl" new id=5 "cgroup=$(cgroup 6)"
	expect_out '^EEXIST: another container has that name$' "$nl" new id=6 name=five "cgroup=$(cgroup 6)"
	expect_out '^EEXIST: another container has that cgroup$' "$nl" new id=6 "cgroup=$(cgroup 5)"
	[[ $(ids) == 5 ]]
	new 6 name=six
	expect_out '^EEXIST: another container has that name$' "$nl" set id=6 name=five
	expect_out '^id 6 name six ' "$nl" get id=6
}

names() {
	new 5
	new 6
	expect_out '^id 5 cgroup' "$nl" get id=5
	"$nl" set id=5 name=five
	"$nl" set id=5 name=five
	expect_out '^id 5 name five ' "$nl" get name=five
	"$nl" set id=5 name=
	expect_out '^id 5 cgroup' "$nl" get id=5
	"$nl" set id=6 name=five
	expect_out '^id 6 ' "$nl" get name=five
	# Two containers may be without a name, and it finds neither.
	"$nl" set id=6 name=
	expect_out '^ENOENT' "$nl" get name=
	# 63 bytes fit.
	"$nl" set id=5 "name=$(printf 'x%.0s' {1..63})"
	expect_out "^id 5 name x{63} " "$nl" get id=5
}

bad_cgroups() {
	expect_out '^ENOENT: no cgroup has that id$' "$nl" new id=5 cgroup=999999999
	expect_out '^ENOENT: no cgroup has that id$' "$nl" new id=5 cgroup=0
	expect_out '^ENOENT: no cgroup has that id$' "$nl" new id=5 "cgroup=$(stat -c %i "$base/cgroup.procs")"
	expect_out '^EINVAL: the root cgroup cannot be a container$' \
		"$nl" new id=5 "cgroup=$(stat -c %i /sys/fs/cgroup)"
	local gone
	gone=$(cgroup 5)
	rmdir "$base/5"
	expect_out '^(ENOENT: no cgroup has that id|EUCLEAN: the cgroup is being removed)$' "$nl" new id=5 "cgroup=$gone"
	[[ ! $(ids) ]]
}

# The first container chooses the depth, until there are none.
depth() {
	mkdir -p "$base/deep/7"
	local deep shallow
	deep=$(stat -c %i "$base/deep/7")
	shallow=$(stat -c %i "$base")
	new 5
	expect_out '^EINVAL: the cgroup is not as deep' "$nl" new id=7 "cgroup=$deep"
	expect_out '^EINVAL: the cgroup is not as deep' "$nl" new id=7 "cgroup=$shallow"
	"$nl" del id=5
	"$nl" new id=7 "cgroup=$deep"
	expect_out '^EINVAL: the cgroup is not as deep' new 5
	"$nl" del id=7
	new 5
}

# The entry outlives its cgroup.
cgroup_removed() {
	local gone
	gone=$(cgroup 5)
	new 5
	rmdir "$base/5"
	expect_out "^id 5 cgroup $gone state created$" "$nl" get id=5
	# A new directory of the same name is another cgroup.
	[[ $(cgroup 5) != "$gone" ]]
	expect_out '^EEXIST: another container has that id' new 5
	"$nl" del id=5
	new 5
}

resolve() {
	new 5 name=five
	mkdir -p "$base/5/below/it" "$base/6"
	expect_out '^id 0$' "$nl" resolve pid=$$
	sleep infinity &
	local pid=$!
	expect_out '^id 0$' "$nl" resolve "pid=$pid"
	echo "$pid" >"$base/5/cgroup.procs"
	expect_out '^id 5 name five$' "$nl" resolve "pid=$pid"
	echo "$pid" >"$base/5/below/it/cgroup.procs"
	expect_out '^id 5 name five$' "$nl" resolve "pid=$pid"
	echo "$pid" >"$base/6/cgroup.procs"
	expect_out '^id 0$' "$nl" resolve "pid=$pid"
	echo "$pid" >"$base/cgroup.procs"
	expect_out '^id 0$' "$nl" resolve "pid=$pid"
	echo "$pid" >"$base/5/cgroup.procs"
	"$nl" del id=5
	expect_out '^id 0$' "$nl" resolve "pid=$pid"
	kill "$pid"
	wait "$pid" || true
	expect_out '^ESRCH: no such process$' "$nl" resolve "pid=$pid"
}

race_once() {
	local first=0 second=0
	"$nl" new id=5 "cgroup=$1" >"$tmp/first" &
	local pid=$!
	"$nl" new id=5 "cgroup=$2" >"$tmp/second" || second=$?
	wait "$pid" || first=$?
	[[ $((first + second)) -eq 1 ]]
	grep -q '^EEXIST' "$tmp/first" "$tmp/second"
	"$nl" del id=5
}

# Two ask for one id at the same time: one gets it.
racing_new() {
	local n five six
	five=$(cgroup 5)
	six=$(cgroup 6)
	for ((n = 0; n < 50; n++)); do
		race_once "$five" "$six"
	done
}

rmmod_now() {
	modprobe -r cloison
}

start_core
ktap_plan 13
check "register, get and delete" new_and_get
check "least and greatest id" limits_of_ids
check "dump is ordered by id" dump_in_order
check "dump of many containers" dump_of_many
check "dump during changes" dump_while_changing
check "id, name and cgroup are unique" taken
check "names come and go" names
check "cgroups that cannot be containers" bad_cgroups
check "one depth for all" depth
check "cgroup removed before its container" cgroup_removed
check "container of a process" resolve
check "two ask for one id" racing_new
check "nothing holds the module" rmmod_now
ktap_finish
