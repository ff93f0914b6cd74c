# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the core share. A container of these tests is a cgroup $base/ID and, if it runs, a process "pidns".
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/ktap.sh"

nl=$here/nl/nl_test
base=/sys/fs/cgroup/cloison-test
tmp=$KTAP_TMP

# start_core: the module, and a place for the containers.
start_core() {
	modprobe cloison && mkdir -p "$base" && return
	echo "Bail out! no module cloison"
	exit "$KTAP_FAIL"
}

# check NAME FUNCTION: one test case.
check() {
	ktap_run "$1" cleanly "$2"
}

cleanly() {
	trap 'trap - ERR; set +e; clean >/dev/null 2>&1' EXIT
	"$1"
}

# clean: nothing is left of a test case.
clean() {
	jobs -p | xargs -r kill -9
	echo 1 >"$base/cgroup.kill"
	ids | sed 's/^/del id=/' | "$nl" batch
	wait
	wait_for is_empty "$base"
	find "$base" -mindepth 1 -type d -delete
	[[ ! -e /sys/module/cloison_test ]] || rmmod cloison_test
}

is_empty() {
	grep -q 'populated 0' "$1/cgroup.events"
}

# ids: of all containers, as the dump gives them.
ids() {
	"$nl" -d get | awk '$1 == "id" { print $2 }'
}

# cgroup ID: makes it, prints its id.
cgroup() {
	mkdir -p "$base/$1"
	stat -c %i "$base/$1"
}

# new ID [ATTRIBUTE...]: registers it with a cgroup of its own.
new() {
	"$nl" new "id=$1" "cgroup=$(cgroup "$1")" "${@:2}"
}

# new_many NAME ID...: registers each with a cgroup of its own and the name NAME-ID.
new_many() {
	local dirs=("${@:2}")
	dirs=("${dirs[@]/#/$base/}")
	mkdir "${dirs[@]}"
	stat -c 'new cgroup=%i id=%n' "${dirs[@]}" | sed "s,id=.*/\(.*\),id=\1 name=$1-\1," | "$nl" batch
}

# spawn ID[/CGROUP] ACTION [zombie]: an init in that cgroup; its pid is then in ${init[ID]}. See nl/pidns.c.
init=()
input=()
spawn() {
	local id=${1%%/*} fd
	rm -f "$tmp/$id.out"
	mkfifo "$tmp/$id.in"
	"$here/nl/pidns" "$base/$1" "${@:2}" <"$tmp/$id.in" >"$tmp/$id.out" &
	exec {fd}>"$tmp/$id.in"
	input[id]=$fd
	wait_for grep -q '^init' "$tmp/$id.out"
	init[id]=$(sed -n 's/^init //p' "$tmp/$id.out")
	rm "$tmp/$id.in"
}

# run ID [ACTION [zombie]]: a running container.
run() {
	new "$1"
	spawn "$1" "${2:-exit=0}" "${@:3}"
	"$nl" set "id=$1" "init=${init[$1]}"
}

# go ID: its init does what it was started for (or, if that was done, its parent reaps it).
go() {
	printf x >&"${input[$1]}"
}

# status ID: waits for its init, prints its status as waitpid(2) gave it.
status() {
	wait_for grep -q '^status' "$tmp/$1.out"
	sed -n 's/^status //p' "$tmp/$1.out"
}

# field ID NAME: of the container, as the kernel tells it; empty without it.
field() {
	"$nl" get "id=$1" | tr ' ' '\n' | sed -n "/^$2\$/{n;p}"
}

is_in_state() {
	[[ $(field "$1" state) == "$2" ]]
}

# dies ID STATUS: the container becomes dead with that status, which waitpid(2) confirms.
dies() {
	wait_for is_in_state "$1" dead
	[[ $(field "$1" exit) == "$2" ]]
	[[ $(status "$1") == "$2" ]]
}

# listen COUNT: events go to $tmp/events from now on; wait for the job $listener to have them all.
listen() {
	start_until "$tmp/events" ready "$nl" listen "$1" 120
	# shellcheck disable=SC2034 # for the caller
	listener=$!
}

# running: how many containers hold the module.
running() {
	cat /sys/module/cloison/parameters/running
}
