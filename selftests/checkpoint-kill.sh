#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# kernels: newest 6.12
# timeout: 600
# The tool is killed where something is decided: the next command sees what is true, the container has not run in two lives,
# and nothing is left behind.

. "$(dirname "$0")/checkpoint/lib.sh"

mark=$private/suspended
note=/run/cloison/checkpoint/$ct

starts() {
	modprobe -a cloison cloison_net
	cloisonctl create $ct --ostemplate busybox --ipadd 10.0.101.2
	cloisonctl start $ct --wait
	install_counter
}

# killed VERB CALL PATH [N]: at its Nth system call of that kind about that file; what comes before it is done.
killed() {
	local status=0
	strace -o "$tmp/trace" -P "$3" -e trace="$2" -e inject="$2:signal=KILL:when=${4:-1}" \
		cloisonctl --quiet "$1" $ct || status=$?
	[[ $status -eq 137 ]]
	# what it started may be at work still, and has the lock
	wait_for settled
	[[ ! -e $note && ! -e $dumps/$ct.images && ! -e $dumps/Dump.$ct.tmp ]]
	all_well
}

settled() {
	cloisonctl check --repair $ct
}

# runs_on: it was not suspended, and no file of a state is left.
runs_on() {
	is running
	[[ ! -e $mark && ! -e $dumps/Dump.$ct ]]
	counts
	ping -n -q -c 1 -W 5 10.0.101.2
}

# is_away: it was, and nothing else is left.
is_away() {
	is down suspended
	[[ ! -e $cgroup ]]
}

# The state has no name; it has no mark; it has one, and CRIU has not been told to kill.
in_suspend() {
	# as of another life: it says nothing of this one
	mkdir -p $dumps
	printf 'old\n%s\n' "$dumps/Dump.$ct" >$mark
	echo old >"$dumps/Dump.$ct"
	killed suspend rename "$dumps/Dump.$ct.tmp"
	runs_on
	killed suspend rename "$mark.tmp"
	runs_on
	killed suspend fsync "$private"
	is_away
}

# It is there, frozen; before the mark goes; it runs, and the file is there.
in_resume() {
	killed resume rename "$note.tmp" 2
	is_away
	killed resume unlink "$mark"
	is_away
	killed resume unlink "$dumps/Dump.$ct"
	runs_on
}

ends() {
	cloisonctl stop $ct --fast
	cloisonctl destroy $ct
	[[ ! -e $cgroup ]]
	not ls $dumps/*$ct*
}

ktap_plan 4
check "start" starts
check "suspend" in_suspend
check "resume" in_resume
check "nothing is left" ends
ktap_finish
