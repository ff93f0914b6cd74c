#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1500
# Thousands of processes that take some of each resource and end: nothing of it stays, neither while the container runs nor when it
# is dead, nor when it has gone; and the module unloads.

. "$(dirname "$0")/acct-lib.sh"

# held: of what is counted one by one, without a process of our own
held() {
	awk '$1 ~ /^(numproc|numtcpsock|numothersock|numfile|numflock|numpty|numsiginfo|lockedpages)$/ { print $1, $2 }' \
		/proc/bc/900/resources | xargs
}

# cycles THOUSANDS ID [OPTION...]
cycles() {
	local before thousands=$1
	shift
	holder "$@"
	hold cycle 20
	before=$(held)
	grep -qE 'numproc [23] .*numfile [1-9]' <<<"$before"
	for ((; thousands; thousands--)); do
		hold cycle 500
		hold cycle 500
	done
	back() { [[ $(held) == "$before" ]]; }
	wait_for back || is "$(held)" "$before"
	# a look may have met one of them; files and sockets that a program counts, for certain
	if [[ $* == *numfile* && -e /sys/kernel/btf/cloison_acct ]]; then
		[[ $(bc 900 numfile maxheld) -gt $(bc 900 numfile) && $(bc 900 numtcpsock maxheld) -ge 1 ]]
	fi
	[[ $(bc 900 numfile failcnt) == 0 && $(bc 900 numproc failcnt) == 0 ]]
	# dead, and nobody has cleared away yet: all of it is zero, but what was the most
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	exec {hold_fd}>&-
	nothing() { [[ -z $(awk 'NF == 6 && $2 != 0 { print $1, $2 }' /proc/bc/900/resources) ]]; }
	wait_for nothing || is "$(awk 'NF == 6 && $2 != 0 { print $1, $2 }' /proc/bc/900/resources)" ""
	[[ $(bc 900 numproc maxheld) -gt 1 && $(bc 900 physpages maxheld) -gt 100 ]]
	cloisonctl --quiet check --repair 900
	[[ ! -e /proc/bc/900 ]]
	# started anew it begins with nothing of that life
	cloisonctl --quiet start 900 --wait 2>/dev/null
	[[ $(bc 900 numfile maxheld) -lt 200 && $(bc 900 numtcpsock maxheld) == 0 ]]
	cloisonctl --quiet stop 900
	[[ ! -e /proc/bc/900 ]]
	clean
	wait_for modprobe -q -r cloison_acct
	modprobe cloison_acct
}

# a debug kernel takes two minutes for a thousand
most=10
[[ $(uname -r) != *-debug ]] || most=2

ktap_plan 2
run_case "2,000 processes without limits" cycles 2 900 --ram 64M
run_case "$most,000 with limits that are held" cycles "$most" 900 --ram 64M --numfile 200 --numtcpsock 50 --numothersock 50 \
	--numpty 10 --numflock 20 2>/dev/null
ktap_finish
