#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The root of a container does what he may do in his own network namespace, and in more that he makes: he gains nothing.
#
#	   ct101			   ct102
#	10.0.101.2			10.0.102.2
#	   venet0   veth --- more	   venet0
#	      |		     namespaces	      |
#	      +-------------+-----------------+
#	                  venet0
#	                   host   10.0.0.1

. "$(dirname "$0")/net-lib.sh"

packet=$here/net/packet

topology() {
	ct 101 10.0.101.2
	ct 102 10.0.102.2
	host_address 10.0.0.1
}

# In a user namespace, with a network namespace of his own that nobody bound.
unprivileged() {
	topology
	local had
	had=$(cat /sys/class/net/venet0/statistics/rx_packets)
	unshare --user --map-root-user --net sh -ec '
		ip link add venet0 type venet
		ip link set venet0 up
		ip addr add 10.0.102.2 dev venet0
		ip route add default dev venet0
		"$1" spoof 10.0.102.2 10.0.0.1 10
		"$1" spoof 10.0.101.2 10.0.0.2 10
		ip -s link show venet0
	' sh "$packet" >"$tmp/link"
	grep -A1 TX: "$tmp/link" | grep -E '^ +0 +0 +0 +20 '
	[[ $(cat /sys/class/net/venet0/statistics/rx_packets) == "$had" ]]
	pings 10.0.102.2
}

# He moves into a namespace below his own, and binds nothing there.
nested() {
	topology
	in_ct 101 unshare --net sh -ec '
		ip link add venet0 type venet
		ip link set venet0 up
		ip addr add 10.0.101.2 dev venet0
		ip route add default dev venet0
		! ping -n -q -c 1 -W 1 10.0.0.1
	'
	ct_pings 101 10.0.0.1
	not rmmod cloison_net
}

# What he lets stand does not hold the module.
does_not_hold_the_module() {
	new 101
	"$net" add id=101 ip=10.0.101.2
	local i
	for ((i = 0; i < 50; i++)); do
		ip netns add "more$i"
		ip -n "more$i" link add venet0 type venet
		ip -n "more$i" link set venet0 up
	done
	[[ $(cat /sys/module/cloison_net/refcnt) == 0 ]]
	rmmod cloison_net
	[[ ! $(ip -n more7 link show type venet) ]]
	modprobe cloison_net
	host_up
}

# He has all rights in his namespace, and none to speak to the family.
family() {
	topology
	expect_exit 3 in_ct 101 "$net" add id=101 ip=10.0.0.9
	expect_exit 3 in_ct 101 "$net" bind id=101 "netns=$(ns 102)"
	[[ $("$net" -d addr | wc -l) == 2 ]]
}

# The device as others are: changed, burdened, stacked. What of it works, works for himself.
device() {
	topology
	in_ct 101 sh -c '
		ip link set venet0 address 02:00:00:00:00:01
		ip link set venet0 promisc on
		ip link set venet0 multicast on
		ip link set venet0 arp on
		ip link set venet0 allmulticast on
		ip link set venet0 alias "$(head -c 200 /dev/zero | tr "\0" x)"
		ip link set venet0 txqueuelen 1000000
		ip link set venet0 mtu 65535
		ip link set venet0 gso_max_size 65536
		ip link set venet0 type venet
		ip link add br type bridge
		ip link set venet0 master br
		ip link add link venet0 name v type vlan id 7 && ip link set v up
		ip link add link venet0 name m type macvlan && ip link set m up
		ip link add link venet0 name i type ipvlan && ip link set i up
		ip link add bond type bond
		ip link set venet0 master bond
		ip link add t type ipip local 10.0.101.2 remote 10.0.102.2 && ip link set t up
		tc qdisc add dev venet0 root fq
		tc qdisc add dev venet0 clsact
		tc filter add dev venet0 egress matchall action mirred egress redirect dev venet0
		true
	'
	in_ct 101 "$packet" spoof 10.0.101.2 10.0.0.1 20 || true
	in_ct 101 "$packet" spoof 10.0.102.2 10.0.0.1 20 || true
	in_ct 101 tc qdisc del dev venet0 clsact
	in_ct 101 ip link set venet0 mtu 1500
	count_is 102 from.packets 0
	pings 10.0.102.2
	# He may have broken his own end. A new one is as good as ever.
	in_ct 101 ip link del venet0
	in_ct 101 ip link add numtxqueues 64 numrxqueues 64 type venet
	in_ct 101 ip link set venet0 up
	in_ct 101 ip addr add 10.0.101.2 dev venet0
	in_ct 101 ip route add default dev venet0
	ct_pings 101 10.0.0.1
	ct_pings 101 10.0.102.2
}

# From any socket, at full speed; the other goes on.
floods() {
	topology
	ip netns exec ct101 "$packet" spoof 10.0.102.2 10.0.0.1 20000000 &
	ip netns exec ct101 "$packet" spoof 10.0.101.2 10.0.102.2 20000000 &
	ip netns exec ct101 "$packet" send venet0 0x0800 4500 20000000 &
	sleep 1
	ct_pings 102 10.0.0.1 -c 10 -i 0.2
	# Stopped in the middle of it.
	in_ct 101 ip link delete venet0
	"$nl" del id=101
	jobs -p | xargs kill 2>/dev/null || true
	wait || true
	ip netns del ct101
	ct_pings 102 10.0.0.1
}

# He opens ways between his namespace and others by other devices: the source is checked where it leaves.
routes_for_others() {
	topology
	ip netns add more
	ip link add near netns ct101 type veth peer far netns more
	in_ct 101 sysctl -q net.ipv4.ip_forward=1
	in_ct 101 ip addr add 192.168.7.1/24 dev near
	in_ct 101 ip link set near up
	ip -n more addr add 192.168.7.2/24 dev far
	ip -n more link set far up
	ip -n more route add default via 192.168.7.1
	not ip netns exec more ping -n -q -c 1 -W 1 10.0.0.1
	count_is 101 from.spoofed 1
	# With NAT it is his own address, which is his own business.
	in_ct 101 nft -f - <<-EOF
		table ip nat {
			chain post {
				type nat hook postrouting priority 100;
				oifname venet0 masquerade
			}
		}
	EOF
	ip netns exec more ping -n -q -c 1 -W 5 10.0.0.1
}

# A packet that an ifb device sends on passes by tc and netfilter at the next ingress: by his own, not by the host's.
passed_by_ifb() {
	topology
	in_ct 101 sh -ec '
		ip link add ifb7 type ifb
		ip link set ifb7 up
		tc qdisc add dev ifb7 clsact
		tc filter add dev ifb7 egress matchall action skbedit mark 7
		tc qdisc add dev venet0 clsact
		tc filter add dev venet0 egress protocol ip u32 match mark 0 0xffffffff action mirred egress redirect dev ifb7
	'
	ct_pings 101 10.0.0.1
	[[ $(in_ct 101 cat /sys/class/net/ifb7/statistics/tx_packets) -ge 1 ]]
	tc qdisc add dev venet0 clsact
	tc filter add dev venet0 ingress matchall action drop
	not ct_pings 101 10.0.0.1 -W 1
	tc qdisc del dev venet0 clsact
	nft -f - <<-EOF
		table netdev nettest {
			chain in {
				type filter hook ingress device venet0 priority 0; policy drop;
			}
		}
	EOF
	not ct_pings 101 10.0.0.1 -W 1
	nft delete table netdev nettest
	ct_pings 101 10.0.0.1
}

# Sent by himself to himself over the host, forwarded by him, with its time to live set anew each time: it would go round for
# ever, on time of the CPU that nobody pays for.
goes_round() {
	local before
	topology
	sysctl -qw net.ipv4.ip_forward=1
	in_ct 101 sh -ec '
		ip addr del 10.0.101.2 dev venet0
		ip route add default dev venet0 onlink 2>/dev/null || ip route replace default dev venet0
		sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.venet0.rp_filter=0
		sysctl -qw net.ipv4.conf.all.accept_local=1 net.ipv4.conf.venet0.accept_local=1
	'
	before=$(</sys/class/net/venet0/statistics/rx_packets)
	# UDP, from and to 10.0.101.2, 28 bytes
	in_ct 101 "$packet" send venet0 0x0800 4500001c0000400040115ccd0a0065020a0065020009000900080000 5
	looped() { [[ $(count 101 to.looped) == 5 ]]; }
	wait_for looped
	[[ $(</sys/class/net/venet0/statistics/rx_packets) == $((before + 5)) ]]
}

unloads() {
	rmmod cloison_net
}

start_net
ktap_plan 10
net_check "without a container" unprivileged
net_check "in a namespace below" nested
net_check "devices do not hold the module" does_not_hold_the_module
net_check "the family" family
net_check "what he does to the device" device
net_check "floods" floods
net_check "other ways out" routes_for_others
net_check "past the ingress of the host" passed_by_ifb
net_check "to himself, again and again" goes_round
net_check "the module unloads" unloads
ktap_finish
