#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: newest 6.12
# timeout: 600
# A small container is suspended and resumed, twice, with processes, a pipe and connections at work, inside and with the host,
# over venet and a bridge; its limits, views and links are there again. And it goes on if it cannot be suspended.
#
#	   101
#	10.0.101.2 fd00::101	10.9.0.2
#	   venet0		  eth0
#	      |			    |
#	   queues		veth101.0
#	      |			    |
#	   venet0		cpt-br
#	    host   10.0.0.1	    10.9.0.1

. "$(dirname "$0")/checkpoint/lib.sh"

trap 'pkill -f "$tmp/listen" || true; clean >/dev/null 2>&1; ip link del nettest; ip link del cpt-br; rm -rf "$tmp" "$KTAP_TMP"' EXIT

starts() {
	modprobe -a cloison cloison_net cloison_view
	ip link add nettest type dummy
	ip link set nettest up
	ip addr add 10.0.0.1 dev nettest
	ip addr add fd00::1 dev nettest nodad
	ip link add cpt-br type bridge
	ip addr add 10.9.0.1/24 dev cpt-br
	ip link set cpt-br up
	cloisonctl create $ct --ostemplate busybox --ipadd 10.0.101.2 --ipadd fd00::101 --rate 1G --ram 64M --cpuunits 500 --cpus 2 --iolimit 50M \
		--netif_add eth0,,,,cpt-br --devnodes net/tun:rw
	cloisonctl start $ct --wait
	inside 'ip addr add 10.9.0.2/24 dev eth0'
}

# A pipe and a connection inside; nc gives its connection to the program: it would itself end when a poll is interrupted, as it
# is by a dump if the container was frozen meanwhile.
works() {
	cat >"$fs/root/follow" <<-'EOF'
		#!/bin/sh
		last=0
		while read -r n; do
			[ "$n" = $((last + 1)) ] || echo "$last, then $n" >>"/tmp/$1.lost"
			last=$n
			echo $n >"/tmp/$1"
		done
		echo "end after $last" >>"/tmp/$1.lost"
	EOF
	cat >"$fs/root/numbers.sh" <<-'EOF'
		#!/bin/sh
		n=0
		while :; do
			n=$((n + 1))
			echo $n
			sleep 0.1
		done
	EOF
	chmod +x "$fs"/root/*
	mknod -m 666 "$fs/root/kmsg" c 1 11
	install_counter
	inside '(/root/numbers.sh | /root/follow pipe) </dev/null >/dev/null 2>&1 &'
	inside 'nc -l -p 7005 -e /root/follow tcp </dev/null >/dev/null 2>&1 &'
	wait_for inside 'netstat -tln | grep -q :7005'
	inside 'nc 127.0.0.1 7005 -e /root/numbers.sh </dev/null >/dev/null 2>&1 &'
	# a device in a second place
	inside ': >/root/tun; mount -o bind /dev/net/tun /root/tun'
	# one that has a view open
	inside 'exec 3</proc/meminfo; read -r line <&3; (while read -r line; do echo "$line"; done; while :; do sleep 9999; done) <&3 >/tmp/lines 2>&1 &'
	wait_for grep FileHugePages "$fs/tmp/lines"
	all_work
}

all_work() {
	local what n
	for what in pipe tcp; do
		n=$(last $what || echo 0)
		wait_for is_beyond $what $((n + 2))
	done
	counts
	not cat "$fs"/tmp/*.lost
}

# What comes is sent back; and numbers flow out of it, to the host.
listens() {
	cat >"$tmp/listen" <<-'EOF'
		import os, socket, sys
		s = socket.create_server(("::", 7001), family=socket.AF_INET6)
		def tell(text):
		    # never seen empty
		    open(sys.argv[1] + ".new", "w").write(text)
		    os.rename(sys.argv[1] + ".new", sys.argv[1])
		tell("0")
		last = 0
		for line in s.accept()[0].makefile():
		    if int(line) != last + 1:
		        tell("wrong")
		        break
		    last += 1
		    tell(str(last))
	EOF
	python3 "$tmp/listen" "$tmp/out" &
	wait_for test -e "$tmp/out"
	# those who do not go on when they are interrupted
	inside '(sleep 9999; echo awake >/tmp/sleep.lost) </dev/null >/dev/null 2>&1 &'
	inside '(sleep 9999 | nc -l -p 7006; echo ended >/tmp/nc.lost) </dev/null >/dev/null 2>&1 &'
	wait_for inside 'netstat -tln | grep -q :7006'
	inside '(sleep 9999 | nc 127.0.0.1 7006; echo ended >/tmp/nc.lost) </dev/null >/dev/null 2>&1 &'
	wait_for inside 'netstat -tn | grep -q :7006'
	inside 'nc -ll -p 7000 -e cat </dev/null >/dev/null 2>&1 &'
	inside 'nc fd00::1 7001 -e /root/numbers.sh </dev/null >/dev/null 2>&1 &'
	wait_for inside 'netstat -tln | grep -q :7000'
}

# To the container from the host, over venet and the bridge, for the whole test.
connect() {
	exec 7<>/dev/tcp/10.0.101.2/7000 8<>/dev/tcp/fd00::101/7000 9<>/dev/tcp/10.9.0.2/7000
}

say_on() {
	local fd
	for fd in 7 8 9; do
		echo "$1 $fd" >&$fd
	done
}

hear_on() {
	local fd line
	for fd in 7 8 9; do
		read -rt 120 -u $fd line
		[[ $line == "$1 $fd" ]]
	done
}

connected() {
	say_on "now"
	hear_on "now"
	out_is_beyond "$(<"$tmp/out")"
}

out_is_beyond() {
	local n=$1
	wait_for eval '[[ $(<"$tmp/out") -gt '"$n"' ]]'
}

# A process in a namespace of its own, which CRIU refuses; one that is brought in from outside; one that is frozen.
refused() {
	inside 'unshare -u sleep 9999 </dev/null >/dev/null 2>&1 &'
	wait_for pgrep -f '^sleep 9999'
	expect_exit 16 cloisonctl suspend $ct
	expect_out 'uts namespace of its own' cloisonctl suspend $ct
	pkill -f '^sleep 9999'
	# a policy that needs no right
	if [[ -e /sys/kernel/sched_ext ]]; then
		inside 'sleep 7777 </dev/null >/dev/null 2>&1 &'
		wait_for pgrep -f '^sleep 7777'
		python3 -c 'import os, sys; os.sched_setscheduler(int(sys.argv[1]), 7, os.sched_param(0))' "$(pgrep -f '^sleep 7777')"
		expect_out 'policy SCHED_EXT' cloisonctl suspend $ct
		pkill -f '^sleep 7777'
	fi
	inside 'sleep 8888' &
	wait_for pgrep -f '^sleep 8888'
	expect_out 'brought in by exec' cloisonctl suspend $ct
	pkill -f '^sleep 8888'
	wait
	# a group is frozen, with a name that a terminal would obey
	inside 'g=/sys/fs/cgroup/$(printf "\033[31m")red; mkdir $g; echo 1 >$g/cgroup.freeze'
	expect_out '/\?\[31mred is frozen' cloisonctl suspend $ct
	inside 'rmdir /sys/fs/cgroup/*red'
	inside 'mkdir -p /sys/fs/cgroup/some/threads; echo threaded >/sys/fs/cgroup/some/threads/cgroup.type'
	expect_exit 16 cloisonctl suspend $ct
	expect_out '/some/threads is threaded' cloisonctl suspend $ct
	inside 'rmdir /sys/fs/cgroup/some/threads /sys/fs/cgroup/some'
	# a device that it would not have again
	cloisonctl set $ct --devnodes net/tun:none --save
	expect_out 'The device on /dev/net/tun' cloisonctl suspend $ct
	cloisonctl set $ct --devnodes net/tun:rw --save
	# one that CRIU cannot have, which it says before it has frozen all
	counter=$(pgrep -f /root/count | head -n 1)
	strace -o /dev/null -p "$counter" &
	wait_for grep '^TracerPid:.*[1-9]' "/proc/$counter/status"
	rm -f $dumps/$ct.log
	expect_out "see $dumps/$ct.log" cloisonctl suspend $ct
	[[ -s $dumps/$ct.log ]]
	kill $!
	wait
	cloisonctl pause $ct
	expect_out 'cloisonctl unpause' cloisonctl suspend $ct
	cloisonctl unpause $ct
	is running
	counts
}

suspends() {
	is running
	inside 'cut -d . -f 1 /proc/uptime' >"$tmp/uptime"
	suspend_it
	stands_still
	say_on "while it was away"
	expect_out '101 +- suspended ' cloisonctl list -a
}

resumes() {
	resume_it
	hear_on "while it was away"
	all_work
	connected
	inside 'head -n 1 /proc/meminfo' | grep ' 65536 kB'
	[[ $(inside 'cut -d . -f 1 /proc/uptime') -ge $(<"$tmp/uptime") ]]
	inside ': <>/dev/net/tun; : <>/root/tun'
	not inside ': </root/kmsg'
	inside 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	not inside 'echo 1 >/proc/sys/kernel/sysrq'
	ping -n -q -c 1 -W 5 10.0.101.2
	ping -n -q -c 1 -W 5 fd00::101
}

# figures: of each beancounter name, maxheld, failcnt
figures() {
	cloisonctl ubc --json $ct | python3 -c 'import json, sys
for name, b in json.load(sys.stdin)[0]["beancounters"].items():
	if b["accounted"]:
		print(name, b["maxheld"], b["failcnt"])'
	# what list takes from elsewhere
	cloisonctl list -Ho physpages.m,numproc.m,numproc.f $ct | xargs -n 1 echo listed 0
}

# CRIU has its processes open files and sockets; who has all it may have is none the worse for it.
# What was counted goes on.
at_its_limits() {
	# not in the session of who visits, who has a reserve
	local own='setsid true; exit $?'
	cloisonctl set $ct --save --numfile 1000 --numothersock 1000
	cloisonctl set $ct --save --numfile 1 --numothersock 1
	not inside "$own"
	figures >"$tmp/figures"
	cloisonctl suspend $ct
	cloisonctl resume $ct
	figures | paste -d ' ' "$tmp/figures" - >"$tmp/both"
	grep -q '^numfile [1-9][0-9]* [1-9]' "$tmp/both"
	awk '$4 != $1 || $5 < $2 || $6 < $3 { print "went back:", $0; bad = 1 } END { exit bad }' "$tmp/both"
	not inside "$own"
	cloisonctl set $ct --save --numfile unlimited --numothersock unlimited
	inside "$own"
}

ends() {
	cloisonctl stop $ct --fast
	cloisonctl destroy $ct
	[[ ! -e $cgroup && ! -e $fs ]]
	not grep cloison/rootfs /proc/mounts
	not ls $dumps/*$ct*
}

ktap_plan 11
check "start" starts
check "work" works
check "what cannot be suspended runs on" refused
check "it listens" listens
connect
check "connections" connected
for time in "" ", again"; do
	check "suspend$time" suspends
	check "resume$time" resumes
done
check "at its limits" at_its_limits
check "nothing is left" ends
ktap_finish
