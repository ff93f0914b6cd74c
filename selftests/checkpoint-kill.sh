#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# kernels: newest 6.12
# timeout: 900
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

# dies CALL PATH N COMMAND...: at its Nth system call of that kind about that file; what comes before it is done.
dies() {
	local status=0
	strace -o "$tmp/trace" -P "$2" -e trace="$1" -e inject="$1:signal=KILL:when=$3" "${@:4}" || status=$?
	[[ $status -eq 137 ]]
	# what it started may be at work still, and has the lock
	wait_for settled
}

# killed VERB CALL PATH [N]
killed() {
	dies "$2" "$3" "${4:-1}" cloisonctl --quiet "$1" $ct
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
	# what was there before is not its own
	[[ $(<"$dumps/Dump.$ct") == old ]]
	rm "$dumps/Dump.$ct"
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

# at_work COMMAND...: it has begun, and no more.
at_work() {
	dies mkdir "$dumps/$ct.images/images" 1 "$@"
}

# What resume --keep has kept; with a link to it, elsewhere.
keeps() {
	local file=$dumps/Dump.$ct
	cloisonctl --quiet suspend $ct
	cloisonctl --quiet resume $ct --keep
	cp -p "$file" "$tmp/kept"
	at_work cloisonctl --quiet suspend $ct
	cmp "$file" "$tmp/kept"
	is running
	# the container is let run again by who comes next, and the file is none of his
	dies rename "$note.tmp" 2 cloisonctl --quiet chkpnt $ct --suspend
	cmp "$file" "$tmp/kept"
	rm "$file"
	dies rename "$mark.tmp" 1 cloisonctl --quiet suspend $ct --dumpfile "$tmp/state"
	[[ ! -e $tmp/state && ! -L $file ]]
	is running
	counts
}

# What a stage has written is what the next one counts on, also where a state usually is.
in_stages() {
	local file=$dumps/Dump.$ct
	cloisonctl --quiet chkpnt $ct --suspend
	cloisonctl --quiet chkpnt $ct --dump --dumpfile "$file"
	cp -p "$file" "$tmp/kept"
	at_work cloisonctl --quiet chkpnt $ct --dump --dumpfile "$file"
	cmp "$file" "$tmp/kept"
	# it is gone: its memory is not
	mv "$file" "$tmp/away"
	expect_exit 16 cloisonctl chkpnt $ct --kill
	is running paused
	mv "$tmp/away" "$file"
	# over it, and not noted
	dies fsync $dumps 1 cloisonctl --quiet chkpnt $ct --dump --dumpfile "$file"
	not cmp -s "$file" "$tmp/kept"
	is running paused
	cloisonctl --quiet chkpnt $ct --kill
	is_away
	cloisonctl --quiet resume $ct
	runs_on
}

# cut_off SIGNAL CALL PATH COMMAND...: as dies does, and no command comes after it.
cut_off() {
	local status=0
	strace -o "$tmp/trace" -P "$3" -e trace="$2" -e inject="$2:signal=$1:when=1" "${@:4}" || status=$?
	[[ $status -gt 128 ]]
	wait_for is_free
}

# Before a file is there, with one, and when it is decided. What was dumped for later may be killed as well.
by_itself() {
	local signal file=$dumps/Dump.$ct
	slow_group
	for signal in KILL TERM; do
		cut_off $signal rename "$file.tmp" cloisonctl --quiet suspend $ct
		[[ ! -e $note && ! -e $dumps/$ct.images && ! -e $file && ! -e $file.tmp ]]
		[[ $(<$cgroup/cgroup.freeze) == 0 ]]
		runs_on
		is_slow
	done
	cut_off KILL rename "$mark.tmp" cloisonctl --quiet suspend $ct
	[[ ! -e $note && $(<$cgroup/cgroup.freeze) == 0 ]]
	runs_on
	is_slow
	cut_off TERM rename "$tmp/state.tmp" cloisonctl --quiet chkpnt $ct --dump --dumpfile "$tmp/state"
	[[ ! -e $note && ! -e $tmp/state && $(<$cgroup/cgroup.freeze) == 0 ]]
	runs_on
	is_slow
	cut_off KILL fsync "$private" cloisonctl --quiet suspend $ct
	[[ ! -e $note && ! -e $cgroup ]]
	is_away
	cloisonctl --quiet resume $ct
	all_well
	runs_on
	is_slow
}

ktap_plan 7
check "start" starts
check "suspend" in_suspend
check "resume" in_resume
check "a file that was kept" keeps
check "stages" in_stages
check "who waits for no command" by_itself
check "nothing is left" ends
ktap_finish
