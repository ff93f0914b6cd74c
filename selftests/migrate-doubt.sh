#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# kernels: newest
# timeout: 900
# A migration is cut off where one host cannot know what the other one has, or what its own disk has: it is never on both, nor on
# neither, and keeps its memory.

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

is_ready() {
	ssh node2 grep -q ready /var/lib/cloison/migrate/900
}

# Nothing leads to it on node2, which does not answer for it.
is_silent() {
	[[ $(ssh node2 'ip neigh show proxy; ip route') != *10.99.0.100* ]]
}

# waits_there [SYSCALL N PATH]: the line broke as it was restored there, and the target could not be told: it runs here, and is
# READY there. Who received it dies like that.
waits_there() {
	local tool
	remembering
	ssh node2 'cat >/usr/local/sbin/criu; chmod 755 /usr/local/sbin/criu' <<-"EOF"
		#!/bin/sh
		if [ "$1" = swrk ]; then
			touch /tmp/restoring
			until [ -e /tmp/go ]; do sleep 0.1; done
		fi
		exec /usr/sbin/criu "$@"
	EOF
	[[ $# -eq 0 ]] || dies_there "$@"
	cloisonctl migrate --live node2 900 &
	tool=$!
	wait_for receives
	[[ $# -gt 0 ]] || printf '#!/bin/sh\nexit 1\n' | pretend
	wait_for ssh node2 test -e /tmp/restoring
	pkill -KILL -P "$tool" -x ssh
	fails_with 4
	ssh node2 touch /tmp/go
	wait_for is_ready
	ssh node2 rm /usr/local/sbin/cloisonctl /usr/local/sbin/criu /tmp/go /tmp/restoring
	wait_for is_silent
}

# The service tells the target, and does not lock what runs for that.
is_told() {
	local life watcher
	waits_there
	cloisonctl watch &
	watcher=$!
	wait_for nowhere_left 2 900
	wait_for test ! -e /var/lib/cloison/migrate/900
	kill "$watcher"
	is_running 900
	[[ $(cloisonctl exec 900 pidof sleep) == "$life" ]]
}

# Who says that it is there gets all of it. It was silent before it was noted that nobody receives it.
is_resolved() {
	local life
	waits_there fsync 3 /var/lib/cloison/migrate
	wait_for not ssh node2 grep RECEIVER /var/lib/cloison/migrate/900
	cloisonctl stop 900 --fast
	ssh node2 cloisonctl migrate --resolve here 900
	[[ $(ssh node2 cloisonctl exec 900 pidof sleep) == "$life" ]]
	ping -c 1 -W 5 10.99.0.100
	[[ $(ssh node2 cloisonctl check --repair 900) != *mended* ]]
}

has_no_init() {
	ssh node2 '[ ! -s /sys/fs/cgroup/cloison/900/init.scope/cgroup.procs ]'
}

is_up() {
	(($(</sys/class/net/veth900.0/flags) & 1))
}

# It stands still here, and nothing leads to it.
is_apart() {
	[[ $(cgroup_file 900 cgroup.freeze) == 1 && $(ip neigh show proxy; ip route) != *10.99.0.100* ]] && not is_up
}

# The target is told to take it, and gone. What was restored there ends before it ran; here it waits for word of that.
is_lost_there() {
	local life status=0 tool
	configure SHORTCUT yes
	remembering --netif_add eth0
	make_running 901 --ipadd 10.99.0.101
	# killed as it notes that it has it; nor can it be asked after that
	dies_there rename 3 /var/lib/cloison/migrate/900
	cloisonctl migrate --live node2 900 2>"$KTAP_TMP/err" || status=$?
	cat "$KTAP_TMP/err"
	[[ $status -eq 4 ]]
	grep 'was given to node2' "$KTAP_TMP/err"
	is_ready
	is_apart
	# a neighbour on this host asks for it outside
	cloisonctl exec 901 'ping -c 1 -W 1 10.99.0.100' || true
	ip neigh show 10.99.0.100 | grep 'dev eth0'
	# shellcheck disable=SC2016 # for there
	ssh node2 'rm /usr/local/sbin/cloisonctl; kill -KILL $(head -n 1 /sys/fs/cgroup/cloison/900/init.scope/cgroup.procs)'
	wait_for has_no_init
	expect_exit 7 cloisonctl migrate --settle 900
	is_running 900
	is_up
	"$here/nl/net_test" get id=900 | grep ' shortcut 1 '
	configure SHORTCUT
	[[ $(cloisonctl exec 900 pidof sleep) == "$life" ]]
	ssh node2 ping -c 1 -W 5 10.99.0.100
	wait_for nowhere_left 2 900

	# the tool is killed here, and who asks then is not answered: that keeps nobody from deciding
	dies_there fsync 3 /var/lib/cloison/migrate/900 STOP
	cloisonctl migrate --live node2 900 &
	tool=$!
	wait_for grep given /var/lib/cloison/migrate/900
	pretend <<-"EOF"
		#!/bin/sh
		touch /tmp/asked
		until [ -e /tmp/go ]; do sleep 0.1; done
		exec /usr/sbin/cloisonctl "$@"
	EOF
	kill -KILL "$tool"
	wait_for is_apart
	wait_for ssh node2 test -e /tmp/asked
	cloisonctl migrate --resolve here 900
	is_running 900
	is_up
	[[ $(cloisonctl exec 900 pidof sleep) == "$life" ]]
	# nor does he, who is heard now, give it away after that
	ssh node2 'pkill -KILL -f "^/usr/sbin/cloisonctl migrate-receive"; touch /tmp/go'
	wait_for not pgrep -f 'migrate --settle 900'
	is_ready
	ssh node2 'rm /usr/local/sbin/cloisonctl /tmp/asked /tmp/go; cloisonctl migrate --resolve there 900'
	nowhere_left 2 900
}

# its_disk_fails FSYNCS: in the notes, as strace(1) counts them for each session: RECEIVING, READY, OWNED, RETURNING
its_disk_fails() {
	pretend <<-EOF
		#!/bin/sh
		exec strace -qq -o /dev/null -P /var/lib/cloison/migrate -e trace=fsync -e inject=fsync:error=EIO:when=$1 /usr/sbin/cloisonctl "\$@"
	EOF
}

# It is not given back when that cannot be noted, whatever is on disk then: it would be nowhere.
is_kept() {
	local fsyncs
	make 900
	printf '#!/bin/sh\ntest ! -e /run/no-900\n' >"$etc/conf/900.mount"
	chmod 755 "$etc/conf/900.mount"
	# the second time it cannot be noted either that it is not
	for fsyncs in 4 4+; do
		cloisonctl --quiet start 900
		ssh node2 touch /run/no-900
		its_disk_fails "$fsyncs"
		expect_exit 7 cloisonctl migrate node2 900
		ssh node2 'rm /usr/local/sbin/cloisonctl /run/no-900; cloisonctl check --repair 900'
		nowhere_left 1 900
		[[ $(ssh node2 cloisonctl status 900) == *" exist unmounted down" ]]
		ssh node2 cloisonctl --quiet migrate node1 900
	done
}

# What it is to be cannot be noted here: it stands still until that can be.
is_in_doubt() {
	local life status=0
	remembering
	# of its own notes: SENDING, GIVEN, and SENDING again
	strace -qq -o /dev/null -P /var/lib/cloison/migrate -e trace=fsync -e inject=fsync:error=EIO:when=2+ \
		cloisonctl migrate --live node2 900 2>"$KTAP_TMP/err" || status=$?
	cat "$KTAP_TMP/err"
	[[ $status -eq 15 ]]
	grep 'The disk fails' "$KTAP_TMP/err"
	[[ $(cgroup_file 900 cgroup.freeze) == 1 ]]
	is_ready
	cloisonctl migrate --settle 900
	is_running 900
	[[ $(cloisonctl exec 900 pidof sleep) == "$life" ]]
	wait_for nowhere_left 2 900
	# the first of them alone: it runs on at once
	status=0
	strace -qq -o /dev/null -P /var/lib/cloison/migrate -e trace=fsync -e inject=fsync:error=EIO:when=2 \
		cloisonctl migrate --live node2 900 || status=$?
	[[ $status -eq 15 ]]
	is_running 900
	[[ $(cloisonctl exec 900 pidof sleep) == "$life" && ! -e /var/lib/cloison/migrate/900 ]]
	nowhere_left 2 900
}

ktap_plan 5
run_case "the line breaks as it is restored, and it runs here" is_told
run_case "and there" is_resolved
run_case "the target cannot be asked, and what was restored ends, or the tool here" is_lost_there
run_case "the target's disk fails as it gives it back" is_kept
run_case "the source's disk fails as it gives it away" is_in_doubt
ktap_finish
