#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 700
# Beancounters: use is provoked, held moves by as much, and back; maxheld stays.

. "$(dirname "$0")/acct-lib.sh"

# look: all that container 900 holds, and held at most, without a process of our own
declare -A now most before
look() {
	local name held maxheld rest
	while read -r name held maxheld rest; do
		now[$name]=$held
		most[$name]=$maxheld
	done </proc/bc/900/resources
}

# moved RESOURCE=NUMBER...: held is so much more than it was noted
moved() {
	local want
	look
	for want; do
		[[ $((now[${want%%=*}] - before[${want%%=*}])) == "${want#*=}" ]] || return
	done
}

# moved_at_least RESOURCE NUMBER
moved_at_least() {
	look
	[[ $((now[$1] - before[$1])) -ge $2 ]]
}

moved_at_most() {
	look
	[[ $((now[$1] - before[$1])) -le $2 ]]
}

note() {
	local name
	look
	for name in "${!now[@]}"; do
		before[$name]=${now[$name]}
	done
}

# provokes "THING NUMBER"... : RESOURCE=MOVE...: and everything is as before when it is dropped
provokes() {
	local want what=()
	while [[ $1 != : ]]; do
		what+=("$1")
		shift
	done
	shift
	note
	for want in "${what[@]}"; do
		# shellcheck disable=SC2086 # two words
		hold $want
	done
	wait_for moved "$@" || {
		for want; do
			want=${want%%=*}
			echo "$want was ${before[$want]}, is ${now[$want]}"
		done
		return 1
	}
	hold drop
	wait_for moved "${@/=*/=0}"
	for want; do
		[[ ${most[${want%%=*}]} -ge $((before[${want%%=*}] + ${want#*=})) ]]
	done
}

sockets() {
	provokes "tcp 3" : numtcpsock=3 numothersock=0 numfile=3
	provokes "listen 2" : numtcpsock=2 numothersock=0
	provokes "connection 3" : numtcpsock=7 numothersock=0
	provokes "udp 3" "unix 2" : numtcpsock=0 numothersock=7 numfile=7
}

buffers() {
	note
	hold tcpbytes 10000
	hold unixbytes 10000
	hold udpbytes 10000
	# as the kernel charges: with what is around the bytes
	wait_for moved_at_least tcprcvbuf 10000
	moved_at_least othersockbuf 10000
	moved_at_least dgramrcvbuf 10000
	hold drop
	wait_for moved tcprcvbuf=0
	wait_for moved othersockbuf=0
	wait_for moved dgramrcvbuf=0
}

files() {
	provokes "file 50" "pty 3" : numfile=53 numpty=3
	provokes "flock 4" "posix 3" : numflock=7 numfile=7
	# as many as are looked at of one file
	provokes "ranges 5000" : numflock=4096 numfile=1
	# more than is looked at without a pause
	provokes "file 900" : numfile=900
}

# What many processes share counts once.
shared() {
	provokes "file 300" "tcp 2" "flock 2" "child 10" : numproc=10 numfile=304 numtcpsock=2 numflock=2
}

# took PROCESSES: how long it takes to count with so many that share a table of 200000 descriptors, into $took, in us, the least
# of three
took() {
	local start time i
	alone() { [[ $(bc 900 numproc) -le 5 ]]; }
	wait_for alone
	hold table "$1"
	took=
	for ((i = 0; i < 3; i++)); do
		start=${EPOCHREALTIME/./}
		[[ $(bc 900 numproc) -gt $1 ]]
		time=$((${EPOCHREALTIME/./} - start))
		[[ $took && $took -le $time ]] || took=$time
	done
	hold drop
}

# It is gone through once: a customer must not make the host work.
tables() {
	local took one
	took 1
	one=$took
	took 48
	echo "1: $one us, 48: $took us"
	[[ $took -lt $((3 * one)) ]]
}

signals() {
	provokes "siginfo 7" : numsiginfo=7
}

memory() {
	provokes "map 100" : privvmpages=100 lockedpages=0
	provokes "lock 10" : privvmpages=10 lockedpages=10
	note
	hold shm 300
	hold touch 1000
	# charges are made ahead, 64 pages for each of the two processors
	moved_at_least physpages 1172
	# these are brought up to date every two seconds
	wait_for moved_at_least shmpages 300
	wait_for moved_at_least oomguarpages 1100
	moved_at_most physpages 1900
	hold drop
	wait_for moved shmpages=0
	wait_for moved_at_most physpages 200
	[[ ${most[physpages]} -ge $((before[physpages] + 1172)) ]]
	[[ ${now[kmemsize]} -gt 50000 ]]
	[[ ${now[dcachesize]} -gt 1000 ]]
}

# vzlist's and ubc's figures are the same.
seen_elsewhere() {
	hold file 40
	hold map 5000
	local listed
	listed=$(cloisonctl list -Ho numfile,privvmpages,numtcpsock,physpages.l 900 | xargs)
	is "$listed" "$(bc 900 numfile) $(bc 900 privvmpages) 0 16384"
	is "$(cloisonctl list -Ho numiptent 900 | xargs)" -
	hold drop
}

bounds() {
	is "$(bc 900 physpages barrier)/$(bc 900 physpages limit)" 0/16384
	is "$(bc 900 swappages limit)" 8192
	is "$(bc 900 numproc limit)" 60
	is "$(bc 900 numfile barrier)/$(bc 900 numfile limit)" 1000/1200
	is "$(bc 900 numflock limit)" 9223372036854775807
	cloisonctl --quiet set 900 --numflock 10:20 --kmemsize 1M:2M 2>/dev/null
	is "$(bc 900 numflock barrier)/$(bc 900 numflock limit)" 10/20
	is "$(bc 900 kmemsize barrier)/$(bc 900 kmemsize limit)" 1048576/2097152
	is "$(bc 900 numfile limit)" 1200
	is "$(cloisonctl list -Ho numflock.b,numflock.l,kmemsize.l 900 | xargs)" "10 20 2097152"
	# what the cgroup holds is shown as it is
	echo 100M >/sys/fs/cgroup/cloison/900/memory.max
	is "$(bc 900 physpages limit)" 25600
}

refusals() {
	is "$(bc 900 numproc failcnt)" 0
	not cloisonctl exec2 900 'i=0; while [ $i -lt 80 ]; do sleep 1000 & i=$((i + 1)); done'
	[[ $(bc 900 numproc failcnt) -gt 0 ]]
	is "$(bc 900 numproc maxheld)" 60
	cloisonctl exec2 900 killall sleep
}

# A look at one of two containers takes long: the other is looked at as ever, without a reader.
paces() {
	local tracing=/sys/kernel/tracing interval=/sys/module/cloison_acct/parameters/interval was
	was=$(<"$interval")
	hold tables 12
	make_running 901
	install -m 755 "$here/acct/hold" "$state/private/901/fs/hold"
	hold_start 901
	echo 1 >"$interval"
	mountpoint -q "$tracing" || mount -t tracefs tracefs "$tracing"
	echo acct_walk >"$tracing/set_ftrace_filter"
	echo function >"$tracing/current_tracer"
	# looks NUMBER: so many have begun
	looks() { [[ $(grep -c 'kworker.* acct_walk ' "$tracing/trace") -ge $1 ]]; }
	# one of them was at the first
	wait_for looks 3
	hold pty 3
	echo >"$tracing/trace"
	# one may have begun before, and two be at the first, one of them for its limits
	wait_for looks 6
	echo nop >"$tracing/current_tracer"
	echo >"$tracing/set_ftrace_filter"
	hold drop
	[[ $(bc 901 numpty maxheld) -ge 3 ]]
	echo "$was" >"$interval"
	exec {hold_fd}>&-
}

ktap_plan 11
holder 900 --ram 64M --swap 32M --numproc 60 --numfile 1000:1200 2>/dev/null
ktap_run "sockets" sockets
ktap_run "buffers of sockets" buffers
ktap_run "files, terminals, locks" files
ktap_run "what processes share" shared
ktap_run "signals" signals
ktap_run "memory" memory
ktap_run "the same in lists" seen_elsewhere
ktap_run "barriers and limits" bounds
ktap_run "refusals" refusals
ktap_run "descriptors without end" tables
ktap_run "one that takes long, beside another" paces
ktap_finish
