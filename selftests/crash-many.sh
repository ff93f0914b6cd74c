#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# timeout: 900
# Twenty commands at once, on one container and on twenty: none hangs, each ends with a status that says what was so, and
# what they leave is consistent.

. "$(dirname "$0")/cli-lib.sh"

# What each may say: it was done; 9 another was at it; or things were so that it could not be done. A list says 1 if there
# is none to list.
declare -A allowed=(
	[create]="0 9 44" [start]="0 9 14 32" [stop]="0 9 14" [set]="0 9 14" [destroy]="0 9 14 41" [restart]="0 9 14"
	[list]="0 1" [status]="0" [check]="0 3"
)

# one VERB ARGUMENT...: a line "VERB STATUS" in codes.
one() {
	local status=0 out
	out=$(timeout --kill-after=5 200 cloisonctl "$@" 2>&1) || status=$?
	if [[ " ${allowed[$1]} " != *" $status "* ]]; then
		echo "cloisonctl $*: status $status"
		echo "$out"
	fi
	echo "$1 $status" >>"$KTAP_TMP/codes"
}

judge() {
	local verb status bad=0
	while read -r verb status; do
		[[ " ${allowed[$verb]} " == *" $status "* ]] || bad=1
	done <"$KTAP_TMP/codes"
	sort "$KTAP_TMP/codes" | uniq -c
	[[ $(wc -l <"$KTAP_TMP/codes") -eq $1 && $bad -eq 0 ]]
}

# verb_of N: a mix in which each is there
verb_of() {
	case $(($1 % 10)) in
	0) echo create 900 --ostemplate busybox ;;
	1 | 2) echo start 900 ;;
	3) echo stop 900 --fast ;;
	4) echo set 900 --ram "$((64 + $1))M" --save ;;
	5) echo destroy 900 ;;
	6) echo list -a ;;
	7) echo status 900 ;;
	8) echo restart 900 --fast ;;
	9) echo check --repair 900 ;;
	esac
}

on_one() {
	local n
	make 900
	: >"$KTAP_TMP/codes"
	for n in {1..40}; do
		# shellcheck disable=SC2046 # words
		one $(verb_of $((n * 7))) &
		[[ $((n % 20)) -ne 0 ]] || wait
	done
	wait
	judge 40
	# whatever it is now, it is that wholly
	cloisonctl check --repair
	expect_out 'nothing is left' cloisonctl check --repair
	if [[ $(status 900) == *" deleted "* ]]; then
		[[ ! -e $etc/conf/900.conf && ! -e $state/private/900 ]]
		make 900
	fi
	is_running 900 || cloisonctl --quiet start 900 --wait
	[[ $(cloisonctl exec2 900 echo alive) == alive ]]
}

life_of() {
	one create "$1" --ostemplate busybox
	one start "$1"
	one set "$1" --ram 70M --save
	one stop "$1" --fast
	one destroy "$1"
}

on_twenty() {
	local id
	allowed=([create]=0 [start]=0 [set]=0 [stop]=0 [destroy]=0)
	: >"$KTAP_TMP/codes"
	for id in {900..919}; do
		life_of "$id" &
	done
	wait
	judge 100
	[[ -z $(ls -A "$state/private") ]]
	not ls -d /sys/fs/cgroup/cloison/9*
	expect_out 'nothing is left' cloisonctl check --repair
}

# The lock is the kernel's: it goes with who held it, and a file that says otherwise holds nobody up.
stale_lock() {
	make 900
	echo 1 >/run/cloison/lock/900.lck
	cloisonctl --quiet start 900
	(
		flock 9
		cloisonctl --quiet start 900 9>&- && exit 1
		[[ $? -eq 9 ]]
		expect_exit 9 cloisonctl stop 900
		expect_exit 0 cloisonctl status 900
		expect_exit 0 cloisonctl check --repair 900
		is_running 900
	) 9>/run/cloison/lock/900.lck
	cloisonctl --quiet stop 900 --fast
}

# Nor does the helper of a stop that was killed: the container's halt may never end.
killed_stop() {
	make_running 900
	rm "$state/private/900/fs/sbin/halt"
	printf '#!/bin/sh\n: >/run/halting\nexec sleep 1000\n' >"$state/private/900/fs/sbin/halt"
	chmod 755 "$state/private/900/fs/sbin/halt"
	cloisonctl --quiet stop 900 &
	wait_for cloisonctl exec 900 test -e /run/halting
	kill -9 $!
	not wait $!
	is_running 900
	# it ends on its own, which takes no time that could be told
	wait_for cloisonctl --quiet stop 900 --fast
	is_down 900
}

ktap_plan 4
run_case "forty commands, twenty at a time, on one container" on_one
run_case "twenty containers at once" on_twenty
run_case "locks end with their holders" stale_lock
run_case "and with a stop that was killed while it waited" killed_stop
ktap_finish
