#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What comes and goes while packets flow: addresses, devices, namespaces, containers, the module, in every order.
#
#	   ct101			   ct102
#	10.0.101.2 fd00::101		10.0.102.2 fd00::102
#	   venet0			   venet0
#	      |	  <--- 10.0.200.2 --->	      |
#	      |	  <--- fd00:200::/64 -->      |
#	      +-------------+-----------------+
#	                  venet0
#	                   host   10.0.0.1 fd00::1

. "$(dirname "$0")/net-lib.sh"

topology() {
	ct 101 10.0.101.2 fd00::101
	ct 102 10.0.102.2 fd00::102
	host_address 10.0.0.1 fd00::1
}

# A socket that opens in the middle of a flood is full of it before the first answer comes.
once="-n -q -c 5 -i 0.2 -W 5"

# flood: in all directions, until the test case ends.
flood() {
	ping -f -n -q 10.0.101.2 &
	ping -f -n -q fd00::101 &
	ping -f -n -q 10.0.102.2 &
	ip netns exec ct101 ping -f -n -q 10.0.0.1 &
	inside=($!)
	ip netns exec ct101 ping -f -n -q 10.0.102.2 &
	inside+=($!)
	ip netns exec ct101 ping -f -n -q fd00::102 &
	inside+=($!)
	sleep 0.5
} >/dev/null 2>&1

in_use() {
	topology
	not rmmod cloison_net
	pings 10.0.101.2
	ip -all netns delete
	loaded_for_nothing() { [[ $(cat /sys/module/cloison_net/refcnt) == 0 ]]; }
	wait_for loaded_for_nothing
	# Containers with addresses that nothing is bound to do not keep it.
	rmmod cloison_net
	[[ $(ids | wc -l) == 2 ]]
	modprobe cloison_net
	host_up
	# It knows them, and what they had is gone.
	expect_out '^id 101 shortcut 1 from' "$net" get id=101
	[[ ! $("$net" -d addr) ]]
}

namespace_first() {
	topology
	flood
	# Or they would keep it.
	kill "${inside[@]}"
	ip netns del ct101
	gone() { no_line netns "$net" get id=101; }
	wait_for gone
	no_answer pings 10.0.101.2
	[[ $(count 101 to.no-device) -gt 0 ]]
	pings 10.0.102.2
	# The address stays with the container, and another namespace takes the place.
	expect_out '^EADDRINUSE' "$net" add id=102 ip=10.0.101.2
	expect_out '^EADDRINUSE' "$net" add id=102 ip=fd00::101
	ip netns add ct101
	"$net" bind id=101 "netns=$(ns 101)"
	ct_link 101
	in_ct 101 ip addr add 10.0.101.2 dev venet0
	pings 10.0.101.2
}

container_first() {
	topology
	flood
	"$nl" del id=101
	local sent
	sent=$(host_count no-owner)
	no_answer pings 10.0.101.2
	no_answer pings fd00::101
	[[ $(host_count no-owner) -gt $((sent + 1)) ]]
	not ct_pings 101 10.0.0.1 -W 1
	# Its namespace can be another's, its address too.
	new 103
	"$net" add id=103 ip=10.0.101.2
	"$net" bind id=103 "netns=$(ns 101)"
	pings 10.0.101.2
	ct_pings 101 10.0.0.1
}

device_first() {
	topology
	flood
	local i
	for ((i = 0; i < 8; i++)); do
		in_ct 101 ip link delete venet0
		ct_link 101
		in_ct 101 ip addr add 10.0.101.2 dev venet0
		in_ct 101 ip addr add fd00::101 dev venet0
		((i % 4)) || ip link delete venet0
		ip link add venet0 type venet 2>/dev/null || true
		host_up
		ip route replace 10.0.101.2 dev venet0
		ip route replace 10.0.102.2 dev venet0
		ip route replace fd00::101 via fe80::1 dev venet0
		ip route replace fd00::102 via fe80::1 dev venet0
	done
	pings 10.0.101.2
	pings fd00::101
	ct_pings 101 10.0.102.2
	ct_pings 101 fd00::102
}

# The address goes to and fro; the packets follow it.
moves() {
	topology
	flood
	local id
	for id in 101 102; do
		in_ct "$id" ip addr add 10.0.200.2 dev venet0
		in_ct "$id" ip addr add fd00:200::1 dev venet0
	done
	give 101 10.0.200.2
	give 101 fd00:200::/64
	ping -n -q -i 0.01 10.0.200.2 >/dev/null &
	local from=101 to=102 i had
	for ((i = 0; i < 9; i++)); do
		had=$(count "$to" to.packets)
		printf '%s\n' "del id=$from ip="{10.0.200.2,'fd00:200:: plen=64'} \
			"add id=$to ip="{10.0.200.2,'fd00:200:: plen=64'} | "$net" batch
		more() { [[ $(count "$to" to.packets) -gt "$had" ]]; }
		wait_for more
		had=$from
		from=$to
		to=$had
	done
	[[ $("$net" addr ip=10.0.200.2) == "102 10.0.200.2/32" ]]
	pings 10.0.200.2
	pings fd00:200::1
	# It may be used by its owner only.
	ct_pings 102 10.0.0.1 -I 10.0.200.2
	not ct_pings 101 10.0.0.1 -I 10.0.200.2 -W 1
	ct_pings 102 fd00::1 -I fd00:200::1
	not ct_pings 101 fd00::1 -I fd00:200::1 -W 1
}

ten_thousand() {
	topology
	flood
	ping -f -n -q 10.0.200.2 >/dev/null &
	ip route add 10.0.200.2 dev venet0
	in_ct 102 ip addr add 10.0.200.2 dev venet0
	awk 'BEGIN { for (i = 0; i < 10000; i++) {
		if (i % 4 == 0) { a = "ip=10.0.200.0 plen=24" } else { a = "ip=10.0.200." i % 250 }
		if (i % 4 == 1) { a = "ip=fd00:200:: plen=64" } else if (i % 4 == 2) { a = "ip=fd00:200::" i % 250 }
		print "add id=102", a; print "del id=102", a } }' | "$net" batch
	[[ $("$net" -d addr | wc -l) == 4 ]]
	pings 10.0.102.2
	ct_pings 101 fd00::102
}

# storm WHAT: again and again, whether it fails or not, for some seconds.
storm() {
	local end=$((SECONDS + 8))
	while [[ $SECONDS -lt $end ]]; do
		"$@"
	done >/dev/null 2>&1
}

new_life() {
	"$nl" del id=101
	"$nl" new id=101 "cgroup=$(cgroup 101)"
	"$net" add id=101 ip=10.0.101.2
	"$net" hold id=101
	"$net" bind id=101 "netns=$(ns 101)"
	"$net" release id=101
}

new_namespace() {
	ip netns del ct101
	ip netns add ct101
	ct_link 101
	in_ct 101 ip addr add 10.0.101.2 dev venet0
	"$net" bind id=101 "netns=$(ns 101)"
}

new_device() {
	ip link delete venet0
	ip link add venet0 type venet
	host_up
	ip route add 10.0.101.2 dev venet0
	ip route add 10.0.102.2 dev venet0
}

watched() {
	"$net" -d get
	"$net" -d addr
	"$net" host-set shortcut=$((RANDOM % 2))
}

all_at_once() {
	topology
	flood
	storm new_life &
	local storms=($!)
	storm new_namespace &
	storms+=($!)
	storm new_device &
	storms+=($!)
	storm watched &
	storms+=($!)
	wait "${storms[@]}"
	net_clean >/dev/null 2>&1
	host_up || ip link add venet0 type venet
	ct 101 10.0.101.2
	pings 10.0.101.2
}

unloads() {
	rmmod cloison_net
	[[ $(running) == 0 ]]
	modprobe -r cloison
}

start_net
ktap_plan 8
net_check "unloading while in use" in_use
net_check "the namespace goes first" namespace_first
net_check "the container goes first" container_first
net_check "the device goes first" device_first
net_check "an address moves" moves
net_check "10,000 times added and deleted" ten_thousand
net_check "all at once" all_at_once
net_check "the modules unload" unloads
ktap_finish
