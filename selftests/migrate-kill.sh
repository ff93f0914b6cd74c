#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# kernels: newest
# timeout: 900
# Whoever takes part in a migration is killed at its steps, wherever the container is just then: it is never on both
# hosts, after a repair on exactly one, and the next migration moves it. A few steps, those where something is decided first,
# until the time is over; all of them, for half an hour, with MIGRATE_KILLS=all.

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

# Steps as `migrate --verbose` tells them, and who dies: the tool here, what it has started there, the line between them.
while_it_runs=(
	"restore:there" "start:here" "start:line" "last files:here" "dump:here" "restore:criu there" "clear away:here" "memory:there"
	"start:there" "state:line" "restore:here" "quiesce:here" "last files:rsync here" "restore:line" "last files:rsync there"
	"files:here" "memory:here" "dump:there" "memory:line" "state:there" "state:here" "dump:line" "last files:there" "last files:line"
	"files:there" "files:line" "files:rsync here" "files:rsync there" "checks:here" "checks:there" "checks:line"
)
stopped_for_it=("start:here" "start:there" "stop:here" "to disk:there" "last files:there" "stop:line" "to disk:here" "start:line")

remember=/root/remember

# victim FROM WHO: a pattern of command lines, on which node
victim() {
	case $2 in
	here) echo "$1 cloisonctl .*migrate .*node" ;;
	there) echo "$((3 - $1)) cloisonctl migrate-receive" ;;
	line) echo "$1 ssh .*migrate-receive" ;;
	"criu there") echo "$((3 - $1)) criu" ;;
	"rsync here") echo "$1 rsync" ;;
	"rsync there") echo "$((3 - $1)) rsync" ;;
	esac
}

reached() {
	grep -qx "$1" "$KTAP_TMP/words" || not kill -0 "$2"
}

# strike FROM WHO: the oldest of that name. One that is gone already cannot be killed.
strike() {
	local node pattern
	read -r node pattern < <(victim "$1" "$2")
	on "$node" pkill -KILL -o -f "^$pattern" || echo "$2 is not there"
}

is_on() {
	on "$1" cloisonctl status 900 | grep -q "$2"
}

# where WORD: the nodes on which it exists, or runs
where() {
	local node found=''
	for node in 1 2; do
		! is_on "$node" "$1" || found+=$node
	done
	echo "$found"
}

unlocked() {
	on "$1" flock -n /run/cloison/lock/900.lck true
}

# settles NODE: what a killed tool has left behind; while it asks the other one it has no lock.
settles() {
	on "$1" pgrep -f '^cloisonctl --quiet migrate --settle'
}

# one_life FROM: never twice, and when it is settled, once. Who asks the other one comes first.
one_life() {
	wait_for unlocked "$((3 - $1))"
	wait_for unlocked "$1"
	wait_for not settles "$1"
	[[ $(where running) != 12 ]]
	on "$1" cloisonctl check --repair 900
	on "$((3 - $1))" cloisonctl check --repair 900
	[[ $(where exist) == [12] ]]
	nowhere_left "$((3 - $(where exist)))" 900
}

# start_all: whoever takes it for his.
start_all() {
	on 1 cloisonctl --quiet start 900 2>/dev/null || true
	on 2 cloisonctl --quiet start 900 2>/dev/null || true
}

# kill_at STEP WHO [OPTION]: of a container that runs, and does after it.
kill_at() {
	local from tool
	from=$(where exist)
	: >"$KTAP_TMP/words"
	on "$from" cloisonctl --verbose migrate "${@:3}" "node$((3 - from))" 900 >"$KTAP_TMP/words" 2>&1 &
	tool=$!
	wait_for reached "$1" "$tool"
	strike "$from" "$2"
	wait "$tool" || true
	tail -n 3 "$KTAP_TMP/words"
	one_life "$from"
	[[ $(where running) == [12] ]]
}

# moves [OPTION]: and it is there.
moves() {
	local from
	from=$(where exist)
	on "$from" cloisonctl --quiet migrate "$@" "node$((3 - from))" 900
	nowhere_left "$from" 900
	[[ $(where exist) == $((3 - from)) ]]
}

# Its memory is the same life's.
remembers() {
	[[ $(on "$(where running)" cloisonctl exec 900 pidof remember) == "$life" ]]
}

# points SECONDS FUNCTION POINT...: as many as there is time for
points() {
	local end=$((SECONDS + $1)) point
	for point in "${@:3}"; do
		[[ ${MIGRATE_KILLS:-} == all || $SECONDS -lt $end ]] || break
		echo "$point"
		"$2" "$point"
		echo "$point" >>"$KTAP_TMP/done"
	done
}

live_point() {
	kill_at "${1%%:*}" "${1#*:}" --live
	remembers
	moves --live
	remembers
}

live() {
	make_running 900 --ipadd 10.99.0.100 --ram 64M
	printf '#!/bin/sh\nwhile :; do sleep 1; done\n' >"$state/private/900/fs$remember"
	chmod 755 "$state/private/900/fs$remember"
	cloisonctl exec 900 "setsid $remember </dev/null >/dev/null 2>&1 &"
	life=$(cloisonctl exec 900 pidof remember)
	points 100 live_point "${while_it_runs[@]}"
}

offline_point() {
	kill_at "${1%%:*}" "${1#*:}"
	moves
	[[ $(where running) == [12] ]]
}

offline() {
	make_running 900
	points 30 offline_point "${stopped_for_it[@]}"
}

# at NODE N COMMAND...: killed when it gives something its name for the Nth time.
at() {
	on "$1" strace -qq -o /dev/null -e trace=rename -e inject=rename:signal=KILL:when="$2" "${@:3}" || true
}

# For the next time.
comes_stopped() {
	on "$(where exist)" cloisonctl --quiet stop 900 --fast
	moves
}

here_point() {
	local from
	from=$(where exist)
	at "$from" "$1" cloisonctl --quiet migrate "node$((3 - from))" 900
	wait_for unlocked "$((3 - from))"
	start_all
	one_life "$from"
	comes_stopped
}

there_point() {
	local from
	from=$(where exist)
	on $((3 - from)) bash -c "printf '#!/bin/sh\nexec strace -qq -o /dev/null -e trace=rename -e inject=rename:signal=KILL:when=$1 /usr/sbin/cloisonctl \"\$@\"\n' >/usr/local/sbin/cloisonctl; chmod 755 /usr/local/sbin/cloisonctl"
	# the source may find the target as it was left, and finish
	on "$from" timeout 60 cloisonctl --quiet migrate "node$((3 - from))" 900 || true
	on $((3 - from)) rm /usr/local/sbin/cloisonctl
	start_all
	one_life "$from"
	comes_stopped
}

renames() {
	make 900 --name web
	points 20 here_point 2 3 1 4
	points 20 there_point 5 6 3 7 1
}

# case NAME FUNCTION: and which points there was time for
kill_case() {
	: >"$KTAP_TMP/done"
	run_case "$@"
	ktap_say "$(paste -s -d , "$KTAP_TMP/done")"
}

ktap_plan 3
kill_case "while it runs" live
kill_case "stopped for it" offline
kill_case "where it is noted" renames
ktap_finish
