#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# early: yes
# kernels: newest 6.12
# timeout: 900
# A running container moves to another host and back, while a third machine talks to it.
#
#	third, 10.98.0.2 ---- 10.98.0.1, node1, 10.99.0.1 ---- 10.99.0.2, node2
#					|			  |
#				   900: 10.99.0.100  --->  900: 10.99.0.100

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

client=

end() {
	[[ ! $client ]] || kill "$client"
	clean
	ip netns del third
	ip addr del fd00:99::1/64 dev eth0
	umount /proc/cpuinfo
	ssh node2 ip addr del fd00:99::2/64 dev eth0
	bridge_gone
	ssh node2 "$(declare -f bridge_gone); bridge_gone; rm -f /dev/shm/ballast"
	rm /usr/sbin/rsync
	hang_up
}
trap 'end 2>/dev/null' EXIT

third() {
	ip netns add third
	ip link add third0 type veth peer name eth0 netns third
	ip addr add 10.98.0.1/24 dev third0
	ip link set third0 up
	ip -n third link set lo up
	ip -n third addr add 10.98.0.2/24 dev eth0
	ip -n third link set eth0 up
	ip -n third route add default via 10.98.0.1
	ip addr add fd00:99::1/64 dev eth0 nodad
	ssh node2 'modprobe -a cloison cloison_net; ip route add 10.98.0.0/24 via 10.99.0.1; ip addr add fd00:99::2/64 dev eth0 nodad'
}

# One network on both nodes, with a switch in each. (What udev chooses for them is the same on both.)
bridge_made() {
	ip link add br900 address "02:00:00:00:09:0${1##*.}" type bridge
	ip link add vx900 address "02:00:00:00:0a:0${1##*.}" type vxlan id 900 local "$1" remote "$2" dstport 4789
	ip link set vx900 master br900 up
	ip link set br900 up
}

bridge_gone() {
	ip link del vx900
	ip link del br900
}

# talk: one connection, line by line; the time between a question and its answer, in ms. It ends when an answer is wrong.
# shellcheck disable=SC2016
talk='
exec 3<>/dev/tcp/10.99.0.100/7
for ((n = 1; ; n++)); do
	start=${EPOCHREALTIME/./}
	echo "line $n" >&3
	read -r answer <&3
	[[ $answer == "line $n" ]] || break
	echo "$n $(((${EPOCHREALTIME/./} - start) / 1000))"
done
echo "end after $n: $answer"'

node2_knows() {
	ssh node2 ip neigh show 10.99.0.100 | grep -q "lladdr $(</sys/class/net/eth0/address) "
}

# Memory that the container fills, and can tell from any other; a file that it writes meanwhile.
works() {
	third
	make_running 900 --ipadd 10.99.0.100 --ipadd fd00:99::100 --ram 128M --numproc 50 --cpuunits 500 --name mover
	# what somebody has frozen is not thawed, here or there
	cloisonctl suspend 900 --suspend
	expect_exit 8 cloisonctl migrate --live node2 900
	# when it goes on, who believes it elsewhere hears where it is
	ssh node2 ip neigh replace 10.99.0.100 lladdr 02:00:00:00:00:99 dev eth0 nud stale
	cloisonctl suspend 900 --resume
	wait_for node2_knows
	cloisonctl exec 900 'nc -l -p 7 -e cat </dev/null >/dev/null 2>&1 &'
	wait_for cloisonctl exec 900 'netstat -tln | grep -q :7'
	printf '#!/bin/sh\nv=$(cat /bin/busybox | md5sum; head -c 3000000 /bin/busybox | base64)\nn=0\nwhile :; do n=$((n + 1)); echo $n $(echo "$v" | md5sum) >/root/tmp; mv /root/tmp /root/said; sleep 0.2; done\n' \
		>"$state/private/900/fs/root/remember"
	chmod 755 "$state/private/900/fs/root/remember"
	cloisonctl exec 900 'setsid /root/remember </dev/null >/dev/null 2>&1 &'
	# open by a name that it has lost, and by another one there
	cloisonctl exec 900 'cd /root; echo kept >one; ln one two; cat >holds; exec 3<>one; rm one
		setsid sh holds </dev/null >/dev/null 2>&1 &' <<-"EOF"
			while :; do
				if [ /proc/$$/fd/3 -ef two ]; then echo yes; else echo no; fi >same
				sleep 0.2
			done
		EOF
	# one that hardly runs would be stopped too late, in the rounds as well
	cloisonctl exec 900 'cd /sys/fs/cgroup; echo "+cpu +memory" >cgroup.subtree_control; mkdir slow; sleep 9999 </dev/null >/dev/null 2>&1 &
		echo $! >slow/cgroup.procs; echo 1000 1000000 >slow/cpu.max; echo 1M >slow/memory.high'
	wait_for cloisonctl exec 900 'test -s /root/said'
	cloisonctl exec 900 'cut -d " " -f 2 /root/said' >"$KTAP_TMP/sum"
	ip netns exec third bash -c "$talk" >"$KTAP_TMP/talk" 2>&1 &
	echo $! >"$KTAP_TMP/client"
	wait_for is_beyond talk 3
	# what runs keeps its user ids
	ssh node2 "cloisonctl --quiet create 902 --ostemplate busybox --local_uid $(stat -c %u "$state/private/900/fs")"
	expect_exit 15 cloisonctl migrate --check-only --live node2 900
	ssh node2 cloisonctl --quiet destroy 902
}

said() {
	on "$1" cloisonctl exec 900 'cut -d " " -f 1 /root/said'
}

says_more() {
	[[ $(said "$1") -gt $2 ]]
}

# limits NODE
limits() {
	on "$1" bash -c 'cd /sys/fs/cgroup/cloison/900 && grep . memory.max memory.swap.max pids.max cpu.weight slow/cpu.max slow/memory.high; cloisonctl exec 900 head -n 1 /proc/meminfo'
}

# moves FROM TO [OPTION]
moves() {
	local before limits
	before=$(said "$1")
	limits=$(limits "$1")
	on "$1" cloisonctl --verbose migrate --live -v "${@:3}" "node$2" 900
	[[ $(on "$2" cloisonctl status 900) == *" running" ]]
	wait_for says_more "$2" "$before"
	[[ $(on "$2" cloisonctl exec 900 'cut -d " " -f 2 /root/said') == "$(<"$KTAP_TMP/sum")" ]]
	on "$2" cloisonctl exec 900 'rm /root/same'
	wait_for on "$2" cloisonctl exec 900 'grep -qx yes /root/same'
	on "$2" cloisonctl exec 900 'cd /root && set -- link_remap* && [ ! -e "$1" ]'
	goes_on talk
	[[ $(limits "$2") == "$limits" ]]
	on "$1" ping -c 1 -W 10 fd00:99::100
	nowhere_left "$1" 900
	on "$1" bash -c '[[ ! -e /run/cloison/migrate/900 ]]'
	on "$2" bash -c '[[ ! -e /run/cloison/migrate/900 ]]'
	longest talk
}

# Its programs may use what the processor there lacks, unless somebody knows better. What mounts /proc must see it all.
moves_by_force() {
	sed 's/^flags.*/& sse9/' /proc/cpuinfo >"$KTAP_TMP/cpuinfo"
	mount --bind "$KTAP_TMP/cpuinfo" /proc/cpuinfo
	expect_exit 18 cloisonctl migrate --check-only --live node2 900
	expect_exit 18 cloisonctl migrate --check-only --live --nodeps=ipv6 node2 900
	expect_exit 0 cloisonctl migrate --check-only --live --nodeps=cpu node2 900
	moves 1 2 --force
	umount /proc/cpuinfo
}

# room_is MB: on this host, in memory and swap.
room_is() {
	mount -o remount,size=100% /dev/shm
	fallocate -l $(($(awk '/^(MemAvailable|SwapFree):/ { kb += $2 } END { print kb }' /proc/meminfo) - $1 * 1024))K /dev/shm/ballast
}

holds() {
	[[ $(awk '/^anon / { print int($2 / 1048576) }' /sys/fs/cgroup/cloison/901/memory.stat) -ge $1 ]]
}

# Memory has room twice, as images and as processes, but not another time.
room_is_short() {
	make_running 901 --ram 256M
	cloisonctl exec 901 'head -c 1048576 /dev/urandom >/root/mega
		((for i in $(seq 100); do cat /root/mega; done; sleep 99999) | tail -c 104857600 >/root/tail) </dev/null >/dev/null 2>&1 &'
	wait_for holds 100
	ssh node2 "$(declare -f room_is); room_is 400"
	cloisonctl --verbose migrate --live -v node2 901 >"$KTAP_TMP/words" 2>&1 || cat "$KTAP_TMP/words"
	ssh node2 rm /dev/shm/ballast
	grep 'no room for more rounds' "$KTAP_TMP/words"
	on 2 cloisonctl exec 901 'kill $(pidof sleep); while pidof tail; do sleep 0.1; done; test $(stat -c %s /root/tail) = 104857600'
	ssh node2 'cloisonctl --quiet stop 901 --fast && cloisonctl --quiet destroy 901'
}

# What was written since the rounds is there, though the first dump had come to it when it was refused, and so is what was
# written to a file since it was copied then. That this failed, for some went as they were copied, is no matter.
# The rounds before count no more; memory has gone in others since.
refused_once() {
	local work=$state/private/901/fs/root/work shape
	make_running 901
	cp "$here/checkpoint/shapes" "$state/private/901/fs/root/"
	# a process that is younger than the rounds, and dumped before what is refused
	cloisonctl exec 901 'mkdir /root/work; (while :; do sleep 0.2; done) </dev/null >/dev/null 2>&1 &
		/root/shapes /root/work 0 refused-once </dev/null >/root/work/output 2>&1 &'
	wait_for test -e "$work/ready"
	shape=$(pgrep -x -P "$(pgrep -x -o shapes)" shapes)
	mkdir "$KTAP_TMP/bin"
	cat >"$KTAP_TMP/bin/criu" <<-EOF
		#!/bin/sh
		turn() {
			kill -USR2 $shape
			until [ -e $work/refused-once/\$1 ]; do sleep 0.1; done
		}
		if [ "\$1" = swrk ] && [ -e /run/cloison/migrate/901/dump ]; then
			[ ! -e $work/refused-once/busy ] || ls /run/cloison/migrate/901 >>$KTAP_TMP/began
			if [ ! -e $work/refused-once/busy ]; then
				turn busy
			elif [ ! -e $work/refused-once/idle ]; then
				turn idle
			fi
		fi
		exec $(command -v criu) "\$@"
	EOF
	chmod 755 "$KTAP_TMP/bin/criu"
	cat >"$KTAP_TMP/bin/tar" <<-EOF
		#!/bin/sh
		ls /run/cloison/migrate/901 >$KTAP_TMP/rounds
		exec /usr/bin/tar "\$@"
	EOF
	chmod 755 "$KTAP_TMP/bin/tar"
	ssh node2 'cat >/usr/local/sbin/criu; chmod 755 /usr/local/sbin/criu' <<-"EOF"
		#!/bin/sh
		[ "$1" != swrk ] || ls /run/cloison/migrate/901 >/run/rounds
		exec /usr/sbin/criu "$@"
	EOF
	# it is run in the container's files
	cat >/usr/sbin/rsync <<-"EOF"
		#!/bin/sh
		/usr/bin/rsync "$@" || exit
		cd root/work/refused-once
		[ ! -e busy ] || [ -e idle ] || exit 23
	EOF
	chmod 755 /usr/sbin/rsync
	PATH=$KTAP_TMP/bin:$PATH cloisonctl --verbose migrate --live node2 901 >"$KTAP_TMP/words" 2>&1 || cat "$KTAP_TMP/words"
	rm /usr/sbin/rsync
	grep 'Control messages in queue.*; once more' "$KTAP_TMP/words"
	grep '' "$KTAP_TMP/rounds"
	ssh node2 'rm /usr/local/sbin/criu; cat /run/rounds; rm /run/rounds' >"$KTAP_TMP/rounds2"
	diff "$KTAP_TMP/rounds" "$KTAP_TMP/rounds2"
	# the first one was made anew
	[[ $(head -n 2 "$KTAP_TMP/began" | paste -sd ' ') == 'dump round-1' ]]
	grep -x round-1 "$KTAP_TMP/rounds"
	# shellcheck disable=SC2016 # for there
	on 2 cloisonctl exec 901 'cd /root/work; kill -USR1 $(cat ready); until [ -e result ]; do sleep 0.1; done; cat result; grep -qx "1 have looked" result && [ $(wc -l <result) = 1 ]'
	ssh node2 'cloisonctl --quiet stop 901 --fast && cloisonctl --quiet destroy 901'
}

# A round that is refused begins anew, and what CRIU said stays: here it does so as soon as it is called. So is the dump, when what was
# prepared for it waits.
refused_round() {
	make_running 901
	cat >"$KTAP_TMP/bin/criu" <<-EOF
		#!/bin/sh
		if [ "\$1" = swrk ] && [ -e /run/cloison/migrate/901/round-1 ] && [ ! -e $KTAP_TMP/refused ]; then
			echo "(00.100000) Error (criu/fsnotify.c:1): fsnotify: Can't dump that handle" >/run/cloison/migrate/901/round-1/dump.log
			touch $KTAP_TMP/refused
			exit 1
		fi
		if [ "\$1" = swrk ] && [ -e /run/cloison/migrate/901/dump ] && [ ! -e $KTAP_TMP/refused-dump ]; then
			echo "(00.100000) Error (criu/sk-queue.c:1): skqueue: Control messages in queue" >/run/cloison/migrate/901/dump/dump.log
			touch $KTAP_TMP/refused-dump
			exit 1
		fi
		exec $(command -v criu) "\$@"
	EOF
	chmod 755 "$KTAP_TMP/bin/criu"
	rm "$KTAP_TMP/bin/tar"
	PATH=$KTAP_TMP/bin:$PATH cloisonctl --verbose migrate --live node2 901 >"$KTAP_TMP/words" 2>&1 || cat "$KTAP_TMP/words"
	grep "see $state/dump/901.log: CRIU: fsnotify: Can't dump that handle" "$KTAP_TMP/words"
	grep "Can't dump that handle" "$state/dump/901.log"
	grep 'Control messages in queue; once more' "$KTAP_TMP/words"
	ssh node2 'cloisonctl --quiet stop 901 --fast && cloisonctl --quiet destroy 901'
}

# It is silent until it is spoken to, and a switch believes it where it was.
bridged() {
	bridge_made 10.99.0.1 10.99.0.2
	ssh node2 "$(declare -f bridge_made); bridge_made 10.99.0.2 10.99.0.1"
	ip addr add 10.97.0.1/24 dev br900
	make_running 901 --netif_add eth0,,,,br900
	nsenter -n -t "$(init_of 901)" sysctl -q net.ipv6.conf.all.disable_ipv6=1
	cloisonctl exec 901 ip addr add 10.97.0.2/24 dev eth0
	ping -c 1 -W 5 10.97.0.2
	cloisonctl --quiet migrate --live node2 901
	ping -c 1 -W 5 10.97.0.2
	ssh node2 cloisonctl --quiet migrate --live node1 901
	bridge fdb show br br900 | grep -v permanent
	ping -c 1 -W 5 10.97.0.2
}

check() {
	ktap_run_next "$@"
	[[ ! -e $KTAP_TMP/client ]] || client=$(<"$KTAP_TMP/client")
}

ktap_plan 7
check "a server, and its client" works
check "to node2" moves_by_force
check "and back" moves 2 1
check "room for memory is short" room_is_short
check "a dump that is refused at first" refused_once
check "a round that is refused" refused_round
check "a switch learns where it is" bridged
ktap_say "$(longest talk)"
ktap_finish
