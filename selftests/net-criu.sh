#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: newest 6.12
# A container with a venet link, addresses, routes and connections goes through dump and restore by stock criu, while its
# packets are on hold: nobody outside notices but by the clock.
#
#	   101
#	10.0.101.2 fd00::101
#	   venet0
#	      |
#	   queues
#	      |
#	   venet0
#	    host   10.0.0.1

. "$(dirname "$0")/criu/lib.sh"
net=$here/nl/net_test
numbers=$here/net/numbers

inside_net() {
	nsenter --net="/proc/$(container_init $ct)/ns/net" "$@"
}

# Its addresses belong to the entry: a new one for the restored container gets them again.
give() {
	"$net" add id=$ct ip=10.0.101.2
	"$net" add id=$ct ip=fd00::101
}

starts() {
	start busybox
	modprobe cloison_net
	sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip link set venet0 up
	ip route add 10.0.101.2 dev venet0
	ip route add fd00::101 dev venet0
	ip link add nettest type dummy
	ip link set nettest up
	ip addr add 10.0.0.1 dev nettest
	ip addr add fd00::1 dev nettest nodad
	give
	inside_net ip link add venet0 mtu 1480 type venet
	inside_net ip link set venet0 up
	inside_net ip addr add 127.0.0.2 dev venet0
	inside_net ip addr add 10.0.101.2 dev venet0
	inside_net ip addr add fd00::101 dev venet0 nodad
	inside_net ip route add default dev venet0 src 10.0.101.2
	inside_net ip -6 route add default via fe80::1 dev venet0 onlink
	"$net" bind id=$ct "netns=/proc/$(container_init $ct)/ns/net"
	ping -n -q -c 1 -W 5 10.0.101.2
	ping -n -q -c 1 -W 5 fd00::101
}

# One connection into the container, at work, one out of it.
connects() {
	cp "$numbers" $fs/numbers
	inside '/numbers tcp-from 7000 >/tmp/numbers 2>&1 </dev/null &'
	wait_for grep ready $fs/tmp/numbers
	"$numbers" tcp-to 10.0.101.2 7000 10000 1000 &
	echo $! >"$tmp/sender"
	"$numbers" tcp-from 7001 >"$tmp/numbers" &
	echo $! >"$tmp/receiver"
	wait_for grep ready "$tmp/numbers"
	inside '/numbers tcp-to fd00::1 7001 10000 1000 >/tmp/sender 2>&1 </dev/null &'
	sleep 1
	kill -0 "$(<"$tmp/sender")" "$(<"$tmp/receiver")"
}

network() {
	inside_net ip -d -o link show venet0
	inside_net ip -o addr show venet0 | sed 's/ valid_lft.*//'
	inside_net ip route
	inside_net ip -6 route
}

hold_and_dump() {
	network >"$tmp/network"
	"$net" hold id=$ct
	dump
	grep 'venet' "$tmp/images/dump.log" || true
	# The source is gone; what comes for it waits or is lost, and is not answered.
	expect_out 'from.queued' "$net" get id=$ct
	not ping -n -q -c 1 -W 1 10.0.101.2
	kill -0 "$(<"$tmp/sender")" "$(<"$tmp/receiver")"
}

# As at another host: an entry of its own, on hold before anything of it runs.
restore_and_release() {
	"$nl" del id=$ct
	restore
	"$nl" new id=$ct "cgroup=$(stat -c %i $cgroup)"
	"$nl" set id=$ct "init=$(<"$tmp/images/pid")"
	"$net" hold id=$ct
	give
	network >"$tmp/network.after"
	diff "$tmp/network" "$tmp/network.after"
	not ping -n -q -c 1 -W 1 10.0.101.2
	"$net" bind id=$ct "netns=/proc/$(container_init $ct)/ns/net"
	not ping -n -q -c 1 -W 1 10.0.101.2
	"$net" release id=$ct
	ping -n -q -c 1 -W 5 10.0.101.2
	ping -n -q -c 1 -W 5 fd00::101
}

connections_live() {
	wait_for grep -x 'received 10000 wrong 0' $fs/tmp/numbers
	wait_for grep -x 'received 10000 wrong 0' "$tmp/numbers"
	not kill -0 "$(<"$tmp/sender")"
	[[ ! $(<$fs/tmp/sender) ]]
}

ends_all() {
	ends
	ip link del nettest
	wait_for rmmod cloison_net
}

ktap_plan 6
check "start" starts
check "connections" connects
check "dump on hold" hold_and_dump
check "restore, release" restore_and_release
check "connections live" connections_live
check "nothing is left" ends_all
ktap_finish
