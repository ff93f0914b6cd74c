#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Loading and unloading, with containers coming and going.

. "$(dirname "$0")/core-lib.sh"

is_loaded() {
	[[ -e /sys/module/cloison ]]
}

load() {
	modprobe cloison
}

unload() {
	modprobe -r cloison
}

dying() {
	sed -n 's/^nr_dying_descendants //p' /sys/fs/cgroup/cgroup.stat
}

few_dying() {
	[[ $(dying) -le $1 ]]
}

# What was never started or is dead goes with the module.
deletes() {
	new 5 name=five
	run 6
	kill -9 "${init[6]}"
	dies 6 9
	unload
	expect_exit 3 "$nl" -d get
	load
	[[ ! $(ids) ]]
	new 5 name=five
}

refused_while_running() {
	new 5
	unload
	load
	run 5
	run 6
	expect_out 'in use' rmmod cloison
	[[ $(running) == 2 ]]
	not sh -c "echo 0 >/sys/module/cloison/parameters/running"
	kill -9 "${init[5]}"
	dies 5 9
	[[ $(running) == 1 ]]
	expect_out 'in use' rmmod cloison
	# A container that is forgotten holds nothing either.
	"$nl" del id=6
	rmmod cloison
	kill -0 "${init[6]}"
	load
}

# One that was never started, one deleted, one without its cgroup.
reload_once() {
	load
	mkdir -p "$base"/{1,3,4}
	stat -c 'new cgroup=%i id=%n' "$base/1" "$base/3" "$base/4" | sed 's,id=.*/,id=,' | "$nl" batch
	"$nl" del id=3
	rmdir "$base/4"
	"$@"
	unload
}

# and one that is dead
one_dies() {
	run 2 exit=1
	go 2
	dies 2 256
}

reload() {
	local n before
	unload
	before=$(dying)
	for ((n = 0; n < 4; n++)); do
		reload_once one_dies
		rmdir "$base/2"
	done
	for ((n = 0; n < 16; n++)); do
		reload_once true
	done
	rmdir "$base"/[13]
	# No entry has kept a cgroup.
	wait_for few_dying "$before"
	load
}

# Either the container starts and the module stays, or the module goes.
race_once() {
	local started=0 removed=0
	new 5
	rmmod cloison 2>/dev/null &
	local pid=$!
	"$nl" set id=5 "init=${init[5]}" >/dev/null 2>&1 || started=$?
	wait "$pid" || removed=$?
	if is_loaded; then
		[[ $removed -ne 0 ]]
		is_in_state 5 running
		"$nl" del id=5
	else
		[[ $started -ne 0 ]]
		load
	fi
}

unload_races_start() {
	local n
	mkdir "$base/5"
	spawn 5 exit=0
	for ((n = 0; n < 25; n++)); do
		race_once
	done
}

# The last init dies, and the module is unloaded as soon as that is known.
unload_after_death() {
	local n
	for ((n = 0; n < 15; n++)); do
		run 5
		kill -9 "${init[5]}"
		wait_for rmmod cloison
		load
	done
}

# Nobody can have it loaded by asking for it.
no_autoload() {
	unload
	expect_exit 3 "$nl" -d get
	expect_exit 3 unshare --user --map-root-user "$nl" -d get
	not is_loaded
	load
}

no_parameters() {
	unload
	expect_exit 1 modprobe cloison running=7
	not is_loaded
	load
}

# Only on kernels without UDP-Lite; see kmod/diag/udplite.c.
udplite_diag() {
	# the tests of CRIU load it
	modprobe -r cloison_diag
	[[ $("$here/nl/udplite_diag") == $'ENOENT\nENOENT' ]]
	modprobe cloison_diag
	[[ $("$here/nl/udplite_diag") == $'0\n0' ]]
	# Once is enough.
	modprobe cloison_diag
	unload
	[[ $("$here/nl/udplite_diag") == $'0\n0' ]]
	rmmod cloison_diag
	[[ $("$here/nl/udplite_diag") == $'ENOENT\nENOENT' ]]
	load
}

# Where the kernel has UDP-Lite there is nothing to add.
no_udplite_diag() {
	[[ $("$here/nl/udplite_diag") == $'0\n0' ]]
}

start_core
ktap_plan 8
check "unloading deletes what does not run" deletes
check "unloading is refused while a container runs" refused_while_running
check "20 times loaded and unloaded" reload
check "unloading and starting at the same time" unload_races_start
check "unloading at the death of the last init" unload_after_death
check "not loaded on demand" no_autoload
check "read-only parameter" no_parameters
if modinfo cloison_diag >/dev/null 2>&1; then
	check "empty UDP-Lite diagnosis" udplite_diag
else
	check "UDP-Lite diagnosis of the kernel" no_udplite_diag
fi
modprobe -r cloison
ktap_finish
