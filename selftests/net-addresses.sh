#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# about: tool
# Interfaces in a bridge that are kept to their addresses:
#
#	900, eth0			901, eth0
#	10.0.50.2 fd00:50::2		10.0.50.3 fd00:50::3
#	    |				    |
#	veth900.0, ip=			veth901.0
#	    +-------------- br0 ------------+
#		  10.0.50.1 fd00:50::1

. "$(dirname "$0")/net-bridge-lib.sh"

packet=$here/net/packet

# Frames as a container's root may make them, all else than MAC addresses in hexadecimal.
# udp4 SOURCE SPORT DPORT: a host with br_netfilter wants the right checksum
udp4() {
	local sum=$((0x4500 + 0x1c + 0x4011 + 0x${1:0:4} + 0x${1:4} + 0x0a00 + 0x3203))
	sum=$(((sum & 0xffff) + (sum >> 16)))
	printf '08004500001c000000004011%04x%s0a003203%s%s00080000' $((sum ^ 0xffff)) "$@"
}

# arp MAC SENDER TARGET
arp() {
	echo "08060001080006040001${1//:/}${2}000000000000${3}"
}

# ip6 SOURCE NEXT PAYLOAD
ip6() {
	printf '86dd60000000%04x%sff%sff020000000000000000000000000001%s' $((${#3} / 2)) "$2" "$1" "$3"
}

# udp6 SOURCE SPORT DPORT
udp6() {
	ip6 "$1" 11 "${2}${3}00080000"
}

# nd SOURCE TYPE TARGET
nd() {
	ip6 "$1" 3a "${2}00000000000000$3"
}

# tell CTID NUMBER FRAME: to the group 03:00:00:00:00:NUMBER, from its own MAC address
tell() {
	local mac
	mac=$(of "$1" mac)
	in_ct "$1" "$packet" send eth0 0x0003 "0300000000$2${mac//:/}$3"
}

# listen CTID: from now on, to the numbers 10 to 49
listen() {
	local i
	{
		echo "add table netdev seen"
		echo "add chain netdev seen in { type filter hook ingress device eth0 priority 0; }"
		echo "flush chain netdev seen in"
		for i in {10..49}; do
			echo "add rule netdev seen in ether daddr 03:00:00:00:00:$i counter"
		done
	} | in_ct "$1" nft -f -
}

# heard CTID NUMBER...: all of these
heard() {
	local i seen
	seen=$(in_ct "$1" nft list table netdev seen)
	for i in "${@:2}"; do
		grep -q "03:00:00:00:00:$i counter packets [1-9]" <<<"$seen" || return
	done
}

# only_heard CTID NUMBER...: and of the others none
only_heard() {
	local seen
	wait_for heard "$@"
	seen=$(in_ct "$1" nft list table netdev seen | grep -o '03:.*counter packets [1-9]' | cut -c 16-17 | xargs)
	[[ $seen == "${*:2}" ]] || { echo "heard $seen"; return 1; }
}

nobody4=00000000 nobody6=00000000000000000000000000000000

# local_of CTID: the link-local address that goes with its MAC address
local_of() {
	local m
	m=$(of "$1" mac)
	m=${m//:/}
	printf 'fe80000000000000%02x%sfffe%s' $((0x${m:0:2} ^ 2)) "${m:2:4}" "${m:6}"
}

# tell_all CTID OWN4 OWN6 OTHER4 OTHER6: numbers from 10 on are its own, from 30 on others'
tell_all() {
	local mac alone
	mac=$(of "$1" mac)
	alone=$(local_of "$1")
	tell "$1" 30 "$(udp4 "$4" 1000 1000)"
	tell "$1" 31 "$(arp "$mac" "$4" "$2")"
	tell "$1" 32 "$(arp 02:00:00:00:00:66 "$2" "$4")"
	tell "$1" 33 "$(arp "$mac" "$nobody4" "$4")"
	tell "$1" 34 "$(udp4 "$nobody4" 1000 1000)"
	tell "$1" 35 "$(udp4 "$2" 0043 0044)"
	tell "$1" 36 "$(udp6 "$5" 1000 1000)"
	tell "$1" 37 "$(udp6 fe800000000000000000000000000001 1000 1000)"
	tell "$1" 38 "$(udp6 "$nobody6" 1000 1000)"
	tell "$1" 39 "$(nd "$3" 88 "$5")"
	tell "$1" 40 "$(nd "$alone" 88 fe800000000000000000000000000001)"
	tell "$1" 41 "$(nd "$nobody6" 87 "$5")"
	tell "$1" 42 "$(nd "$5" 87 "$3")"
	tell "$1" 43 "$(udp6 "$alone" 0223 0222)"
	# behind a header that is skipped, and a type that is neither
	tell "$1" 44 "$(ip6 "$3" 3c "3a0001040000000088000000000000""00$5")"
	tell "$1" 45 88b50000
	tell "$1" 10 "$(udp4 "$2" 1000 1000)"
	tell "$1" 11 "$(arp "$mac" "$2" "$4")"
	tell "$1" 12 "$(arp "$mac" "$nobody4" "$2")"
	tell "$1" 13 "$(udp4 "$nobody4" 0044 0043)"
	tell "$1" 14 "$(udp6 "$3" 1000 1000)"
	tell "$1" 15 "$(udp6 "$alone" 0222 0223)"
	tell "$1" 16 "$(nd "$3" 88 "$3")"
	tell "$1" 17 "$(nd "$alone" 88 "$alone")"
	tell "$1" 18 "$(nd "$nobody6" 87 "$3")"
	tell "$1" 19 "$(nd "$nobody6" 87 "$alone")"
	tell "$1" 20 "$(nd "$alone" 87 "$5")"
	tell "$1" 21 "$(nd "$nobody6" 8f "$nobody6")"
}

# its_own CTID LISTENER OWN4 OWN6 OTHER4 OTHER6: it is kept to its own
its_own() {
	listen "$2"
	tell_all "$1" "${@:3}"
	only_heard "$2" {10..21}
}

a2=0a003202 a3=0a003203 a7=0a003207
b2=fd000050000000000000000000000002 b3=fd000050000000000000000000000003 b7=fd000050000000000000000000000007

# kept_apart: two on one bridge, the first one kept to its addresses
kept_apart() {
	ip link set br0 type bridge mcast_snooping 0
	ip addr add fd00:50::1/64 dev br0 nodad
	make_running 900 --netif_add 'eth0,,,,br0,ip=10.0.50.2 fd00:50::2'
	make_running 901 --netif_add eth0,,,,br0
	cloisonctl exec 900 'ip addr add 10.0.50.2/24 dev eth0; ip addr add fd00:50::2/64 dev eth0'
	cloisonctl exec 901 'ip addr add 10.0.50.3/24 dev eth0; ip addr add fd00:50::3/64 dev eth0'
}

pings_all() {
	ct_pings 900 10.0.50.1
	ct_pings 900 10.0.50.3
	wait_for ct_pings 900 fd00:50::3
	wait_for ct_pings 901 fd00:50::2
	ct_pings 901 10.0.50.2
	in_ct 900 ping -c 1 -W 5 "$(in_ct 901 ip -6 -o addr show dev eth0 scope link | sed 's/.*inet6 \([^/]*\).*/\1/')%eth0"
}

# An address that is not its own is of no use to it, with and without a limit.
own_addresses() {
	local rate
	kept_apart
	for rate in none 50M; do
		cloisonctl set 900 --rate "$rate"
		pings_all
		in_ct 900 ip addr add 10.0.50.7/24 dev eth0
		in_ct 900 ip addr add fd00:50::7/64 dev eth0 nodad
		not cloisonctl exec 900 'ping -c 1 -W 1 -I 10.0.50.7 10.0.50.3' >/dev/null
		not cloisonctl exec 900 'ping -c 1 -W 1 -I fd00:50::7 fd00:50::3' >/dev/null
		not ping -c 1 -W 1 10.0.50.7 >/dev/null
		not ping -c 1 -W 1 fd00:50::7 >/dev/null
		in_ct 900 ip addr del 10.0.50.7/24 dev eth0
		in_ct 900 ip addr del fd00:50::7/64 dev eth0
		its_own 900 901 "$a2" "$b2" "$a3" "$b3"
	done
	# who has none given has all
	listen 900
	tell_all 901 "$a3" "$b3" "$a2" "$b2"
	only_heard 900 {10..21} {30..45}
}

# On the interface that is there, and by check --repair; what another one has stays.
addresses_change() {
	local index delay
	kept_apart
	index=$(</sys/class/net/veth900.0/ifindex)
	cloisonctl set 901 --ifname eth0 --netif_set 'ip=10.0.50.3 fd00:50::/64' --save
	cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.50.7 10.0.50.4/30 fd00:50::7' --save
	its_own 900 901 "$a7" "$b7" "$a2" "$b2"
	its_own 901 900 "$a3" "$b7" "$a2" fd000051000000000000000000000001
	[[ $(</sys/class/net/veth900.0/ifindex) == "$index" ]]
	expect_out 'nothing is left' cloisonctl check remains
	nft flush chain bridge cloison_addresses of_veth900.0
	expect_out '^hint +container 900: ' cloisonctl check remains
	expect_out '^mended +container 900: ' cloisonctl check --repair
	its_own 900 901 "$a7" "$b7" "$a2" "$b2"
	nft delete table bridge cloison_addresses
	cloisonctl check --repair >"$KTAP_TMP/mended" 2>&1 || true
	[[ $(grep -cE '^mended +container 90[01]: ' "$KTAP_TMP/mended") == 2 ]]
	its_own 900 901 "$a7" "$b7" "$a2" "$b2"
	nft delete element bridge cloison_addresses ports '{ "veth901.0" }'
	expect_out '^mended +container 901: ' cloisonctl check --repair
	its_own 901 900 "$a3" "$b7" "$a2" fd000051000000000000000000000001
	# one that is cut off at any moment
	for delay in 0.02 0.05 0.08 0.12; do
		timeout -s KILL "$delay" cloisonctl set 900 --ifname eth0 --netif_set ip=10.0.50.2 --save || true
		wait_for cloisonctl set 900 --ifname eth0 --netif_set 'ip=10.0.50.2 fd00:50::2' --save
		expect_out 'nothing is left' cloisonctl check remains
	done
	its_own 900 901 "$a2" "$b2" "$a3" "$b3"
	expect_exit 130 cloisonctl set 900 --ifname eth0 --bridge '' --save
	expect_exit 130 cloisonctl set 900 --ifname eth0 --mac_filter off --save
	expect_out 'with the MAC filter only' cloisonctl set 900 --ifname eth0 --mac_filter off
	expect_exit 130 cloisonctl set 900 --netif_add eth1,ip=10.0.50.2 --save
	expect_exit 21 cloisonctl set 900 --ifname eth0 --netif_set ip=10.0.50 --save
	its_own 900 901 "$a2" "$b2" "$a3" "$b3"
	cloisonctl set 900 --ifname eth0 --netif_set ip= --save
	listen 901
	tell_all 900 "$a2" "$b2" "$a3" "$b3"
	only_heard 901 {10..21} {30..45}
	not grep -q veth900 <(nft list table bridge cloison_addresses)
	cloisonctl set 900 --ifname eth0 --netif_set ip=10.0.50.2 --save
	cloisonctl stop 901 --fast
	grep -q veth900 <(nft list table bridge cloison_addresses)
	kill -9 "$(init_of 900)"
	wait_for is_down 900
	cloisonctl start 900
	expect_out 'nothing is left' cloisonctl check remains
}

ktap_plan 2
run_case "addresses of others" with_bridge own_addresses
run_case "addresses that change" with_bridge addresses_change
ktap_finish
