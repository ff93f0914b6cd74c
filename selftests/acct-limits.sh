#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 700
# Beancounters whose limits BPF programs hold: beyond it is refused, with the right error, and counted, whoever asks.

. "$(dirname "$0")/acct-lib.sh"

# press ARGUMENT...: what acct/press prints in container 900
press() {
	cloisonctl exec2 900 exec /press "$@" 2>&1
}

# presses THING ERROR RESOURCE: until it is refused, and is none the worse for it
presses() {
	local failed held
	failed=$(bc 900 "$3" failcnt)
	held=$(bc 900 "$3")
	expect_out "^[0-9]+ $2\$" press "$1"
	[[ $(bc 900 "$3" failcnt) -gt $failed ]]
	back() { [[ $(bc 900 "$3") -le $1 ]]; }
	wait_for back "$held" "" "$3"
}

# at_most RESOURCE: the kernel, which counts each, never counted more than the limit. Files that are not opened it may count late.
at_most() {
	is "$(bc 900 "$1" maxheld)" "$(bc 900 "$1" limit)"
}

limit() {
	cloisonctl --quiet set 900 "$@" 2>"$KTAP_TMP/said"
	not grep -q "recorded only:" "$KTAP_TMP/said"
}

files() {
	presses file ENFILE numfile
	presses pipe ENFILE numfile
	presses event ENFILE numfile
	[[ $(bc 900 numfile maxheld) -ge 100 ]]
}

sockets() {
	presses tcp ENOBUFS numtcpsock
	at_most numtcpsock
	presses udp ENOBUFS numothersock
	presses unix ENOBUFS numothersock
	presses unixconn ENOBUFS numothersock
	at_most numothersock
}

# The one who connects is refused, or what he sends to the other end is not heard.
connections() {
	presses accept "(ENOBUFS|ETIMEDOUT)" numtcpsock
	at_most numtcpsock
	is "$(press udp | sed 's/.* //')" ENOBUFS
}

none() {
	[[ $(bc 900 "$1") == 0 ]]
}

terminals() {
	is "$(press pty)" "4 ENOSPC"
	is "$(press slave)" "4 ENOSPC"
	is "$(press pty)" "4 ENOSPC"
	# of an instance of his own, which no option of the container's is about
	is "$(press instance)" "4 ENOSPC"
	cloisonctl exec2 900 umount /tmp/pts
	# nobody has them any more, but they are there
	is "$(press -p pty)" "4 ENOSPC"
	wait_for none numpty
	is "$(press -p slave)" "4 ENOSPC"
	wait_for none numpty
	is "$(bc 900 numpty failcnt)" 6
}

locks() {
	is "$(press flock)" "12 ENOLCK"
	is "$(press posix)" "12 ENOLCK"
	is "$(press posix)" "12 ENOLCK"
	is "$(press mapped)" "12 ENOLCK"
	wait_for none numflock
	is "$(press -p flock)" "12 ENOLCK"
	wait_for none numflock
	is "$(bc 900 numflock failcnt)" 5
}

# sum OUTPUT: of all its numbers
sum() {
	awk '{ n += $1 } END { print n }' <<<"$1"
}

# Of what is not opened a kernel that preempts may let some pass, to be counted later: how many got some is not asked.
attacks() {
	local before got
	before=$(bc 900 numfile)/$(bc 900 numtcpsock)/$(bc 900 numothersock)
	for got in 3 12; do
		got=$(press -f "$got" file)
		[[ $(sum "$got") -le 100 ]] || is "$got" "no more than 100 files"
		# nobody has them any more, but they are there
		expect_out '^[0-9]+ ENFILE$' press -p file
	done
	got=$(press -f 3 udp)
	[[ $(sum "$got") -le 20 ]] || is "$got" "no more than 20 sockets"
	press -p -f 3 event
	# a network namespace of his own
	expect_out '^[0-9]+ ENOBUFS$' press -n tcp
	expect_out '^[0-9]+ ENOBUFS$' press -n udp
	expect_out '^[0-9]+ ENFILE$' press -n file
	at_most numtcpsock
	at_most numothersock
	same() { [[ $(bc 900 numfile)/$(bc 900 numtcpsock)/$(bc 900 numothersock) == "$before" ]]; }
	wait_for same || is "$(bc 900 numfile)/$(bc 900 numtcpsock)/$(bc 900 numothersock)" "$before"
}

# Neither is anything taken away, nor does the tool wait.
lowered() {
	local held
	hold_start 900
	hold file 50
	held=$(bc 900 numfile)
	limit --numfile 30
	is "$(bc 900 numfile)/$(bc 900 numfile limit)" "$held/30"
	is "$(press file)" "0 ENFILE"
	hold drop
	fallen() { [[ $(bc 900 numfile) -eq $((held - 50)) ]]; }
	wait_for fallen
	limit --numfile 100
	expect_out '^[0-9]+ ENFILE$' press file
	exec {hold_fd}>&-
}

# Its operator gets in all the same, and has a little more than it may have: in his session, and while he is there.
visits() {
	local late=$state/private/900/fs/tmp/late
	hold_start 900
	hold file 50
	hold pty 4
	limit --numfile 30
	expect_out "hold" cloisonctl exec2 900 'cat /proc/[0-9]*/comm | sort | uniq'
	expect_out '^[0-9]+ ENFILE$' press -v file
	expect_out '^[0-9]+ ENFILE$' press -v pipe
	is "$(bc 900 numfile maxheld)" $((30 + 128))
	is "$(press -v pty)" "16 ENOSPC"
	expect_out '^[0-9]+ ENOBUFS$' press -v udp
	is "$(bc 900 numothersock maxheld)" $((20 + 16))
	for thing in file pipe pty; do
		expect_out '^0 (ENFILE|ENOSPC)$' press "$thing"
	done
	# what it leaves behind
	cloisonctl exec2 900 '(while kill -0 $$ 2>&-; do :; done; exec /press -v file) >/tmp/late 2>&1 </dev/null &
		while [ ! -e /tmp/late ]; do :; done'
	wait_for grep -q 'Too many open files' "$late"
	hold drop
	limit --numfile 100
	exec {hold_fd}>&-
}

# Who has nearly all the locks he may have does not make the kernel count all of them each time.
near() {
	local tracing=/sys/kernel/tracing walks
	hold_start 900
	limit --numflock 640
	hold ranges 639
	mountpoint -q "$tracing" || mount -t tracefs tracefs "$tracing"
	echo acct_walk >"$tracing/set_ftrace_filter"
	echo function >"$tracing/current_tracer"
	is "$(press relock)" "2000 enough"
	walks=$(grep -c ' acct_walk ' "$tracing/trace")
	echo nop >"$tracing/current_tracer"
	echo >"$tracing/set_ftrace_filter"
	echo "$walks walks"
	[[ $walks -ge 40 && $walks -le 60 ]]
	# a sixteenth more, whatever was given out in between
	hold drop
	is "$(press posix)" "640 ENOLCK"
	limit --numflock 12
	exec {hold_fd}>&-
}

# The kernel would kill for it.
lowered_ram() {
	hold_start 900
	hold touch 5000
	expect_exit 1 cloisonctl set 900 --ram 8M
	is "$(cgroup_file 900 memory.max)/$(cgroup_file 900 memory.high)" 67108864/max
	hold drop
	limit --ram 32M
	is "$(cgroup_file 900 memory.max)/$(cgroup_file 900 memory.high)" 33554432/max
	exec {hold_fd}>&-
}

# Of each process.
locked() {
	is "$(press page)" "16 ENOMEM"
	limit --lockedpages 32
	is "$(press page)" "32 ENOMEM"
	is "$(enforced lockedpages)" False
}

# What it has when it gets its first limit counts, and what comes to light after that is found without a reader.
later() {
	local held room
	echo 0 >/sys/module/cloison_acct/parameters/interval
	cloisonctl --quiet stop 900 --fast
	cloisonctl --quiet set 900 --save --numfile unlimited --numtcpsock unlimited --numothersock unlimited 2>/dev/null
	cloisonctl --quiet start 900 --wait
	hold_start 900
	hold file 50
	hold tcp 5
	hold unix 5
	hold posted 5
	is "$(enforced numfile)" False
	limit --numfile 90 --numtcpsock 8 --numothersock 30
	is "$(enforced numfile)" True
	held=$(bc 900 numfile)
	[[ $held -ge 67 && $held -le 80 ]]
	is "$(bc 900 numtcpsock)" 5
	[[ $(bc 900 numothersock) -ge 10 ]]
	is "$(press tcp)" "3 ENOBUFS"
	holds() { [[ $(bc 900 numfile) -eq $1 ]]; }
	wait_for holds "$held"
	expect_out '^[0-9]+ ENFILE$' press file
	wait_for holds "$held"
	room=$(press file)
	hold received 5
	fewer() { [[ $(press file) == "$((${room% *} - 5)) ENFILE" ]]; }
	wait_for fewer
	is "$(bc 900 numfile)" $((held + 5))
	hold drop
	dropped() { [[ $(bc 900 numfile) -eq $((held - 67)) && $(bc 900 numtcpsock) == 0 ]]; }
	wait_for dropped
	exec {hold_fd}>&-
}

# enforced RESOURCE
enforced() {
	cloisonctl ubc --json 900 |
		python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["beancounters"][sys.argv[1]]["enforced"])' "$1"
}

# Thousands come and go, and nothing is left of them.
leaks() {
	local before
	before=$(bc 900 numfile)/$(bc 900 numtcpsock)
	press -f 5 file >/dev/null
	press -f 5 accept >/dev/null
	for _ in {1..10}; do
		press pipe
		press unix
	done >/dev/null
	same() { [[ $(bc 900 numfile)/$(bc 900 numtcpsock) == "$before" ]]; }
	wait_for same || is "$(bc 900 numfile)/$(bc 900 numtcpsock)" "$before"
}

# More than a walk looks at: locks of others on what all share hide none of its own, nor keep it from one; behind descriptors
# without end there may be any number. It is the last case: after such walks the next ones are long in coming.
crowds() {
	hold_start 900
	limit --numfile 500
	start_until "$KTAP_TMP/others" ready python3 -c '
import fcntl, signal
null = open("/dev/null")
for i in range(4096):
    fcntl.lockf(null, fcntl.LOCK_SH, 1, 2 * i)
print("ready", flush=True)
signal.pause()'
	local others=$!
	is "$(cloisonctl exec2 900 stat -c %d:%i /dev/null)" "$(stat -c %d:%i /dev/null)"
	hold null 300
	is "$(press flock)" "12 ENOLCK"
	kill "$others"
	hold drop
	hold tables 12
	is "$(press pty)" "0 ENOSPC"
	is "$(press flock)" "0 ENOLCK"
	hold drop
	limit --numfile 100
	free() { [[ $(press pty) == "4 ENOSPC" ]]; }
	wait_for free
	exec {hold_fd}>&-
}

# Programs, and with them their claim on the module, go with the last container that needs them.
gone() {
	clean
	unloaded() { modprobe -r cloison_acct; }
	wait_for unloaded
	modprobe cloison_acct
}

# Where the kernel lets no module be asked, that is said.
recorded() {
	expect_out "The limit numfile is recorded only: " make_running 900 --numfile 100
	expect_out '^hint .*limits of numfile' cloisonctl check
	is "$(enforced numfile)" False
	clean
}

if [[ ! -e /sys/kernel/btf/cloison_acct ]]; then
	ktap_plan 1
	ktap_run "accounted only" recorded
	ktap_finish
fi

ktap_plan 15
make_running 900 --ram 64M --swap 0 --lockedpages 16 --numfile 100 --numtcpsock 10 --numothersock 20 --numpty 4 --numflock 12 2>/dev/null
for program in hold press; do
	install -m 755 "$here/acct/$program" "$state/private/900/fs/$program"
done
ktap_run "files" files
ktap_run "sockets" sockets
ktap_run "connections" connections
ktap_run "terminals" terminals
ktap_run "locks" locks
ktap_run "attacks" attacks
ktap_run "a limit below what is held" lowered
ktap_run "visitors" visits
ktap_run "near a limit" near
ktap_run "RAM below what is held" lowered_ram
ktap_run "locked pages" locked
ktap_run "a limit for what runs" later
ktap_run "leaks" leaks
ktap_run "crowds" crowds
ktap_run "unloading" gone
ktap_finish
