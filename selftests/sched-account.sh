#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cloison_sched: what tasks use of the CPUs moves the right figure by the right amount. Containers 5 and 6 are cgroups with
# processes in them; what these must come to is what the kernel counts itself, of each process and of the cgroup.

. "$(dirname "$0")/core-lib.sh"

sched=$here/nl/sched_test
busy=$here/acct/busy

# fig ID FIGURE
fig() {
	"$sched" get "id=$1" | tr ' ' '\n' | sed -n "/^$2\$/{n;p}"
}

is_stopped() {
	grep -q '^State:.T' "/proc/$1/status"
}

# move PID ID CPUS
move() {
	wait_for is_stopped "$1"
	echo "$1" >"$base/$2/cgroup.procs"
	taskset -cp "$3" "$1" >"$tmp/taskset"
	kill -CONT "$1"
}

# inside ID CPUS COMMAND...: this very shell becomes that, for use with & or in (). It is stopped while it is moved: kernels
# before 6.2 let it run on all CPUs then, where there are cpusets.
inside() {
	local pid=$BASHPID
	move "$pid" "$1" "$2" &
	kill -STOP "$pid"
	exec "${@:3}"
}

# spins ID CPUS: a process there that runs forever, with its pid in $!
spins() {
	inside "$1" "$2" "$busy" spin &
}

# between LEAST VALUE MOST
between() {
	[[ $1 -le $2 && $2 -le $3 ]] && return
	ktap_say "$2 is not between $1 and $3"
	return 1
}

is_fig() {
	[[ $(fig "$1" "$2") == "$3" ]]
}

grew() {
	[[ $(fig "$1" "$2") -gt $3 ]]
}

# usage ID: in ns, of the kernel's own
usage() {
	sed -n 's/^usage_usec \(.*\)/\1000/p' "$base/$1/cpu.stat"
}

# counted CPUS ARGUMENT...: busy in container 5; the kernel's word of it in $run, $wait, $voluntary and $involuntary
counted() {
	local fd
	rm -f "$tmp/end" "$tmp/counted"
	mkfifo "$tmp/end"
	taskset -c "$1" "$busy" "$base/5" "${@:2}" <"$tmp/end" >"$tmp/counted" &
	exec {fd}>"$tmp/end"
	wait_for grep -q ended "$tmp/counted"
	wait_for is_fig 5 running 0
	exec {fd}>&-
	wait "$!"
	read -r run wait voluntary involuntary < <(tail -n 1 "$tmp/counted")
}

# What the module has of container 5 is what the kernel has of the processes in it, to the nanosecond; but for waits of those
# that were moved while they waited and have lost their entry.
is_the_same() {
	is_fig 5 run "$run"
	between $((wait * 98 / 100)) "$(fig 5 wait)" "$wait"
	is_fig 5 voluntary "$voluntary"
	is_fig 5 involuntary "$involuntary"
}

# Two on one CPU: each waits for the other.
run_and_wait() {
	local run wait voluntary involuntary
	new 5
	counted 0 2 burn 400
	is_the_same
	between 800000000 "$run" "$(($(usage 5) * 101 / 100 + 1000000))"
	[[ $wait -gt $((run / 4)) ]]
	between 1 "$(fig 5 wait-max)" "$wait"
	# who waits for his own kind is not stolen from
	between 0 "$(fig 5 steal)" $((wait * 3 / 4))
	is_fig 5 peak 1
	# on all CPUs, moved from one to another while they wait
	"$nl" del id=5
	"$nl" new id=5 "cgroup=$(cgroup 5)"
	counted 0-1 5 burn 100
	is_the_same
}

# Each time that one leaves its CPU to sleep it is woken afterwards; and once to begin with, for which it does not leave.
wakeups() {
	local run wait voluntary involuntary
	new 5
	counted 0-1 2 nap 100
	is_the_same
	# timers may be faster than the machine
	[[ $voluntary -gt 100 ]]
	# one that has lost its entry counts, too
	between "$voluntary" "$(fig 5 wakeups)" $((voluntary + involuntary / 10 + 5))
}

# Each one waits for others than its own.
stolen() {
	local id
	new 5
	new 6
	spins 5 1
	spins 6 1
	for id in 5 6; do
		wait_for grew "$id" steal 200000000
	done
	pkill -f "^$busy spin"
	for id in 5 6; do
		wait_for is_fig "$id" running 0
		between $(($(fig "$id" wait) * 85 / 100)) "$(fig "$id" steal)" $(($(fig "$id" wait) * 115 / 100))
	done
}

concurrency() {
	local i
	new 5
	for i in 1 2 3; do
		spins 5 0
	done
	wait_for grew 5 run 100000000
	is_fig 5 peak 1
	# whoever asks needs one of the two himself
	wait_for is_fig 5 running 1
	spins 5 1
	wait_for is_fig 5 peak 2
	pkill -f "^$busy spin"
	wait_for is_fig 5 running 0
	is_fig 5 peak 2
}

# grows ID: by 50 ms from now on
grows() {
	wait_for grew "$1" run $(($(fig "$1" run) + 50000000))
}

# One that runs and never sleeps belongs to where it is, at once.
moved() {
	local pid run i
	new 5
	new 6
	spins 5 0
	pid=$!
	grows 5
	for i in 1 2 3; do
		echo "$pid" >"$base/6/cgroup.procs"
		grows 6
		is_fig 5 running 0
		run=$(fig 5 run)
		grows 6
		is_fig 5 run "$run"
		echo "$pid" >"$base/5/cgroup.procs"
		grows 5
		is_fig 6 running 0
	done
	# one container less: it is the host's then
	"$nl" del id=5
	expect_out '^ENOENT: no such container' "$sched" get id=5
	grows 0
	"$nl" new id=7 "cgroup=$(cgroup 5)"
	kill "$pid"
}

# Short processes, a thousand; and whoever asks meanwhile sees no figure go back.
storm() {
	local i pids=()
	new 5
	for i in 1 2; do
		inside 5 0-1 "$here/acct/work" fork_exec 455 >/dev/null &
		pids+=($!)
	done
	while kill -0 "${pids[@]}" 2>/dev/null; do
		for ((i = 0; i < 20; i++)); do
			echo get id=5
		done | "$sched" batch
	done >"$tmp/seen"
	wait "${pids[@]}"
	between $(($(usage 5) * 97 / 100)) "$(fig 5 run)" $(($(usage 5) * 103 / 100))
	# each one was woken once to begin with, and its parent when it ended, if that slept by then
	between 1002 "$(fig 5 wakeups)" 20000
	[[ $(wc -l <"$tmp/seen") -ge 20 ]]
	awk '{ for (i = 1; i < NF; i += 2)
		if ($i != "running" && $(i + 1) < was[$i]) { print "was " was[$i] ": " $0; exit 1 }
		else was[$i] = $(i + 1) }' "$tmp/seen"
}

host() {
	local run
	run=$(fig 0 run)
	"$busy" /sys/fs/cgroup 1 burn 100 </dev/null >/dev/null
	[[ $(fig 0 run) -ge $((run + 100000000)) ]]
	[[ $(fig 0 running) -ge 1 && ! $(fig 0 peak) ]]
}

# What ran last on a CPU that goes, which is not seen to leave, neither runs on nor is it forgotten.
hotplug() {
	local cpu1=/sys/devices/system/cpu/cpu1/online last=0 run
	if [[ ! -w $cpu1 ]]; then
		ktap_say "there is one CPU"
		return
	fi
	for _ in {1..5}; do
		echo 0 >"$cpu1"
		run=$(fig 0 run)
		[[ $(fig 0 running) -le 1 ]]
		[[ $run -ge $last ]]
		echo 1 >"$cpu1"
		last=$(fig 0 run)
		[[ $last -ge $run ]]
	done
}

refused() {
	expect_out '^EPERM: ' "${by[@]}" "$sched" get id=5
	expect_out '^EPERM: ' "${by[@]}" "$sched" -d get
}

bad_requests() {
	new 5
	new 6
	[[ $("$sched" -d get | cut -d ' ' -f 2 | xargs) == "0 5 6" ]]
	expect_out '^EINVAL' "$sched" get
	expect_out '^ENOENT: no such container' "$sched" get id=9
	expect_out '^(ERANGE|EINVAL)' "$sched" get id=4294967295
	expect_out '^(ERANGE|EINVAL)' "$sched" get id:u8=5
	expect_out '^EINVAL' "$sched" get id=5 2=5
	expect_out '^EINVAL' "$sched" get id=5 77=5
	expect_out '^EINVAL' "$sched" -d get id=5
	expect_out '^EOPNOTSUPP' "$sched" 2 id=5
	by=(unshare --user --map-root-user)
	refused
	by=(setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin)
	refused
	by=(setpriv --reuid=65534 --clear-groups)
	refused
}

# The module comes and goes while tasks run, sleep, are born and die, in containers and out of them.
reload() {
	local i pids=()
	new 5
	new 6
	spins 5 0-1
	"$busy" "$base/6" 2 nap 1000000 </dev/null >"$tmp/nap" &
	(while :; do (inside 5 0-1 "$here/acct/work" fork_exec 100); done) >/dev/null &
	(while :; do echo "$BASHPID" | tee "$base/5/cgroup.procs" >"$base/6/cgroup.procs"; done) &
	"$busy" spin &
	for ((i = 0; i < 3; i++)); do
		rmmod cloison_sched
		modprobe cloison_sched
		"$sched" -d get
	done >"$tmp/seen"
	[[ $(wc -l <"$tmp/seen") == 9 ]]
	# it counts from anew
	wait_for grew 5 run 100000000
	between 0 "$(fig 5 run)" $(($(usage 5) - 1))
}

start_core
if ! modprobe cloison_sched; then
	echo "Bail out! no module cloison_sched"
	exit "$KTAP_FAIL"
fi
ktap_plan 10
check "run and wait" run_and_wait
check "wakeups" wakeups
check "stolen time" stolen
check "concurrency" concurrency
check "tasks that are moved" moved
check "a storm of processes" storm
check "the host" host
check "CPUs that go and come" hotplug
check "bad requests" bad_requests
check "loaded and unloaded three times under load" reload
modprobe -r cloison_sched
ktap_finish
